"""The parts of a priority: each motive with its points, what a call can still change, and until when. Always shown to people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from pdp.storage import detection_repository as depot


@dataclass(frozen=True, slots=True)
class Part:
    """``compte``: whether the points count on the day asked; ``valable_jusqu_au``: last day on which they do, None = no end known.

    ``levier``, ``regle_id`` and ``constate_le`` are None for motives older than them.
    """

    regle: str
    regle_version: int
    regle_id: str | None
    libelle: str
    levier: str | None
    valeur_observee: float
    seuil: float
    parametre_id: str
    points: int
    constate_le: date | None
    valable_jusqu_au: date | None
    compte: bool


def list_parts(conn: Connection, signalement_id: UUID, jour: date) -> tuple[Part, ...]:
    """Those that count on `jour` first, then by points. Empty for an unknown signalement, or one that no rule raised."""
    return tuple(Part(**ligne._mapping) for ligne in depot.list_parts(conn, signalement_id, jour))


def sum_parts(parts: tuple[Part, ...]) -> int:
    """Priority of the day: what the SQL function ``pdp.priorite_du_jour`` says of a signalement that rules raised."""
    return sum(part.points for part in parts if part.compte)
