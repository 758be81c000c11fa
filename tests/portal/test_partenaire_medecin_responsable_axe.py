"""Every screen of partners, médecins-conseils, managers and evaluators in Chromium: no accessibility violation, reflow at 320 px."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from fastapi import FastAPI

from portal.donnees import Lieu
from portal.jeu import PASSAGE, Jeu
from portal.jeu_ecrans import build_jeu
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts, look
from portal.test_evaluateur import _publish

pytestmark = pytest.mark.browser


@pytest.fixture
def jeu(lieu: Lieu) -> Jeu:
    return build_jeu(lieu)


def _adresses(jeu: Jeu) -> dict[str, list[str]]:
    return {
        "partenaire": ["/partenaire", f"/partenaire/demandes/{jeu.orientations['mienne']}", "/aide"],
        "medecin_conseil": [
            "/medecin",
            "/medecin/alertes",
            "/medecin/alertes/suites",
            "/medecin/document-orientation",
            f"/medecin/dossiers/{jeu.signalements[0]}",
        ],
        "responsable": [
            "/equipe",
            "/equipe/blocages",
            "/equipe/blocages/premier_appel",
            "/equipe/blocages/S01",
            f"/equipe/parcours/{jeu.parcours[0]}",
            f"/equipe/absences?agent={jeu.lieu.comptes['csam']}&du={jeu.jour}&au=2099-01-01&motif=conge",
            "/equipe/donnees",
            "/passages",
            f"/passages/{quote(PASSAGE)}",
        ],
        "evaluateur": ["/evaluation", "/accessibilite"],
    }


@pytest.mark.parametrize("login", ["partenaire", "medecin_conseil", "responsable", "evaluateur"])
def test_screens_are_accessible_and_reflow(jeu: Jeu, app: FastAPI, admin: psycopg.Connection[Any], login: str) -> None:
    _publish(admin)
    constats: dict[str, Any] = {}
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1280, "height": 900})
        connect(page, adresse, login)
        for i, chemin in enumerate(_adresses(jeu)[login]):
            page.goto(adresse + chemin)
            constats[chemin] = list_defauts(page, f"{login}_{i}", (1280, 320))
    assert {chemin: trouves for chemin, trouves in constats.items() if trouves} == {}


def test_partner_answers_with_the_keyboard_alone(jeu: Jeu, app: FastAPI, admin: psycopg.Connection[Any]) -> None:
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page()
        connect(page, adresse, "partenaire")
        page.get_by_role("button", name="Accepter la demande").focus()
        page.keyboard.press("Enter")
        page.get_by_text("Réponse enregistrée, transmise à la plateforme.", exact=False).first.wait_for()
        page.get_by_role("button", name="Premier rendez-vous fait").focus()
        page.keyboard.press("Enter")
        page.get_by_text("accompagnement en cours", exact=False).first.wait_for()
    assert admin.execute("SELECT array_agg(statut ORDER BY version) FROM pdp.inbox").fetchone() == (["acceptee", "en_cours"],)


def test_doctor_consults_the_motif_then_decides_an_alert(jeu: Jeu, app: FastAPI, admin: psycopg.Connection[Any]) -> None:
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page()
        connect(page, adresse, "medecin_conseil")
        page.goto(f"{adresse}/medecin/dossiers/{jeu.signalements[0]}")
        page.get_by_role("button", name="Consulter le motif médical").click()
        page.get_by_text("Consultation journalisée le").wait_for()
        assert look(page, "reponse") == []
        page.goto(f"{adresse}/medecin/alertes")
        page.get_by_role("button", name="Relancer le parcours").click()
        page.get_by_text("Décision enregistrée").wait_for()
        assert look(page, "reponse") == []
    assert admin.execute("SELECT decision FROM pdp.alerte").fetchone() == ("relancer_parcours",)
