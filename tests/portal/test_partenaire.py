"""Inbox of the partner: sees its own hand-overs only, answers once, and never reaches the parcours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from pdp.storage import db
from portal.donnees import Lieu, TestClient, post, read_champ
from portal.jeu import NOMS_ASSURES, Jeu
from portal.jeu_ecrans import build_jeu

Connecter = Callable[[str], TestClient]


@pytest.fixture
def jeu(lieu: Lieu) -> Jeu:
    return build_jeu(lieu)


def _inbox(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return admin.execute("SELECT statut, motif, compte_rendu, version FROM pdp.inbox ORDER BY version").fetchall()


def test_shows_what_was_handed_over_field_by_field(jeu: Jeu, connecter: Connecter) -> None:
    page = connecter("partenaire").get("/partenaire").text
    assert f"Xanthippine {NOMS_ASSURES[0]}" in page
    for attendu in ("02/03/1975", "Poste aménagé", "Difficultés de revenus", "en retard de 2 j", "il y a 6 jours"):
        assert attendu in page
    assert "À répondre (1)" in page
    assert "En cours (0)" in page
    assert "Terminées (1)" in page
    assert str(jeu.parcours[0]) not in page


@pytest.mark.parametrize("cle", ["autre", "retiree", "pas_envoyee"])
def test_hidden_orientation_is_not_found(jeu: Jeu, connecter: Connecter, cle: str) -> None:
    client = connecter("partenaire")
    adresse = f"/partenaire/demandes/{jeu.orientations[cle]}"
    assert str(jeu.orientations[cle]) not in client.get("/partenaire").text
    assert client.get(adresse).status_code == 404
    reponse = post(client, adresse + "/reponse", "/partenaire", statut="acceptee")
    assert reponse.status_code == 404


def test_the_other_partner_sees_its_own(jeu: Jeu, connecter: Connecter) -> None:
    page = connecter("partenaire2").get("/partenaire").text
    assert str(jeu.orientations["autre"]) in page
    assert str(jeu.orientations["mienne"]) not in page


def test_accept_then_first_meeting_then_report(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("partenaire")
    adresse = f"/partenaire/demandes/{jeu.orientations['mienne']}/reponse"
    accepte = post(client, adresse, "/partenaire", statut="acceptee")
    assert accepte.status_code == 303
    page = client.get("/partenaire").text
    assert "Réponse enregistrée, transmise à la plateforme" in page
    assert "En cours (1)" in page
    assert post(client, adresse, "/partenaire", statut="en_cours").status_code == 303
    assert post(client, adresse, "/partenaire", statut="realisee", compte_rendu="Dossier déposé.").status_code == 303
    assert "Terminées (2)" in client.get("/partenaire").text
    assert [ligne[0] for ligne in _inbox(admin)] == ["acceptee", "en_cours", "realisee"]
    statut = admin.execute("SELECT statut FROM pdp.orientation WHERE id = %s", (jeu.orientations["mienne"],)).fetchone()
    assert statut == ("envoyee",), "the screen only deposits; the collect service applies"


def test_refusal_needs_a_closed_reason(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("partenaire")
    adresse = f"/partenaire/demandes/{jeu.orientations['mienne']}/reponse"
    assert post(client, adresse, "/partenaire", statut="refusee").status_code == 422
    assert post(client, adresse, "/partenaire", statut="refusee", motif="parce_que").status_code == 422
    assert post(client, adresse, "/partenaire", statut="refusee", motif="capacite", compte_rendu="Complet.").status_code == 303
    assert _inbox(admin) == [("refusee", "capacite", "Complet.", 1)]
    assert "Plus de place actuellement" in client.get("/partenaire").text


@pytest.mark.parametrize(("statut", "rendu"), [("realisee", ""), ("realisee", "x" * 1001), ("inventee", "bien"), ("recue", "bien")])
def test_bad_answers_keep_nothing(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any], statut: str, rendu: str) -> None:
    client = connecter("partenaire")
    adresse = f"/partenaire/demandes/{jeu.orientations['mienne']}/reponse"
    assert post(client, adresse, "/partenaire", statut=statut, compte_rendu=rendu).status_code == 422
    assert _inbox(admin) == []


def test_double_click_is_one_answer(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("partenaire")
    adresse = f"/partenaire/demandes/{jeu.orientations['mienne']}/reponse"
    page = client.get("/partenaire").text
    champs = {"jeton": read_champ(page, "jeton"), "cle_saisie": read_champ(page, "cle_saisie"), "statut": "acceptee"}
    assert {client.post(adresse, data=champs).status_code for _ in range(2)} == {303}
    assert len(_inbox(admin)) == 1


def test_looking_writes_nothing(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("partenaire")
    avant = admin.execute("SELECT count(*) FROM journal.evenement").fetchone()
    client.get("/partenaire")
    client.get(f"/partenaire/demandes/{jeu.orientations['mienne']}")
    assert admin.execute("SELECT count(*) FROM journal.evenement").fetchone() == avant
    assert _inbox(admin) == []


@pytest.mark.parametrize("login", ["csam", "medecin_conseil", "responsable", "evaluateur"])
def test_other_functions_find_nothing(jeu: Jeu, connecter: Connecter, login: str) -> None:
    assert connecter(login).get("/partenaire").status_code == 404


def test_row_level_security_shows_own_sent_orientations_only(jeu: Jeu) -> None:
    with db.begin_as(jeu.auteur("partenaire")) as conn:
        vues = set(conn.execute(text("SELECT id FROM pdp.orientation")).scalars())
    assert vues == {jeu.orientations["mienne"], jeu.orientations["terminee"]}


@pytest.mark.parametrize(
    "requete",
    [
        "SELECT parcours_id FROM pdp.orientation",
        "SELECT * FROM pdp.orientation",
        "SELECT id FROM pdp.parcours",
        "SELECT nom FROM identite.assure",
        "SELECT code_cim10 FROM medical.motif_arret",
        "SELECT id FROM pdp.tache",
        "SELECT id FROM pdp.signalement",
        "UPDATE pdp.orientation SET statut = 'acceptee'",
    ],
)
def test_database_refuses_the_partner(jeu: Jeu, requete: str) -> None:
    with pytest.raises(ProgrammingError) as refus, db.begin_as(jeu.auteur("partenaire")) as conn:
        conn.execute(text(requete))
    assert isinstance(refus.value.orig, psycopg.errors.InsufficientPrivilege)


def test_database_refuses_an_answer_for_another_partner(jeu: Jeu) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), db.begin_as(jeu.auteur("partenaire")) as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.inbox (plateforme_id, partenaire_id, evenement_id, orientation_id, version, statut, survenu_at, empreinte,"
                " recu_at) VALUES ('PF35', :p, 'e1', :o, 1, 'acceptee', now(), '\\x00', now())"
            ),
            {"p": jeu.partenaire_2, "o": jeu.orientations["autre"]},
        )
