"""The state of the platform in Chromium, when nothing goes right: readable, accessible, whole at 320 px, worked by keyboard."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import text

import fabrique
from pdp import clock
from pdp.domain.auteur import systeme
from pdp.domain.bilan import Bilan
from pdp.services import record_passage
from pdp.services.watch_platform import watch_platform
from portal.donnees import Lieu, add_tache
from portal.jeu_ecrans import build_jeu
from portal.navigateur import chromium, connect, serve
from portal.regard import look

pytestmark = pytest.mark.browser
DEBORDENT = """[...document.querySelectorAll('.carte *, td *')].filter(
    e => e.getBoundingClientRect().right > e.closest('.carte, td').getBoundingClientRect().right + 1).length"""
DEFILE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def plant(lieu: Lieu) -> None:
    """An outage of the detection, a feed that stopped, a watch that is late."""
    build_jeu(lieu)
    maintenant = clock.now()
    reprise = maintenant - timedelta(hours=6)
    with fabrique.lot(systeme("watch_platform")) as conn:
        conn.execute(text("UPDATE pdp.flux_fichier SET recu_at = :m"), {"m": maintenant - timedelta(days=300)})
        for dag, tache, instants in (
            ("pdp_detection", "detecter", (reprise - timedelta(days=5), reprise)),
            ("pdp_envoi", "envoyer", (maintenant - timedelta(hours=3),)),
            ("pdp_guet", "guetter", (maintenant - timedelta(hours=2),)),
        ):
            for instant in instants:
                nom = f"{dag}/{instant.isoformat()}/{tache}[PF35]"
                record_passage.open_passage(conn, nom, dag, tache, instant, "PF35")
                record_passage.close_passage(conn, nom, Bilan())
        for jours in (4, 2):
            dossier = fabrique.parcours(conn)
            add_tache(conn, dossier.parcours, "premier_appel", maintenant + timedelta(days=2))
            valeurs = {"c": reprise, "s": (reprise - timedelta(days=jours)).date(), "p": dossier.parcours}
            conn.execute(text("UPDATE pdp.parcours SET connu_at = :c, survenu_le = :s WHERE id = :p"), valeurs)
        watch_platform(conn, lieu.plateforme_id, systeme("watch_platform"), maintenant)


def test_everything_wrong_is_readable_at_both_widths(app: FastAPI, lieu: Lieu) -> None:
    plant(lieu)
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page()
        connect(page, adresse, "responsable")
        for chemin in ("/equipe/sante", "/equipe", "/equipe/donnees"):
            for largeur in (1280, 320):
                page.set_viewport_size({"width": largeur, "height": 900})
                page.goto(f"{adresse}{chemin}")
                assert not page.evaluate(DEFILE), f"{chemin} at {largeur} px"
                assert page.evaluate(DEBORDENT) == 0, f"something leaves its card on {chemin} at {largeur} px"
                assert look(page, f"{chemin}_{largeur}") == []
        page.goto(f"{adresse}/equipe")
        bandeau = page.locator("section[aria-label='État de la plateforme']")
        assert "2 personnes repérées avec retard" in bandeau.inner_text()
        assert "ne se surveille plus" in bandeau.inner_text()
        lien = bandeau.get_by_role("link", name="Voir l'état de la plateforme")
        lien.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/equipe/sante")
        assert page.locator("article h3").count() >= 3
