"""The only place that reads the time; services receive an instant and never ask for it.

A demonstration may live at another date: with synthetic data only (``PDP_DEMONSTRATION=1``), the file named by
``PDP_HORLOGE`` holds the number of seconds to add to the machine's clock. Tests and simulations move it.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def now() -> datetime:
    """Aware instant in UTC."""
    return datetime.now(UTC) + decalage()


def jour_local(instant: datetime, fuseau: ZoneInfo = PARIS) -> date:
    """Calendar day of ``instant`` where the person lives."""
    return instant.astimezone(fuseau).date()


def decalage() -> timedelta:
    """How far this process lives from the machine's clock; always zero outside a demonstration."""
    fichier = os.environ.get("PDP_HORLOGE")
    if not fichier or os.environ.get("PDP_DEMONSTRATION") != "1":
        return timedelta(0)
    try:
        return timedelta(seconds=int(Path(fichier).read_text()))
    except FileNotFoundError:
        return timedelta(0)
