"""The list, on disk, of the process sessions that a supervisor started: what a crash of the supervisor leaves behind is found here."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pdp.embedded.processus import find_processus, is_alive, kill_sessions, list_session


@dataclass(frozen=True)
class Groupe:
    """One child and its descendants; ``signal_arret`` goes to the child first."""

    nom: str
    pid: int
    debut: str
    signal_arret: int


def write_groupes(fichier: Path, groupes: list[Groupe]) -> None:
    """Replace the list at once: a reader never sees half of it."""
    provisoire = fichier.with_suffix(".tmp")
    provisoire.write_text(json.dumps([asdict(g) for g in groupes]))
    provisoire.replace(fichier)


def read_groupes(fichier: Path) -> list[Groupe]:
    try:
        return [Groupe(**ligne) for ligne in json.loads(fichier.read_text())]
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return []


def is_same(groupe: Groupe) -> bool:
    """False when the number of the child now belongs to another program: its session is then long gone."""
    actuel = find_processus(groupe.pid)
    return actuel is None or actuel.debut == groupe.debut


def stop_groupes(groupes: list[Groupe], delai_s: float) -> None:
    """Ask each leader to stop, all at once, wait, then remove whatever is left of their sessions."""
    vises = [g for g in groupes if is_same(g)]
    for groupe in vises:
        with suppress(ProcessLookupError, PermissionError):
            if find_processus(groupe.pid) is not None:
                os.kill(groupe.pid, groupe.signal_arret)
    limite = time.monotonic() + delai_s
    while any(is_alive(g.pid, g.debut) for g in vises) and time.monotonic() < limite:
        time.sleep(0.1)  # the processes may be another supervisor's children: they can only be looked at
    kill_sessions([g.pid for g in vises], 2.0)


def sweep(fichier: Path, delai_s: float = 8.0) -> list[str]:
    """Stop what an earlier supervisor left running, the database last; names of what was found alive."""
    groupes = read_groupes(fichier)
    vivants = [g.nom for g in groupes if is_same(g) and list_session([g.pid])]
    stop_groupes([g for g in groupes if g.signal_arret == signal.SIGTERM], delai_s)
    stop_groupes([g for g in groupes if g.signal_arret != signal.SIGTERM], delai_s)
    fichier.unlink(missing_ok=True)
    return vivants
