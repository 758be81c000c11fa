"""Starts the services, restarts those that die, stops whole sessions: nothing is left behind, even after ``kill -9``.

Airflow's scheduler and Dag processor end for good when the database restarts, and a killed scheduler leaves its workers
running; hence a restart that first removes every process of the old session.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pdp.config import RACINE
from pdp.embedded.groupes import Groupe, read_groupes, stop_groupes, sweep, write_groupes
from pdp.embedded.processus import find_processus, is_alive, kill_sessions

_JOURNAL_MAX_OCTETS = 20_000_000
_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)  # before the first, second... restart in a row
_STABLE_S = 60.0  # alive that long: the count of restarts in a row starts again


@dataclass(frozen=True)
class Programme:
    """One service. ``avant`` runs before every start; ``options`` go to ``subprocess`` (account, folder)."""

    nom: str
    commande: tuple[str, ...]
    environnement: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)
    avant: Callable[[], None] | None = None
    signal_arret: signal.Signals = signal.SIGTERM


@dataclass
class _Suivi:
    programme: Programme
    processus: subprocess.Popen[bytes]
    depuis: float
    relances: int = 0
    de_suite: int = 0
    a_relancer_a: float | None = None


class Superviseur:
    """One per state folder; ``demarrer`` from any thread, the watch has its own."""

    def __init__(self, etat: Path, progress: Callable[[str], None] = lambda _: None) -> None:
        # a list of our own: the guardian of a killed supervisor may still be at work on another one
        self._fichier = etat / "run" / f"groupes-{os.getpid()}-{secrets.token_hex(4)}.json"
        self._journaux = etat / "logs"
        self._progress = progress
        self._suivis: dict[str, _Suivi] = {}
        self._verrou = threading.RLock()
        self._fin = threading.Event()
        self._veille: threading.Thread | None = None
        self._gardien: subprocess.Popen[bytes] | None = None

    def open(self) -> list[str]:
        """Sweep what a dead supervisor left, start the guardian; names of what was still running."""
        self._fichier.parent.mkdir(parents=True, exist_ok=True)
        self._journaux.mkdir(parents=True, exist_ok=True)
        restes = [nom for fichier in self._fichier.parent.glob("groupes-*.json") for nom in sweep(fichier)]
        environnement = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(RACINE / "include")}
        self._gardien = subprocess.Popen(
            [sys.executable, "-m", "pdp.embedded.gardien", str(self._fichier)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, cwd="/", env=environnement,
        )  # fmt: skip
        self._fin.clear()
        self._veille = threading.Thread(target=self._watch, name="veille", daemon=True)
        self._veille.start()
        return restes

    def start(self, programme: Programme) -> int:
        """Start a service and watch it from now on; its process id."""
        with self._verrou:
            processus = self._launch(programme)
            self._suivis[programme.nom] = _Suivi(programme, processus, time.monotonic())
            self._write()
            return processus.pid

    def stop(self, *noms: str, delai_s: float = 15.0) -> None:
        """Stop these services, all at once; unknown names are ignored."""
        with self._verrou:
            retires = [self._suivis.pop(nom) for nom in noms if nom in self._suivis]
        stop_groupes([_groupe(s) for s in retires], delai_s)
        for suivi in retires:
            suivi.processus.wait()
        with self._verrou:
            self._write()

    def stop_all(self, delai_s: float = 15.0) -> None:
        """Stop everything, the database last (it is the one with a signal of its own), then dismiss the guardian.

        Does nothing when this supervisor is not open: the list on disk may be another one's.
        """
        if self._gardien is None:
            return
        self._fin.set()
        if self._veille is not None:
            self._veille.join()
        services = [nom for nom, s in self._suivis.items() if s.programme.signal_arret == signal.SIGTERM]
        self.stop(*services, delai_s=delai_s)
        self.stop(*list(self._suivis), delai_s=delai_s)
        self._gardien.communicate(b"fin\n")
        self._gardien = None
        self._fichier.unlink(missing_ok=True)

    def pid(self, nom: str) -> int | None:
        """Process id of a live service, None while it is down."""
        with self._verrou:
            suivi = self._suivis.get(nom)
            return suivi.processus.pid if suivi and suivi.processus.poll() is None else None

    def pids(self) -> list[int]:
        with self._verrou:
            return [s.processus.pid for s in self._suivis.values()]

    def relances(self) -> dict[str, int]:
        """How many times each service was restarted."""
        with self._verrou:
            return {nom: s.relances for nom, s in self._suivis.items()}

    def log_path(self, nom: str) -> Path:
        return self._journaux / f"{nom}.log"

    def log_tail(self, nom: str, caracteres: int = 800) -> str:
        chemin = self.log_path(nom)
        return chemin.read_text(errors="replace")[-caracteres:].strip() if chemin.exists() else ""

    # -- inside

    def _launch(self, programme: Programme) -> subprocess.Popen[bytes]:
        if programme.avant is not None:
            programme.avant()
        chemin = self.log_path(programme.nom)
        if chemin.exists() and chemin.stat().st_size > _JOURNAL_MAX_OCTETS:
            chemin.replace(chemin.with_suffix(".log.1"))
        options = {"cwd": str(RACINE), "umask": 0o077, **programme.options}
        with chemin.open("ab") as journal:
            chemin.chmod(0o600)
            sorties: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": journal, "stderr": journal}
            return subprocess.Popen(programme.commande, env=dict(programme.environnement), start_new_session=True, **sorties, **options)

    def _write(self) -> None:
        write_groupes(self._fichier, [_groupe(s) for s in self._suivis.values()])

    def _watch(self) -> None:
        while not self._fin.wait(0.25):
            with self._verrou:
                for suivi in list(self._suivis.values()):
                    self._look_after(suivi)

    def _look_after(self, suivi: _Suivi) -> None:
        maintenant = time.monotonic()
        if suivi.a_relancer_a is None:
            if suivi.processus.poll() is None:
                return
            if maintenant - suivi.depuis > _STABLE_S:
                suivi.de_suite = 0
            # whatever the dead leader had forked goes first: a second copy must never run beside it
            kill_sessions([suivi.processus.pid], 0.0 if suivi.programme.signal_arret == signal.SIGTERM else 3.0)
            pause = _PAUSES_S[min(suivi.de_suite, len(_PAUSES_S) - 1)]
            suivi.a_relancer_a = maintenant + pause
            self._progress(f"{suivi.programme.nom} s'est arrêté (code {suivi.processus.returncode}) : relance dans {pause:g} s")
        elif maintenant >= suivi.a_relancer_a:
            try:
                suivi.processus = self._launch(suivi.programme)
            except Exception as erreur:
                # e.g. the data cannot be prepared yet: said, counted, tried again later
                self._progress(f"{suivi.programme.nom} ne redémarre pas : {erreur}")
                suivi.a_relancer_a = maintenant + _PAUSES_S[-1]
                return
            suivi.depuis, suivi.a_relancer_a = maintenant, None
            suivi.relances += 1
            suivi.de_suite += 1
            self._write()


def _groupe(suivi: _Suivi) -> Groupe:
    trouve = find_processus(suivi.processus.pid)
    return Groupe(suivi.programme.nom, suivi.processus.pid, trouve.debut if trouve else "", int(suivi.programme.signal_arret))


def alive_groupes(etat: Path) -> list[str]:
    """Names of the services that run now for this state folder, whoever watches them."""
    listes = [read_groupes(fichier) for fichier in (etat / "run").glob("groupes-*.json")]
    return [g.nom for groupes in listes for g in groupes if is_alive(g.pid, g.debut)]
