"""The risk clock, rule by rule, then properties over any set of prescriptions."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.domain.arret import RISQUES_ABSENCE, Prescription
from pdp.domain.episode import Episode, build_episodes

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
