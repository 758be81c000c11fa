"""Real scheduler: a decision given in Airflow becomes the row; a deadline missed becomes one row."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.services.decide_porte import require_porte
from pdp.storage import db
from plateforme_e2e import Plateforme

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("reglages")]
DELAI_S = 240.0


def _wait(cherche: Callable[[], Any], quoi: str) -> Any:
    limite = time.monotonic() + DELAI_S
    while time.monotonic() < limite:
        trouve = cherche()
        if trouve:
            return trouve
        time.sleep(0.3)  # another process acts: nothing to wait on
    raise AssertionError(f"{quoi}: nothing in {DELAI_S:.0f} s")


def _one(requete: str, **valeurs: Any) -> Any:
    with db.begin(settings().url_app, systeme("essai")) as conn:
        return conn.execute(text(requete), valeurs).one_or_none()


def _accept_until_done(plateforme: Plateforme, run: str) -> str:
    """Final state of the run. As a person does: reads before she answers, and answers again if the question comes back."""

    def go() -> str | None:
        for question in plateforme.airflow.list_questions("pdp_portes", run):
            time.sleep(3.0)  # Airflow loses what is answered before it has seen the asking process end, and tells nobody when it has
            plateforme.airflow.answer(question, "Accepter")
        etat = plateforme.airflow.get_run("pdp_portes", run).etat
        return etat if etat in ("success", "failed") else None

    return str(_wait(go, "end of the run"))


def test_an_operator_decides_in_airflow_and_the_row_is_the_decision(plateforme: Plateforme) -> None:
    with db.begin(settings().url_app, systeme("essai")) as conn:
        require_porte(conn, systeme("essai"), "purge", "essai-e2e", None, {"fichiers": 240}, datetime.now(UTC))
    run = plateforme.airflow.trigger_dag("pdp_portes")
    [question] = _wait(lambda: plateforme.airflow.list_questions("pdp_portes", run), "question in Airflow")
    assert question.sujet == "Effacement inhabituel de fichiers"
    assert "240 fichiers à effacer" in question.texte
    assert _accept_until_done(plateforme, run) == "success"
    porte = _one("SELECT decision, decidee_ou, decidee_par FROM pdp.porte WHERE objet = 'essai-e2e'")
    assert tuple(porte) == ("acceptee", "airflow", "airflow:exploitant")
    rien = plateforme.airflow.trigger_dag("pdp_portes")
    assert plateforme.airflow.wait_for_run("pdp_portes", rien).etat == "success", "nothing waits: skipped"


def test_a_late_run_is_noted_by_airflow_from_its_deadline(plateforme: Plateforme) -> None:
    plateforme.airflow.set_paused("pdp_veille", True)
    try:
        run = plateforme.airflow.trigger_dag("pdp_veille")  # stays queued: the DAG is paused
        with psycopg.connect(plateforme.stack.airflow_database(), autocommit=True) as airflow:
            avance = "UPDATE deadline d SET deadline_time = now() FROM dag_run r WHERE r.id = d.dagrun_id AND r.run_id = %s"
            _wait(lambda: airflow.execute(avance, (run,)).rowcount, "deadline of the run")
        lu = "SELECT constate_par FROM pdp.retard_traitement WHERE run = :r AND plateforme_id = 'PF35'"
        note = _wait(lambda: _one(lu, r=run), "row written by the callback")
        assert note.constate_par == "airflow"
    finally:
        plateforme.airflow.set_paused("pdp_veille", False)
    assert plateforme.airflow.wait_for_run("pdp_veille", run).etat == "success"
