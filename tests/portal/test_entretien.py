"""Appointments: what was typed survives a refusal, an absence calls for another slot, only free slots are taken."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter

Admin = psycopg.Connection[Any]
M = fabrique.MAINTENANT


@pytest.fixture
def dossier(lieu: donnees.Lieu, horloge: Horloge) -> fabrique.Dossier:
    with fabrique.lot() as conn:
        return fabrique.parcours(conn, csam=lieu.comptes["csam"])


@pytest.mark.parametrize(
    ("champs", "fragment"),
    [
        ({"statut": "realise", "synthese": "x" * 501}, "dépasse 500 caractères"),
        ({"statut": "annule"}, "Issue du rendez-vous"),
        ({"statut": "realise", "emploi.contrat": "pirate"}, "Type de contrat"),
        ({"statut": "realise", "social.difficultes": ["dettes", "pirate"]}, "Difficultés"),
    ],
)
def test_refused_interview_keeps_what_was_typed(
    dossier: fabrique.Dossier, connecter: Connecter, horloge: Horloge, admin: Admin, champs: dict[str, Any], fragment: str
) -> None:
    with fabrique.lot() as conn:
        entretien = donnees.add_tele_echange(conn, dossier, M - timedelta(hours=1))
    client = connecter("csam")
    adresse = f"/tele-echanges/{entretien}"
    reponse = donnees.post(client, adresse, adresse, **{"emploi.souhait": "reconversion", **champs})
    assert reponse.status_code == 422
    assert fragment in reponse.text
    assert 'value="reconversion" checked' in reponse.text
    assert admin.execute("SELECT statut FROM pdp.tele_echange").fetchone() == ("planifie",)


def test_absence_proposes_another_slot(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    with fabrique.lot() as conn:
        conn.execute(text("UPDATE pdp.parcours SET statut = 'entretien_planifie'"))
        entretien = donnees.add_tele_echange(conn, dossier, M - timedelta(hours=1))
    client = connecter("csam")
    reponse = donnees.post(client, f"/tele-echanges/{entretien}", f"/tele-echanges/{entretien}", statut="absent")
    assert reponse.headers["location"] == f"/parcours/{dossier.parcours}/creneaux"
    assert ("planifier_tele_echange",) in admin.execute("SELECT motif FROM pdp.tache WHERE fermee_at IS NULL").fetchall()


@pytest.fixture
def entretien(dossier: fabrique.Dossier) -> str:
    """Address of a télé-échange that began ten minutes ago."""
    with fabrique.lot() as conn:
        conn.execute(text("UPDATE pdp.parcours SET statut = 'entretien_planifie'"))
        return f"/tele-echanges/{donnees.add_tele_echange(conn, dossier, M - timedelta(minutes=10))}"


def test_absence_is_one_click_with_a_word_to_the_person_and_some_days_before_another_slot(
    dossier: fabrique.Dossier, entretien: str, connecter: Connecter, admin: Admin
) -> None:
    client = connecter("csam")
    reponse = donnees.post(client, entretien, entretien, statut="absent")
    assert admin.execute("SELECT genre FROM pdp.message_rendez_vous").fetchall() == [("manque",)]
    taches = admin.execute("SELECT motif, echeance_at FROM pdp.tache WHERE fermee_at IS NULL").fetchall()
    assert [(m, e.isoformat()) for m, e in taches] == [("planifier_tele_echange", "2026-11-20T17:00:00+00:00")]
    annulation = re.search(r'action="(/annulations/[^"]+)"', client.get(reponse.headers["location"]).text)
    assert annulation is not None
    donnees.post(client, annulation.group(1), entretien)
    assert admin.execute("SELECT statut FROM pdp.tele_echange").fetchone() == ("planifie",)


def test_sections_are_kept_one_by_one_and_health_in_its_own_drawer(entretien: str, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam")
    taille = re.compile(r'data-si="emploi.contrat"[^>]* hidden>\s*<legend>Taille')
    assert taille.search(client.get(entretien).text)
    suite = donnees.post(client, f"{entretien}/brouillon", entretien, suite="travail", **{"emploi.contrat": "cdi"})
    assert suite.headers["location"] == f"{entretien}#h-travail"
    page = client.get(entretien).text
    assert not taille.search(page)
    assert 'value="cdi" checked' in page
    champs = {"emploi.contrat": "cdi", "emploi.souhait": "reconversion", "sante.suivi_psy": "oui", "sante.ressenti": "mieux"}
    suite = donnees.post(client, f"{entretien}/brouillon", entretien, suite="bilan", **champs)
    assert suite.headers["location"] == f"{entretien}#h-bilan"
    assert admin.execute("SELECT reponses FROM medical.brouillon_sante").fetchone() == (
        {"sante.ressenti": ["mieux"], "sante.suivi_psy": ["oui"]},
    )
    contenu = admin.execute("SELECT contenu FROM pdp.brouillon").fetchone()
    assert contenu is not None
    assert "sante" not in str(contenu)
    assert "psy" not in str(contenu)
    page = client.get(entretien).text.replace("&#39;", "'")
    assert "Cap emploi : La personne dit : souhait : reconversion." in page
    assert "Mon soutien psy : La personne souhaite en parler" in page
    assert "Souhait : reconversion." in page, "the proposed text, to be edited"
    assert not re.search(r'name="bilan.suites"[^>]*checked', page), "the machine proposes, a person decides"


def test_conclusion_is_kept_and_the_draft_gone(dossier: fabrique.Dossier, entretien: str, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam")
    champs = {
        "emploi.contrat": "independant",
        "emploi.taille_employeur": "moins_11",
        "social.difficultes": ["dettes"],
        "sante.suivi_psy": "oui",
    }
    bilan = {
        "bilan.obstacles": ["revenus"],
        "bilan.urgence": "haute",
        "bilan.motivation": "4",
        "bilan.suites": ["service_social", "psychologue"],
    }
    donnees.post(client, f"{entretien}/brouillon", entretien, **champs)
    reponse = donnees.post(client, entretien, entretien, statut="realise", synthese="Décidé ensemble", **champs, **bilan)
    assert reponse.headers["location"] == f"/parcours/{dossier.parcours}#accords"
    garde = admin.execute("SELECT emploi, bilan FROM pdp.tele_echange").fetchone()
    assert garde == (
        {"contrat": "independant"},
        {
            "obstacles": ["revenus"],
            "suites": ["service_social", "psychologue"],
            "proposees": ["service_social"],
            "urgence": "haute",
            "motivation": "4",
        },
    )
    assert admin.execute("SELECT (SELECT count(*) FROM pdp.brouillon) + (SELECT count(*) FROM medical.brouillon_sante)").fetchone() == (0,)
    page = client.get(f"/parcours/{dossier.parcours}").text
    assert "Suites retenues : Service social de l&#39;Assurance Maladie, Mon soutien psy." in page
    assert "Service social de l&#39;Assurance Maladie, Mon soutien psy" in client.get(entretien).text


def test_recorded_in_another_window_the_words_are_given_back(entretien: str, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam")
    donnees.post(client, entretien, entretien, statut="realise", synthese="La première")
    assert donnees.post(client, f"{entretien}/brouillon", entretien, synthese="La seconde").status_code == 409
    for statut in ("realise", "realise_partiel", "absent"):
        reponse = donnees.post(client, entretien, entretien, statut=statut, synthese="La seconde")
        assert reponse.status_code == 409
        assert "déjà renseigné" in reponse.text
        assert "La seconde" in reponse.text
    assert donnees.post(client, entretien, entretien, statut="realise", synthese="La première").status_code == 303, "the same again"
    assert admin.execute("SELECT synthese FROM pdp.tele_echange").fetchone() == ("La première",)


def test_double_click_records_once(entretien: str, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam")
    page = client.get(entretien).text
    champs = {"jeton": donnees.read_champ(page, "jeton"), "cle_saisie": str(uuid4()), "statut": "realise", "synthese": "Décidé"}
    reponses = [client.post(entretien, data=champs) for _ in range(2)]
    assert {r.headers["location"] for r in reponses} == {reponses[0].headers["location"]}
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'tele_echange_realise'").fetchone() == (1,)
    assert admin.execute("SELECT count(*) FROM pdp.acte WHERE genre = 'entretien_renseigne'").fetchone() == (1,)


def test_taken_back_the_answers_are_a_draft_again(entretien: str, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam")
    champs = {"emploi.souhait": "reconversion", "sante.ressenti": "mieux", "bilan.motivation": "4"}
    reponse = donnees.post(client, entretien, entretien, statut="realise", synthese="Décidé ensemble", **champs)
    annulation = re.search(r'action="(/annulations/[^"]+)"', client.get(reponse.headers["location"]).text)
    assert annulation is not None
    donnees.post(client, annulation.group(1), entretien)
    page = client.get(entretien).text
    for morceau in ('value="reconversion" checked', 'value="mieux" checked', ">Décidé ensemble</textarea>", 'value="4" checked'):
        assert morceau in page
    assert admin.execute("SELECT count(*) FROM medical.sante_declaree").fetchone() == (0,)


@pytest.mark.parametrize("login", ["csam2", "csam_ailleurs"])
def test_somebody_else_keeps_no_draft_of_it(entretien: str, connecter: Connecter, admin: Admin, login: str) -> None:
    client = connecter(login)
    for chemin in ("brouillon", "brouillon/effacer"):
        assert donnees.post(client, f"{entretien}/{chemin}", "/ma-liste", synthese="x").status_code == 404
    assert admin.execute("SELECT count(*) FROM pdp.brouillon").fetchone() == (0,)


@pytest.mark.parametrize("debut_at", ["", "demain", "2026-11-19T10:00:00", "2026-11-19T03:00:00+01:00", "1900-01-01T00:00:00+00:00"])
def test_only_free_slots_are_taken(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin, debut_at: str) -> None:
    creneaux = f"/parcours/{dossier.parcours}/creneaux"
    reponse = donnees.post(connecter("csam"), creneaux, creneaux, debut_at=debut_at, canal="telephone")
    assert reponse.status_code in (409, 422)
    assert admin.execute("SELECT count(*) FROM pdp.tele_echange").fetchone() == (0,)
