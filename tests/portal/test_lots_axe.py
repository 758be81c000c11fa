"""Acts on several people by keyboard alone in Chromium, without script: no accessibility violation on any page, reflow at 320 px."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from playwright.sync_api import Page
from sqlalchemy import text

import fabrique
from pdp import clock
from portal.donnees import Lieu, add_tache
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts, press

pytestmark = pytest.mark.browser


MOTIFS = ("premier_appel", "nouvel_appel", "rappel_promis", "faire_le_point", "attendre_partenaire", "lire_reponse")
NOMS = ("Abgrall", "Bélier", "Caradec-Lemoine", "Dréan", "Étienne", "Floc'h")


def _add_personnes(lieu: Lieu) -> None:
    """One person per kind of thing to do, most of them due in the week to come."""
    with fabrique.lot() as conn:
        for rang, (motif, nom) in enumerate(zip(MOTIFS, NOMS, strict=True)):
            dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], assure_id=fabrique.assure(conn, nom=nom))
            add_tache(conn, dossier.parcours, motif, clock.now() + timedelta(days=rang - 1))


def _tick(page: Page, rang: int) -> None:
    page.locator("input[name=parcours]:enabled").nth(rang).focus()
    page.keyboard.press("Space")


def test_coordinator_holds_passes_on_and_takes_back(lieu: Lieu, app: FastAPI, admin: psycopg.Connection[Any]) -> None:
    _add_personnes(lieu)
    constats: list[str] = []
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1440, "height": 900})
        connect(page, adresse, "csam")
        page.goto(f"{adresse}/ma-liste")
        for rang in range(len(MOTIFS)):
            _tick(page, rang)
        constats += list_defauts(page, "liste", replier=True)
        press(page, "button", "Mettre en attente")
        page.get_by_text("Rien n'est encore fait", exact=False).first.wait_for()
        constats += list_defauts(page, "parametres", replier=True)
        page.get_by_label("Raison de l'attente").select_option("reponse_employeur")
        page.get_by_label("Reprendre le").fill(page.get_by_label("Reprendre le").get_attribute("max") or "")
        press(page, "button", "Voir qui sera concerné")
        page.get_by_text("Répétition", exact=False).first.wait_for()
        constats += list_defauts(page, "repetition", replier=True)
        press(page, "button", "Confirmer pour")
        page.get_by_text("Confirmé le", exact=False).first.wait_for()
        constats += list_defauts(page, "resultat", replier=True)
        fait = admin.execute("SELECT count(*) FROM pdp.tache WHERE attente_jusqu_au IS NOT NULL").fetchone()
        page.goto(f"{adresse}/ma-liste")
        constats += list_defauts(page, "liste_en_attente", replier=True)
        page.goto(f"{adresse}/parcours/{_waiting(admin)}")
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        constats += list_defauts(page, "fiche_en_attente", replier=True)
        page.goto(f"{adresse}/ma-liste")
        _tick(page, 0)
        _tick(page, 1)
        press(page, "button", "Passer à un collègue")
        page.locator("input[name=vers]:enabled").first.focus()
        page.keyboard.press("Space")
        constats += list_defauts(page, "passation", replier=True)
        press(page, "button", "Voir qui sera concerné")
        press(page, "button", "Confirmer pour")
        page.get_by_text("Confirmé le", exact=False).first.wait_for()
        collegue = navigateur.new_context(viewport={"width": 1440, "height": 900}).new_page()
        connect(collegue, adresse, "csam2")
        collegue.goto(f"{adresse}/ma-liste")
        collegue.get_by_text("Ce qui a changé de mains", exact=False).first.wait_for()
        constats += list_defauts(collegue, "liste_passations", replier=True)
        collegue.goto(f"{adresse}/passations")
        constats += list_defauts(collegue, "passations", replier=True)
    assert fait is not None
    assert fait[0] > 0
    assert constats == []


def _waiting(admin: psycopg.Connection[Any]) -> str:
    ligne = admin.execute("SELECT parcours_id FROM pdp.tache WHERE attente_jusqu_au IS NOT NULL ORDER BY id").fetchone()
    assert ligne is not None
    return str(ligne[0])


def test_manager_gives_what_nobody_has(lieu: Lieu, app: FastAPI, admin: psycopg.Connection[Any]) -> None:
    with fabrique.lot() as conn:
        for rang in range(5):
            cas = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="a_affecter" if rang else "interrompu")
            conn.execute(
                text("UPDATE pdp.parcours SET csam_id = NULL, priorite = :n WHERE id = :p"), {"p": cas.parcours, "n": 40 + rang * 15}
            )
    constats: list[str] = []
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1440, "height": 900}, java_script_enabled=True)
        connect(page, adresse, "responsable")
        page.goto(f"{adresse}/equipe/affectation")
        constats += list_defauts(page, "pool", replier=True)
        page.locator("input[name=vers]:enabled").first.focus()
        page.keyboard.press("Space")
        for rang in range(3):
            _tick(page, rang)
        press(page, "button", "Voir ce qui serait affecté")
        page.get_by_text("Répétition", exact=False).first.wait_for()
        constats += list_defauts(page, "pool_repetition", replier=True)
        press(page, "button", "Confirmer pour")
        page.get_by_text("Confirmé le", exact=False).first.wait_for()
        constats += list_defauts(page, "pool_resultat", replier=True)
        press(page, "button", "Annuler pour")
        page.get_by_text("3 actes annulés", exact=False).first.wait_for()
    assert constats == []
    assert admin.execute("SELECT count(*) FROM pdp.parcours WHERE csam_id IS NULL").fetchone() == (5,)
