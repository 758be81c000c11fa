"""Redistribution on the manager's screens: seen before it is done, done once, told per parcours, taken back; nobody else finds it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from pdp.services import redistribute_parcours
from portal.donnees import Lieu, TestClient, post
from portal.jeu import NOMS_ASSURES, PRENOMS_ASSURES, Jeu
from portal.jeu_ecrans import build_jeu

Connecter = Callable[[str], TestClient]


@pytest.fixture
def jeu(lieu: Lieu) -> Jeu:
    return build_jeu(lieu)


def _adresse(jeu: Jeu, au: int | None = 40) -> str:
    fin = f"&au={jeu.jour + timedelta(days=au)}" if au is not None else ""
    return f"/equipe/redistribution?agent={jeu.lieu.comptes['csam']}&du={jeu.jour}{fin}"


def _champs(jeu: Jeu, au: int | None = 40) -> dict[str, str]:
    fin = str(jeu.jour + timedelta(days=au)) if au is not None else ""
    return {"agent": str(jeu.lieu.comptes["csam"]), "du": str(jeu.jour), "au": fin}


def _mains(admin: psycopg.Connection[Any], jeu: Jeu) -> set[Any]:
    return {
        csam for (csam,) in admin.execute("SELECT csam_id FROM pdp.parcours WHERE id = ANY(%s) AND csam_id IS NOT NULL", (jeu.parcours,))
    }


def test_preview_then_confirm_then_undo(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("responsable")
    csam, csam2 = jeu.lieu.comptes["csam"], jeu.lieu.comptes["csam2"]
    assert _mains(admin, jeu) == {csam}
    apercu = client.get(_adresse(jeu)).text
    for attendu in ("rien n'est encore changé", "Points avant", "Points après", "Pourquoi", "charge avant", "Confirmer la redistribution"):
        assert attendu in apercu, attendu
    assert _mains(admin, jeu) == {csam}, "looking changes nothing"
    premiere = post(client, "/equipe/redistribution", _adresse(jeu), **_champs(jeu))
    seconde = post(client, "/equipe/redistribution", _adresse(jeu), **_champs(jeu))
    assert (premiere.status_code, premiere.headers["location"]) == (303, seconde.headers["location"])
    assert _mains(admin, jeu) == {csam2}
    suite = client.get(premiere.headers["location"]).text
    assert "Confié" in suite
    assert f"/equipe/parcours/{jeu.parcours[0]}" in suite
    assert premiere.headers["location"] in client.get("/equipe/absences").text
    annulation = premiere.headers["location"] + "/annuler"
    for _ in range(2):
        assert post(client, annulation, "/equipe/absences").status_code == 303
    assert _mains(admin, jeu) == {csam}
    assert "Annulée" in client.get(premiere.headers["location"]).text


def test_receiving_colleague_reads_why_and_the_hand_over_sheet(jeu: Jeu, connecter: Connecter) -> None:
    responsable = connecter("responsable")
    post(responsable, "/equipe/redistribution", _adresse(jeu), **_champs(jeu))
    fiche = connecter("csam2").get(f"/parcours/{jeu.parcours[0]}").text
    for attendu in (
        "Remplacement d&#39;un collègue absent",
        "Retour prévu à son conseiller",
        "Relais reçu",
        "État :",
        "Parcours confié à un collègue",
    ):
        assert attendu in fiche, attendu


def test_departure_is_planned_from_the_same_page(jeu: Jeu, connecter: Connecter, monkeypatch: pytest.MonkeyPatch) -> None:
    client = connecter("responsable")
    page = client.get("/equipe/absences").text
    assert 'action="/equipe/redistribution"' in page
    assert "sans retour" in client.get(_adresse(jeu, None)).text
    sans_dossier = client.get(_adresse(jeu, None).replace(str(jeu.lieu.comptes["csam"]), str(jeu.lieu.comptes["csam2"]))).text
    for attendu in ("Rien ne change de mains", "Confirmer la redistribution"):  # a departure is written all the same
        assert attendu in sans_dossier
    monkeypatch.setattr(redistribute_parcours, "is_massif", lambda nombre, seuil: True)
    acte = post(client, "/equipe/redistribution", _adresse(jeu, None), **_champs(jeu, None)).headers["location"]
    assert "rien ne change avant" in client.get(acte).text, "held by a gate: it does not pretend to be done"


def test_absence_ahead_leads_to_its_redistribution(jeu: Jeu, connecter: Connecter) -> None:
    client = connecter("responsable")
    post(client, "/equipe/absences", "/equipe/absences", motif="conge", **_champs(jeu, 9))
    assert "Prévoir la redistribution" in client.get("/equipe/absences").text


def test_no_page_names_an_insured_person(jeu: Jeu, connecter: Connecter) -> None:
    client = connecter("responsable")
    interdits = {*NOMS_ASSURES, *PRENOMS_ASSURES, *map(str, jeu.assures)}
    suite = post(client, "/equipe/redistribution", _adresse(jeu), **_champs(jeu)).headers["location"]
    for adresse in (_adresse(jeu), suite):
        texte = client.get(adresse).text.lower()
        assert not {mot for mot in interdits if mot.lower() in texte}, adresse


@pytest.mark.parametrize(
    ("champ", "valeur", "statut"),
    [
        ("agent", "x", 422),
        ("agent", "00000000-0000-0000-0000-000000000000", 404),
        ("du", "", 422),
        ("au", "2020-01-01", 422),
    ],
)
def test_bad_request_keeps_nothing(
    jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any], champ: str, valeur: str, statut: int
) -> None:
    client = connecter("responsable")
    champs = {**_champs(jeu), champ: valeur}
    assert post(client, "/equipe/redistribution", "/equipe/absences", **champs).status_code == statut
    assert client.get("/equipe/redistribution", params=champs).status_code == statut
    assert admin.execute("SELECT count(*) FROM pdp.redistribution").fetchone() == (0,)


def test_another_platform_is_not_reached(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("responsable")
    champs = {**_champs(jeu), "agent": str(jeu.lieu.comptes["csam_ailleurs"])}
    assert post(client, "/equipe/redistribution", "/equipe/absences", **champs).status_code == 404
    assert admin.execute("SELECT count(*) FROM pdp.redistribution").fetchone() == (0,)


@pytest.mark.parametrize("login", ["csam", "medecin_conseil", "evaluateur", "partenaire"])
def test_other_functions_find_nothing(jeu: Jeu, connecter: Connecter, login: str) -> None:
    suite = post(connecter("responsable"), "/equipe/redistribution", _adresse(jeu), **_champs(jeu)).headers["location"]
    client = connecter(login)
    for adresse in (_adresse(jeu), suite):
        assert client.get(adresse).status_code == 404, adresse


def test_transfer_is_asked_for_shown_and_taken_back(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client, fiche = connecter("responsable"), f"/equipe/parcours/{jeu.parcours[0]}"
    for _ in range(2):
        assert post(client, f"{fiche}/transfert", fiche, vers="PF57", commune="57463").status_code == 303
    assert "Transfert demandé" in client.get(fiche).text
    [(demande,)] = admin.execute("SELECT id FROM pdp.transfert").fetchall()
    assert post(connecter("responsable"), f"/equipe/transferts/{demande}/retirer", fiche).status_code == 303
    assert "Demander le transfert" in client.get(fiche).text
    assert post(client, f"/equipe/transferts/{demande}/retirer", fiche).status_code == 409


@pytest.mark.parametrize(("vers", "commune"), [("PF57", "35238"), ("PF99", "57463"), ("", "57463"), ("PF57", "")])
def test_bad_transfer_keeps_nothing(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any], vers: str, commune: str) -> None:
    client, fiche = connecter("responsable"), f"/equipe/parcours/{jeu.parcours[0]}"
    assert post(client, f"{fiche}/transfert", fiche, vers=vers, commune=commune).status_code == 422
    assert admin.execute("SELECT count(*) FROM pdp.transfert").fetchone() == (0,)
