"""Exclusions in the database: what employers declare, silence of a platform, each counted; equal to the pure rules on random facts."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from fabrique import lot, parcours, socle
from fabrique_detection import JOUR, PLATEFORME, Personne, avis, depuis, insert_one, insert_personnes, list_signalements, run
from faits_dsn import Fait, insert_faits
from pdp.domain.arret import Periode
from pdp.domain.exclusion import ArretDeclare, find_reprise
from pdp.domain.referentiel import Referentiel
from pdp.referentiel import load_referentiel, load_regles
from pdp.services import reglages, reglages_signalement

LONGTEMPS = timedelta(days=400)
REPRISE = load_regles().find_exclusion("reprise_declaree", JOUR)


@pytest.fixture
def conn(base: str) -> Any:
    with lot() as ouverte:
        socle(ouverte)
        yield ouverte


def reprise(ecart: int, **champs: Any) -> Fait:
    """Arrêt declared from the first day of the absence, with a return to work `ecart` days after JOUR."""
    return Fait("arret", JOUR - timedelta(days=59), reprise_le=JOUR + timedelta(days=ecart), reprise_code="01", **champs)


CAS = [
    pytest.param([reprise(1)], None, id="return tomorrow"),
    pytest.param([reprise(0)], "reprise_declaree", id="return today"),
    pytest.param([reprise(-1)], "reprise_declaree", id="return yesterday"),
    pytest.param([reprise(-1, annule=True)], None, id="declaration cancelled"),
    pytest.param([reprise(0), Fait("suspension", JOUR, neutre=True)], None, id="leave that day"),
    pytest.param([reprise(0), Fait("suspension", JOUR, neutre=False)], "reprise_declaree", id="suspension that is no leave"),
    pytest.param([reprise(0), reprise(1, siret="B")], None, id="one of two employers"),
    pytest.param([Fait("fin_contrat", JOUR, "039")], "retraite", id="retired today"),
    pytest.param([Fait("fin_contrat", JOUR + timedelta(days=1), "039")], None, id="retires tomorrow"),
    pytest.param([Fait("fin_contrat", JOUR - timedelta(days=60), "038")], None, id="retired from another job before the absence"),
    pytest.param([Fait("fin_contrat", JOUR, "066")], "deces", id="death"),
    pytest.param([Fait("fin_contrat", JOUR, "059")], None, id="resignation excludes nobody"),
]


@pytest.mark.parametrize(("faits", "exclusion"), CAS)
def test_end_declared_by_an_employer(conn: Connection, faits: list[Fait], exclusion: str | None) -> None:
    personne = insert_one(conn, avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS))
    insert_faits(conn, [(personne.id, fait) for fait in faits])
    bilan = run(conn)
    assert [s.palier for s in list_signalements(conn, personne.id)] == ([] if exclusion else [60])
    assert {cle: n for cle, n in bilan.detail.items() if cle.startswith("exclus_")} == ({f"exclus_{exclusion}": 1} if exclusion else {})


def test_avis_that_follows_a_declared_return_signals_again(conn: Connection) -> None:
    """Back on the 40th day, absent again two days later: the same absence goes on, and J60 is signalled."""
    debut = JOUR - timedelta(days=59)
    personne = insert_one(conn, depuis(debut, 40), avis(debut + timedelta(days=42), JOUR + LONGTEMPS))
    insert_faits(conn, [(personne.id, Fait("arret", debut, reprise_le=debut + timedelta(days=40), reprise_code="01"))])
    run(conn)
    assert [s.palier for s in list_signalements(conn, personne.id)] == [60]


def test_return_declared_after_the_signalement_closes_its_points(conn: Connection) -> None:
    personne = insert_one(conn, avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS))
    run(conn)
    insert_faits(conn, [(personne.id, reprise(2))])
    run(conn, JOUR + timedelta(days=1))
    points = text("SELECT pdp.priorite_du_jour(id, :j) FROM pdp.signalement WHERE statut = 'a_trier'")
    assert [conn.execute(points, {"j": JOUR + timedelta(days=n)}).scalar_one() for n in (1, 2)] == [20, 0]


@pytest.mark.parametrize(("naissance", "exclus"), [(date(1959, 11, 18), True), (date(1959, 11, 19), False)])
def test_age_is_counted_among_exclusions(conn: Connection, naissance: date, exclus: bool) -> None:
    insert_one(conn, avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS), naissance=naissance)
    assert run(conn).detail.get("exclus_age", 0) == int(exclus)


def test_therapeutic_part_time_only_is_counted_among_exclusions(conn: Connection) -> None:
    insert_one(conn, avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS, temps_partiel_therapeutique=True))
    assert run(conn).detail["exclus_temps_partiel_seul"] == 1


def silent(du: date, au: date) -> Referentiel:
    ref = load_referentiel()
    [general] = [p for p in ref if p.cle == "detection_silence"]
    return Referentiel([*ref, replace(general, plateforme=PLATEFORME, valeur=True, du=du, au=au)])


def test_silence_signals_nothing_then_everything_is_taken_up(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = silent(JOUR, JOUR + timedelta(days=1))
    for module in (reglages, reglages_signalement):
        monkeypatch.setattr(module, "referentiel", lambda: ref)
    personne = insert_one(conn, avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS))
    suivie = insert_one(conn, avis(JOUR - timedelta(days=300), JOUR + LONGTEMPS))
    parcours(conn, assure_id=suivie.id)
    bilan = run(conn)
    assert (bilan.detail["exclus_silence"], bilan.detail["alertes"]) == (2, 0)
    run(conn, JOUR + timedelta(days=1))
    assert list_signalements(conn, personne.id) == []
    bilan = run(conn, JOUR + timedelta(days=2))
    assert [s.survenu_le for s in list_signalements(conn, personne.id)] == [JOUR]
    assert bilan.detail["alertes"] == 1


def _random_faits(hasard: random.Random, debut: date, fin: date) -> list[Fait]:
    def jour() -> date:
        return debut + timedelta(days=hasard.randint(-5, (fin - debut).days + 5))

    faits = []
    for _ in range(hasard.randint(0, 3)):
        du = jour()
        le = hasard.choice((None, du, du + timedelta(days=hasard.randint(1, 40))))
        code_reprise = hasard.choice(("01", "01", "01", "02", None))
        faits.append(
            Fait(
                "arret",
                du,
                hasard.choice(("01", "06", "02", "15")),
                hasard.choice((None, le)),
                le,
                code_reprise,
                hasard.choice("AB"),
                annule=hasard.random() < 0.1,
            )
        )
    for _ in range(hasard.randint(0, 2)):
        du = jour()
        faits.append(Fait("suspension", du, "200", hasard.choice((None, du, du + timedelta(days=5))), neutre=hasard.random() < 0.7))
    return faits


def test_return_to_work_equals_the_pure_rule_on_random_facts(conn: Connection) -> None:
    hasard = random.Random(31)
    personnes, faits = [], {}
    for _ in range(300):
        debut = JOUR - timedelta(days=hasard.randint(1, 60))
        suite = [depuis(debut + timedelta(days=10), hasard.randint(1, 40))] if hasard.random() < 0.5 else []
        personne = Personne([depuis(debut, hasard.randint(61, 90)), *suite])
        personnes.append(personne)
        faits[personne.id] = _random_faits(hasard, debut, max(p.fin for p in personne.prescriptions))
    insert_personnes(conn, personnes)
    insert_faits(conn, [(personne, fait) for personne, liste in faits.items() for fait in liste])
    run(conn)
    obtenus = {a.assure_id: a for a in conn.execute(text("SELECT assure_id, debut, fin, reprise_le FROM absence"))}
    assert len(obtenus) == len(personnes)
    trouves = 0
    for personne in personnes:
        absence = obtenus[personne.id]
        actifs = [f for f in faits[personne.id] if not f.annule]
        arrets = [
            ArretDeclare(f.siret, f.debut, f.code, f"{i:03}", f.fin, f.reprise_le, f.reprise_code)
            for i, f in enumerate(actifs)
            if f.genre == "arret"
        ]
        suspensions = [Periode(f.debut, f.fin) for f in actifs if f.genre == "suspension" and f.neutre]
        attendu = find_reprise(absence.debut, absence.fin, arrets, suspensions, [p.debut for p in personne.prescriptions], REPRISE)
        assert absence.reprise_le == attendu, actifs
        trouves += attendu is not None
    assert 20 < trouves < 280
