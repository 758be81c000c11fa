"""The coordinator's screens in Chromium: no accessibility violation, reflow at 320 px, optional shortcuts, and all of it without script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

import fabrique
from pdp.clock import now
from pdp.services.record_contact import record_contact
from pdp.storage import db
from portal import donnees
from portal.navigateur import chromium, connect, serve

pytestmark = pytest.mark.browser
Admin = psycopg.Connection[Any]


@pytest.fixture
def dossiers(lieu: donnees.Lieu, monkeypatch: pytest.MonkeyPatch) -> list[fabrique.Dossier]:
    """Three people; the first one has an appointment that just began. Instants are those of the real clock, which the server reads."""
    maintenant = now()
    monkeypatch.setattr(fabrique, "MAINTENANT", maintenant)
    with fabrique.lot() as conn:
        poses = [
            fabrique.parcours(conn, csam=lieu.comptes["csam"], statut=s) for s in ("entretien_planifie", "affecte", "contact_en_cours")
        ]
        for rang, dossier in enumerate(poses):
            donnees.add_motif(conn, dossier.signalement, "Plus de 90 jours d'arrêt")
            donnees.add_tache(conn, dossier.parcours, "premier_appel", maintenant + timedelta(days=rang - 1))
        donnees.add_tele_echange(conn, poses[0], maintenant - timedelta(minutes=5))
    _call(lieu, poses[2], maintenant)
    return poses


def _call(lieu: donnees.Lieu, dossier: fabrique.Dossier, maintenant: datetime) -> None:
    auteur = fabrique.auteur_agent(lieu.comptes["csam"])
    options: dict[str, Any] = {"resultat": "messagerie", "canal": "telephone", "note": "Message laissé", "cle_saisie": uuid4()}
    with db.begin_as(auteur) as conn:
        record_contact(conn, auteur, dossier.parcours, maintenant=maintenant, **options)


@pytest.fixture
def adresse(app: FastAPI) -> Iterator[str]:
    with serve(app) as adresse:
        yield adresse


@pytest.fixture
def navigateur() -> Iterator[Browser]:
    with chromium() as navigateur:
        yield navigateur


def list_pages(lieu: donnees.Lieu, dossiers: list[fabrique.Dossier], admin: Admin) -> list[str]:
    entretien = admin.execute("SELECT id FROM pdp.tele_echange").fetchone()
    assert entretien is not None
    p = [f"/parcours/{d.parcours}" for d in dossiers]
    accords = [f"{p[1]}/accords/{d}" for d in ("accompagnement", "spst")]
    orientations = [f"{p[1]}/orientations", f"{p[1]}/orientations/{lieu.comptes['partenaire']}"]
    formulaires = [f"{p[0]}/creneaux", f"/tele-echanges/{entretien[0]}", f"{p[1]}/cloture", f"{p[1]}/issue"]
    return [
        "/ma-liste",
        "/ma-liste/vues",
        f"/ma-liste/apercu/{dossiers[2].parcours}",
        p[0],
        p[2],
        f"{p[2]}/appel",
        *formulaires,
        *accords,
        *orientations,
        "/absente",
    ]


@pytest.mark.parametrize("largeur", [1440, 320])
def test_screens_are_accessible_and_reflow(
    lieu: donnees.Lieu, dossiers: list[fabrique.Dossier], admin: Admin, adresse: str, navigateur: Browser, largeur: int
) -> None:
    page = navigateur.new_page(viewport={"width": largeur, "height": 900}, locale="fr-FR")
    constats: dict[str, Any] = {}
    page.goto(f"{adresse}/connexion")
    constats["/connexion"] = _inspect(page)
    connect(page, adresse, "csam")
    for chemin in list_pages(lieu, dossiers, admin):
        page.goto(adresse + chemin)
        page.evaluate("document.querySelectorAll('details').forEach((pli) => { pli.open = true; })")  # what is folded is looked at too
        constats[chemin] = _inspect(page)
    assert {chemin: c for chemin, c in constats.items() if c != ([], 0)} == {}


def _inspect(page: Page) -> tuple[list[str], int]:
    """Violations found by axe-core, and pixels beyond the window."""
    resultat = Axe().run(page).response
    assert len(resultat["passes"]) > 10
    violations = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in resultat["violations"]]
    return violations, page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_shortcuts_work_and_can_be_switched_off(dossiers: list[fabrique.Dossier], admin: Admin, adresse: str, navigateur: Browser) -> None:
    page = navigateur.new_page()
    connect(page, adresse, "csam")
    page.fill("#nom", "")
    page.locator("#nom").press_sequentially("jck?")
    assert page.input_value("#nom") == "jck?", "a field keeps its keys"
    page.locator("h1").click()
    for touche in ("j", "j", "k"):
        page.keyboard.press(touche)
    premier = f"/parcours/{dossiers[0].parcours}/appel"
    assert page.evaluate("document.activeElement.getAttribute('href')") == premier
    page.keyboard.press("c")
    page.wait_for_url(f"**{premier}")
    page.click("#raccourcis > summary")
    page.click("[data-raccourcis-bascule]")
    page.locator("h1").click()
    page.keyboard.press("2")
    assert admin.execute("SELECT count(*) FROM pdp.contact WHERE parcours_id = %s", (dossiers[0].parcours,)).fetchone() == (0,)
    page.click("[data-raccourcis-bascule]")
    page.locator("h1").click()
    page.keyboard.press("2")
    page.wait_for_url("**/ma-liste")
    assert admin.execute("SELECT resultat FROM pdp.contact WHERE parcours_id = %s", (dossiers[0].parcours,)).fetchone() == ("messagerie",)


def test_a_call_is_recorded_without_script(dossiers: list[fabrique.Dossier], admin: Admin, adresse: str, navigateur: Browser) -> None:
    page = navigateur.new_page(java_script_enabled=False)
    connect(page, adresse, "csam")
    page.click(f'[data-action][href="/parcours/{dossiers[1].parcours}/appel"]')
    page.click("button[value=non_reponse]")
    page.wait_for_url("**/ma-liste")
    assert "Annuler cette saisie" in page.inner_text("main")
    page.click("text=Annuler cette saisie")
    page.wait_for_url(f"**/parcours/{dossiers[1].parcours}")
    page.goto(f"{adresse}/parcours/{dossiers[1].parcours}/appel")
    assert "saisie par erreur" in page.inner_text("main")
    lignes = admin.execute("SELECT saisie_par_erreur_at IS NOT NULL FROM pdp.contact WHERE parcours_id = %s", (dossiers[1].parcours,))
    assert lignes.fetchall() == [(True,)]


def test_double_click_in_the_browser_is_one_contact(
    dossiers: list[fabrique.Dossier], admin: Admin, adresse: str, navigateur: Browser
) -> None:
    page = navigateur.new_page()
    connect(page, adresse, "csam")
    page.goto(f"{adresse}/parcours/{dossiers[1].parcours}/appel")
    page.dblclick("button[value=messagerie]", no_wait_after=True)
    page.wait_for_url("**/ma-liste")
    assert admin.execute("SELECT count(*) FROM pdp.contact WHERE parcours_id = %s", (dossiers[1].parcours,)).fetchone() == (1,)
