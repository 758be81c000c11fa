"""Codes of the caisses: at the bounds of each range, and that the name of an affection ignores how it was recognised."""

from __future__ import annotations

import pytest

from pdp.domain.prestations import is_temps_partiel, name_affection, tell_risque


@pytest.mark.parametrize(
    ("nature", "assurance", "risque"),
    [
        ("6109", "10", "autre"),
        ("6110", "10", "maladie"),
        ("6110", "40", "atmp"),
        ("6110", "30", "maternite"),
        ("6110", "80", "autre"),
        ("6110", "22", "autre"),
        ("6119", "10", "maladie"),
        ("6120", "40", "atmp"),
        ("6120", "10", "atmp"),
        ("6121", "10", "maternite"),
        ("6129", "30", "maternite"),
        ("6130", "10", "autre"),
        ("6131", "10", "maladie"),
        ("6133", "40", "atmp"),
        ("6134", "10", "autre"),
        ("6135", "10", "autre"),
        ("6210", "30", "autre"),
        ("6239", "10", "autre"),
        ("0000", "10", "autre"),
    ],
)
def test_what_a_period_was_paid_for(nature: str, assurance: str, risque: str) -> None:
    assert tell_risque(nature, assurance) == risque


def test_therapeutic_part_time() -> None:
    assert [nature for nature in range(6110, 6134) if is_temps_partiel(str(nature))] == [6117, 6118]


def test_one_affection_has_one_name() -> None:
    assert name_affection(23, "F322", "ald") == name_affection(23, "F32", "l324")
    assert name_affection(99, "F32", "hors_liste") == name_affection(None, "F32.1", "l324")
    assert name_affection(23, "F32", "ald") != name_affection(23, "F33", "ald")
    assert name_affection(30, "C50", "ald") != name_affection(99, "C50", "hors_liste")
    assert name_affection(None, None, "invalidite") != name_affection(None, None, "at")
