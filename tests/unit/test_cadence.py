"""How often a partner's server is read: hourly at work, seldom otherwise, never under a quarter of an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pdp.domain.cadence import Cadence

HEURE, LONGTEMPS, QUART = timedelta(hours=1), timedelta(hours=4), timedelta(minutes=15)


def cadence(ouvree: timedelta = HEURE, fuseau: str = "Europe/Paris") -> Cadence:
    return Cadence(QUART, ouvree, LONGTEMPS, 540, 1020, "metropole", ZoneInfo(fuseau))


@pytest.mark.parametrize(
    ("instant", "attendu"),
    [
        (datetime(2026, 11, 18, 7, 59, 59, tzinfo=UTC), LONGTEMPS),  # 08:59:59 in Paris
        (datetime(2026, 11, 18, 8, 0, tzinfo=UTC), HEURE),
        (datetime(2026, 11, 18, 15, 59, 59, tzinfo=UTC), HEURE),
        (datetime(2026, 11, 18, 16, 0, tzinfo=UTC), LONGTEMPS),  # 17:00
        (datetime(2026, 11, 21, 10, 0, tzinfo=UTC), LONGTEMPS),  # Saturday
        (datetime(2026, 11, 22, 10, 0, tzinfo=UTC), LONGTEMPS),  # Sunday
        (datetime(2026, 11, 11, 10, 0, tzinfo=UTC), LONGTEMPS),  # a holiday
        (datetime(2026, 7, 1, 7, 0, tzinfo=UTC), HEURE),  # 09:00 in summer
        (datetime(2026, 7, 1, 6, 59, tzinfo=UTC), LONGTEMPS),
    ],
)
def test_intervals(instant: datetime, attendu: timedelta) -> None:
    assert cadence().intervalle(instant) == attendu


def test_never_under_the_minimum() -> None:
    assert cadence(timedelta(minutes=1)).intervalle(datetime(2026, 11, 18, 10, 0, tzinfo=UTC)) == QUART


def test_hours_are_those_of_the_place() -> None:
    la = cadence(fuseau="Indian/Reunion")
    assert la.intervalle(datetime(2026, 11, 18, 5, 0, tzinfo=UTC)) == HEURE
    assert la.intervalle(datetime(2026, 11, 18, 13, 0, tzinfo=UTC)) == LONGTEMPS
