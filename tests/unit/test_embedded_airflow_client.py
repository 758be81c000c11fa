"""The client of Airflow's REST API, against a small HTTP server that speaks its words."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pdp.embedded.airflow_client import AirflowClient, AirflowRefuse

QUESTIONS = "/api/v2/dags/pdp_a/dagRuns/r1/hitlDetails"
Reponse = tuple[int, Any]


class FauxAirflow:
    """Answers what ``reponses`` says per (method, path); remembers what it was asked."""

    def __init__(self) -> None:
        self.reponses: dict[tuple[str, str], Callable[[Any], Reponse]] = {
            ("POST", "/auth/token"): lambda corps: (201, {"access_token": f"jeton-{self.jetons()}"}) if corps == COMPTE else (401, {}),
            ("GET", "/api/v2/dags"): lambda _: (
                200,
                {"dags": [{"dag_id": "pdp_a", "is_paused": False}, {"dag_id": "pdp_b", "is_paused": True}]},
            ),
            ("GET", "/api/v2/importErrors"): lambda _: (200, {"import_errors": []}),
        }
        self.demandes: list[tuple[str, str, Any, str | None]] = []
        self.jeton_valide: str | None = None
        faux = self

        class Handler(BaseHTTPRequestHandler):
            def _do(self) -> None:
                taille = int(self.headers.get("Content-Length") or 0)
                corps = json.loads(self.rfile.read(taille)) if taille else None
                chemin = self.path.partition("?")[0]
                jeton = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
                faux.demandes.append((self.command, self.path, corps, jeton))
                if chemin != "/auth/token" and faux.jeton_valide not in (None, jeton):
                    statut, donnees = 401, {}
                else:
                    statut, donnees = faux.reponses[(self.command, chemin)](corps)
                contenu = json.dumps(donnees).encode()
                self.send_response(statut)
                self.send_header("Content-Length", str(len(contenu)))
                self.end_headers()
                self.wfile.write(contenu)

            do_GET = do_POST = _do

            def log_message(self, *_: Any) -> None:
                return

        self.serveur = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def jetons(self) -> int:
        return sum(1 for methode, chemin, *_ in self.demandes if (methode, chemin) == ("POST", "/auth/token"))


COMPTE = {"username": "exploitant", "password": "secret"}


@pytest.fixture
def faux() -> Iterator[FauxAirflow]:
    lui = FauxAirflow()
    fil = threading.Thread(target=lui.serveur.serve_forever, kwargs={"poll_interval": 0.01})
    fil.start()
    yield lui
    lui.serveur.shutdown()
    lui.serveur.server_close()
    fil.join()


@pytest.fixture
def client(faux: FauxAirflow) -> Iterator[AirflowClient]:
    with AirflowClient(f"http://127.0.0.1:{faux.serveur.server_port}/", "exploitant", "secret") as lui:
        yield lui


def _run(numero: int, etat: str) -> dict[str, Any]:
    return {"dag_id": "pdp_a", "dag_run_id": f"r{numero}", "state": etat, "start_date": None, "end_date": None, "run_type": "manual"}


def test_signs_in_once_and_again_when_the_token_expired(faux: FauxAirflow, client: AirflowClient) -> None:
    assert client.list_dags() == ["pdp_a", "pdp_b"]
    assert client.list_paused() == ["pdp_b"]
    assert faux.jetons() == 1
    faux.jeton_valide = "jeton-2"
    client.list_dags()
    assert faux.jetons() == 2
    assert faux.demandes[-1][3] == "jeton-2"


def test_wrong_password_is_one_clear_error(faux: FauxAirflow) -> None:
    with (
        AirflowClient(f"http://127.0.0.1:{faux.serveur.server_port}", "exploitant", "faux") as client,
        pytest.raises(AirflowRefuse, match="sign-in refused"),
    ):
        client.list_dags()


def test_trigger_sends_conf_an_id_of_its_own_and_no_logical_date(faux: FauxAirflow, client: AirflowClient) -> None:
    faux.reponses[("POST", "/api/v2/dags/pdp_a/dagRuns")] = lambda _: (200, {})
    run_id = client.trigger_dag("pdp_a", {"instant": "2026-11-22"})
    assert faux.demandes[-1][2] == {"dag_run_id": run_id, "conf": {"instant": "2026-11-22"}, "logical_date": None}


def test_outage_is_waited_for_and_the_run_asked_once(faux: FauxAirflow, client: AirflowClient) -> None:
    """The first request went through but its answer was lost: the second one is a conflict, not a second run."""
    reponses = iter([(500, {"detail": "Database error"}), (409, {"detail": "exists"})])
    faux.reponses[("POST", "/api/v2/dags/pdp_a/dagRuns")] = lambda _: next(reponses)
    run_id = client.trigger_dag("pdp_a")
    demandes = [corps for methode, chemin, corps, _ in faux.demandes if chemin.endswith("/dagRuns")]
    assert [corps["dag_run_id"] for corps in demandes] == [run_id, run_id]


def test_outage_too_long_is_an_error(faux: FauxAirflow) -> None:
    faux.reponses[("GET", "/api/v2/dags")] = lambda _: (503, {})
    adresse = f"http://127.0.0.1:{faux.serveur.server_port}"
    with AirflowClient(adresse, "exploitant", "secret", panne_s=0.1) as client, pytest.raises(AirflowRefuse, match="503"):
        client.list_dags()
    with (
        AirflowClient("http://127.0.0.1:1", "exploitant", "secret", panne_s=0.1) as client,
        pytest.raises(AirflowRefuse, match="no answer"),
    ):
        client.list_dags()


def test_error_of_the_api_carries_its_text(faux: FauxAirflow, client: AirflowClient) -> None:
    faux.reponses[("POST", "/api/v2/dags/pdp_x/dagRuns")] = lambda _: (404, {"detail": "Dag not found"})
    with pytest.raises(AirflowRefuse, match="Dag not found"):
        client.trigger_dag("pdp_x")


@pytest.mark.parametrize("fin", ["success", "failed"])
def test_wait_for_run_ends_with_the_run(faux: FauxAirflow, client: AirflowClient, fin: str) -> None:
    etats = iter(["queued", "running", fin])
    faux.reponses[("GET", "/api/v2/dags/pdp_a/dagRuns/r1")] = lambda _: (200, _run(1, next(etats)))
    assert client.wait_for_run("pdp_a", "r1", timeout=10).etat == fin


def test_wait_for_run_gives_up(faux: FauxAirflow, client: AirflowClient) -> None:
    faux.reponses[("GET", "/api/v2/dags/pdp_a/dagRuns/r1")] = lambda _: (200, _run(1, "running"))
    with pytest.raises(AirflowRefuse, match="still running"):
        client.wait_for_run("pdp_a", "r1", timeout=0.1)


def test_quiet_must_last_since_a_run_may_wake_another(faux: FauxAirflow, client: AirflowClient) -> None:
    occupes = iter([1, 0, 1, 0])
    restants: list[int] = []

    def repondre(_: Any) -> Reponse:
        actifs = next(occupes, 0)
        restants.append(actifs)
        return 200, {"dag_runs": [_run(1, "running")] * actifs, "total_entries": actifs}

    faux.reponses[("POST", "/api/v2/dags/~/dagRuns/list")] = repondre
    faux.reponses[("GET", QUESTIONS)] = lambda _: (200, {"hitl_details": []})
    client.wait_for_quiet(timeout=20, stable_s=0.7)
    assert restants[:4] == [1, 0, 1, 0]
    assert len(restants) > 5, "one quiet answer is not enough"


@pytest.mark.parametrize(("etat", "calme"), [("awaiting_input", True), ("scheduled", False), ("running", False)])
def test_a_run_that_waits_for_a_person_is_quiet(faux: FauxAirflow, client: AirflowClient, etat: str, calme: bool) -> None:
    tache = {"task_id": "decider", "map_index": 0, "state": etat}
    faux.reponses[("POST", "/api/v2/dags/~/dagRuns/list")] = lambda _: (200, {"dag_runs": [_run(1, "running")], "total_entries": 1})
    faux.reponses[("GET", QUESTIONS)] = lambda _: (200, {"hitl_details": [{"subject": "Effacement", "body": "", "task_instance": tache}]})
    with nullcontext() if calme else pytest.raises(AirflowRefuse, match="still going"):
        client.wait_for_quiet(timeout=1.5, stable_s=0.5)


def test_runs_are_paged_and_filtered(faux: FauxAirflow, client: AirflowClient) -> None:
    def repondre(corps: Any) -> Reponse:
        tous = [_run(n, "success") for n in range(150)]
        debut = corps["page_offset"]
        return 200, {"dag_runs": tous[debut : debut + corps["page_limit"]], "total_entries": 150}

    faux.reponses[("POST", "/api/v2/dags/~/dagRuns/list")] = repondre
    passages = client.list_dag_runs(datetime(2026, 11, 22, 6, tzinfo=UTC))
    assert [p.run_id for p in passages] == [f"r{n}" for n in range(150)]
    assert faux.demandes[-1][2]["run_after_gte"] == "2026-11-22T06:00:00+00:00"
    assert faux.demandes[-1][2]["dag_ids"] == ["pdp_a", "pdp_b"]


def test_broken_dag_file_is_said_at_once(faux: FauxAirflow, client: AirflowClient) -> None:
    erreur = {"filename": "pdp_c.py", "stack_trace": "Traceback\nImportError: no module"}
    faux.reponses[("GET", "/api/v2/importErrors")] = lambda _: (200, {"import_errors": [erreur]})
    with pytest.raises(AirflowRefuse, match=r"pdp_c.*ImportError"):
        client.wait_for_dags(["pdp_a", "pdp_c"], timeout=60)
