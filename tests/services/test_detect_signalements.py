"""What a detection writes, day by day: thresholds at their boundaries, once for ever, corrections, open parcours, two runs at once."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from fabrique import TEST, lot, parcours, socle
from fabrique_detection import (
    JOUR,
    MAINTENANT,
    PLATEFORME,
    Ligne,
    Personne,
    avis,
    depuis,
    insert_one,
    insert_personnes,
    insert_prescriptions,
    instant,
    list_signalements,
    run,
)
from pdp.services.detect_signalements import detect_signalements

LONGTEMPS = timedelta(days=400)


@pytest.fixture
def conn(base: str) -> Any:
    with lot() as ouverte:
        socle(ouverte)
        yield ouverte


@pytest.mark.parametrize(
    ("duree_jours", "palier"),
    [(30, None), (31, 30), (32, 30), (59, 30), (60, 60), (61, 60), (89, 60), (90, 90), (91, 90), (179, 90), (180, 180), (181, 180)],
)
def test_threshold_the_day_before_that_day_and_the_day_after(conn: Connection, duree_jours: int, palier: int | None) -> None:
    debut = JOUR - timedelta(days=duree_jours - 1)
    personne = insert_one(conn, avis(debut, JOUR + LONGTEMPS))
    run(conn)
    minimum = {30: 31, 60: 60, 90: 90, 180: 180}
    statut = "veille" if palier == 30 else "a_trier"
    attendu = [] if palier is None else [Ligne(palier, debut + timedelta(days=minimum[palier] - 1), statut)]
    assert list_signalements(conn, personne.id) == attendu


@pytest.mark.parametrize(("jours_depuis_la_fin", "signale"), [(-1, True), (0, True), (1, True), (2, True), (3, False)])
def test_arret_ended_longer_ago_than_the_tolerance_is_not_signalled(conn: Connection, jours_depuis_la_fin: int, signale: bool) -> None:
    fin = JOUR - timedelta(days=jours_depuis_la_fin)
    personne = insert_one(conn, avis(fin - timedelta(days=69), fin))
    run(conn)
    assert bool(list_signalements(conn, personne.id)) is signale


def test_day_is_that_of_paris(conn: Connection) -> None:
    personne = insert_one(conn, avis(JOUR - timedelta(days=58), JOUR + LONGTEMPS))  # 59 days on JOUR, 60 the next day
    detect_signalements(conn, PLATEFORME, TEST, datetime(JOUR.year, JOUR.month, JOUR.day, 22, 59, tzinfo=UTC))
    assert [s.palier for s in list_signalements(conn, personne.id)] == [30]
    detect_signalements(conn, PLATEFORME, TEST, datetime(JOUR.year, JOUR.month, JOUR.day, 23, 0, tzinfo=UTC))
    assert [s.palier for s in list_signalements(conn, personne.id)] == [30, 60]


def test_one_signalement_per_threshold_as_days_pass(conn: Connection) -> None:
    debut = date(2026, 1, 1)
    personne = insert_one(conn, avis(debut, debut + LONGTEMPS))
    for n in range(20, 200, 7):
        detect_signalements(conn, PLATEFORME, TEST, instant(debut + timedelta(days=n)))
    assert [(s.palier, s.survenu_le, s.statut) for s in list_signalements(conn, personne.id)] == [
        (30, date(2026, 1, 31), "remplace"),
        (60, date(2026, 3, 1), "remplace"),
        (90, date(2026, 3, 31), "remplace"),
        (180, date(2026, 6, 29), "a_trier"),
    ]


def test_a_decided_signalement_stays_decided_when_the_next_threshold_comes(conn: Connection) -> None:
    personne = insert_one(conn, avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS))
    run(conn)
    conn.execute(text("UPDATE pdp.signalement SET statut = 'sans_suite', mode_decision = 'mc', decide_at = :m"), {"m": MAINTENANT})
    run(conn, JOUR + timedelta(days=30))
    assert [(s.palier, s.statut) for s in list_signalements(conn, personne.id)] == [(60, "sans_suite"), (90, "a_trier")]


def snapshot(conn: Connection) -> list[Any]:
    """Row versions of everything the detection writes: an update of an unchanged row would show."""
    return conn.execute(
        text(
            """SELECT 'episode', id::text, xmin::text FROM pdp.episode
               UNION ALL SELECT 'droits', assure_id::text, xmin::text FROM pdp.droits_ij
               UNION ALL SELECT 'echeance', assure_id::text, xmin::text FROM pdp.echeance_detection
               UNION ALL SELECT 'signalement', id::text, xmin::text FROM pdp.signalement
               UNION ALL SELECT 'motif', signalement_id || regle, xmin::text FROM pdp.signalement_motif
               UNION ALL SELECT 'alerte', id::text, xmin::text FROM pdp.alerte
               UNION ALL SELECT 'journal', id::text, xmin::text FROM journal.evenement ORDER BY 1, 2"""
        )
    ).all()


def test_second_run_writes_nothing(base: str) -> None:
    with lot() as conn:
        socle(conn)
        suivie = insert_one(conn, avis(JOUR - timedelta(days=350), JOUR + LONGTEMPS))
        parcours(conn, assure_id=suivie.id)  # rights are alerted for people who are followed
        insert_one(conn, depuis(JOUR - timedelta(days=20), 60))
        run(conn)
        avant = snapshot(conn)
    assert {ligne[0] for ligne in avant} == {"episode", "droits", "echeance", "signalement", "motif", "alerte", "journal"}
    with lot() as conn:
        bilan = run(conn)
        assert (bilan.traites, snapshot(conn)) == (0, avant)


def test_a_platform_is_held_while_it_is_detected(base: str) -> None:
    essai = text("SELECT pg_try_advisory_xact_lock(hashtextextended('pdp.detection/' || :p, 0))")
    with lot() as conn:
        socle(conn)
    with lot() as conn, lot() as autre:
        detect_signalements(conn, PLATEFORME, TEST, MAINTENANT)
        assert [autre.execute(essai, {"p": p}).scalar() for p in (PLATEFORME, "PF57")] == [False, True]


def test_two_detections_at_once_have_one_effect(base: str) -> None:
    with lot() as conn:
        socle(conn)
        insert_personnes(conn, [Personne([avis(JOUR - timedelta(days=300 + n), JOUR + LONGTEMPS)]) for n in range(40)])
    depart, bilans, erreurs = threading.Barrier(2), [], []

    def detect() -> None:
        try:
            with lot() as conn:
                depart.wait(timeout=30)
                bilans.append(run(conn))
        except Exception as erreur:  # a thread cannot raise in the test
            erreurs.append(erreur)

    fils = [threading.Thread(target=detect) for _ in range(2)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join(timeout=60)
    assert erreurs == []
    assert sorted(b.detail.get("signalements", 0) for b in bilans) == [0, 40]
    with lot() as conn:
        assert conn.execute(text("SELECT count(*) FROM pdp.signalement")).scalar() == 40
        assert conn.execute(text("SELECT count(*) FROM journal.evenement WHERE evenement = 'signalement_detecte'")).scalar() == 40


def test_open_parcours_receives_the_signalement(conn: Connection) -> None:
    debut = JOUR - timedelta(days=95)
    personne = insert_one(conn, avis(debut, JOUR + LONGTEMPS))
    dossier = parcours(conn, assure_id=personne.id)  # its own signalement is on an older absence
    conn.execute(text("UPDATE pdp.signalement SET survenu_le = '2025-01-01'"))
    conn.execute(text("UPDATE pdp.episode SET debut = '2024-12-01', fin = '2025-01-05'"))
    run(conn)
    ligne = conn.execute(text("SELECT * FROM pdp.signalement WHERE statut = 'rattache'")).one()
    assert (ligne.palier, ligne.mode_decision, ligne.decide_at) == (90, "systeme", instant(JOUR))
    evenement = conn.execute(text("SELECT * FROM journal.evenement WHERE evenement = 'signalement_rattache'")).one()
    assert (evenement.parcours_id, evenement.donnees["signalement_id"]) == (dossier.parcours, str(ligne.id))


def test_a_new_absence_is_signalled_from_the_start(conn: Connection) -> None:
    personne = insert_one(conn, avis(JOUR - timedelta(days=59), JOUR))
    run(conn)
    insert_prescriptions(conn, [(personne.id, avis(JOUR + timedelta(days=10), JOUR + LONGTEMPS))])
    run(conn, JOUR + timedelta(days=10 + 59))
    assert [(s.palier, s.statut) for s in list_signalements(conn, personne.id)] == [(60, "a_trier"), (60, "a_trier")]


@pytest.mark.parametrize(("ecart", "arrets"), [(-1, 2), (0, 2), (1, 3)])
def test_repetition_counts_absences_begun_in_the_last_twelve_months(conn: Connection, ecart: int, arrets: int) -> None:
    """The window is open on its far side: an absence begun a year ago to the day is out."""
    il_y_a_un_an = date(2025, 11, 18) + timedelta(days=ecart)
    insert_one(conn, depuis(il_y_a_un_an, 2), depuis(date(2026, 3, 2), 2), avis(JOUR - timedelta(days=40), JOUR + LONGTEMPS))
    run(conn)
    observe = conn.execute(text("SELECT valeur_observee FROM pdp.signalement_motif WHERE regle = 'repetition'")).scalars().all()
    assert [int(o) for o in observe] == ([3] if arrets == 3 else [])


@pytest.mark.parametrize("risque", ["maternite", "paternite"])
def test_maternity_and_paternity_are_left_aside(conn: Connection, risque: str) -> None:
    personne = insert_one(conn, avis(JOUR - timedelta(days=100), JOUR + LONGTEMPS, risque=risque))
    assert run(conn).detail["sans_arret_en_cours"] == 1
    assert list_signalements(conn, personne.id) == []
    assert conn.execute(text("SELECT count(*) FROM pdp.episode")).scalar() == 0
