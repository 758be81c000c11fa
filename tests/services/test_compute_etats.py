"""States of people: only those touched are looked at, only differences are written, whatever the size of the shards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, event, text

from fabrique import lot, socle
from fabrique_detection import (
    JOUR,
    MAINTENANT,
    PLATEFORME,
    Personne,
    avis,
    depuis,
    insert_one,
    insert_personnes,
    insert_prescriptions,
    instant,
    paiement,
    suspension,
    update_avis,
)
from pdp.domain.arret import Periode, Versement
from pdp.domain.droits_ij import etat_droits
from pdp.domain.episode import build_episodes
from pdp.referentiel import load_referentiel
from pdp.services import compute_etats as services
from pdp.services.compute_etats import compute_etats

REF = load_referentiel()
EPISODES = "SELECT premiere_prescription, debut, fin, jours_prescrits, etat FROM pdp.episode WHERE assure_id = :p ORDER BY debut, etat"
DROITS = (
    "SELECT assure_id, carence, comptees, refusees, l324, atmp, verse_jusqu_au, epuisement_le, seuil_1_le, seuil_2_le FROM pdp.droits_ij"
)
J = timedelta(days=1)


@pytest.fixture
def conn(base: str) -> Iterator[Connection]:
    with lot() as ouverte:
        socle(ouverte)
        yield ouverte


def compute(conn: Connection, **champs: Any) -> dict[str, int]:
    return compute_etats(conn, PLATEFORME, champs.pop("maintenant", MAINTENANT), **champs).detail


def list_episodes(conn: Connection, personne: UUID) -> list[tuple[Any, ...]]:
    return [tuple(e) for e in conn.execute(text(EPISODES), {"p": personne})]


def count_queue(conn: Connection) -> int:
    return conn.execute(text("SELECT count(*) FROM pdp.fait_nouveau")).scalar_one()


def read_all(conn: Connection) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    episodes = conn.execute(text("SELECT id, assure_id, debut, fin, jours_prescrits, etat, connu_at FROM pdp.episode ORDER BY id"))
    return [tuple(e) for e in episodes], [tuple(map(str, d)) for d in conn.execute(text(f"{DROITS} ORDER BY assure_id"))]


def people(nombre: int) -> list[Personne]:
    """Absences that a suspension joins, payments, long ones that meet the cap, risks mixed, ids of several lengths."""
    personnes = []
    for k in range(nombre):
        debut = JOUR - timedelta(days=700 - k)
        longue = [depuis(debut + 31 * n * J, 31, nature="initiale" if not n else "prolongation", ald=k % 5 == 0) for n in range(k % 23)]
        seconde = avis(debut + 800 * J, debut + (810 + k % 7) * J, risque=("maladie", "at", "trajet", "maternite")[k % 4])
        fin = longue[-1].fin if longue else debut
        personnes.append(
            Personne(
                [*longue, seconde, depuis(fin + (3 + k % 6) * J, 5)],
                paiements=[paiement(debut, debut + 30 * J, 20)] if k % 3 == 0 else [],
                employeur=[suspension(fin + J, None if k % 2 else fin + 5 * J)] if k % 4 == 1 else [],
            )
        )
    return personnes


def test_first_run_computes_everybody_then_nothing_is_left(conn: Connection) -> None:
    insert_personnes(conn, people(30))
    premier = compute(conn)
    assert premier["personnes"] == 30
    assert premier["ecrits"] == premier["episodes"] > 30
    assert premier["droits_ecrits"] == 30
    assert count_queue(conn) == 0
    assert compute(conn) == {"personnes": 0, "episodes": 0, "ecrits": 0, "remplaces": 0, "droits_ecrits": 0}
    assert compute(conn, complet=True) == {**premier, "ecrits": 0, "droits_ecrits": 0}


def test_states_are_those_of_the_rules(conn: Connection) -> None:
    personnes = insert_personnes(conn, people(30))
    compute(conn)
    droits = {ligne[0]: ligne for ligne in conn.execute(text(DROITS))}
    maximum = REF.entier("horloge_suspension_max_jours", JOUR)
    for p in personnes:
        suspensions = [Periode(f.debut, f.fin) for f in p.employeur]
        attendus = [e for e in build_episodes(p.prescriptions, 2, suspensions, maximum) if e.risque not in ("maternite", "paternite")]
        obtenus = list_episodes(conn, p.id)
        assert obtenus == [(e.premiere_prescription, e.debut, e.fin, e.jours_prescrits, "courant") for e in attendus]
        etat = etat_droits(p.prescriptions, JOUR, REF, [Versement(v.debut, v.fin, v.jours) for v in p.paiements], PLATEFORME)
        _, *ensembles, verse, epuise, seuil_1, seuil_2 = droits[p.id]
        jours = [frozenset(r.lower + n * J for r in plages for n in range((r.upper - r.lower).days)) for plages in ensembles]
        assert jours == [etat.carence, etat.comptees, etat.refusees, etat.l324, etat.atmp]
        assert (verse, epuise, seuil_1, seuil_2) == (etat.verse_jusqu_au, etat.epuisement_le, etat.seuil_1_le, etat.seuil_2_le)


def test_only_people_touched_are_looked_at(conn: Connection) -> None:
    touchee, autre = insert_personnes(conn, [Personne([depuis(JOUR, 10)]), Personne([depuis(JOUR, 10)])])
    compute(conn)
    insert_prescriptions(conn, [(touchee.id, depuis(JOUR + 10 * J, 10))])
    assert compute(conn) == {"personnes": 1, "episodes": 1, "ecrits": 1, "remplaces": 0, "droits_ecrits": 1}
    assert conn.execute(text("SELECT assure_id FROM personne_touchee")).scalars().all() == [touchee.id]
    assert [e[2] for e in list_episodes(conn, touchee.id)] == [JOUR + 19 * J]
    assert [e[2] for e in list_episodes(conn, autre.id)] == [JOUR + 9 * J]


@pytest.mark.parametrize(("le", "personnes"), [(-1, 1), (0, 1), (1, 0)])
def test_people_fall_due_on_their_day(conn: Connection, le: int, personnes: int) -> None:
    personne = insert_one(conn, depuis(JOUR, 10))
    compute(conn)
    ligne = {"p": personne.id, "pf": PLATEFORME, "le": JOUR + le * J}
    conn.execute(text("INSERT INTO pdp.echeance_detection (assure_id, plateforme_id, le, cause) VALUES (:p, :pf, :le, 'essai')"), ligne)
    assert compute(conn)["personnes"] == personnes


def test_prescription_given_to_somebody_else(conn: Connection) -> None:
    avant, apres = insert_personnes(conn, [Personne([depuis(JOUR, 10)]), Personne()])
    compute(conn)
    [(premiere, *_)] = list_episodes(conn, avant.id)
    conn.execute(text("UPDATE pdp.arret_prescrit SET assure_id = :n WHERE assure_id = :a"), {"n": apres.id, "a": avant.id})
    assert compute(conn) == {"personnes": 2, "episodes": 1, "ecrits": 1, "remplaces": 1, "droits_ecrits": 2}
    assert [e[-1] for e in list_episodes(conn, avant.id)] == ["remplace"]
    assert [(e[0], e[-1]) for e in list_episodes(conn, apres.id)] == [(premiere, "courant")]
    assert conn.execute(text("SELECT assure_id FROM pdp.droits_ij")).scalars().all() == [apres.id]


def test_cancelled_then_restored_under_the_same_id(conn: Connection) -> None:
    personne = insert_one(conn, depuis(JOUR, 10))
    compute(conn)
    avant = read_all(conn)
    for annule, etat, droits in ((True, "remplace", 0), (False, "courant", 1)):
        update_avis(conn, personne.prescriptions[0].id_avis, annule=annule)
        compute(conn)
        assert [e[-1] for e in list_episodes(conn, personne.id)] == [etat]
        assert conn.execute(text("SELECT count(*) FROM pdp.droits_ij")).scalar_one() == droits
    assert [e[:5] for e in read_all(conn)[0]] == [e[:5] for e in avant[0]]
    assert read_all(conn)[1] == avant[1]


def test_first_day_moved_under_the_same_first_prescription(conn: Connection) -> None:
    personne = insert_one(conn, depuis(JOUR, 10))
    compute(conn)
    conn.execute(text("UPDATE pdp.arret_prescrit SET date_debut = date_debut + 1"))
    assert compute(conn)["ecrits"] == 1
    assert [e[1:] for e in list_episodes(conn, personne.id)] == [(JOUR + J, JOUR + 9 * J, 9, "courant")]


def test_journal_tells_each_person_changed_once(conn: Connection) -> None:
    """First absences of somebody nobody follows are counted by the run; what changes afterwards is told of the person."""
    personne = insert_one(conn, depuis(JOUR, 10), depuis(JOUR + 30 * J, 10))
    compute(conn)
    update_avis(conn, personne.prescriptions[1].id_avis, annule=True)
    compute(conn)
    compute(conn, complet=True)
    lignes = conn.execute(text("SELECT donnees FROM journal.evenement WHERE evenement = 'episode_calcule' ORDER BY id")).scalars().all()
    assert [(len(d["courants"]), len(d["remplaces"])) for d in lignes] == [(0, 1)]


def test_fact_committed_meanwhile_keeps_its_row(base: str) -> None:
    with lot() as conn:
        socle(conn)
        personne = insert_one(conn, depuis(JOUR, 10))
    with lot() as conn, lot() as autre:
        insert_prescriptions(autre, [(personne.id, depuis(JOUR + 10 * J, 10))])
        assert compute(conn)["personnes"] == 1
        insert_prescriptions(autre, [(personne.id, depuis(JOUR + 20 * J, 10))])
    with lot() as conn:
        assert count_queue(conn) == 2
        assert compute(conn)["personnes"] == 1
        assert [e[2] for e in list_episodes(conn, personne.id)] == [JOUR + 29 * J]


def test_second_run_waits_for_the_first(base: str) -> None:
    with lot() as conn:
        socle(conn)
        insert_one(conn, depuis(JOUR, 10))
    trouves: list[int] = []

    def run_second() -> None:
        with lot() as autre:
            trouves.append(compute(autre)["personnes"])

    second = threading.Thread(target=run_second)
    with lot() as conn:
        assert compute(conn)["personnes"] == 1
        second.start()
        attente = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        limite = time.monotonic() + 20
        while not conn.execute(attente).scalar_one():
            assert time.monotonic() < limite
    second.join(20)
    assert trouves == [0]


def test_changed_values_make_everybody_looked_at_again(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    insert_personnes(conn, [Personne([depuis(JOUR, 10), depuis(JOUR + 13 * J, 10)]) for _ in range(3)])
    compute(conn)
    vraies = services.read_reglages

    def larges(*args: Any) -> services.ReglagesEtats:
        return replace(vraies(*args), tolerance=3)

    monkeypatch.setattr(services, "read_reglages", larges)
    assert compute(conn) == {"personnes": 3, "episodes": 3, "ecrits": 3, "remplaces": 3, "droits_ecrits": 0}
    assert compute(conn)["personnes"] == 0


def test_values_of_the_caller_count_too_and_the_day_does_not(conn: Connection) -> None:
    insert_one(conn, depuis(JOUR, 10))
    compute(conn, reglages=b"v1")
    assert compute(conn, reglages=b"v1", maintenant=instant(JOUR + J))["personnes"] == 0
    assert compute(conn, reglages=b"v2", maintenant=instant(JOUR + J))["personnes"] == 1


def test_shards_change_nothing(conn: Connection) -> None:
    insert_personnes(conn, people(60))
    entier = compute(conn)
    etats = read_all(conn)
    assert compute(conn, complet=True, tranche=13) == {**entier, "ecrits": 0, "droits_ecrits": 0}
    conn.execute(text("DELETE FROM pdp.droits_ij"))
    conn.execute(text("UPDATE pdp.episode SET etat = 'remplace'"))
    assert compute(conn, complet=True, tranche=13) == entier
    assert read_all(conn) == etats


def test_nothing_touched_costs_a_fixed_handful_of_statements(conn: Connection) -> None:
    insert_personnes(conn, people(20))
    compute(conn)
    assert count_statements(conn) <= 12


def test_statements_do_not_grow_with_people(conn: Connection) -> None:
    compute(conn)
    comptes = []
    for nombre in (3, 30):
        insert_personnes(conn, people(nombre))
        comptes.append(count_statements(conn))
    assert comptes[0] == comptes[1] <= 20


def count_statements(conn: Connection) -> int:
    requetes: list[str] = []

    def note(*args: Any) -> None:
        requetes.append(args[2])

    event.listen(conn.engine, "before_cursor_execute", note)
    try:
        compute(conn)
    finally:
        event.remove(conn.engine, "before_cursor_execute", note)
    return len(requetes)


def test_a_slow_computation_outlives_the_patience_of_a_persons_transaction(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernels work while the database waits: the session must not be closed as one that somebody forgot."""
    conn.execute(text("SET idle_in_transaction_session_timeout = '200ms'"))
    insert_one(conn, depuis(JOUR - 10 * J, 30))
    compute = services.compute_episodes

    def compute_slowly(*arguments: Any) -> Any:
        time.sleep(0.6)  # the duration is what is tried
        return compute(*arguments)

    monkeypatch.setattr(services, "compute_episodes", compute_slowly)
    assert compute_etats(conn, PLATEFORME, MAINTENANT).detail["ecrits"] == 1
