"""The timetable says what Airflow read: schedules, deadlines, pools, working days, previews; and its page is true."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pendulum
import pytest

from pdp.clock import PARIS
from pdp.domain.horaire import TRAITEMENTS, is_ouvre_quelque_part, list_departs

pytestmark = pytest.mark.filterwarnings("ignore")  # Airflow's own import warnings are not ours to fix
RACINE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sac() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(RACINE / "dags"))


def test_every_dag_runs_as_its_row_says(sac: Any) -> None:
    from pdp.jours_ouvres import JoursOuvres

    assert set(sac.dags) == set(TRAITEMENTS)
    for dag_id, dag in sac.dags.items():
        dit = TRAITEMENTS[dag_id]
        heures = getattr(dag.timetable, "timetable", dag.timetable)
        assert getattr(heures, "expression", None) == dit.cron, dag_id
        assert isinstance(heures, JoursOuvres) is dit.ouvres, dag_id
        assert dag.dag_display_name == dit.titre, dag_id
        [echeance] = dag.deadline or [None]
        assert (echeance.interval if echeance else None) == (dit.retard_minutes and timedelta(minutes=dit.retard_minutes)), dag_id
        if echeance:
            assert (echeance.callback.path, echeance.callback.kwargs) == ("pdp.retards.note_retard", {}), "the callback carries nothing"


def test_data_that_wakes_a_dag_is_the_one_announced_before(sac: Any) -> None:
    for dag_id, dit in TRAITEMENTS.items():
        attendues = str(getattr(sac.dags[dag_id].timetable, "asset_condition", ""))
        for amont in dit.apres:
            assert any(o.uri in attendues for t in sac.dags[amont].tasks for o in t.outlets), (dag_id, amont)
        assert dit.depot == ("pdp://flux/depot" in attendues)


def test_tasks_that_wait_for_somebody_else_share_a_small_pool_that_the_setup_creates(sac: Any) -> None:
    from pdp.embedded.airflow_metadata import POOLS

    reseau = {t.task_id for dag in sac.dags.values() for t in dag.tasks if t.pool == "pdp_reseau"}
    assert reseau == {"envoyer", "accuser", "rapprocher", "interroger", "relever"}
    autres = {t.pool for dag in sac.dags.values() for t in dag.tasks} - {"pdp_reseau"}
    assert autres == {"default_pool"}
    assert {nom: int(places) for nom, (places, _) in POOLS.items()} == {"pdp_reseau": 2}, "half of the four places of the executor"


@pytest.mark.parametrize("zones", [("metropole",), ("alsace_moselle", "metropole"), ("alsace_moselle",), ("guadeloupe", "reunion")])
def test_timetable_starts_on_worked_days_only_and_catches_nothing_up(zones: Any) -> None:
    """Fourteen months over two clock changes, against a plain count of days; and the same once read back by the scheduler."""
    from airflow.serialization.decoders import decode_timetable
    from airflow.serialization.encoders import encode_timetable
    from airflow.timetables.base import DataInterval, TimeRestriction

    from pdp.jours_ouvres import JoursOuvres

    ecrit = JoursOuvres("45 6 * * 1-5", zones=zones)
    relu = decode_timetable(encode_timetable(ecrit))
    assert (type(relu), relu.serialize(), relu.expression) == (JoursOuvres, ecrit.serialize(), "45 6 * * 1-5")
    debut, fin = pendulum.datetime(2025, 3, 1, tz="UTC"), pendulum.datetime(2026, 5, 10, tz="UTC")
    bornes = TimeRestriction(earliest=debut, latest=fin, catchup=True)
    departs, dernier = [], None
    while info := relu.next_dagrun_info(last_automated_data_interval=dernier, restriction=bornes):
        departs.append(info.run_after)
        dernier = DataInterval(info.data_interval.start, info.data_interval.end)
    jours = [datetime(2025, 3, 1, 6, 45, tzinfo=PARIS) + timedelta(days=n) for n in range(435)]
    attendus = [j for j in jours if j.weekday() < 5 and is_ouvre_quelque_part(j.date(), zones)]
    assert [d.astimezone(UTC) for d in departs] == [a.astimezone(UTC) for a in attendus]
    assert len(departs) > 280


def test_previews_know_every_sweep_and_the_very_service_it_calls(sac: Any) -> None:
    """A sweep added to a DAG and not here would have no preview; one that calls another service would be previewed wrongly."""
    from pdp.services.preview_passage import SERVICES

    lus = {}
    for fichier in (RACINE / "dags").glob("pdp_*.py"):
        for appel in ast.walk(ast.parse(fichier.read_text(encoding="utf-8"))):
            if isinstance(appel, ast.Call) and ast.unparse(appel.func) == "o.sweep":
                tache, service = appel.args[0], appel.args[1]
                assert isinstance(tache, ast.Constant)
                lus[fichier.stem, tache.value] = ast.unparse(service)
    lus["pdp_detection", "detecter"] = "detect_signalements"
    assert {cle: service.__name__ for cle, service in SERVICES.items()} == lus


def test_page_of_the_dags_is_what_the_rows_say() -> None:
    from pdp.documentation_dags import table_horaire

    page = (RACINE / "dags" / "README.md").read_text(encoding="utf-8")
    assert table_horaire() in page, "run ./pdp docs"
    assert all(len(list_departs(t.cron)) for t in TRAITEMENTS.values() if t.cron)
