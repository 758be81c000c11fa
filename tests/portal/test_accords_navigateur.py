"""The agreements of a person on screen: read and answered by keyboard, data chosen, taken back; sessions; at both widths, axe clean."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect
from sqlalchemy import text

import fabrique
from fabrique import auteur_agent
from pdp import clock
from pdp.services.apply_reponses import apply_reponses
from pdp.services.manage_comptes import create_compte
from pdp.services.orient_parcours import orient_parcours
from pdp.services.record_accord import record_accord
from pdp.services.send_outbox import send_due
from pdp.storage import db
from portal.donnees import MOT_DE_PASSE, Lieu
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts, press

pytestmark = pytest.mark.browser


def _plant(lieu: Lieu) -> tuple[fabrique.Dossier, UUID]:
    """A case whose interview was held, two social services and a psychologist with an account."""
    maintenant = clock.now()
    with fabrique.lot() as conn:
        cas = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="accord_demande", assure_id=fabrique.assure(conn, nom="Le Bihan"))
        conn.execute(text("UPDATE pdp.episode SET motif_categorie = 'psychique' WHERE assure_id = :a"), {"a": cas.assure})
        conn.execute(
            text(
                "INSERT INTO pdp.tele_echange (plateforme_id, parcours_id, csam_id, csam_numero, debut_at, fin_at, statut, emploi, social,"
                " planifie_at) SELECT 'PF35', :p, :c, g.numero, cast(:m AS timestamptz) - interval '2 h', cast(:m AS timestamptz) -"
                " interval '1 h', 'realise', cast(:e AS jsonb), cast(:s AS jsonb), :m FROM pdp.agent g WHERE g.id = :c"
            ),
            {"p": cas.parcours, "c": cas.csam, "m": maintenant, "e": '{"contrat": "cdi"}', "s": '{"difficultes": ["revenus"]}'},
        )
        for _ in range(2):
            fabrique.partenaire(conn)
        psychologue = fabrique.partenaire(conn, "psychologue")
        create_compte(
            conn,
            login="psychologue",
            mot_de_passe=MOT_DE_PASSE,
            role="partenaire",
            plateforme_id="PF35",
            nom_affiche="Cabinet",
            partenaire_id=psychologue,
        )
    return cas, psychologue


def _follow(cas: fabrique.Dossier, psychologue: UUID) -> UUID:
    """Handed over to the psychologist, who accepts."""
    qui, avant = auteur_agent(cas.csam), clock.now() - timedelta(minutes=5)
    with db.begin_as(qui) as conn:
        record_accord(conn, qui, cas.parcours, destinataire="psychologue", decision="accorde", modalite="oral", maintenant=avant)
        orientation = orient_parcours(conn, qui, cas.parcours, psychologue, "Souhaite en parler.", avant)
    send_due(clock.now())
    with fabrique.lot() as conn:
        conn.execute(text("UPDATE pdp.orientation SET statut = 'acceptee' WHERE id = :o"), {"o": orientation})
    return orientation


def _open(page: Page, lien: str, titre: str) -> None:
    press(page, "link", lien)
    expect(page.get_by_role("heading", level=1, name=titre)).to_be_visible()


def _tick(page: Page, nom: str) -> None:
    page.get_by_label(nom).first.focus()
    page.keyboard.press("Space")


def test_agreed_in_part_then_in_less(lieu: Lieu, app: FastAPI, admin: psycopg.Connection[Any]) -> None:
    cas, _ = _plant(lieu)
    constats: list[str] = []
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_context(java_script_enabled=True, locale="fr-FR", viewport={"width": 1440, "height": 900}).new_page()
        connect(page, adresse, "csam")
        page.goto(f"{adresse}/parcours/{cas.parcours}/accords")
        constats += list_defauts(page, "registre_vide")
        _open(page, "Demander : Service social de l'Assurance Maladie", "Accord : Service social de l'Assurance Maladie")
        constats += list_defauts(page, "a_lire")
        _tick(page, "Ce que vous nous avez dit de votre situation sociale")
        press(page, "button", "Elle accepte")
        expect(page.get_by_role("heading", name="Accord : Service social de l'Assurance Maladie")).to_be_visible()  # not read yet: stays
        _tick(page, "Le texte a été lu mot pour mot")
        press(page, "button", "Elle accepte")
        expect(page.get_by_text("Accord enregistré : Service social")).to_be_visible()
        expect(page.locator("#accords")).to_contain_text("pas : situation sociale")
        page.goto(f"{adresse}/parcours/{cas.parcours}/accords/service_social")
        constats += list_defauts(page, "donne_en_partie")
        page.locator("form[action$='/retirer'] select").select_option("telephone")
        _tick(page, "Emploi et souhaits")
        press(page, "button", "Retirer l'accord")
        expect(page.get_by_text("ces données ne partent plus")).to_be_visible()
        constats += list_defauts(page, "registre")
        page.goto(f"{adresse}/parcours/{cas.parcours}/orientations")
        press(page, "link", "Préparer l'orientation")
        expect(page.get_by_role("heading", name="Ce que le partenaire verra")).to_be_visible()
        assert "Baisse de revenus" not in page.inner_text("main")
        constats += list_defauts(page, "apercu")
    assert admin.execute("SELECT classes, classes_refusees, classes_retirees FROM pdp.accord").fetchall() == [
        (["identite", "contact", "arret", "emploi"], ["social"], ["emploi"])
    ]
    assert constats == []


def test_sessions_on_both_sides(lieu: Lieu, app: FastAPI, admin: psycopg.Connection[Any]) -> None:
    cas, psychologue = _plant(lieu)
    orientation = _follow(cas, psychologue)
    hier = clock.now().date() - timedelta(days=1)
    constats: list[str] = []
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_context(locale="fr-FR", viewport={"width": 1440, "height": 900}).new_page()
        connect(page, adresse, "psychologue")
        page.goto(f"{adresse}/partenaire/demandes/{orientation}")
        page.fill("#seance_le", hier.isoformat())
        press(page, "button", "Ajouter cette date")
        expect(page.get_by_text("Date transmise à la plateforme.")).to_be_visible()
        constats += list_defauts(page, "psychologue")
        collecte = fabrique.systeme("collect_reponses")
        with fabrique.lot(collecte) as conn:
            apply_reponses(conn, "PF35", collecte, clock.now())
        page = navigateur.new_context(locale="fr-FR", viewport={"width": 1440, "height": 900}).new_page()
        connect(page, adresse, "csam")
        page.goto(f"{adresse}/parcours/{cas.parcours}#soutien-psy")
        psy = page.locator("#soutien-psy")
        psy.locator("select[name=resultat]").select_option("deja_suivie")
        psy.get_by_role("button", name="Enregistrer").click()
        page.fill("#seance_le", (hier - timedelta(days=7)).isoformat())
        press(page, "button", "Ajouter cette séance")
        expect(page.locator("#soutien-psy")).to_contain_text("2 séances en")
        expect(page.locator("#soutien-psy")).to_contain_text("il en reste 10 sur 12")
        page.locator("#soutien-psy summary", has_text="Les séances s'arrêtent").click()
        page.locator("#arret_motif").select_option("termine")
        press(page, "button", "Noter l'arrêt")
        expect(page.locator("#soutien-psy")).to_contain_text("accompagnement terminé")
        constats += list_defauts(page, "fiche")
    assert admin.execute("SELECT count(*) FROM pdp.seance_psy").fetchone() == (2,)
    assert constats == []
