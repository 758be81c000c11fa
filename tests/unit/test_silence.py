"""Quiet mode: its dates at their bounds, its words, the reasons that wait."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from pdp.domain import tache
from pdp.domain.arret import Periode
from pdp.domain.exclusion import FaitsEpisode, find_exclusion
from pdp.domain.silence import MOTIFS, MOTIFS_CONTACT, PROPOSENT_CLOTURE, SANS_FIN, Silence, check_silence
from pdp.errors import DonneeInvalide
from pdp.referentiel import load_referentiel, load_regles

JOUR = date(2026, 11, 18)
MAX = 180


def le(n: int) -> date:
    return JOUR + timedelta(days=n)


@pytest.mark.parametrize(
    ("motif", "du", "au", "code"),
    [
        ("hospitalisation", 0, 0, None),
        ("hospitalisation", 0, -1, "silence_end_past"),
        ("hospitalisation", -10, 0, None),
        ("hospitalisation", 3, 3, None),
        ("hospitalisation", 3, 2, "silence_end_past"),
        ("deuil", 0, None, "missing_silence_end"),
        ("demande", 0, None, "missing_silence_end"),
        ("demande", 0, MAX, None),
        ("demande", 0, MAX + 1, "silence_too_long"),
        ("refus", 0, None, None),
        ("refus", 0, 10, None),
        ("refus", MAX + 1, None, "silence_too_long"),
        ("deces", 0, None, None),
        ("deces", -30, None, None),
        ("deces", 1, None, "death_with_dates"),
        ("deces", 0, 10, "death_with_dates"),
        ("vacances", 0, 1, "unknown_silence_reason"),
    ],
)
def test_dates_that_may_be_asked_for(motif: str, du: int, au: int | None, code: str | None) -> None:
    def check() -> None:
        check_silence(motif, le(du), None if au is None else le(au), JOUR, MAX)

    if code is None:
        check()
        return
    with pytest.raises(DonneeInvalide) as erreur:
        check()
    assert erreur.value.code == code


@pytest.mark.parametrize(("n", "actif"), [(-1, False), (0, True), (4, True), (5, False)])
def test_both_ends_are_days_of_silence(n: int, actif: bool) -> None:
    silence = Silence(UUID(int=1), "deuil", JOUR, le(4))
    assert silence.is_actif(le(n)) is actif
    assert (silence.reprise_le, silence.phrase) == (le(5), "Silence jusqu'au 22/11/2026")
    faits = FaitsEpisode(debut=le(-90), fin=le(90), silences=(Periode(JOUR, le(4)),))
    exclusion = find_exclusion(faits, le(n), load_referentiel(), load_regles())
    assert (exclusion.cle if exclusion else None) == ("silence_personne" if actif else None)


@pytest.mark.parametrize(("motif", "phrase"), [("refus", "Silence sans date de fin"), ("deces", "Décès : ne plus contacter")])
def test_without_an_end(motif: str, phrase: str) -> None:
    silence = Silence(UUID(int=1), motif, JOUR, None)
    assert (silence.is_actif(le(-1)), silence.is_actif(le(10_000)), silence.reprise_le, silence.phrase) == (False, True, None, phrase)


def test_reasons_that_wait_exist_and_closings_are_proposed_for_every_silence_without_an_end() -> None:
    assert set(MOTIFS_CONTACT) <= set(tache.MOTIFS)
    assert set(PROPOSENT_CLOTURE) == SANS_FIN <= set(MOTIFS)
