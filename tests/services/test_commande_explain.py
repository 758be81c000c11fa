"""``pdp explain``: French for people, JSON for programs, opaque ids only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

import fabrique
from fabrique import MAINTENANT, lot, socle
from pdp import clock
from pdp.cli import main
from pdp.embedded.environnement import platform_environment
from pdp.embedded.etat import Etat
from pdp.embedded.postgres import EmbeddedPostgres
from pdp.embedded.rejoindre import PlateformeAbsente, joined_database
from pdp.embedded.roles import ensure_roles_and_databases

NOM = "Ouessant-Kerlouan"


@pytest.fixture
def dossier(base: str, monkeypatch: pytest.MonkeyPatch) -> fabrique.Dossier:
    monkeypatch.setattr(clock, "now", lambda: MAINTENANT)
    with lot() as conn:
        socle(conn)
        dossier = fabrique.parcours(conn, assure_id=fabrique.assure(conn, nom=NOM))
        fabrique.arret(conn, dossier.assure, date(2026, 8, 20), date(2026, 12, 15), connu=datetime.fromisoformat("2026-09-01T06:00:00Z"))
    return dossier


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code = main(["explain", *arguments, "--json"])
    resultat: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (code == 0) is resultat["ok"]
    return resultat


def test_french_for_people(dossier: fabrique.Dossier, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(dossier.parcours)]) == 0
    sortie = capsys.readouterr().out
    for attendu in (
        "Signalé parce que l'arrêt a atteint le palier J90",
        "Avis d'arrêt du 20/08/2026 au 15/12/2026 (maladie, initiale) — connu le 01/09/2026 à 08 h 00",
        "CSS R.323-1 4° ; texte lu",
        "Jalons",
        "limite de 360",
    ):
        assert attendu in sortie, attendu
    assert NOM not in sortie
    assert "Ce qui a changé depuis" not in sortie


@pytest.mark.parametrize("quand", ["2026-09-01", "2026-09-01T07:59:59", "2026-09-01T06:00:00+00:00"])
def test_as_known_on_a_day_or_at_an_instant(dossier: fabrique.Dossier, capsys: pytest.CaptureFixture[str], quand: str) -> None:
    """The avis was learnt at 08:00 in Paris that day: a day means its end."""
    resultat = _json(capsys, str(dossier.assure), "--connu-le", quand)
    assert len(resultat["faits"]) == (0 if quand.endswith("59") else 1)
    assert len(resultat["changements"]) == (1 if quand.endswith("59") else 0)


def test_today_is_now(dossier: fabrique.Dossier, capsys: pytest.CaptureFixture[str]) -> None:
    assert _json(capsys, str(dossier.assure), "--connu-le", "2026-11-18")["actuel"] is True


@pytest.mark.parametrize("arguments", [["pas-un-id"], ["{assure}", "--connu-le", "hier"], ["{assure}", "--connu-le", "2026-11-19"]])
def test_bad_questions_are_answered_in_french(dossier: fabrique.Dossier, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    resultat = _json(capsys, *(a.format(assure=dossier.assure) for a in arguments))
    assert resultat["erreur"][0].isupper() or resultat["erreur"].startswith("«")


def test_without_a_case_the_latest_signalements_are_listed(dossier: fabrique.Dossier, capsys: pytest.CaptureFixture[str]) -> None:
    assert [s["id"] for s in _json(capsys)["signalements"]] == [str(dossier.signalement)]


def test_without_any_platform_one_french_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PDP_DATABASE_URL", raising=False)
    with pytest.raises(PlateformeAbsente), joined_database(Etat(tmp_path)):
        pass


def test_a_demonstration_that_is_stopped_is_read_and_stopped_again(tmp_path: Path) -> None:
    """Its database alone is started for the command; nobody's settings are needed."""
    etat = Etat(tmp_path / "etat")
    etat.create()
    env = {nom: valeur for nom, valeur in os.environ.items() if not nom.startswith("PDP_DATABASE")} | {"PDP_HOME": str(etat.racine)}
    with EmbeddedPostgres(etat.racine / "pg") as serveur:
        ensure_roles_and_databases(serveur.superuser_dsn(), etat.role_passwords())
        ports = dict.fromkeys(("airflow", "portail", "partenaire", "sms", "smtp", "fhir", "messagerie", "imap"), 0) | {
            "postgres": serveur.port
        }
        migrer = [sys.executable, "-m", "pdp.cli", "migrate"]
        subprocess.run(migrer, env={**env, **platform_environment(etat, ports)}, check=True, capture_output=True)
    fini = subprocess.run([sys.executable, "-m", "pdp.cli", "explain", "--json"], env=env, capture_output=True, text=True, check=False)
    assert json.loads(fini.stdout) == {"ok": True, "signalements": []}, fini.stderr
    assert EmbeddedPostgres(etat.racine / "pg").pid is None
    etat.wipe()  # as root the data lie outside the folder of the test
