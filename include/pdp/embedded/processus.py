"""Processes of the machine, read from /proc (``ps`` where there is no /proc): identity, sessions, memory."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Processus:
    """``debut`` tells two processes apart that got the same number one after the other."""

    pid: int
    parent: int
    session: int
    debut: str
    zombie: bool


def find_processus(pid: int) -> Processus | None:
    """The process of that number, or None."""
    if not PROC.joinpath("self/stat").exists():
        sortie = _ps(["-o", "ppid=,sess=,stat=,lstart=", "-p", str(pid)])
        champs = sortie.split(None, 3)
        return Processus(pid, _int(champs[0]), _int(champs[1]), champs[3], champs[2].startswith("Z")) if len(champs) == 4 else None
    try:
        apres_nom = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return Processus(pid, int(apres_nom[1]), int(apres_nom[3]), apres_nom[19], apres_nom[0] in "ZX")


def command_of(pid: int) -> str:
    """Command line with spaces between arguments; empty when the process is gone or a zombie."""
    if not PROC.joinpath("self/stat").exists():
        return _ps(["-ww", "-o", "args=", "-p", str(pid)])
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def is_alive(pid: int, debut: str | None = None) -> bool:
    """True for a live process (not a zombie); ``debut`` also asks that it be the same one as before."""
    trouve = find_processus(pid)
    return trouve is not None and not trouve.zombie and debut in (None, trouve.debut)


def list_all() -> list[Processus]:
    """Every live process of the machine."""
    if PROC.joinpath("self/stat").exists():
        numeros = [int(d.name) for d in PROC.iterdir() if d.name.isdigit()]
    else:
        numeros = [int(n) for n in _ps(["-axo", "pid="]).split()]
    trouves = (find_processus(n) for n in numeros)
    return [p for p in trouves if p is not None and not p.zombie]


def list_session(sessions: Iterable[int]) -> list[Processus]:
    """Live processes of these sessions, whatever process group they moved to."""
    voulues = set(sessions)
    return [p for p in list_all() if p.session in voulues]


def list_family(pids: Iterable[int]) -> list[Processus]:
    """These processes and all their descendants (PostgreSQL's children open sessions of their own)."""
    tous, famille = list_all(), set(pids)
    while nouveaux := {p.pid for p in tous if p.parent in famille} - famille:
        famille |= nouveaux
    return [p for p in tous if p.pid in famille]


def kill_sessions(sessions: Iterable[int], delai_s: float) -> None:
    """SIGTERM to every process of these sessions, SIGKILL to those left after ``delai_s``."""
    voulues = set(sessions)
    for envoye, patience in ((signal.SIGTERM, delai_s), (signal.SIGKILL, 5.0)):
        restants = list_session(voulues)
        for processus in restants:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(processus.pid, envoye)
        limite = time.monotonic() + patience
        while restants and time.monotonic() < limite:
            time.sleep(0.05)  # processes that are not our children cannot be waited for
            restants = list_session(voulues)
        if not restants:
            return


def pss_mo(pids: Iterable[int]) -> float:
    """Memory of these processes and their descendants in megabytes, shared pages counted once (PSS); 0.0 where the system does not tell."""
    total_ko = 0
    for processus in list_family(pids):
        try:
            lignes = (PROC / str(processus.pid) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total_ko += sum(int(ligne.split()[1]) for ligne in lignes if ligne.startswith("Pss:"))
    return round(total_ko / 1024, 1)


def _ps(arguments: list[str]) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout.strip()


def _int(texte: str) -> int:
    return int(texte) if texte.isdigit() else -1
