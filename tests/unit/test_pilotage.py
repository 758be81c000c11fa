"""Delays with people still waiting, rates with their uncertainty, groups nobody can be found in."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from pdp.domain.pilotage import Duree, Groupe, compute_intervalle, compute_quantile, libelle_groupe, list_masques

MOITIE, NEUF_DIXIEMES = Fraction(1, 2), Fraction(9, 10)
SEUIL = 11


@pytest.mark.parametrize(
    ("durees", "part", "attendu"),
    [
        pytest.param([], MOITIE, None, id="nobody"),
        pytest.param([(5, True, 1)], MOITIE, 5, id="one"),
        pytest.param([(1, True, 5), (9, True, 5)], MOITIE, 1, id="exactly_half"),
        pytest.param([(1, True, 4), (9, True, 6)], MOITIE, 9, id="under_half"),
        pytest.param([(1, True, 9), (9, True, 1)], NEUF_DIXIEMES, 1, id="exactly_nine_tenths"),
        pytest.param([(1, True, 8), (9, True, 2)], NEUF_DIXIEMES, 9, id="under_nine_tenths"),
        pytest.param([(1, True, 4), (30, False, 6)], MOITIE, None, id="most_still_wait"),
        # 2 leave the count on day 2 without the step: of the 8 seen longer, 4 reach it on day 3, so half of all is not passed before day 3
        pytest.param([(2, False, 2), (3, True, 4), (8, False, 4)], MOITIE, 3, id="those_who_left_before_count_until_then"),
        # somebody seen to wait three days and the step on the third day: still at risk that day
        pytest.param([(3, False, 1), (3, True, 1)], MOITIE, 3, id="waits_until_the_same_day"),
        pytest.param([(0, True, 10)], NEUF_DIXIEMES, 0, id="same_day"),
    ],
)
def test_delay_by_which_a_share_has_passed(durees: list[tuple[int, bool, int]], part: Fraction, attendu: int | None) -> None:
    assert compute_quantile([Duree(*d) for d in durees], part) == attendu


def test_those_who_wait_are_not_left_out() -> None:
    """Leaving them out would say 2 days."""
    durees = [Duree(2, True, 10), Duree(40, True, 1), Duree(40, False, 12)]
    assert compute_quantile(durees, MOITIE) is None
    assert compute_quantile([d for d in durees if d.survenu], MOITIE) == 2


@pytest.mark.parametrize(
    ("succes", "effectif", "bas", "haut"),
    # published examples of the Wilson interval: 81 of 263, 15 of 148, and both ends
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (20, 20, 0.8389, 1.0)],
)
def test_interval_of_a_rate(succes: int, effectif: int, bas: float, haut: float) -> None:
    assert compute_intervalle(succes, effectif) == pytest.approx((bas, haut), abs=0.0001)


@pytest.mark.parametrize(("succes", "effectif"), [(0, 0), (3, 2), (-1, 4)])
def test_not_a_rate(succes: int, effectif: int) -> None:
    with pytest.raises(ValueError, match="not a rate"):
        compute_intervalle(succes, effectif)


@pytest.mark.parametrize(
    ("groupes", "attendu"),
    [
        pytest.param({"a": (40, 20), "b": (60, 30)}, set(), id="all_large"),
        pytest.param({"a": (40, 20), "b": (60, 30), "c": (31, 11)}, set(), id="at_the_threshold"),
        # b hides with a: alone, a is the total minus the others
        pytest.param({"a": (40, 10), "b": (60, 30), "c": (90, 45)}, {"a", "b"}, id="few_reached"),
        pytest.param({"a": (40, 30), "b": (60, 30), "c": (90, 45)}, {"a", "b"}, id="few_not_reached"),
        # a and b together are still 4 not reached: c joins them
        pytest.param({"a": (30, 28), "b": (40, 38), "c": (60, 30), "d": (90, 45)}, {"a", "b", "c"}, id="two_small_ones_are_not_enough"),
        pytest.param({"a": (40, 10), "b": (60, 30)}, {"a", "b"}, id="nothing_left_to_show"),
    ],
)
def test_hidden_groups(groupes: dict[str, tuple[int, int]], attendu: set[str]) -> None:
    assert list_masques([Groupe(code, n, joints) for code, (n, joints) in groupes.items()], SEUIL) == attendu


def test_nobody_can_work_out_a_small_count() -> None:
    """Every table of three groups of 14 to 40 people: what is hidden is two groups or more, never few people, unless the whole axis is."""
    for a, b, c in product((0, 2, 7, 12, 14), (1, 10, 11, 15, 20), (0, 3, 11, 29, 40)):
        groupes = [Groupe("a", 14, a), Groupe("b", 20, b), Groupe("c", 40, c)]
        caches = [g for g in groupes if g.code in list_masques(groupes, SEUIL)]
        montres = [g for g in groupes if g not in caches]
        assert all(min(g.joints, g.effectif - g.joints) >= SEUIL for g in montres)
        if caches and montres:
            joints, effectif = sum(g.joints for g in caches), sum(g.effectif for g in caches)
            assert len(caches) > 1
            assert min(joints, effectif - joints) >= SEUIL, (a, b, c)


@pytest.mark.parametrize(
    ("axe", "code", "attendu"),
    [
        ("age", "55_64", "55 à 64 ans"),
        ("sexe", "F", "Femmes"),
        ("territoire", "35238", "Commune 35238"),
        ("territoire", "autres", "Autres communes"),
        ("contrat", "salarie", "Salariés"),
        ("contrat", "autres", "Autres contrats"),
        ("sexe", "autres", "Autres, regroupés"),
        ("age", "inconnu", "Non renseigné"),
    ],
)
def test_labels(axe: str, code: str, attendu: str) -> None:
    assert libelle_groupe(axe, code) == attendu
