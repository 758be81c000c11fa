"""What the watch leaves behind: stalls that are still there, those it repaired, and when each detector last looked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.enlisement import ENLISEMENTS
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

DETECTEURS = ("S02", "S04", "S05", "S06", "S07", "S09", "S10", "S15", "S16", "S17", "S18")
"""Stalls with a search of their own; the others are found by the watch as it repairs them."""


@dataclass(frozen=True)
class Trouve:
    """One stall of one parcours; ``cause`` is the same from look to look."""

    parcours_id: UUID
    cause: str
    depuis_at: datetime


def record_regards(conn: Connection, parametres: dict[str, Any], restes: Sequence[tuple[str, Trouve]]) -> int:
    """Open what is found, end what is no longer found, and say that every detector looked; returns how many are stuck.

    ``restes``: (code, stall) that the repairs of this look left. A second look at the same instant writes nothing new.
    """
    trouves = [*restes, *((code, t) for code in DETECTEURS for t in find_trouves(conn, code, parametres))]
    lignes = [
        {"code": code, "parcours_id": str(t.parcours_id), "cause": t.cause, "depuis_at": t.depuis_at.isoformat()} for code, t in trouves
    ]
    cle = {"plateforme": parametres["plateforme"], "maintenant": parametres["maintenant"], "constats": json.dumps(lignes)}
    conn.execute(query("blocages.lever"), cle)
    conn.execute(query("blocages.ouvrir"), cle)
    cle = {"plateforme": parametres["plateforme"], "maintenant": parametres["maintenant"]}
    conn.execute(query("blocages.regarder"), cle | {"codes": list(ENLISEMENTS)})
    return len({t.parcours_id for _, t in trouves})


def find_trouves(conn: Connection, code: str, parametres: dict[str, Any]) -> list[Trouve]:
    """What one detector finds on the platform of ``parametres``, those of the watch."""
    return list_lignes(conn, f"blocages.{code.lower()}", Trouve, **parametres)


def record_reparation(conn: Connection, plateforme_id: str, code: str, trouve: Trouve, maintenant: datetime) -> None:
    """The watch repaired this stall by itself."""
    cle = {"plateforme": plateforme_id, "code": code, "parcours": trouve.parcours_id, "cause": trouve.cause}
    conn.execute(query("blocages.noter_reparation"), cle | {"depuis": trouve.depuis_at, "maintenant": maintenant})
