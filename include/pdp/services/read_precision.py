"""How often each rule was right, as the people who call judge it: a measure of the rule, with who was not judged."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from pdp.domain.verdict import MOTIFS
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query


@dataclass(frozen=True)
class PrecisionRegle:
    """``precision`` = pertinents / juges, in percent, None while nothing is judged. A signalement may carry several rules."""

    regle: str
    regle_version: int
    signales: int
    juges: int
    pertinents: int
    phrase: str | None
    raisons: tuple[tuple[str, int], ...] = ()

    @property
    def non_juges(self) -> int:
        return self.signales - self.juges

    @property
    def sens(self) -> str:
        """The sentence of the rule without the figures of anybody."""
        return re.sub(r"\{s\}", "s", re.sub(r"\{(observe|seuil)\}", "…", self.phrase or ""))

    @property
    def precision(self) -> float | None:
        return round(100 * self.pertinents / self.juges, 1) if self.juges else None


def list_precisions(conn: Connection) -> list[PrecisionRegle]:
    """Every rule and version that fired, with the French reasons of the detections judged not pertinent."""
    raisons: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for r in conn.execute(query("verdicts.list_motifs_non_pertinents")):
        raisons.setdefault((r.regle, r.regle_version), []).append((MOTIFS.get(r.motif, r.motif), r.nombre))
    lignes = list_lignes(conn, "verdicts.list_precision", PrecisionRegle)
    return [replace(p, raisons=tuple(raisons.get((p.regle, p.regle_version), ()))) for p in lignes]
