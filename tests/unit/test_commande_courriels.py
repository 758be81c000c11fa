"""The mails of the demonstration, read from the command line."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from pdp import cli
from pdp.partners.courriel import compose


@pytest.fixture
def boite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PDP_HOME", str(tmp_path))
    dossier = tmp_path / "courriels"
    dossier.mkdir()
    for rang, qui in enumerate(("accueil.psy-01", "dominique", "accueil.psy-01")):
        message = compose(
            UUID(int=rang), f"{qui}@exemple.invalid", f"Objet {rang}", f"Texte {rang} é\n", "<p>x</p>", datetime(2026, 11, 18, tzinfo=UTC)
        )
        fichier = dossier / f"{9 - rang}.eml"
        fichier.write_bytes(message.as_bytes())
        os.utime(fichier, (rang, rang))
    return dossier


def test_the_last_ones_newest_last(boite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["courriels", "-n", "2"]) == 0
    lu = capsys.readouterr().out
    assert "Objet 0" not in lu
    assert lu.index("Objet 1") < lu.index("Objet 2")
    assert "Texte 2 é" in lu


def test_those_of_one_recipient_as_json(boite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["courriels", "--a", "PSY-01", "--json"]) == 0
    lus = json.loads(capsys.readouterr().out.splitlines()[-1])["courriels"]
    assert [c["objet"] for c in lus] == ["Objet 0", "Objet 2"]


def test_nothing_received_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PDP_HOME", str(tmp_path))
    assert cli.main(["courriels"]) == 0
    assert "Aucun courriel" in capsys.readouterr().out
