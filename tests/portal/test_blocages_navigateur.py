"""A stall undone by keyboard alone in Chromium, by the coordinator and by the manager: no violation, reflow at 320 px."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page

import fabrique
from fabrique import MAINTENANT, lot
from pdp.domain.auteur import systeme
from pdp.services.sweep_veille import sweep_veille
from portal.conftest import Horloge
from portal.donnees import Lieu
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts

pytestmark = pytest.mark.browser
VEILLE = systeme("sweep_veille")


def _press(page: Page, nom: str) -> None:
    page.get_by_role("button", name=nom).first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_stalls_are_undone_by_keyboard(lieu: Lieu, app: FastAPI, horloge: Horloge) -> None:
    with lot(VEILLE) as conn:
        sweep_veille(conn, "PF35", VEILLE, MAINTENANT)
        du_chef, du_csam = (fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="contact_en_cours") for _ in range(2))
    constats: list[str] = []
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1440, "height": 900})
        connect(page, adresse, "csam")
        page.goto(f"{adresse}/bloques")
        constats += list_defauts(page, "bloques")
        page.goto(f"{adresse}/parcours/{du_csam.parcours}")
        constats += list_defauts(page, "fiche")
        _press(page, "Rétablir une suite")
        assert page.get_by_text("C'est fait.").is_visible()
        page.context.clear_cookies()
        connect(page, adresse, "responsable")
        page.goto(f"{adresse}/equipe/blocages/S01")
        constats += list_defauts(page, "S01")
        assert page.get_by_role("button", name="Demander un point").count() == 1
        _press(page, f"Demander un point au conseiller pour le parcours {du_chef.parcours}")
        assert page.get_by_text("C'est demandé").is_visible()
        page.goto(f"{adresse}/equipe/parcours/{du_chef.parcours}")
        constats += list_defauts(page, "parcours")
    assert constats == []
