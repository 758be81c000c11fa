"""Messages in Chromium by keyboard alone, without script: written, read, a letter printed; no accessibility violation, reflow at 320 px."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI

import fabrique
from pdp.clock import now
from portal.donnees import Lieu
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts, press

pytestmark = pytest.mark.browser
ETATS = [
    # channel, model, state, code, receipt, reason: every word a coordinator may read
    ("sms", "confirmation_rendez_vous", "livre", "http_201", "remis", None),
    ("sms", "rappel_rendez_vous", "rappele", "trop_tard", None, None),
    ("sms", "rendez_vous_manque", "livre", "http_201", "echec_definitif", "numero_resilie"),
    ("courriel", "annulation_rendez_vous", "incertain", "bail_expire", None, None),
    ("courrier", "injoignable", "livre", "poste", "echec_definitif", "npai"),
]


def _fill(admin: psycopg.Connection[Any], dossier: fabrique.Dossier) -> list[Any]:
    """One message per state, as the sender would leave it."""
    charge = '{"objet": "Objet", "texte": "Texte du message.", "html": "", "langue": "fr", "gros": false, "valeurs": {}}'
    ids = []
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        for canal, modele, etat, code, remise, raison in ETATS:
            ids.append(
                admin.execute(
                    "INSERT INTO pdp.outbox (cle, plateforme_id, parcours_id, canal, type, cause, charge, empreinte, etat, essais,"
                    " dernier_code, prochain_essai_at, horizon_at, cree_at, livre_at, remise, remise_at, remise_code)"
                    " VALUES (gen_random_uuid(), 'PF35', %s, %s, %s, 'essai', %s, '', %s, 1, %s, now(), now(), now(),"
                    " CASE WHEN %s = 'livre' THEN now() END, %s, CASE WHEN %s::text IS NOT NULL THEN now() END, %s) RETURNING id",
                    (dossier.parcours, canal, modele, charge, etat, code, etat, remise, remise, raison),
                ).fetchone()[0]
            )
    return ids


def test_messages_by_keyboard(app: FastAPI, lieu: Lieu, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fabrique, "MAINTENANT", now())
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"])
    ids = _fill(admin, dossier)
    base, constats = f"/parcours/{dossier.parcours}", []
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_context(java_script_enabled=True, locale="fr-FR").new_page()
        connect(page, adresse, "csam")
        page.goto(f"{adresse}{base}")
        constats += list_defauts(page, "fiche", replier=True)
        press(page, "link", "Tous les messages, écrire")
        page.wait_for_url("**/messages")
        for mots in ("Remis", "Non parti", "Non remis", "Parti peut-être", "Revenu à l'expéditeur", "numéro qui n'est plus attribué"):
            assert mots in page.inner_text("main"), mots
        constats += list_defauts(page, "messages", replier=True)
        page.get_by_label("Message", exact=True).select_option("injoignable")
        press(page, "button", "Voir avant d'envoyer")
        page.wait_for_url("**/nouveau?**")
        constats += list_defauts(page, "apercu", replier=True)
        press(page, "button", "Préparer ce courrier")
        page.wait_for_url("**/messages")
        assert "Un courrier est prêt à imprimer." in page.inner_text("main")
        constats += list_defauts(page, "prepare", replier=True)
        for champ, valeur in (("Bâtiment, numéro et rue", "12 rue des Lilas"), ("Code postal", "35000"), ("Ville", "Rennes")):
            page.get_by_label(champ, exact=True).focus()
            page.keyboard.type(valeur)
        with page.expect_navigation():
            press(page, "button", "Noter cette adresse")
        page.goto(f"{adresse}/courriers")
        constats += list_defauts(page, "courriers", replier=True)
        page.get_by_role("button", name="Imprimer les courriers cochés").focus()
        with page.expect_download() as recu:
            page.keyboard.press("Enter")
        assert Path(recu.value.path()).read_bytes()[:5] == b"%PDF-"
        page.goto(f"{adresse}/courriers")
        assert "Imprimés, à poster (1)" in page.inner_text("main")
        constats += list_defauts(page, "a_poster", replier=True)
        for rang, message in enumerate(ids):
            page.goto(f"{adresse}{base}/messages/{message}")
            constats += list_defauts(page, f"message{rang}", replier=True)
        page.goto(f"{adresse}/modeles?modele=invitation_rendez_vous&canal=courriel&langue=pt&gros=1")
        constats += list_defauts(page, "modeles", replier=True)
    assert constats == []
