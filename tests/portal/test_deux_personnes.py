"""Two people on one case, double click, back button, resend: one effect, nothing of what was typed is lost. In a browser, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

import fabrique
from pdp.clock import jour_local
from portal import donnees
from portal.conftest import Horloge
from portal.matinee import Matinee, build_matinee
from portal.navigateur import chromium, connect, serve

pytestmark = pytest.mark.browser
Admin = psycopg.Connection[Any]
MOT = "Elle préfère le matin, avant dix heures."


@pytest.fixture
def matinee(lieu: donnees.Lieu, horloge: Horloge) -> Matinee:
    return build_matinee(lieu)


@pytest.fixture
def adresse(app: FastAPI) -> Iterator[str]:
    with serve(app) as adresse:
        yield adresse


@pytest.fixture
def navigateur() -> Iterator[Browser]:
    with chromium() as navigateur:
        yield navigateur


def open_two(navigateur: Browser, adresse: str) -> list[Page]:
    """The same account in two browsers: an office computer and a laptop, or two people at one desk."""
    pages = []
    for _ in range(2):
        page = navigateur.new_context(locale="fr-FR").new_page()
        connect(page, adresse, "csam")
        pages.append(page)
    return pages


def count(admin: Admin, table: str, parcours: Any, condition: str = "true") -> int:
    ligne = admin.execute(f"SELECT count(*) FROM pdp.{table} WHERE parcours_id = %s AND {condition}", (parcours,)).fetchone()
    assert ligne is not None
    return int(ligne[0])


def test_second_person_learns_it_and_keeps_her_words(matinee: Matinee, adresse: str, navigateur: Browser, admin: Admin) -> None:
    """One records a death; the other, on a sheet opened before, records a call: refused, said, and the note is still there."""
    premiere, seconde = open_two(navigateur, adresse)
    parcours = matinee.parcours("Hortensia")
    for page in (premiere, seconde):
        page.goto(f"{adresse}/parcours/{parcours}/appel")
    seconde.fill("#note", MOT)
    premiere.locator("summary", has_text="Autres résultats").click()
    premiere.click("button[value=decede]")
    premiere.wait_for_url(f"**/parcours/{parcours}")
    seconde.click("button[value=messagerie]")
    seconde.wait_for_load_state()
    assert seconde.input_value("#note") == MOT
    assert "rien n'a été enregistré" in seconde.inner_text("main").lower()
    assert count(admin, "contact", parcours) == 1
    assert count(admin, "tache", parcours, "motif = 'nouvel_appel'") == 0


def test_one_slot_for_two(matinee: Matinee, adresse: str, navigateur: Browser, admin: Admin) -> None:
    """Both see the slot free, both take it for somebody else: one has it, the other is told and can choose another one."""
    premiere, seconde = open_two(navigateur, adresse)
    for page, nom in ((premiere, "Abeille"), (seconde, "Bleuet")):
        page.goto(f"{adresse}/parcours/{matinee.parcours(nom)}/creneaux")
    premiere.locator("button[name=debut_at]").first.click()
    premiere.wait_for_url(f"**/parcours/{matinee.parcours('Abeille')}")
    seconde.locator("button[name=debut_at]").first.click()
    seconde.wait_for_load_state()
    assert "plus libre" in seconde.inner_text("main")
    assert count(admin, "tele_echange", matinee.parcours("Abeille")) == 1
    assert count(admin, "tele_echange", matinee.parcours("Bleuet")) == 0


def test_double_click_on_every_act(matinee: Matinee, adresse: str, navigateur: Browser, admin: Admin, horloge: Horloge) -> None:
    page = navigateur.new_page()
    connect(page, adresse, "csam")
    parcours = matinee.parcours("Abeille")
    chemin = f"{adresse}/parcours/{parcours}"
    _twice(page, f"{chemin}/appel", "button[value=joint]")
    _twice(page, f"{chemin}/creneaux", "button[name=debut_at] >> nth=0")
    entretien = admin.execute("SELECT id FROM pdp.tele_echange WHERE parcours_id = %s", (parcours,)).fetchall()
    assert len(entretien) == 1
    horloge.advance(hours=2, minutes=20)
    connect(page, adresse, "csam")
    _twice(page, f"{adresse}/tele-echanges/{entretien[0][0]}", "button[value=realise]")
    page.goto(f"{chemin}/accords/cap_emploi")
    page.check("input[name=texte_lu]")
    _twice(page, "", "button[value=accorde]")
    page.goto(f"{chemin}/orientations")
    page.locator("a", has_text="Préparer l'orientation").click()
    page.fill("#motif", "Aide pour garder son emploi.")
    _twice(page, "", "button:has-text('Confirmer et transmettre')")
    comptes = {table: count(admin, table, parcours) for table in ("contact", "tele_echange", "accord", "orientation")}
    assert comptes == {"contact": 1, "tele_echange": 1, "accord": 1, "orientation": 1}
    assert count(admin, "outbox", parcours, "type = 'orientation'") == 1
    page.goto(f"{chemin}/cloture")
    page.select_option("#motif", "reprise_meme_poste")
    page.select_option("#situation", "meme_poste")
    page.fill("#survenu_le", jour_local(fabrique.MAINTENANT).isoformat())
    page.select_option("#provenance", "declare_assure")
    _twice(page, "", "button:has-text('Clôturer')")
    assert count(admin, "issue", parcours) == 1


def _twice(page: Page, adresse: str, bouton: str) -> None:
    """A double click, from the page given or from this one; it ends on a page that is no error."""
    if adresse:
        page.goto(adresse)
    depuis = page.url
    page.dblclick(f"main {bouton}", no_wait_after=True)
    page.wait_for_url(lambda url: url != depuis)
    page.wait_for_load_state()
    assert page.locator("main h1").count() == 1
    assert "Une erreur est survenue" not in page.inner_text("main")


def test_back_and_resend(matinee: Matinee, adresse: str, navigateur: Browser, admin: Admin) -> None:
    """The same form sent again leads where it led the first time; Back shows the sheet as it is now, and a reload sends nothing."""
    page = navigateur.new_page()
    connect(page, adresse, "csam")
    parcours = matinee.parcours("Bleuet")
    page.goto(f"{adresse}/parcours/{parcours}/appel")
    envoi = page.evaluate(
        """() => { const b = document.querySelector("button[value=messagerie]"); const f = new FormData(b.form);
        f.append("resultat", "messagerie"); return new URLSearchParams(f).toString(); }"""
    )
    page.click("button[value=messagerie]")
    page.wait_for_url("**/ma-liste")
    page.reload()
    assert count(admin, "contact", parcours) == 1
    statut = page.evaluate(
        """([u, corps]) => fetch(u, { method: "POST", body: corps, headers: { "content-type": "application/x-www-form-urlencoded" } })
        .then((r) => r.status + " " + new URL(r.url).pathname)""",
        [f"/parcours/{parcours}/appel", envoi],
    )
    assert statut == "200 /ma-liste"
    assert count(admin, "contact", parcours) == 1
    page.go_back()
    assert "Essais déjà faits (1)" in page.inner_text("main")
    assert count(admin, "tache", parcours, "fermee_at IS NULL") == 1
