"""Calendars and the link of the insured in Chromium: by keyboard alone, no script needed, no accessibility violation, reflow at 320 px."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page
from sqlalchemy import text

import fabrique
from fabrique import auteur_agent, lot
from lien_assure import create_invitation, sweep
from pdp.services.set_horaires import add_plage
from pdp.storage import db
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Lieu
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts, press

pytestmark = pytest.mark.browser
ABSENCE = "INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES ('PF35', :a, :du, '2026-12-31')"


def type_birth_date(page: Page, annee: str = "1980") -> None:
    """From the first field on, Tab and digits only."""
    page.get_by_label("Jour", exact=True).focus()
    for valeur in ("1", "5", annee):
        page.keyboard.type(valeur)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def test_the_insured_books_moves_and_cancels_by_keyboard_without_script(lieu: Lieu, app: FastAPI, horloge: Horloge) -> None:
    constats: list[str] = []
    _, chemin = create_invitation(lieu.comptes["csam"], horloge.instant)
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1440, "height": 900})
        page.goto(adresse + chemin)
        constats += list_defauts(page, "identite")
        type_birth_date(page, "1981")
        page.get_by_text("ne correspond pas", exact=False).wait_for()
        constats += list_defauts(page, "identite_fausse")
        type_birth_date(page)
        page.get_by_role("heading", name="Choisissez votre rendez-vous").wait_for()
        constats += list_defauts(page, "choix")
        press(page, "button", "9 h 45")
        page.get_by_role("heading", name="Votre rendez-vous").wait_for()
        constats += list_defauts(page, "pris")
        press(page, "button", "13 h 30")
        page.get_by_text("Votre rendez-vous est enregistré", exact=False).wait_for()
        assert "13 h 30" in page.get_by_role("heading", level=2).first.inner_text()
        page.locator("summary", has_text="Annuler ce rendez-vous").focus()
        page.keyboard.press("Enter")
        press(page, "button", "Oui, annuler")
        page.get_by_text("Votre rendez-vous est annulé", exact=False).wait_for()
        constats += list_defauts(page, "annule")
        press(page, "button", "Demander à être appelé")
        page.get_by_text("Nous vous appellerons", exact=False).wait_for()
        _without_script(navigateur, adresse + chemin)
    assert constats == []


def _without_script(navigateur: Browser, adresse: str) -> None:
    contexte = navigateur.new_context(java_script_enabled=False)
    page = contexte.new_page()
    page.goto(adresse)
    type_birth_date(page)
    page.get_by_role("heading", name="Choisissez votre rendez-vous").wait_for()
    press(page, "button", "9 h 45")
    page.get_by_role("heading", name="Votre rendez-vous", exact=True).wait_for()
    contexte.close()


def test_every_other_state_of_a_link_is_clean(lieu: Lieu, app: FastAPI, horloge: Horloge) -> None:
    constats: list[str] = []
    csam = lieu.comptes["csam"]
    dossier, chemin = create_invitation(csam, horloge.instant)
    _, bloque = create_invitation(csam, horloge.instant)
    _, plein = create_invitation(csam, horloge.instant)
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1440, "height": 900})
        page.goto(adresse + bloque)
        for _ in range(4):
            type_birth_date(page, "1981")
            page.get_by_text("ne correspond pas", exact=False).wait_for()
        constats += list_defauts(page, "dernier_essai")
        type_birth_date(page, "1981")
        page.get_by_role("heading", name="bloqué").wait_for()
        constats += list_defauts(page, "bloque")
        with lot() as conn:
            conn.execute(
                text("INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES ('PF35', :a, '2026-11-01', '2026-12-31')"),
                {"a": csam},
            )
        page.goto(adresse + plein)
        type_birth_date(page)
        page.get_by_text("Tous les moments proposés ont été pris", exact=False).wait_for()
        constats += list_defauts(page, "plein")
        page.goto(f"{adresse}/rendez-vous/inconnu")
        constats += list_defauts(page, "ferme")
        horloge.advance(days=20)
        page.goto(adresse + chemin)
        constats += list_defauts(page, "expire")
        press(page, "button", "Recevoir un nouveau lien")
        page.get_by_text("prise en compte", exact=False).wait_for()
        constats += list_defauts(page, "nouveau_lien")
    assert constats == []
    assert dossier


def test_calendars_by_keyboard(lieu: Lieu, app: FastAPI, horloge: Horloge) -> None:
    csam = lieu.comptes["csam"]
    auteur = auteur_agent(csam)
    with lot() as conn:
        for jour, heure in ((16, 9), (19, 9), (20, 12), (20, 14)):
            dossier = fabrique.parcours(conn, csam=csam, statut="entretien_planifie")
            donnees.add_tele_echange(conn, dossier, datetime(2026, 11, jour, heure, 30, tzinfo=UTC))
        seul = fabrique.parcours(conn, csam=csam)
    with db.begin_as(auteur) as conn:
        add_plage(conn, auteur, csam, "fermee", date(2026, 11, 19), 600, 720, horloge.instant)
    create_invitation(csam, horloge.instant)
    with lot() as conn:
        conn.execute(
            text("INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES ('PF35', :a, '2026-11-30', '2026-12-31')"),
            {"a": csam},
        )
    constats: list[str] = []
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1440, "height": 900})
        connect(page, adresse, "csam")
        press(page, "link", "Mon agenda")
        page.get_by_role("heading", name="Mon agenda", exact=True).wait_for()
        constats += list_defauts(page, "agenda")
        press(page, "button", "19/11/2026 à 13 h 30")
        page.get_by_text("Télé-échange planifié le 19/11/2026", exact=False).wait_for()
        page.goto(f"{adresse}/agenda/horaires")
        constats += list_defauts(page, "horaires")
        page.get_by_label("Les heures ci-dessous").focus()
        page.keyboard.press("Space")
        press(page, "button", "Enregistrer la semaine type")
        page.get_by_text("Semaine type enregistrée", exact=False).wait_for()
        press(page, "button", "Créer l'adresse")
        page.get_by_text("Copiez-la maintenant", exact=False).wait_for()
        constats += list_defauts(page, "partage")
        page.goto(f"{adresse}/parcours/{seul.parcours}/creneaux")
        constats += list_defauts(page, "creneaux")
        press(page, "button", "Envoyer l'invitation")
        page.get_by_text("Invitation à choisir un rendez-vous", exact=False).first.wait_for()
        page.goto(f"{adresse}/parcours/{seul.parcours}/creneaux")
        constats += list_defauts(page, "creneaux_lien")
        with lot() as conn:
            conn.execute(text("UPDATE pdp.absence_agent SET du = '2026-11-18'"))
        sweep(horloge.instant + timedelta(minutes=1))
        page.context.clear_cookies()
        connect(page, adresse, "responsable")
        press(page, "link", "Agendas")
        page.get_by_text("Invités sans créneau", exact=False).wait_for()
        constats += list_defauts(page, "agendas")
        page.goto(f"{adresse}/equipe/agendas/{csam}")
        constats += list_defauts(page, "agenda_responsable")
    assert constats == []
