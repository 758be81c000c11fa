"""Health and metrics: who may read them, what they say when the database is well, old or away, and that no label names a person."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

import fabrique
from pdp import clock
from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.domain.bilan import Bilan
from pdp.portal.metriques import PROPRES
from pdp.services import record_passage
from pdp.services.read_mesures import MESURES, MESUREUR, read_mesures
from pdp.services.watch_platform import watch_platform
from pdp.storage import db
from portal.donnees import Lieu, TestClient, add_tache
from portal.jeu import CIM10, NOMS_ASSURES, PASSAGE, PRENOMS_ASSURES
from portal.jeu_ecrans import build_jeu

Connecter = Callable[[str], TestClient]
JETON = "jeton-de-mesure"


def client_de(app: FastAPI) -> TestClient:
    return TestClient(app, base_url="http://portail.test", follow_redirects=False)


def lire_metriques(client: TestClient) -> dict[tuple[str, ...], float]:
    """(name, label, value, ...) -> value."""
    reponse = client.get("/metrics", headers={"authorization": f"Bearer {JETON}"})
    assert reponse.status_code == 200
    return {
        (e.name, *(x for paire in sorted(e.labels.items()) for x in paire)): e.value
        for famille in text_string_to_metric_families(reponse.text)
        for e in famille.samples
    }


def test_metrics_count_and_name_nobody(app: FastAPI, lieu: Lieu, connecter: Connecter, monkeypatch: pytest.MonkeyPatch) -> None:
    """A morning of the platform: every family is there, no name, no id, no path; without its token the page does not exist."""
    jeu = build_jeu(lieu)
    client = client_de(app)
    absente = client.get(f"/{uuid4()}")
    for entetes in ({}, {"authorization": "Bearer "}, {"authorization": "Bearer faux"}):
        reponse = client.get("/metrics", headers=entetes)
        assert (reponse.status_code, reponse.text) == (404, absente.text), "no token set: nobody is let in"
    monkeypatch.setenv("PDP_METRIQUES_JETON", JETON)
    for entetes in ({}, {"authorization": "Bearer "}, {"authorization": "Bearer faux"}, {"authorization": JETON}):
        assert client.get("/metrics", headers=entetes).status_code == 404

    connecter("csam").get(f"/parcours/{jeu.parcours[0]}")
    client.get("/n-existe-pas/DUPONT")
    lues = lire_metriques(client)
    corps = client.get("/metrics", headers={"authorization": f"Bearer {JETON}"}).text
    assert {m.nom for m in MESURES} | PROPRES <= {
        ligne.split()[2].removesuffix("_total") for ligne in corps.splitlines() if ligne.startswith("# TYPE")
    }
    assert lues["pdp_database_up",] == 1
    assert sum(v for cle, v in lues.items() if cle[0] == "pdp_parcours_open") > 0
    assert sum(v for cle, v in lues.items() if cle[0] == "pdp_late_reasons") > 0
    assert lues["pdp_quarantine_lines", "platform", "PF35"] > 0
    assert lues["pdp_http_responses_total", "method", "GET", "route", "/parcours/{parcours_id}", "status", "2xx"] >= 1
    assert lues["pdp_http_responses_total", "method", "GET", "route", "other", "status", "4xx"] >= 1
    interdits = {
        *NOMS_ASSURES,
        *PRENOMS_ASSURES,
        CIM10,
        "DUPONT",
        "33612345678",
        *(str(a) for a in jeu.assures),
        *(str(p) for p in jeu.parcours),
    }
    assert {mot for mot in interdits if mot.lower() in corps.lower()} == set()
    etiquettes = " ".join(re.findall(r"{.*?}", corps))
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-|\d{13}", etiquettes)


def test_the_role_that_measures_reads_counted_columns_only(lieu: Lieu) -> None:
    build_jeu(lieu)
    refus = [
        *("SELECT id FROM pdp.parcours", "SELECT assure_id FROM pdp.parcours", "SELECT charge FROM pdp.outbox"),
        *("SELECT parcours_id FROM pdp.tache", "SELECT message FROM identite.quarantaine", "SELECT 1 FROM identite.assure"),
        *("SELECT 1 FROM medical.avis", "SELECT 1 FROM journal.evenement", "SELECT phrase FROM pdp.alerte"),
        "SELECT type FROM pdp.alerte",  # its theme only
        *("SELECT id FROM pdp.passage", "UPDATE pdp.incident SET nombre = 1", "SELECT 1 FROM securite.session"),
    ]
    with db.begin_as(MESUREUR) as conn:
        for requete in refus:
            with pytest.raises(ProgrammingError, match="permission denied"), conn.begin_nested():
                conn.execute(text(requete))
        assert conn.execute(text("SELECT count(statut) FROM pdp.parcours")).scalar_one() > 0
    with db.begin_as(Auteur("agent", str(uuid4()), "csam", "PF35")) as conn:  # the role alone is not enough: the context is signed
        conn.execute(text("SET LOCAL ROLE pdp_role_mesure"))
        assert conn.execute(text("SELECT count(statut) FROM pdp.parcours")).scalar_one() == 0


def test_a_killed_task_is_unfinished_until_a_later_run_ends_everywhere(base: str) -> None:
    """Done by the next run: over. One platform that fails run after run while the others end: still there."""
    passages = [("d", "0", 3, None), ("d", "1", 2, 2), ("e", "0", 3, None), ("f", "0a", 3, None), ("f", "1a", 2, None), ("f", "1b", 2, 2)]
    with fabrique.lot() as conn:
        for dag, run, heures, fini in passages:
            conn.execute(
                text(
                    "INSERT INTO pdp.passage (id, dag, tache, instant_metier, debut_at, fin_at) SELECT :i, :d, 't',"
                    " timestamptz '2026-03-16 12:00Z' - make_interval(hours => :h), now() - make_interval(hours => :h),"
                    " now() - make_interval(hours => cast(:f AS integer))"
                ),
                {"i": f"{dag}/{run}/t", "d": dag, "h": heures, "f": fini},
            )
    with db.begin_as(MESUREUR) as conn:
        lues = read_mesures(conn, clock.now())["pdp_sweep_unfinished"]
    assert sorted(lues) == [(("e", "t"), 1), (("f", "t"), 2)]


def test_health_tells_alive_from_ready(app: FastAPI, lieu: Lieu, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_de(app)
    assert client.get("/sante/vivant").json() == {"vivant": True}
    pret = {"pret": True, "base": "presente", "migrations": "a_jour", "balayages": "en_retard"}
    assert (client.get("/sante/pret").status_code, client.get("/sante/pret").json()) == (200, pret), "late sweeps stop nobody"
    with fabrique.lot() as conn:
        conn.execute(
            text("INSERT INTO pdp.passage (id, dag, tache, instant_metier, fin_at) VALUES ('d/r/t', 'd', 't', now(), clock_timestamp())")
        )
    assert client.get("/sante/pret").json() == pret | {"balayages": "recents"}
    admin.execute("DELETE FROM public.migration WHERE nom = (SELECT max(nom) FROM public.migration)")
    assert client.get("/sante/pret").status_code == 503
    assert client.get("/sante/pret").json()["migrations"] == "a_appliquer"
    monkeypatch.setenv("PDP_METRIQUES_JETON", JETON)
    monkeypatch.setenv("PDP_DATABASE_URL_PORTAIL", settings().url_portail.replace("pdp_portail:", "pdp_portail:faux"))
    assert (client.get("/sante/pret").status_code, client.get("/sante/pret").json()) == (503, {"pret": False, "base": "absente"})
    assert client.get("/sante/vivant").status_code == 200
    assert lire_metriques(client)["pdp_database_up",] == 0


def test_the_manager_reads_incidents(lieu: Lieu, connecter: Connecter) -> None:
    """Planted: a feed that stopped. Said on the page and on two others."""
    build_jeu(lieu)
    maintenant = clock.now()
    with fabrique.lot(systeme("watch_platform")) as conn:
        conn.execute(
            text("UPDATE pdp.flux_fichier SET recu_at = :m WHERE flux = 'arrets_prescrits'"), {"m": maintenant - timedelta(days=20)}
        )
        watch_platform(conn, lieu.plateforme_id, systeme("watch_platform"), maintenant)
    responsable = connecter("responsable")
    page = responsable.get("/equipe/sante").text
    for attendu in (
        "Flux attendu non reçu : Arrêts prescrits",
        "Que faire.",
        "Constaté par le guet",
        "rien trouvé",
        "Aucune panne récente",
    ):
        assert attendu in page, attendu
    for adresse in ("/equipe", "/equipe/donnees"):
        assert "Flux attendu non reçu : Arrêts prescrits" in responsable.get(adresse).text, adresse

    assert not {mot for mot in (*NOMS_ASSURES, *PRENOMS_ASSURES) if mot.lower() in page.lower()}
    assert PASSAGE not in page


def test_the_catch_up_after_an_outage_is_counted_in_people(lieu: Lieu, connecter: Connecter) -> None:
    """No detection for five days; two people seen late, one called since; the banner ends with the last first call."""
    maintenant = clock.now()
    reprise = maintenant - timedelta(hours=6)
    panne = reprise - timedelta(days=5)
    with fabrique.lot() as conn:
        for instant in (panne, reprise):
            nom = f"pdp_detection/{instant.isoformat()}/detecter[PF35]"
            record_passage.open_passage(conn, nom, "pdp_detection", "detecter", instant, "PF35")
            record_passage.close_passage(conn, nom, Bilan())
        for jours, ferme in ((4, False), (2, True), (30, False)):  # the last one was known late for another reason
            dossier = fabrique.parcours(conn)
            tache = add_tache(conn, dossier.parcours, "premier_appel", maintenant + timedelta(days=2))
            conn.execute(
                text("UPDATE pdp.parcours SET connu_at = :c, survenu_le = :s WHERE id = :p"),
                {"c": reprise, "s": (reprise - timedelta(days=jours)).date(), "p": dossier.parcours},
            )
            if ferme:
                conn.execute(
                    text("UPDATE pdp.tache SET fermee_at = :m, fermee_par = 'essai', issue = 'faite' WHERE id = :t"),
                    {"m": maintenant, "t": tache},
                )
        assure = fabrique.assure(conn)
        conn.execute(
            text("INSERT INTO pdp.echeance_detection (assure_id, plateforme_id, le, cause) VALUES (:a, 'PF35', :l, 'palier_60')"),
            {"a": assure, "l": (maintenant - timedelta(days=1)).date()},
        )
    client = connecter("responsable")
    page = client.get("/equipe/sante").text
    assert "1 personne attend le premier appel" in page
    assert "Panne de la détection en cours" not in page
    assert re.search(
        r'data-label="Personnes en retard">2<.*data-label="Retard médian">3 jours<.*data-label="Retard le plus long">4 jours<',
        page,
        re.DOTALL,
    )
    assert "2 personnes repérées</strong>" not in page
    assert "2 personnes repérées avec retard" in client.get("/equipe").text
    with fabrique.lot() as conn:
        conn.execute(
            text("UPDATE pdp.tache SET fermee_at = :m, fermee_par = 'essai', issue = 'faite' WHERE fermee_at IS NULL"), {"m": maintenant}
        )
    assert "dernier premier appel le" in client.get("/equipe/sante").text
    assert "repérées avec retard" not in client.get("/equipe").text, "over: nothing is said any more"
    with fabrique.lot() as conn:  # it stops again: who waits is counted, nobody is named
        conn.execute(text("UPDATE pdp.passage SET instant_metier = instant_metier - interval '3 days'"))
    page = client.get("/equipe/sante").text
    assert "Panne de la détection en cours" in page
    assert "<strong>1 personne attend</strong> d'être examinée" in page
    assert str(assure) not in page
