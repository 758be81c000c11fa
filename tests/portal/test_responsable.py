"""Screens of the manager: work and counts; no page ever names an insured person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from pdp.portal.views import passages
from pdp.storage import db
from portal.donnees import Lieu, TestClient, post
from portal.jeu import CIM10, NOMS_ASSURES, PASSAGE, PRENOMS_ASSURES, Jeu
from portal.jeu_ecrans import build_jeu

Connecter = Callable[[str], TestClient]


@pytest.fixture
def jeu(lieu: Lieu) -> Jeu:
    return build_jeu(lieu)


def _adresses(jeu: Jeu) -> list[str]:
    csam, jour = jeu.lieu.comptes["csam"], jeu.jour
    return [
        "/equipe",
        "/equipe/blocages",
        "/equipe/blocages/premier_appel",
        "/equipe/blocages/S11",
        f"/equipe/parcours/{jeu.parcours[0]}",
        f"/equipe/parcours/{jeu.parcours[1]}",
        "/equipe/absences",
        f"/equipe/absences?agent={csam}&du={jour}&au={jour + timedelta(days=9)}",
        "/equipe/donnees",
        "/equipe/quarantaine",
        "/equipe/quarantaine?etat=traitees&tout=true",
        "/passages",
        f"/passages/{quote(PASSAGE)}",
        "/aide",
    ]


def test_no_page_names_an_insured_person(jeu: Jeu, connecter: Connecter) -> None:
    client = connecter("responsable")
    interdits = {*NOMS_ASSURES, *PRENOMS_ASSURES, CIM10, "33612345678", "06 12 34 56 78", "Difficultés de revenus", "Rappeler Mme"}
    interdits |= {str(assure) for assure in jeu.assures}
    for adresse in _adresses(jeu):
        reponse = client.get(adresse)
        assert reponse.status_code == 200, adresse
        assert not {mot for mot in interdits if mot.lower() in reponse.text.lower()}, adresse


@pytest.mark.parametrize(
    ("adresse", "attendus"),
    [
        ("/equipe", ("1 tâche en retard", "Parcours non affectés (1)", "Camille Agent", "Présent")),
        ("/equipe/blocages", ("Premier appel", "en retard de 3 j", "en retard de 2 j", "1 alerte ouverte", "1 hors délai")),
        ("/equipe/blocages/premier_appel", ("en retard de 3 j",)),
        (
            "/equipe/donnees",
            (
                "dates_inversees",
                "La fin précède le début.",
                "arrets_essai.csv",
                "à jour",
                "prochain attendu avant le",
                "Déposer un fichier",
            ),
        ),
        ("/equipe/quarantaine", ("dates_inversees", "La fin précède le début.", "Ligne 4")),
        ("/passages", ("pdp_detection", "Terminé")),
    ],
)
def test_pages_say_what_matters(jeu: Jeu, connecter: Connecter, adresse: str, attendus: tuple[str, ...]) -> None:
    page = connecter("responsable").get(adresse).text
    assert [a for a in attendus if a not in page] == []


def test_a_run_leads_to_the_parcours_it_touched_and_back(jeu: Jeu, connecter: Connecter, monkeypatch: pytest.MonkeyPatch) -> None:
    client = connecter("responsable")
    lien = f"/passages/{quote(PASSAGE)}"
    assert lien in client.get("/passages").text
    passage = client.get(lien).text
    for parcours in jeu.parcours:
        assert f"/equipe/parcours/{parcours}" in passage
    assert "Parcours ouvert" in passage
    assert lien in client.get(f"/equipe/parcours/{jeu.parcours[0]}").text
    monkeypatch.setattr(passages, "TOUT", 1)
    assert "premiers touchés seulement" not in passage
    assert "1 parcours : les premiers touchés seulement" in client.get(lien).text


def test_unknown_things_are_not_found(jeu: Jeu, connecter: Connecter) -> None:
    client = connecter("responsable")
    for adresse in ("/passages/inconnu/x/y", "/equipe/blocages/inconnu", f"/equipe/parcours/{jeu.assures[0]}", "/equipe/parcours/1"):
        assert client.get(adresse).status_code == 404, adresse


def test_absence_is_previewed_then_recorded_once(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("responsable")
    champs = {
        "agent": str(jeu.lieu.comptes["csam"]),
        "du": str(jeu.jour + timedelta(days=4)),
        "au": str(jeu.jour + timedelta(days=6)),
        "motif": "formation",
    }
    apercu = "/equipe/absences?" + "&".join(f"{cle}={valeur}" for cle, valeur in champs.items())
    page = client.get(apercu).text
    assert "1 rendez-vous à déplacer" in page
    assert f"/equipe/parcours/{jeu.parcours[0]}" in page
    assert admin.execute("SELECT count(*) FROM pdp.absence_agent").fetchone() == (0,), "looking records nothing"
    assert post(client, "/equipe/absences", apercu, **champs).status_code == 303
    assert "1 rendez-vous à déplacer" in client.get(apercu).text
    assert post(client, "/equipe/absences", apercu, **champs).status_code == 303
    assert admin.execute("SELECT motif FROM pdp.absence_agent").fetchall() == [("formation",)]
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'absence_enregistree'").fetchone() == (1,)


@pytest.mark.parametrize(
    ("champ", "valeur", "statut"),
    [
        ("au", "2020-01-01", 422),
        ("motif", "grasse_matinee", 422),
        ("agent", "x", 422),
        ("du", "", 422),
        ("agent", "00000000-0000-0000-0000-000000000000", 404),
    ],
)
def test_bad_absence_keeps_nothing(
    jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any], champ: str, valeur: str, statut: int
) -> None:
    client = connecter("responsable")
    champs = {"agent": str(jeu.lieu.comptes["csam"]), "du": str(jeu.jour), "au": str(jeu.jour), "motif": "conge", champ: valeur}
    assert post(client, "/equipe/absences", "/equipe/absences", **champs).status_code == statut
    assert admin.execute("SELECT count(*) FROM pdp.absence_agent").fetchone() == (0,)


def test_absence_of_another_platform_is_refused(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("responsable")
    champs = {"agent": str(jeu.lieu.comptes["csam_ailleurs"]), "du": str(jeu.jour), "au": str(jeu.jour), "motif": "conge"}
    assert post(client, "/equipe/absences", "/equipe/absences", **champs).status_code == 404
    assert admin.execute("SELECT count(*) FROM pdp.absence_agent").fetchone() == (0,)


def test_looking_writes_nothing(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("responsable")
    avant = admin.execute("SELECT count(*) FROM journal.evenement").fetchone()
    for adresse in _adresses(jeu):
        client.get(adresse)
    assert admin.execute("SELECT count(*) FROM journal.evenement").fetchone() == avant


@pytest.mark.parametrize("login", ["csam", "medecin_conseil", "evaluateur", "partenaire"])
def test_other_functions_find_nothing(jeu: Jeu, connecter: Connecter, login: str) -> None:
    client = connecter(login)
    for adresse in _adresses(jeu)[:-1]:
        assert client.get(adresse).status_code == 404, adresse


@pytest.mark.parametrize(
    "requete",
    [
        "SELECT nom FROM identite.assure",
        "SELECT contenu_chiffre FROM identite.quarantaine",
        "SELECT cle_metier FROM identite.quarantaine",
        "SELECT note FROM pdp.tache",
        "SELECT contenu FROM pdp.orientation",
        "SELECT synthese FROM pdp.tele_echange",
        "SELECT phrase FROM pdp.alerte",
        "SELECT code_cim10 FROM medical.motif_arret",
    ],
)
def test_database_refuses_the_manager(jeu: Jeu, requete: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), db.begin_as(jeu.auteur("responsable")) as conn:
        conn.execute(text(requete))
