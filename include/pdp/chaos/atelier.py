"""Worker processes: forked, given one work after another, killed and stopped like any process, replaced when they died."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import select
import signal
import struct
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from pdp.chaos.acteurs import BASE_PERDUE, FAUTE, Ouvrier
from pdp.chaos.monde import Monde
from pdp.chaos.plan import Plan, Travail
from pdp.chaos.points import Releve

PATIENCE_S = 60.0
"""A worker that has not ended by then is blocked: nothing in the product waits that long, on a machine that breathes."""
_TETE = struct.Struct("!I")


@dataclass
class Processus:
    """One worker: what it is told through ``vers``, what it says through ``de``."""

    pid: int
    vers: int
    de: int
    travail: Travail | None = None

    def give(self, plan: Plan, travail: Travail, instant: datetime, bail_s: float) -> None:
        self.travail = travail
        octets = pickle.dumps((plan, travail, instant, bail_s))
        with contextlib.suppress(BrokenPipeError):  # it died between two works: seen at once by who waits
            os.write(self.vers, _TETE.pack(len(octets)) + octets)

    def close(self) -> None:
        os.close(self.vers)
        os.close(self.de)


@dataclass
class Bilan:
    """How the works of a step ended."""

    stoppes: list[Processus] = field(default_factory=list)
    perdus: list[Travail] = field(default_factory=list)
    compte: Counter[str] = field(default_factory=Counter)
    fautes: list[str] = field(default_factory=list)


class Atelier:
    """The workers of a lane. ``releve``: points reached by all of them."""

    def __init__(self, monde: Monde, releve: Releve) -> None:
        self._monde, self._releve = monde, releve
        self._libres: list[Processus] = []
        self._reveil, ecriture = os.pipe()
        os.set_blocking(self._reveil, False)
        os.set_blocking(ecriture, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(ecriture, warn_on_full_buffer=False)
        gc.collect()
        gc.freeze()  # forks share what is loaded

    def start(self, plan: Plan, travail: Travail, instant: datetime) -> Processus:
        processus = self._libres.pop() if self._libres else self._fork()
        processus.give(plan, travail, instant, plan.bail_s)
        return processus

    def wait(self, actifs: list[Processus]) -> Bilan:
        """Until each has finished its work, stopped or died."""
        attendus, bilan, limite = {p.de: p for p in actifs}, Bilan(), time.monotonic() + PATIENCE_S
        while attendus:
            prets, _, _ = select.select([*attendus, self._reveil], [], [], 1)
            with contextlib.suppress(BlockingIOError):
                os.read(self._reveil, 4096)
            for descripteur in list(attendus):
                processus = attendus[descripteur]
                if descripteur in prets and self._hear(processus, bilan):
                    del attendus[descripteur]
                elif _is_stopped(processus.pid):
                    bilan.stoppes.append(attendus.pop(descripteur))
                    bilan.compte["arrets"] += 1
            if time.monotonic() > limite:
                self._give_up(attendus, bilan)
        return bilan

    def close(self) -> None:
        for processus in self._libres:
            os.kill(processus.pid, signal.SIGKILL)
            os.waitpid(processus.pid, 0)
            processus.close()
        self._libres.clear()
        signal.set_wakeup_fd(-1)

    # -- inside

    def _hear(self, processus: Processus, bilan: Bilan) -> bool:
        """Its last word, or its death."""
        octets = os.read(processus.de, 8192)
        nom = processus.travail.nom if processus.travail else ""
        if not octets:
            os.waitpid(processus.pid, 0)
            processus.close()
            bilan.compte["morts"] += 1
            return True
        code, texte = octets[0], octets[1:].decode(errors="replace")
        if code == BASE_PERDUE and processus.travail is not None:
            bilan.perdus.append(processus.travail)
            bilan.compte["bases_perdues"] += 1
        elif code == FAUTE:
            bilan.fautes.append(f"{nom}: {texte}")
        processus.travail = None
        self._libres.append(processus)
        return True

    def _give_up(self, attendus: dict[int, Processus], bilan: Bilan) -> None:
        for processus in attendus.values():
            os.kill(processus.pid, signal.SIGKILL)
            os.waitpid(processus.pid, 0)
            processus.close()
            bilan.fautes.append(f"{processus.travail.nom if processus.travail else ''}: blocked")
        attendus.clear()

    def _fork(self) -> Processus:
        lecture, vers = os.pipe()
        de, ecriture = os.pipe()
        pid = os.fork()
        if pid:
            os.close(lecture)
            os.close(ecriture)
            return Processus(pid, vers, de)
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for autre in (vers, de, *(f for p in self._libres for f in (p.vers, p.de))):
                os.close(autre)
            gc.disable()
            _serve(Ouvrier(self._monde, self._releve), lecture, ecriture)
        finally:
            os._exit(1)


def _is_stopped(pid: int) -> bool:
    """Only a stop is asked for, once; a death is heard by the pipe of the worker."""
    try:
        return os.waitid(os.P_PID, pid, os.WNOHANG | os.WSTOPPED) is not None
    except ChildProcessError:  # it is dying
        return False


def _serve(ouvrier: Ouvrier, lecture: int, ecriture: int) -> None:
    """In the child: one work after another until its parent goes away."""
    parent = os.getppid()
    with os.fdopen(lecture, "rb", buffering=0) as tube:
        while _is_told(lecture, parent) and (tete := tube.read(_TETE.size)):
            octets, taille = b"", _TETE.unpack(tete)[0]
            while len(octets) < taille:
                octets += tube.read(taille - len(octets))
            plan, travail, instant, bail_s = pickle.loads(octets)  # written by our own parent
            code, texte = ouvrier.work(plan, travail, instant, bail_s)
            os.write(ecriture, bytes([code]) + texte[-4000:].encode())


def _is_told(lecture: int, parent: int) -> bool:
    """Waits for the next work; False when the parent died without a word (siblings hold the other end of the pipe open)."""
    while not select.select([lecture], [], [], 5)[0]:
        if os.getppid() != parent:
            return False
    return True


@contextmanager
def open_atelier(monde: Monde, releve: Releve) -> Iterator[Atelier]:
    """Workers, all gone at the end."""
    atelier = Atelier(monde, releve)
    try:
        yield atelier
    finally:
        atelier.close()
