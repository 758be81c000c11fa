"""Enter in a field of a form with several decisions takes none of them, in Chromium: the browser would press the first button."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

import fabrique
from pdp.clock import now
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.services.raise_alerte import raise_alerte
from pdp.services.sort_signalements import decide_signalement
from pdp.storage import db
from portal import donnees
from portal.navigateur import chromium, connect, serve

pytestmark = pytest.mark.browser
Admin = psycopg.Connection[Any]


@pytest.fixture
def dossier(lieu: donnees.Lieu, monkeypatch: pytest.MonkeyPatch) -> fabrique.Dossier:
    """Somebody to call, about whom an alert is open; somebody else is convoked. The server reads the real clock."""
    maintenant = now()
    monkeypatch.setattr(fabrique, "MAINTENANT", maintenant)
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="contact_en_cours")
        donnees.add_motif(conn, dossier.signalement, "Plus de 90 jours d'arrêt")
        donnees.add_tache(conn, dossier.parcours, "nouvel_appel", maintenant + timedelta(days=1))
        convoque = fabrique.signalement(conn, fabrique.assure(conn))
    with db.begin(settings().url_app, systeme("essai")) as conn:
        raise_alerte(
            conn, plateforme_id="PF35", assure_id=dossier.assure, parcours_id=dossier.parcours, type="enlisement", cause="essai",
            phrase="Aucun événement depuis 33 jours.", faits={"jours": 33}, survenu_at=maintenant, maintenant=maintenant,
        )  # fmt: skip
    medecin = fabrique.auteur_agent(lieu.comptes["medecin_conseil"], "medecin_conseil")
    with db.begin_as(medecin) as conn:
        decide_signalement(conn, medecin, convoque, "convocation_mc", "", maintenant)
    return dossier


def _press(page: Page, champ: str, valeur: str) -> None:
    page.get_by_label(champ).fill(valeur)
    with page.expect_navigation():
        page.get_by_label(champ).press("Enter")


def test_enter_decides_nothing(dossier: fabrique.Dossier, app: FastAPI, admin: Admin) -> None:
    jour = str((now() + timedelta(days=9)).date())
    comptes = (
        "SELECT (SELECT count(*) FROM pdp.contact), (SELECT count(*) FROM pdp.alerte WHERE decide_at IS NOT NULL),"
        " (SELECT count(*) FROM pdp.suivi_medical WHERE clos_at IS NOT NULL), (SELECT count(*) FROM pdp.parcours)"
    )
    avant = admin.execute(comptes).fetchone()
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page()
        connect(page, adresse, "medecin_conseil")
        page.goto(f"{adresse}/medecin/alertes")
        page.locator("summary", has_text="Ajouter une note").click()
        _press(page, "Jour du rappel", jour)
        expect(page.get_by_text("« Décision » est à remplir")).to_be_visible()
        page.goto(f"{adresse}/medecin/suivis")
        page.locator("summary", has_text="Dire la suite").click()
        _press(page, "Nouvelle échéance", jour)
        expect(page.get_by_text("est à remplir. Rien n'a été enregistré.")).to_be_visible()

        page = navigateur.new_context().new_page()
        connect(page, adresse, "csam")
        page.goto(f"{adresse}/parcours/{dossier.parcours}/appel")
        page.locator("details", has=page.locator("[name=telephone]")).locator("summary").first.click()
        champ = page.locator("[name=telephone]")
        champ.fill("06 39 98 11 22")
        with page.expect_navigation():
            champ.press("Enter")
        assert page.url.startswith(f"{adresse}/parcours/{dossier.parcours}/appel")
        expect(page.locator("[name=telephone]")).to_have_value("06 39 98 11 22")
    assert admin.execute(comptes).fetchone() == avant
