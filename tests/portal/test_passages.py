"""Automatic treatments for the manager: timetable of the day, previews, decisions, and the way from a case to its runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.config import settings
from pdp.domain.horaire import TRAITEMENTS
from pdp.portal.securite import CADRES_AIRFLOW
from pdp.portal.views.passages import describe_horaire
from pdp.services.decide_porte import require_porte
from pdp.services.preview_passage import compute_apercus
from pdp.services.record_passage import open_passage
from pdp.services.watch_retards import note
from portal.donnees import Lieu, TestClient, add_tele_echange, post

Connecter = Callable[[str], TestClient]
PASSAGE = "pdp_veille/scheduled__2026-11-18T05:45:00+00:00/veiller[PF35]"


@pytest.mark.parametrize(
    ("dag", "phrase"),
    [
        ("pdp_veille", "à 06 h 45, les jours ouvrés"),
        ("pdp_envoi", "toutes les 2 min"),
        ("pdp_reception", "dès qu'un fichier est déposé, et toutes les 10 min, de 05 h 00 à 21 h 50"),
        ("pdp_detection", "après « 1. Réception des flux », et à 06 h 15"),
        ("pdp_tri_affectation", "après « 2. Détection des arrêts à risque »"),
        ("pdp_orientations", "toutes les heures, de 06 h 20 à 18 h 20, les jours ouvrés"),
    ],
)
def test_hours_in_words(dag: str, phrase: str) -> None:
    assert describe_horaire(TRAITEMENTS[dag]) == phrase


def test_a_manager_sees_who_a_dead_run_was_to_touch_and_asks_what_it_would_do_again(
    lieu: Lieu, connecter: Connecter, admin: psycopg.Connection[Any]
) -> None:
    with lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="entretien_planifie")
        add_tele_echange(conn, dossier, MAINTENANT - timedelta(days=3))
        open_passage(conn, PASSAGE, "pdp_veille", "veiller", MAINTENANT, "PF35")
        note(conn, "pdp_veille", "scheduled__2026-11-18T05:45:00+00:00", MAINTENANT, MAINTENANT, "airflow")
    client, lien = connecter("responsable"), f"/passages/{quote(PASSAGE)}"
    page = client.get(lien).text
    assert "6. Veille des parcours · veiller" in page
    assert "Voir ce qu&#39;il referait" in page or "Voir ce qu'il referait" in page
    for attendu in ("Aperçu demandé", "Un aperçu est déjà demandé"):
        suite = post(client, lien, lien)
        assert (suite.status_code, suite.headers["location"]) == (303, f"{lien}#apercu")
        assert attendu in client.get(lien).text
    compute_apercus(settings().url_app, MAINTENANT)
    page = client.get(lien).text
    assert "Parcours qu'il devait toucher" in page.replace("&#39;", "'")
    assert f"/equipe/parcours/{dossier.parcours}" in page
    assert "rien n'a été écrit, rien n'est parti" in page.replace("&#39;", "'")
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE passage_id = %s", (PASSAGE,)).fetchone() == (0,)
    horaire = client.get("/traitements").text
    assert all(t.titre in horaire.replace("&#39;", "'") for t in TRAITEMENTS.values())
    assert "devait être terminé le 18/11/2026 à 09 h 00" in horaire
    assert "6. Veille des parcours, attendu le" in client.get("/passages").text


def test_decisions_are_taken_by_somebody_else_and_said(lieu: Lieu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    moi = auteur_agent(lieu.comptes["responsable"], "responsable")
    with lot() as conn:
        partenaire = fabrique.partenaire(conn)
        autre = auteur_agent(fabrique.agent(conn, "responsable"), "responsable")
        require_porte(conn, moi, "premier_envoi", str(partenaire), "PF35", {}, MAINTENANT)
        require_porte(conn, moi, "reaffectation", "a-moi", "PF35", {"parcours": 60}, MAINTENANT)
        require_porte(conn, autre, "reaffectation", "a-un-autre", "PF35", {"parcours": 61}, MAINTENANT)
        require_porte(conn, moi, "purge", "reception", None, {"fichiers": 240}, MAINTENANT)
        require_porte(conn, moi, "reaffectation", "ailleurs", "PF57", {"parcours": 62}, MAINTENANT)
    portes = dict(admin.execute("SELECT objet, id FROM pdp.porte").fetchall())
    client = connecter("responsable")
    page = client.get("/equipe/portes").text
    assert "En attente (4)" in page, "not the one of the other platform"
    assert "3 décisions attendent" in client.get("/equipe").text, "said where a manager starts the day: those she may take"
    assert all(n in page for n in ("60 parcours concernés", "61 parcours concernés", "240 fichiers à effacer"))
    cas = {
        (str(partenaire), "Accepter"): (303, "Envois permis"),
        ("a-moi", "Accepter"): (409, None),
        ("a-moi", "Refuser"): (303, "Rien n'a lieu"),
        ("a-un-autre", "Accepter"): (303, "Au prochain passage"),
        ("reception", "Accepter"): (404, None),
        ("ailleurs", "Accepter"): (404, None),
        ("a-un-autre", "Peut-être"): (422, None),
    }
    for (objet, choix), (code, suite) in cas.items():
        reponse = post(client, f"/equipe/portes/{portes[objet]}", "/equipe/portes", choix=choix)
        assert reponse.status_code == code, (objet, choix, reponse.text[:300])
        if suite:
            assert suite in client.get("/equipe/portes").text.replace("&#39;", "'"), objet
    faits = dict(admin.execute("SELECT objet, decision FROM pdp.porte WHERE decision IS NOT NULL").fetchall())
    assert faits == {str(partenaire): "acceptee", "a-moi": "refusee", "a-un-autre": "acceptee"}


def test_in_a_tab_of_airflow_no_link_leads_to_a_page_that_no_frame_may_show(
    lieu: Lieu, connecter: Connecter, admin: psycopg.Connection[Any]
) -> None:
    with lot() as conn:
        dossiers = [fabrique.parcours(conn, csam=csam, statut="affecte") for csam in (lieu.comptes["csam"], None)]
        open_passage(conn, PASSAGE, "pdp_veille", "veiller", MAINTENANT, "PF35")
        note(conn, "pdp_veille", "scheduled__2026-11-18T05:45:00+00:00", MAINTENANT, MAINTENANT, "airflow")
    admin.execute("SET session_replication_role = replica")
    admin.execute("UPDATE pdp.parcours SET statut = 'a_affecter', csam_id = NULL WHERE id = %s", (dossiers[1].parcours,))
    admin.execute(
        "INSERT INTO pdp.blocage (plateforme_id, code, parcours_id, cause, depuis_at, constate_at) VALUES ('PF35', 'S05', %s, 'x', %s, %s)",
        (dossiers[1].parcours, MAINTENANT, MAINTENANT),
    )
    client = connecter("responsable")
    liens, seuls = set(), set()
    for adresse in ("/passages", "/traitements", f"/passages/{quote(PASSAGE)}", *(f"/equipe/parcours/{d.parcours}" for d in dossiers)):
        page, cadre = client.get(adresse).text, client.get(adresse, headers={"sec-fetch-dest": "iframe"}).text
        trouves = [set(re.findall(r'<(?:a|form)[^>]* (?:href|action)="([^"#]+)', texte)) for texte in (page, cadre)]
        liens |= trouves[0]
        seuls |= trouves[1]
    assert {"/", "/deconnexion", "/equipe/portes", "/equipe/affectation", "/equipe/blocages/S05"} <= liens - seuls
    assert [lien for lien in seuls if not lien.startswith(CADRES_AIRFLOW)] == []


def test_airflow_alone_may_show_the_pages_of_runs_in_a_tab(connecter: Connecter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDP_AIRFLOW_URL", "https://airflow.exemple.invalid:8443/base")
    client = connecter("responsable")
    for adresse, permis in (
        ("/passages?run=x&dag=y", True),
        (f"/equipe/parcours/{PASSAGE}", True),
        ("/equipe", False),
        ("/equipe/portes", False),
    ):
        entetes = client.get(adresse).headers
        ancetres = "frame-ancestors https://airflow.exemple.invalid:8443;" if permis else "frame-ancestors 'none';"
        assert ancetres in entetes["content-security-policy"], adresse
        assert ("x-frame-options" in entetes) is not permis
    assert "frame-ancestors https" in client.post(f"/passages/{quote(PASSAGE)}").headers["content-security-policy"], "what a form answers"
    client.cookies.clear()
    deconnecte = client.get("/passages?run=x", headers={"sec-fetch-dest": "iframe"})
    assert (deconnecte.status_code, "/passages?run=x" in deconnecte.text) == (401, True), "the sign-in page is shown in no frame"
