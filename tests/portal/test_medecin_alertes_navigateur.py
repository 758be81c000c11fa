"""The doctor's morning in a real browser, by keyboard, wide and at 320 px: digest, merged card, decision, undo, what became of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI
from playwright.sync_api import expect

import fabrique
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.services.raise_alerte import raise_alerte
from pdp.services.send_digest import send_digest
from pdp.storage import db
from portal.donnees import Lieu
from portal.jeu import NOMS_ASSURES, Jeu
from portal.jeu_ecrans import build_jeu
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts

pytestmark = pytest.mark.browser


@pytest.fixture
def jeu(lieu: Lieu) -> Jeu:
    """A stalled person whose partner is silent too, another in danger, one near J180, and more than the budget of the day."""
    jeu = build_jeu(lieu)
    with db.begin(settings().url_app, systeme("send_digest")) as conn:
        autres = [fabrique.parcours(conn, csam=UUID(str(lieu.comptes["csam"]))) for _ in range(14)]
        suicide, j180 = autres[0], autres[1]
        faits: list[tuple[Any, ...]] = [
            (jeu.assures[0], jeu.parcours[0], "partenaire_sans_reponse", "Le partenaire n'a pas répondu.", {"dispositif": "cap_emploi"}, 5),
            (suicide.assure, suicide.parcours, "risque_suicidaire", "Risque suicidaire signalé : à traiter tout de suite.", {}, 0),
            (j180.assure, j180.parcours, "j180_approche", "L'arrêt atteint 180 jours dans 5 jours.", {"duree_jours": 175}, 0),
            *((a.assure, a.parcours, "enlisement", "Aucun événement depuis 33 jours.", {"jours": 33}, 2) for a in autres[2:]),
        ]
        for assure, parcours, genre, phrase, valeurs, jours in faits:
            raise_alerte(
                conn, plateforme_id="PF35", assure_id=assure, parcours_id=parcours, type=genre, cause=f"essai:{parcours}", phrase=phrase,
                faits=valeurs, survenu_at=jeu.il_y_a(jours), maintenant=jeu.il_y_a(jours),
                echeance_le=jeu.jour + timedelta(days=5) if genre == "j180_approche" else None,
            )  # fmt: skip
        _compose(conn, jeu)
    return jeu


def _compose(conn: Any, jeu: Jeu) -> None:
    """The digest of the day as on a working day: the screens live today, which may be a Sunday."""
    with pytest.MonkeyPatch.context() as ouvre:
        ouvre.setattr("pdp.services.send_digest.is_jour_ouvre", lambda jour, zone: True)
        assert send_digest(conn, "PF35", systeme("send_digest"), jeu.maintenant).detail["quotidiens"] == 1


def test_the_morning_of_a_doctor(jeu: Jeu, app: FastAPI, admin: psycopg.Connection[Any]) -> None:
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1280, "height": 900})
        connect(page, adresse, "medecin_conseil")
        page.goto(f"{adresse}/medecin/alertes")
        cartes = page.get_by_role("article")
        expect(cartes).to_have_count(12)
        for attendu in (
            "16 alertes ouvertes pour 15 situations",
            "12 situations à décider, dont 1 pour la sécurité",
            "3 autres situations attendent",
        ):
            expect(page.get_by_text(attendu).first).to_be_visible()
        expect(cartes.nth(0)).to_contain_text("Sécurité : à traiter d'abord")
        expect(cartes.nth(1)).to_contain_text("Échéance légale le")
        assert list_defauts(page, "alertes", (1280, 320), replier=True) == []

        reunie = cartes.filter(has_text=NOMS_ASSURES[0])
        expect(reunie).to_have_count(1)
        expect(reunie.get_by_role("heading")).to_contain_text("Partenaire sans réponse, Parcours enlisé")
        expect(reunie).to_contain_text("Jours écoulés")
        reunie.get_by_role("button", name="Relancer le parcours").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Décision enregistrée : les 2 alertes sont fermées.")).to_be_visible()
        decidees = "SELECT count(*) FROM pdp.alerte WHERE decision = 'relancer_parcours'"
        assert admin.execute(decidees).fetchone() == (2,)
        expect(page.get_by_text("Lu le")).to_be_visible()
        page.get_by_role("button", name="Annuler cette décision").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        page.goto(f"{adresse}/medecin/alertes?tout=true")
        expect(page.get_by_role("article")).to_have_count(15)
        assert admin.execute(decidees).fetchone() == (0,)

        carte = page.get_by_role("article").filter(has_text=NOMS_ASSURES[0])
        with page.expect_navigation():
            carte.get_by_role("button", name="Prendre connaissance").click()
        page.goto(f"{adresse}/medecin/alertes/suites")
        expect(page.get_by_role("row", name="Parcours enlisé").get_by_role("cell").nth(1)).to_have_text("1")
        expect(page.get_by_role("row", name="Parcours enlisé").get_by_role("cell").nth(3)).to_have_text("0 %")
        assert list_defauts(page, "suites", (1280, 320), replier=True) == []


def test_she_says_that_she_read(jeu: Jeu, app: FastAPI, admin: psycopg.Connection[Any]) -> None:
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page()
        connect(page, adresse, "medecin_conseil")
        page.goto(f"{adresse}/medecin/alertes")
        assert admin.execute("SELECT count(*) FROM pdp.releve WHERE lu_at IS NOT NULL").fetchone() == (0,), "looking writes nothing"
        page.get_by_role("button", name="J'ai lu mon relevé").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("votre relevé est lu")).to_be_visible()
        expect(page.get_by_role("button", name="J'ai lu mon relevé")).to_have_count(0)
    assert admin.execute("SELECT count(*) FROM pdp.releve WHERE lu_at IS NULL").fetchone() == (0,)
