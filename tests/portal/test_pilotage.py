"""The manager's page of steering says delays with what they are over, and lets nobody be found."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from fabrique import MAINTENANT, auteur_agent
from pdp.storage import db
from portal.conftest import Horloge
from portal.donnees import Lieu, TestClient
from portal.jeu_pilotage import build_pilotage
from portal.navigateur import chromium, connect, serve
from portal.regard import list_defauts

Connecter = Callable[[str], TestClient]
ETAPES = [
    ("Signalée", "160", "100 %", "—", "—", "—"),
    ("Décidée par le médecin-conseil ou le document d'orientation", "160", "100 %", "1 jour", "5 jours", "160"),
    ("Confiée à un conseiller", "144", "90 %", "moins d'un jour", "moins d'un jour", "144"),
    ("Jointe", "120", "75 %", "3 jours", "pas encore atteint", "144 dont 24 sans cette étape à ce jour"),
    ("Télé-échange réalisé", "96", "60 %", "7 jours", "7 jours", "120 dont 24 sans cette étape à ce jour"),
    ("Orientée vers un partenaire", "48", "30 %", "1 jour", "pas encore atteint", "96 dont 48 sans cette étape à ce jour"),
    ("Acceptée par le partenaire", "moins de 11", "—", "pas encore atteint", "pas encore atteint", "48"),
    ("Accompagnement réalisé par le partenaire", "moins de 11", "—", "—", "—", "moins de 11"),
    ("Issue enregistrée", "moins de 11", "—", "—", "—", "moins de 11"),
]
EQUITE = {
    "Femmes": ("60", "80 %", "68 à 88 %", "pas d'écart net"),
    "Hommes": ("84", "86 %", "77 à 92 %", "pas d'écart net"),
    "35 à 44 ans": ("144", "83 %", "76 à 89 %", "pas d'écart net"),
    "Commune 35238": ("130", "non montré", "—", "—"),
    "Autres communes": ("14", "non montré", "—", "—"),
    "Salariés": ("72", "83 %", "73 à 90 %", "pas d'écart net"),
    "Indépendants": ("72", "83 %", "73 à 90 %", "pas d'écart net"),
}


def _lignes(page: str) -> list[tuple[str, ...]]:
    """Cells of every row of the page, without their tags."""
    lignes = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    cases = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", ligne, re.DOTALL) for ligne in lignes]
    return [tuple(" ".join(unescape(re.sub(r"<[^>]+>", " ", c)).split()) for c in ligne) for ligne in cases]


def test_delays_with_what_they_are_over_and_nobody_to_be_found(
    lieu: Lieu, horloge: Horloge, admin: psycopg.Connection[Any], connecter: Connecter
) -> None:
    vide = connecter("responsable").get("/equipe/pilotage").text
    assert "trop peu pour mesurer des délais" in vide
    assert "trop peu de personnes affectées" in vide
    histoires = build_pilotage(lieu, admin, MAINTENANT)
    client = connecter("responsable")
    page = client.get("/equipe/pilotage").text
    lignes = _lignes(page)
    assert [ligne for ligne in lignes if len(ligne) == 6 and ligne[0] in {e[0] for e in ETAPES}] == ETAPES
    assert {ligne[0]: ligne[1:] for ligne in lignes if len(ligne) == 5 and ligne[0] in EQUITE} == EQUITE
    assert "144, dont" in " ".join(page.split())
    for interdit in ("ZORGLUBE", "Xanthippine", *(str(h.assure) for h in histoires), *(str(h.parcours) for h in histoires)):
        assert interdit not in page
    trois_mois = client.get("/equipe/pilotage?mois=3").text
    assert "trop peu pour mesurer des délais" in trois_mois, "signalled 100 days ago"
    for absurde in ("?mois=0", "?mois=999999999999", "?mois=x", "?mois="):
        assert client.get(f"/equipe/pilotage{absurde}").text.count('aria-current="true">6 mois') == 1, absurde


def test_the_database_counts_for_managers_only_their_platform_and_never_a_few(
    lieu: Lieu, admin: psycopg.Connection[Any], connecter: Connecter
) -> None:
    build_pilotage(lieu, admin, MAINTENANT)
    du, au = MAINTENANT - timedelta(days=300), MAINTENANT
    etapes = text("SELECT sum(nombre) FILTER (WHERE etape = 'signale') FROM pdp.durees_des_etapes(:du, :au, :au)")
    equite = text("SELECT axe, groupe, effectif FROM pdp.equite_du_contact(:du, :au, :jours)")
    with db.begin_as(auteur_agent(lieu.comptes["responsable"], "responsable")) as conn:
        assert conn.execute(etapes, {"du": du, "au": au}).scalar() == 160
        groupes = conn.execute(equite, {"du": du, "au": au, "jours": 21}).all()
        assert min(g.effectif for g in groupes) >= 11
        assert {g.axe for g in groupes} == {"age", "sexe", "territoire", "contrat"}
        une_seule = {"du": du, "au": MAINTENANT - timedelta(days=97), "jours": 21}
        assert {g.effectif for g in conn.execute(equite, une_seule) if g.axe == "age"} == {72}, "assigned after 1 day"
        assert conn.execute(equite, {**une_seule, "au": MAINTENANT - timedelta(days=99)}).all() == []
    for role, login in (("csam", "csam"), ("medecin_conseil", "medecin_conseil"), ("evaluateur", "evaluateur")):
        for requete in (etapes, equite):
            refus = pytest.raises(ProgrammingError, match="permission denied")
            with refus, db.begin_as(auteur_agent(lieu.comptes[login], role)) as conn:
                conn.execute(requete, {"du": du, "au": au, "jours": 21})
    for login in ("csam", "medecin_conseil", "evaluateur", "partenaire"):
        assert connecter(login).get("/equipe/pilotage").status_code == 404, login


@pytest.mark.browser
def test_readable_on_a_telephone(lieu: Lieu, app: FastAPI, horloge: Horloge, admin: psycopg.Connection[Any]) -> None:
    build_pilotage(lieu, admin, MAINTENANT)
    with serve(app) as adresse, chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1440, "height": 900})
        connect(page, adresse, "responsable")
        page.get_by_role("link", name="Pilotage").focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Du signalement à l'issue").wait_for()
        assert list_defauts(page, "pilotage") == []
