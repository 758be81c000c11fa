"""Dashboard and alert rules: every metric, label and value of label that they name exists; Airflow's metrics really leave."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from pdp.config import RACINE
from pdp.domain.sonde import RYTHMES_FLUX, RYTHMES_TRAITEMENTS, SONDES
from pdp.embedded.airflow_env import metrics_environment
from pdp.portal.metriques import LATENCE, PROPRES, REPONSES
from pdp.services.read_mesures import MESURES
from pdp.services.read_passages import TRAITEMENTS

DOSSIER = RACINE / "observability"
REGLES = yaml.safe_load((DOSSIER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
TABLEAU = json.loads((DOSSIER / "grafana" / "dashboards" / "pdp.json").read_text(encoding="utf-8"))
ETIQUETTES: dict[str, set[str]] = {m.nom: set(m.etiquettes) for m in MESURES} | {
    "pdp_database_up": set(),
    "pdp_http_responses_total": set(REPONSES._labelnames),
    "pdp_http_request_duration_seconds_bucket": {*LATENCE._labelnames, "le"},
}
VALEURS: dict[str, set[str]] = {
    "probe": set(SONDES),
    "feed": set(RYTHMES_FLUX),
    "dag": set(TRAITEMENTS),
    "state": {"rebut", "incertain"},
    "recipient": {"partners", "staff", "insured"},
    "task": {tache for _, tache in RYTHMES_TRAITEMENTS} | {"guetter", "annoncer"},
}
CIBLEES = {"up": {"job"}, **ETIQUETTES}


def list_expressions() -> list[tuple[str, str]]:
    """Where, and the expression."""
    regles = [(r["alert"], r["expr"]) for g in REGLES for r in g["rules"]]
    panneaux = [(p["title"], c["expr"]) for p in TABLEAU["panels"] for c in p.get("targets", [])]
    return regles + panneaux


def list_airflow() -> set[str]:
    """Counters and gauges of the installed Airflow, as an OTLP receiver of Prometheus names them."""
    import airflow

    modele = Path(airflow.__file__).parent / "_shared" / "observability" / "metrics" / "metrics_template.yaml"
    suffixes = {"counter": "_total"}
    lues = yaml.safe_load(modele.read_text(encoding="utf-8"))["metrics"]
    return {f"airflow_{m['name'].replace('.', '_')}{suffixes.get(m['type'], '')}" for m in lues}


def check(expression: str, airflow: set[str]) -> list[str]:
    """What the expression names that does not exist."""
    fautes = []
    sans_textes = re.sub(r'"[^"]*"', '""', expression)
    noms = set(re.findall(r"\b((?:pdp|airflow)_\w+|up)\b", sans_textes))
    fautes += [nom for nom in noms if nom not in CIBLEES and nom not in airflow]
    etiquettes = set().union(*(CIBLEES.get(nom, set()) for nom in noms)) if noms else set()
    nommees = {e.strip() for liste in re.findall(r"\bby \(([^)]*)\)", sans_textes) for e in liste.split(",")}
    for nom, selection in re.findall(r"\b(\w+)\{([^}]*)\}", expression):
        for etiquette, valeur in re.findall(r'(\w+)\s*[=!]~?\s*"([^"]*)"', selection):
            if etiquette not in CIBLEES.get(nom, set()):
                fautes.append(f"{nom}{{{etiquette}}}")
            inconnues = {v for v in valeur.split("|") if not v.startswith("$")} - VALEURS.get(etiquette, set())
            fautes += [f"{etiquette}={v}" for v in inconnues if etiquette in VALEURS]
    fautes += [f"by ({e})" for e in nommees if e not in etiquettes and not any(nom in airflow for nom in noms)]
    return fautes if noms else [*fautes, "no metric"]


def test_every_metric_named_exists() -> None:
    airflow = list_airflow()
    expressions = list_expressions()
    assert len(expressions) > 35
    assert [(ou, fautes) for ou, expression in expressions if (fautes := check(expression, airflow))] == []


@pytest.mark.parametrize(
    "expression",
    [
        "sum(pdp_outbox_dues)",
        'pdp_sweep_age_seconds{dag="pdp_gue"}',
        "sum by (canal) (pdp_outbox_due)",
        'pdp_outbox_due{state="rebut"}',
        'pdp_feed_age_seconds{feed="arrets"}',
        "rate(airflow_scheduler_hartbeat_total[5m])",
        "pdp_http_responses",
        "vector(1)",
    ],
)
def test_the_check_sees_a_fault(expression: str) -> None:
    assert check(expression, list_airflow()) != []


def test_every_family_is_used_and_every_alert_can_be_acted_on() -> None:
    textes = " ".join(expression for _, expression in list_expressions())
    assert {m for m in {*(m.nom for m in MESURES), *PROPRES} if m not in textes} == set(), "a metric that nobody looks at"
    alertes = [r for g in REGLES for r in g["rules"]]
    assert len({r["alert"] for r in alertes}) == len(alertes)
    for regle in alertes:
        assert regle["labels"]["severity"] in ("critique", "avertissement")
        assert regle["annotations"]["summary"]
        assert regle["annotations"]["description"].endswith(".")
        assert re.fullmatch(r"\d+[mh]", regle["for"])
        gabarits = set(re.findall(r"\$labels\.(\w+)", json.dumps(regle)))
        assert gabarits <= set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", regle["expr"]))))


def test_a_series_that_is_not_there_yet_or_any_more_is_no_reason_to_be_silent() -> None:
    """Nothing failed yesterday, no series then; nothing is pushed since the death of who pushed: neither may make an expression empty."""
    regles = {r["alert"]: r["expr"] for g in REGLES for r in g["rules"]}
    vides = [
        *(nom for nom, e in regles.items() if re.search(r"\brate\(airflow_", e) and "unless sum(present_over_time(" not in e),
        *(nom for nom, e in regles.items() if re.search(r"pdp_\w+(\{[^}]*\})? offset", e) and not re.search(r"\bunless\b|\bor 0 \*", e)),
        *(nom for nom, e in regles.items() if re.search(r"\b(delta|increase)\(pdp_", e)),
    ]
    assert vides == []
    assert {"OrdonnanceurMuet", "EchecsDEnvoi", "BlocagesEnHausse"} <= set(regles)
    guet = next(c["expr"] for p in TABLEAU["panels"] if p["title"] == "Dernier guet" for c in p["targets"])
    assert guet.endswith("or vector(8 * 86400)"), "never looked is not « 0 s ago »"


def test_dashboard_holds_together() -> None:
    panneaux = TABLEAU["panels"]
    assert len({p["id"] for p in panneaux}) == len(panneaux)
    places = {
        (x, y) for p in panneaux for g in [p["gridPos"]] for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])
    }
    assert len(places) == sum(p["gridPos"]["w"] * p["gridPos"]["h"] for p in panneaux), "panels overlap"
    assert max(x for x, _ in places) < 24
    source = yaml.safe_load((DOSSIER / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"][0]["uid"]
    assert {c["datasource"]["uid"] for p in panneaux for c in p.get("targets", [])} == {source}


def test_documented_families_are_those_that_exist() -> None:
    nommees = set(re.findall(r"`(pdp_\w+)`", (DOSSIER / "README.md").read_text(encoding="utf-8"))) - set(TRAITEMENTS)
    assert {n for n in nommees if n != "pdp_guet"} == {*(m.nom for m in MESURES), *PROPRES}


def test_airflow_pushes_its_metrics_when_a_collector_is_given(tmp_path: Path) -> None:
    """A receiver of our own stands for the collector: the installed Airflow, our settings, one counter."""
    recus: list[tuple[str, bytes]] = []

    class Collecteur(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            recus.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    assert metrics_environment(None) == {}
    with HTTPServer(("127.0.0.1", 0), Collecteur) as serveur:
        threading.Thread(target=serveur.serve_forever, daemon=True).start()
        env = {
            **{nom: os.environ[nom] for nom in ("PATH", "HOME") if nom in os.environ},
            **metrics_environment(f"http://127.0.0.1:{serveur.server_port}/v1/metrics"),
            "AIRFLOW_HOME": str(tmp_path),
        }
        script = (
            "from airflow.observability.metrics.otel_logger import get_otel_logger\n"
            "from airflow.configuration import conf\n"
            "assert conf.getboolean('metrics', 'otel_on')\n"
            "journal = get_otel_logger()\n"
            "journal.incr('scheduler_heartbeat')\n"
            "from opentelemetry import metrics\n"
            "metrics.get_meter_provider().force_flush()\n"
        )
        fini = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=90, check=False)
        serveur.shutdown()
    assert fini.returncode == 0, fini.stderr[-800:]
    assert {chemin for chemin, _ in recus} == {"/v1/metrics"}
    assert any(b"airflow.scheduler_heartbeat" in corps and b"pdp-airflow" in corps for _, corps in recus)
