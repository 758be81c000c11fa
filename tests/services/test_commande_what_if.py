"""``pdp what-if``: counts per platform and per coordinator, in French or JSON, without any name."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

import fabrique
from fabrique import MAINTENANT, lot, socle
from fabrique_detection import JOUR, Personne, depuis, insert_personnes
from pdp import clock
from pdp.cli import main


@pytest.fixture
def cohorte(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: MAINTENANT)
    with lot() as conn:
        socle(conn)
        fabrique.agent(conn)
        insert_personnes(conn, [Personne([depuis(JOUR - timedelta(days=50), 90)]) for _ in range(4)])


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    main(["what-if", *arguments, "--json"])
    return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))


def test_json_per_platform_without_names(cohorte: None, capsys: pytest.CaptureFixture[str]) -> None:
    resultat = _json(capsys, "--cle", "palier_signalement_j60", "--valeur", "45")
    par_plateforme = {e["plateforme_id"]: e for e in resultat["essais"]}
    assert set(par_plateforme) >= {"PF35", "PF57"}
    essai = par_plateforme["PF35"]
    assert (essai["actuel"], essai["propose"], essai["plus_tot"]) == (0, 4, 4)
    [conseiller] = essai["conseillers"]
    assert conseiller["propose"] == {"entrants": 4, "ouverts": 4}
    assert "nom" not in conseiller
    assert par_plateforme["PF57"]["propose"] == 0


def test_french_for_people(cohorte: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["what-if", "--cle", "palier_signalement_j60", "--valeur", "45", "--plateforme", "PF35"]) == 0
    sortie = capsys.readouterr().out
    for attendu in ("4 personnes au lieu de 0", "45 jours d'absence, au lieu de 60", "0 → 4", "faits connus aujourd'hui"):
        assert attendu in sortie, attendu


def test_points(cohorte: None, capsys: pytest.CaptureFixture[str]) -> None:
    [essai] = _json(capsys, "--cle", "points_tms", "--valeur", "50", "--plateforme", "PF35")["essais"]
    assert essai["ordre"]["entrent_en_tete"] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--cle", "palier_ouverture", "--valeur", "x"],
        ["--cle", "inconnue", "--valeur", "3"],
        ["--cle", "palier_ouverture", "--valeur", "60", "--plateforme", "PF00"],
        ["--cle", "palier_ouverture", "--valeur", "60", "--du", "hier"],
        ["--cle", "palier_ouverture", "--valeur", "60", "--au", "2030-01-01"],
    ],
)
def test_bad_questions_are_answered_in_french(cohorte: None, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    resultat = _json(capsys, *arguments)
    assert resultat["ok"] is False
    assert resultat["erreur"].endswith(".")
