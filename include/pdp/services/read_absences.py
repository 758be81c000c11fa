"""Absences of the team and the appointments they touch, as a manager reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.services.record_absence import MOTIFS
from pdp.storage.lignes import list_lignes


@dataclass(frozen=True)
class Agent:
    id: UUID
    nom: str
    prenom: str
    role: str


@dataclass(frozen=True)
class Absence:
    """An absence under way or ahead; ``conflits`` = appointments that fall in it."""

    id: UUID
    agent_id: UUID
    du: date
    au: date
    motif: str
    nom: str
    prenom: str
    role: str
    conflits: int

    @property
    def motif_libelle(self) -> str:
        return MOTIFS[self.motif]


@dataclass(frozen=True)
class RendezVousTouche:
    parcours_id: UUID
    debut_at: datetime
    canal: str
    statut: str


def list_agents(conn: Connection, jour: date) -> list[Agent]:
    return list_lignes(conn, "responsable.list_agents", Agent, jour=jour)


def list_absences(conn: Connection, jour: date, maintenant: datetime) -> list[Absence]:
    return list_lignes(conn, "responsable.list_absences", Absence, jour=jour, maintenant=maintenant)


def list_tele_echanges_touches(conn: Connection, agent_id: UUID, du: date, au: date, maintenant: datetime) -> list[RendezVousTouche]:
    """Appointments ahead of the agent on those days, earliest first."""
    return list_lignes(
        conn, "responsable.list_tele_echanges_touches", RendezVousTouche, agent_id=agent_id, du=du, au=au, maintenant=maintenant
    )
