"""Rights as sets of days: payments up to their horizon, then prescriptions; thresholds and the days they fall due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.domain.arret import Prescription, Versement
from pdp.domain.calendrier import annees_avant
from pdp.domain.droits_ij import EtatDroits, compteur, etat_droits
from pdp.domain.referentiel import Referentiel
from pdp.errors import ReferentielIncomplet
from pdp.referentiel import load_referentiel

J0 = date(2026, 1, 5)
REF = load_referentiel()


def le(n: int) -> date:
    return J0 + timedelta(days=n)


def avis(debut: int, fin: int, **champs: object) -> Prescription:
    return Prescription(f"{debut:05}-{fin:05}-{len(champs)}", le(debut), le(fin), **champs)


def suite(debut: int, fin: int, **champs: object) -> Prescription:
    return avis(debut, fin, nature="prolongation", **champs)


def paye(debut: int, fin: int, jours: int) -> Versement:
    return Versement(le(debut), le(fin), jours)


def change(**valeurs: object) -> Referentiel:
    """The law with some values replaced."""
    return Referentiel(replace(p, valeur=valeurs[p.cle]) if p.cle in valeurs else p for p in REF)


def plages(jours: Iterable[date]) -> str:
    """Runs of days counted from J0: "3-9 12"."""
    runs: list[list[int]] = []
    for n in sorted((jour - J0).days for jour in jours):
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return " ".join(f"{a}-{b}" if a != b else str(a) for a, b in runs)


def vu(e: EtatDroits) -> tuple[str, str, str, str]:
    return plages(e.carence), plages(e.comptees), plages(e.refusees), plages(e.l324)


ARRET = [avis(0, 9)]
ALD = [avis(0, 9, ald=True)]


@pytest.mark.parametrize(
    ("prescriptions", "versements", "attendu", "horizon"),
    [
        pytest.param([], [], ("", "", "", ""), None, id="nothing"),
        pytest.param(ARRET, [], ("0-2", "3-9", "", ""), None, id="no payment: prescriptions speak"),
        pytest.param(ARRET, [paye(3, 9, 7)], ("0-2", "3-9", "", ""), 9, id="paid as prescribed"),
        pytest.param(ARRET, [paye(3, 9, 5)], ("0-2", "5-9", "", ""), 9, id="the last days of the period are the paid ones"),
        pytest.param(ARRET, [paye(0, 9, 10)], ("", "0-9", "", ""), 9, id="waiting period paid all the same"),
        pytest.param(ARRET, [paye(0, 9, 8)], ("0-1", "2-9", "", ""), 9, id="waiting period paid in part"),
        pytest.param(ARRET, [paye(3, 9, 8)], ("0-2", "3-9", "", ""), 9, id="never more than the period holds"),
        pytest.param(ARRET, [paye(3, 9, 7), paye(3, 9, -7)], ("0-2", "3-9", "", ""), None, id="all taken back: no horizon"),
        pytest.param(ARRET, [paye(3, 9, 7), paye(3, 9, -6)], ("0-2", "9", "", ""), 9, id="taken back but one day"),
        pytest.param(ARRET, [paye(3, 9, -7)], ("0-2", "3-9", "", ""), None, id="taken back twice"),
        pytest.param(ARRET, [paye(3, 9, 0)], ("0-2", "3-9", "", ""), None, id="zero days are no payment"),
        pytest.param(ARRET, [paye(3, 9, 7), paye(3, 5, -3)], ("0-2", "3-9", "", ""), 9, id="another period takes nothing back"),
        pytest.param(ARRET, [paye(3, 9, 3), paye(3, 9, 3)], ("0-2", "4-9", "", ""), 9, id="two equal rows are two payments"),
        pytest.param(ARRET, [paye(3, 9, 7), paye(5, 12, 8)], ("0-2", "3-12", "", ""), 12, id="overlap pays a day once"),
        pytest.param(ARRET, [paye(3, 6, 4), paye(7, 9, 3)], ("0-2", "3-9", "", ""), 9, id="two periods that follow"),
        pytest.param(ARRET, [paye(5, 5, 1)], ("0-2", "5-9", "", ""), 5, id="one day"),
        pytest.param(ARRET, [paye(9, 3, 7)], ("0-2", "3-9", "", ""), None, id="reversed"),
        pytest.param([], [paye(3, 9, 7)], ("", "3-9", "", ""), 9, id="paid without prescription"),
        pytest.param([avis(0, 19)], [paye(3, 9, 7)], ("0-2", "3-19", "", ""), 9, id="prescriptions go on after the horizon"),
        pytest.param([avis(0, 19)], [paye(3, 8, 6), paye(9, 19, -2)], ("0-2", "3-19", "", ""), 8, id="a negative period moves no horizon"),
        pytest.param([avis(0, 19)], [paye(5, 9, 1)], ("0-2", "9-19", "", ""), 9, id="horizon is the end of the period"),
        pytest.param(
            [*ARRET, avis(20, 29)], [paye(23, 25, 3)], ("0-2 20-22", "23-29", "", ""), 25, id="not paid before the horizon: no IJ"
        ),
        pytest.param([*ARRET, avis(20, 29)], [paye(3, 9, 7)], ("0-2 20-22", "3-9 23-29", "", ""), 9, id="new waiting period after"),
        pytest.param([*ARRET, suite(12, 19)], [paye(3, 9, 7)], ("0-2", "3-9 12-19", "", ""), 9, id="chain goes on over a gap of 2"),
        pytest.param([*ARRET, suite(13, 19)], [paye(3, 9, 7)], ("0-2 13-15", "3-9 16-19", "", ""), 9, id="gap of 3 starts another"),
        pytest.param([*ARRET, avis(11, 19)], [paye(3, 9, 7)], ("0-2 11-13", "3-9 14-19", "", ""), 9, id="initiale after a gap of 1"),
        pytest.param([*ARRET, suite(13, 19)], [paye(3, 12, 10)], ("0-2 13-15", "3-12 16-19", "", ""), 12, id="paid days bridge no chain"),
        pytest.param(ALD, [], ("0-2", "", "", "3-9"), None, id="L.324-1 apart"),
        pytest.param(ALD, [paye(3, 9, 7)], ("0-2", "", "", "3-9"), 9, id="L.324-1 paid"),
        pytest.param(ALD, [paye(3, 12, 10)], ("0-2", "10-12", "", "3-9"), 12, id="paid and not covered: not L.324-1"),
        pytest.param([*ALD, avis(5, 6)], [paye(3, 9, 7)], ("0-2", "5-6", "", "3-4 7-9"), 9, id="both linked and not: not L.324-1"),
        pytest.param([*ARRET, avis(0, 9, ald=True, annule=True)], [paye(3, 9, 7)], ("0-2", "3-9", "", ""), 9, id="cancelled link"),
        pytest.param([avis(0, 9, risque="at", ald=True)], [paye(3, 9, 7)], ("", "3-9", "", ""), 9, id="an AT links no illness"),
    ],
)
def test_sets_of_days(
    prescriptions: list[Prescription], versements: list[Versement], attendu: tuple[str, str, str, str], horizon: int | None
) -> None:
    for ordre in (versements, list(reversed(versements))):
        e = etat_droits(prescriptions, le(5), REF, ordre)
        assert vu(e) == attendu
        assert e.verse_jusqu_au == (None if horizon is None else le(horizon))


@pytest.mark.parametrize(
    ("prescriptions", "atmp"),
    [
        ([avis(0, 9, risque="at"), avis(5, 14, risque="mp"), avis(20, 21, risque="trajet")], "0-14 20-21"),
        ([avis(0, 9, risque="maternite"), avis(0, 9, risque="paternite"), avis(0, 9)], ""),
        ([avis(0, 9, risque="at", annule=True), avis(9, 0, risque="at")], ""),
    ],
)
def test_days_of_at_and_mp(prescriptions: list[Prescription], atmp: str) -> None:
    assert plages(etat_droits(prescriptions, J0, REF).atmp) == atmp


# 360 IJ fall on days 3 to 362 of one long arrêt
@pytest.mark.parametrize(
    ("versements", "comptees", "refusees"),
    [
        pytest.param([], "3-362", "363-400", id="by prescriptions"),
        pytest.param([paye(3, 361, 359)], "3-362", "363-400", id="359 paid: one left"),
        pytest.param([paye(3, 362, 360)], "3-362", "363-400", id="360 paid: none left"),
        pytest.param([paye(3, 380, 378)], "3-380", "381-400", id="the cap stops no paid day"),
        pytest.param([paye(3, 380, 300)], "81-400", "", id="unpaid days leave room"),
        pytest.param([paye(3, 399, 1)], "399-400", "", id="before the horizon nothing is refused"),
    ],
)
def test_cap_and_payments(versements: list[Versement], comptees: str, refusees: str) -> None:
    e = etat_droits([avis(0, 400)], J0, REF, versements)
    assert (plages(e.comptees), plages(e.refusees)) == (comptees, refusees)
    c = compteur([avis(0, 400)], le(400), REF, versements)
    assert (c.ij_utilisees, c.ij_restantes) == (len(e.comptees), max(0, 360 - len(e.comptees)))


def test_days_come_back_one_by_one_when_old_ones_leave_the_window() -> None:
    verse = [Versement(date(2023, 1, 1), date(2023, 12, 26), 360)]
    arret = [Prescription("a", date(2025, 12, 26), date(2026, 1, 10))]
    e = etat_droits(arret, date(2025, 12, 1), REF, verse)
    assert sorted(e.carence) == [date(2025, 12, d) for d in (26, 27, 28)]
    assert sorted(e.refusees) == [date(2025, 12, d) for d in (29, 30, 31)]
    assert sorted(j for j in e.comptees if j.year > 2023) == [date(2026, 1, d) for d in range(1, 11)]
    assert e.epuisement_le == date(2025, 12, 29)
    assert etat_droits(arret, date(2026, 1, 1), REF, verse).epuisement_le == date(2026, 1, 1)
    assert etat_droits(arret, date(2026, 1, 11), REF, verse).epuisement_le is None


# cap of 2 and both used three years before: which day comes back first?
@pytest.mark.parametrize(
    ("payes", "arret", "refusees", "epuisement"),
    [
        pytest.param((date(2024, 2, 28), date(2024, 2, 29)), date(2027, 2, 24), [(2, 27), (3, 2), (3, 3)], (2, 27), id="29 February used"),
        pytest.param(
            (date(2025, 2, 28), date(2025, 3, 1)), date(2028, 2, 25), [(2, 29), (3, 2), (3, 3)], (2, 28), id="29 February asked for"
        ),
        pytest.param((date(2022, 12, 31), date(2023, 1, 1)), date(2025, 12, 27), [(12, 30), (1, 2), (1, 3)], (12, 30), id="year end"),
    ],
)
def test_window_at_29_february_and_year_end(
    payes: tuple[date, date], arret: date, refusees: list[tuple[int, int]], epuisement: tuple[int, int]
) -> None:
    fin = date(arret.year + (arret.month == 12), 1 if arret.month == 12 else 3, 3)
    ref = change(ij_plafond_trois_ans=2)
    e = etat_droits([Prescription("a", arret, fin)], arret, ref, [Versement(*payes, 2)])
    assert [(j.month, j.day) for j in sorted(e.refusees)] == refusees
    assert e.epuisement_le is not None
    assert (e.epuisement_le.month, e.epuisement_le.day) == epuisement


# 270th IJ on day 272, 330th on day 332, 360th on day 362
@pytest.mark.parametrize(
    ("n", "fin", "attendu"),
    [
        (0, 400, (272, 332, 362)),
        (271, 400, (272, 332, 362)),
        (272, 400, (272, 332, 362)),
        (273, 400, (None, 332, 362)),
        (331, 400, (None, 332, 362)),
        (333, 400, (None, None, 362)),
        (363, 400, (None, None, 363)),
        (400, 400, (None, None, 400)),
        (401, 400, (None, None, None)),
        (0, 271, (None, None, None)),
        (0, 272, (272, None, None)),
        (0, 331, (272, None, None)),
        (0, 332, (272, 332, None)),
        (0, 361, (272, 332, None)),
        (0, 362, (272, 332, 362)),
    ],
)
def test_days_when_the_count_falls_due(n: int, fin: int, attendu: tuple[int | None, int | None, int | None]) -> None:
    e = etat_droits([avis(0, fin)], le(n), REF)
    assert (e.seuil_1_le, e.seuil_2_le, e.epuisement_le) == tuple(None if jour is None else le(jour) for jour in attendu)


@pytest.mark.parametrize(
    ("reprise", "attendu"),
    [
        (500, None),  # 277 IJ already: nothing is met anew
        (1095 + 400, 1095 + 400 + 272),  # all of them left the window: met again after 270 more
    ],
)
def test_a_threshold_falls_due_when_it_comes_to_be_met(reprise: int, attendu: int | None) -> None:
    e = etat_droits([avis(0, 279), avis(reprise, reprise + 300)], le(300), REF)
    assert e.seuil_1_le == (None if attendu is None else le(attendu))


def test_a_day_of_l324_1_falls_due_for_nothing() -> None:
    prescriptions = [avis(0, 362), suite(363, 380, ald=True), suite(381, 390)]
    assert etat_droits(prescriptions, le(363), REF).epuisement_le == le(381)


def test_thresholds_are_the_policy_of_the_day_and_of_the_platform() -> None:
    seuil = next(p for p in REF if p.cle == "alerte_ij_270")
    reste = [p for p in REF if p is not seuil]
    date_e = Referentiel([*reste, replace(seuil, au=le(99)), replace(seuil, du=le(100), valeur=200)])
    assert [etat_droits([avis(0, 400)], le(n), date_e).seuil_1_le for n in (99, 100)] == [le(272), le(202)]
    locale = Referentiel([*reste, seuil, replace(seuil, plateforme="P1", valeur=100)])
    assert [etat_droits([avis(0, 400)], J0, locale, (), p).seuil_1_le for p in (None, "P1", "P2")] == [le(272), le(102), le(272)]


def test_cap_is_that_of_the_day_counted() -> None:
    plafond = next(p for p in REF if p.cle == "ij_plafond_trois_ans")
    reste = [p for p in REF if p is not plafond]
    ref = Referentiel([*reste, replace(plafond, au=le(99)), replace(plafond, du=le(100), valeur=50)])
    e = etat_droits([avis(0, 200)], J0, ref)
    assert (plages(e.comptees), plages(e.refusees), e.epuisement_le) == ("3-99", "100-200", le(100))


@pytest.mark.parametrize(("valeur", "comptees", "refusees"), [(None, "363-400", ""), (False, "363-400", ""), (True, "", "363-400")])
def test_open_question_decides_whether_l324_1_fills_the_cap(valeur: bool | None, comptees: str, refusees: str) -> None:
    ref = change(ij_compte_ald_dans_360=valeur)
    e = etat_droits([avis(0, 362, ald=True), suite(363, 400)], J0, ref)
    assert (plages(e.comptees), plages(e.refusees), plages(e.l324)) == (comptees, refusees, "3-362")


@pytest.mark.parametrize("absente", ["ij_plafond_trois_ans", "ij_carence_jours", "ij_fenetre_annees", "alerte_ij_270", "alerte_ij_330"])
def test_missing_value_stops_instead_of_guessing(absente: str) -> None:
    with pytest.raises(ReferentielIncomplet):
        etat_droits(ARRET, J0, Referentiel(p for p in REF if p.cle != absente))


prescriptions_quelconques = st.lists(
    st.builds(
        avis,
        st.integers(0, 900),
        st.integers(0, 1000),
        nature=st.sampled_from(["initiale", "prolongation"]),
        risque=st.sampled_from(["maladie", "maladie", "maladie", "at"]),
        ald=st.booleans(),
        annule=st.sampled_from([False, False, True]),
    ),
    max_size=5,
)
versements_quelconques = st.lists(st.builds(paye, st.integers(0, 900), st.integers(0, 1000), st.integers(-40, 400)), max_size=4)


@settings(deadline=None, max_examples=60)
@given(prescriptions_quelconques, versements_quelconques, st.integers(-10, 1300), st.randoms())
def test_sets_are_apart_and_agree_with_the_counter(
    prescriptions: list[Prescription], versements: list[Versement], n: int, hasard: object
) -> None:
    e = etat_droits(prescriptions, le(n), REF, versements)
    couverts = {j for p in prescriptions if p.is_comptee and p.risque == "maladie" for j in p.jours}
    ensembles = (e.carence, e.comptees, e.refusees, e.l324)
    assert sum(map(len, ensembles)) == len(set().union(*ensembles))
    assert e.carence | e.refusees | e.l324 <= couverts
    if e.verse_jusqu_au is None:
        assert set().union(*ensembles) == couverts
    else:
        assert {j for j in couverts if j > e.verse_jusqu_au} <= set().union(*ensembles)
        assert all(j > e.verse_jusqu_au for j in e.refusees)
    c = compteur(prescriptions, le(n), REF, versements)
    assert c.ij_utilisees == sum(annees_avant(le(n), 3) < j <= le(n) for j in e.comptees)
    assert c.epuisement_projete == e.epuisement_le
    melange = [*versements, *(replace(v, jours=k) for v in versements for k in (5, -5))]
    hasard.shuffle(melange)
    assert etat_droits(prescriptions, le(n), REF, melange) == e
