"""Two schedulers, killed at random during a night of real DAG runs: the same tables as the undisturbed night.

The undisturbed night is the one of the simulated year: the same task bodies, at the same instants, in one process. Minutes of a machine of
its own: marked ``long``, run by ``./pdp test -m long``.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.embedded import airflow_env
from pdp.embedded.etat import Etat
from pdp.embedded.stack import _AIRFLOW, Stack
from pdp.embedded.superviseur import Programme
from pdp.services.publish_referentiel import publish_referentiel
from pdp.simulation import personnes
from pdp.simulation.cohorte import generate_cohorte
from pdp.simulation.scenario import Calendrier
from pdp.storage import db

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.filterwarnings("ignore")]
GRAINE = 7
SECOND = "scheduler-2"
PLUS_TARD = timedelta(days=28)
NUIT = (
    "pdp_reception",
    "pdp_tri_affectation",
    "pdp_evaluation",
    "pdp_doublons",
    "pdp_veille",
    "pdp_suivis",
    "pdp_orientations",
    "pdp_envoi",
)
CONTENU = {
    "prescriptions": "SELECT id_avis, date_debut, date_fin, annule FROM pdp.arret_prescrit",
    "episodes": "SELECT a.id_source, e.debut, e.fin, e.risque, e.etat FROM pdp.episode e JOIN identite.assure a ON a.id = e.assure_id",
    "signalements": "SELECT a.id_source, s.palier, s.statut, s.survenu_le, s.mode_decision FROM pdp.signalement s"
    " JOIN identite.assure a ON a.id = s.assure_id",
    "parcours": "SELECT a.id_source, p.statut, p.clos_at IS NULL, p.csam_id IS NULL FROM pdp.parcours p"
    " JOIN identite.assure a ON a.id = p.assure_id",
    "affectations": "SELECT a.id_source, count(*) FROM pdp.affectation f JOIN pdp.parcours p ON p.id = f.parcours_id"
    " JOIN identite.assure a ON a.id = p.assure_id GROUP BY 1",
    "taches": "SELECT a.id_source, t.motif, t.balle, t.fermee_at IS NULL FROM pdp.tache t JOIN pdp.parcours p ON p.id = t.parcours_id"
    " JOIN identite.assure a ON a.id = p.assure_id",
    "alertes": "SELECT a.id_source, l.type FROM pdp.alerte l JOIN identite.assure a ON a.id = l.assure_id",
    "messages": "SELECT a.id_source, o.type, o.canal FROM pdp.outbox o JOIN pdp.parcours p ON p.id = o.parcours_id"
    " JOIN identite.assure a ON a.id = p.assure_id",
    "quarantaine": "SELECT champ, code, numero_ligne FROM identite.quarantaine",
    "journal": "SELECT e.evenement, a.id_source FROM journal.evenement e JOIN identite.assure a ON a.id = e.assure_id"
    " WHERE e.evenement IN ('signalement_detecte', 'signalement_decide', 'parcours_ouvert', 'parcours_affecte')",
}


def test_the_night_of_two_schedulers_killed_at_random_is_the_undisturbed_one(
    base: str, admin: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o711)  # as root, the database runs under another account, which must traverse pytest's own folders
    instant = datetime.now(UTC).replace(microsecond=0)
    generate_cohorte(tmp_path / "cohorte", GRAINE, instant.date(), "petite")
    attendu = _play_undisturbed(admin, tmp_path, instant, monkeypatch)
    assert min(len(attendu[t]) for t in ("signalements", "parcours", "taches", "alertes", "quarantaine")) > 0, (
        "an empty night proves nothing"
    )
    with _platform(tmp_path / "etat") as stack, stack.airflow_client() as airflow:
        airflow.wait_for_dags(NUIT)
        airflow.wait_for_quiet(timeout=300)  # the timetable's first runs, at the instant of their last tick: perhaps yesterday
        with _kills(stack) as morts:
            for dag_id, quand in _list_passages(instant):
                _prepare(dag_id, tmp_path, quand)
                run_id = airflow.trigger_dag(dag_id, {"instant": quand.isoformat()})
                assert airflow.wait_for_run(dag_id, run_id, timeout=900).etat == "success"
        airflow.wait_for_quiet(timeout=900)  # once nobody dies any more: runs of the timetable that were taken over
        obtenu = _read(stack)
    assert len(morts) >= 8, "a night without deaths proves nothing"
    for table, lignes in attendu.items():
        assert obtenu[table] == lignes, table


def _list_passages(instant: datetime) -> list[tuple[str, datetime]]:
    """DAGs of the night, then of a night when what nobody did is late."""
    return [(dag_id, quand) for quand in (instant, instant + PLUS_TARD) for dag_id in NUIT]


def _prepare(dag_id: str, dossier: Path, instant: datetime) -> None:
    """What people and the caisse do before a DAG of the night."""
    if dag_id == "pdp_reception":
        settings().depot.mkdir(parents=True, exist_ok=True)
        for fichier in sorted((dossier / "cohorte").glob("*/*")):
            provisoire = settings().depot / f"{fichier.name}.part"
            provisoire.write_bytes(fichier.read_bytes())
        for fichier in sorted(settings().depot.glob("*.part")):
            fichier.rename(fichier.with_suffix(""))
    elif dag_id == "pdp_tri_affectation":
        jours = Calendrier(instant.date())
        jours.premier_jour = instant.date()
        personnes.sign_delegation(jours)


def _play_undisturbed(admin: psycopg.Connection, dossier: Path, instant: datetime, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    from pdp.dags_joues import Traitements
    from pdp.simulation.annee import folders
    from pdp.simulation.annee_exterieur import Exterieur

    (dossier / "calme").mkdir()
    for nom, valeur in folders(dossier / "calme").items():
        monkeypatch.setenv(nom, valeur)
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", "A" * 43 + "=")
    settings.cache_clear()
    with db.begin(settings().url_app, systeme("test")) as conn:
        publish_referentiel(conn)
    dags = Traitements.load()
    with Exterieur(GRAINE).branche():
        for dag_id, quand in _list_passages(instant):
            _prepare(dag_id, dossier, quand)
            dags.run(dag_id, quand)
    assert dags.echecs == []
    return _list(admin)


def _list(conn: psycopg.Connection) -> dict[str, list[Any]]:
    return {nom: sorted(map(repr, conn.execute(requete).fetchall())) for nom, requete in CONTENU.items()}


def _read(stack: Stack) -> dict[str, list[Any]]:
    assert stack._pg is not None
    with psycopg.connect(stack._pg.superuser_dsn("pdp")) as conn:
        return _list(conn)


@contextmanager
def _platform(dossier: Path) -> Iterator[Stack]:
    """A whole platform with a second scheduler; the environment of the test process is given back at the end."""
    avant = dict(os.environ)
    stack = Stack(Etat(dossier), print)
    try:
        stack.up()
        commande = airflow_env.component_command(_AIRFLOW, "scheduler")
        stack.superviseur.start(Programme(SECOND, commande, stack._service_env("airflow")))
        yield stack
    finally:
        db.engine.cache_clear()
        stack.down()
        stack.etat.wipe()
        os.environ.clear()
        os.environ.update(avant)
        settings.cache_clear()


@contextmanager
def _kills(stack: Stack) -> Iterator[list[str]]:
    """One scheduler or the other dies every eight seconds or so, without a word; the list says which."""
    hasard, fin, morts = Random(GRAINE), threading.Event(), list[str]()

    def kill() -> None:
        while not fin.wait(5 + 6 * hasard.random()):
            nom = hasard.choice(("scheduler", SECOND))
            pid = stack.superviseur.pid(nom)
            if pid is not None:
                _signal(pid)
                morts.append(nom)

    fil = threading.Thread(target=kill, daemon=True)
    fil.start()
    try:
        yield morts
    finally:
        fin.set()
        fil.join(30)


def _signal(pid: int) -> None:
    with suppress(ProcessLookupError):  # it had just died by itself
        os.kill(pid, signal.SIGKILL)
