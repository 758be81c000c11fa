"""How often the server of a partner is asked what is new: often while its people work, seldom when nobody is there, never too often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pdp.domain.calendrier import Zone, is_jour_ouvre


@dataclass(frozen=True, slots=True)
class Cadence:
    """Delays between two readings, and the working hours [debut, fin[ of the place in minutes since midnight."""

    minimum: timedelta
    ouvree: timedelta
    hors_horaires: timedelta
    debut_minutes: int
    fin_minutes: int
    zone: Zone
    fuseau: ZoneInfo

    def intervalle(self, instant: datetime) -> timedelta:
        """Least time since the last call for another one at ``instant``; never under the minimum."""
        return max(self.minimum, self.ouvree if self.is_ouvree(instant) else self.hors_horaires)

    def is_ouvree(self, instant: datetime) -> bool:
        """Whether people of a partner are at work: a working day, in its hours."""
        local = instant.astimezone(self.fuseau)
        minutes = local.hour * 60 + local.minute
        return is_jour_ouvre(local.date(), self.zone) and self.debut_minutes <= minutes < self.fin_minutes
