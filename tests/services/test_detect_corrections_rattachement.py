"""Signalements follow their absence when a correction changes its identity or its dates; nobody waits twice for one absence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from fabrique import lot, socle
from fabrique_detection import (
    JOUR,
    PLATEFORME,
    Personne,
    avis,
    depuis,
    insert_one,
    insert_prescriptions,
    list_signalements,
    run,
    update_avis,
)

LONGTEMPS = timedelta(days=400)
PLACES = text(
    """SELECT s.palier, s.statut, e.etat, e.debut FROM pdp.signalement s JOIN pdp.episode e ON e.id = s.episode_id
       WHERE s.assure_id = :p ORDER BY s.connu_at, s.palier, e.debut"""
)


@pytest.fixture
def conn(base: str) -> Any:
    with lot() as ouverte:
        socle(ouverte)
        yield ouverte


def list_places(conn: Connection, personne: Personne) -> list[tuple[Any, ...]]:
    return [tuple(ligne) for ligne in conn.execute(PLACES, {"p": personne.id})]


def count_evenements(conn: Connection, code: str) -> int:
    return conn.execute(text("SELECT count(*) FROM journal.evenement WHERE evenement = :c"), {"c": code}).scalar_one()


@pytest.mark.parametrize("statut", ["a_trier", "oriente_csam", "sans_suite"])
def test_signalement_follows_its_absence_to_its_corrected_start(conn: Connection, statut: str) -> None:
    debut = JOUR - timedelta(days=75)
    personne = insert_one(conn, avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS))
    run(conn)
    conn.execute(text("UPDATE pdp.signalement SET statut = :s"), {"s": statut})
    insert_prescriptions(conn, [(personne.id, avis(debut, JOUR - timedelta(days=58)))])
    assert run(conn).detail["deplaces"] == 1
    assert list_places(conn, personne) == [(60, statut, "courant", debut)]
    [evenement] = conn.execute(text("SELECT donnees FROM journal.evenement WHERE evenement = 'signalement_deplace'")).scalars()
    assert evenement["de_episode_id"] != evenement["vers_episode_id"]
    assert run(conn).traites == 0


def test_signalement_goes_to_the_half_that_holds_its_day_and_comes_back(conn: Connection) -> None:
    debut = JOUR - timedelta(days=99)
    milieu = depuis(debut + timedelta(days=50), 8)
    personne = insert_one(conn, depuis(debut, 50), milieu, avis(debut + timedelta(days=58), JOUR + LONGTEMPS))
    run(conn)
    update_avis(conn, milieu.id_avis, annule=True)
    run(conn)
    assert list_places(conn, personne) == [(90, "a_trier", "courant", debut + timedelta(days=58))]
    update_avis(conn, milieu.id_avis, annule=False)
    run(conn)
    assert list_places(conn, personne) == [(90, "a_trier", "courant", debut)]


def test_two_absences_joined_leave_one_file_waiting(conn: Connection) -> None:
    """Both had reached J180 and wait; joined, there is no higher threshold: one waits, the other is replaced where it was."""
    personne = insert_one(conn, depuis(JOUR - timedelta(days=379), 190), avis(JOUR - timedelta(days=179), JOUR + LONGTEMPS))
    run(conn, JOUR - timedelta(days=190))
    run(conn)
    assert [s.statut for s in list_signalements(conn, personne.id)] == ["a_trier", "a_trier"]
    insert_prescriptions(conn, [(personne.id, depuis(JOUR - timedelta(days=190), 12))])
    bilan = run(conn)
    assert (bilan.detail["doublons"], bilan.detail["signalements"]) == (1, 0)
    assert sorted(s.statut for s in list_signalements(conn, personne.id)) == ["a_trier", "remplace"]
    assert count_evenements(conn, "signalement_remplace") == 1
    requete = text("SELECT e.etat FROM pdp.signalement s JOIN pdp.episode e ON e.id = s.episode_id WHERE s.statut = 'a_trier'")
    assert conn.execute(requete).scalars().all() == ["courant"]


def test_same_threshold_is_never_twice_on_one_absence(conn: Connection) -> None:
    """J60 of each absence was decided; joined, only one of the two can sit on the common absence, and J90 is signalled once."""
    personne = insert_one(conn, depuis(JOUR - timedelta(days=124), 62), avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS))
    run(conn, JOUR - timedelta(days=63))
    run(conn)
    conn.execute(text("UPDATE pdp.signalement SET statut = 'sans_suite'"))
    insert_prescriptions(conn, [(personne.id, depuis(JOUR - timedelta(days=63), 6))])
    run(conn)
    run(conn, JOUR + timedelta(days=1))
    assert [s.palier for s in list_signalements(conn, personne.id)] == [60, 60, 90]
    doubles = conn.execute(text("SELECT count(*) FROM pdp.signalement GROUP BY episode_id, palier HAVING count(*) > 1")).all()
    assert doubles == []


def test_cancelled_absence_keeps_its_file_but_no_point_counts(conn: Connection) -> None:
    """Nobody decides for the médecin-conseil: the file stays in the list, last."""
    personne = insert_one(conn, avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS))
    run(conn)
    priorite = text("SELECT statut, priorite > 0, pdp.priorite_du_jour(id, :j) FROM pdp.signalement WHERE plateforme_id = :p")
    valeurs = {"j": JOUR, "p": PLATEFORME}
    assert tuple(conn.execute(priorite, valeurs).one()) == ("a_trier", True, 20)
    for annule, points in ((True, 0), (False, 20)):
        update_avis(conn, personne.prescriptions[0].id_avis, annule=annule)
        run(conn)
        assert tuple(conn.execute(priorite, valeurs).one()) == ("a_trier", True, points)
