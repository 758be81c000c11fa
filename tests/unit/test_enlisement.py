"""Stalls as data: each one names who acts, and a repair that exists."""

from __future__ import annotations

import pytest

from pdp.domain.enlisement import ENLISEMENTS
from pdp.domain.tache import MOTIFS


@pytest.mark.parametrize("code", ENLISEMENTS)
def test_each_stall_opens_and_closes_known_reasons(code: str) -> None:
    enlisement = ENLISEMENTS[code]
    assert enlisement.code == code
    assert enlisement.phrase
    assert enlisement.reparation.endswith(".")
    assert set(enlisement.ferme) <= set(MOTIFS)
    if enlisement.tache is not None:
        # the sweep gives no date: the reason it opens must have a policy delay
        assert MOTIFS[enlisement.tache].delai is not None


@pytest.mark.parametrize(
    ("code", "balle"),
    [("S01", "csam"), ("S03", "csam"), ("S08", "csam"), ("S16", "medecin_conseil")],
)
def test_the_reason_goes_to_whoever_acts(code: str, balle: str) -> None:
    enlisement = ENLISEMENTS[code]
    assert enlisement.acteur == balle
    assert enlisement.tache is not None
    assert MOTIFS[enlisement.tache].balle == balle


def test_withdrawn_agreement_comes_first() -> None:
    premier = next(iter(ENLISEMENTS.values()))
    assert (premier.code, premier.bloquant) == ("S13", True)
