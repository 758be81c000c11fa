"""Quarantine in the manager's portal: what each page shows and hides, each decision from form to row, and to the result on screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from fabrique import MAINTENANT, TEST, lot
from livraisons import ligne_assure, nir, write_fichier
from pdp.services.ingest_flux import ingest_depot
from pdp.services.replay_quarantaine import replay_demandes
from portal.donnees import NIR_FAUX as FAUSSE
from portal.donnees import Connecter, Lieu, TestClient, post

LISTE = "/equipe/quarantaine"


@pytest.fixture
def client(lignes: dict[str, UUID], connecter: Connecter) -> Iterator[TestClient]:
    return connecter("responsable")


def _receive() -> None:
    replay_demandes(lot, MAINTENANT + timedelta(minutes=10))


def _open(client: TestClient, ligne: UUID) -> str:
    reponse = post(client, f"{LISTE}/{ligne}/ouverture", f"{LISTE}/{ligne}")
    assert reponse.status_code == 200
    return reponse.text


def test_list_counts_by_reason_and_filters(client: TestClient, lignes: dict[str, UUID]) -> None:
    page = client.get(LISTE).text
    assert "À traiter <strong>4</strong>" in page
    assert str(lignes["contrat"]) not in page, "a line of another platform"
    assert page.count('scope="row"') == 4
    filtree = client.get(f"{LISTE}?flux=arrets_prescrits&code=dates_inversees").text
    assert filtree.count('scope="row"') == 1
    assert "Rejouer 1 ligne sans changement" in filtree
    assert client.get(f"{LISTE}?code=inconnu").text.count('scope="row"') == 0
    assert client.get(f"{LISTE}?etat=nimporte").text.count('scope="row"') == 4


def test_looking_opens_nothing_and_opening_leaves_a_trace(
    client: TestClient, lignes: dict[str, UUID], admin: psycopg.Connection[Any]
) -> None:
    fermee = client.get(f"{LISTE}/{lignes['nir']}")
    assert fermee.status_code == 200
    assert not re.search(rf"{FAUSSE}|351-2|NOM2|1980", fermee.text)
    requete = "SELECT auteur_role, donnees->>'quarantaine_id' FROM journal.evenement WHERE evenement = 'quarantaine_ouverte'"
    assert admin.execute(requete).fetchall() == []
    page = _open(client, lignes["nir"])
    assert f'value="{FAUSSE}"' in page, "the faulty cell is shown"
    assert not re.search(r"NOM2|Zoé|1980-04-12|0639980000", page), "the other identity cells are not"
    assert "Identité masquée" in page
    assert admin.execute(requete).fetchall() == [("responsable", str(lignes["nir"]))]
    assert FAUSSE not in page.split("<title>")[1].split("</title>")[0]


def test_medical_cells_are_never_shown(client: TestClient, lignes: dict[str, UUID]) -> None:
    arret = _open(client, lignes["date_fin"])
    assert "F32" not in arret
    assert 'name="champ-ald"' not in arret
    assert "Médical, jamais montré ici" in arret
    medicale = _open(client, lignes["motif_medical"])
    assert "à renvoyer depuis la source" in medicale
    assert "champ-" not in medicale
    assert "&lt;&lt;" not in medicale


def test_correction_is_checked_beside_the_field_then_replayed(
    client: TestClient, lignes: dict[str, UUID], admin: psycopg.Connection[Any]
) -> None:
    ligne = lignes["date_fin"]
    adresse = f"{LISTE}/{ligne}"
    refus = post(client, f"{adresse}/correction", adresse, **{"champ-date_fin": "2026-02-31", "champ-risque": "at"})
    assert refus.status_code == 422
    assert 'value="2026-02-31"' in refus.text
    assert 'id="champ-date_fin-erreur"' in refus.text
    assert 'aria-invalid="true"' in refus.text
    assert '<option value="at" selected>' in refus.text, "nothing typed is lost"
    assert admin.execute("SELECT count(*) FROM identite.correction_quarantaine").fetchone() == (0,)
    bonne = post(client, f"{adresse}/correction", adresse, **{"champ-date_fin": "2026-09-15", "champ-ald": "oui"})
    assert (bonne.status_code, bonne.headers["location"]) == (303, adresse)
    attente = client.get(adresse).text
    assert "prochaine réception, toutes les 10 minutes au plus" in attente
    assert "Voir le résultat" in attente
    assert admin.execute("SELECT champs FROM identite.correction_quarantaine").fetchall() == [(["date_fin"],)], "a hidden cell is not taken"
    _receive()
    assert "Corrigée et prise" in client.get(adresse).text
    assert admin.execute("SELECT date_fin::text, ald FROM pdp.arret_prescrit").fetchall() == [("2026-09-15", False)]
    assert "Traitées <strong>1</strong>" in client.get(f"{LISTE}?etat=traitees").text


def test_replay_as_it_is_says_still_refused(client: TestClient, lignes: dict[str, UUID]) -> None:
    adresse = f"{LISTE}/{lignes['risque']}"
    assert post(client, f"{adresse}/decision", adresse, decision="rejouer").status_code == 303
    assert post(client, f"{adresse}/decision", adresse, decision="rejouer").status_code == 409
    _receive()
    page = client.get(adresse).text
    assert "Encore refusée" in page
    assert "En quarantaine" in page


def test_abandon_wants_a_reason_and_can_be_taken_back(client: TestClient, lignes: dict[str, UUID]) -> None:
    adresse = f"{LISTE}/{lignes['risque']}"
    assert post(client, f"{adresse}/decision", adresse, decision="abandonner").status_code == 422
    assert post(client, f"{adresse}/decision", adresse, decision="abandonner", motif="renvoi_demande").status_code == 303
    assert "renvoi demandé à la source" in client.get(adresse).text
    assert post(client, f"{adresse}/retrait", adresse).status_code == 303
    assert "la ligne reste en quarantaine" in client.get(adresse).text
    _receive()
    assert "En quarantaine" in client.get(adresse).text, "nothing was left to apply"
    post(client, f"{adresse}/decision", adresse, decision="abandonner", motif="doublon")
    _receive()
    page = client.get(adresse).text
    assert "Abandonnée" in page
    assert "Rejouer telle quelle" in page, "an abandoned line may come back"


def test_a_whole_reason_at_once(client: TestClient, lignes: dict[str, UUID]) -> None:
    champs = {"flux": "arrets_prescrits", "code": "dates_inversees"}
    assert post(client, f"{LISTE}/lot", LISTE, **champs).status_code == 422
    assert post(client, f"{LISTE}/lot", LISTE, **champs, decision="abandonner").status_code == 422
    reponse = post(client, f"{LISTE}/lot", LISTE, **champs, decision="rejouer")
    assert reponse.status_code == 303
    suite = client.get(reponse.headers["location"]).text
    assert "1 ligne" in suite
    assert str(lignes["date_fin"]) in suite
    assert "Aucune ligne n" in client.get(post(client, f"{LISTE}/lot", LISTE, **champs, decision="rejouer").headers["location"]).text


@pytest.mark.parametrize("acte", ["", "/ouverture", "/correction", "/decision", "/retrait"])
def test_a_line_of_another_platform_does_not_exist(client: TestClient, lignes: dict[str, UUID], acte: str) -> None:
    for ligne in (lignes["contrat"], uuid4()):
        adresse = f"{LISTE}/{ligne}{acte}"
        reponse = post(client, adresse, LISTE, decision="rejouer") if acte else client.get(adresse)
        assert reponse.status_code == 404


def test_a_click_twice_asks_once(client: TestClient, lignes: dict[str, UUID], admin: psycopg.Connection[Any]) -> None:
    adresse, cle = f"{LISTE}/{lignes['risque']}", str(uuid4())
    for _ in range(2):
        assert post(client, f"{adresse}/decision", adresse, decision="rejouer", cle_saisie=cle).status_code == 303
    assert admin.execute("SELECT count(*) FROM identite.correction_quarantaine").fetchone() == (1,)


def test_lines_of_no_platform_are_counted_at_every_manager_and_open_nowhere(
    lignes: dict[str, UUID], connecter: Connecter, admin: psycopg.Connection[Any], tmp_path: Path
) -> None:
    write_fichier(tmp_path / "depot", "assures", [ligne_assure(9, departement="75")], jour="2026-10-02")
    ingest_depot(lot, tmp_path / "depot", TEST, MAINTENANT)
    [(orpheline,)] = admin.execute("SELECT id FROM identite.quarantaine WHERE plateforme_id IS NULL")
    chef = connecter("responsable")
    donnees = chef.get("/equipe/donnees").text
    assert "Lignes sans plateforme" in donnees
    assert "1 ligne refusée ne nomme aucune plateforme" in donnees
    page = chef.get(f"{LISTE}?etat=sans_plateforme").text
    assert "Sans plateforme <strong>1</strong>" in page
    assert "À traiter <strong>4</strong>" in page, "not one of the platform's"
    assert page.count('scope="row"') == 1
    assert str(orpheline) not in page, "nothing to open"
    assert "NOM9" not in page
    assert chef.get(f"{LISTE}/{orpheline}").status_code == 404
    assert post(chef, f"{LISTE}/{orpheline}/ouverture", LISTE).status_code == 404
    groupe = f"{LISTE}?etat=sans_plateforme&flux=assures&code=departement_hors_plateforme"
    assert "Abandonner 1 ligne" in chef.get(groupe).text
    choix = {"etat": "sans_plateforme", "flux": "assures", "code": "departement_hors_plateforme", "decision": "abandonner"}
    assert post(chef, f"{LISTE}/lot", groupe, **choix, motif="renvoi_demande").status_code == 303
    _receive()
    assert "Sans plateforme <strong>0</strong>" in chef.get(LISTE).text
    assert "Lignes sans plateforme" not in chef.get("/equipe/donnees").text


def test_people_who_share_a_nir_are_counted_on_the_page_of_the_data(
    client: TestClient, lieu: Lieu, tmp_path: Path, admin: psycopg.Connection[Any]
) -> None:
    assert "NIR partagés" not in client.get("/equipe/donnees").text
    autre = ligne_assure(3).replace(nir(3), nir(1))
    write_fichier(tmp_path / "depot", "assures", [autre], jour="2026-10-03")
    ingest_depot(lot, tmp_path / "depot", TEST, MAINTENANT)
    assert "2 personnes portent le NIR d'une autre, depuis le 18/11/2026" in client.get("/equipe/donnees").text.replace("&#39;", "'")
