"""Capacity and catalogue of automatic rules by keyboard alone in Chromium: accessible, readable at 320 px, drawings beside tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI

from portal.donnees import Lieu
from portal.navigateur import chromium, connect, serve
from portal.passe_capacite import Passe, fill
from portal.regard import list_defauts

pytestmark = pytest.mark.browser


def test_question_asked_by_keyboard(lieu: Lieu, app: FastAPI, admin: psycopg.Connection[Any]) -> None:
    fill(Passe(admin, lieu.comptes["csam"]), maintenant=datetime.now(UTC))
    constats: list[str] = []
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1440, "height": 900})
        fautes: list[str] = []
        page.on("console", lambda m: fautes.append(m.text) if m.type == "error" else None)
        connect(page, adresse, "responsable")
        page.goto(f"{adresse}/equipe/capacite")
        constats += list_defauts(page, "capacite")
        champ = page.get_by_label("Parcours ouverts par semaine", exact=False)
        champ.focus()
        page.keyboard.press("Control+A")
        page.keyboard.type("75")
        page.keyboard.press("Enter")
        page.get_by_text("Modifié par vous", exact=False).first.wait_for()
        assert page.get_by_text("Il faut", exact=False).count()
        assert page.locator("svg rect.pilier").count() == page.locator("table").first.locator("tbody tr").count()
        constats += list_defauts(page, "capacite_modifiee")
        page.goto(f"{adresse}/regles-automatiques?famille=message")
        page.get_by_text("Lire le message").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("details[open] .citation").first.is_visible()
        constats += list_defauts(page, "regles_automatiques")
        page.goto(f"{adresse}/equipe/capacite?part=400")
        page.get_by_role("alert").wait_for()
        constats += list_defauts(page, "capacite_refus")
    assert constats + [f for f in fautes if "422" not in f] == []
