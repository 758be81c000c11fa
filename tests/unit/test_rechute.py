"""Relapse: every boundary of the window and of the delays, and the closings after which nothing is proposed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pdp.domain.parcours import MOTIFS_CLOTURE
from pdp.domain.rechute import (
    MOTIFS_JAMAIS,
    MOTIFS_POURSUITE,
    MOTIFS_SANS_PROPOSITION,
    build_cause,
    build_phrase,
    find_retour,
    is_a_proposer,
    read_cause,
)
from pdp.referentiel import load_referentiel

CLOS = date(2026, 2, 28)
JOUR = timedelta(days=1)
REF = load_referentiel()


@pytest.mark.parametrize(
    ("debut", "jour", "attendu"),
    [
        pytest.param(CLOS + JOUR, CLOS + 20 * JOUR, "nouvel_arret", id="begun the day after the closing"),
        pytest.param(CLOS, CLOS + 20 * JOUR, "poursuite", id="begun on the day of the closing"),
        pytest.param(CLOS - 90 * JOUR, CLOS + 20 * JOUR, "poursuite", id="was running at the closing"),
        pytest.param(date(2027, 2, 28), date(2027, 4, 30), "nouvel_arret", id="begun on the last day of the window, seen later"),
        pytest.param(date(2027, 3, 1), date(2027, 4, 30), None, id="begun the day after the window"),
        pytest.param(CLOS - 90 * JOUR, date(2027, 2, 28), "poursuite", id="still running on the last day of the window"),
        pytest.param(CLOS - 90 * JOUR, date(2027, 3, 1), None, id="still running after the window"),
    ],
)
def test_a_return_belongs_to_the_closing_within_the_window(debut: date, jour: date, attendu: str | None) -> None:
    assert find_retour("reprise_meme_poste", CLOS, debut, jour, REF) == attendu


def test_a_window_that_ends_in_a_shorter_month_ends_on_its_last_day() -> None:
    clos = date(2027, 2, 28)
    assert find_retour("injoignable", clos, date(2028, 2, 28), date(2028, 3, 5), REF) == "nouvel_arret"
    assert find_retour("injoignable", clos, date(2028, 2, 29), date(2028, 3, 5), REF) is None


@pytest.mark.parametrize("motif", MOTIFS_CLOTURE)
def test_what_each_closing_reason_lets_the_machine_propose(motif: str) -> None:
    nouveau = is_a_proposer(motif, CLOS, CLOS + 10 * JOUR, CLOS + 90 * JOUR, CLOS + 60 * JOUR, REF)
    poursuite = is_a_proposer(motif, CLOS, CLOS - 90 * JOUR, CLOS + 90 * JOUR, CLOS + 60 * JOUR, REF)
    assert nouveau == (motif not in MOTIFS_SANS_PROPOSITION)
    assert poursuite == (motif in MOTIFS_POURSUITE)
    assert (find_retour(motif, CLOS, CLOS + JOUR, CLOS + 20 * JOUR, REF) is None) == (motif in MOTIFS_JAMAIS)
    assert not poursuite or nouveau, "an absence that goes on asks no more than a new one"


@pytest.mark.parametrize(
    ("debut", "fin", "jour", "attendu"),
    [
        pytest.param(CLOS + JOUR, CLOS + 90 * JOUR, CLOS + 14 * JOUR, False, id="new absence, day 14"),
        pytest.param(CLOS + JOUR, CLOS + 90 * JOUR, CLOS + 15 * JOUR, True, id="new absence, day 15"),
        pytest.param(CLOS + JOUR, CLOS + 14 * JOUR, CLOS + 20 * JOUR, False, id="new absence, prescribed for 14 days only"),
        pytest.param(CLOS - 90 * JOUR, CLOS + 90 * JOUR, CLOS + 29 * JOUR, False, id="goes on, 29 days"),
        pytest.param(CLOS - 90 * JOUR, CLOS + 90 * JOUR, CLOS + 30 * JOUR, True, id="goes on, 30 days"),
        pytest.param(CLOS - 90 * JOUR, CLOS + 29 * JOUR, CLOS + 31 * JOUR, False, id="went on 29 days"),
    ],
)
def test_the_machine_waits_for_its_delay(debut: date, fin: date, jour: date, attendu: bool) -> None:
    assert is_a_proposer("reprise_amenagee", CLOS, debut, fin, jour, REF) is attendu


def test_cause_and_phrase() -> None:
    assert read_cause(build_cause("poursuite", CLOS)) == ("poursuite", "2026-02-28")
    assert build_phrase("signalement", "injoignable", CLOS, date(2026, 3, 4)) == (
        "Nouveau signalement : en arrêt depuis le 04/03/2026, parcours clos le 28/02/2026 (personne injoignable)."
    )
    assert build_phrase("poursuite", "reprise_tpt", CLOS, date(2025, 11, 4)) == (
        "L'arrêt commencé le 04/11/2025 continue, parcours clos le 28/02/2026 (reprise à temps partiel thérapeutique)."
    )
