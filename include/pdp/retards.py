"""What Airflow calls when a run is late: one row, nothing else. Apart from ``orchestration`` so that it loads none of its services.

The row is a hint. A callback that is lost, repeated or late changes nothing: the watch of runs finds the same lateness in the
passages, and the pair (DAG, run) is one row.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pdp import clock
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.services.watch_retards import note
from pdp.storage import db


def note_retard(context: dict[str, Any]) -> None:
    """``context`` as Airflow gives it: the run and its deadline, no other fact is read."""
    run, echeance = context["dag_run"], context["deadline"]["deadline_time"]
    limite = echeance if isinstance(echeance, datetime) else datetime.fromisoformat(echeance)
    with db.begin(settings().url_app, systeme("note_retard")) as conn:
        note(conn, run["dag_id"], run["dag_run_id"], limite + clock.decalage(), clock.now(), "airflow")
