"""The distributed form, checked without a container engine: schema, interpolation, commands, settings."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pdp.config import RACINE

COMPOSE = RACINE / "docker-compose.yml"
OUTILS = Path(sys.executable).parent
OBLIGATOIRES = sorted(set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE.read_text(encoding="utf-8"))))
REGLAGES = set(re.findall(r'_(?:required|key)\("([A-Z_]+)"\)', (RACINE / "include/pdp/config.py").read_text(encoding="utf-8")))
AIRFLOW = ("airflow-apiserver", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer", "airflow-worker")
CLES = {"PDP_CLE_NIR", "PDP_CLE_EMPREINTE", "PDP_CLE_CONTEXTE"}
TACHES = {
    "PDP_DATABASE_URL",
    "PDP_DATABASE_URL_EXPEDITEUR",
    "PDP_CLE_PSEUDONYME",
    "PDP_SECRET_PARTENAIRES",
    "PDP_DEPOT",
    "PDP_EXPORTS",
} | CLES
ATTENDUS = {nom: TACHES for nom in AIRFLOW} | {
    "migrations": {"PDP_DATABASE_URL_MIGRATION", "PDP_DATABASE_URL_ADMIN", "PDP_CLE_CONTEXTE"},
    "portail": {"PDP_DATABASE_URL_PORTAIL", "PDP_DEPOT", "PDP_EXPORTS", "PDP_ECHANGES", "PDP_SECRET_PARTENAIRES"} | CLES,
    "partenaire": {"PDP_SECRET_PARTENAIRES", "PDP_PARTENAIRE_PORT", "PDP_ETAT"},
    "fhir": {"PDP_SECRET_PARTENAIRES", "PDP_FHIR_PORT", "PDP_ETAT"},
    "messagerie": {"PDP_MSS_SMTP_PORT", "PDP_MSS_IMAP_PORT", "PDP_MSS_SIMULATEUR_HOTE", "PDP_ECHANGES", "PDP_ETAT"},
    "courrier": {"PDP_SMTP_HOTE", "PDP_SMTP_PORT", "PDP_ETAT"},
}

ANALYSE = """
import json, sys
from airflow.cli import cli_parser
for commande in json.loads(sys.argv[1]):
    cli_parser.get_parser().parse_args(commande)
"""


def interpolate(dossier: Path, **remplaces: str | None) -> subprocess.CompletedProcess[str]:
    """``podman-compose config`` with a stand-in for podman; every secret given, but those set to None."""
    faux = dossier / "podman"
    faux.write_text("#!/bin/sh\necho 'podman version 5.0.0'\n")
    faux.chmod(faux.stat().st_mode | stat.S_IXUSR)
    env = {nom: f"valeur-{nom.lower()}" for nom in OBLIGATOIRES} | remplaces | {"PATH": f"{dossier}:/usr/bin:/bin", "HOME": str(dossier)}
    donnees = {nom: valeur for nom, valeur in env.items() if valeur is not None}
    commande = [OUTILS / "podman-compose", "-f", COMPOSE, "--profile", "demonstration", "config"]
    return subprocess.run(commande, cwd=dossier, env=donnees, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    fini = interpolate(tmp_path_factory.mktemp("compose"))
    assert fini.returncode == 0, fini.stderr
    return dict(yaml.safe_load(fini.stdout)["services"])


def test_file_follows_the_compose_specification() -> None:
    commande = [OUTILS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE]
    fini = subprocess.run(commande, capture_output=True, text=True, check=False)
    assert fini.returncode == 0, fini.stdout


def test_schema_check_sees_a_typo(tmp_path: Path) -> None:
    faute = tmp_path / "docker-compose.yml"
    faute.write_text(COMPOSE.read_text(encoding="utf-8").replace("healthcheck:", "healthchek:"), encoding="utf-8")
    commande = [OUTILS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", faute]
    assert subprocess.run(commande, capture_output=True, check=False).returncode != 0


def test_secrets_are_required_and_none_is_written() -> None:
    assert len(OBLIGATOIRES) >= 15
    assert not re.search(r"\$\{[A-Z_]*(?:MDP|CLE|SECRET|PASSWORD|FERNET)[A-Z_]*:-", COMPOSE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("nom", OBLIGATOIRES)
def test_missing_secret_stops_everything_and_is_named(nom: str, tmp_path: Path) -> None:
    fini = interpolate(tmp_path, **{nom: None})
    assert fini.returncode != 0
    assert nom in fini.stderr + fini.stdout


def test_every_promised_service_is_there(services: dict[str, dict[str, Any]]) -> None:
    simules = {"partenaire", "fhir", "sms", "messagerie", "courrier"}
    assert {*AIRFLOW, "postgres", "redis", "migrations", "airflow-init", "portail", *simules} == set(services)
    assert {nom for nom, s in services.items() if s.get("profiles")} == simules


@pytest.mark.parametrize("nom", sorted(ATTENDUS))
def test_service_gets_the_settings_that_it_reads(nom: str, services: dict[str, dict[str, Any]]) -> None:
    donnes = {cle for cle, valeur in services[nom]["environment"].items() if valeur not in (None, "")}
    assert ATTENDUS[nom] <= donnes


def test_every_required_setting_is_given_somewhere(services: dict[str, dict[str, Any]]) -> None:
    assert REGLAGES, "config.py declares its settings another way: adapt this test"
    assert set().union(*(s["environment"] for nom, s in services.items() if nom in ATTENDUS)) >= REGLAGES


def test_only_the_migrations_job_knows_the_administrator_and_the_owner(services: dict[str, dict[str, Any]]) -> None:
    for secret in ("valeur-pdp_mdp_admin", "valeur-pdp_mdp_owner"):
        connaisseurs = {nom for nom, s in services.items() if secret in str(s.get("environment", {}))}
        assert connaisseurs - {"postgres"} == {"migrations"}


def test_portal_and_tasks_do_not_share_database_passwords(services: dict[str, dict[str, Any]]) -> None:
    assert "valeur-pdp_mdp_portail" not in str(services["airflow-worker"])
    assert "valeur-pdp_mdp_app" not in str(services["portail"])
    assert "valeur-pdp_mdp_expediteur" not in str(services["portail"])


def test_ports_are_published_on_the_loopback_only(services: dict[str, dict[str, Any]]) -> None:
    publies = [str(port) for s in services.values() for port in s.get("ports", [])]
    assert publies
    assert all(port.startswith("127.0.0.1:") for port in publies)


def test_python_commands_name_modules_that_exist(services: dict[str, dict[str, Any]]) -> None:
    modules = {s["command"][2] for s in services.values() if s.get("command", [""])[0] == "python"}
    assert {"pdp.cli", "pdp.embedded.airflow_metadata"} <= modules
    absents = [module for module in modules if importlib.util.find_spec(module) is None]
    assert absents == []


@pytest.mark.parametrize("service", ["migrations", "portail"])
def test_platform_commands_parse(service: str, services: dict[str, dict[str, Any]]) -> None:
    from pdp.cli import build_parser

    arguments = services[service]["command"][3:]
    assert build_parser(arguments[0]).parse_args(arguments).commande == arguments[0]


def test_airflow_commands_are_real(services: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """One process for all: importing Airflow costs seconds."""
    commandes = [s["command"][1:] for s in services.values() if s.get("command", [""])[0] == "airflow"]
    assert len(commandes) == len(AIRFLOW)
    env = {**os.environ, "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor", "AIRFLOW_HOME": str(tmp_path)}
    fini = subprocess.run([sys.executable, "-c", ANALYSE, json.dumps(commandes)], env=env, capture_output=True, text=True, check=False)
    assert fini.returncode == 0, fini.stderr[-500:]


def test_what_a_volume_hides_belongs_to_the_user_of_the_image(services: dict[str, dict[str, Any]]) -> None:
    """A new volume takes the owner of the folder it covers; over a folder that the image has not, it is root's and nobody can write."""
    texte = (RACINE / "Dockerfile").read_text(encoding="utf-8")
    (faits,) = re.findall(r"install -d -o 50000 -g 0 -m 0770 (.+)$", texte, re.MULTILINE)
    couverts = {
        volume["target"] if isinstance(volume, dict) else volume.split(":")[1]
        for service in services.values()
        if service["image"].startswith("pdp:")
        for volume in service.get("volumes", [])
    }
    assert len(couverts) > 2
    assert couverts - set(faits.split()) == set()


def test_image_is_built_from_the_lock_without_root() -> None:
    texte = (RACINE / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes" in texte
    assert "-r /tmp/requirements.lock" in texte
    assert re.search(r"^USER 50000:0$", texte, re.MULTILINE)
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", texte, re.MULTILINE)
    ouverts = {ligne[1:] for ligne in (RACINE / ".dockerignore").read_text().splitlines() if ligne.startswith("!")}
    assert {source.split("/")[0] for copie in copies for source in copie.split()} <= ouverts
