"""Airflow timetable of the working days of the territories served: a holiday in Moselle or overseas is no holiday elsewhere.

Registered by the plugin, so that the scheduler reads it back by its import path. Opens nothing: the holidays are computed.
"""

from __future__ import annotations

from typing import Any

from airflow.timetables.trigger import CronTriggerTimetable
from pendulum import DateTime

from pdp.clock import PARIS
from pdp.domain.calendrier import Zone
from pdp.domain.horaire import is_ouvre_quelque_part

_PATIENCE = 60
"""Starts skipped in a row before giving up: a month of hourly starts on one day; no calendar has that many holidays."""


class JoursOuvres(CronTriggerTimetable):
    """A cron on the Paris clock that starts only on days worked in at least one of ``zones`` (:data:`pdp.domain.calendrier.Zone`).

    The platforms on holiday that day are left out by the task that lists them, not by the schedule.
    """

    def __init__(self, cron: str, *, zones: tuple[Zone, ...], **options: Any) -> None:
        super().__init__(cron, timezone="Europe/Paris", **options)
        self._zones = tuple(sorted(set(zones))) or ("metropole",)
        self.description = f"{self.description}, jours ouvrés ({', '.join(self._zones)})"

    @property
    def zones(self) -> tuple[Zone, ...]:
        return self._zones

    @property
    def expression(self) -> str:
        return self._expression

    @property
    def summary(self) -> str:
        return f"{super().summary} jours ouvrés"

    def serialize(self) -> dict[str, Any]:
        return {"cron": self._expression, "zones": list(self._zones)}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> JoursOuvres:
        return cls(data["cron"], zones=tuple(data["zones"]))

    def _get_next(self, current: DateTime) -> DateTime:
        return self._skip(super()._get_next, current)

    def _get_prev(self, current: DateTime) -> DateTime:
        return self._skip(super()._get_prev, current)

    def _skip(self, pas: Any, current: DateTime) -> DateTime:
        instant = pas(current)
        for _ in range(_PATIENCE * 24):
            if is_ouvre_quelque_part(instant.astimezone(PARIS).date(), self._zones):
                return instant
            instant = pas(instant)
        raise ValueError("no working day found: check the zones")
