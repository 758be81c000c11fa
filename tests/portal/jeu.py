"""Who and what the screens of partners, médecins-conseils, managers and evaluators are tested with.

Names of insured persons are words found nowhere else, so that a page can be searched for them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from pdp.clock import jour_local
from pdp.domain.auteur import Auteur
from portal.donnees import ICI, Lieu

NOMS_ASSURES = ("ZORGLUBE", "ZIBELINEAU", "ZEPHYRARD", "ZOUAVIN")
PRENOMS_ASSURES = ("Xanthippine", "Xerxesse", "Xylophane", "Ximenette")
CIM10 = "M54.5"
PASSAGE = "pdp_detection/scheduled__2026-03-16T05:00:00+00:00/detecter"


@dataclass
class Jeu:
    """Ids of what was put in; the last insured person lives on the other platform, the first two have a parcours."""

    maintenant: datetime
    lieu: Lieu
    partenaire_2: UUID
    assures: list[UUID] = field(default_factory=lambda: [uuid4() for _ in NOMS_ASSURES])
    signalements: list[UUID] = field(default_factory=lambda: [uuid4() for _ in NOMS_ASSURES])
    parcours: list[UUID] = field(default_factory=lambda: [uuid4() for _ in range(2)])
    orientations: dict[str, UUID] = field(default_factory=dict)
    alerte: UUID = field(default_factory=uuid4)
    fichier: UUID = field(default_factory=uuid4)

    @property
    def jour(self) -> date:
        return jour_local(self.maintenant)

    def il_y_a(self, jours: float) -> datetime:
        return self.maintenant - timedelta(days=jours)

    def auteur(self, login: str) -> Auteur:
        """Author behind an account of the tests."""
        ident = str(self.lieu.comptes[login])
        if login.startswith("partenaire"):
            return Auteur("partenaire", ident, "partenaire", ICI, ident)
        return Auteur("agent", ident, login, ICI)


def insert(conn: Connection, table: str, **colonnes: Any) -> None:
    """One row; a dict is written as JSON."""
    valeurs = {nom: json.dumps(v) if isinstance(v, dict) else v for nom, v in colonnes.items()}
    conn.execute(text(f"INSERT INTO {table} ({', '.join(valeurs)}) VALUES ({', '.join(':' + nom for nom in valeurs)})"), valeurs)
