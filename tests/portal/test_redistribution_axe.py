"""A redistribution by keyboard alone in Chromium: no accessibility violation on any page, reflow at 320 px."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Page

from portal.donnees import Lieu
from portal.jeu_ecrans import build_jeu
from portal.navigateur import chromium, connect, serve

pytestmark = pytest.mark.browser


def _look(page: Page, dossier: Path, nom: str) -> list[str]:
    """Violations at both widths, details open; pictures for whoever looks."""
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


def _press(page: Page, role: Any, nom: str) -> None:
    page.get_by_role(role, name=nom).first.focus()
    page.keyboard.press("Enter")


def test_absence_to_undo_by_keyboard(lieu: Lieu, app: FastAPI, admin: psycopg.Connection[Any], tmp_path: Path) -> None:
    jeu = build_jeu(lieu)
    admin.execute("SET session_replication_role = replica")
    admin.execute(
        "INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES ('PF35', %s, %s, %s)",
        (lieu.comptes["csam"], jeu.jour, jeu.jour + timedelta(days=40)),
    )
    constats: list[str] = []
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1440, "height": 900})
        connect(page, adresse, "responsable")
        page.goto(f"{adresse}/equipe/absences")
        constats += _look(page, tmp_path, "absences")
        _press(page, "link", "Prévoir la redistribution")
        page.get_by_text("rien n'est encore changé", exact=False).wait_for()
        constats += _look(page, tmp_path, "apercu")
        _press(page, "button", "Confirmer la redistribution")
        page.get_by_text("Redistribution confirmée", exact=False).wait_for()
        constats += _look(page, tmp_path, "suite")
        _press(page, "button", "Annuler la redistribution")
        page.get_by_text("Redistribution annulée", exact=False).first.wait_for()
        constats += _look(page, tmp_path, "annulee")
        page.goto(f"{adresse}/equipe/parcours/{jeu.parcours[0]}")
        constats += _look(page, tmp_path, "transfert")
        page.goto(f"{adresse}/equipe")
        constats += _look(page, tmp_path, "equipe")
    assert constats == []
    assert admin.execute("SELECT count(*) FROM pdp.redistribution WHERE annulee_at IS NOT NULL").fetchone() == (1,)
