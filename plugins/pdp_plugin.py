"""Links between Airflow and the portal, for managers, and the timetable of working days. Imported in every task process: opens nothing."""

from __future__ import annotations

import os

from airflow.plugins_manager import AirflowPlugin

from pdp.jours_ouvres import JoursOuvres

PORTAIL = os.environ.get("PDP_PORTAIL_URL", "http://127.0.0.1:8000").rstrip("/")


class PdpPlugin(AirflowPlugin):
    """Navigation entries; the portal keeps its own sign-in and decides what a manager may see. Only ids of runs travel, never of people."""

    name = "pdp"
    timetables = [JoursOuvres]  # noqa: RUF012 (Airflow reads a plain class attribute)
    external_views = [  # noqa: RUF012 (Airflow reads a plain class attribute)
        {"name": "Portail PDP", "href": f"{PORTAIL}/", "destination": "nav"},
        {"name": "Équipe", "href": f"{PORTAIL}/equipe", "destination": "nav"},
        {"name": "Horaire du jour", "href": f"{PORTAIL}/traitements", "destination": "nav"},
        {"name": "Décisions attendues", "href": f"{PORTAIL}/equipe/portes", "destination": "nav"},
        {
            "name": "Passages et personnes",
            "href": f"{PORTAIL}/passages?dag={{DAG_ID}}&tout=true",
            "destination": "dag",
            "url_route": "pdp-passages",
        },
        {
            "name": "Personnes touchées",
            "href": f"{PORTAIL}/passages?run={{RUN_ID}}&dag={{DAG_ID}}",
            "destination": "dag_run",
            "url_route": "pdp-personnes",
        },
    ]
