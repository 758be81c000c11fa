"""Screens of files and letters in Chromium, by keyboard, at both widths: nothing for axe to refuse, nothing wider than a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI

from fabrique import MAINTENANT
from pdp.services.take_reponses_csv import take_reponses
from portal import donnees, test_echanges
from portal.donnees import Connecter
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts
from portal.test_echanges import FICHIERS, PAGE, appliquer, lettre, remise, reponses, send, statut

pytestmark = pytest.mark.browser
echanges = test_echanges.echanges
Admin = psycopg.Connection[Any]


def test_screens_of_files_and_letters(connecter: Connecter, lieu: donnees.Lieu, app: FastAPI, echanges: Path, admin: Admin) -> None:
    cas = remise(lieu, "csv")
    envoye = admin.execute("SELECT nom FROM pdp.echange_fichier").fetchone()[0]
    contenu = reponses(f"{cas.orientation};acceptee;;;;", "illisible;acceptee;;;;", f"{cas.orientation};refusee;;;;")
    send(connecter("responsable"), PAGE, f"{PAGE}/depot", contenu, partenaire_id=str(cas.partenaire))
    take_reponses(MAINTENANT)
    recu = admin.execute("SELECT id FROM pdp.echange_fichier WHERE sens = 'reponse'").fetchone()[0]
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("UPDATE pdp.outbox SET canal = 'messagerie'")
    lettre(cas)
    noter = f"/parcours/{cas.dossier.parcours}/orientations/{cas.orientation}/noter"
    ecrans = {
        "responsable": {"echanges": PAGE, "echange": f"{PAGE}/{recu}"},
        "partenaire": {"fichiers": FICHIERS},
        "csam": {"noter": noter},
    }
    constats: dict[str, list[str]] = {}
    with serve(app) as adresse, chromium() as navigateur:
        for login, pages in ecrans.items():
            page = navigateur.new_context().new_page()
            connect(page, adresse, login)
            for nom, chemin in pages.items():
                page.goto(adresse + chemin)
                constats[nom] = list_defauts(page, nom)
                assert (envoye in page.content()) is (nom in ("echanges", "fichiers"))
    assert {nom: trouves for nom, trouves in constats.items() if trouves} == {}


def test_an_answer_is_noted_with_the_keyboard_alone(lieu: donnees.Lieu, app: FastAPI, echanges: Path, admin: Admin) -> None:
    cas = remise(lieu, "messagerie")
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page()
        connect(page, adresse, "csam")
        page.goto(f"{adresse}/parcours/{cas.dossier.parcours}/orientations/{cas.orientation}/noter")
        page.locator("input[name=reponse]").first.focus()
        page.keyboard.press("ArrowDown")
        while page.evaluate("document.activeElement.name") != "certifie":
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**#relais-*")
        assert "Réponse du partenaire notée" in page.content()
    appliquer()
    assert statut(admin, cas) == "acceptee"
