"""Small client of Airflow's REST API, as an operator would use it: trigger, wait, list."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

_FINIS = ("success", "failed")


class AirflowRefuse(RuntimeError):
    """The API answered with an error, or a run did not end in time."""


@dataclass(frozen=True)
class Passage:
    """One DAG run. ``etat`` is Airflow's word: queued, running, success, failed."""

    dag_id: str
    run_id: str
    etat: str
    debut_at: str | None
    fin_at: str | None
    declenchement: str


@dataclass(frozen=True)
class Question:
    """A human-in-the-loop task that waits for an answer."""

    dag_id: str
    run_id: str
    tache: str
    indice: int
    sujet: str
    texte: str


class AirflowClient:
    """One signed-in operator. A token refused as expired is asked again once."""

    def __init__(self, url: str, login: str, mot_de_passe: str, tag: str = "pdp", panne_s: float = 60.0) -> None:
        self._url = url.rstrip("/")
        self._compte = {"username": login, "password": mot_de_passe}
        self._panne_s = panne_s
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the machine has no business with 127.0.0.1
        self.tag = tag

    def __enter__(self) -> AirflowClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def trigger_dag(self, dag_id: str, conf: Mapping[str, Any] | None = None, logical_date: datetime | None = None) -> str:
        """Start a run now; its run id. ``conf`` holds opaque ids and counts only.

        The id is ours, so that a request repeated after an outage cannot start two runs.
        """
        run_id = f"manual__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}_{secrets.token_hex(4)}"
        corps = {"dag_run_id": run_id, "conf": dict(conf or {}), "logical_date": logical_date.isoformat() if logical_date else None}
        self._call("POST", f"/dags/{dag_id}/dagRuns", deja_fait=True, json=corps)
        return run_id

    def get_run(self, dag_id: str, run_id: str) -> Passage:
        return _passage(self._call("GET", f"/dags/{dag_id}/dagRuns/{run_id}"))

    def wait_for_run(self, dag_id: str, run_id: str, timeout: float = 120.0) -> Passage:
        """Until that run succeeded or failed."""
        limite = time.monotonic() + timeout
        while True:
            passage = self.get_run(dag_id, run_id)
            if passage.etat in _FINIS:
                return passage
            if time.monotonic() > limite:
                raise AirflowRefuse(f"run {dag_id}/{run_id} still {passage.etat} after {timeout:.0f} s")
            time.sleep(0.3)  # the API has no way to call back

    def wait_for_quiet(self, timeout: float = 300.0, stable_s: float = 2.5) -> None:
        """Until no run of a tagged DAG is queued or running, ``stable_s`` long: a run may just be about to wake another one.

        A run that only waits for a person is quiet: she may answer in an hour.
        """
        limite = time.monotonic() + timeout
        calme_depuis: float | None = None
        while calme_depuis is None or time.monotonic() - calme_depuis < stable_s:
            if time.monotonic() > limite:
                raise AirflowRefuse(f"runs still going after {timeout:.0f} s: {', '.join(self._busy())}")
            if self._busy():
                calme_depuis = None
            elif calme_depuis is None:
                calme_depuis = time.monotonic()
            time.sleep(0.3)  # the API has no way to call back

    def list_questions(self, dag_id: str, run_id: str) -> list[Question]:
        """Tasks of the run that wait for a person. A task is not listed before it is parked: an answer given sooner is lost.

        An answer given before the task's process has ended, a second or two later, is lost too: Airflow takes that end for a
        death, and plays the task again, which asks again. Whoever answers looks whether the question comes back.
        """
        details = self._call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/hitlDetails")["hitl_details"]
        parques = [(d, d["task_instance"]) for d in details if d["task_instance"]["state"] == "awaiting_input"]
        return [Question(dag_id, run_id, ti["task_id"], ti["map_index"], d["subject"], d["body"] or "") for d, ti in parques]

    def answer(self, question: Question, choix: str) -> None:
        """Answer as this operator."""
        tache = f"/dags/{question.dag_id}/dagRuns/{question.run_id}/taskInstances/{question.tache}/{question.indice}"
        self._call("PATCH", f"{tache}/hitlDetails", deja_fait=True, json={"chosen_options": [choix], "params_input": {}})

    def set_paused(self, dag_id: str, pause: bool) -> None:
        self._call("PATCH", f"/dags/{dag_id}", json={"is_paused": pause})

    def list_dag_runs(self, since: datetime | None = None, states: Sequence[str] = ()) -> list[Passage]:
        """Runs of the tagged DAGs that were queued at or after ``since``, oldest first."""
        corps: dict[str, Any] = {"dag_ids": self.list_dags(), "page_limit": 100, "order_by": "id"}
        if since is not None:
            corps["run_after_gte"] = since.isoformat()
        if states:
            corps["states"] = list(states)
        passages: list[Passage] = []
        while corps["dag_ids"]:
            page = self._call("POST", "/dags/~/dagRuns/list", json={**corps, "page_offset": len(passages)})
            passages += [_passage(run) for run in page["dag_runs"]]
            if not page["dag_runs"] or len(passages) >= page["total_entries"]:
                break
        return passages

    def list_dags(self) -> list[str]:
        """Ids of the tagged DAGs that Airflow knows."""
        return [dag["dag_id"] for dag in self._dags()]

    def list_paused(self) -> list[str]:
        """Tagged DAGs that somebody paused: they would never run."""
        return [dag["dag_id"] for dag in self._dags() if dag["is_paused"]]

    def list_import_errors(self) -> list[str]:
        """DAG files that Airflow could not read, with the last line of the reason."""
        erreurs = self._call("GET", "/importErrors")["import_errors"]
        return [f"{e['filename']}: {(e['stack_trace'] or '').strip().splitlines()[-1:]}" for e in erreurs]

    def wait_for_dags(self, attendus: Sequence[str], timeout: float = 90.0) -> None:
        """Until Airflow has read these DAGs; says at once which file is broken."""
        limite = time.monotonic() + timeout
        while manquants := sorted(set(attendus) - set(self.list_dags())):
            erreurs = self.list_import_errors()
            if erreurs or time.monotonic() > limite:
                raise AirflowRefuse(f"DAGs not read: {', '.join(manquants)} {' '.join(erreurs)}".strip())
            time.sleep(0.5)  # the API has no way to call back

    # -- inside

    def _busy(self) -> list[str]:
        passages = self.list_dag_runs(states=("queued", "running"))
        return sorted({p.dag_id for p in passages if not self.list_questions(p.dag_id, p.run_id)})

    def _dags(self) -> list[dict[str, Any]]:
        return list(self._call("GET", "/dags", params={"tags": self.tag, "limit": 100})["dags"])

    def _sign_in(self) -> None:
        reponse = self._send("POST", "/auth/token", json=self._compte)
        if reponse.status_code not in (200, 201):
            raise AirflowRefuse(f"sign-in refused ({reponse.status_code})")
        self._session.headers["Authorization"] = f"Bearer {reponse.json()['access_token']}"

    def _call(self, methode: str, chemin: str, *, deja_fait: bool = False, **options: Any) -> Any:
        """``deja_fait``: a conflict means that an earlier try of this very request went through."""
        if "Authorization" not in self._session.headers:
            self._sign_in()
        reponse = self._send(methode, f"/api/v2{chemin}", **options)
        if reponse.status_code == 401:
            self._sign_in()
            reponse = self._send(methode, f"/api/v2{chemin}", **options)
        if deja_fait and reponse.status_code == 409:
            return {}
        if not reponse.ok:
            raise AirflowRefuse(f"{methode} {chemin}: {reponse.status_code} {reponse.text[:300]}")
        return reponse.json()

    def _send(self, methode: str, chemin: str, **options: Any) -> requests.Response:
        """One request; while the server or its database restarts, again until ``panne_s`` is over."""
        limite = time.monotonic() + self._panne_s
        while True:
            try:
                reponse = self._session.request(methode, f"{self._url}{chemin}", timeout=30, **options)
            except (requests.ConnectionError, requests.Timeout) as erreur:
                if time.monotonic() > limite:
                    raise AirflowRefuse(f"{methode} {chemin}: no answer ({type(erreur).__name__})") from erreur
            else:
                if reponse.status_code < 500 or time.monotonic() > limite:
                    return reponse
            time.sleep(0.5)  # a restart takes seconds and announces nothing


def _passage(run: Mapping[str, Any]) -> Passage:
    return Passage(run["dag_id"], run["dag_run_id"], run["state"], run.get("start_date"), run.get("end_date"), run["run_type"])
