"""Circuit breaker of a partner: how long nothing leaves for it after failures in a row. Policy, read from the referential."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Regles:
    """``echecs`` in a row cut it for ``pause``, doubled at each cut in a row, never more than ``pause_max``."""

    echecs: int
    pause: timedelta
    pause_max: timedelta


@dataclass(frozen=True)
class Circuit:
    """Where a partner stands: failures and cuts in a row, and when one try may be made (None = nothing is held back)."""

    echecs: int = 0
    coupures: int = 0
    reprise_at: datetime | None = None


def after_failure(circuit: Circuit, regles: Regles, maintenant: datetime, demande_s: float | None = None) -> Circuit:
    """The circuit after one more attempt without an answer.

    It is cut when the failures reach the limit, when the try allowed by an earlier cut failed, or at once when the partner itself
    asked to wait (``demande_s``). A failure that comes late, while it is already cut, does not make the cut longer.
    """
    echecs = circuit.echecs + 1
    if circuit.reprise_at is not None and maintenant < circuit.reprise_at:
        return Circuit(echecs, circuit.coupures, circuit.reprise_at)
    if circuit.reprise_at is None and echecs < regles.echecs and not demande_s:
        return Circuit(echecs, circuit.coupures, None)
    coupures = circuit.coupures + 1
    pause = min(regles.pause_max, regles.pause * 2 ** min(coupures - 1, 20))
    if demande_s and echecs < regles.echecs:
        pause = timedelta(seconds=demande_s)
    return Circuit(echecs, coupures, maintenant + min(regles.pause_max, max(pause, timedelta(seconds=demande_s or 0))))
