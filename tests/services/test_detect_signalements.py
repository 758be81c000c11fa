"""What a detection writes, day by day: thresholds at their boundaries, once for ever, corrections, open parcours, two runs at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from fabrique import TEST, lot, parcours, socle
from fabrique_detection import JOUR, MAINTENANT, PLATEFORME, RECU, Personne, avis, depuis, insert_personnes, insert_prescriptions
from pdp.domain.bilan import Bilan
from pdp.referentiel import load_referentiel
from pdp.services.detect_signalements import bornes, detect_signalements, rebuild_episodes

LONGTEMPS = timedelta(days=400)


@dataclass(frozen=True)
class Ligne:
    """A signalement as the médecin-conseil finds it."""

    palier: int
    survenu_le: date
    statut: str


def instant(jour: date) -> datetime:
    return datetime(jour.year, jour.month, jour.day, 8, tzinfo=UTC)


def run(conn: Connection, jour: date = JOUR) -> Bilan:
    rebuild_episodes(conn, PLATEFORME, instant(jour))
    return detect_signalements(conn, PLATEFORME, TEST, instant(jour))


def list_signalements(conn: Connection, personne: UUID) -> list[Ligne]:
    lignes = conn.execute(
        text("SELECT palier, survenu_le, statut FROM pdp.signalement WHERE assure_id = :p ORDER BY connu_at, palier"), {"p": personne}
    )
    return [Ligne(*ligne) for ligne in lignes]


def insert_one(conn: Connection, *prescriptions: Any, **champs: Any) -> Personne:
    [personne] = insert_personnes(conn, [Personne(list(prescriptions), **champs)])
    return personne


def update_avis(conn: Connection, id_avis: str, **champs: Any) -> None:
    """A correction learnt later, columns by name."""
    requetes = {
        "annule": "UPDATE pdp.arret_prescrit SET annule = :v, connu_at = now() WHERE id_avis = :i",
        "date_fin": "UPDATE pdp.arret_prescrit SET date_fin = :v, connu_at = now() WHERE id_avis = :i",
    }
    for nom, valeur in champs.items():
        conn.execute(text(requetes[nom]), {"v": valeur, "i": id_avis})


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
    rebuild_episodes(conn, PLATEFORME, MAINTENANT)
    detect_signalements(conn, PLATEFORME, TEST, datetime(JOUR.year, JOUR.month, JOUR.day, 22, 59, tzinfo=UTC))
    assert [s.palier for s in list_signalements(conn, personne.id)] == [30]
    detect_signalements(conn, PLATEFORME, TEST, datetime(JOUR.year, JOUR.month, JOUR.day, 23, 0, tzinfo=UTC))
    assert [s.palier for s in list_signalements(conn, personne.id)] == [30, 60]


def test_one_signalement_per_threshold_as_days_pass(conn: Connection) -> None:
    debut = date(2026, 1, 1)
    personne = insert_one(conn, avis(debut, debut + LONGTEMPS))
    rebuild_episodes(conn, PLATEFORME, MAINTENANT)
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
               UNION ALL SELECT 'compteur', assure_id::text, xmin::text FROM pdp.compteur_ij
               UNION ALL SELECT 'signalement', id::text, xmin::text FROM pdp.signalement
               UNION ALL SELECT 'motif', signalement_id || regle, xmin::text FROM pdp.signalement_motif
               UNION ALL SELECT 'alerte', id::text, xmin::text FROM pdp.alerte
               UNION ALL SELECT 'journal', id::text, xmin::text FROM journal.evenement ORDER BY 1, 2"""
        )
    ).all()


def test_second_run_writes_nothing(base: str) -> None:
    with lot() as conn:
        socle(conn)
        insert_one(conn, avis(JOUR - timedelta(days=350), JOUR + LONGTEMPS))
        insert_one(conn, depuis(JOUR - timedelta(days=20), 60))
        run(conn)
        avant = snapshot(conn)
    assert {ligne[0] for ligne in avant} == {"episode", "compteur", "signalement", "motif", "alerte", "journal"}
    with lot() as conn:
        bilan = run(conn)
        assert (bilan.traites, snapshot(conn)) == (0, avant)


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
    assert sorted(b.detail["signalements"] for b in bilans) == [0, 40]
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


def test_a_new_absence_is_signalled_from_the_start(conn: Connection) -> None:
    personne = insert_one(conn, avis(JOUR - timedelta(days=59), JOUR))
    run(conn)
    insert_prescriptions(conn, [(personne.id, avis(JOUR + timedelta(days=10), JOUR + LONGTEMPS))])
    run(conn, JOUR + timedelta(days=10 + 59))
    assert [(s.palier, s.statut) for s in list_signalements(conn, personne.id)] == [(60, "a_trier"), (60, "a_trier")]


@pytest.mark.parametrize("risque", ["maternite", "paternite"])
def test_maternity_and_paternity_are_left_aside(conn: Connection, risque: str) -> None:
    personne = insert_one(conn, avis(JOUR - timedelta(days=100), JOUR + LONGTEMPS, risque=risque))
    assert run(conn).detail["candidats"] == 0
    assert list_signalements(conn, personne.id) == []
    assert conn.execute(text("SELECT count(*) FROM pdp.episode")).scalar() == 0


def test_incremental_rebuild_looks_at_new_facts_only(conn: Connection) -> None:
    insert_one(conn, depuis(JOUR, 10))
    assert rebuild_episodes(conn, PLATEFORME, MAINTENANT, depuis=RECU + timedelta(seconds=1)).detail["personnes"] == 0
    assert rebuild_episodes(conn, PLATEFORME, MAINTENANT, depuis=RECU).detail["personnes"] == 1


@pytest.mark.parametrize(
    ("comparateur", "valeur", "attendu"),
    [(">", 30, (31, None)), (">=", 60, (60, None)), ("<=", 2, (None, 2)), ("<", 2, (None, 1)), ("=", 5, (5, 5)), (">", 1.5, (2, None))],
)
def test_bounds_say_what_the_comparator_says(comparateur: str, valeur: float, attendu: tuple[int | None, int | None]) -> None:
    parametre = replace(next(iter(load_referentiel())), comparateur=comparateur, valeur=valeur)
    mini, maxi = bornes(parametre)
    assert (mini, maxi) == attendu
    for observe in range(-5, 100):
        assert parametre.satisfait(observe) is ((mini is None or mini <= observe) and (maxi is None or observe <= maxi))
