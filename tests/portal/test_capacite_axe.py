"""Capacity and catalogue of automatic rules by keyboard alone in Chromium: accessible, readable at 320 px, drawings beside tables."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Page

from portal.donnees import Lieu
from portal.navigateur import chromium, connect, serve
from portal.passe_capacite import Passe, fill

pytestmark = pytest.mark.browser


def _look(page: Page, dossier: Path, nom: str) -> list[str]:
    """Violations at both widths; pictures for whoever looks."""
    constats = []
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for largeur in (1440, 320):
        page.set_viewport_size({"width": largeur, "height": 900})
        page.screenshot(path=dossier / f"{nom}_{largeur}.png", full_page=True)
        resultat = Axe().run(page).response
        assert len(resultat["passes"]) > 10
        constats += [f"{nom} {largeur}: {v['id']}: {v['nodes'][0]['html'][:160]}" for v in resultat["violations"]]
        trop = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        constats += [f"{nom} {largeur}: {trop} px too wide"] if trop > 0 else []
    page.set_viewport_size({"width": 1440, "height": 900})
    return constats


def test_question_asked_by_keyboard(lieu: Lieu, app: FastAPI, admin: psycopg.Connection[Any], tmp_path: Path) -> None:
    fill(Passe(admin, lieu.comptes["csam"]), maintenant=datetime.now(UTC))
    constats: list[str] = []
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1440, "height": 900})
        fautes: list[str] = []
        page.on("console", lambda m: fautes.append(m.text) if m.type == "error" else None)
        connect(page, adresse, "responsable")
        page.goto(f"{adresse}/equipe/capacite")
        constats += _look(page, tmp_path, "capacite")
        champ = page.get_by_label("Parcours ouverts par semaine", exact=False)
        champ.focus()
        page.keyboard.press("Control+A")
        page.keyboard.type("75")
        page.keyboard.press("Enter")
        page.get_by_text("Modifié par vous", exact=False).first.wait_for()
        assert page.get_by_text("Il faut", exact=False).count()
        assert page.locator("svg rect.pilier").count() == page.locator("table").first.locator("tbody tr").count()
        constats += _look(page, tmp_path, "capacite_modifiee")
        page.goto(f"{adresse}/regles-automatiques?famille=message")
        page.get_by_text("Lire le message").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("details[open] .citation").first.is_visible()
        constats += _look(page, tmp_path, "regles_automatiques")
        page.goto(f"{adresse}/equipe/capacite?part=400")
        page.get_by_role("alert").wait_for()
        constats += _look(page, tmp_path, "capacite_refus")
    assert constats + [f for f in fautes if "422" not in f] == []
