"""What changed hands, told to who receives and to who gave, until each says to have read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.contact import RESULTATS
from pdp.storage.sql import query

RECENTES = timedelta(days=30)
LIMITE = 200


@dataclass(frozen=True)
class Essai:
    """An attempt to reach the person, before the hand-over."""

    survenu_at: datetime
    libelle: str


@dataclass(frozen=True)
class Passation:
    """One case that changed hands, seen from one side. ``suivie``: on the reader's list now."""

    id: UUID
    parcours_id: UUID
    recue: bool
    du: datetime
    motif: str
    relais: str | None
    note: str | None
    retour_le: date | None
    nom: str
    prenom: str
    autre_nom: str
    autre_prenom: str
    lue_at: datetime | None
    suivie: bool
    contacts: tuple[Essai, ...]

    @property
    def points(self) -> list[str]:
        """The hand-over sheet, one line each: state, appointment, promises, next steps."""
        return [ligne[:1].upper() + ligne[1:] for ligne in (self.relais or "").rstrip(".").split(" ; ") if ligne]


def list_passations(conn: Connection, agent_id: UUID, *, depuis: datetime | None = None) -> list[Passation]:
    """Those not read; with ``depuis``, those read since then too. Latest first, one statement."""
    lignes = conn.execute(query("passations.lister"), {"agent": agent_id, "depuis": depuis, "limite": LIMITE})
    return [_build(ligne._mapping) for ligne in lignes]


def list_recentes(conn: Connection, agent_id: UUID, maintenant: datetime) -> list[Passation]:
    """Those of the last weeks, and every one not read."""
    return list_passations(conn, agent_id, depuis=maintenant - RECENTES)


def mark_lues(conn: Connection, agent_id: UUID, ids: Sequence[UUID], maintenant: datetime) -> int:
    """Say that these were read, on the side of this coordinator; those of others, or read already, are left alone."""
    cle = {"ids": list(ids), "agent": agent_id, "maintenant": maintenant}
    return conn.execute(query("passations.lire_recues"), cle).rowcount + conn.execute(query("passations.lire_parties"), cle).rowcount


def _build(ligne: Any) -> Passation:
    contacts = tuple(Essai(datetime.fromisoformat(c["survenu_at"]), RESULTATS.get(c["resultat"], "Tentative")) for c in ligne["contacts"])
    return Passation(**{**ligne, "contacts": contacts})
