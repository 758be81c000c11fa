"""Quarantine and upload in Chromium: no accessibility violation at two widths, and a line corrected with the keyboard alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI
from playwright.sync_api import expect

from fabrique import MAINTENANT, TEST, lot
from livraisons import ligne_assure, write_fichier
from pdp.services.ingest_flux import ingest_depot
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts

pytestmark = pytest.mark.browser
LISTE = "/equipe/quarantaine"


def test_screens_are_accessible_and_reflow(app: FastAPI, lignes: dict[str, UUID], tmp_path: Path) -> None:
    constats: dict[str, Any] = {}
    write_fichier(tmp_path / "depot", "assures", [ligne_assure(9, departement="75")], jour="2026-10-02")
    ingest_depot(lot, tmp_path / "depot", TEST, MAINTENANT)
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page()
        connect(page, adresse, "responsable")
        for nom, chemin in {
            "donnees": "/equipe/donnees",
            "liste": f"{LISTE}?flux=arrets_prescrits&code=dates_inversees",
            "vide": f"{LISTE}?etat=en_attente",
            "orphelines": f"{LISTE}?etat=sans_plateforme&flux=assures&code=departement_hors_plateforme",
            "ligne": f"{LISTE}/{lignes['date_fin']}",
        }.items():
            page.goto(adresse + chemin)
            constats[nom] = list_defauts(page, nom)
        page.get_by_role("button", name="Ouvrir la ligne pour la corriger").click()
        constats["ouverte"] = list_defauts(page, "ouverte")
        page.get_by_role("button", name="Corriger et rejouer").click()
        expect(page.get_by_role("alert")).to_be_visible()
        constats["refusee"] = list_defauts(page, "refusee")
        page.goto(adresse + "/equipe/donnees")
        fichier = {"name": "assures_2026-10-05.csv", "mimeType": "text/csv", "buffer": b"x"}
        page.locator("#fichier").set_input_files([fichier])
        page.get_by_role("button", name="Déposer le fichier").click()
        expect(page.get_by_text("En attente de réception")).to_be_visible()
        constats["depot"] = list_defauts(page, "depot")
        page.goto(adresse + "/equipe/donnees")
        page.locator("#fichier").set_input_files([{**fichier, "name": "factures.csv"}])
        page.get_by_role("button", name="Déposer le fichier").click()
        expect(page.get_by_role("alert")).to_be_visible()
        constats["depot_refuse"] = list_defauts(page, "depot_refuse")
    assert {nom: trouves for nom, trouves in constats.items() if trouves} == {}


def test_a_line_is_corrected_with_the_keyboard_alone(
    app: FastAPI,
    lignes: dict[str, UUID],
    admin: psycopg.Connection[Any],
) -> None:
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page()
        connect(page, adresse, "responsable")
        page.goto(f"{adresse}{LISTE}?flux=arrets_prescrits&code=dates_inversees")
        page.locator(f"a[href$='{lignes['date_fin']}']").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Ouvrir la ligne pour la corriger").focus()
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Dernier jour d'arrêt").focus()  # the summary of faults leads to the cell
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        champ = page.get_by_label("Dernier jour d'arrêt")
        champ.focus()
        page.keyboard.press("Control+a")
        page.keyboard.type("2026-09-15")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Correction enregistrée.")).to_be_visible()
        assert "2026" not in page.title()
    assert admin.execute("SELECT decision, champs FROM identite.correction_quarantaine").fetchall() == [("corriger", ["date_fin"])]
