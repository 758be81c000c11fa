"""The tree of a day: each unit once, whatever the links say."""

from __future__ import annotations

from uuid import UUID

import pytest

from pdp.domain.organisation import ACTES, DEPLACABLES, FUSIONNABLES, NOMMABLES, TYPES, Unite, build_arbre, list_descendance, walk


def _unite(rang: int, parent: int | None, type: str = "EQUIPE") -> Unite:
    return Unite(UUID(int=rang), type, f"U{rang}", None, None, None if parent is None else UUID(int=parent))


def _forme(arbre: list) -> list:
    return [(n.unite.libelle, _forme(list(n.enfants))) for n in arbre]


@pytest.mark.parametrize(
    ("liens", "attendu"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({1: None, 2: 1, 3: 1, 4: 3}, [("U1", [("U2", []), ("U3", [("U4", [])])])], id="tree"),
        pytest.param({2: 1, 3: 2}, [("U2", [("U3", [])])], id="parent_not_in_force"),
        pytest.param({1: None, 2: 3, 3: 2}, [("U1", []), ("U2", [("U3", [])])], id="circle"),
        pytest.param({1: 1}, [("U1", [])], id="its_own_parent"),
    ],
)
def test_tree_of_a_day(liens: dict[int, int | None], attendu: list) -> None:
    unites = [_unite(rang, parent) for rang, parent in reversed(liens.items())]
    arbre = build_arbre(unites)
    assert _forme(arbre) == attendu
    assert sorted(n.unite.id for n in walk(arbre)) == sorted(u.id for u in unites)


def test_what_is_below() -> None:
    arbre = build_arbre([_unite(1, None), _unite(2, 1), _unite(3, 2), _unite(4, 1)])
    assert list_descendance(arbre, UUID(int=2)) == {UUID(int=2), UUID(int=3)}
    assert list_descendance(arbre, UUID(int=9)) == {UUID(int=9)}


def test_a_manager_changes_the_platform_only_and_never_places_a_doctor() -> None:
    assert FUSIONNABLES < NOMMABLES < TYPES.keys()
    assert "medecin_conseil" not in DEPLACABLES
    assert not NOMMABLES & {"CNAM", "DRSM", "ELSM", "CPAM", "CGSS", "POLE_MEDICAL"}
    assert set(ACTES) == {"creation", "renommage", "mutation", "fusion"}
