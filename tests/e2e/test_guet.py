"""A file is dropped and nothing else is done: the watch of the folder starts the reception, without waiting for the schedule."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from livraisons import ligne_assure, write_fichier
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.storage import db
from plateforme_e2e import Plateforme

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("reglages")]
DELAI_S = 60.0


@pytest.fixture
def manager(plateforme: Plateforme) -> Iterator[requests.Session]:
    """A manager signed in to the running portal."""
    with requests.Session() as session:
        portail = plateforme.urls["portail"]
        login, mot_de_passe = plateforme.account("responsable")
        champs = {"identifiant": login, "mot_de_passe": mot_de_passe, "jeton": _jeton(session, f"{portail}/connexion"), "suite": ""}
        session.post(f"{portail}/connexion", data=champs, timeout=20).raise_for_status()
        yield session


def _jeton(session: requests.Session, adresse: str) -> str:
    trouve = re.search(r'name="jeton" value="([^"]+)"', session.get(adresse, timeout=20).text)
    assert trouve
    return trouve.group(1)


def _wait_for_file(nom: str) -> tuple[str, int]:
    """State and lines taken of a file, once a reception has seen it."""
    limite = time.monotonic() + DELAI_S
    while time.monotonic() < limite:
        with db.begin(settings().url_app, systeme("essai")) as conn:
            vu = conn.exec_driver_sql("SELECT etat, admises FROM pdp.flux_fichier WHERE nom = %s", (nom,)).one_or_none()
        if vu is not None:
            return vu.etat, vu.admises
        time.sleep(0.2)  # another process writes the row: nothing to wait on
    raise AssertionError(f"{nom} was not taken in {DELAI_S:.0f} s")


def _runs_since(plateforme: Plateforme, debut: datetime) -> list[str]:
    plateforme.airflow.wait_for_quiet()
    return [p.declenchement for p in plateforme.airflow.list_dag_runs(debut) if p.dag_id == "pdp_reception" and p.etat == "success"]


def test_a_dropped_file_is_loaded_by_a_run_that_nobody_started(plateforme: Plateforme, tmp_path: Path) -> None:
    debut = datetime.now(UTC)
    depart = time.monotonic()
    fichier = write_fichier(tmp_path, "assures", [ligne_assure(38_001)], jour="2026-01-02")
    depot = Path(os.environ["PDP_DEPOT"])
    provisoire = depot / f"{fichier.name}.part"
    provisoire.write_bytes(fichier.read_bytes())
    os.replace(provisoire, depot / fichier.name)
    assert _wait_for_file(fichier.name) == ("charge", 1)
    print(f"dropped to loaded: {time.monotonic() - depart:.1f} s")
    assert "asset_triggered" in _runs_since(plateforme, debut)


def test_a_file_sent_by_hand_is_watched_like_any_other(plateforme: Plateforme, manager: requests.Session, tmp_path: Path) -> None:
    debut = datetime.now(UTC)
    donnees = f"{plateforme.urls['portail']}/equipe/donnees"
    fichier = write_fichier(tmp_path, "assures", [ligne_assure(38_002), "une;ligne;coupée"], jour="2026-01-03")
    champs = {"jeton": _jeton(manager, donnees), "cle_saisie": str(uuid4())}
    with fichier.open("rb") as contenu:
        recu = manager.post(f"{donnees}/depot", data=champs, files={"fichier": (fichier.name, contenu, "text/csv")}, timeout=30)
    assert recu.status_code == 200
    assert "prochaine réception" in recu.text
    assert _wait_for_file(fichier.name) == ("charge", 1)
    assert "asset_triggered" in _runs_since(plateforme, debut)
    page = manager.get(recu.url, timeout=20).text
    assert "Chargé" in page
    assert "1 à traiter" in page, "the broken line names no platform: it goes to whoever sent its file"
