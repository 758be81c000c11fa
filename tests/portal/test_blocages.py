"""What stands still on screen: the manager by opaque parcours, the coordinator her own people, one click each."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, Dossier, lot
from pdp.domain.auteur import systeme
from pdp.domain.enlisement import list_catalogue
from pdp.services.sweep_veille import sweep_veille
from portal.conftest import Horloge
from portal.donnees import Connecter, Lieu, add_tache, post

VEILLE = systeme("sweep_veille")


@pytest.fixture
def bloque(lieu: Lieu, horloge: Horloge) -> Dossier:
    """A message that did not arrive, found by the watch; then the case of somebody else of the same platform."""
    with lot(VEILLE) as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="contact_en_cours")
        add_tache(conn, dossier.parcours, "message_en_echec", MAINTENANT)
        sweep_veille(conn, "PF35", VEILLE, MAINTENANT)
    return dossier


def sans_suite(lieu: Lieu, login: str = "csam") -> Dossier:
    """Nothing to do at all, since the watch."""
    with lot() as conn:
        return fabrique.parcours(conn, csam=lieu.comptes[login], statut="contact_en_cours")


def test_the_manager_reads_the_catalogue_its_looks_and_who_is_stuck(
    bloque: Dossier, connecter: Connecter, admin: psycopg.Connection[Any]
) -> None:
    client = connecter("responsable")
    catalogue = client.get("/equipe/blocages").text
    assert [e.code for e in list_catalogue() if f"/equipe/blocages/{e.code}" not in catalogue] == []
    assert catalogue.count("rien trouvé, cherché le") == 17
    page = client.get("/equipe/blocages/S10").text
    assert str(bloque.parcours) in page
    assert "1 blocage" in page
    assert "Rien trouvé, cherché le" in client.get("/equipe/blocages/S13").text
    noms = admin.execute("SELECT nom FROM identite.assure").fetchall()
    assert [nom for (nom,) in noms if nom in catalogue + page] == []
    neutre = client.get(f"/equipe/parcours/{bloque.parcours}").text
    assert "Message non remis" in neutre
    assert "/equipe/blocages/S10" in neutre


def test_before_any_look_the_page_says_so(lieu: Lieu, connecter: Connecter) -> None:
    client = connecter("responsable")
    assert client.get("/equipe/blocages").text.count("pas encore cherché") == 18
    assert "pas encore cherché" in client.get("/equipe/blocages/S01").text


def test_the_coordinator_sees_her_people_and_repairs_in_one_click(bloque: Dossier, lieu: Lieu, connecter: Connecter) -> None:
    mien, autre = sans_suite(lieu), sans_suite(lieu, "csam2")
    client = connecter("csam")
    page = client.get("/bloques").text
    assert f"/parcours/{bloque.parcours}#h-taches" in page  # as the watch found
    assert 'id="h-taches"' in client.get(f"/parcours/{bloque.parcours}").text
    assert f"/parcours/{mien.parcours}/debloquer" in page  # as it is now
    assert str(autre.parcours) not in page
    fiche = f"/parcours/{mien.parcours}"
    assert "Rétablir une suite" in client.get(fiche).text
    reponse = post(client, f"{fiche}/debloquer", fiche, code="S01")
    assert (reponse.status_code, reponse.headers["location"]) == (303, fiche)
    apres = client.get(fiche).text
    assert "Faire le point avec la personne" in apres
    assert "Rétablir une suite" not in apres
    post(client, f"{fiche}/debloquer", fiche, code="S01")
    assert "n&#39;était plus bloqué ainsi" in client.get(fiche).text
    with lot() as conn:
        ouvertes = conn.execute(text("SELECT count(*) FROM pdp.tache WHERE parcours_id = :p"), {"p": mien.parcours}).scalar()
    assert ouvertes == 1


@pytest.mark.parametrize(("code", "attendu"), [("S04", 422), ("S99", 422), ("", 422)])
def test_what_has_no_repair_is_refused(bloque: Dossier, connecter: Connecter, code: str, attendu: int) -> None:
    client, fiche = connecter("csam"), f"/parcours/{bloque.parcours}"
    assert post(client, f"{fiche}/debloquer", fiche, code=code).status_code == attendu


def test_the_case_of_another_coordinator_is_not_there(bloque: Dossier, lieu: Lieu, connecter: Connecter) -> None:
    autre = sans_suite(lieu, "csam2")
    client = connecter("csam")
    assert post(client, f"/parcours/{autre.parcours}/debloquer", "/ma-liste", code="S01").status_code == 404


def test_the_manager_asks_for_contact(bloque: Dossier, lieu: Lieu, connecter: Connecter) -> None:
    """Nothing to come since the last look: the manager asks, the coordinator has it in her list with a date."""
    mien = sans_suite(lieu)
    client, page = connecter("responsable"), "/equipe/blocages/S01"
    neutre = client.get(f"/equipe/parcours/{mien.parcours}").text
    assert "Aucune suite prévue" in neutre
    assert page in neutre
    assert "depuis la dernière recherche" in client.get(page).text
    assert post(client, f"/equipe/parcours/{mien.parcours}/point", page, code="S01").headers["location"] == page
    apres = client.get(page).text
    assert "C&#39;est demandé" in apres
    assert f"/equipe/parcours/{mien.parcours}/point" not in apres
    assert "<strong>Faire le point avec la personne</strong>, chez : conseiller" in client.get(f"/equipe/parcours/{mien.parcours}").text
    assert "Faire le point avec la personne" in connecter("csam").get(f"/parcours/{mien.parcours}").text


def test_a_case_to_assign_is_no_stall_before_the_delay(bloque: Dossier, connecter: Connecter) -> None:
    with lot() as conn:
        conn.execute(text("UPDATE pdp.parcours SET csam_id = NULL, statut = 'a_affecter' WHERE id = :p"), {"p": bloque.parcours})
    neutre = connecter("responsable").get(f"/equipe/parcours/{bloque.parcours}").text
    assert "/equipe/blocages/S05" not in neutre
