"""A hand-over on the case page in Chromium, by keyboard alone and without script: no accessibility violation, reflow at 320 px."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

import fabrique
from fabrique import lot
from pdp.clock import now
from pdp.domain.auteur import systeme
from pdp.services.apply_reponses import apply_reponses
from pdp.services.orient_parcours import orient_parcours
from pdp.services.sweep_orientations import sweep_orientations
from pdp.storage import db, inbox
from portal.donnees import Lieu
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts
from relais import consent

pytestmark = pytest.mark.browser
COLLECTE = systeme("collect_reponses")


def _say(partenaire: UUID, orientation: UUID, version: int, nature: str, **champs: Any) -> None:
    le = now() - timedelta(minutes=10 - version)
    with lot(COLLECTE) as conn:
        inbox.deposit(
            conn,
            plateforme_id="PF35",
            partenaire_id=partenaire,
            evenement_id=str(uuid4()),
            orientation_id=orientation,
            version=version,
            statut=champs.get("statut"),
            motif=champs.get("motif"),
            compte_rendu=champs.get("texte"),
            survenu_at=le,
            empreinte=uuid4().bytes,
            maintenant=le,
            transport="portail",
            nature=nature,
            rendez_vous_at=champs.get("rendez_vous_at"),
        )
        apply_reponses(conn, "PF35", COLLECTE, now())


def _orient(lieu: Lieu, dossier: fabrique.Dossier, type_: str, canal: str = "portail") -> tuple[UUID, UUID]:
    """A hand-over delivered yesterday."""
    with lot() as conn:
        partenaire = fabrique.partenaire(conn, type_, canal)
        consent(conn, dossier, type_)
    qui = fabrique.auteur_agent(lieu.comptes["csam"])
    with db.begin_as(qui) as conn:
        orientation = orient_parcours(conn, qui, dossier.parcours, partenaire, "Aide aux démarches.", now() - timedelta(days=2))
    with lot() as conn:
        hier = now() - timedelta(days=1)
        conn.execute(fabrique.text("UPDATE pdp.orientation SET envoyee_at = :h WHERE id = :o"), {"h": hier, "o": orientation})
        conn.execute(fabrique.text("UPDATE pdp.outbox SET etat = 'livre' WHERE type = 'orientation'"))
    return partenaire, orientation


def _unfold(page: Page, texte: str) -> None:
    for sommaire in page.locator("#orientations summary", has_text=texte).all():
        sommaire.focus()
        page.keyboard.press("Enter")


def test_a_hand_over_by_keyboard(app: FastAPI, lieu: Lieu, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fabrique, "MAINTENANT", now())
    with lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="accord_demande")
    questionne = _orient(lieu, dossier, "spst")
    _say(*questionne, 1, "statut", statut="acceptee")
    _say(*questionne, 2, "rendez_vous", rendez_vous_at=now() + timedelta(days=3))
    _say(*questionne, 3, "question", texte="Quels horaires lui conviennent pour la visite de préreprise ?")
    refuse = _orient(lieu, dossier, "cap_emploi")
    _say(*refuse, 1, "statut", statut="refusee", motif="capacite", texte="Liste d'attente de deux mois.")
    _orient(lieu, dossier, "service_social", "lien")
    with lot() as conn:
        sweep_orientations(conn, "PF35", systeme("sweep_orientations"), now())
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_context(java_script_enabled=True, locale="fr-FR").new_page()
        connect(page, adresse, "csam")
        page.goto(f"{adresse}/parcours/{dossier.parcours}")
        _unfold(page, "Ce qui s'est dit")
        _unfold(page, "Poser une question")
        constats = list_defauts(page, "relais", replier=True)
        page.get_by_label("Votre réponse").focus()
        page.keyboard.type("Le matin, avant onze heures.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator(".message, [role=status]").first).to_contain_text("le délai du partenaire reprend")
        page.get_by_role("button", name="Relancer maintenant").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".message, [role=status]").first).to_contain_text("Rappel envoyé au partenaire")
        page.get_by_role("button", name="Envoyer un nouveau lien").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".message, [role=status]").first).to_contain_text("Un nouveau lien part")
        _unfold(page, "relance")
        constats += list_defauts(page, "relance", replier=True)
        page.get_by_role("link", name="Proposer un autre partenaire").focus()
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{adresse}/parcours/{dossier.parcours}/orientations?sauf={refuse[0]}")
    assert constats == []
    types = admin.execute("SELECT type FROM pdp.outbox WHERE type <> 'orientation' ORDER BY type").fetchall()
    assert [t for (t,) in types] == ["avis_partenaire", "rappel_partenaire", "reponse_question"]
