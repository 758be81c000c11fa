"""A call and an interview in Chromium: by keyboard alone, drafts kept, every state accessible, the essential without script."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page
from sqlalchemy import text

import fabrique
from pdp.clock import now
from pdp.domain.calendrier import is_jour_ouvre
from pdp.services.record_contact import record_contact
from pdp.services.record_parole import Preference, record_coordonnees, record_preference
from pdp.storage import db
from portal import donnees
from portal.navigateur import chromium, connect, serve

pytestmark = pytest.mark.browser
Admin = psycopg.Connection[Any]
VUES = os.environ.get("PDP_CAPTURES")  # a directory where the pages looked at are kept; unset = none


@pytest.fixture
def dossier(lieu: donnees.Lieu, monkeypatch: pytest.MonkeyPatch) -> fabrique.Dossier:
    """Somebody to call, at the instant of the real clock, which the server reads."""
    maintenant = now()
    monkeypatch.setattr(fabrique, "MAINTENANT", maintenant)
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="contact_en_cours")
        donnees.add_motif(conn, dossier.signalement, "Plus de 90 jours d'arrêt")
        donnees.add_tache(conn, dossier.parcours, "nouvel_appel", maintenant + timedelta(days=1))
    return dossier


def call(dossier: fabrique.Dossier, le: datetime, resultat: str = "non_reponse") -> None:
    auteur = fabrique.auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        record_contact(conn, auteur, dossier.parcours, resultat=resultat, canal="telephone", note="", cle_saisie=uuid4(), maintenant=le)


def exhaust(dossier: fabrique.Dossier) -> None:
    """Three calls in vain, on three days and two parts of the day."""
    for jours, heure in ((6, 8), (4, 13), (2, 8)):
        call(dossier, (now() - timedelta(days=jours)).replace(hour=heure, minute=10))


def ask(dossier: fabrique.Dossier) -> None:
    """The person spoke: another number, needs, a channel refused; the feed then brought one more number."""
    auteur, maintenant = fabrique.auteur_agent(dossier.csam), now() - timedelta(days=1)
    with db.begin_as(auteur) as conn:
        record_coordonnees(
            conn,
            auteur,
            dossier.parcours,
            telephone="06 39 98 11 11",
            courriel="d@exemple.invalid",
            cle_saisie=uuid4(),
            maintenant=maintenant,
        )
        dite = Preference(langue="pt", interprete=True, accessibilite=["ecrit"], canal_prefere="courriel", moments=["matin"], refus=["sms"])
        record_preference(conn, auteur, dossier.parcours, dite, cle_saisie=uuid4(), maintenant=maintenant)
    with fabrique.lot() as conn:
        conn.execute(text("UPDATE identite.assure SET telephone = '+33639982222' WHERE id = :a"), {"a": dossier.assure})


@pytest.fixture
def adresse(app: FastAPI) -> Iterator[str]:
    with serve(app) as adresse:
        yield adresse


@pytest.fixture
def navigateur() -> Iterator[Browser]:
    with chromium() as navigateur:
        yield navigateur


def inspect(page: Page, nom: str, largeur: int) -> tuple[list[str], int]:
    """Violations found by axe-core, and pixels beyond the window; everything folded is opened first."""
    page.evaluate("document.querySelectorAll('details').forEach((pli) => { pli.open = true; })")
    if VUES:
        page.screenshot(path=Path(VUES) / f"{nom}-{largeur}.png", full_page=True)
    resultat = Axe().run(page).response
    assert len(resultat["passes"]) > 10
    violations = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in resultat["violations"]]
    return violations, page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("largeur", [1440, 320])
def test_every_state_is_accessible_and_reflows(
    lieu: donnees.Lieu, dossier: fabrique.Dossier, adresse: str, navigateur: Browser, largeur: int
) -> None:
    appel = f"{adresse}/parcours/{dossier.parcours}/appel"
    page = navigateur.new_page(viewport={"width": largeur, "height": 900}, locale="fr-FR")
    connect(page, adresse, "csam")
    constats: dict[str, Any] = {}
    page.goto(appel)
    constats["premier"] = inspect(page, "appel-premier", largeur)
    page.fill("#note", "Voix claire")
    page.fill("#telephone", "06 12")
    page.click("button[value=messagerie]")
    constats["refuse"] = inspect(page, "appel-refuse", largeur)
    assert page.input_value("#note") == "Voix claire"
    exhaust(dossier)
    ask(dossier)
    for jours in (6, 4, 2):  # the number given since made these attempts old: the new one is tried too
        call(dossier, now() - timedelta(minutes=jours))
    page.goto(appel)
    constats["demandes"] = inspect(page, "appel-demandes", largeur)
    with fabrique.lot() as conn:
        conn.execute(text("UPDATE pdp.parcours SET statut = 'entretien_planifie'"))
        entretien = donnees.add_tele_echange(conn, dossier, now() - timedelta(minutes=5))
    page.goto(f"{adresse}/tele-echanges/{entretien}")
    page.check("[name='emploi.contrat'][value=cdi]")
    page.check("[name='emploi.rqth'][value=non]")
    page.check("[name='emploi.souhait'][value=reconversion]")
    page.check("[name='social.difficultes'][value=dettes]")
    page.click("button[name=suite][value=bilan]")
    constats["questionnaire"] = inspect(page, "entretien", largeur)
    assert {nom: c for nom, c in constats.items() if c != ([], 0)} == {}


@pytest.mark.parametrize("largeur", [1440, 320])
def test_after_the_calls_the_sheet_offers_to_write(
    dossier: fabrique.Dossier, adresse: str, navigateur: Browser, admin: Admin, largeur: int
) -> None:
    exhaust(dossier)
    page = navigateur.new_page(viewport={"width": largeur, "height": 900}, locale="fr-FR", java_script_enabled=largeur > 1000)
    connect(page, adresse, "csam")
    page.goto(f"{adresse}/parcours/{dossier.parcours}/appel")
    if largeur > 1000:
        assert inspect(page, "appel-ecrire", largeur) == ([], 0)
    assert "Assez d'appels ont été faits" in page.inner_text("main")
    page.click("text=Envoyer un SMS")
    page.wait_for_url("**/ma-liste")
    assert admin.execute("SELECT type, canal FROM pdp.outbox").fetchall() == [("rappelez_nous", "sms")]


def test_a_call_by_keyboard_alone(dossier: fabrique.Dossier, adresse: str, navigateur: Browser, admin: Admin) -> None:
    """Open the sheet, write a note, promise a call, record; then take it back: no pointer."""
    page = navigateur.new_page(locale="fr-FR")
    connect(page, adresse, "csam")
    page.goto(f"{adresse}/parcours/{dossier.parcours}/appel")
    reach(page, "#note")
    page.keyboard.type("Rappeler jeudi 12 h")
    assert page.input_value("#note") == "Rappeler jeudi 12 h", "digits typed in a field are no shortcut"
    reach(page, "#rappel")
    type_segments(page, next_jour_ouvre(now()), "%d%m%Y", "%m%d%Y")
    reach(page, "#rappel_heure")
    type_segments(page, now().replace(hour=10, minute=30), "%H%M", "%I%M%p")
    reach(page, "button[value=joint_rappel_demande]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ma-liste")
    assert re.search(r"Prochaine échéance : \d\d/\d\d/\d{4} à 10 h 30", page.inner_text("[role=status]"))
    assert admin.execute("SELECT resultat, note FROM pdp.contact").fetchall() == [("joint_rappel_demande", "Rappeler jeudi 12 h")]
    reach(page, "form[action^='/annulations/'] button")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/parcours/{dossier.parcours}")
    assert admin.execute("SELECT count(*) FROM pdp.contact WHERE saisie_par_erreur_at IS NULL").fetchone() == (0,)
    assert admin.execute("SELECT motif FROM pdp.tache WHERE fermee_at IS NULL").fetchall() == [("nouvel_appel",)]


def next_jour_ouvre(instant: datetime) -> datetime:
    """A day on which a call may be promised, wherever the clock of the machine stands."""
    jour = instant + timedelta(days=1)
    while not is_jour_ouvre(jour.date()):
        jour += timedelta(days=1)
    return jour


def type_segments(page: Page, valeur: datetime, *formes: str) -> None:
    """Type a date or an hour in the order the browser shows its parts, which follows the language of the machine."""
    for forme in formes:
        for _ in range(4):
            page.keyboard.press("ArrowLeft")
        page.keyboard.type(valeur.strftime(forme))
        if page.evaluate("document.activeElement.value") in (f"{valeur:%Y-%m-%d}", f"{valeur:%H:%M}"):
            return
    raise AssertionError(f"not taken: {page.evaluate('document.activeElement.value')}")


def reach(page: Page, selecteur: str) -> None:
    """Tab until the field has the focus, as a person does; fails when it cannot be reached."""
    for _ in range(150):
        if page.evaluate("(s) => document.activeElement.matches(s)", selecteur):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selecteur} cannot be reached by keyboard")


def test_what_is_typed_is_kept_by_itself(dossier: fabrique.Dossier, adresse: str, navigateur: Browser, admin: Admin) -> None:
    page = navigateur.new_page(locale="fr-FR")
    connect(page, adresse, "csam")
    appel = f"{adresse}/parcours/{dossier.parcours}/appel"
    page.goto(appel)
    with page.expect_response("**/appel/brouillon") as gardee:
        page.fill("#note", "Il faudra rappeler")
    assert gardee.value.status == 200
    page.wait_for_function("document.querySelector('[data-brouillon-etat]').textContent.startsWith('Brouillon gardé à')")
    page.goto(appel)
    assert page.input_value("#note") == "Il faudra rappeler"
    page.click("button[value=messagerie]")
    page.wait_for_url("**/ma-liste")
    assert admin.execute("SELECT count(*) FROM pdp.brouillon").fetchone() == (0,)


@pytest.mark.parametrize("script", [True, False])
def test_questions_follow_from_answers_with_and_without_script(
    dossier: fabrique.Dossier, adresse: str, navigateur: Browser, script: bool
) -> None:
    with fabrique.lot() as conn:
        entretien = donnees.add_tele_echange(conn, dossier, now() - timedelta(minutes=5))
    taille = "[name='emploi.taille_employeur'][value=moins_11]"
    page = navigateur.new_page(locale="fr-FR", java_script_enabled=script)
    connect(page, adresse, "csam")
    page.goto(f"{adresse}/tele-echanges/{entretien}")
    assert not page.is_visible(taille)
    page.check("[name='emploi.contrat'][value=cdi]")
    if not script:
        page.click("button[name=suite][value=travail]")
        assert page.url.endswith("#h-travail")
    assert page.is_visible(taille)
    page.check("[name='emploi.contrat'][value=independant]")
    if not script:
        page.click("button[name=suite][value=travail]")
    assert not page.is_visible(taille)
