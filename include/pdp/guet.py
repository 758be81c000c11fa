"""The trigger that wakes the reception when a delivery appears in the drop folder. With ``orchestration``, the only module on Airflow.

It runs in Airflow's triggerer, for ever, and reads nothing of the files but their names, sizes and times. Apart from
``orchestration`` so that the triggerer loads none of the services.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from watchfiles import awatch

from pdp.config import settings

_BROUILLONS = (".part", ".tmp")
_PAS_MS = 500  # how often the notifications gathered by the system are picked up
_RONDE_MS = 60_000  # a folder whose changes are not notified (a network share) is looked at this often
_PATIENCE_S = 60.0  # a writer that never ends does not hold the rest of the delivery for ever

Cliche = dict[str, tuple[int, int]]
"""Files of the folder: name -> (size in bytes, time in ns)."""


class GuetDepot(BaseEventTrigger):
    """One event per delivery: once nothing in the folder has moved for ``calme_s`` seconds, and only if a new file is still there.

    The wait keeps the files of one delivery together, and leaves to a run triggered by hand the files dropped for it. The event
    holds the name of the folder and a count. A file that a failed run left behind is not told twice: the schedule takes it.
    """

    def __init__(self, calme_s: float = 2.0) -> None:
        super().__init__()
        self.calme_s = calme_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The folder is not here: it is a setting of each process, and this is stored in Airflow's database."""
        return "pdp.guet.GuetDepot", {"calme_s": self.calme_s}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        dossier = settings().depot
        dossier.mkdir(parents=True, exist_ok=True)
        vus: Cliche = {}
        async for _ in _changes(dossier):
            presents = await self._settle(dossier)
            nouveaux = presents.items() - vus.items()
            vus = presents
            if nouveaux:
                yield TriggerEvent({"dossier": dossier.name, "fichiers": len(nouveaux)})

    async def _settle(self, dossier: Path) -> Cliche:
        """Complete files, once two looks ``calme_s`` apart see the same folder, drafts included."""
        avant, attendu = None, 0.0
        while (cliche := list_cliche(dossier)) != avant and attendu < _PATIENCE_S:
            avant = cliche
            await asyncio.sleep(self.calme_s if cliche else 0)
            attendu += self.calme_s
        return {nom: etat for nom, etat in cliche.items() if not is_brouillon(nom)}


async def _changes(dossier: Path) -> AsyncIterator[None]:
    """At once for what already waits, then at each change told by the system, and at each round."""
    yield None
    async for _ in awatch(dossier, step=_PAS_MS, rust_timeout=_RONDE_MS, yield_on_timeout=True, recursive=False, watch_filter=None):
        yield None


def list_cliche(dossier: Path) -> Cliche:
    """What the folder holds now, its sub-folders apart."""
    cliche: Cliche = {}
    for chemin in dossier.iterdir():
        try:
            if chemin.is_file():
                etat = chemin.stat()
                cliche[chemin.name] = etat.st_size, etat.st_mtime_ns
        except FileNotFoundError:
            continue  # taken between the two calls
    return cliche


def is_brouillon(nom: str) -> bool:
    """Still being written, or nobody's delivery."""
    return nom.startswith(".") or nom.endswith(_BROUILLONS)
