"""Precision of a rule as published: nothing judged, nobody hidden, too few people."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pdp.evaluation.precision import build_precisions

SEUIL = 11


def build(**effectifs: int) -> dict[str, object]:
    lignes = [SimpleNamespace(plateforme="PF35", regle="tms", version=2, mois="2026-02", avis=a, effectif=n) for a, n in effectifs.items()]
    return next(p for p in build_precisions(lignes, SEUIL) if p["mois"] == "ensemble")


@pytest.mark.parametrize(
    ("effectifs", "jugees", "valeur", "supprime"),
    [
        ({"pertinente": 30, "non_pertinente": 11, "non_jugee": 40}, 41, 73.2, False),
        ({"pertinente": 30, "non_jugee": 40}, 30, 100.0, False),
        ({"non_pertinente": 30}, 30, 0.0, False),
        ({"non_jugee": 40}, 0, None, False),
        ({"pertinente": 30, "non_pertinente": 10, "non_jugee": 40}, None, None, True),
        ({"non_jugee": 10}, 0, None, True),
    ],
)
def test_rows_at_their_bounds(effectifs: dict[str, int], jugees: int | None, valeur: float | None, supprime: bool) -> None:
    ligne = build(**effectifs)
    assert (ligne["jugees"], ligne["valeur"], ligne["supprime"]) == (jugees, valeur, supprime)


def test_two_versions_of_a_rule_are_two_rules() -> None:
    lignes = [SimpleNamespace(plateforme="PF35", regle="tms", version=v, mois="2026-02", avis="pertinente", effectif=20) for v in (1, 2)]
    assert [p["version"] for p in build_precisions(lignes, SEUIL)] == [1, 1, 2, 2]
