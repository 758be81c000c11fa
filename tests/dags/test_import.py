"""Parsing a DAG file costs little and touches nothing: Airflow parses each of them again and again, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

RACINE = Path(__file__).resolve().parents[2]
IMPORT_MAX_S = 2.0
_SONDE = """
import importlib.util, json, socket, sys, time
from pathlib import Path
import airflow.sdk
from airflow.sdk import Connection, Variable

touches = []
def touch(quoi):
    def refuse(*_, **__):
        touches.append(quoi)
        raise RuntimeError(quoi)
    return refuse
socket.socket.connect = touch("network")
Variable.get, Connection.get = touch("variable"), touch("connection")
import psycopg, sqlalchemy
psycopg.connect = psycopg.Connection.connect = touch("database")
sqlalchemy.Engine.connect = sqlalchemy.Engine.begin = touch("database")
durees = {}
for fichier in sorted(Path(sys.argv[1]).glob("*.py")):
    # what the platform brings is charged to every file: Airflow starts a process for each of them
    for nom in [m for m in sys.modules if m == "pdp" or m.startswith("pdp.")]:
        del sys.modules[nom]
    avant = time.process_time()
    spec = importlib.util.spec_from_file_location(fichier.stem, fichier)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    durees[fichier.stem] = time.process_time() - avant
print(json.dumps({"durees": durees, "touches": touches}))
"""


def test_each_dag_file_imports_under_two_seconds_without_database_variable_or_setting(tmp_path: Path) -> None:
    """Processor time of one file with all that it imports of ours, Airflow itself being loaded; no setting of the platform is given."""
    env = {nom: valeur for nom, valeur in os.environ.items() if not nom.startswith(("PDP_", "AIRFLOW"))}
    env |= {
        "PYTHONPATH": str(RACINE / "include"),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////nowhere/never.db",
    }
    fini = subprocess.run([sys.executable, "-c", _SONDE, str(RACINE / "dags")], env=env, capture_output=True, text=True, timeout=110)
    assert fini.returncode == 0, fini.stderr[-2000:]
    dit = json.loads(fini.stdout.strip().splitlines()[-1])
    assert dit["touches"] == []
    assert set(dit["durees"]) == {f.stem for f in (RACINE / "dags").glob("*.py")}
    assert {nom: round(duree, 2) for nom, duree in dit["durees"].items() if duree >= IMPORT_MAX_S} == {}
