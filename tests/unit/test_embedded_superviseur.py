"""The supervisor: restart, whole sessions, nothing left behind. Small shell programs stand for the services."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pdp.config import RACINE
from pdp.embedded.groupes import Groupe, sweep, write_groupes
from pdp.embedded.processus import find_processus, is_alive, list_session
from pdp.embedded.superviseur import Programme, Superviseur, alive_groupes

ENV = {"PATH": os.environ["PATH"]}
DEUX = ("sh", "-c", "sleep 300 & sleep 300 & wait")
SOURD = ("sh", "-c", "trap '' TERM; while :; do sleep 1; done")


def until(vrai: Callable[[], bool], delai_s: float = 15.0) -> None:
    limite = time.monotonic() + delai_s
    while not vrai():
        assert time.monotonic() < limite, "did not happen in time"
        time.sleep(0.02)  # processes of another session: nothing to wait on


@pytest.fixture
def superviseur(tmp_path: Path) -> Iterator[Superviseur]:
    lui = Superviseur(tmp_path)
    lui.open()
    yield lui
    lui.stop_all(delai_s=1.0)


def test_dead_service_comes_back_and_its_children_are_gone_first(superviseur: Superviseur) -> None:
    premier = superviseur.start(Programme("double", DEUX, ENV))
    until(lambda: len(list_session([premier])) == 3)
    os.kill(premier, signal.SIGKILL)
    until(lambda: superviseur.pid("double") not in (None, premier))
    assert list_session([premier]) == []
    assert superviseur.relances() == {"double": 1}


def test_stop_removes_the_whole_session_even_when_it_ignores_the_request(superviseur: Superviseur) -> None:
    pids = [superviseur.start(Programme("double", DEUX, ENV)), superviseur.start(Programme("sourd", SOURD, ENV))]
    until(lambda: len(list_session(pids)) >= 5)
    superviseur.stop_all(delai_s=0.5)
    assert list_session(pids) == []


def test_preparation_runs_before_every_start(superviseur: Superviseur) -> None:
    appels: list[int] = []
    premier = superviseur.start(Programme("court", ("sleep", "300"), ENV, avant=lambda: appels.append(1)))
    os.kill(premier, signal.SIGKILL)
    until(lambda: superviseur.relances()["court"] == 1)
    assert len(appels) == 2


def test_log_is_private_and_kept(superviseur: Superviseur) -> None:
    superviseur.start(Programme("bavard", ("sh", "-c", "echo bonjour; exec sleep 300"), ENV))
    until(lambda: superviseur.log_tail("bavard") == "bonjour")
    assert superviseur.log_path("bavard").stat().st_mode & 0o077 == 0


PARENT = """
import json, sys, time
from pathlib import Path
from pdp.embedded.superviseur import Programme, Superviseur
s = Superviseur(Path(sys.argv[1])); s.open()
pids = [s.start(Programme(n, ("sh", "-c", "sleep 300 & sleep 300 & wait"), {"PATH": "/usr/bin:/bin"})) for n in ("a", "b")]
print(json.dumps({"services": pids, "gardien": s._gardien.pid}), flush=True)
time.sleep(300)
"""


def _launch_parent(etat: Path) -> tuple[subprocess.Popen[str], list[int], int]:
    env = {**os.environ, "PYTHONPATH": str(RACINE / "include")}
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(etat)], env=env, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    donnees = json.loads(parent.stdout.readline())
    until(lambda: len(list_session(donnees["services"])) == 6)
    return parent, donnees["services"], donnees["gardien"]


def test_killed_supervisor_leaves_no_orphan(tmp_path: Path) -> None:
    parent, services, gardien = _launch_parent(tmp_path)
    parent.kill()
    parent.communicate()
    until(lambda: not list_session(services))
    until(lambda: not is_alive(gardien))


def test_next_start_sweeps_what_a_killed_guardian_left(tmp_path: Path) -> None:
    parent, services, gardien = _launch_parent(tmp_path)
    os.kill(gardien, signal.SIGKILL)
    parent.kill()
    parent.communicate()
    assert len(list_session(services)) == 6
    assert sorted(alive_groupes(tmp_path)) == ["a", "b"]
    suivant = Superviseur(tmp_path)
    assert sorted(suivant.open()) == ["a", "b"]
    assert list_session(services) == []
    suivant.stop_all()


def test_sweep_spares_a_program_that_got_the_same_number(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "300"], start_new_session=True) as innocent:
        fichier = tmp_path / "groupes.json"
        write_groupes(fichier, [Groupe("ancien", innocent.pid, "another start time", int(signal.SIGTERM))])
        assert sweep(fichier, delai_s=0.5) == []
        assert innocent.poll() is None
        innocent.kill()


def test_second_supervisor_that_never_opened_touches_nothing(superviseur: Superviseur, tmp_path: Path) -> None:
    pid = superviseur.start(Programme("seul", ("sleep", "300"), ENV))
    Superviseur(tmp_path).stop_all()
    assert is_alive(pid)
    assert alive_groupes(tmp_path) == ["seul"]


def test_process_identity_survives_odd_names(tmp_path: Path) -> None:
    """/proc/PID/stat holds the name between parentheses, which may hold parentheses and spaces."""
    drole = tmp_path / "a) S 1 (b"
    drole.symlink_to("/bin/sleep")
    with subprocess.Popen([drole, "300"], start_new_session=True) as processus:
        trouve = find_processus(processus.pid)
        assert trouve is not None
        assert (trouve.session, trouve.parent, trouve.zombie) == (processus.pid, os.getpid(), False)
        processus.kill()
