"""The case of a person as an act may change it, before and after: the difference is what an undo puts back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.storage.sql import query

Photo = Mapping[tuple[str, str], dict[str, Any]]
"""(table, id) -> codes and dates of the row."""
SUIVI_SEUL = frozenset({"dernier_evenement_at"})


@dataclass(frozen=True)
class LigneActe:
    """One row that an act wrote; ``avant`` None = created by it. Codes, ids and dates only."""

    table: str
    id: str
    avant: dict[str, Any] | None
    apres: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def photograph(conn: Connection, assure_id: UUID, role: str) -> Photo:
    """Every row of the person that this role may change, in one or two statements."""
    cle = {"assure": assure_id}
    if role == "responsable":
        lignes = list(conn.execute(query("annulation.photographier_responsable"), cle))
    else:
        lignes = list(conn.execute(query("annulation.photographier"), cle))
        lignes += conn.execute(query(f"annulation.photographier_{role}"), cle)
    return {(ligne.table, str(ligne.id)): ligne.valeurs for ligne in lignes}


def compare(avant: Photo, apres: Photo) -> list[LigneActe]:
    """What was created or changed between two photographs; an act that only touched the day of the last event changed nothing."""
    lignes = [LigneActe(table, ident, avant.get((table, ident)), valeurs) for (table, ident), valeurs in apres.items()]
    ecrites = [ligne for ligne in lignes if ligne.avant != ligne.apres]
    return [] if all(_is_insignificant(ligne) for ligne in ecrites) else ecrites


def _is_insignificant(ligne: LigneActe) -> bool:
    if ligne.avant is None:
        return False
    return all(ligne.avant[cle] == valeur for cle, valeur in ligne.apres.items() if cle not in SUIVI_SEUL)
