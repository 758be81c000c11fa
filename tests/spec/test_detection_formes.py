"""Shapes known to be awkward, told by hand: absences and IJ that the database must hold, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from fabrique import lot, socle
from fabrique_detection import JOUR, Personne, avis, depuis, insert_one, insert_personnes, paiement, run, suspension
from oracle_detection import apply_oracle
from pdp.domain.connaissance import FaitEmployeur, Paiement


def le(jour: int, mois: int = 9, annee: int = 2026) -> date:
    return date(annee, mois, jour)


SUITE = {"nature": "prolongation"}
SEPT_1_10 = (le(1), le(10))


@dataclass(frozen=True)
class Forme:
    """``episodes``: (first day, last day, prescribed days). ``ij``: consumed on JOUR, L.324-1 apart. ``epuisement``: cap met."""

    nom: str
    avis: list[tuple[date, date, dict[str, object]]]
    episodes: list[tuple[date, date, int]]
    ij: int
    epuisement: date | None = None
    paiements: list[Paiement] = field(default_factory=list)
    employeur: list[FaitEmployeur] = field(default_factory=list)


def deux(du: date, au: date, **champs: object) -> list[tuple[date, date, dict[str, object]]]:
    """1 to 10 September, then another avis."""
    return [(*SEPT_1_10, {}), (du, au, {**SUITE, **champs})]


FORMES = (
    Forme("nested", [(le(1), le(30), {}), (le(10), le(15), SUITE)], [(le(1), le(30), 30)], 27),
    Forme("nested initiale", [(le(1), le(30), {}), (le(10), le(15), {})], [(le(1), le(30), 30)], 27),
    Forme("same first day", [(le(1), le(5), {}), (le(1), le(10), {})], [(le(1), le(10), 10)], 7),
    Forme("same avis twice", [(*SEPT_1_10, {}), (*SEPT_1_10, {})], [(le(1), le(10), 10)], 7),
    Forme("overlap", deux(le(8), le(20)), [(le(1), le(20), 20)], 17),
    Forme("adjacent", deux(le(11), le(20)), [(le(1), le(20), 20)], 17),
    Forme("adjacent initiale", deux(le(11), le(20), nature="initiale"), [(le(1), le(20), 20)], 14),
    Forme("two days missing", deux(le(13), le(20)), [(le(1), le(20), 18)], 15),
    Forme("three days missing", deux(le(14), le(20)), [(*SEPT_1_10, 10), (le(14), le(20), 7)], 11),
    Forme("one day", [(le(1), le(1), {})], [(le(1), le(1), 1)], 0),
    Forme("29 February", [(le(20, 2, 2024), le(1, 3, 2024), {})], [(le(20, 2, 2024), le(1, 3, 2024), 11)], 8),
    Forme("no 29 February", [(le(20, 2, 2025), le(1, 3, 2025), {})], [(le(20, 2, 2025), le(1, 3, 2025), 10)], 7),
    Forme("end of the year", [(le(30, 12, 2025), le(4, 1), {})], [(le(30, 12, 2025), le(4, 1), 6)], 3),
    Forme("leaves the window", [(le(10, 11, 2023), le(20, 11, 2023), {})], [(le(10, 11, 2023), le(20, 11, 2023), 11)], 2),
    Forme("cancelled", [(*SEPT_1_10, {"annule": True}), (le(12), le(13), {})], [(le(12), le(13), 2)], 0),
    Forme("all cancelled", [(*SEPT_1_10, {"annule": True})], [], 0),
    Forme("illness then AT", deux(le(11), le(20), risque="at"), [(le(1), le(20), 20)], 7),
    Forme("requalified as MP", [(*SEPT_1_10, {"risque": "mp"})], [(*SEPT_1_10, 10)], 0),
    Forme("maternity apart", deux(le(11), le(20), risque="maternite"), [(*SEPT_1_10, 10)], 7),
    Forme("part-time counts", deux(le(11), le(20), temps_partiel_therapeutique=True), [(le(1), le(20), 20)], 17),
    Forme("L.324-1 apart", deux(le(11), le(20), ald=True), [(le(1), le(20), 20)], 7),
    Forme("linked and not linked", [(*SEPT_1_10, {}), (*SEPT_1_10, {"ald": True})], [(*SEPT_1_10, 10)], 7),
    Forme("leave between", deux(le(15), le(20)), [(le(1), le(20), 16)], 10, employeur=[suspension(le(11), le(14))]),
    Forme("leave and two days", deux(le(17), le(20)), [(le(1), le(20), 14)], 8, employeur=[suspension(le(11), le(14))]),
    Forme("leave and three days", deux(le(18), le(20)), [(*SEPT_1_10, 10), (le(18), le(20), 3)], 7, employeur=[suspension(le(11), le(14))]),
    Forme("31 days of leave", deux(le(12, 10), le(20, 10)), [(le(1), le(20, 10), 19)], 13, employeur=[suspension(le(11), le(11, 10))]),
    Forme(
        "32 days of leave",
        deux(le(13, 10), le(20, 10)),
        [(*SEPT_1_10, 10), (le(13, 10), le(20, 10), 8)],
        12,
        employeur=[suspension(le(11), le(12, 10))],
    ),
    Forme("open leave", deux(le(15), le(20)), [(le(1), le(20), 16)], 10, employeur=[suspension(le(11), None)]),
    Forme(
        "open leave of before",
        deux(le(15), le(20)),
        [(*SEPT_1_10, 10), (le(15), le(20), 6)],
        10,
        employeur=[suspension(le(25, 8), None)],
    ),
    Forme("not neutral", deux(le(15), le(20)), [(*SEPT_1_10, 10), (le(15), le(20), 6)], 10, employeur=[suspension(le(11), le(14), False)]),
    Forme("paid", deux(le(11), le(20)), [(le(1), le(20), 20)], 17, paiements=[paiement(*SEPT_1_10, 7)]),
    Forme("paid without waiting", deux(le(11), le(20)), [(le(1), le(20), 20)], 20, paiements=[paiement(*SEPT_1_10, 10)]),
    Forme("paid less", deux(le(11), le(20)), [(le(1), le(20), 20)], 14, paiements=[paiement(*SEPT_1_10, 4)]),
    Forme("taken back", deux(le(11), le(20)), [(le(1), le(20), 20)], 17, paiements=[paiement(*SEPT_1_10, n) for n in (7, -7)]),
    Forme("taken back in part", deux(le(11), le(20)), [(le(1), le(20), 20)], 15, paiements=[paiement(*SEPT_1_10, n) for n in (7, -2)]),
    Forme(
        "paid beyond the period", [(*SEPT_1_10, {})], [(*SEPT_1_10, 10)], 10, paiements=[paiement(*SEPT_1_10, 10), paiement(*SEPT_1_10, 5)]
    ),
    Forme("paid, never prescribed", [(le(11), le(20), {})], [(le(11), le(20), 10)], 17, paiements=[paiement(*SEPT_1_10, 10)]),
    Forme("later payment silences", deux(le(11), le(20)), [(le(1), le(20), 20)], 2, paiements=[paiement(le(19), le(20), 2)]),
    Forme(
        "cap met before",
        [(JOUR - timedelta(days=389), JOUR + timedelta(days=10), {})],
        [(JOUR - timedelta(days=389), JOUR + timedelta(days=10), 400)],
        360,
        JOUR,
    ),
    Forme(
        "cap met in thirteen days",
        [(JOUR - timedelta(days=349), JOUR + timedelta(days=30), {})],
        [(JOUR - timedelta(days=349), JOUR + timedelta(days=30), 380)],
        347,
        JOUR + timedelta(days=13),
    ),
)
_DROITS = text("SELECT pdp.jours_comptes(comptees, :jour, 3), epuisement_le FROM pdp.droits_ij WHERE assure_id = :p")
_EPISODES = text("SELECT debut, fin, jours_prescrits FROM pdp.episode WHERE assure_id = :p AND etat = 'courant' ORDER BY debut")


@pytest.mark.parametrize(
    "formes",
    [
        pytest.param(FORMES, id="all"),
        # the kernels take shorter ways when nobody has a suspension, or a payment
        pytest.param([f for f in FORMES if not f.employeur], id="no suspension"),
        pytest.param([f for f in FORMES if not f.employeur and not f.paiements], id="prescriptions only"),
    ],
)
def test_shapes(base: str, formes: Sequence[Forme]) -> None:
    personnes = [
        Personne([avis(du, au, **champs) for du, au, champs in f.avis], paiements=f.paiements, employeur=f.employeur) for f in formes
    ]
    with lot() as conn:
        socle(conn)
        insert_personnes(conn, personnes)
        run(conn, complet=True)
        for forme, personne in zip(formes, personnes, strict=True):
            episodes = [tuple(e) for e in conn.execute(_EPISODES, {"p": personne.id})]
            droits = conn.execute(_DROITS, {"p": personne.id, "jour": JOUR}).one_or_none() or (0, None)
            assert (forme.nom, episodes, *droits) == (forme.nom, forme.episodes, forme.ij, forme.epuisement)
            attendu = apply_oracle(personne, JOUR)
            assert [e[1:4] for e in sorted(attendu.episodes, key=lambda e: e[1])] == forme.episodes, forme.nom


def test_reversed_dates_never_enter(base: str) -> None:
    """The reader quarantines them (tests of the feeds); should one come another way, the table refuses it."""
    with lot() as conn:
        socle(conn)
        essai = conn.begin_nested()
        with pytest.raises(IntegrityError):
            insert_one(conn, avis(le(10), le(1)))
        essai.rollback()


def test_reversed_dates_count_for_nothing() -> None:
    """Second lock, in the rules themselves."""
    assert apply_oracle(Personne([avis(le(10), le(1))]), JOUR) == apply_oracle(Personne([]), JOUR)
    valide = depuis(le(1), 10)
    assert apply_oracle(Personne([valide, avis(le(10), le(1))]), JOUR) == apply_oracle(Personne([valide]), JOUR)
