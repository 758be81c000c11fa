"""Document d'orientation local on screen: written, tried, signed, and a delegated orientation changed; keyboard, axe, 320 px."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI

import fabrique
from pdp.services.sort_signalements import sort_par_delegation
from portal.conftest import Horloge
from portal.donnees import Connecter, Lieu, TestClient, post
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts

Admin = psycopg.Connection[Any]
DOL = "/medecin/document-orientation"
BROUILLON, REGLE, PLACE, ESSAI = f"{DOL}/brouillon", f"{DOL}/brouillon/regle", f"{DOL}/brouillon/place", f"{DOL}/essai"
TRI = fabrique.systeme("sort_signalements")
TMS = {"libelle": "TMS de 90 jours", "palier_min": "90", "categories": "tms", "cible": "oriente_csam"}


def _signalements(nombre: int) -> list[UUID]:
    with fabrique.lot() as conn:
        return [fabrique.signalement(conn, fabrique.assure(conn, nom=f"ZORG{n}")) for n in range(nombre)]


def _revision(page: str) -> str:
    trouve = re.search(r'name="revision" value="(\d+)"', page)
    assert trouve
    return trouve[1]


def _add(client: TestClient, **champs: str) -> int:
    return post(client, REGLE, REGLE, revision=_revision(client.get(REGLE).text), **champs).status_code


def test_from_an_empty_table_to_a_signed_version(lieu: Lieu, connecter: Connecter, horloge: Horloge, admin: Admin) -> None:
    signales = _signalements(2)
    client = connecter("medecin_conseil")
    assert "Aucune version signée" in client.get(DOL).text
    assert client.get(BROUILLON).status_code == 404
    assert post(client, BROUILLON, DOL, geste="ouvrir").headers["location"] == BROUILLON
    assert _add(client, **TMS) == 303
    for faux, dit in (
        ({**TMS, "libelle": "Autre", "palier_min": "45"}, "n&#39;est pas possible"),
        ({**TMS, "libelle": "Autre", "age_min": "50", "age_max": "40"}, "d&#39;au moins 50 et d&#39;au plus 40"),
        (TMS, "donnez-leur des noms différents"),
        ({"libelle": "Sans orientation"}, "« Orientation » est à remplir"),
    ):
        page = post(client, REGLE, REGLE, revision=_revision(client.get(REGLE).text), **faux)
        assert (page.status_code, dit in page.text) == (422, True), dit
        assert f'value="{faux["libelle"]}"' in page.text, "shown again as typed"
    assert _add(client, libelle="Âge", age_min="62", cible="medecin_conseil") == 303
    assert _add(client, libelle="TMS de 180 jours", palier_min="180", categories="tms", cible="oriente_ism") == 303
    page = client.get(BROUILLON).text
    for attendu in (
        "arrêt d&#39;au moins 90 jours",
        "motif : trouble musculo-squelettique",
        "62 ans ou plus",
        "décide toujours avant elle",
    ):
        assert attendu in page, attendu
    derniere = re.findall(r'name="regle" value="([0-9a-f-]+)"', page)[-1]
    assert post(client, PLACE, BROUILLON, regle=derniere, revision=_revision(page), geste="monter").status_code == 303
    assert post(client, PLACE, BROUILLON, regle=derniere, revision=_revision(page), geste="monter").status_code == 409, "an old page"
    page = client.get(BROUILLON).text
    assert post(client, PLACE, BROUILLON, regle=derniere, revision=_revision(page), geste="retirer").status_code == 303
    assert client.get(REGLE, params={"regle": derniere}).headers["location"] == BROUILLON, "never an empty form"
    assert "Cette règle n&#39;est plus dans le brouillon" in client.get(BROUILLON).text
    page = client.get(BROUILLON).text
    assert post(client, BROUILLON, BROUILLON, geste="dater", du=fabrique.MAINTENANT.date(), revision=_revision(page)).status_code == 303
    essai = client.get(ESSAI).text
    for attendu in ("<strong>2 dossiers</strong> sur 2", "<strong>2 dossiers</strong> iraient ailleurs", str(signales[0])[:8]):
        assert attendu in essai, attendu
    assert "ZORG" not in essai, "the list of the dry run names nobody"
    signature = {"revision": _revision(essai)}
    assert post(client, f"{DOL}/signature", ESSAI, **signature).status_code == 422, "the box is not ticked"
    assert post(client, f"{DOL}/signature", ESSAI, **signature, lu="oui").status_code == 303
    assert admin.execute("SELECT version, signe_par, au FROM pdp.dol_version").fetchall() == [(1, lieu.comptes["medecin_conseil"], None)]
    assert "TMS de 90 jours" in client.get(DOL).text
    assert "version 1" in client.get(f"{DOL}/versions/1").text.lower()
    assert client.get(f"{DOL}/versions/2").status_code == 404
    assert post(client, BROUILLON, DOL, geste="ouvrir").status_code == 303
    page = client.get(BROUILLON).text
    assert "parti de la version 1" in page
    assert post(client, BROUILLON, BROUILLON, geste="abandonner", revision=_revision(page)).headers["location"] == DOL


def test_a_delegated_orientation_is_changed_from_the_list(lieu: Lieu, connecter: Connecter, horloge: Horloge, admin: Admin) -> None:
    fabrique.delegation(lieu.comptes["medecin_conseil"])
    signal, autre = _signalements(2)
    with fabrique.lot(TRI) as conn:
        sort_par_delegation(conn, "PF35", TRI, fabrique.MAINTENANT)
    client, liste = connecter("medecin_conseil"), f"{DOL}/dossiers"
    assert "ZORG0" in client.get(liste).text
    adresse = f"/medecin/dossiers/{signal}/derogation"
    assert post(client, adresse, liste, cible="oriente_ism").status_code == 422, "without a reason"
    assert post(client, adresse, liste, cible="oriente_ism", motif="Elle a repris.").status_code == 303
    assert post(client, adresse, liste, cible="sans_suite", motif="x").status_code == 409
    page = client.get(DOL).text
    for attendu in ("1 sur 2", "50 %", "Elle a repris.", "devient : Infirmier du service médical"):
        assert attendu in page, attendu
    assert "Changer cette orientation" not in client.get(f"/medecin/dossiers/{signal}").text
    assert "Changer cette orientation" in client.get(f"/medecin/dossiers/{autre}").text
    saisies = client.get("/mes-saisies").text
    trouve = re.search(r"/annulations/[0-9a-f-]+", saisies)
    assert trouve
    assert post(client, trouve[0], "/mes-saisies").status_code == 303
    assert admin.execute("SELECT mode_decision FROM pdp.signalement WHERE id = %s", (signal,)).fetchone() == ("delegue",)
    assert "0 sur 2" in client.get(DOL).text


@pytest.mark.browser
def test_written_and_signed_with_the_keyboard_alone(lieu: Lieu, app: FastAPI, horloge: Horloge, admin: Admin) -> None:
    """Real browser: each screen is also read by axe and shown at 320 px on the way."""
    fabrique.delegation(lieu.comptes["medecin_conseil"], conditions={"palier_min": 180}, cible="oriente_ism")
    _signalements(3)
    with fabrique.lot(TRI) as conn:
        fabrique.signalement(conn, fabrique.assure(conn), palier=180)
        sort_par_delegation(conn, "PF35", TRI, fabrique.MAINTENANT)
    constats: dict[str, list[str]] = {}
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1280, "height": 900})

        def look(nom: str) -> None:
            constats[nom] = list_defauts(page, nom, (1280, 320), replier=True)

        def press(role: Any, nom: str, touche: str = "Enter") -> None:
            page.get_by_role(role, name=nom).first.focus()
            page.keyboard.press(touche)

        connect(page, adresse, "medecin_conseil")
        page.goto(adresse + DOL)
        look("dol")
        press("button", "Préparer une nouvelle version")
        press("link", "Ajouter une règle")
        page.get_by_label("Nom de la règle").focus()
        page.keyboard.type("Dès 60 jours, TMS")
        page.get_by_label("Arrêt d'au moins").focus()
        page.keyboard.type("60")
        press("checkbox", "Trouble musculo-squelettique", "Space")
        press("radio", "Conseiller services (CSAM)", "Space")
        look("regle")
        press("button", "Enregistrer dans le brouillon")
        page.get_by_text("enregistrée dans le brouillon").wait_for()
        press("button", "Monter la règle Dès 60 jours, TMS")
        page.get_by_role("button", name="Descendre la règle Dès 60 jours, TMS").wait_for()
        look("brouillon")
        press("link", "Essayer sur les mois passés, puis signer")
        page.get_by_role("heading", name="Résultat").wait_for()
        look("essai")
        press("checkbox", "J'ai lu cet essai", "Space")
        press("button", "Signer la nouvelle version")
        page.get_by_text("Document d'orientation local signé").wait_for()
        for nom, chemin in (("version", f"{DOL}/versions/2"), ("dossiers", f"{DOL}/dossiers")):
            page.goto(adresse + chemin)
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            look(nom)
    assert {nom: defauts for nom, defauts in constats.items() if defauts} == {}
    assert admin.execute("SELECT count(*) FROM pdp.dol_version WHERE signe_at IS NOT NULL").fetchone() == (2,)
    regles = "SELECT r.libelle FROM pdp.dol_regle r JOIN pdp.dol_version v ON v.id = r.dol_version_id WHERE v.version = 2 ORDER BY r.rang"
    assert admin.execute(regles).fetchall() == [("Dès 60 jours, TMS",), ("Règle d'essai",)]
