"""Sessions of Mon soutien psy: counted by distinct dates, in their civil year, against the quota of their own day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pdp.domain.soutien_psy import count_annee, count_connues, is_ouvert, number_seances
from pdp.errors import ReferentielIncomplet
from pdp.referentiel import load_referentiel

REF = load_referentiel()


def weekly(debut: date, nombre: int) -> list[date]:
    return [debut + timedelta(days=7 * n) for n in range(nombre)]


@pytest.mark.parametrize(
    ("dates", "jour", "faites", "quota", "reste", "au_dela"),
    [
        ([], date(2026, 11, 18), 0, 12, 12, 0),
        (weekly(date(2026, 1, 5), 11), date(2026, 11, 18), 11, 12, 1, 0),
        (weekly(date(2026, 1, 5), 12), date(2026, 11, 18), 12, 12, 0, 0),
        (weekly(date(2026, 1, 5), 13), date(2026, 11, 18), 13, 12, 0, 1),
        (weekly(date(2026, 1, 5), 12), date(2026, 12, 31), 12, 12, 0, 0),
        (weekly(date(2026, 1, 5), 12), date(2027, 1, 1), 0, 12, 12, 0),
        ([date(2026, 12, 31), date(2027, 1, 1)], date(2026, 12, 31), 1, 12, 11, 0),
        ([date(2026, 12, 31), date(2027, 1, 1)], date(2027, 1, 1), 1, 12, 11, 0),
        ([date(2026, 3, 2)] * 3, date(2026, 11, 18), 1, 12, 11, 0),
        (weekly(date(2025, 1, 6), 8), date(2025, 5, 15), 8, 8, 0, 0),
        (weekly(date(2025, 1, 6), 8), date(2025, 5, 16), 8, 12, 4, 0),
        (weekly(date(2023, 1, 2), 9), date(2023, 12, 1), 9, 8, 0, 1),
    ],
)
def test_what_is_left_of_the_civil_year(dates: list[date], jour: date, faites: int, quota: int, reste: int, au_dela: int) -> None:
    compte = count_annee(dates, jour, REF)
    assert (compte.annee, compte.faites, compte.quota, compte.reste, compte.au_dela) == (jour.year, faites, quota, reste, au_dela)


def test_each_session_against_the_quota_of_its_day() -> None:
    """Eight before the decree of May 2025, then twelve: the ninth of that year is covered from 16 May only."""
    dates = [*weekly(date(2025, 1, 6), 9), date(2025, 5, 15), date(2025, 5, 16), date(2025, 6, 2), date(2025, 6, 9)]
    numeros = number_seances([*dates, dates[0]], REF)
    assert [s.rang for s in numeros] == list(range(1, 14))
    assert [s.le for s in numeros if not s.couverte] == [dates[8], date(2025, 5, 15), date(2025, 6, 9)]


def test_a_year_begins_again_on_the_first_of_january() -> None:
    numeros = number_seances([date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1)], REF)
    assert [(s.le.year, s.rang) for s in numeros] == [(2026, 1), (2026, 2), (2027, 1)]


def test_unknown_is_never_zero() -> None:
    dates = [date(2026, 3, 2), date(2026, 3, 2), date(2026, 11, 18), date(2025, 12, 31)]
    assert count_connues([], date(2026, 11, 18)) is None
    assert count_connues(dates, date(2026, 11, 18)) == 1
    assert count_connues(dates, date(2026, 11, 19)) == 2
    assert count_connues(dates, date(2027, 1, 1)) is None


@pytest.mark.parametrize(
    ("jour", "ouvert"), [(date(2022, 4, 4), False), (date(2022, 4, 5), True), (date(2025, 5, 15), True), (date(2025, 5, 16), True)]
)
def test_before_the_national_scheme(jour: date, ouvert: bool) -> None:
    assert is_ouvert(jour, REF) is ouvert
    if not ouvert:
        with pytest.raises(ReferentielIncomplet):
            number_seances([jour], REF)
