"""When the DAGs run: schedules, settings, deadlines and the data that wakes them. Opens nothing: read each time a DAG is parsed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import Asset, AssetOrTimeSchedule, AssetWatcher, CronTriggerTimetable, DeadlineAlert, DeadlineReference, SyncCallback

from pdp.domain.horaire import TRAITEMENTS
from pdp.guet import GuetDepot
from pdp.jours_ouvres import JoursOuvres
from pdp.referentiel import list_zones

PARIS = pendulum.timezone("Europe/Paris")
DEBUT = pendulum.datetime(2026, 1, 1, tz="Europe/Paris")
DEPOT = Asset(name="depot_flux", uri="pdp://flux/depot", watchers=[AssetWatcher(name="guet_depot", trigger=GuetDepot())])
FLUX_CHARGES = Asset(name="flux_charges", uri="pdp://flux/charges")
SIGNALEMENTS_DETECTES = Asset(name="signalements_detectes", uri="pdp://signalements/detectes")
WOKEN = {"pdp_reception": FLUX_CHARGES, "pdp_detection": SIGNALEMENTS_DETECTES}
"""What each DAG announces; those that come after it wait for it."""

# Every sweep is short and can be run twice: two quick retries absorb a database restart; a person looks at what remains.
REGLAGES: dict[str, Any] = {
    "start_date": DEBUT,
    "catchup": False,
    "max_active_runs": 1,
    "default_args": {
        "owner": "plateforme-pdp",
        "retries": 3,
        "retry_delay": timedelta(seconds=5),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(minutes=20),
        "do_xcom_push": True,
    },
}

# Chained sweeps over platforms: each waits for the one before to have ended everywhere, and runs although one platform failed, so that the
# people of the others do not wait. The last task of such a DAG is ``verifier``: it fails with any of them, hence the run.
MALGRE_UN_ECHEC = "all_done_min_one_success"

# Tasks that wait for somebody else's server: at most two at once, so that the sweeps always have a place (README of the DAGs).
RESEAU = "pdp_reseau"


def cron(expression: str) -> CronTriggerTimetable:
    """Schedule on the Paris clock; daily jobs avoid 02:00-02:59, which does not exist or exists twice on two nights a year."""
    return CronTriggerTimetable(expression, timezone=PARIS)


def horaire(dag_id: str) -> Any:
    """Schedule of a DAG of :data:`pdp.domain.horaire.TRAITEMENTS`: its hours, on working days or not, and the data it waits for."""
    traitement = TRAITEMENTS[dag_id]
    attendus = [DEPOT] if traitement.depot else [WOKEN[amont] for amont in traitement.apres]
    if traitement.cron is None:
        return attendus
    heures: Any = JoursOuvres(traitement.cron, zones=list_zones()) if traitement.ouvres else cron(traitement.cron)
    return AssetOrTimeSchedule(timetable=heures, assets=attendus) if attendus else heures


def echeance(dag_id: str) -> DeadlineAlert | None:
    """When a run of this DAG is late. The callback only notes it: who is told, and once, is found again from rows."""
    minutes = TRAITEMENTS[dag_id].retard_minutes
    if minutes is None:
        return None
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=timedelta(minutes=minutes), callback=SyncCallback("pdp.retards.note_retard")
    )
