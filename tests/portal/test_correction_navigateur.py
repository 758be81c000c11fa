"""Undo by keyboard alone in Chromium, then each page of corrections: no accessibility violation, reflow at 320 px."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

import fabrique
from pdp.clock import now
from pdp.services.sweep_doublons import sweep_doublons
from portal import donnees
from portal.navigateur import chromium, connect, serve
from portal.regard import look

pytestmark = pytest.mark.browser


@pytest.fixture
def dossier(lieu: donnees.Lieu, monkeypatch: pytest.MonkeyPatch) -> fabrique.Dossier:
    """A case with a lookalike followed by the other coordinator; instants are those of the real clock, which the server reads."""
    monkeypatch.setattr(fabrique, "MAINTENANT", now())
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="entretien_realise")
        jumelle = fabrique.parcours(conn, csam=lieu.comptes["csam2"])
        for d in (dossier, jumelle):
            conn.execute(text("UPDATE identite.assure SET nom = 'Le Goff-Martineau', prenom = 'Anne' WHERE id = :i"), {"i": d.assure})
        donnees.add_motif(conn, dossier.signalement, "Plus de 90 jours d'arrêt")
        donnees.add_tache(conn, dossier.parcours, "demander_accord", now() + timedelta(days=1))
        donnees.add_tele_echange(conn, dossier, now() - timedelta(days=2), "realise")
        sweep_doublons(conn, "PF35", fabrique.TEST, now())
    return dossier


@pytest.fixture
def adresse(app: FastAPI) -> Iterator[str]:
    with serve(app) as adresse:
        yield adresse


@pytest.fixture
def navigateur() -> Iterator[Browser]:
    with chromium() as navigateur:
        yield navigateur


def press_until(page: Page, touche: str, attendu: str) -> None:
    """Move with the keyboard until the control of this accessible name has the focus."""
    for _ in range(80):
        page.keyboard.press(touche)
        if attendu in page.evaluate("document.activeElement.innerText || document.activeElement.labels?.[0]?.innerText || ''"):
            return
    raise AssertionError(f"{attendu} is not reached by {touche}")


def test_closed_undone_and_looked_at(dossier: fabrique.Dossier, adresse: str, navigateur: Browser) -> None:
    page = navigateur.new_context(viewport={"width": 1440, "height": 900}, locale="fr-FR").new_page()
    fiche = f"{adresse}/parcours/{dossier.parcours}"
    connect(page, adresse, "csam")
    page.goto(f"{fiche}/accords/service_social")
    page.get_by_label("Le texte a été lu mot pour mot").focus()
    page.keyboard.press("Space")
    press_until(page, "Tab", "Elle accepte")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Service social").first).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_role("button", name="Annuler cette réponse")).to_be_focused()
    assert look(page, "1440-annuler") == []
    page.keyboard.press("Enter")
    expect(page.get_by_text("est annulé. Le dossier est revenu comme avant")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator('.menu a[href="/mes-saisies"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("s", has_text="Réponse de la personne sur un accord")).to_be_visible()


PAGES = {
    "csam": ("/mes-saisies", "{fiche}", "{fiche}/corrections", "{fiche}/doublons"),
    "responsable": ("/equipe/doublons",),
}


def test_pages_at_both_widths(dossier: fabrique.Dossier, adresse: str, navigateur: Browser) -> None:
    fiche = f"/parcours/{dossier.parcours}"
    sobre = navigateur.new_context(java_script_enabled=False, locale="fr-FR").new_page()
    connect(sobre, adresse, "csam")
    sobre.goto(f"{adresse}{fiche}/accords/service_social")
    sobre.get_by_label("Le texte a été lu mot pour mot").check()
    sobre.get_by_role("button", name="Elle accepte").first.click()
    sobre.goto(f"{adresse}{fiche}/corrections")
    sobre.locator("#h-erreurs ~ ul details").first.locator("summary").click()
    sobre.locator("#h-erreurs ~ ul details").first.locator("select").select_option("reponse_fausse")
    sobre.locator("#h-erreurs ~ ul details").first.locator("button").click()
    assert "marqué comme une erreur" in sobre.inner_text(".messages")
    for largeur in (1440, 320):
        for login, chemins in PAGES.items():
            page = navigateur.new_context(viewport={"width": largeur, "height": 900}, locale="fr-FR").new_page()
            connect(page, adresse, login)
            for chemin in chemins:
                page.goto(adresse + chemin.format(fiche=fiche))
                page.evaluate("document.querySelectorAll('details').forEach((pli) => { pli.open = true; })")
                assert look(page, f"{largeur}-{login}-{chemin.split('/')[-1].strip('{}')}") == []
    with fabrique.lot() as conn:
        conn.execute(
            text("UPDATE pdp.parcours SET statut = 'cloture', clos_at = now(), cloture_motif = 'refus_assure' WHERE id = :p"),
            {"p": dossier.parcours},
        )
    for largeur in (1440, 320):
        page = navigateur.new_context(viewport={"width": largeur, "height": 900}, locale="fr-FR").new_page()
        connect(page, adresse, "csam")
        page.goto(f"{adresse}{fiche}/rouvrir")
        assert look(page, f"{largeur}-csam-rouvrir") == []
