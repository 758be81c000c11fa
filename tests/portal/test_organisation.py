"""The organisation on screen: by keyboard, at 320 px, with a preview before anything moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from playwright.sync_api import Page

from fabrique import MAINTENANT
from portal.conftest import Horloge
from portal.donnees import Lieu, TestClient, post
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts

Connecter = Callable[[str], TestClient]
PAGE = "/equipe/organisation"
JOUR = MAINTENANT.date()


def _unites(admin: psycopg.Connection[Any]) -> dict[str, str]:
    lignes = admin.execute("SELECT libelle, unite_id FROM pdp.unite_nom WHERE plateforme_id = 'PF35' AND annulee_at IS NULL").fetchall()
    return {libelle: str(ident) for libelle, ident in lignes}


def test_made_moved_merged_and_taken_back(lieu: Lieu, horloge: Horloge, admin: psycopg.Connection[Any], connecter: Connecter) -> None:
    client = connecter("responsable")
    debut = client.get(PAGE).text
    assert "Plateforme PDP (35)" in debut
    assert "est reprise par" in debut, "what became of the regional direction"
    racine, demain = _unites(admin)["Plateforme PDP (35)"], str(JOUR + timedelta(days=1))
    for nom in ("Équipe Nord", "Équipe Sud"):
        assert post(client, PAGE, PAGE, acte="creation", libelle=nom, vers=racine, le=str(JOUR)).status_code == 303
    nord, sud = (_unites(admin)[f"Équipe {x}"] for x in ("Nord", "Sud"))
    csam = str(lieu.comptes["csam"])
    adresse = f"{PAGE}/apercu?acte=mutation&agents={csam}&vers={nord}&le={JOUR}"
    assert "1 personne rejoint" in client.get(adresse).text
    assert admin.execute("SELECT count(*) FROM pdp.unite_agent").fetchone() == (0,), "looking moves nobody"
    assert post(client, PAGE, adresse, acte="mutation", agents=csam, vers=nord, le=str(JOUR)).status_code == 303
    assert post(client, PAGE, PAGE, acte="renommage", unite=sud, libelle="Équipe des plages", le=demain).status_code == 303
    fusion = {"acte": "fusion", "unite": nord, "vers": sud, "le": str(JOUR + timedelta(days=5))}
    adresse = f"{PAGE}/apercu?" + "&".join(f"{k}={v}" for k, v in fusion.items())
    apercu = client.get(adresse).text
    assert "reprise par « Équipe des plages »" in apercu
    assert "s'en va" not in apercu
    assert "s'en va" in client.get(f"{adresse}&partants={csam}").text.replace("&#39;", "'")
    reponse = post(client, PAGE, adresse, **fusion)
    assert reponse.headers["location"] == f"{PAGE}?le={fusion['le']}"
    ce_jour = client.get(reponse.headers["location"]).text
    assert "Équipe Nord</strong>" not in ce_jour
    assert "à venir" in ce_jour
    assert "Équipe Nord</strong>" in client.get(PAGE).text, "still there today"
    acte = admin.execute("SELECT id FROM pdp.reorganisation WHERE acte = 'fusion'").fetchone()
    assert acte is not None
    assert post(client, f"{PAGE}/{acte[0]}/annuler", PAGE).status_code == 303
    assert "Équipe Nord</strong>" in client.get(reponse.headers["location"]).text
    vu = client.get(f"{PAGE}?le=2025-09-30").text
    assert "Direction régionale du service médical</strong>" in vu
    for absurde, statut in (("?le=hier", 422), (f"/apercu?acte=fusion&vers={sud}&le=x", 422), ("/apercu", 303), ("?vue=x", 200)):
        assert client.get(PAGE + absurde).status_code == statut, absurde
    assert post(client, PAGE, PAGE, acte="fusion", unite=racine, vers=sud, le=demain).status_code == 422
    assert post(client, PAGE, PAGE, acte="explosion", vers=sud, le=demain).status_code == 422
    for login in ("csam", "medecin_conseil", "evaluateur", "partenaire"):
        assert connecter(login).get(PAGE).status_code == 404, login


def _open(page: Page, volet: str) -> None:
    page.get_by_text(volet, exact=True).focus()
    page.keyboard.press("Enter")


@pytest.mark.browser
def test_a_manager_merges_a_team_by_keyboard(lieu: Lieu, app: FastAPI, horloge: Horloge, admin: psycopg.Connection[Any]) -> None:
    constats: list[str] = []
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1440, "height": 900})
        connect(page, adresse, "responsable")
        page.get_by_role("link", name="Organisation").first.focus()
        page.keyboard.press("Enter")
        for nom in ("Équipe Nord", "Équipe Sud"):
            _open(page, "Créer une équipe")
            page.get_by_label("Nom de l'équipe").fill(nom)
            page.get_by_label("Fait partie de").select_option(label="Plateforme PDP (35)")
            page.get_by_label("Premier jour de l'équipe").fill(str(JOUR))
            page.keyboard.press("Enter")
            page.get_by_text("C'est enregistré", exact=False).wait_for()
        _open(page, "Changer des personnes d'équipe")
        page.get_by_role("checkbox").first.focus()
        page.keyboard.press("Space")
        page.get_by_label("Nouvelle équipe").select_option(label="Équipe Nord")
        page.get_by_label("Premier jour dans cette équipe").fill(str(JOUR))
        page.keyboard.press("Enter")
        page.get_by_text("rien n'est encore changé", exact=False).wait_for()
        constats += list_defauts(page, "mutation")
        page.get_by_role("button", name="Confirmer").focus()
        page.keyboard.press("Enter")
        page.get_by_text("C'est enregistré", exact=False).wait_for()
        _open(page, "Fermer une équipe ou la réunir à une autre")
        page.get_by_label("Équipe qui prend fin").select_option(label="Équipe Nord")
        page.get_by_label("Reprise par").select_option(label="Équipe Sud")
        page.get_by_label("Premier jour de la reprise").fill(str(JOUR + timedelta(days=5)))
        page.keyboard.press("Enter")
        page.get_by_text("rien n'est encore changé", exact=False).wait_for()
        constats += list_defauts(page, "fusion")
        page.get_by_role("button", name="Confirmer").focus()
        page.keyboard.press("Enter")
        page.get_by_text("C'est enregistré", exact=False).wait_for()
        constats += list_defauts(page, "organisation")
        page.get_by_role("button", name="Annuler").first.focus()
        page.keyboard.press("Enter")
        page.get_by_text("Réorganisation annulée", exact=False).wait_for()
    assert constats == []
    assert admin.execute("SELECT acte, annulee_at IS NULL FROM pdp.reorganisation ORDER BY le, acte").fetchall() == [
        ("creation", True),
        ("creation", True),
        ("mutation", True),
        ("fusion", False),
    ]
