"""Sets of days as runs, and calendar arithmetic over arrays."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from pdp.calcul.calendrier import EPOQUE, annees_avant, numero, sortie_fenetre
from pdp.calcul.personnes import find_differentes, number_personnes, order_prescriptions
from pdp.calcul.segments import JAMAIS, Compteur, Segments, balayer, couvert_jusqu_au, derouler, is_premier, rassembler, unir, vide
from pdp.domain import calendrier

Lignes = list[tuple[int, int, int]]


def colonnes(lignes: Lignes) -> Segments:
    return Segments(*np.array(lignes, np.int32).reshape(-1, 3).T)


def lire(segments: Segments) -> Lignes:
    return [tuple(map(int, ligne)) for ligne in zip(*segments, strict=True)]


@pytest.mark.parametrize("annees", [1, 3, 4])
def test_years_before_and_exit_of_the_window_day_by_day(annees: int) -> None:
    """Sixteen years hold every place of 29 February; the far days take the other way of computing."""
    jours = np.arange(numero(date(2012, 1, 1)), numero(date(2028, 12, 31)), dtype=np.int32)
    attendus = [numero(calendrier.annees_avant(EPOQUE + timedelta(days=int(j)), annees)) for j in jours]
    assert annees_avant(jours, annees).tolist() == attendus
    assert annees_avant(jours[[0, -1]], annees).tolist() == [attendus[0], attendus[-1]]
    dehors = [int(np.searchsorted(attendus, j)) for j in jours[: -366 * annees]]
    assert sortie_fenetre(jours[: -366 * annees], annees).tolist() == [int(jours[k]) for k in dehors]


def test_no_day_is_fine() -> None:
    rien = np.empty(0, np.int32)
    assert len(annees_avant(rien, 3)) == len(sortie_fenetre(rien, 3)) == 0
    assert lire(unir(rien, rien, rien)) == lire(rassembler([vide()])) == []
    assert Compteur(vide()).entre(np.zeros(2, np.int32), np.zeros(2, np.int32), np.ones(2, np.int32)).tolist() == [0, 0]
    assert lire(balayer(vide(), vide())[0]) == []


@pytest.mark.parametrize(
    ("lignes", "attendu"),
    [
        pytest.param([(0, 1, 3), (0, 4, 5)], [(0, 1, 5)], id="adjacent"),
        pytest.param([(0, 1, 3), (0, 5, 6)], [(0, 1, 3), (0, 5, 6)], id="a-day-between"),
        pytest.param([(0, 1, 9), (0, 2, 3), (0, 8, 12)], [(0, 1, 12)], id="nested-then-overlapping"),
        pytest.param([(0, 5, 6), (0, 1, 4)], [(0, 1, 6)], id="in-any-order"),
        pytest.param([(0, 5, 4), (1, 7, 7)], [(1, 7, 7)], id="reversed-counts-for-nothing"),
        pytest.param([(0, 1, 900), (1, 2, 3), (1, 4, 4)], [(0, 1, 900), (1, 2, 4)], id="people-apart"),
        pytest.param([(0, -9, -8), (0, -7, 2)], [(0, -9, 2)], id="before-1970"),
    ],
)
def test_union(lignes: Lignes, attendu: Lignes) -> None:
    assert lire(unir(*colonnes(lignes))) == attendu


def test_covered_until_looks_at_the_rows_above_only() -> None:
    personne, fin = np.array([0, 0, 0, 1, 1], np.int32), np.array([9, 3, 4, 1, 2], np.int32)
    assert couvert_jusqu_au(personne, fin, is_premier(personne)).tolist() == [JAMAIS, 9, 9, JAMAIS, 1]


def test_sweep_cuts_where_something_begins_or_ends() -> None:
    segments, etat = balayer(colonnes([(0, 1, 5), (1, 1, 1)]), colonnes([(0, 4, 8), (1, 2, 2)]))
    assert list(zip(lire(segments), etat.tolist(), strict=True)) == [
        *(((0, 1, 3), 1), ((0, 4, 5), 3), ((0, 6, 8), 2)),
        *(((1, 1, 1), 1), ((1, 2, 2), 2)),
    ]


@pytest.mark.parametrize(("exclu", "inclus", "attendu"), [(0, 1, 1), (0, 3, 2), (1, 2, 1), (2, 9, 0), (2, 10, 1), (0, 99, 4), (11, 99, 0)])
def test_count_of_days(exclu: int, inclus: int, attendu: int) -> None:
    compteur = Compteur(colonnes([(0, -50, 80), (1, 1, 2), (1, 10, 11), (2, 1, 1)]))
    un = np.array([1], np.int32)
    assert compteur.entre(un, un * exclu, un * inclus).tolist() == [attendu]


def test_unrolled_days() -> None:
    assert [list(map(int, c)) for c in derouler(colonnes([(0, 3, 5), (2, 9, 9)]))] == [[0, 0, 0, 2], [3, 4, 5, 9]]


def test_people_are_numbered_in_order_of_id_even_when_half_of_it_is_shared() -> None:
    un, deux, trois = (7, 1), (7, 2), (2**64 - 1, 0)
    uuids, (gauche, droite) = number_personnes(np.array([trois, un, deux, un], np.uint64), np.array([deux], np.uint64))
    assert [tuple(map(int, u)) for u in uuids] == [un, deux, trois]
    assert (gauche.tolist(), droite.tolist()) == ([2, 0, 1, 0], [1])


def test_prescriptions_of_one_day_follow_the_bytes_of_their_id() -> None:
    personne, debut = np.array([1, 0, 0, 0], np.int32), np.array([5, 5, 5, 4], np.int32)
    avis = np.array([b"a", "é".encode(), b"z10", b"b"])
    assert order_prescriptions(personne, debut, avis).tolist() == [3, 2, 1, 0]


def test_differences_of_both_sides() -> None:
    neuves, perdues = find_differentes(
        np.array([1, 2, 3, 5]), [np.array([10, 20, 30, 50])], np.array([5, 2, 1, 9]), [np.array([51, 20, 10, 90])]
    )
    assert (neuves.tolist(), perdues.tolist()) == ([False, False, True, True], [True, False, False, True])
