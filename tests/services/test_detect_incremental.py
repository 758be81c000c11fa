"""The night costs what changed: people touched and people due, found by an index; the state is that of a full run every night."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from fabrique import TEST, lot, parcours, socle
from fabrique_detection import (
    JOUR,
    PLATEFORME,
    Personne,
    avis,
    depuis,
    insert_one,
    insert_personnes,
    insert_prescriptions,
    instant,
    run,
)
from faits_dsn import Fait, insert_faits
from histoires import generate_personnes
from pdp.domain.calendrier import add_mois
from pdp.services.detect_signalements import detect_signalements

LONGTEMPS = timedelta(days=400)
ETAT = {
    "episodes": "SELECT id, debut, fin, motif_categorie FROM pdp.episode WHERE etat = 'courant' ORDER BY id",
    "droits": "SELECT assure_id, comptees, refusees, epuisement_le, seuil_1_le, seuil_2_le FROM pdp.droits_ij ORDER BY assure_id",
    "echeances": "SELECT assure_id, le, cause FROM pdp.echeance_detection ORDER BY assure_id",
    "signalements": """SELECT assure_id, episode_id, palier, survenu_le, connu_at, statut, priorite FROM pdp.signalement
        ORDER BY assure_id, palier, connu_at""",
    "motifs": """SELECT s.assure_id, s.palier, m.regle, m.valeur_observee, m.points, m.constate_le, m.valable_jusqu_au
        FROM pdp.signalement_motif m JOIN pdp.signalement s ON s.id = m.signalement_id
        ORDER BY s.assure_id, s.palier, s.connu_at, m.regle""",
    "alertes": "SELECT assure_id, type, survenu_at, connu_at FROM pdp.alerte ORDER BY assure_id, type",
}
FAITS = ("arret_prescrit", "episode", "signalement", "signalement_motif", "droits_ij", "fait_dsn", "ij_versee", "assure", "parcours")
GROSSES = (*FAITS, "echeance_detection", "alerte")


def read_etat(conn: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {nom: [tuple(ligne) for ligne in conn.execute(text(requete))] for nom, requete in ETAT.items()}


@contextmanager
def rolled_back(conn: Connection) -> Iterator[None]:
    point = conn.begin_nested()
    yield
    point.rollback()


@pytest.fixture
def conn(base: str) -> Any:
    with lot() as ouverte:
        socle(ouverte)
        yield ouverte


def live(conn: Connection, arrivees: dict[int, list[Any]], nuits: int, *, complet: bool) -> dict[str, list[tuple[Any, ...]]]:
    """`nuits` nights in a row, with the facts that arrive before each."""
    for n in range(nuits):
        for personne, fait in arrivees.get(n, []):
            if isinstance(fait, Fait):
                insert_faits(conn, [(personne.id, fait)])
            else:
                insert_prescriptions(conn, [(personne.id, fait)])
        detect_signalements(conn, PLATEFORME, TEST, instant(JOUR + timedelta(days=n)), complet=complet)
    return read_etat(conn)


def test_day_after_day_equals_a_full_run_every_night(conn: Connection) -> None:
    nuits, hasard = 70, random.Random(7)
    personnes = generate_personnes(21, 30, JOUR + timedelta(days=40))
    arrivees: dict[int, list[Any]] = {}
    for personne in personnes:
        for prescription in personne.prescriptions:
            retard = max(0, (prescription.debut - JOUR).days + hasard.randint(-3, 10))
            arrivees.setdefault(min(retard, nuits - 1) if hasard.random() < 0.8 else hasard.randint(0, nuits - 1), []).append(
                (personne, prescription)
            )
        if hasard.random() < 0.4:
            du = JOUR + timedelta(days=hasard.randint(-20, 40))
            fait = Fait("arret", du, reprise_le=du + timedelta(days=hasard.randint(1, 30)), reprise_code="01")
            arrivees.setdefault(hasard.randint(0, nuits - 1), []).append((personne, fait))
    insert_personnes(conn, [Personne([], p.naissance, p.id) for p in personnes])
    for personne in personnes[::3]:
        parcours(conn, assure_id=personne.id)
    etats = []
    for complet in (False, True):
        with rolled_back(conn):
            etats.append(live(conn, arrivees, nuits, complet=complet))
    for nom in ETAT:
        assert etats[0][nom] == etats[1][nom], nom
    assert all(etats[0][nom] for nom in ETAT)


def count_reads(conn: Connection) -> dict[str, tuple[int, int]]:
    """Scans of the tables that grow with the stock so far: (from end to end, by index)."""
    requete = text("SELECT relname, seq_scan, coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables WHERE relname = ANY(:t)")
    return {nom: (sequentielles, indexees) for nom, sequentielles, indexees in conn.execute(requete, {"t": list(GROSSES)})}


def list_read(avant: dict[str, tuple[int, int]], apres: dict[str, tuple[int, int]], rang: int) -> list[str]:
    """Tables read meanwhile; `rang` 0: from end to end, 1: by index."""
    return sorted(nom for nom, lectures in apres.items() if lectures[rang] > avant.get(nom, (0, 0))[rang])


def test_a_night_finds_its_people_by_index(base: str) -> None:
    """One prescription arrives, one person falls due, among others with nothing: only these two are looked at, by index only."""
    with lot() as conn:
        socle(conn)
        insert_personnes(conn, [Personne([avis(JOUR - timedelta(days=5), JOUR + LONGTEMPS)]) for _ in range(50)])
        due = insert_one(conn, avis(JOUR - timedelta(days=58), JOUR + LONGTEMPS))
        touchee = insert_one(conn, avis(JOUR - timedelta(days=200), JOUR - timedelta(days=195)))
        run(conn)
    with lot() as conn:
        insert_prescriptions(conn, [(touchee.id, avis(JOUR - timedelta(days=40), JOUR + LONGTEMPS))])
    with lot() as conn:
        conn.execute(text("SELECT set_config('enable_seqscan', 'off', true)"))  # a small table would be read whole though an index would do
        avant = count_reads(conn)
        bilan = run(conn, JOUR + timedelta(days=1))
        assert list_read(avant, count_reads(conn), 0) == []
        regardees = set(conn.execute(text("SELECT assure_id FROM personne_touchee")).scalars())
    assert regardees == {due.id, touchee.id}
    assert (bilan.detail["personnes"], bilan.detail["signalements"]) == (2, 2)


def test_a_night_with_nothing_new_reads_no_fact(base: str) -> None:
    with lot() as conn:
        socle(conn)
        insert_personnes(conn, [Personne([avis(JOUR - timedelta(days=5), JOUR + LONGTEMPS)]) for _ in range(20)])
        run(conn)
    with lot() as conn:
        avant = count_reads(conn)
        assert run(conn, JOUR + timedelta(days=1)).traites == 0
        lues = {nom for rang in (0, 1) for nom in list_read(avant, count_reads(conn), rang)}
    assert lues & set(FAITS) == set()


def list_causes(conn: Connection) -> tuple[date, str]:
    return tuple(conn.execute(text("SELECT le, cause FROM pdp.echeance_detection")).one())


@pytest.mark.parametrize(
    ("prescription", "jour", "attendu"),
    [
        pytest.param((10, 30), 0, (10, "debut_arret"), id="absence to come"),
        pytest.param((0, 20), 0, (22, "fin_arret"), id="ends below every threshold: two tolerated days, then over"),
        pytest.param((0, 40), 0, (29, "regle_tms"), id="thirty days of a TMS"),
        pytest.param((0, 60), 30, (59, "palier_60,regle_palier_60"), id="sixtieth day"),
        pytest.param((0, 59), 30, (61, "fin_arret"), id="one day short of the threshold"),
        pytest.param((0, 400), 90, (149, "j180_approche"), id="thirty days before J180"),
        pytest.param((0, 400), 149, (179, "palier_180,regle_palier_180"), id="J180"),
    ],
)
def test_due_day_and_its_causes(conn: Connection, prescription: tuple[int, int], jour: int, attendu: tuple[int, str]) -> None:
    """Days counted from JOUR; the absence is a TMS of `duree` days from its start."""
    debut, duree = prescription
    insert_one(conn, depuis(JOUR + timedelta(days=debut), duree, motif_categorie="tms"), naissance=date(1980, 1, 1))
    run(conn, JOUR + timedelta(days=jour))
    assert list_causes(conn) == (JOUR + timedelta(days=attendu[0]), attendu[1])


def test_birthday_that_counts_is_a_due_day(conn: Connection) -> None:
    anniversaire = JOUR + timedelta(days=2)
    insert_one(conn, avis(JOUR - timedelta(days=100), JOUR + LONGTEMPS), naissance=add_mois(anniversaire, -600))
    run(conn)
    assert list_causes(conn) == (anniversaire, "regle_age")


def test_nothing_ahead_leaves_no_row(conn: Connection) -> None:
    insert_one(conn, depuis(JOUR - timedelta(days=30), 29))
    run(conn)
    assert list_causes(conn)[1] == "fin_arret"
    run(conn, JOUR + timedelta(days=1))
    assert conn.execute(text("SELECT count(*) FROM pdp.echeance_detection")).scalar() == 0


def test_nights_missed_are_taken_up_on_their_true_day(conn: Connection) -> None:
    """No run for ten days: the threshold is still dated on the day it was reached."""
    insert_one(conn, avis(JOUR - timedelta(days=55), JOUR + LONGTEMPS))
    run(conn)
    run(conn, JOUR + timedelta(days=14))
    ligne = conn.execute(text("SELECT palier, survenu_le FROM pdp.signalement ORDER BY palier DESC LIMIT 1")).one()
    assert tuple(ligne) == (60, JOUR + timedelta(days=4))
