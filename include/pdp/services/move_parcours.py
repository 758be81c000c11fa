"""One gate for the state of a parcours: locked, checked against the transitions, versioned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.parcours import next_statut
from pdp.errors import Conflit, Introuvable
from pdp.storage import journal
from pdp.storage.sql import query


@dataclass(frozen=True)
class LigneParcours:
    """State of a parcours once locked."""

    id: UUID
    plateforme_id: str
    assure_id: UUID
    signalement_id: UUID
    statut: str
    csam_id: UUID | None
    priorite: int
    decide_at: datetime
    clos_at: datetime | None
    version: int


def lock_parcours(conn: Connection, parcours_id: UUID) -> LigneParcours:
    """Lock until the end of the transaction; raises :class:`Introuvable` when absent or not visible."""
    ligne = conn.execute(query("parcours.verrouiller"), {"parcours": parcours_id}).one_or_none()
    if ligne is None:
        raise Introuvable
    return LigneParcours(**ligne._mapping)


def apply_acte(conn: Connection, parcours_id: UUID, acte: str, maintenant: datetime, version: int | None = None) -> LigneParcours:
    """Move the parcours by ``acte`` and return it as it was before.

    ``version`` is what the person saw: another value raises :class:`Conflit`. A forbidden act raises
    :class:`pdp.errors.TransitionInterdite`; nothing is then written.
    """
    avant = lock_parcours(conn, parcours_id)
    if version is not None and version != avant.version:
        raise Conflit
    statut = next_statut(acte, avant.statut)
    journal.live_at(conn, maintenant)
    conn.execute(query("parcours.avancer"), {"parcours": parcours_id, "statut": statut.value, "maintenant": maintenant})
    return avant
