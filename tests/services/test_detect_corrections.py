"""Corrections that arrive after a signalement: an absence never signals the same threshold twice, whatever becomes of its dates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from fabrique import lot, socle
from fabrique_detection import JOUR, avis, depuis, insert_one, insert_prescriptions, list_signalements, run, update_avis

LONGTEMPS = timedelta(days=400)


@pytest.fixture
def conn(base: str) -> Any:
    with lot() as ouverte:
        socle(ouverte)
        yield ouverte


def test_earlier_start_learnt_later_does_not_signal_the_same_threshold_again(conn: Connection) -> None:
    personne = insert_one(conn, avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS))
    run(conn)
    insert_prescriptions(conn, [(personne.id, avis(JOUR - timedelta(days=75), JOUR - timedelta(days=58)))])
    run(conn, JOUR + timedelta(days=1))
    assert [s.palier for s in list_signalements(conn, personne.id)] == [60]
    etats = conn.execute(text("SELECT etat, count(*) FROM pdp.episode GROUP BY etat ORDER BY etat")).all()
    assert [tuple(e) for e in etats] == [("courant", 1), ("remplace", 1)]
    run(conn, JOUR + timedelta(days=14))  # 90 days since the corrected start
    assert [(s.palier, s.statut) for s in list_signalements(conn, personne.id)] == [(60, "remplace"), (90, "a_trier")]


def test_late_prescription_that_joins_two_absences(conn: Connection) -> None:
    """The second absence had reached J60; joined to the first, it lasts 120 days: J90 is signalled, J60 is not again."""
    personne = insert_one(conn, depuis(JOUR - timedelta(days=119), 50), avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS))
    run(conn)
    insert_prescriptions(conn, [(personne.id, depuis(JOUR - timedelta(days=69), 10))])
    run(conn)
    assert {(s.palier, s.statut) for s in list_signalements(conn, personne.id)} == {(60, "remplace"), (90, "a_trier")}


def test_cancelled_arret_is_replaced_and_restored_under_the_same_id(conn: Connection) -> None:
    personne = insert_one(conn, avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS))
    run(conn)
    avant = conn.execute(text("SELECT id, debut, fin FROM pdp.episode")).all()
    for annule, etat in ((True, "remplace"), (False, "courant")):
        update_avis(conn, personne.prescriptions[0].id_avis, annule=annule)
        run(conn)
        assert conn.execute(text("SELECT id, debut, fin FROM pdp.episode WHERE etat = :e"), {"e": etat}).all() == avant
    assert [s.palier for s in list_signalements(conn, personne.id)] == [60]


def test_shortened_then_lengthened_arret_signals_each_threshold_once(conn: Connection) -> None:
    personne = insert_one(conn, avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS))
    run(conn)
    id_avis = personne.prescriptions[0].id_avis
    update_avis(conn, id_avis, date_fin=JOUR - timedelta(days=40))
    run(conn)
    update_avis(conn, id_avis, date_fin=JOUR + LONGTEMPS)
    run(conn)
    assert [s.palier for s in list_signalements(conn, personne.id)] == [60]


def test_absence_cut_in_two_after_its_signalement(conn: Connection) -> None:
    """J90 was reached on a day that now belongs to the second half: that half does not signal J30 on its own account."""
    debut = JOUR - timedelta(days=99)
    milieu = depuis(debut + timedelta(days=50), 8)
    personne = insert_one(conn, depuis(debut, 50), milieu, avis(debut + timedelta(days=58), JOUR + LONGTEMPS))
    run(conn)
    update_avis(conn, milieu.id_avis, annule=True)
    run(conn)
    assert [tuple(e) for e in conn.execute(text("SELECT etat, count(*) FROM pdp.episode GROUP BY etat")).all()] == [("courant", 2)]
    assert [s.palier for s in list_signalements(conn, personne.id)] == [90]


def test_first_avis_cancelled_after_its_threshold(conn: Connection) -> None:
    """J30 was reached before the corrected first day, J60 was not: only J60 is signalled afterwards."""
    premier = depuis(JOUR - timedelta(days=39), 33)
    personne = insert_one(conn, premier, avis(JOUR - timedelta(days=6), JOUR + LONGTEMPS, nature="prolongation"))
    run(conn)
    assert [s.palier for s in list_signalements(conn, personne.id)] == [30]
    update_avis(conn, premier.id_avis, annule=True)
    run(conn, JOUR + timedelta(days=30))
    assert [s.palier for s in list_signalements(conn, personne.id)] == [30]
    run(conn, JOUR + timedelta(days=60))
    assert [s.palier for s in list_signalements(conn, personne.id)] == [30, 60]


def test_a_later_start_does_not_signal_a_lower_threshold(conn: Connection) -> None:
    premier = depuis(JOUR - timedelta(days=99), 30)
    personne = insert_one(conn, premier, avis(JOUR - timedelta(days=69), JOUR + LONGTEMPS))
    run(conn)
    update_avis(conn, premier.id_avis, annule=True)
    run(conn)
    assert [s.palier for s in list_signalements(conn, personne.id)] == [90]
