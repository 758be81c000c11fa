"""Errors of the launcher's steps."""

from __future__ import annotations


class EtapeEchouee(RuntimeError):
    """A named step of the demonstration failed; ``step`` goes into the exit message and the JSON line."""

    def __init__(self, step: str, raison: str = "") -> None:
        self.step = step
        super().__init__(f"step '{step}' failed{': ' + raison if raison else ''}")
