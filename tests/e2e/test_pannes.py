"""Kill the scheduler, PostgreSQL, then the launcher itself, in the middle of ``pdp demo --once``: nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pdp.config import RACINE
from pdp.embedded.etat import Etat
from pdp.embedded.postgres import EmbeddedPostgres
from pdp.partners.simulateur_registre import script_of
from pdp.simulation.scenario import Calendrier
from plateforme_e2e import STABLES, Plateforme, aujourdhui

pytestmark = pytest.mark.e2e
# simulated partners draw their answers from the id of the hand-over, new at each installation; returns and alerts follow from them
TIRES = ("reponses", "issues", "alertes")
DOUBLES = """
SELECT (SELECT count(*) FROM (SELECT assure_id FROM pdp.parcours WHERE clos_at IS NULL GROUP BY 1 HAVING count(*) > 1) x),
    (SELECT count(*) FROM (SELECT parcours_id, dispositif, revision FROM pdp.orientation GROUP BY 1, 2, 3 HAVING count(*) > 1) x),
    (SELECT count(*) FROM (SELECT assure_id, type, cause FROM pdp.alerte GROUP BY 1, 2, 3 HAVING count(*) > 1) x),
    (SELECT count(*) FROM pdp.outbox WHERE etat IN ('en_cours', 'incertain'))
"""
REPONSES = """
SELECT o.id::text, count(i.id) FROM pdp.orientation o
JOIN pdp.outbox x ON x.orientation_id = o.id AND x.type = 'orientation' AND x.etat = 'livre' AND x.canal = 'api'
LEFT JOIN pdp.inbox i ON i.orientation_id = o.id
WHERE o.statut <> 'annulee' GROUP BY o.id
"""


def test_killed_anywhere_and_started_again_gives_the_undisturbed_result(plateforme: Plateforme, tmp_path: Path) -> None:
    plateforme.stack.down()  # the last test that shares it (files go by name): only its balance sheet is needed now
    tmp_path.chmod(0o711)
    jour, attendu = Calendrier.load(plateforme.etat.racine).ancrage, plateforme.bilan
    while (obtenu := _kill_and_resume(tmp_path / f"tue-{jour}")) and jour != aujourdhui():  # midnight passed: both on the new day
        jour = aujourdhui()
        attendu = _play(tmp_path / f"temoin-{jour}")
        Etat(tmp_path / f"temoin-{jour}").wipe()
    memes = [nom for nom in STABLES if nom not in TIRES]
    assert {nom: obtenu[nom] for nom in memes} == {nom: attendu[nom] for nom in memes}


def _kill_and_resume(home: Path) -> dict[str, Any]:
    """Balance sheet of the run started again after the kills, everything sent once."""
    _run_and_kill(home, _env(home))
    _assert_nothing_left(home)
    bilan = _play(home)
    assert bilan["ok"] is True
    _assert_sent_once(home)
    Etat(home).wipe()  # as root the data may lie outside the folder of the test
    return bilan


def _play(home: Path) -> dict[str, Any]:
    """Balance sheet of the demonstration kept there."""
    jouee = subprocess.run(
        [str(RACINE / "pdp"), "demo", "--once", "--json"], env=_env(home), capture_output=True, text=True, timeout=900, check=False
    )
    assert jouee.returncode == 0, jouee.stderr[-3000:]
    bilan: dict[str, Any] = json.loads(jouee.stdout.strip().splitlines()[-1])
    return bilan


def _env(home: Path) -> dict[str, str]:
    return os.environ | {"PDP_HOME": str(home), "PDP_COHORTE": "petite"}


def _run_and_kill(home: Path, env: dict[str, str]) -> None:
    """Scheduler killed while it detects, PostgreSQL while people work, then the launcher, all by SIGKILL."""
    travail = subprocess.Popen(
        [str(RACINE / "pdp"), "demo", "--once", "--json"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    lignes = []
    assert travail.stderr is not None
    for ligne in travail.stderr:
        lignes.append(ligne)
        if "cohorte synthétique" in ligne:
            _kill_scheduler(home)
        elif "premiers dossiers" in ligne:
            os.kill(_postmaster(home), signal.SIGKILL)
        elif "pdp_envoi terminé" in ligne or ("relance" in ligne and "postgres" in ligne):
            travail.kill()
            break
    travail.stderr.close()
    travail.wait(timeout=120)
    assert any("premiers dossiers" in ligne for ligne in lignes), "".join(lignes[-20:])


def _kill_scheduler(home: Path) -> None:
    tues = [pid for pid in _processes(home) if b"scheduler" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert tues
    for pid in tues:
        os.kill(pid, signal.SIGKILL)


def _processes(home: Path) -> list[int]:
    """Living processes whose environment names this state folder."""
    marque = f"PDP_ETAT={home}".encode()
    trouves = []
    for dossier in Path("/proc").iterdir():
        try:
            if dossier.name.isdigit() and marque in (dossier / "environ").read_bytes().split(b"\0"):
                trouves.append(int(dossier.name))
        except OSError:
            continue  # it ended between the two reads
    return trouves


def _postmaster(home: Path) -> int:
    return int((home / "pg" / "postmaster.pid").read_text().splitlines()[0])


def _assert_nothing_left(home: Path) -> None:
    """The launcher was killed without a word: its services follow it within seconds."""
    limite = 40
    while _processes(home) and limite:
        subprocess.run(["sleep", "0.5"], check=True)  # processes end by themselves, nothing announces it
        limite -= 1
    assert _processes(home) == []


def _assert_sent_once(home: Path) -> None:
    """One open case per person, one hand-over per revision, one alert per cause, nothing in flight, and every answer given is here."""
    with EmbeddedPostgres(home / "pg", port=Etat(home).port("postgres")) as pg, psycopg.connect(pg.superuser_dsn("pdp")) as conn:
        assert conn.execute(DOUBLES).fetchone() == (0, 0, 0, 0)
        reponses = dict(conn.execute(REPONSES).fetchall())
    assert reponses
    assert reponses == {orientation: len(script_of(orientation)) for orientation in reponses}
