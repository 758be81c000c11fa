"""The main job through real DAG runs: every step produces, a second run adds nothing, nothing personal reaches Airflow."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.domain.horaire import TRAITEMENTS
from pdp.simulation.scenario import DAGS, run_scenario
from pdp.storage import db
from pdp.storage.sql import query
from plateforme_e2e import ATTENDUS, STABLES, Plateforme, aujourdhui

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("reglages")]


def test_every_step_of_the_parcours_produces_something(plateforme: Plateforme) -> None:
    assert {nom: plateforme.bilan[nom] for nom in ATTENDUS if not plateforme.bilan[nom] > 0} == {}
    assert plateforme.bilan["dag_runs_etats"] == ["success"]
    assert set(DAGS) <= {p.dag_id for p in plateforme.airflow.list_dag_runs()} <= set(TRAITEMENTS)  # the timetable starts others meanwhile


def test_a_second_run_adds_nothing(plateforme: Plateforme) -> None:
    encore: dict[str, Any] = {}
    while not encore or plateforme.jour != aujourdhui():
        plateforme.follow_jour()
        encore = run_scenario(plateforme.stack.env, plateforme.airflow, lambda _: None)
    assert {nom: encore[nom] for nom in STABLES} == {nom: plateforme.bilan[nom] for nom in STABLES}
    assert encore["ok"]


def test_every_line_received_is_somewhere(plateforme: Plateforme) -> None:
    """Admitted, unchanged or in quarantine: the sums are equal, file by file."""
    with db.begin(settings().url_app, systeme("test")) as conn:
        fichiers = conn.exec_driver_sql(
            "SELECT f.lignes, f.admises, f.inchangees, f.rejetees, (SELECT count(*) FROM identite.quarantaine q WHERE q.fichier_id = f.id)"
            " FROM pdp.flux_fichier f WHERE f.etat = 'charge'"
        ).all()
    assert len(fichiers) >= 6
    assert all(
        lignes == admises + inchangees + rejetees and rejetees == quarantaine
        for lignes, admises, inchangees, rejetees, quarantaine in fichiers
    )


def test_partners_received_each_hand_over_once(plateforme: Plateforme) -> None:
    comptes = requests.get(f"{plateforme.urls['partenaire']}/compteurs", timeout=10).json()
    with db.begin(settings().url_app, systeme("test")) as conn:
        livrees = conn.exec_driver_sql(
            "SELECT count(*) FROM pdp.outbox WHERE canal = 'api' AND type = 'orientation' AND etat = 'livre'"
        ).scalar_one()
    assert comptes["uniques"] == livrees > 0


def test_nothing_personal_reaches_airflow_or_logs(plateforme: Plateforme) -> None:
    """Every NIR, phone number and address of the cohort, against Airflow's whole database and every log of every process."""
    canaris = _canaries(plateforme.cohorte)
    assert len(canaris) > 1000
    journaux = [f for f in (plateforme.etat.racine / "logs").rglob("*.log")] + [plateforme.etat.racine / "pg.log"]
    textes = {str(f.name): f.read_text(errors="ignore") for f in journaux if f.exists()}
    assert sum(len(t) for t in textes.values()) > 10_000
    textes |= _airflow_tables(plateforme)
    fuites = {nom: [c for c in canaris if c in texte][:1] for nom, texte in textes.items()}
    assert {nom: c for nom, c in fuites.items() if c} == {}


def test_balance_is_read_from_the_tables(plateforme: Plateforme) -> None:
    plateforme.follow_jour()
    with db.begin(settings().url_app, systeme("test")) as conn:
        lus = conn.execute(query("bilan.compter")).one()._mapping
    assert {nom: lus[nom] for nom in STABLES} == {nom: plateforme.bilan[nom] for nom in STABLES}


def test_airflow_is_closed_to_strangers(plateforme: Plateforme) -> None:
    assert requests.get(f"{plateforme.urls['airflow']}/api/v2/dags", timeout=10).status_code == 401
    refus = requests.post(f"{plateforme.urls['airflow']}/auth/token", json={"username": "exploitant", "password": "x" * 12}, timeout=20)
    assert refus.status_code == 401


def test_a_manager_looks_at_airflow_and_starts_nothing(plateforme: Plateforme) -> None:
    compte = next(c for c in plateforme.stack.airflow_accounts() if c["role"] == "Viewer")
    airflow = plateforme.urls["airflow"]
    jeton = requests.post(f"{airflow}/auth/token", json={"username": compte["login"], "password": compte["mot_de_passe"]}, timeout=30)
    entete = {"Authorization": f"Bearer {jeton.json()['access_token']}"}
    assert requests.get(f"{airflow}/api/v2/dags", headers=entete, timeout=10).status_code == 200
    lancer = requests.post(f"{airflow}/api/v2/dags/pdp_veille/dagRuns", headers=entete, json={"logical_date": None}, timeout=10)
    assert lancer.status_code == 403


def _canaries(cohorte: Path) -> set[str]:
    valeurs = set()
    for fichier in cohorte.rglob("assures_*.csv"):
        with fichier.open(encoding="utf-8-sig", newline="") as flux:
            for ligne in csv.DictReader(flux, delimiter=";"):
                nir = (ligne.get("nir") or "").replace(" ", "")
                if len(nir) == 15:
                    valeurs |= {nir, nir[:13]}
                if ligne.get("courriel"):
                    valeurs.add(ligne["courriel"])
                if len(ligne.get("nom") or "") >= 7:
                    valeurs.add(ligne["nom"])
                chiffres = "".join(c for c in ligne.get("telephone") or "" if c.isdigit())
                if len(chiffres) >= 10:
                    valeurs |= {f"0{chiffres[-9:]}", f"+33{chiffres[-9:]}"}
    return valeurs


def _airflow_tables(plateforme: Plateforme) -> dict[str, str]:
    dsn = plateforme.etat.pg.superuser_dsn("airflow")
    contenus = {}
    with psycopg.connect(dsn) as conn:
        tables = [t for (t,) in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        for table in tables:
            lignes = conn.execute(psycopg.sql.SQL("SELECT t::text FROM {} t").format(psycopg.sql.Identifier(table))).fetchall()
            contenus[f"airflow.{table}"] = "\n".join(ligne for (ligne,) in lignes)
    return contenus
