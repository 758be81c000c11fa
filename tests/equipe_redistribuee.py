"""A team of the redistribution tests, and what a manager does with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.services.redistribute_parcours import redistribute_parcours, sweep_redistributions, undo_redistribution
from pdp.storage import db

JOUR = MAINTENANT.date()
BALAYAGE = fabrique.systeme("rendre")


def le(jours: int) -> date:
    return JOUR + timedelta(days=jours)


def a(jours: int, heures: int = 0) -> datetime:
    return MAINTENANT + timedelta(days=jours, hours=heures)


@dataclass
class Equipe:
    responsable: UUID
    absente: UUID
    proche: UUID
    loin: UUID
    cas: list[fabrique.Dossier]


def absenter(agent: UUID, du: int, au: int) -> None:
    with lot() as conn:
        conn.execute(
            fabrique.text("INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES ('PF35', :a, :d, :f)"),
            {"a": agent, "d": le(du), "f": le(au)},
        )


def confirmer(e: Equipe, du: int, au: int | None, maintenant: datetime = MAINTENANT, agent: UUID | None = None) -> UUID:
    auteur = auteur_agent(e.responsable, "responsable")
    with db.begin_as(auteur) as conn:
        return redistribute_parcours(
            conn, auteur, agent_id=agent or e.absente, du=le(du), au=None if au is None else le(au), maintenant=maintenant
        )


def annuler(e: Equipe, redistribution: UUID, maintenant: datetime = MAINTENANT) -> int:
    auteur = auteur_agent(e.responsable, "responsable")
    with db.begin_as(auteur) as conn:
        return undo_redistribution(conn, auteur, redistribution, maintenant)


def balayer(maintenant: datetime) -> tuple[int, dict[str, Any]]:
    with lot(BALAYAGE) as conn:
        bilan = sweep_redistributions(conn, "PF35", BALAYAGE, maintenant)
    return bilan.traites, bilan.detail


def mains(admin: psycopg.Connection[Any], e: Equipe) -> list[UUID]:
    de = dict(admin.execute("SELECT id, csam_id FROM pdp.parcours WHERE id = ANY(%s)", ([c.parcours for c in e.cas],)))
    return [de[c.parcours] for c in e.cas]
