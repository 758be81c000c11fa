"""Partners who let their turn pass, as a manager sees them: counts and dates, nobody's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.orientation import DISPOSITIFS
from pdp.services.delais import Lieu
from pdp.services.publish_referentiel import referentiel
from pdp.storage.lignes import list_lignes

FENETRE = "partenaire_delais_fenetre_jours"


@dataclass(frozen=True)
class PartenaireMuet:
    """``nombre`` hand-overs late now, ``relances`` reminders made for them, ``expirees`` within the window of usual delays."""

    id: UUID
    nom: str
    type: str
    nombre: int
    plus_ancienne_le: date | None
    relances: int
    expirees: int

    @property
    def type_libelle(self) -> str:
        return DISPOSITIFS[self.type]


def list_partenaires_muets(conn: Connection, lieu: Lieu, maintenant: datetime) -> list[PartenaireMuet]:
    """Late now or expired lately, the most late first."""
    jour = lieu.jour(maintenant)
    depuis = maintenant - timedelta(days=referentiel().entier(FENETRE, jour, lieu.plateforme_id))
    return list_lignes(conn, "responsable.list_partenaires_muets", PartenaireMuet, jour=jour, maintenant=maintenant, depuis=depuis)
