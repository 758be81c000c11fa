"""Every screen of partners, médecins-conseils, managers and evaluators in Chromium: no accessibility violation, reflow at 320 px."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Page

from portal.donnees import Lieu
from portal.jeu import PASSAGE, Jeu
from portal.jeu_ecrans import build_jeu
from portal.navigateur import chromium, connect, serve
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


def _violations(page: Page) -> list[str]:
    """What axe-core refuses; a page on which no rule applies was not looked at, which is a failure too."""
    resultat = Axe().run(page).response
    assert len(resultat["passes"]) > 10
    return [f"{v['id']} × {len(v['nodes'])}: {v['nodes'][0]['html'][:160]}" for v in resultat["violations"]]


def _overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("login", ["partenaire", "medecin_conseil", "responsable", "evaluateur"])
def test_screens_are_accessible_and_reflow(jeu: Jeu, app: FastAPI, admin: psycopg.Connection[Any], tmp_path: Path, login: str) -> None:
    _publish(admin)
    constats: dict[str, Any] = {}
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1280, "height": 900})
        connect(page, adresse, login)
        for i, chemin in enumerate(_adresses(jeu)[login]):
            page.set_viewport_size({"width": 1280, "height": 900})
            page.goto(adresse + chemin)
            page.screenshot(path=tmp_path / f"{login}_{i}.png", full_page=True)
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            constats[chemin] = _violations(page)
            page.set_viewport_size({"width": 320, "height": 800})
            page.screenshot(path=tmp_path / f"{login}_{i}_320.png", full_page=True)
            constats[f"{chemin} 320"] = [*_violations(page), *([f"{_overflow(page)} px too wide"] if _overflow(page) > 0 else [])]
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
        assert _violations(page) == []
        page.goto(f"{adresse}/medecin/alertes")
        page.get_by_role("button", name="Relancer le parcours").click()
        page.get_by_text("Décision enregistrée").wait_for()
        assert _violations(page) == []
    assert admin.execute("SELECT decision FROM pdp.alerte").fetchone() == ("relancer_parcours",)
