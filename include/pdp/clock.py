"""The only place that reads the time; services receive an instant and never ask for it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def now() -> datetime:
    """Aware instant in UTC."""
    return datetime.now(UTC)


def jour_local(instant: datetime, fuseau: ZoneInfo = PARIS) -> date:
    """Calendar day of ``instant`` where the person lives."""
    return instant.astimezone(fuseau).date()
