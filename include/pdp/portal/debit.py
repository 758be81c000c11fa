"""Rate limit of the public pages, by address: it spares the database. Links are protected by their random bits and the lock on tries.

Kept in the memory of one process: with several portals the limit is per portal.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from threading import Lock

from fastapi import Request

FENETRE_S = 60.0
MAXIMUM = 60
ADRESSES_MAX = 10_000


class Debit:
    """At most ``maximum`` requests of one address per window; the least recent addresses are forgotten first."""

    def __init__(self, maximum: int = MAXIMUM, fenetre_s: float = FENETRE_S) -> None:
        self.maximum, self.fenetre_s = maximum, fenetre_s
        self._vus: OrderedDict[str, deque[float]] = OrderedDict()
        self._verrou = Lock()

    def is_admis(self, adresse: str, instant_s: float | None = None) -> bool:
        """Counts this request; False when there were already too many in the window."""
        instant = time.monotonic() if instant_s is None else instant_s
        with self._verrou:
            vus = self._vus.setdefault(adresse, deque())
            self._vus.move_to_end(adresse)
            while len(self._vus) > ADRESSES_MAX:
                self._vus.popitem(last=False)
            while vus and vus[0] <= instant - self.fenetre_s:
                vus.popleft()
            if len(vus) >= self.maximum:
                return False
            vus.append(instant)
            return True


def is_admis(request: Request, pages: str) -> bool:
    """Counts a request to these pages of this process; False when its address asks too often."""
    debits: dict[str, Debit] = request.app.state.debits
    return debits.setdefault(pages, Debit()).is_admis(request.client.host if request.client else "")
