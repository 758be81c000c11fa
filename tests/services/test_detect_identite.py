"""A person known under two rows is called once: the row that gave way, whose facts left, waits for nobody."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fabrique import MAINTENANT, TEST, agent, arret, auteur_agent, lot, parcours, socle
from livraisons import ENTETE_IDENTITE, ingest, ligne_identite, nir
from pdp.services.detect_signalements import detect_signalements
from pdp.services.transfer_parcours import apply_transferts, request_transfert
from pdp.storage import db

T1, T2 = "2026-09-01T07:00:00Z", "2026-09-20T07:00:00Z"
DEBUT, FIN = (MAINTENANT.date() + timedelta(days=n) for n in (-70, 40))
ARRET = f"AV1;351-1;{DEBUT};{FIN};initiale;maladie;non;F32;non;;non;2026-09-12T08:00:00Z;e_aat;non"


@pytest.fixture
def depot(base: str, tmp_path: Path) -> Path:
    with lot() as conn:
        socle(conn)
    return tmp_path / "depot"


def detect(*plateformes: str) -> None:
    for plateforme in plateformes:
        with lot() as conn:
            detect_signalements(conn, plateforme, TEST, MAINTENANT)


def list_waiting(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return admin.execute(
        "SELECT s.plateforme_id, a.id_source, s.palier, s.statut FROM pdp.signalement s JOIN identite.assure a ON a.id = s.assure_id"
        " WHERE s.statut IN ('a_trier', 'veille') ORDER BY 1, 2"
    ).fetchall()


def test_two_rows_of_one_person_bring_one_call(depot: Path, admin: psycopg.Connection[Any]) -> None:
    """Both pivot ids were known before the caisse said that they are one person."""
    ingest(depot, "assures", [ligne_identite(1, nir(1), T1), ligne_identite(2, nir(1), T1)], entete=ENTETE_IDENTITE)
    ingest(depot, "arrets_prescrits", [ARRET])
    detect("PF35")
    assert list_waiting(admin) == [("PF35", "351-1", 60, "a_trier")]
    ingest(depot, "assures", [ligne_identite(2, nir(1), T2, precedent="351-1")], jour="2026-10-02", entete=ENTETE_IDENTITE)
    detect("PF35")
    assert list_waiting(admin) == [("PF35", "351-2", 60, "a_trier")]
    detect("PF35")
    assert list_waiting(admin) == [("PF35", "351-2", 60, "a_trier")]
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'signalement_remplace'").fetchone() == (1,)


def test_a_person_who_moved_waits_on_her_new_platform_only(depot: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(depot, "assures", [ligne_identite(1, nir(1), T1)], entete=ENTETE_IDENTITE)
    ingest(depot, "arrets_prescrits", [ARRET])
    detect("PF35", "PF57")
    ingest(depot, "assures", [ligne_identite(1, nir(1), T2, departement="57")], jour="2026-10-02", entete=ENTETE_IDENTITE)
    detect("PF35", "PF57")
    assert list_waiting(admin) == [("PF57", "351-1", 60, "a_trier")]
    ingest(depot, "assures", [ligne_identite(1, nir(1), "2026-10-20T07:00:00Z")], jour="2026-10-21", entete=ENTETE_IDENTITE)
    detect("PF35", "PF57")
    assert [ligne[0] for ligne in list_waiting(admin)] == ["PF35"], "she came back: she waits where she lives"


def test_two_absences_joined_then_parted_keep_somebody_waiting(depot: Path, admin: psycopg.Connection[Any]) -> None:
    """An avis that joins an old absence to the running one, then is cancelled: the running one must not stay without a signalement."""
    jour = MAINTENANT.date()
    debuts = {"AV1": (-170, -70), "AV2": (-63, 40)}
    lignes = [
        ARRET.replace("AV1", avis).replace(str(DEBUT), str(jour + timedelta(days=a))).replace(str(FIN), str(jour + timedelta(days=b)))
        for avis, (a, b) in debuts.items()
    ]
    ingest(depot, "assures", [ligne_identite(1, nir(1), T1)], entete=ENTETE_IDENTITE)
    ingest(depot, "arrets_prescrits", lignes)
    detect("PF35")
    assert list_waiting(admin) == [("PF35", "351-1", 60, "a_trier")]
    pont = f"AV3;351-1;{jour - timedelta(days=70)};{jour - timedelta(days=60)};prolongation;maladie;non;F32;non;;non;{{}};e_aat;{{}}"
    ingest(depot, "arrets_prescrits", [pont.format("2026-11-13T08:00:00Z", "non")], jour="2026-11-13")
    detect("PF35")
    assert list_waiting(admin) == [("PF35", "351-1", 90, "a_trier")]
    ingest(depot, "arrets_prescrits", [pont.format("2026-11-14T08:00:00Z", "oui")], jour="2026-11-14")
    detect("PF35")
    en_cours = admin.execute(
        "SELECT s.palier, s.statut FROM pdp.signalement s JOIN pdp.episode e ON e.id = s.episode_id"
        " WHERE e.debut = %s AND e.etat = 'courant' AND s.statut IN ('a_trier', 'veille')",
        [jour - timedelta(days=63)],
    ).fetchall()
    assert en_cours == [(60, "a_trier")]


def test_an_absence_received_by_transfer_is_the_one_that_the_feed_brings_next(base: str, admin: psycopg.Connection[Any]) -> None:
    """Otherwise the person has two absences at once, and alerts and thresholds twice."""
    with lot() as conn:
        socle(conn)
        cas = parcours(conn, statut="oriente")
        responsable = agent(conn, "responsable")
        agent(conn, plateforme="PF57")
    auteur = auteur_agent(responsable, "responsable")
    with db.begin_as(auteur) as conn:
        request_transfert(conn, auteur, cas.parcours, "PF57", "57463", MAINTENANT)
    with lot() as conn:
        assert apply_transferts(conn, "PF35", TEST, MAINTENANT).traites == 1
    detect("PF57")
    la_bas, avis, debut, fin = admin.execute(
        "SELECT e.assure_id, e.premiere_prescription, e.debut, e.fin FROM pdp.episode e WHERE e.plateforme_id = 'PF57'"
    ).fetchall()[0]
    with lot() as conn:
        arret(conn, la_bas, debut, fin, "PF57", id_avis=avis)
    detect("PF57")
    absences = "SELECT premiere_prescription, etat FROM pdp.episode WHERE plateforme_id = 'PF57'"
    assert admin.execute(absences).fetchall() == [(avis, "courant")]
    assert admin.execute("SELECT statut FROM pdp.signalement WHERE plateforme_id = 'PF57'").fetchall() == [("oriente_csam",)]
