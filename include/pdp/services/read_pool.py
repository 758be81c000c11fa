"""Cases that nobody follows, as a manager sees them: opaque id, territory, priority, weeks, and until when somebody must have them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.domain.affectation import COMPETENCES_LANGUES, FRANCAIS
from pdp.domain.parcours import Statut
from pdp.domain.prise_en_charge import Risque, rate_risque
from pdp.services.delais import Lieu, due_at, get_lieu
from pdp.services.pass_parcours import Receveur, list_receveurs
from pdp.services.publish_referentiel import referentiel
from pdp.storage.sql import query

SEUIL = "affectation_risque_eleve_points"


@dataclass(frozen=True)
class EnAttente:
    """``semaines``: whole weeks of absence if it goes on; ``attend_heures``: since the case is open."""

    id: UUID
    priorite: int
    risque: Risque
    decide_at: datetime
    limite_at: datetime
    semaines: int
    commune: str
    langue: str | None
    affectable: bool
    attend_heures: int

    def is_en_retard(self, maintenant: datetime) -> bool:
        return self.limite_at < maintenant


@dataclass(frozen=True)
class Pool:
    """Shortest time left first; those that cannot be given yet come last."""

    parcours: list[EnAttente]
    receveurs: list[Receveur]
    en_retard: int
    places: int | None

    @property
    def affectables(self) -> int:
        return sum(p.affectable for p in self.parcours)


def read_pool(conn: Connection, plateforme_id: str, maintenant: datetime) -> Pool:
    """Everything the page shows, in a fixed number of statements."""
    lieu = get_lieu(conn, plateforme_id)
    seuil = referentiel().entier(SEUIL, lieu.jour(maintenant), plateforme_id)
    parcours = [_build(ligne, lieu, seuil, maintenant) for ligne in conn.execute(query("pool.lister"))]
    parcours.sort(key=lambda p: (not p.affectable, p.limite_at, -p.priorite, p.decide_at, str(p.id)))
    receveurs = list_receveurs(conn, lieu, maintenant)
    places = None if any(r.places is None for r in receveurs) else sum(r.places or 0 for r in receveurs)
    return Pool(parcours, receveurs, sum(p.is_en_retard(maintenant) for p in parcours), places)


def _build(ligne: Row[Any], lieu: Lieu, seuil: int, maintenant: datetime) -> EnAttente:
    valeurs = ligne._mapping
    risque = rate_risque(valeurs["priorite"], seuil)
    return EnAttente(
        valeurs["id"],
        valeurs["priorite"],
        risque,
        valeurs["decide_at"],
        due_at(lieu, risque.delai, valeurs["decide_at"]),
        count_semaines(valeurs["palier"], valeurs["survenu_le"], lieu.jour(maintenant)),
        valeurs["commune_insee"],
        None if valeurs["langue"] == FRANCAIS else COMPETENCES_LANGUES.get(valeurs["langue"], valeurs["langue"]),
        valeurs["statut"] == Statut.A_AFFECTER,
        int((maintenant - valeurs["decide_at"]).total_seconds() // 3600),
    )


def count_semaines(palier_jours: int, survenu_le: date, jour: date) -> int:
    """Whole weeks of an absence that had lasted ``palier_jours`` on ``survenu_le``, if it goes on until ``jour``."""
    return max(0, palier_jours + (jour - survenu_le).days) // 7
