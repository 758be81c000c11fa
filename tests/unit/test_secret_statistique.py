"""Small cells: what is hidden, and that nobody can find it again, checked by listing every table that fits what is published."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.evaluation.anonymat import REGROUPE, regroup
from pdp.evaluation.secret_statistique import TOTAL, Case, add_totaux, suppress

SEUIL = 3
COLONNES = ("a", "b", "c")


def _margins(grille: dict[Case, int]) -> dict[Case, int]:
    """Totals, written apart from the code under test."""
    lignes, colonnes = {r for r, _ in grille}, {c for _, c in grille}
    complete = dict(grille)
    complete |= {(r, TOTAL): sum(grille[r, c] for c in colonnes) for r in lignes}
    complete |= {(TOTAL, c): sum(grille[r, c] for r in lignes) for c in colonnes}
    return complete | {(TOTAL, TOTAL): sum(grille.values())}


def list_possibles(publie: dict[Case, int | None], borne: int, assez: int) -> dict[Case, set[int]]:
    """Attack: values each hidden cell can take in the tables of counts that agree with what is published.

    Every table is tried, rows that break their own total left out first, counts up to ``borne`` where a total is hidden. It stops
    once the values of each hidden cell span ``assez``: the attack has then failed.
    """
    lignes = sorted({r for r, _ in publie} - {TOTAL})
    colonnes = sorted({c for _, c in publie} - {TOTAL})
    choix_par_ligne = []
    for r in lignes:
        domaines = [range(borne + 1) if publie[r, c] is None else [publie[r, c]] for c in colonnes]
        choix_par_ligne.append([v for v in product(*domaines) if publie[r, TOTAL] in (None, sum(v))])
    totaux = [publie[TOTAL, c] for c in (*colonnes, TOTAL)]
    possibles: dict[Case, set[int]] = {case: set() for case, n in publie.items() if n is None}
    for choix in product(*choix_par_ligne):
        sommes = [sum(colonne) for colonne in zip(*choix, strict=True)]
        if any(n is not None and n != somme for n, somme in zip(totaux, [*sommes, sum(sommes)], strict=True)):
            continue
        complete = _margins({(r, c): choix[i][j] for i, r in enumerate(lignes) for j, c in enumerate(colonnes)})
        for case in possibles:
            possibles[case].add(complete[case])
        if all(max(v) - min(v) >= assez for v in possibles.values()):
            break
    return possibles


def tables(lignes: int, colonnes: int) -> st.SearchStrategy[dict[Case, int]]:
    cases = [(f"m{r}", COLONNES[c]) for r in range(lignes) for c in range(colonnes)]
    return st.lists(st.integers(0, 5), min_size=len(cases), max_size=len(cases)).map(lambda ns: dict(zip(cases, ns, strict=True)))


@pytest.mark.parametrize("zero_publiable", [(), ("b",), (*COLONNES, TOTAL)], ids=["strict", "complement", "zeros-shown"])
@pytest.mark.parametrize("taille", [(1, 2), (2, 2), (3, 2), (2, 3)], ids=str)
def test_no_hidden_cell_can_be_recovered(taille: tuple[int, int], zero_publiable: tuple[str, ...]) -> None:
    @settings(max_examples=25, deadline=None)
    @given(tables(*taille))
    def check(grille: dict[Case, int]) -> None:
        publie = suppress(grille, SEUIL, zero_publiable)
        vrais = _margins(grille)
        assert all(n is None or (n == vrais[c] and (n >= SEUIL or (n == 0 and c[1] in zero_publiable))) for c, n in publie.items())
        for case, valeurs in list_possibles(publie, 5 + SEUIL, SEUIL).items():
            assert max(valeurs) - min(valeurs) >= SEUIL, (case, publie)

    check()


def test_attack_finds_a_cell_hidden_alone() -> None:
    """The attack works: hiding only the small cell is not enough."""
    grille = {("m1", "a"): 2, ("m1", "b"): 5, ("m2", "a"): 6, ("m2", "b"): 4}
    seule = {case: None if case == ("m1", "a") else n for case, n in add_totaux(grille).items()}
    assert list_possibles(seule, 9, SEUIL)["m1", "a"] == {2}
    assert len(list_possibles(suppress(grille, SEUIL), 9, SEUIL)["m1", "a"]) > 1


@pytest.mark.parametrize(("n", "publie"), [(10, None), (11, 11), (12, 12)])
def test_threshold_is_the_first_count_shown(n: int, publie: int | None) -> None:
    grille = {("m1", "a"): n, ("m1", "b"): 50, ("m2", "a"): 40, ("m2", "b"): 60}
    assert suppress(grille, 11)["m1", "a"] == publie


def test_small_complement_hides_the_numerator() -> None:
    grille = {("m1", "numerateur"): 95, ("m1", "complement"): 5, ("m2", "numerateur"): 60, ("m2", "complement"): 40}
    publie = suppress(grille, 11, ("complement",))
    assert publie["m1", "numerateur"] is None
    assert publie["m2", "numerateur"] is None  # else 95 is the total less 60
    assert publie["m1", TOTAL] == 100


def test_nothing_small_hides_nothing() -> None:
    grille = {("m1", "a"): 20, ("m1", "b"): 0, ("m2", "a"): 30, ("m2", "b"): 15}
    assert suppress(grille, 11, ("b",)) == add_totaux(grille)


@pytest.mark.parametrize("grille", [{(TOTAL, "a"): 3}, {("m", TOTAL): 3}, {("m", "a"): -1}])
def test_what_is_not_a_table_of_counts_is_refused(grille: dict[Case, int]) -> None:
    with pytest.raises(ValueError, match="table"):
        suppress(grille, 11)


COMBINAISONS = st.dictionaries(
    st.tuples(
        st.sampled_from(["PF35", "PF57"]),
        st.sampled_from(["25_34", "35_44", "45_54"]),
        st.sampled_from("MF"),
        st.sampled_from(["tms", "autre"]),
    ),
    st.integers(1, 30),
    max_size=24,
)


@settings(max_examples=300, deadline=None)
@given(COMBINAISONS, st.integers(2, 11))
def test_no_published_combination_is_rare(effectifs: dict[tuple[str, ...], int], seuil: int) -> None:
    publiees = regroup(effectifs, seuil)
    assert publiees.keys() == effectifs.keys()
    tailles: Counter[tuple[str, ...]] = Counter()
    for origine, publiee in publiees.items():
        tailles[publiee] += effectifs[origine]
        visible = next((i for i, v in enumerate(publiee) if v == REGROUPE), len(publiee))
        assert publiee == origine[:visible] + (REGROUPE,) * (len(origine) - visible)
    if sum(effectifs.values()) >= seuil:
        assert all(n >= seuil for n in tailles.values())
    else:
        assert set(publiees.values()) <= {(REGROUPE,) * 4}


def test_frequent_combinations_keep_every_value() -> None:
    effectifs = {("PF35", "35_44", "F", "tms"): 40, ("PF35", "35_44", "M", "tms"): 11, ("PF35", "35_44", "M", "autre"): 10}
    publiees = regroup(effectifs, 11)
    assert publiees["PF35", "35_44", "F", "tms"] == ("PF35", "35_44", "F", "tms")
    assert set(list(publiees.values())[1:]) == {("PF35", "35_44", "M", REGROUPE)}
