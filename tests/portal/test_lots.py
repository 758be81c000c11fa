"""Acts on several people in the portal, without script: chosen, rehearsed, confirmed, taken back; waits, promises and hand-overs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from httpx import Response

import fabrique
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, Lieu, TestClient, add_tache


@pytest.fixture
def cas(lieu: Lieu, horloge: Horloge) -> list[UUID]:
    """Two people with something to do in two days, one to whom a call is promised."""
    with fabrique.lot() as conn:
        parcours = [fabrique.parcours(conn, csam=lieu.comptes["csam"]).parcours for _ in range(3)]
        for p, motif in zip(parcours, ("premier_appel", "faire_le_point", "rappel_promis"), strict=True):
            add_tache(conn, p, motif, fabrique.MAINTENANT + timedelta(days=2))
    return parcours


def choisir(client: TestClient, geste: str, parcours: list[UUID]) -> Response:
    jeton = donnees.read_champ(client.get("/ma-liste").text, "jeton")
    return client.post("/lots", data={"jeton": jeton, "cle_saisie": str(uuid4()), "geste": geste, "parcours": [str(p) for p in parcours]})


def texte(client: TestClient, adresse: str) -> str:
    reponse = client.get(adresse)
    assert reponse.status_code == 200, reponse.text
    return reponse.text.replace("&#39;", "'")


def attente(admin: psycopg.Connection[Any]) -> list[Any]:
    return admin.execute("SELECT attente_raison, to_char(attente_jusqu_au, 'DD/MM') FROM pdp.tache ORDER BY motif").fetchall()


RIEN = [(None, None)] * 3


def test_put_several_people_on_hold_then_take_it_back(cas: list[UUID], connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("csam")
    assert 'form="lot"' in texte(client, "/ma-liste")
    page = choisir(client, "attente", cas).headers["location"]
    assert "Rien n'est encore fait" in texte(client, page)
    donnees.post(client, f"{page}/repetition", page, raison="soins_en_cours", jour="2026-12-01")
    repetition = texte(client, page)
    assert "2 seront faits, 1 refusé parce que…" in repetition
    assert "Un rappel est promis pour le 20/11/2026" in repetition
    assert attente(admin) == RIEN
    donnees.post(client, f"{page}/confirmer", page)
    resultat = texte(client, page)
    assert "Mise en attente : 2 faits, 1 refusé." in resultat
    assert "1 personne reste cochée" in resultat
    assert attente(admin) == [("soins_en_cours", "01/12"), ("soins_en_cours", "01/12"), (None, None)]
    donnees.post(client, f"{page}/confirmer", page)
    assert "rien n'a été fait une seconde fois" in texte(client, page)
    liste = texte(client, "/ma-liste")
    assert "en attente jusqu'au 01/12/2026" in liste, "put on hold, never hidden"
    donnees.post(client, f"{page}/annuler", page)
    assert "2 actes annulés." in texte(client, page)
    assert attente(admin) == RIEN


def test_double_click_confirms_once(cas: list[UUID], connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("csam")
    page = choisir(client, "echeance", cas[:2]).headers["location"]
    donnees.post(client, f"{page}/repetition", page, jour="2026-11-25")
    cle = str(uuid4())
    premiere = donnees.post(client, f"{page}/confirmer", page, cle_saisie=cle)
    seconde = donnees.post(client, f"{page}/confirmer", page, cle_saisie=cle)
    assert (premiere.status_code, seconde.headers["location"]) == (303, premiere.headers["location"])
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'echeance_changee'").fetchone() == (2,)


def test_nobody_chosen_is_said(cas: list[UUID], connecter: Connecter) -> None:
    client = connecter("csam")
    assert choisir(client, "attente", []).headers["location"] == "/ma-liste"
    assert "Aucune personne n'est cochée" in texte(client, "/ma-liste")


@pytest.mark.parametrize(
    ("geste", "champs"),
    [
        ("attente", {"raison": "", "jour": "2026-12-01"}),
        ("attente", {"raison": "soins_en_cours", "jour": ""}),
        ("attente", {"raison": "soins_en_cours", "jour": "2027-12-01"}),
        ("echeance", {"jour": "pas-une-date"}),
        ("passation", {"vers": "personne"}),
    ],
)
def test_what_is_missing_is_said_before_anybody_is_tried(cas: list[UUID], connecter: Connecter, geste: str, champs: dict[str, str]) -> None:
    client = connecter("csam")
    page = choisir(client, geste, cas).headers["location"]
    assert donnees.post(client, f"{page}/repetition", page, **champs).status_code == 422
    assert "Étape 1 sur 2" in texte(client, page)


def test_lot_of_a_colleague_does_not_exist(cas: list[UUID], connecter: Connecter) -> None:
    client, collegue = connecter("csam"), connecter("csam2")
    page = choisir(client, "attente", cas).headers["location"]
    absente = collegue.get(f"/lots/{uuid4()}")
    assert (collegue.get(page).text, absente.status_code) == (absente.text, 404)
    for geste in ("repetition", "confirmer", "annuler"):
        champs = {"raison": "autre", "jour": "2026-12-01"}
        assert donnees.post(collegue, f"{page}/{geste}", "/ma-liste", **champs).status_code == 404
    assert choisir(collegue, "attente", cas).headers["location"].startswith("/lots/"), "not hers: refused one by one by the rehearsal"


def test_case_passed_on_is_told_to_both(cas: list[UUID], lieu: Lieu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client, collegue = connecter("csam"), connecter("csam2")
    page = choisir(client, "passation", cas[2:]).headers["location"]
    assert "Agent" in texte(client, page), "colleagues present, with their load"
    note = "Elle préfère l'après-midi <b>."
    donnees.post(client, f"{page}/repetition", page, vers=str(lieu.comptes["csam2"]), note=note)
    donnees.post(client, f"{page}/confirmer", page)
    assert "1 fait" in texte(client, page)
    recu = texte(collegue, "/ma-liste")
    assert "Ce qui a changé de mains (1)" in recu
    assert "Elle préfère l'après-midi &lt;b&gt;." in recu
    assert "Promis : rappeler avant le 20/11/2026" in recu
    assert "Aucun contact enregistré" in recu
    donne = texte(client, "/ma-liste")
    assert "Ce qui a changé de mains" not in donne, "who gave it by herself has nothing to be told"
    assert f'href="/parcours/{cas[2]}"' not in donne, "no longer on the list of who gave"
    ligne = admin.execute("SELECT id FROM pdp.affectation").fetchone()
    assert ligne is not None
    donnees.post(collegue, "/passations/lues", "/ma-liste", passation=str(ligne[0]), retour="liste")
    assert "Ce qui a changé de mains" not in texte(collegue, "/ma-liste")
    for qui in (client, collegue):
        assert "Fiche de passation" in texte(qui, "/passations"), "still there once read"


@pytest.mark.parametrize(
    ("au", "motif"),
    [("2026-11-25", "Remplacement d'un collègue absent jusqu'au 25/11/2026"), ("", "Départ d'un collègue")],
    ids=["absence", "depart"],
)
def test_redistribution_by_a_manager_is_told_to_both(cas: list[UUID], lieu: Lieu, connecter: Connecter, au: str, motif: str) -> None:
    responsable, client, collegue = connecter("responsable"), connecter("csam"), connecter("csam2")
    champs = {"agent": str(lieu.comptes["csam"]), "du": "2026-11-18", "au": au}
    assert donnees.post(responsable, "/equipe/redistribution", "/equipe", **champs).status_code == 303
    recus = {collegue: "3 dossiers reçus, 0 confié à un collègue"}
    if au:
        recus[client] = "0 dossier reçu, 3 confiés à des collègues"
    else:
        assert client.get("/ma-liste").headers["location"].startswith("/connexion"), "who left reads nothing more"
    for qui, sens in recus.items():
        page = texte(qui, "/ma-liste")
        assert "Ce qui a changé de mains (3)" in page
        assert sens in page
        assert motif in page


def test_what_others_gave_each_other_is_not_mine_to_read(
    lieu: Lieu, connecter: Connecter, admin: psycopg.Connection[Any], cas: list[UUID]
) -> None:
    client = connecter("csam")
    page = choisir(client, "passation", cas[:1]).headers["location"]
    donnees.post(client, f"{page}/repetition", page, vers=str(lieu.comptes["csam2"]))
    donnees.post(client, f"{page}/confirmer", page)
    (ligne,) = admin.execute("SELECT id FROM pdp.affectation").fetchone() or (None,)
    ailleurs = connecter("csam_ailleurs")
    donnees.post(ailleurs, "/passations/lues", "/ma-liste", passation=str(ligne))
    assert admin.execute("SELECT lue_at FROM pdp.affectation").fetchone() == (None,)
    assert "Aucun dossier n'a changé de mains" in texte(ailleurs, "/passations")


def test_hold_of_one_reason_comes_back_by_itself_or_at_once(
    cas: list[UUID], connecter: Connecter, admin: psycopg.Connection[Any], horloge: Horloge
) -> None:
    client = connecter("csam")
    fiche = f"/parcours/{cas[0]}"
    tache = admin.execute("SELECT id FROM pdp.tache WHERE parcours_id = %s", (cas[0],)).fetchone()
    assert tache is not None
    donnees.post(client, f"{fiche}/taches/{tache[0]}/attente", fiche, raison="avis_medecin_conseil", jusqu_a="2026-11-28")
    page = texte(client, fiche)
    assert "Mis en attente : revient dans votre liste le 28/11/2026." in page
    assert "En attente jusqu'au 28/11/2026 (avis du médecin-conseil attendu)" in page
    assert "balle chez le médecin-conseil" in page
    horloge.advance(days=10)
    client = connecter("csam")
    page = texte(client, fiche)
    assert "Revient d'attente aujourd'hui, après 10 j" in page
    assert "balle chez moi" in page
    assert "Reprendre maintenant" not in page
    donnees.post(client, f"{fiche}/taches/{tache[0]}/attente", fiche, raison="autre", jusqu_a="2026-12-08")
    horloge.advance(days=2)
    client = connecter("csam")
    assert "depuis 2 j, 12 j en tout" in texte(client, fiche)
    donnees.post(client, f"{fiche}/taches/{tache[0]}/reprendre", fiche)
    page = texte(client, fiche)
    assert "L'attente est terminée" in page
    assert attente(admin)[1] == (None, None)
    donnees.post(client, f"{fiche}/taches/{tache[0]}/reprendre", fiche)
    assert "n'attendait plus" in texte(client, fiche)


def test_promise_in_one_gesture(cas: list[UUID], connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("csam")
    fiche = f"/parcours/{cas[0]}"
    assert (
        donnees.post(client, f"{fiche}/promesse", fiche, promis="2026-11-19", promis_heure="10:00", note="Après sa réunion").status_code
        == 303
    )
    page = texte(client, fiche)
    assert "Rappel promis le 19/11/2026 à 10 h 00" in page
    assert "Rappeler : promis à la personne" in page
    for champs in (
        {"promis": "", "promis_heure": ""},
        {"promis": "2026-11-19", "promis_heure": ""},
        {"promis": "2026-11-22", "promis_heure": "10:00"},
    ):
        assert donnees.post(client, f"{fiche}/promesse", fiche, **champs).status_code == 422


def test_own_reminder_has_a_closed_subject(cas: list[UUID], connecter: Connecter) -> None:
    client = connecter("csam")
    fiche = f"/parcours/{cas[0]}"
    assert "La personne peut demander à lire ce texte" in texte(client, fiche)
    assert donnees.post(client, f"{fiche}/taches", fiche, sujet="contacter_employeur", echeance="2026-11-24").status_code == 303
    page = texte(client, fiche)
    assert "Contacter l'employeur" in page
    assert "ajouté à la main" in page
    assert "automatique" in page
    assert donnees.post(client, f"{fiche}/taches", fiche, sujet="contacter_employeur", echeance="2026-11-25").status_code == 409
    assert donnees.post(client, f"{fiche}/taches", fiche, sujet="chercher", echeance="2026-11-25").status_code == 422
