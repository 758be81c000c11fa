"""The portal as it is really served: two processes, one count; every line of its log is JSON, and no address asked for is in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from pdp.embedded.ports import find_free_port

DEMANDES = 40


def test_two_processes_give_one_count_and_logs_without_anybody(base: str, tmp_path: Path) -> None:
    port = find_free_port()
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PDP_JOURNAUX": "json", "PDP_METRIQUES_JETON": "jeton"}
    commande = [sys.executable, "-m", "pdp.cli", "portal", "--port", str(port), "--workers", "2"]
    adresse = f"http://127.0.0.1:{port}"
    with (tmp_path / "journal").open("wb") as sortie:
        portail = subprocess.Popen(commande, env=env, stdout=sortie, stderr=sortie, start_new_session=True)
        try:
            limite = time.monotonic() + 90
            while True:
                try:
                    if httpx.get(f"{adresse}/sante/pret", timeout=5).status_code == 200:
                        break
                except httpx.TransportError:
                    assert time.monotonic() < limite
                    assert portail.poll() is None, (tmp_path / "journal").read_text()
                time.sleep(0.2)  # it tells that it is ready by answering only
            for numero in range(DEMANDES):
                assert httpx.get(f"{adresse}/connexion?suite=/Zephyrine-CANARI-{numero}", timeout=10).status_code == 200
            assert httpx.get(f"{adresse}/Zephyrine-CANARI", timeout=10).status_code == 404
            metriques = httpx.get(f"{adresse}/metrics", headers={"authorization": "Bearer jeton"}, timeout=10).text
        finally:
            os.killpg(portail.pid, signal.SIGTERM)
            portail.wait(30)
    lues = {(e.name, e.labels.get("route")): e.value for f in text_string_to_metric_families(metriques) for e in f.samples}
    assert lues["pdp_http_request_duration_seconds_count", "/connexion"] == DEMANDES
    assert lues["pdp_database_up", None] == 1
    journal = (tmp_path / "journal").read_text()
    lignes = [json.loads(ligne) for ligne in journal.splitlines()]
    assert {"Application startup complete."} <= {ligne["event"] for ligne in lignes}
    assert "CANARI" not in journal + metriques
