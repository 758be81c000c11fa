"""The list in Chromium: by keyboard alone, in every state without accessibility violation, and without script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

import fabrique
from pdp.clock import now
from portal import donnees
from portal.navigateur import chromium, connect, serve

pytestmark = pytest.mark.browser
Admin = psycopg.Connection[Any]


@pytest.fixture
def gens(lieu: donnees.Lieu, monkeypatch: pytest.MonkeyPatch) -> list[fabrique.Dossier]:
    """Three people, the most urgent first. Instants are those of the real clock, which the server reads."""
    maintenant = now()
    monkeypatch.setattr(fabrique, "MAINTENANT", maintenant)
    with fabrique.lot() as conn:
        poses = []
        for rang, (nom, motif) in enumerate((("Alpha", "lire_reponse"), ("Beta", "premier_appel"), ("Gamma", "rappel_promis"))):
            dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], assure_id=fabrique.assure(conn, nom=nom))
            donnees.add_motif(conn, dossier.signalement, "Plus de 90 jours d'arrêt")
            donnees.add_tache(conn, dossier.parcours, motif, maintenant + timedelta(days=rang - 1))
            poses.append(dossier)
    return poses


@pytest.fixture
def adresse(app: FastAPI) -> Iterator[str]:
    with serve(app) as adresse:
        yield adresse


@pytest.fixture
def navigateur() -> Iterator[Browser]:
    with chromium() as navigateur:
        yield navigateur


def press(page: Page, *touches: str) -> None:
    for touche in touches:
        page.keyboard.press(touche)


def focused(page: Page) -> str:
    """What has the focus: tag, address or name."""
    return page.evaluate("(e => e.tagName + ' ' + (e.getAttribute('href') || e.name || e.textContent.trim()))(document.activeElement)")


def test_a_person_is_read_chosen_and_acted_on_by_keyboard_alone(
    gens: list[fabrique.Dossier], admin: Admin, adresse: str, navigateur: Browser
) -> None:
    page = navigateur.new_page()
    connect(page, adresse, "csam")
    alpha, beta = (f"/parcours/{d.parcours}" for d in gens[:2])
    press(page, "j", "j", "k")
    assert focused(page) == f"A {alpha}"
    press(page, "Space")
    expect(page.locator(".ligne-apercu")).to_contain_text("06 39 98 00 00")
    expect(page.locator("[role=status][data-annonce]")).to_contain_text("Aperçu ouvert")
    assert focused(page) == f"A {alpha}", "opening leaves the focus on the row"
    press(page, "Space")
    expect(page.locator(".ligne-apercu")).to_have_count(0)
    press(page, "j", "Space")
    expect(page.locator(".ligne-apercu")).to_have_count(1)
    press(page, "Tab", "Tab", "Tab", "Escape")
    expect(page.locator(".ligne-apercu")).to_have_count(0)
    assert focused(page) == f"A {beta}/appel", "closing gives the focus back to the row"
    press(page, "x", "j", "x")
    assert page.locator("[data-ligne] input:checked").count() == 2
    expect(page.locator("[role=status][data-annonce]")).to_have_text("2 personnes cochées")
    press(page, "x", "k", "s")
    expect(page.locator(".ligne-apercu select[name=raison]")).to_be_focused()
    press(page, "Escape", "k", "e")
    expect(page.locator(".ligne-apercu [data-fait]")).to_be_focused()
    press(page, "Enter")
    page.wait_for_url(f"**{alpha}")
    assert admin.execute("SELECT count(*) FROM pdp.tache WHERE motif = 'lire_reponse' AND fermee_at IS NOT NULL").fetchone() == (1,)
    press(page, "g", "m")
    page.wait_for_url("**/ma-liste")
    press(page, "/")
    assert focused(page) == "INPUT nom"
    page.keyboard.type("jkxes/")
    assert page.input_value("#nom") == "jkxes/", "a field keeps its keys"


def test_shortcuts_of_the_list_can_be_switched_off(gens: list[fabrique.Dossier], adresse: str, navigateur: Browser) -> None:
    page = navigateur.new_page()
    connect(page, adresse, "csam")
    page.click("#raccourcis > summary")
    page.click("[data-raccourcis-bascule]")
    page.locator("h1").click()
    for touche in ("j", "x", "Space", "/", "g", "m"):
        press(page, touche)
    assert focused(page).startswith(("BODY", "MAIN"))
    assert page.locator("[data-ligne] input:checked, .ligne-apercu").count() == 0


def test_a_session_that_ended_shows_the_page_rather_than_a_dead_panel(
    gens: list[fabrique.Dossier], admin: Admin, adresse: str, navigateur: Browser
) -> None:
    page = navigateur.new_page()
    connect(page, adresse, "csam")
    admin.execute("UPDATE securite.session SET fermee_at = now()")
    press(page, "j", "Space")
    page.wait_for_url(lambda url: "/connexion" in url, timeout=10_000)


@pytest.mark.parametrize("largeur", [1440, 320])
def test_each_state_of_the_list_is_accessible_and_fits(
    gens: list[fabrique.Dossier], adresse: str, navigateur: Browser, largeur: int
) -> None:
    page = navigateur.new_page(viewport={"width": largeur, "height": 900}, locale="fr-FR")
    connect(page, adresse, "csam")
    constats: dict[str, Any] = {"liste": _inspect(page)}
    assert page.locator("#personnes").bounding_box()["y"] < page.locator("#h-filtres").bounding_box()["y"] or largeur > 1000
    page.locator("a[data-apercu]").first.click()
    expect(page.locator(".ligne-apercu")).to_be_visible()
    constats["apercu"] = _inspect(page)
    page.click("button[value=retard]")
    page.click("#filtres details summary")
    page.fill("#nom-vue", "Mon lundi")
    page.click("form[action='/ma-liste/vues'] button")
    page.check("input[value=passee]")
    page.click("button[value=criteres]")
    expect(page.locator("h1")).to_contain_text("Mon lundi*")
    constats["vue modifiée"] = _inspect(page)
    page.check("input[value=aucun]")
    page.fill("#du", "2030-01-01")
    page.click("button[value=criteres]")
    expect(page.locator("main")).to_contain_text("Rien avec ces filtres")
    constats["vide"] = _inspect(page)
    page.fill("#telephone", "06 39 98 00 00")
    page.click("text=Rechercher")
    expect(page.locator("h1")).to_contain_text("3 personnes répondent")
    constats["recherche"] = _inspect(page)
    assert {etat: c for etat, c in constats.items() if c != ([], 0)} == {}


def test_all_of_it_without_script(gens: list[fabrique.Dossier], adresse: str, navigateur: Browser) -> None:
    page = navigateur.new_page(java_script_enabled=False)
    connect(page, adresse, "csam")
    page.click("button.tri[value=priorite]")
    assert page.get_attribute("th:has(button[value=priorite])", "aria-sort") == "descending"
    page.check("input[name=echeances][value=passee]")
    page.click("button[value=criteres]")
    assert page.locator("[data-ligne]").count() == 1
    page.click("a[data-apercu]")
    page.wait_for_url("**/ma-liste/apercu/*")
    assert "06 39 98 00 00" in page.inner_text("main")
    page.click("text=C'est fait")
    page.wait_for_url("**/parcours/*")
    page.click(".menu >> text=Ma liste")
    page.click("button[value=effacer]")
    assert page.locator("[data-ligne]").count() == 3
    page.check(f"input[name=parcours][value='{gens[1].parcours}']")
    page.click("#lot button[value=attente]")
    assert "Beta" in page.inner_text("main")


def _inspect(page: Page) -> tuple[list[str], int]:
    """Violations found by axe-core, and pixels beyond the window."""
    resultat = Axe().run(page).response
    assert len(resultat["passes"]) > 10
    violations = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in resultat["violations"]]
    return violations, page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
