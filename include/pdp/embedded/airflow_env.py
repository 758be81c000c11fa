"""Airflow 3.3 on one machine: environment, start order and health. Everything by environment variables, no airflow.cfg by hand."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

import requests

from pdp.config import RACINE

COMPOSANTS = ("api-server", "scheduler", "dag-processor", "triggerer")
_SESSION_HEURES = 8
_ARGUMENTS = {"api-server": (), "scheduler": ("--skip-serve-logs",), "dag-processor": (), "triggerer": ("--skip-serve-logs",)}
_HERITES = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


class AirflowNeRepondPas(RuntimeError):
    """A component stayed unhealthy; the message names it."""


def inherited_environment() -> dict[str, str]:
    """The few variables of the caller that services may see, so that no secret of the person's shell travels."""
    return {nom: os.environ[nom] for nom in _HERITES if nom in os.environ}


def airflow_environment(etat: Path, secrets: Mapping[str, str], ports: Mapping[str, int]) -> dict[str, str]:
    """Settings of every Airflow process. Port, base URL and execution URL always go together.

    ``secrets`` as in ``Etat.secrets``; ``ports`` needs ``postgres`` and ``airflow``.
    """
    adresse = f"http://127.0.0.1:{ports['airflow']}"
    base = f"postgresql+psycopg://airflow:{secrets['role:airflow']}@127.0.0.1:{ports['postgres']}/airflow"
    reglages = {
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "CORE__DAGS_FOLDER": os.environ.get("PDP_DAGS") or str(RACINE / "dags"),
        "CORE__PLUGINS_FOLDER": str(RACINE / "plugins"),
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__DEFAULT_TIMEZONE": "Europe/Paris",
        "CORE__PARALLELISM": "4",
        "CORE__FERNET_KEY": secrets["airflow:fernet"],
        "CORE__EXECUTION_API_SERVER_URL": f"{adresse}/execution/",
        "CORE__HOSTNAME_CALLABLE": "socket.gethostname",
        "DATABASE__SQL_ALCHEMY_CONN": base,
        "DATABASE__SQL_ALCHEMY_CONN_ASYNC": base,
        "API__HOST": "127.0.0.1",
        "API__PORT": str(ports["airflow"]),
        "API__BASE_URL": adresse,
        "API__SECRET_KEY": secrets["airflow:api"],
        "API__EXPOSE_CONFIG": "False",
        "API__EXPOSE_STACKTRACE": "False",
        "API__ENABLE_SWAGGER_UI": "False",
        "API__INSTANCE_NAME": "PDP - exploitation",
        "API_AUTH__JWT_SECRET": secrets["airflow:jwt"],
        "API_AUTH__JWT_EXPIRATION_TIME": str(_SESSION_HEURES * 3600),
        "FAB__SESSION_LIFETIME_MINUTES": str(_SESSION_HEURES * 60),
        "FAB__CONFIG_FILE": str(etat / "airflow" / "webserver_config.py"),
        "LOGGING__BASE_LOG_FOLDER": str(etat / "logs" / "taches"),
        "LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(etat / "logs" / "dags"),
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        # a restarted scheduler takes over what the dead one had in hand after seconds, not after the default 5 minutes
        "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
        # and so does a restarted triggerer: a killed one otherwise keeps the watch of the drop folder for half a minute
        "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",  # a finished task otherwise keeps its slot up to 5 s more
        "DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    propres = {f"AIRFLOW__{nom}": valeur for nom, valeur in reglages.items()}
    collecteur = metrics_environment(os.environ.get("PDP_OTLP_METRIQUES"))
    return {**inherited_environment(), **propres, **collecteur, "AIRFLOW_HOME": str(etat / "airflow"), "MALLOC_ARENA_MAX": "2"}


def metrics_environment(collecteur: str | None) -> dict[str, str]:
    """Airflow's own metrics go to this OTLP receiver over HTTP (whole address, ``…/v1/metrics``); without one nothing is sent."""
    if not collecteur:
        return {}
    return {
        "AIRFLOW__METRICS__OTEL_ON": "True",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": collecteur,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRIC_EXPORT_INTERVAL": "30000",
        "OTEL_SERVICE_NAME": "pdp-airflow",
    }


def write_webserver_config(etat: Path) -> None:
    """Sign-in by name and password kept hashed in the metadata database, forms protected, French first."""
    contenu = 'AUTH_TYPE = 1  # AUTH_DB\nWTF_CSRF_ENABLED = True\nBABEL_DEFAULT_LOCALE = "fr"\nSESSION_COOKIE_HTTPONLY = True\n'
    (etat / "airflow" / "webserver_config.py").write_text(contenu)


def component_command(airflow: Path, composant: str) -> tuple[str, ...]:
    """Command line of one of :data:`COMPOSANTS`."""
    return (str(airflow), composant, *_ARGUMENTS[composant])


def wait_healthy(adresse: str, delai_s: float) -> None:
    """Until metadata database, scheduler, Dag processor and triggerer all say healthy."""
    limite = time.monotonic() + delai_s
    malades = ["api-server"]
    while malades:
        if time.monotonic() > limite:
            raise AirflowNeRepondPas(f"not healthy after {delai_s:.0f} s: {', '.join(malades)}")
        time.sleep(0.3)  # Airflow has no other way to tell that it is ready
        try:
            etats = requests.get(f"{adresse}/api/v2/monitor/health", timeout=5).json()
        except (requests.RequestException, ValueError):
            continue
        malades = [
            nom for nom in ("metadatabase", "scheduler", "dag_processor", "triggerer") if etats.get(nom, {}).get("status") != "healthy"
        ]


def warm_up(adresse: str) -> None:
    """First call of the execution API: it builds its versions then (5 to 8 s), better before the first task."""
    requests.get(f"{adresse}/execution/health", timeout=60).raise_for_status()
