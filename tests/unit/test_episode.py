"""The risk clock, rule by rule, then properties over any set of prescriptions."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.domain.arret import RISQUES_ABSENCE, Periode, Prescription
from pdp.domain.episode import Episode, build_episodes
from pdp.referentiel import load_referentiel

J0 = date(2026, 1, 1)
TOLERANCE = 2


def avis(id_avis: str, debut: int, fin: int, **champs: object) -> Prescription:
    """Prescription from day `debut` to day `fin`, counted from J0 = day 0."""
    return Prescription(id_avis, J0 + timedelta(days=debut), J0 + timedelta(days=fin), **champs)


def bornes(episodes: list[Episode]) -> list[tuple[int, int, int, int]]:
    return [((e.debut - J0).days, (e.fin - J0).days, e.jours_prescrits, e.nb_prescriptions) for e in episodes]


@pytest.mark.parametrize(
    ("prescriptions", "attendu"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([avis("a", 0, 0)], [(0, 0, 1, 1)], id="one day"),
        pytest.param([avis("a", 0, 9), avis("b", 10, 19)], [(0, 19, 20, 2)], id="adjacent"),
        pytest.param([avis("a", 0, 9), avis("b", 11, 19)], [(0, 19, 19, 2)], id="gap of 1"),
        pytest.param([avis("a", 0, 9), avis("b", 12, 19)], [(0, 19, 18, 2)], id="gap of 2 = tolerance"),
        pytest.param([avis("a", 0, 9), avis("b", 13, 19)], [(0, 9, 10, 1), (13, 19, 7, 1)], id="gap of 3"),
        pytest.param([avis("a", 0, 9), avis("b", 5, 14)], [(0, 14, 15, 2)], id="overlap"),
        pytest.param([avis("a", 0, 30), avis("b", 5, 9)], [(0, 30, 31, 2)], id="nested"),
        pytest.param([avis("a", 0, 30), avis("b", 5, 9), avis("c", 33, 40)], [(0, 40, 39, 3)], id="gap is counted from the furthest end"),
        pytest.param([avis("a", 0, 9), avis("b", 0, 9)], [(0, 9, 10, 2)], id="same dates, two avis"),
        pytest.param([avis("a", 0, 9), avis("a", 0, 9)], [(0, 9, 10, 1)], id="same row twice"),
        pytest.param([avis("a", 0, 9), avis("b", 10, 19, annule=True)], [(0, 9, 10, 1)], id="cancelled"),
        pytest.param([avis("a", 0, 9, annule=True)], [], id="only cancelled"),
        pytest.param(
            [avis("a", 0, 9), avis("b", 10, 19, annule=True), avis("c", 20, 29)], [(0, 9, 10, 1), (20, 29, 10, 1)], id="cancelled bridge"
        ),
        pytest.param([avis("a", 9, 0), avis("b", 20, 21)], [(20, 21, 2, 1)], id="reversed dates"),
        pytest.param([avis("a", 0, 9), avis("b", 10, 19, risque="at")], [(0, 19, 20, 2)], id="illness then AT"),
        pytest.param([avis("a", 0, 9, risque="trajet"), avis("b", 10, 19, risque="mp")], [(0, 19, 20, 2)], id="trajet then MP"),
        pytest.param([avis("a", 0, 9), avis("b", 10, 19, risque="maternite")], [(0, 9, 10, 1), (10, 19, 10, 1)], id="maternity apart"),
        pytest.param(
            [avis("a", 0, 9), avis("b", 10, 19, risque="maternite"), avis("c", 20, 29)],
            [(0, 9, 10, 1), (10, 19, 10, 1), (20, 29, 10, 1)],
            id="maternity does not bridge illness",
        ),
        pytest.param(
            [avis("a", 0, 9, risque="paternite"), avis("b", 10, 19, risque="maternite")],
            [(0, 9, 10, 1), (10, 19, 10, 1)],
            id="paternity and maternity apart",
        ),
    ],
)
def test_chaining(prescriptions: list[Prescription], attendu: list[tuple[int, int, int, int]]) -> None:
    assert bornes(build_episodes(prescriptions, TOLERANCE)) == attendu
    assert bornes(build_episodes(reversed(prescriptions), TOLERANCE)) == attendu


@pytest.mark.parametrize(("tolerance", "nombre"), [(0, 2), (1, 1), (2, 1)])
def test_tolerance_is_a_parameter(tolerance: int, nombre: int) -> None:
    assert len(build_episodes([avis("a", 0, 9), avis("b", 11, 19)], tolerance)) == nombre


def test_negative_tolerance_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        build_episodes([], -1)
    with pytest.raises(ValueError, match="negative"):
        build_episodes([], 0, [], -1)


def conge(debut: int, fin: int | None) -> Periode:
    """Suspension declared from day `debut` to day `fin`, counted from J0 = day 0."""
    return Periode(J0 + timedelta(days=debut), None if fin is None else J0 + timedelta(days=fin))


UN, DEUX = [(0, 19 + 40, 20, 2)], [(0, 9, 10, 1), (50, 59, 10, 1)]
TROU_40 = [avis("a", 0, 9), avis("b", 50, 59)]  # 40 days in between, 10 to 49


@pytest.mark.parametrize(
    ("suspensions", "maximum", "attendu"),
    [
        pytest.param([], 40, DEUX, id="none declared"),
        pytest.param([conge(10, 49)], 40, UN, id="the whole gap"),
        pytest.param([conge(10, 49)], 39, DEUX, id="one day more than the maximum"),
        pytest.param([conge(10, 48)], 40, UN, id="one day left, tolerated"),
        pytest.param([conge(12, 49)], 40, UN, id="two days left, tolerated"),
        pytest.param([conge(11, 48)], 38, UN, id="one day left on each side, at the maximum"),
        pytest.param([conge(13, 49)], 40, DEUX, id="three days left"),
        pytest.param([conge(12, 48)], 40, DEUX, id="three days left, on both sides"),
        pytest.param([conge(-5, 80)], 40, UN, id="declared over the arrêts too: days of the gap only"),
        pytest.param([conge(10, 29), conge(30, 49)], 40, UN, id="two that follow"),
        pytest.param([conge(10, 35), conge(25, 49)], 40, UN, id="two that overlap: each day once"),
        pytest.param([conge(10, 29), conge(33, 49)], 40, DEUX, id="two with three days between"),
        pytest.param([conge(10, 29), conge(32, 49)], 40, UN, id="two with two days between"),
        pytest.param([conge(49, 10)], 40, DEUX, id="reversed"),
        pytest.param([conge(60, 90)], 40, DEUX, id="after"),
        pytest.param([conge(10, None)], 40, UN, id="open: until the eve of the next covered day"),
        pytest.param([conge(10, None)], 39, DEUX, id="open, one day more than the maximum"),
        pytest.param([conge(12, None)], 40, UN, id="open, from the third day of the gap"),
        pytest.param([conge(13, None)], 40, DEUX, id="open, from the fourth day of the gap"),
        pytest.param([conge(9, None)], 40, DEUX, id="open, begun on a covered day: ended by it"),
        pytest.param([conge(-3, None)], 40, DEUX, id="open, begun before the arrêt: ended by it"),
        pytest.param([conge(50, None)], 40, DEUX, id="open, begun with the next arrêt"),
    ],
)
def test_declared_suspension_is_no_return_to_work(
    suspensions: list[Periode], maximum: int, attendu: list[tuple[int, int, int, int]]
) -> None:
    for declarees in (suspensions, list(reversed(suspensions)), suspensions * 2):
        assert bornes(build_episodes(TROU_40, TOLERANCE, declarees, maximum)) == attendu


def test_open_suspension_speaks_of_one_gap() -> None:
    trois = [*TROU_40, avis("c", 80, 89)]
    assert bornes(build_episodes(trois, TOLERANCE, [conge(10, None)], 40)) == [(0, 59, 20, 2), (80, 89, 10, 1)]


def test_each_gap_has_its_own_maximum() -> None:
    trois = [*TROU_40, avis("c", 100, 109)]
    assert bornes(build_episodes(trois, TOLERANCE, [conge(10, 99)], 40)) == [(0, 109, 30, 3)]


@pytest.mark.parametrize(("maximum", "attendu"), [(0, 1), (1, 1), (2, 1)])
def test_suspension_never_cuts_what_the_tolerance_keeps(maximum: int, attendu: int) -> None:
    assert len(build_episodes([avis("a", 0, 9), avis("b", 12, 19)], TOLERANCE, [conge(10, 11)], maximum)) == attendu


def test_suspension_counts_for_each_clock_and_joins_none() -> None:
    prescriptions = [avis("a", 0, 9, risque="maternite"), avis("b", 15, 19, risque="maternite"), avis("c", 10, 14)]
    episodes = build_episodes(prescriptions, TOLERANCE, [conge(10, 14)], 31)
    assert [(e.risque, e.jours_prescrits) for e in episodes] == [("maternite", 15), ("maladie", 5)]


def test_a_suspension_of_31_days_is_the_policy() -> None:
    ref, jour = load_referentiel(), date(2026, 11, 22)
    maximum = ref.entier("horloge_suspension_max_jours", jour)
    tolerance = ref.entier("tolerance_horloge_risque_jours", jour)
    for n, nombre in ((33, 1), (34, 2)):  # 31 of leave and 2 tolerated, then one more
        prescriptions = [avis("a", 0, 9), avis("b", 10 + n, 60)]
        assert len(build_episodes(prescriptions, tolerance, [conge(12, 42)], maximum)) == nombre
    assert len(build_episodes([avis("a", 0, 9), avis("b", 42, 60)], tolerance, [conge(10, 41)], maximum)) == 2  # 32 of leave


@pytest.mark.parametrize(
    ("prescriptions", "champ", "attendu"),
    [
        ([avis("b", 0, 5), avis("a", 0, 9)], "premiere_prescription", "a"),
        ([avis("b", 0, 5), avis("a", 1, 9)], "premiere_prescription", "b"),
        ([avis("Z", 0, 5), avis("a", 0, 5)], "premiere_prescription", "Z"),  # order of code points, not of a language
        ([avis("a", 0, 5, risque="at"), avis("b", 6, 9)], "risque", "at"),
        ([avis("a", 0, 5, risque="at"), avis("b", 6, 9)], "risque_mixte", True),
        ([avis("a", 0, 5, risque="at"), avis("b", 6, 9, risque="at")], "risque_mixte", False),
        ([avis("a", 0, 5)], "motif_categorie", "non_renseigne"),
        ([avis("a", 0, 5, motif_categorie="tms"), avis("b", 6, 9)], "motif_categorie", "tms"),
        ([avis("a", 0, 5, motif_categorie="tms"), avis("b", 6, 9, motif_categorie="psychique")], "motif_categorie", "psychique"),
        ([avis("a", 0, 5, motif_categorie="tms"), avis("b", 0, 5, motif_categorie="autre")], "motif_categorie", "autre"),
        ([avis("a", 0, 5), avis("b", 6, 9)], "ald", False),
        ([avis("a", 0, 5, ald=True), avis("b", 6, 9)], "ald", True),
        ([avis("a", 0, 5), avis("b", 6, 9, temps_partiel_therapeutique=True)], "tpt_en_cours", True),
        ([avis("a", 0, 5), avis("b", 6, 9, temps_partiel_therapeutique=True)], "seulement_tpt", False),
        ([avis("a", 0, 5, temps_partiel_therapeutique=True)], "seulement_tpt", True),
        ([avis("a", 0, 5, temps_partiel_therapeutique=True), avis("b", 6, 9)], "tpt_en_cours", False),
        ([avis("a", 0, 9, temps_partiel_therapeutique=True), avis("b", 3, 9)], "tpt_en_cours", False),
        ([avis("a", 0, 9), avis("b", 3, 8, temps_partiel_therapeutique=True)], "tpt_en_cours", False),
        ([avis("a", 0, 5, annule=True, ald=True), avis("b", 6, 9)], "ald", False),
    ],
)
def test_what_an_episode_remembers(prescriptions: list[Prescription], champ: str, attendu: object) -> None:
    (episode,) = build_episodes(prescriptions, TOLERANCE)
    assert getattr(episode, champ) == attendu


@pytest.mark.parametrize(("jour", "duree"), [(-1, 0), (0, 1), (1, 2), (9, 10), (10, 10), (40, 10)])
def test_duration_stops_at_the_last_prescribed_day(jour: int, duree: int) -> None:
    (episode,) = build_episodes([avis("a", 0, 9)], TOLERANCE)
    assert episode.duree_au(J0 + timedelta(days=jour)) == duree


prescriptions_quelconques = st.lists(
    st.builds(
        lambda n, debut, duree, **champs: avis(f"avis-{n:04d}", debut, debut + duree, **champs),
        st.integers(0, 9999),
        st.integers(0, 200),
        st.integers(-3, 40),
        risque=st.sampled_from(["maladie", "at", "mp", "trajet", "maternite", "paternite"]),
        annule=st.sampled_from([False, False, False, True]),
        ald=st.booleans(),
        temps_partiel_therapeutique=st.booleans(),
        motif_categorie=st.sampled_from(["tms", "psychique", "autre", "non_renseigne"]),
    ),
    max_size=12,
    unique_by=lambda p: p.id_avis,
)
tolerances = st.integers(0, 5)
suspensions_quelconques = st.lists(
    st.builds(
        lambda debut, duree: conge(debut, None if duree is None else debut + duree), st.integers(-10, 220), st.none() | st.integers(-2, 40)
    ),
    max_size=4,
)
sans_delai = settings(deadline=None)  # the machine that runs the tests may be busy


@sans_delai
@given(prescriptions_quelconques, tolerances, st.randoms())
def test_order_and_repetition_change_nothing(prescriptions: list[Prescription], tolerance: int, hasard: object) -> None:
    melange = prescriptions + prescriptions
    hasard.shuffle(melange)
    assert build_episodes(melange, tolerance) == build_episodes(prescriptions, tolerance)


@sans_delai
@given(prescriptions_quelconques, tolerances)
def test_every_prescription_is_in_exactly_one_episode_of_its_clock(prescriptions: list[Prescription], tolerance: int) -> None:
    episodes = build_episodes(prescriptions, tolerance)
    comptees = [p for p in prescriptions if p.is_comptee]
    for p in comptees:
        horloge = RISQUES_ABSENCE if p.risque in RISQUES_ABSENCE else {p.risque}
        assert sum(e.debut <= p.debut and p.fin <= e.fin for e in episodes if e.risque in horloge) == 1
    assert sum(e.nb_prescriptions for e in episodes) == len(comptees)
    assert {e.premiere_prescription for e in episodes} <= {p.id_avis for p in comptees}


@sans_delai
@given(prescriptions_quelconques, tolerances)
def test_days_are_covered_once_and_episodes_of_a_clock_are_apart(prescriptions: list[Prescription], tolerance: int) -> None:
    for horloge in (RISQUES_ABSENCE, {"maternite"}, {"paternite"}):
        episodes = [e for e in build_episodes(prescriptions, tolerance) if e.risque in horloge]
        jours = {jour for p in prescriptions if p.is_comptee and p.risque in horloge for jour in p.jours}
        assert sum(e.jours_prescrits for e in episodes) == len(jours)
        assert all({e.debut, e.fin} <= jours for e in episodes)
        for avant, apres in pairwise(episodes):
            assert (apres.debut - avant.fin).days - 1 > tolerance


@sans_delai
@given(prescriptions_quelconques, tolerances)
def test_episodes_rebuilt_from_themselves_stay_the_same(prescriptions: list[Prescription], tolerance: int) -> None:
    episodes = build_episodes(prescriptions, tolerance)
    relus = [Prescription(e.premiere_prescription, e.debut, e.fin, risque=e.risque) for e in episodes]
    assert [(e.debut, e.fin, e.risque, e.premiere_prescription) for e in build_episodes(relus, tolerance)] == [
        (e.debut, e.fin, e.risque, e.premiere_prescription) for e in episodes
    ]


@sans_delai
@given(prescriptions_quelconques, tolerances)
def test_a_wider_tolerance_never_makes_more_episodes(prescriptions: list[Prescription], tolerance: int) -> None:
    assert len(build_episodes(prescriptions, tolerance + 1)) <= len(build_episodes(prescriptions, tolerance))


@sans_delai
@given(prescriptions_quelconques, tolerances, suspensions_quelconques, st.integers(0, 31))
def test_a_suspension_only_joins(prescriptions: list[Prescription], tolerance: int, suspensions: list[Periode], maximum: int) -> None:
    sans = build_episodes(prescriptions, tolerance)
    avec = build_episodes(prescriptions, tolerance, suspensions, maximum)
    assert sum(e.jours_prescrits for e in avec) == sum(e.jours_prescrits for e in sans)
    assert all(any(grand.debut <= e.debut and e.fin <= grand.fin for grand in avec) for e in sans)
    assert len(build_episodes(prescriptions, tolerance, suspensions, maximum + 1)) <= len(avec) <= len(sans)
