"""Beside the result of a call: what the person asks for, drafts without script, what follows the calls; nothing typed is lost."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from pdp.services.record_contact import record_contact
from pdp.services.record_parole import Preference, record_preference
from pdp.services.record_silence import set_silence
from pdp.storage import db
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter

Admin = psycopg.Connection[Any]
M = fabrique.MAINTENANT


@pytest.fixture
def dossier(lieu: donnees.Lieu, horloge: Horloge) -> fabrique.Dossier:
    with fabrique.lot() as conn:
        return fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="contact_en_cours")


@pytest.fixture
def appel(dossier: fabrique.Dossier) -> str:
    return f"/parcours/{dossier.parcours}/appel"


def exhaust(dossier: fabrique.Dossier) -> None:
    auteur = fabrique.auteur_agent(dossier.csam)
    for jours, heures in ((3, 0), (2, 4), (1, 0)):
        with db.begin_as(auteur) as conn:
            le = M - timedelta(days=jours) + timedelta(hours=heures)
            options: dict[str, Any] = {"resultat": "non_reponse", "canal": "telephone", "note": "", "cle_saisie": uuid4()}
            record_contact(conn, auteur, dossier.parcours, maintenant=le, **options)


def clean(page: str) -> str:
    return page.replace("&#39;", "'")


def test_asked_for_with_the_result_of_the_call(dossier: fabrique.Dossier, connecter: Connecter, appel: str, admin: Admin) -> None:
    champs = {"langue": "pt", "interprete": "oui", "moments": ["matin"], "refus": ["sms", "courrier"], "telephone": "01 99 00 11 22"}
    reponse = donnees.post(connecter("csam"), appel, appel, resultat="joint", preference_vue="", **champs)
    assert reponse.status_code == 303, reponse.text
    assert admin.execute("SELECT langue, interprete, moments, refus FROM pdp.preference_contact").fetchall() == [
        ("pt", True, ["matin"], ["sms", "courrier"])
    ]
    assert admin.execute("SELECT valeur, flux_valeur FROM identite.coordonnee_dite").fetchall() == [("+33199001122", "+33639980000")]
    page = clean(connecter("csam").get(appel).text)
    assert "01 99 00 11 22" in page
    assert "il ne reçoit pas de SMS" in page
    assert "Interprète : portugais" in page


def test_asked_for_during_the_call_keeps_the_note_being_typed(connecter: Connecter, appel: str, admin: Admin) -> None:
    client = connecter("csam")
    demandes = appel.replace("/appel", "/demandes")
    reponse = donnees.post(client, demandes, appel, preference_vue="", refus="sms", note="Elle hésite")
    assert reponse.headers["location"] == appel
    page = clean(client.get(appel).text)
    assert ">Elle hésite</textarea>" in page
    assert "Les demandes de la personne sont notées." in page
    assert admin.execute("SELECT count(*) FROM pdp.contact").fetchone() == (0,)
    annulation = re.search(r'action="(/annulations/[^"]+)"', page)
    assert annulation is not None
    assert donnees.post(client, annulation.group(1), appel).status_code == 303
    assert admin.execute("SELECT count(*) FROM pdp.preference_du((SELECT assure_id FROM pdp.parcours))").fetchone() == (0,)


@pytest.mark.parametrize(
    ("champs", "dit"),
    [
        ({"telephone": "06 12"}, "Un numéro français compte 10 chiffres"),
        ({"telephone": "08 91 00 00 00"}, "numéro de service"),
        ({"courriel": "dominique"}, "n'a pas une forme possible"),
        ({"canal_prefere": "sms", "refus": "sms"}, "Le moyen préféré (sms) est aussi refusé"),
        ({"note": "x" * 480, "phrase": "Message laissé sur le répondeur."}, "dépassent ensemble 500 caractères"),
    ],
)
def test_refused_form_comes_back_with_everything_typed(
    connecter: Connecter, appel: str, admin: Admin, champs: dict[str, str], dit: str
) -> None:
    reponse = donnees.post(
        connecter("csam"), appel, appel, resultat="joint", preference_vue="", moments="matin", **{"note": "Voix claire", **champs}
    )
    assert reponse.status_code == 422
    page = clean(reponse.text)
    assert dit in page
    assert champs.get("note", "Voix claire") in page
    assert 'value="matin" checked' in page
    for table in ("pdp.contact", "pdp.preference_contact", "identite.coordonnee_dite"):
        assert admin.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


def test_silence_set_meanwhile_refuses_the_call_and_keeps_the_note(
    dossier: fabrique.Dossier, connecter: Connecter, appel: str, admin: Admin
) -> None:
    auteur = fabrique.auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        set_silence(conn, auteur, dossier.assure, motif="refus", maintenant=M)
    reponse = donnees.post(connecter("csam"), appel, appel, resultat="messagerie", note="Voix claire")
    assert reponse.status_code == 409
    assert ">Voix claire</textarea>" in reponse.text
    assert admin.execute("SELECT count(*) FROM pdp.contact").fetchone() == (0,)


def test_older_window_does_not_undo_a_later_word(dossier: fabrique.Dossier, connecter: Connecter, appel: str, admin: Admin) -> None:
    auteur = fabrique.auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        record_preference(conn, auteur, dossier.parcours, Preference(refus=["sms"]), cle_saisie=uuid4(), maintenant=M)
    reponse = donnees.post(connecter("csam"), appel, appel, resultat="joint", preference_vue="", note="Voix claire")
    assert reponse.status_code == 409
    assert "changées entre-temps" in reponse.text
    assert ">Voix claire</textarea>" in reponse.text
    assert admin.execute("SELECT (SELECT count(*) FROM pdp.contact), refus FROM pdp.preference_contact").fetchall() == [(0, ["sms"])]


def test_number_of_the_feed_is_taken_by_a_button_only(dossier: fabrique.Dossier, connecter: Connecter, appel: str) -> None:
    client = connecter("csam")
    donnees.post(client, appel, appel, resultat="joint", preference_vue="", telephone="06 39 98 11 11")
    with fabrique.lot() as conn:
        conn.execute(text("UPDATE identite.assure SET telephone = '+33639982222'"))
    page = client.get(appel).text
    assert '<a href="tel:+33639981111">' in page
    assert "Utiliser celui de la caisse" in page
    donnees.post(client, appel.replace("/appel", "/demandes/coordonnees"), appel, telephone="+33639982222")
    page = client.get(appel).text
    assert '<a href="tel:+33639982222">' in page
    assert "Utiliser celui de la caisse" not in page


def test_draft_without_script(lieu: donnees.Lieu, connecter: Connecter, appel: str, admin: Admin, horloge: Horloge) -> None:
    client = connecter("csam")
    assert donnees.post(client, f"{appel}/brouillon", appel, note="Elle hésite", refus="sms").headers["location"] == appel
    page = client.get(appel).text
    assert "Brouillon gardé à 09 h 00, jusqu&#39;au 25/11/2026." in page
    assert ">Elle hésite</textarea>" in page
    assert 'name="refus" value="sms" checked' in page
    horloge.advance(days=8)
    client = connecter("csam")
    assert "Elle hésite" not in client.get(appel).text
    donnees.post(client, f"{appel}/brouillon", appel, note="Encore")
    donnees.post(client, f"{appel}/brouillon/effacer", appel)
    assert admin.execute("SELECT count(*) FROM pdp.brouillon").fetchone() == (0,)


def test_script_asks_for_json_and_sends_no_key(connecter: Connecter, appel: str) -> None:
    client = connecter("csam")
    champs = {"jeton": donnees.read_champ(client.get(appel).text, "jeton"), "note": "Elle"}
    for note in ("Elle", "Elle hésite"):
        reponse = client.post(f"{appel}/brouillon", data={**champs, "note": note}, headers={"accept": "application/json"})
        assert reponse.json() == {"phrase": "Brouillon gardé à 09 h 00, jusqu'au 25/11/2026."}
    assert ">Elle hésite</textarea>" in client.get(appel).text


def test_save_that_arrives_after_the_call_keeps_nothing(connecter: Connecter, appel: str, admin: Admin) -> None:
    client, cle = connecter("csam"), str(uuid4())
    donnees.post(client, appel, appel, resultat="messagerie", note="Message", cle_saisie=cle)
    jeton = donnees.read_champ(client.get(appel).text, "jeton")
    champs = {"jeton": jeton, "note": "Message", "formulaire": cle}
    assert client.post(f"{appel}/brouillon", data=champs, headers={"accept": "application/json"}).json() == {"phrase": ""}
    assert admin.execute("SELECT count(*) FROM pdp.brouillon").fetchone() == (0,)


def test_draft_is_gone_once_the_call_is_recorded(connecter: Connecter, appel: str, admin: Admin) -> None:
    client = connecter("csam")
    donnees.post(client, f"{appel}/brouillon", appel, note="Elle hésite")
    donnees.post(client, appel, appel, resultat="messagerie", note="Message", phrase="Numéro de la plateforme donné.")
    assert admin.execute("SELECT count(*) FROM pdp.brouillon").fetchone() == (0,)
    assert admin.execute("SELECT note, script_version FROM pdp.contact").fetchall() == [
        ("Numéro de la plateforme donné. Message", "appel-2026.1")
    ]


def test_after_the_calls_one_click_writes_and_can_be_taken_back(
    dossier: fabrique.Dossier, connecter: Connecter, appel: str, admin: Admin
) -> None:
    client = connecter("csam")
    assert "Envoyer un SMS" not in client.get(appel).text
    assert donnees.post(client, f"{appel}/message", appel, canal="sms").status_code == 409, "the calls are not done"
    exhaust(dossier)
    assert "Envoyer un SMS" in client.get(appel).text
    reponse = donnees.post(client, f"{appel}/message", appel, canal="sms")
    assert reponse.headers["location"] == "/ma-liste"
    page = client.get("/ma-liste").text
    annulation = re.search(r'action="(/annulations/[^"]+)"', page)
    assert annulation is not None
    assert "Envoyer un SMS" not in client.get(appel).text
    donnees.post(client, annulation.group(1), appel)
    assert admin.execute("SELECT etat FROM pdp.outbox").fetchall() == [("rappele",)]
    donnees.post(client, f"{appel}/courrier", appel)
    assert admin.execute("SELECT type FROM pdp.outbox WHERE etat = 'a_envoyer'").fetchall() == [("injoignable",)]
    assert admin.execute("SELECT motif FROM pdp.tache WHERE issue = 'envoye'").fetchall() == [("autre_canal",)]


@pytest.mark.parametrize("login", ["csam2", "csam_ailleurs"])
def test_somebody_else_can_do_none_of_it(dossier: fabrique.Dossier, connecter: Connecter, appel: str, admin: Admin, login: str) -> None:
    exhaust(dossier)
    client, parcours = connecter(login), f"/parcours/{dossier.parcours}"
    for chemin in ("demandes", "demandes/coordonnees", "appel/brouillon", "appel/brouillon/effacer", "appel/message", "appel/courrier"):
        champs = {"note": "x", "telephone": "06 39 98 11 11", "canal": "sms", "preference_vue": ""}
        assert donnees.post(client, f"{parcours}/{chemin}", "/ma-liste", **champs).status_code == 404, chemin
    for table in ("pdp.brouillon", "pdp.preference_contact", "identite.coordonnee_dite", "pdp.outbox"):
        assert admin.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
