"""Counts of a sweep that works by lots."""

from __future__ import annotations

from pdp.domain.bilan import A_SUIVRE, Bilan


def test_counts_add_up_and_what_remains_is_that_of_the_last_lot() -> None:
    premier = Bilan(2, 1, 1, {"S01": 2, "S05_restants": 9, A_SUIVRE: 1})
    dernier = Bilan(3, 0, 0, {"S01": 3, "S05_restants": 4})
    assert premier.suivi_de(dernier) == Bilan(5, 1, 1, {"S01": 5, "S05_restants": 4})
    assert Bilan().suivi_de(premier).detail == {"S01": 2, "S05_restants": 9}
