"""Links between Airflow and the portal, for managers. Imported in every task process: builds nothing, opens nothing."""

from __future__ import annotations

import os

from airflow.plugins_manager import AirflowPlugin

PORTAIL = os.environ.get("PDP_PORTAIL_URL", "http://127.0.0.1:8000").rstrip("/")


class PdpPlugin(AirflowPlugin):
    """Navigation entries; the portal keeps its own sign-in and decides what a manager may see."""

    name = "pdp"
    external_views = [  # noqa: RUF012 (Airflow reads a plain class attribute)
        {"name": "Portail PDP", "href": f"{PORTAIL}/", "destination": "nav"},
        {"name": "Équipe et passages", "href": f"{PORTAIL}/equipe", "destination": "nav"},
        {"name": "Personnes touchées", "href": f"{PORTAIL}/passages?run={{RUN_ID}}&dag={{DAG_ID}}", "destination": "dag_run"},
    ]
