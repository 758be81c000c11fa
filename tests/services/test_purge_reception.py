"""What a reception does not keep: files in clear after their delay, lines of nobody after theirs; counts alone are journalled."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fabrique import MAINTENANT, TEST, lot, socle
from livraisons import age, count, ingest, ligne_assure, write_fichier
from pdp.services.ingest_flux import ingest_depot
from pdp.services.purge_reception import purge_reception

DELAI = timedelta(days=30)
DELAI_LIGNE = timedelta(days=90)
SECONDE = timedelta(seconds=1)


@pytest.fixture
def depot(base: str, tmp_path: Path) -> Path:
    """One file taken, one refused, both dated by their reception whatever the day they were written."""
    with lot() as conn:
        socle(conn)
    write_fichier(tmp_path, "assures", [ligne_assure(1)])
    age(write_fichier(tmp_path, "assures", [ligne_assure(2)], jour="2026-10-02", fin="#FIN;9"), 10**8)
    ingest_depot(lot, tmp_path, TEST, MAINTENANT)
    (tmp_path / "assures_2026-10-03.csv").write_text("not yet taken", encoding="utf-8")
    return tmp_path


def purge(depot: Path, apres: timedelta) -> dict[str, Any]:
    with lot() as conn:
        return purge_reception(conn, depot, MAINTENANT + apres).detail


@pytest.mark.parametrize(
    ("apres", "effaces"),
    [
        pytest.param(timedelta(0), 0, id="the day they came"),
        pytest.param(DELAI, 0, id="on the last instant of the delay"),
        pytest.param(DELAI + SECONDE, 1, id="just after"),
    ],
)
def test_files_go_after_their_delay_and_the_folder_itself_is_left_alone(
    depot: Path, admin: psycopg.Connection[Any], apres: timedelta, effaces: int
) -> None:
    detail = purge(depot, apres)
    assert (detail["fichiers_traites_purges"], detail["fichiers_refuses_purges"]) == (effaces, effaces)
    assert [len(list((depot / nom).iterdir())) for nom in ("traites", "refuses")] == [1 - effaces, 1 - effaces]
    assert (depot / "assures_2026-10-03.csv").exists()
    assert count(admin, "identite.assure") == 1, "what was taken stays"
    purge(depot, apres)
    journal = admin.execute("SELECT donnees FROM journal.evenement WHERE evenement = 'depot_purge'").fetchall()
    assert journal == [({"fichiers_traites_purges": 1, "fichiers_refuses_purges": 1},)] * effaces


@pytest.mark.parametrize(("apres", "closes"), [(DELAI_LIGNE, 0), (DELAI_LIGNE + SECONDE, 1)])
def test_a_line_of_no_platform_is_closed_after_its_delay_and_no_other(
    depot: Path, tmp_path: Path, admin: psycopg.Connection[Any], apres: timedelta, closes: int
) -> None:
    ingest(tmp_path, "assures", [ligne_assure(9, departement="75"), ligne_assure(8).replace(";salarie;", ";chomeur;")], jour="2026-10-04")
    assert purge(depot, apres)["lignes_sans_plateforme_closes"] == closes
    assert purge(depot, apres)["lignes_sans_plateforme_closes"] == 0
    etats = dict(admin.execute("SELECT code, resolution FROM identite.quarantaine").fetchall())
    assert etats == {"departement_hors_plateforme": "abandonnee" if closes else None, "code_inconnu": None}
    journal = admin.execute("SELECT donnees FROM journal.evenement WHERE evenement = 'quarantaine_echue'").fetchall()
    assert journal == [({"flux": "assures", "lignes": 1},)] * closes


def test_a_drop_folder_that_received_nothing_yet(base: str, tmp_path: Path) -> None:
    assert set(purge(tmp_path, timedelta(days=400)).values()) == {0}
