"""Fiche appel: one click records one attempt, says what comes next, and can be taken back."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

import fabrique
from pdp.domain.contact import RESULTATS
from pdp.portal.views import appel
from pdp.services.record_contact import record_contact
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter

Admin = psycopg.Connection[Any]
M = fabrique.MAINTENANT
RAPPEL = {"rappel": "2026-11-20", "rappel_heure": "14:30"}


@pytest.fixture
def dossier(lieu: donnees.Lieu, horloge: Horloge) -> fabrique.Dossier:
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"])
        donnees.add_tache(conn, dossier.parcours, "premier_appel", M + timedelta(days=1))
    return dossier


def list_rows(admin: Admin, table: str, colonnes: str, parcours: UUID) -> list[tuple[Any, ...]]:
    return admin.execute(f"SELECT {colonnes} FROM pdp.{table} WHERE parcours_id = %s ORDER BY 1", (parcours,)).fetchall()


@pytest.mark.parametrize(
    ("resultat", "tache", "suite"),
    [
        ("joint", "planifier_tele_echange", "creneaux"),
        ("messagerie", "nouvel_appel", "/ma-liste"),
        ("non_reponse", "nouvel_appel", "/ma-liste"),
        ("joint_rappel_demande", "rappel_promis", "/ma-liste"),
        ("hospitalise", "rappel_promis", "/ma-liste"),
        ("numero_faux", "courrier_injoignable", "/parcours/"),
        ("refus_echange", "faire_le_point", "/parcours/"),
        ("tiers", "nouvel_appel", "/ma-liste"),
        ("barriere_langue", "faire_le_point", "/parcours/"),
        ("decede", "cloture_a_confirmer", "/parcours/"),
    ],
)
def test_each_result_is_one_click(
    dossier: fabrique.Dossier, connecter: Connecter, admin: Admin, resultat: str, tache: str, suite: str
) -> None:
    client = connecter("csam")
    adresse = f"/parcours/{dossier.parcours}/appel"
    assert f'value="{resultat}"' in client.get(adresse).text
    reponse = donnees.post(client, adresse, adresse, resultat=resultat, note="Voix claire", **RAPPEL)
    assert reponse.status_code == 303, reponse.text
    assert suite in reponse.headers["location"]
    assert list_rows(admin, "contact", "resultat, note", dossier.parcours) == [(resultat, "Voix claire")]
    assert [m for m, f in list_rows(admin, "tache", "motif, fermee_at", dossier.parcours) if f is None] == [tache]
    page = client.get(reponse.headers["location"]).text
    assert RESULTATS[resultat] + " : c'est enregistré." in page.replace("&#39;", "'")
    assert "Annuler cette saisie" in page
    assert "c'est enregistré" not in client.get("/ma-liste").text.replace("&#39;", "'"), "a message is shown once"


def test_every_result_has_its_button(dossier: fabrique.Dossier, connecter: Connecter) -> None:
    page = connecter("csam").get(f"/parcours/{dossier.parcours}/appel").text.replace("&#39;", "'")
    assert [r for r in RESULTATS if f'name="resultat" value="{r}"' not in page] == []
    assert "Ceci n'est pas un contrôle" in page
    assert "06 39 98 00 00" in page


def test_promise_becomes_a_dated_task_in_paris_time(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    adresse = f"/parcours/{dossier.parcours}/appel"
    donnees.post(connecter("csam"), adresse, adresse, resultat="joint_rappel_demande", **RAPPEL)
    echeances = admin.execute("SELECT echeance_at FROM pdp.tache WHERE fermee_at IS NULL").fetchall()
    assert [e.isoformat() for (e,) in echeances] == ["2026-11-20T13:30:00+00:00"]


@pytest.mark.parametrize(
    "champs",
    [
        {"resultat": ""},
        {"resultat": "autre"},
        {"resultat": "joint", "note": "x" * 501},
        {"resultat": "joint_rappel_demande"},
        {"resultat": "joint_rappel_demande", "rappel": "2026-11-17"},
        {"resultat": "hospitalise", "rappel": "demain"},
        {"resultat": "joint", "cle_saisie": ""},
    ],
)
def test_bad_form_writes_nothing(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin, champs: dict[str, str]) -> None:
    adresse = f"/parcours/{dossier.parcours}/appel"
    assert donnees.post(connecter("csam"), adresse, adresse, **champs).status_code == 422
    assert list_rows(admin, "contact", "id", dossier.parcours) == []


def test_double_click_makes_one_contact(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam")
    adresse = f"/parcours/{dossier.parcours}/appel"
    page = client.get(adresse).text
    champs = {"jeton": donnees.read_champ(page, "jeton"), "cle_saisie": _cle(page, adresse), "resultat": "messagerie"}
    reponses = [client.post(adresse, data=champs) for _ in range(2)]
    assert [r.status_code for r in reponses] == [303, 303]
    assert {r.headers["location"] for r in reponses} == {"/ma-liste"}
    assert len(list_rows(admin, "contact", "id", dossier.parcours)) == 1


def test_second_click_waits_for_the_first(
    dossier: fabrique.Dossier, connecter: Connecter, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a slow day both clicks show the result of the one act; neither leads back to the form as if nothing had been done."""
    client = connecter("csam")
    adresse = f"/parcours/{dossier.parcours}/appel"
    page = client.get(adresse).text
    champs = {"jeton": donnees.read_champ(page, "jeton"), "cle_saisie": _cle(page, adresse), "resultat": "messagerie"}
    commence = threading.Event()

    def record_slowly(*lus: Any, **nommes: Any) -> Any:
        commence.set()
        time.sleep(0.6)  # a slow act: the second click arrives meanwhile, and only the server knows that it waits
        return record_contact(*lus, **nommes)

    monkeypatch.setattr(appel, "record_contact", record_slowly)
    with ThreadPoolExecutor(2) as clics:
        premier = clics.submit(client.post, adresse, data=champs)
        assert commence.wait(10)
        second = clics.submit(client.post, adresse, data=champs)
        assert {premier.result().headers["location"], second.result().headers["location"]} == {"/ma-liste"}
    assert len(list_rows(admin, "contact", "id", dossier.parcours)) == 1


def test_resend_from_a_new_session_makes_one_contact(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    """The key is kept with the contact too: signing in again and sending the same form adds nothing."""
    adresse = f"/parcours/{dossier.parcours}/appel"
    cle = ""
    for _ in range(2):
        client = connecter("csam")
        page = client.get(adresse).text
        cle = cle or _cle(page, adresse)
        client.post(adresse, data={"jeton": donnees.read_champ(page, "jeton"), "cle_saisie": cle, "resultat": "messagerie"})
    assert len(list_rows(admin, "contact", "id", dossier.parcours)) == 1


def test_failed_form_can_be_sent_again(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam")
    adresse = f"/parcours/{dossier.parcours}/appel"
    page = client.get(adresse).text
    champs = {"jeton": donnees.read_champ(page, "jeton"), "cle_saisie": _cle(page, adresse), "resultat": "joint_rappel_demande"}
    assert client.post(adresse, data=champs).status_code == 422
    assert client.post(adresse, data={**champs, **RAPPEL}).status_code == 303
    assert len(list_rows(admin, "contact", "id", dossier.parcours)) == 1


def _cle(page: str, adresse: str) -> str:
    """Key of the form that posts to ``adresse``."""
    return donnees.read_champ(page[page.index(f'action="{adresse}"') :], "cle_saisie")


def test_undo_keeps_the_row_marked_and_asks_for_the_call_again(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam")
    adresse = f"/parcours/{dossier.parcours}/appel"
    donnees.post(client, adresse, adresse, resultat="numero_faux")
    contact = admin.execute("SELECT id FROM pdp.contact").fetchone()
    assert contact is not None
    annuler = f"/parcours/{dossier.parcours}/contacts/{contact[0]}/annuler"
    for _ in range(2):
        assert donnees.post(client, annuler, adresse).status_code == 303
    assert [e is not None for (e,) in list_rows(admin, "contact", "saisie_par_erreur_at", dossier.parcours)] == [True]
    assert [m for m, f in list_rows(admin, "tache", "motif, fermee_at", dossier.parcours) if f is None] == ["nouvel_appel"]
    assert "(saisie par erreur)" in client.get(adresse).text


@pytest.mark.parametrize("login", ["csam2", "csam_ailleurs"])
def test_somebody_else_cannot_call_nor_undo(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin, login: str) -> None:
    adresse = f"/parcours/{dossier.parcours}/appel"
    donnees.post(connecter("csam"), adresse, adresse, resultat="messagerie")
    contact = admin.execute("SELECT id FROM pdp.contact").fetchone()
    assert contact is not None
    autre = connecter(login)
    assert autre.get(adresse).status_code == 404
    assert donnees.post(autre, adresse, "/ma-liste", resultat="joint").status_code == 404
    assert donnees.post(autre, f"/parcours/{dossier.parcours}/contacts/{contact[0]}/annuler", "/ma-liste").status_code == 404
    assert list_rows(admin, "contact", "resultat, saisie_par_erreur_at", dossier.parcours) == [("messagerie", None)]


def test_contact_of_another_case_cannot_be_undone_through_mine(
    lieu: donnees.Lieu, dossier: fabrique.Dossier, connecter: Connecter, admin: Admin
) -> None:
    with fabrique.lot() as conn:
        autre = fabrique.parcours(conn, csam=lieu.comptes["csam"])
    client = connecter("csam")
    adresse = f"/parcours/{autre.parcours}/appel"
    donnees.post(client, adresse, adresse, resultat="messagerie")
    contact = admin.execute("SELECT id FROM pdp.contact").fetchone()
    assert contact is not None
    assert donnees.post(client, f"/parcours/{dossier.parcours}/contacts/{contact[0]}/annuler", adresse).status_code == 404
    assert admin.execute("SELECT count(*) FROM pdp.contact WHERE saisie_par_erreur_at IS NOT NULL").fetchone() == (0,)


def test_worrying_words_alert_the_medecin_once(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam")
    adresse = f"/parcours/{dossier.parcours}/appel"
    for attendu in ("Le médecin-conseil est alerté.", "Le médecin-conseil est déjà alerté."):
        assert donnees.post(client, f"/parcours/{dossier.parcours}/risque", adresse).headers["location"] == adresse
        assert attendu in client.get(adresse).text
    assert admin.execute("SELECT type, phrase FROM pdp.alerte").fetchall() == [
        ("risque_suicidaire", "Risque suicidaire signalé par téléphone : à traiter tout de suite.")
    ]
