"""Date-to-date arithmetic over arrays of days counted from 1 January 1970, equal to `pdp.domain.calendrier.annees_avant`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
from numpy.typing import NDArray

Jours = NDArray[np.int32]
EPOQUE = date(1970, 1, 1)


def numero(jour: date) -> int:
    """Days since 1 January 1970."""
    return (jour - EPOQUE).days


def annees_avant(jours: Jours, annees: int) -> Jours:
    """Same dates `annees` years earlier; 29 February becomes 28 February when that year has none."""
    return _look_up(jours, annees, _annees_avant)


def sortie_fenetre(jours: Jours, annees: int) -> Jours:
    """First day whose window ]day - `annees` years, day] no longer holds each of `jours`: 29 February leaves on 1 March."""
    return _look_up(jours, annees, _sortie_fenetre)


def _look_up(jours: Jours, annees: int, calcul: Callable[[Jours, int], Jours]) -> Jours:
    """Calendars are slow, and days of absence many but all of the same few years: each day is worked out once."""
    if not len(jours):
        return jours
    premier, dernier = int(jours.min()), int(jours.max())
    if dernier - premier >= len(jours):
        return calcul(jours, annees)
    return calcul(np.arange(premier, dernier + 1, dtype=np.int32), annees)[jours - np.int32(premier)]


def _annees_avant(jours: Jours, annees: int) -> Jours:
    quantieme, mois = _split(jours, -annees)
    dernier = (mois + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    return np.minimum(mois.astype("datetime64[D]") + quantieme, dernier).astype(np.int32)


def _sortie_fenetre(jours: Jours, annees: int) -> Jours:
    quantieme, mois = _split(jours, annees)
    return (mois.astype("datetime64[D]") + quantieme).astype(np.int32)


def _split(jours: Jours, annees: int) -> tuple[NDArray[np.timedelta64], NDArray[np.datetime64]]:
    """Days since the first of the month, and the month moved by `annees`."""
    dates = jours.astype("datetime64[D]")
    mois = dates.astype("datetime64[M]")
    return dates - mois.astype("datetime64[D]"), mois + 12 * annees
