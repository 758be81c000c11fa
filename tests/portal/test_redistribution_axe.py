"""A redistribution by keyboard alone in Chromium: no accessibility violation on any page, reflow at 320 px."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI

from portal.donnees import Lieu
from portal.jeu_ecrans import build_jeu
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts, press

pytestmark = pytest.mark.browser


def test_absence_to_undo_by_keyboard(lieu: Lieu, app: FastAPI, admin: psycopg.Connection[Any]) -> None:
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
        constats += list_defauts(page, "absences")
        press(page, "link", "Prévoir la redistribution")
        page.get_by_text("rien n'est encore changé", exact=False).wait_for()
        constats += list_defauts(page, "apercu")
        press(page, "button", "Confirmer la redistribution")
        page.get_by_text("Redistribution confirmée", exact=False).wait_for()
        constats += list_defauts(page, "suite")
        press(page, "button", "Annuler la redistribution")
        page.get_by_text("Redistribution annulée", exact=False).first.wait_for()
        constats += list_defauts(page, "annulee")
        page.goto(f"{adresse}/equipe/parcours/{jeu.parcours[0]}")
        constats += list_defauts(page, "transfert")
        page.goto(f"{adresse}/equipe")
        constats += list_defauts(page, "equipe")
    assert constats == []
    assert admin.execute("SELECT count(*) FROM pdp.redistribution WHERE annulee_at IS NOT NULL").fetchone() == (1,)
