"""DAGs: thin, documented in French for managers, silent at parse, one sweep per platform and never one per person."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from pdp.services.read_passages import TRAITEMENTS

RACINE = Path(__file__).resolve().parents[2]
FICHIERS = sorted((RACINE / "dags").glob("*.py"))
ATTENDUS = {
    "pdp_reception",
    "pdp_detection",
    "pdp_tri_affectation",
    "pdp_envoi",
    "pdp_reponses",
    "pdp_veille",
    "pdp_suivis",
    "pdp_evaluation",
    "pdp_rendez_vous",
    "pdp_doublons",
    "pdp_orientations",
    "pdp_digest",
    "pdp_conduite",
    "pdp_portes",
    "pdp_guet",
}

pytestmark = pytest.mark.filterwarnings("ignore")  # Airflow's own import warnings are not ours to fix


@pytest.fixture(scope="module")
def sac() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(RACINE / "dags"))


def test_every_dag_is_read_without_database_or_settings(sac: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sac.import_errors == {}
    assert set(sac.dags) == ATTENDUS


@pytest.mark.parametrize("dag_id", sorted(ATTENDUS))
def test_dag_speaks_french_to_managers(sac: Any, dag_id: str) -> None:
    dag = sac.dags[dag_id]
    assert re.match(r"\d+\. ", dag.dag_display_name)
    assert "pdp" in dag.tags
    assert len(dag.tags) >= 2
    assert "**Ce que fait ce traitement.**" in dag.doc_md
    assert re.search(r"\*\*En cas d'échec[^*]*\*\*", dag.doc_md)
    assert dag.max_active_runs == 1
    assert dag.catchup is False
    assert all(t.retries >= 2 and t.execution_timeout is not None for t in dag.tasks)


def test_the_portal_calls_dags_as_airflow_does(sac: Any) -> None:
    assert {dag_id: dag.dag_display_name for dag_id, dag in sac.dags.items()} == TRAITEMENTS


@pytest.mark.parametrize("fichier", FICHIERS, ids=lambda f: f.stem)
def test_dag_file_is_thin(fichier: Path) -> None:
    source = fichier.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 80
    modules = {n.module or "" for n in ast.walk(ast.parse(source)) if isinstance(n, ast.ImportFrom)}
    assert all(m == "airflow.sdk" or m == "pdp" or m.startswith("pdp.services") for m in modules)
    assert "SELECT" not in source


@pytest.mark.parametrize("dag_id", sorted(ATTENDUS))
def test_mapped_tasks_are_mapped_over_platforms_only(sac: Any, dag_id: str) -> None:
    for tache in sac.dags[dag_id].tasks:
        if tache.is_mapped:
            assert tache.task_group.group_id == "demande" or set(tache.op_kwargs_expand_input.value) == {"plateforme"}


def test_data_wakes_what_waits_for_data(sac: Any) -> None:
    """Reception wakes detection, detection wakes tri and affectation."""

    def produit(dag_id: str) -> set[str]:
        return {o.uri for t in sac.dags[dag_id].tasks for o in t.outlets}

    def attend(dag_id: str) -> str:
        return str(sac.dags[dag_id].timetable.asset_condition)

    assert "pdp://flux/depot" in attend("pdp_reception")
    assert produit("pdp_reception") == {"pdp://flux/charges"}
    assert "pdp://flux/charges" in attend("pdp_detection")
    assert produit("pdp_detection") == {"pdp://signalements/detectes"}
    assert "pdp://signalements/detectes" in attend("pdp_tri_affectation")


def test_no_daily_dag_in_the_hour_that_a_clock_change_removes(sac: Any) -> None:
    expressions = {}
    for dag_id, dag in sac.dags.items():
        horaire = getattr(dag.timetable, "timetable", dag.timetable)
        expressions[dag_id] = getattr(horaire, "expression", None)
    assert sum(e is not None for e in expressions.values()) == len(ATTENDUS) - 1  # tri and affectation wait for data only
    a_deux_heures = [d for d, e in expressions.items() if e and e.split()[0].isdigit() and e.split()[1] == "2"]
    assert a_deux_heures == []


def test_plugin_builds_nothing_at_import() -> None:
    arbre = ast.parse((RACINE / "plugins" / "pdp_plugin.py").read_text(encoding="utf-8"))
    modules = {n.module for n in ast.walk(arbre) if isinstance(n, ast.ImportFrom)} | {
        a.name for n in ast.walk(arbre) if isinstance(n, ast.Import) for a in n.names
    }
    assert modules == {"__future__", "os", "airflow.plugins_manager", "pdp.jours_ouvres"}
    assert [f.name for f in (RACINE / "plugins").glob("*.py")] == ["pdp_plugin.py"]


def test_the_drop_folder_is_watched_by_our_trigger(sac: Any) -> None:
    """Serialized as the scheduler and the triggerer will read it: a class that they can import, and no path."""
    from airflow.sdk._shared.module_loading import import_string

    from pdp.orchestration import DEPOT

    assert {w.name for w in DEPOT.watchers} == {"guet_depot"}
    classe, arguments = DEPOT.watchers[0].trigger.serialize()
    assert import_string(classe)(**arguments).calme_s > 0
    assert set(arguments) == {"calme_s"}
    assert sac.dags["pdp_reception"].timetable.timetable.expression == "*/10 5-21 * * *", "the schedule stays as a safety net"
