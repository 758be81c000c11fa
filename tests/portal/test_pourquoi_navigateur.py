"""« Pourquoi ? », the verdict and the what-if in Chromium: no accessibility violation, reflow at 320 px, everything by keyboard."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Page

import fabrique
from fabrique_detection import insert_personnes
from histoires import generate_personnes
from portal.conftest import Horloge
from portal.donnees import Lieu
from portal.jeu_pourquoi import build_dossier
from portal.navigateur import chromium, connect, serve

pytestmark = pytest.mark.browser
LARGEURS = (1440, 320)
CAPTURES = os.environ.get("PDP_CAPTURES")  # folder where to keep pictures, when somebody wants to look

_DEBORDE = """[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.outerHTML.slice(0, 90)).slice(-3)"""


@pytest.fixture
def dossier(lieu: Lieu, horloge: Horloge) -> fabrique.Dossier:
    with fabrique.lot() as conn:
        insert_personnes(conn, generate_personnes(7, 120))
    return build_dossier(lieu)


def _defauts(page: Page, nom: str) -> list[str]:
    """What axe-core refuses and what overflows at each width; a page on which no rule applies was not looked at."""
    defauts = []
    for largeur in LARGEURS:
        page.set_viewport_size({"width": largeur, "height": 900})
        resultat = Axe().run(page).response
        assert len(resultat["passes"]) > 10
        defauts += [f"{nom} {largeur}: {v['id']} {v['nodes'][0]['html'][:160]}" for v in resultat["violations"]]
        if page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") > 0:
            defauts.append(f"{nom} {largeur}: overflow of {page.evaluate(_DEBORDE)}")
        if CAPTURES:
            page.screenshot(path=str(Path(CAPTURES) / f"{nom}_{largeur}.png"), full_page=True)
    return defauts


def _adresses(dossier: fabrique.Dossier) -> dict[str, dict[str, str]]:
    passe = f"?connu_le={(fabrique.MAINTENANT - timedelta(days=30)).date()}"
    csam, medecin = f"/parcours/{dossier.parcours}", f"/medecin/dossiers/{dossier.signalement}"
    return {
        "csam": {"fiche": csam, "pourquoi": f"{csam}/pourquoi", "pourquoi_passe": f"{csam}/pourquoi{passe}"},
        "medecin_conseil": {"medecin_pourquoi": f"{medecin}/pourquoi", "medecin_pourquoi_passe": f"{medecin}/pourquoi{passe}"},
        "responsable": {
            "regles": "/equipe/regles",
            "essai": "/equipe/essai?cle=palier_signalement_j60&valeur=45",
            "essai_points": "/equipe/essai?cle=points_tms&valeur=45",
            "essai_refuse": "/equipe/essai?cle=palier_signalement_j60&valeur=1000",
        },
    }


@pytest.mark.parametrize("login", ["csam", "medecin_conseil", "responsable"])
def test_screens_are_accessible_and_reflow(dossier: fabrique.Dossier, app: FastAPI, login: str) -> None:
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page()
        connect(page, adresse, login)
        defauts = []
        for nom, chemin in _adresses(dossier)[login].items():
            page.goto(adresse + chemin)
            defauts += _defauts(page, nom)
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            defauts += _defauts(page, f"{nom}_ouvert")
        assert defauts == []


def test_a_detection_is_judged_and_taken_back_by_keyboard(dossier: fabrique.Dossier, app: FastAPI) -> None:
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page()
        connect(page, adresse, "csam")
        page.goto(f"{adresse}/parcours/{dossier.parcours}/pourquoi")
        page.get_by_text("Détection non pertinente").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="La personne a déjà repris").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Votre avis est enregistré")
        page.get_by_role("button", name="Retirer mon avis").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Votre avis sur cette détection est retiré")
        assert page.get_by_text("Détection pertinente", exact=True).is_visible()
