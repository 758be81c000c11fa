"""A platform that fails and a reception that is killed leave nobody waiting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fabrique import lot, socle
from livraisons import ligne_assure, write_fichier

pytestmark = pytest.mark.filterwarnings("ignore")  # Airflow's own import warnings are not ours to fix
RACINE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sac() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(RACINE / "dags"))


@pytest.mark.parametrize("dag_id", ["pdp_detection", "pdp_tri_affectation"])
def test_one_platform_that_fails_does_not_stop_the_others_nor_hides(sac: Any, dag_id: str) -> None:
    dag = sac.dags[dag_id]
    for tache in dag.tasks:
        balayages = [a for a in tache.upstream_list if a.is_mapped]
        if balayages and tache.task_id != "verifier":
            assert tache.trigger_rule == "all_done_min_one_success", tache.task_id
    [fin] = dag.leaves
    assert (fin.task_id, fin.trigger_rule) == ("verifier", "all_success")
    assert {t.task_id for t in dag.tasks if t.is_mapped} <= {a.task_id for a in fin.upstream_list}, "the run fails with any platform"


class Coupure(BaseException):
    """The process dies."""


@contextmanager
def task_context(monkeypatch: pytest.MonkeyPatch, essai: int) -> Iterator[list[Any]]:
    from pdp import orchestration as o

    annonces: list[Any] = []
    run = SimpleNamespace(conf={}, logical_date=datetime(2026, 11, 18, 7, tzinfo=UTC), run_after=None)
    ti = SimpleNamespace(dag_id="pdp_reception", run_id="r1", try_number=essai)
    monkeypatch.setattr(o, "get_current_context", lambda: {"dag_run": run, "ti": ti})
    monkeypatch.setattr(o, "announce", annonces.append)
    yield annonces


@pytest.mark.parametrize("deplace_avant", [False, True])
def test_a_reception_killed_after_a_commit_wakes_the_detection_when_it_is_tried_again(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deplace_avant: bool
) -> None:
    """Killed before the file is moved, or just after: the second attempt finds nothing new, the people are not yet looked at."""
    from airflow.sdk.exceptions import AirflowSkipException

    from pdp import orchestration as o
    from pdp.services import ingest_flux

    with lot() as conn:
        socle(conn)
    write_fichier(tmp_path / "depot", "assures", [ligne_assure(1)])
    move = ingest_flux.move_file

    def die(*chemins: Path) -> Path:
        if deplace_avant:
            move(*chemins)
        raise Coupure

    monkeypatch.setattr(ingest_flux, "move_file", die)
    with task_context(monkeypatch, 1) as annonces, pytest.raises(Coupure):
        o.receive_flux()
    assert annonces == []
    monkeypatch.setattr(ingest_flux, "move_file", move)
    with task_context(monkeypatch, 2) as annonces:
        o.receive_flux()
    assert annonces == [o.FLUX_CHARGES]
    with task_context(monkeypatch, 1) as annonces, pytest.raises(AirflowSkipException):
        o.receive_flux()
    assert annonces == []


def test_a_file_that_fails_is_told_after_the_others_were_announced(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from pdp import orchestration as o
    from pdp.services import ingest_flux

    with lot() as conn:
        socle(conn)
    for jour in ("2026-10-01", "2026-10-02"):
        write_fichier(tmp_path / "depot", "assures", [ligne_assure(int(jour[-1]))], jour=jour)
    lu = ingest_flux.read_flux

    def read_refused(chemin: Path, flux: str) -> Any:
        if chemin.name == "assures_2026-10-01.csv":
            raise PermissionError
        return lu(chemin, flux)

    monkeypatch.setattr(ingest_flux, "read_flux", read_refused)
    with task_context(monkeypatch, 1) as annonces:
        bilan = o.receive_flux()
    assert annonces == [o.FLUX_CHARGES]
    with pytest.raises(AirflowFailException):
        o.check_fichiers(bilan)
    with task_context(monkeypatch, 1) as annonces, pytest.raises(PermissionError):
        o.receive_flux()
    assert annonces == []
