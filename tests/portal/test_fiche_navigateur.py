"""The case page and the question of a relapse in Chromium: no accessibility violation, nothing too wide, all of it by keyboard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi import FastAPI
from playwright.sync_api import expect

import fabrique
from pdp.clock import now
from pdp.services.propose_reouverture import propose_reouverture
from pdp.services.record_contact import cancel_contact, record_contact
from pdp.storage import db
from portal import donnees
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts

pytestmark = pytest.mark.browser
Admin = psycopg.Connection[Any]
LARGEURS = (1440, 320)


@pytest.fixture
def dossiers(lieu: donnees.Lieu, monkeypatch: pytest.MonkeyPatch) -> list[fabrique.Dossier]:
    """One followed case with a void attempt, one closed case of a person back in arrêt. The server reads the real clock."""
    maintenant = now()
    monkeypatch.setattr(fabrique, "MAINTENANT", maintenant)
    auteur = fabrique.auteur_agent(lieu.comptes["csam"])
    with fabrique.lot() as conn:
        suivi = fabrique.parcours(conn, csam=lieu.comptes["csam"], assure_id=fabrique.assure(conn, nom="Kermarrec"))
        donnees.add_motif(conn, suivi.signalement, "Plus de 90 jours d'arrêt")
        donnees.add_tache(conn, suivi.parcours, "premier_appel", maintenant + timedelta(days=1))
        clos = fabrique.parcours(conn, csam=lieu.comptes["csam"], assure_id=fabrique.assure(conn, nom="Le Goff"))
        donnees.add_motif(conn, clos.signalement, "Plus de 90 jours d'arrêt")
        conn.execute(
            fabrique.text(
                "UPDATE pdp.episode SET debut = debut - 150, fin = debut - 60"
                " FROM pdp.signalement s WHERE s.id = :s AND episode.id = s.episode_id"
            ),
            {"s": clos.signalement},
        )
        conn.execute(
            fabrique.text("UPDATE pdp.parcours SET statut = 'cloture', clos_at = :j, cloture_motif = 'reprise_tpt' WHERE id = :p"),
            {"p": clos.parcours, "j": maintenant - timedelta(days=60)},
        )
        signalement = fabrique.signalement(conn, clos.assure, palier=30, statut="oriente_csam")
        propose_reouverture(conn, fabrique.TEST, "PF35", signalement, maintenant)
    for note, nul in (("Message laissé, rappellera", False), ("Mauvaise personne", True)):
        with db.begin_as(auteur) as conn:
            champs = {"canal": "telephone", "resultat": "messagerie", "note": note, "cle_saisie": uuid4()}
            record_contact(conn, auteur, suivi.parcours, maintenant=maintenant, **champs)
            if nul:
                ident = conn.execute(fabrique.text("SELECT id FROM pdp.contact WHERE note = :n"), {"n": note}).scalar_one()
                cancel_contact(conn, auteur, ident, maintenant)
    return [suivi, clos]


def test_pages_are_accessible_and_reflow(app: FastAPI, dossiers: list[fabrique.Dossier]) -> None:
    suivi, clos = dossiers
    constats: dict[str, Any] = {}
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page()
        connect(page, adresse, "csam")
        for nom, chemin in {
            "fiche": f"/parcours/{suivi.parcours}",
            "filtree": f"/parcours/{suivi.parcours}?quoi=Appel",
            "vide": f"/parcours/{suivi.parcours}?quoi=Appel&arret=x",
            "rechute": f"/parcours/{clos.parcours}",
        }.items():
            page.goto(adresse + chemin)
            constats[nom] = list_defauts(page, nom)
        page.goto(f"{adresse}/parcours/{clos.parcours}")
        page.get_by_role("button", name="Ouvrir un nouveau parcours").click()
        constats["nouveau"] = list_defauts(page, "nouveau")
    assert {nom: trouves for nom, trouves in constats.items() if trouves} == {}


def test_the_answer_and_the_filter_by_keyboard_alone(app: FastAPI, dossiers: list[fabrique.Dossier], admin: Admin) -> None:
    suivi, clos = dossiers
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page()
        connect(page, adresse, "csam")
        page.goto(f"{adresse}/parcours/{suivi.parcours}")
        page.get_by_label("Montrer", exact=True).focus()
        page.keyboard.type("Appel")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text="ligne")).to_contain_text("Appel")
        frise = page.get_by_role("region", name="Repères de l'arrêt").get_by_role("listitem")
        expect(frise.first).to_contain_text("Début de l'arrêt")
        page.goto(f"{adresse}/parcours/{clos.parcours}")
        page.get_by_role("button", name="Rouvrir ce parcours").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Le parcours est rouvert")).to_be_visible()
    [(statut,)] = admin.execute("SELECT statut FROM pdp.parcours WHERE id = %s", (clos.parcours,))
    assert statut == "contact_en_cours"
