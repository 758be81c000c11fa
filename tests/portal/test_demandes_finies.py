"""Refused or expired, a hand-over stays a line of its partner's history, without what it was told of the person: three ways in."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from fhir.resources.R4B.servicerequest import ServiceRequest
from fhir.resources.R4B.task import Task
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, lot
from lien_partenaire import Courriels, Porteuse, relais_par_lien
from pdp.services.apply_reponses import apply_reponses
from portal.conftest import Horloge
from portal.donnees import Lieu, TestClient, post
from portal.jeu import NOMS_ASSURES
from portal.jeu_ecrans import build_jeu
from portal.logiciels import monde_fhir
from relais import SECRET_B64, boite

COLLECTE = fabrique.systeme("collect_reponses")
POSE = "UPDATE pdp.orientation SET statut = %s, repondue_at = %s WHERE id = %s"
QUESTION = (
    "INSERT INTO pdp.echange_question (id, plateforme_id, orientation_id, partenaire_id, par, texte, posee_at, posee_par)"
    " SELECT gen_random_uuid(), o.plateforme_id, o.id, o.partenaire_id, 'csam', 'Peut-elle conduire ?', %s,"
    " (SELECT a.id FROM pdp.agent a WHERE a.plateforme_id = o.plateforme_id LIMIT 1) FROM pdp.orientation o WHERE o.id = %s"
)
FINIES = {"refusee": "Demande refusée", "expiree": "Demande expirée sans réponse"}


@pytest.mark.parametrize("statut", [*FINIES, "realisee", "sans_suite"])
def test_the_inbox_keeps_the_line(lieu: Lieu, connecter: Callable[[str], TestClient], admin: psycopg.Connection[Any], statut: str) -> None:
    jeu = build_jeu(lieu)
    mienne = jeu.orientations["mienne"]
    admin.execute("SET session_replication_role = replica")
    admin.execute(QUESTION, (MAINTENANT, mienne))
    admin.execute(POSE, (statut, MAINTENANT, mienne))
    client = connecter("partenaire")
    (article,) = re.findall(rf'<article [^>]*id="demande-{mienne}".*?</article>', client.get("/partenaire").text, re.S)
    pages = [article, client.get(f"/partenaire/demandes/{mienne}").text]
    (motif,) = admin.execute("SELECT motif FROM pdp.orientation WHERE id = %s", (mienne,)).fetchone() or ("",)
    for page in pages:
        assert (NOMS_ASSURES[0] in page) is (statut not in FINIES)
        assert ("Poste aménagé" in page) is (statut not in FINIES)
    assert (motif in pages[1], "Peut-elle conduire" in pages[1]) == (statut not in FINIES, statut not in FINIES)
    if statut in FINIES:
        assert f"{FINIES[statut]} : ce qui vous avait été transmis sur la personne n'est plus affiché." in pages[1]
        assert "<h1>Demande du " in pages[1]
    admin.execute(POSE, ("envoyee", None, mienne))
    page = client.get(f"/partenaire/demandes/{mienne}").text
    assert NOMS_ASSURES[0] in page, "an answer taken back shows it again"
    assert "Peut-elle conduire" in page


def test_refused_through_the_screen_then_applied(lieu: Lieu, connecter: Callable[[str], TestClient]) -> None:
    jeu = build_jeu(lieu)
    client = connecter("partenaire")
    adresse = f"/partenaire/demandes/{jeu.orientations['mienne']}"
    assert post(client, f"{adresse}/reponse", "/partenaire", statut="refusee", motif="capacite").status_code == 303
    with lot(COLLECTE) as conn:
        apply_reponses(conn, "PF35", COLLECTE, MAINTENANT)
    page = client.get(adresse).text
    assert "Plus de place actuellement" in page
    assert NOMS_ASSURES[0] not in page


def test_its_software_reads_a_bare_request(app: FastAPI, horloge: Horloge, admin: psycopg.Connection[Any]) -> None:
    with monde_fhir(app) as monde:
        nom, motif = (
            admin.execute("SELECT contenu ->> 'nom', motif FROM pdp.orientation WHERE id = %s", (monde.orientation,)).fetchone() or ()
        )
        adresses = (f"/ServiceRequest/{monde.orientation}", monde.tache, "/Task", "/ServiceRequest")
        assert nom in monde.soi.get(adresses[0]).text
        admin.execute("SET session_replication_role = replica")
        admin.execute(QUESTION, (MAINTENANT, monde.orientation))
        assert "Peut-elle conduire" in monde.soi.get(monde.tache).text
        for statut in FINIES:
            admin.execute(POSE, (statut, MAINTENANT, monde.orientation))
            lues = [monde.soi.get(adresse) for adresse in adresses]
            assert {lue.status_code for lue in lues} == {200}
            assert all(
                str(monde.orientation) in lue.text and all(dit not in lue.text for dit in (nom, motif, "Peut-elle conduire"))
                for lue in lues
            )
            demande = ServiceRequest.model_validate(lues[0].json())
            tache = Task.model_validate(lues[1].json())
            assert (demande.status, demande.reasonCode, tache.input) == ("revoked", None, None)


def test_its_link_shows_no_more(
    lieu: Lieu, app: FastAPI, horloge: Horloge, admin: psycopg.Connection[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    with boite(tmp_path) as (port, dossier):
        monkeypatch.setenv("PDP_SMTP_PORT", str(port))
        courriels = Courriels.open(dossier)
        cas = relais_par_lien()
        porteuse = Porteuse.receive(TestClient(app, base_url="http://portail.test", follow_redirects=False), courriels, horloge)
        porteuse.open()
        with lot() as conn:
            nom = conn.execute(text("SELECT nom FROM identite.assure WHERE id = :a"), {"a": cas.dossier.assure}).scalar_one()
        admin.execute("SET session_replication_role = replica")
        admin.execute(QUESTION, (MAINTENANT, cas.orientation))
        page = porteuse.get().text
        assert nom in page
        assert "Peut-elle conduire" in page
        porteuse.answer("refusee", motif="capacite")
        with lot(COLLECTE) as conn:
            apply_reponses(conn, "PF35", COLLECTE, MAINTENANT)
        page = porteuse.get().text
        assert "Cette demande est terminée" in page
        assert nom not in page
        assert "Peut-elle conduire" not in page
