"""When a message may reach a person: by day where she lives, never on a Sunday nor a holiday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pdp.domain.calendrier import Zone, is_jour_ferie

DIMANCHE = 6


@dataclass(frozen=True, slots=True)
class Plage:
    """Hours of a platform, [debut, fin[ in whole hours of the place, with its holidays."""

    debut_h: int
    fin_h: int
    zone: Zone
    fuseau: ZoneInfo

    def is_ouverte(self, instant: datetime) -> bool:
        local = instant.astimezone(self.fuseau)
        return local.weekday() != DIMANCHE and not is_jour_ferie(local.date(), self.zone) and self.debut_h <= local.hour < self.fin_h

    def next_ouverture(self, instant: datetime) -> datetime:
        """``instant`` itself when open, else the next opening, in UTC."""
        if self.is_ouverte(instant):
            return instant.astimezone(UTC)
        local = instant.astimezone(self.fuseau)
        jour = local.date() if local.hour < self.debut_h else local.date() + timedelta(days=1)
        while jour.weekday() == DIMANCHE or is_jour_ferie(jour, self.zone):
            jour += timedelta(days=1)
        return datetime.combine(jour, time(self.debut_h), self.fuseau).astimezone(UTC)
