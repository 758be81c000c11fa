"""A coordinator's day for the tests of acts on several people."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.services.read_lot import PageLot, read_lot
from pdp.services.run_lot import confirm_lot, create_lot, rehearse_lot, undo_lot
from pdp.storage import db
from portal.donnees import add_tache

JOUR = MAINTENANT.date()
PHOTO = (
    "SELECT p.id, p.csam_id, p.statut, t.motif, t.echeance_at, t.attente_jusqu_au, t.fermee_at"
    " FROM pdp.parcours p LEFT JOIN pdp.tache t ON t.parcours_id = p.id"
)


def le(jours: int) -> date:
    return JOUR + timedelta(days=jours)


def a(jours: int = 0, minutes: int = 0) -> datetime:
    return MAINTENANT + timedelta(days=jours, minutes=minutes)


class Journee:
    """A coordinator, her colleague, and four people: a first call, a point to make, a promise in two days, a closed case of a colleague."""

    def __init__(self) -> None:
        with lot() as conn:
            fabrique.socle(conn)
            self.csam, self.collegue = fabrique.agent(conn), fabrique.agent(conn)
            self.cas = [fabrique.parcours(conn, csam=self.csam).parcours for _ in range(3)]
            self.ailleurs = fabrique.parcours(conn, csam=self.collegue).parcours
            self.taches = [
                add_tache(conn, parcours, motif, a(2))
                for parcours, motif in zip(self.cas, ("premier_appel", "faire_le_point", "rappel_promis"), strict=True)
            ]

    def choisir(self, geste: str, parcours: list[UUID] | None = None) -> UUID:
        auteur = auteur_agent(self.csam)
        with db.begin_as(auteur) as conn:
            return create_lot(conn, auteur, geste, parcours if parcours is not None else [*self.cas, self.ailleurs], MAINTENANT)

    def repeter(self, lot_id: UUID, maintenant: datetime = MAINTENANT, **parametres: Any) -> dict[UUID, tuple[str, str]]:
        auteur = auteur_agent(self.csam)
        with db.begin_as(auteur) as conn:
            rehearse_lot(conn, auteur, lot_id, maintenant, **parametres)
        return self.etats(lot_id)

    def confirmer(self, lot_id: UUID, maintenant: datetime = MAINTENANT) -> bool:
        auteur = auteur_agent(self.csam)
        with db.begin_as(auteur) as conn:
            return confirm_lot(conn, auteur, lot_id, maintenant)

    def annuler(self, lot_id: UUID, maintenant: datetime = MAINTENANT) -> bool:
        auteur = auteur_agent(self.csam)
        with db.begin_as(auteur) as conn:
            return undo_lot(conn, auteur, lot_id, maintenant)

    def lire(self, lot_id: UUID, maintenant: datetime = MAINTENANT) -> PageLot:
        with db.begin_as(auteur_agent(self.csam), lecture=True) as conn:
            return read_lot(conn, lot_id, "csam", maintenant)

    def etats(self, lot_id: UUID) -> dict[UUID, tuple[str, str]]:
        return {p.parcours_id: (p.etat, p.phrase or "") for p in self.lire(lot_id).personnes}

    def etat(self, lot_id: UUID) -> list[str]:
        etats = self.etats(lot_id)
        return [etats[p][0] for p in (*self.cas, self.ailleurs) if p in etats]


def photo(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return sorted(admin.execute(PHOTO).fetchall(), key=str)


ATTENTE = {"raison": "soins_en_cours", "jour": le(10)}
