"""Mon agenda in the real portal: the week, hours, ranges, appointments to move, the feed; the manager's view names nobody."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, lot
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, Lieu, TestClient

JEUDI = date(2026, 11, 19)


@pytest.fixture
def dossier(lieu: Lieu, horloge: Horloge) -> fabrique.Dossier:
    """A case with an appointment on Thursday at 10:30, and one of Monday that nobody entered."""
    with lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="entretien_planifie")
        donnees.add_tele_echange(conn, dossier, datetime(2026, 11, 19, 9, 30, tzinfo=UTC))
        passe = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="entretien_planifie")
        donnees.add_tele_echange(conn, passe, datetime(2026, 11, 16, 9, 30, tzinfo=UTC))
    return dossier


def lines(page: str) -> dict[str, str]:
    """Text of each day of the week shown."""
    corps = page.split("<tbody>")[1].split("</tbody>")[0]
    jours = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', corps, re.DOTALL)
    return {re.sub(r"<[^>]+>", " ", jour).split()[0]: " ".join(re.sub(r"<[^>]+>", " ", reste).split()) for jour, reste in jours}


def test_the_week_shows_hours_appointments_and_free_slots(dossier: fabrique.Dossier, connecter: Connecter) -> None:
    page = connecter("csam").get("/agenda").text
    jours = lines(page)
    assert list(jours) == ["Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi", "Samedi"]
    assert "9 h – 12 h , 13 h 30 – 17 h" in jours["Jeudi"]
    assert "10 h 30 – 11 h 15 Assuree" in jours["Jeudi"]
    assert "10 h 30" not in jours["Jeudi"].split("libres :")[1], "taken"
    assert "9 h 00 , 9 h 45 , 11 h 15" in jours["Jeudi"]
    assert jours["Samedi"].startswith("Fermé")
    assert "À renseigner : 1 télé-échange passé" in page


@pytest.mark.parametrize("semaine", ["2026-12-21", "n-importe-quoi", "", "2026-13-40"])
def test_any_week_can_be_asked_for(dossier: fabrique.Dossier, connecter: Connecter, semaine: str) -> None:
    page = connecter("csam").get(f"/agenda?semaine={semaine}")
    assert page.status_code == 200
    assert ("Jour férié" in page.text) is (semaine == "2026-12-21")


def test_closing_a_range_lists_what_it_hits_and_one_click_moves_it(
    dossier: fabrique.Dossier, lieu: Lieu, connecter: Connecter, horloge: Horloge
) -> None:
    client = connecter("csam")
    champs = {"genre": "fermee", "jour": "2026-11-19", "debut": "10:00", "fin": "12:00"}
    suite = donnees.post(client, "/agenda/plages", "/agenda", **champs)
    assert suite.headers["location"] == "/agenda?semaine=2026-11-19"
    page = client.get(suite.headers["location"]).text
    assert "1 rendez-vous tombe hors des heures ouvertes" in page
    assert "Fermé 10 h – 12 h" in lines(page)["Jeudi"]
    conflits = page.split('id="h-conflits"')[1].split("</section>")[0]
    proposition = re.findall(r'name="debut_at" value="([^"]+)"', conflits)[0]
    assert proposition == "2026-11-19T13:30:00+01:00"
    donnees.post(client, f"/parcours/{dossier.parcours}/creneaux", "/agenda", debut_at=proposition, canal="telephone")
    page = client.get("/agenda?semaine=2026-11-19").text
    assert 'id="h-conflits"' not in page
    assert "13 h 30 – 14 h 15 Assuree" in lines(page)["Jeudi"]


def test_a_range_taken_back_is_free_again(dossier: fabrique.Dossier, connecter: Connecter) -> None:
    client = connecter("csam")
    donnees.post(client, "/agenda/plages", "/agenda", genre="ouverte", jour="2026-11-21", debut="09:00", fin="10:00")
    page = client.get("/agenda").text
    assert "Ouvert en plus 9 h – 10 h" in lines(page)["Samedi"]
    retrait = re.search(r'action="(/agenda/plages/[^"]+/retirer)"', page)
    assert retrait
    donnees.post(client, retrait[1], "/agenda", semaine="2026-11-21")
    assert lines(client.get("/agenda").text)["Samedi"].startswith("Fermé Aucun")


@pytest.mark.parametrize(
    ("champs", "phrase"),
    [
        ({"debut": "12:00", "fin": "10:00"}, "L'heure de fin doit suivre"),
        ({"debut": "midi", "fin": "13:00"}, "n'est pas une heure"),
        ({"debut": "", "fin": "13:00"}, "Indiquez l'heure de début"),
        ({"jour": "2026-11-22", "genre": "ouverte"}, "ne s'ouvre pas"),
        ({"jour": "2026-11-01"}, "déjà passé"),
    ],
)
def test_a_range_that_makes_no_sense_is_a_french_sentence(
    dossier: fabrique.Dossier, connecter: Connecter, champs: dict[str, str], phrase: str
) -> None:
    defaut = {"genre": "fermee", "jour": "2026-11-19", "debut": "10:00", "fin": "12:00"}
    reponse = donnees.post(connecter("csam"), "/agenda/plages", "/agenda", **{**defaut, **champs})
    assert reponse.status_code == 422
    assert phrase in reponse.text.replace("&#39;", "'")


def test_a_part_time_week_then_the_platform_again(dossier: fabrique.Dossier, connecter: Connecter) -> None:
    client = connecter("csam")
    assert "Heures de la plateforme" in client.get("/agenda/horaires").text
    champs = {"du": "2026-11-23", "modele": "propre", "matin_debut_1": "08:30", "matin_fin_1": "12:30", "apres_midi_debut_4": "14:00"}
    assert "Jeudi après-midi : indiquez" in donnees.post(client, "/agenda/horaires", "/agenda/horaires", **champs).text
    suite = donnees.post(client, "/agenda/horaires", "/agenda/horaires", **champs, apres_midi_fin_4="18:00")
    jours = lines(client.get(suite.headers["location"]).text)
    assert "8 h 30 – 12 h 30" in jours["Lundi"]
    assert "14 h – 18 h" in jours["Jeudi"]
    assert jours["Mardi"].startswith("Fermé")
    page = client.get("/agenda/horaires").text
    assert "À partir du lundi 23 novembre 2026" in page
    assert 'value="08:30"' in page
    suite = donnees.post(client, "/agenda/horaires", "/agenda/horaires", du="2026-11-23", modele="plateforme")
    assert "9 h – 12 h" in lines(client.get(suite.headers["location"]).text)["Mardi"]


def test_the_manager_opens_hours_and_reads_no_name(dossier: fabrique.Dossier, lieu: Lieu, connecter: Connecter) -> None:
    with lot() as conn:
        for numero, cause in enumerate(("invite_sans_creneau", "sans_creneau")):
            autre = fabrique.parcours(conn, csam=lieu.comptes["csam"])
            donnees.add_tache(
                conn, autre.parcours, "ouvrir_creneaux", MAINTENANT + timedelta(days=numero), balle="responsable", cause=cause
            )
    client = connecter("responsable")
    equipe = client.get("/equipe/agendas").text
    assert "Invités sans créneau : 1 personne" in equipe
    assert "À inviter dès qu" in equipe
    racine = f"/equipe/agendas/{lieu.comptes['csam']}"
    page = client.get(racine).text
    assert "parcours" in lines(page)["Jeudi"]
    assert "Assuree" not in equipe + page
    assert "Dominique" not in equipe + page
    suite = donnees.post(client, f"{racine}/plages", racine, genre="ouverte", jour="2026-11-21", debut="09:00", fin="12:00")
    assert suite.headers["location"] == f"{racine}?semaine=2026-11-21"
    assert "Ouvert en plus" in client.get(suite.headers["location"]).text
    suite = donnees.post(
        client, f"{racine}/horaires", f"{racine}/horaires", du="2026-11-23", modele="propre", matin_debut_2="09:00", matin_fin_2="11:00"
    )
    assert lines(client.get(suite.headers["location"]).text)["Mardi"].startswith("9 h – 11 h")
    assert client.get(f"/equipe/agendas/{lieu.comptes['csam_ailleurs']}").status_code == 404


def test_the_secret_address_is_shown_once_and_works_without_sign_in(dossier: fabrique.Dossier, app: FastAPI, connecter: Connecter) -> None:
    client = connecter("csam")
    suite = donnees.post(client, "/agenda/partage", "/agenda")
    page = client.get(suite.headers["location"]).text
    adresse = re.search(r"elle ne sera plus montrée : http[^/]*//[^/]+(/agenda/flux/\S+\.ics)", page)
    assert adresse
    assert adresse[1] not in client.get("/agenda").text
    anonyme = TestClient(app, base_url="http://portail.test", follow_redirects=False)
    flux = anonyme.get(adresse[1])
    assert flux.status_code == 200
    assert flux.headers["content-type"].startswith("text/calendar")
    assert flux.headers["cache-control"] == "no-store"
    assert flux.text.count("BEGIN:VEVENT") == 2
    assert "Assuree" not in flux.text
    assert anonyme.get("/agenda/flux/inconnue.ics").status_code == 404
    donnees.post(client, "/agenda/partage/revoquer", "/agenda")
    assert anonyme.get(adresse[1]).status_code == 404


def test_inviting_from_the_slots_page_and_taking_it_back(lieu: Lieu, connecter: Connecter, horloge: Horloge) -> None:
    with lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"])
    client = connecter("csam")
    chemin = f"/parcours/{dossier.parcours}/creneaux"
    assert "Laisser la personne choisir" in client.get(chemin).text
    suite = donnees.post(client, f"/parcours/{dossier.parcours}/invitation", chemin)
    page = client.get(suite.headers["location"]).text
    assert "Invitation à choisir un rendez-vous" in page
    annulation = re.search(r'action="(/annulations/[^"]+)"', page)
    assert annulation, "every act can be taken back"
    assert "sans réponse pour l&#39;instant" in client.get(chemin).text or "sans réponse pour l'instant" in client.get(chemin).text
    donnees.post(client, annulation[1], chemin)
    assert "Envoyer l" in client.get(chemin).text
    with lot() as conn:
        assert conn.execute(text("SELECT fermee_motif FROM pdp.invitation")).scalars().all() == ["annulee"]


def test_no_slot_the_coordinator_is_told_what_was_done(lieu: Lieu, connecter: Connecter, horloge: Horloge) -> None:
    with lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"])
        conn.execute(
            text("INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES ('PF35', :a, '2026-11-01', '2027-03-01')"),
            {"a": lieu.comptes["csam"]},
        )
    client = connecter("csam")
    chemin = f"/parcours/{dossier.parcours}/creneaux"
    suite = donnees.post(client, f"/parcours/{dossier.parcours}/invitation", chemin)
    assert "Personne n&#39;a été invité" in client.get(suite.headers["location"]).text
    assert client.get("/ma-liste").status_code == 200
