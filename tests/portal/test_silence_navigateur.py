"""A silence asked for in Chromium without script, then each page that shows it: no accessibility violation, reflow at 320 px."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser

import fabrique
from pdp.clock import jour_local, now
from portal import donnees
from portal.navigateur import chromium, connect, serve
from portal.regard import look

pytestmark = pytest.mark.browser


@pytest.fixture
def dossier(lieu: donnees.Lieu, monkeypatch: pytest.MonkeyPatch) -> fabrique.Dossier:
    """Instants are those of the real clock, which the server reads."""
    monkeypatch.setattr(fabrique, "MAINTENANT", now())
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"])
        donnees.add_motif(conn, dossier.signalement, "Plus de 90 jours d'arrêt")
        donnees.add_tache(conn, dossier.parcours, "premier_appel", now() + timedelta(days=1))
        donnees.add_tele_echange(conn, dossier, now() + timedelta(days=2))
    return dossier


@pytest.fixture
def adresse(app: FastAPI) -> Iterator[str]:
    with serve(app) as adresse:
        yield adresse


@pytest.fixture
def navigateur() -> Iterator[Browser]:
    with chromium() as navigateur:
        yield navigateur


def test_asked_for_without_script_and_accessible_everywhere(dossier: fabrique.Dossier, adresse: str, navigateur: Browser) -> None:
    sobre = navigateur.new_context(java_script_enabled=False, locale="fr-FR").new_page()
    connect(sobre, adresse, "csam")
    sobre.goto(f"{adresse}/parcours/{dossier.parcours}")
    sobre.click("#silence summary")
    sobre.select_option("#silence_motif", "hospitalisation")
    fin = jour_local(now()) + timedelta(days=5)
    sobre.fill("#silence_au", fin.isoformat())
    sobre.click("#silence details button[type=submit]")
    assert f"Silence jusqu'au {fin:%d/%m/%Y}" in sobre.inner_text(".drapeaux")
    assert "Un télé-échange est prévu pendant le silence" in sobre.inner_text(".drapeaux")
    fiche = f"/parcours/{dossier.parcours}"
    for largeur in (1440, 320):
        for login, chemins in (
            ("csam", ("/ma-liste", fiche, f"{fiche}/appel")),
            ("medecin_conseil", (f"/medecin/dossiers/{dossier.signalement}",)),
        ):
            page = navigateur.new_context(viewport={"width": largeur, "height": 900}, locale="fr-FR").new_page()
            connect(page, adresse, login)
            for chemin in chemins:
                page.goto(adresse + chemin)
                page.evaluate("document.querySelectorAll('details').forEach((pli) => { pli.open = true; })")
                assert look(page, f"{largeur}-{login}-{chemin.split('/')[-1][:8]}") == []
