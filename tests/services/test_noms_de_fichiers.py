"""Answer files with names that a partner's computer really writes, or that nobody should: none of them stops the others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psycopg
import pytest

import fabrique
from courriers import partenaire, relais
from fabrique import MAINTENANT, lot
from pdp.config import settings
from pdp.services.exchange_csv import export_lots
from pdp.services.take_reponses_csv import take_reponses
from relais import Relais

Admin = psycopg.Connection[Any]


@pytest.fixture
def cas(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Relais, Path]:
    monkeypatch.setenv("PDP_ECHANGES", str(tmp_path / "echanges"))
    settings.cache_clear()
    with lot() as conn:
        fabrique.socle(conn)
    recu = relais(partenaire("csv"))
    assert export_lots(MAINTENANT).traites == 1
    return recu, next((tmp_path / "echanges").glob("PF35/*/reponses"))


def drop(dossier: Path, nom: bytes, ligne: str) -> None:
    texte = f"reference;reponse\r\n{ligne}\r\n#FIN;1\r\n"
    Path(os.fsdecode(os.fsencode(dossier) + b"/" + nom)).write_bytes(texte.encode())


@pytest.mark.parametrize(
    "nom",
    ["réponse d'été.csv".encode(), "réponse.csv".encode("latin-1"), b"a" * 251 + b".csv", "é".encode() * 120, b"retour\n\x1b[31m.csv"],
    ids=["accents", "latin1", "long", "long_accents", "control"],
)
@pytest.mark.parametrize("reponse", ["acceptee", "peut-etre"])
def test_whatever_its_name_a_file_is_taken_once_and_moved_away(cas: tuple[Relais, Path], admin: Admin, nom: bytes, reponse: str) -> None:
    recu, dossier = cas
    drop(dossier, nom, f"{recu.orientation};{reponse}")
    premier = take_reponses(MAINTENANT)
    assert (premier.traites, premier.echoues) == ((1, 0) if reponse == "acceptee" else (0, 1))
    assert [c for c in dossier.iterdir() if c.is_file()] == []
    assert take_reponses(MAINTENANT).traites == 0
    assert admin.execute("SELECT count(*) FROM pdp.inbox").fetchone() == (1 if reponse == "acceptee" else 0,)


def test_a_link_dropped_in_the_folder_is_not_followed(cas: tuple[Relais, Path], admin: Admin, tmp_path: Path) -> None:
    recu, dossier = cas
    ailleurs = tmp_path / "ailleurs.csv"
    ailleurs.write_text(f"reference;reponse\r\n{recu.orientation};acceptee\r\n#FIN;1\r\n")
    (dossier / "a.csv").symlink_to(ailleurs)
    assert take_reponses(MAINTENANT).traites == 0
    assert ailleurs.exists()
    assert admin.execute("SELECT count(*) FROM pdp.echange_fichier WHERE sens = 'reponse'").fetchone() == (0,)


def test_a_file_that_cannot_be_moved_away_does_not_hold_the_next_one(cas: tuple[Relais, Path], admin: Admin) -> None:
    recu, dossier = cas
    (dossier / "refuses").write_text("in the way")  # where a refused file would go
    drop(dossier, b"a.csv", "")
    (dossier / "a.csv").write_text("rien\r\n#FIN;0\r\n")
    drop(dossier, b"b.csv", f"{recu.orientation};acceptee")
    bilan = take_reponses(MAINTENANT)
    assert (bilan.traites, bilan.detail["fichiers_en_echec"]) == (1, 1)
