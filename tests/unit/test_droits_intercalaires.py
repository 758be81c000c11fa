"""Days between two avis that could be paid until 31 August 2024: which gaps, which days, how many of them the count may lack."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pdp.domain.arret import Prescription, Versement
from pdp.domain.droits_intercalaires import count_jours_intercalaires, list_jours_intercalaires
from pdp.domain.referentiel import Referentiel
from pdp.errors import ReferentielIncomplet
from pdp.referentiel import load_referentiel

REF = load_referentiel()


def deux_avis(premier: date, dernier: date, nature: str = "prolongation", **champs: object) -> list[Prescription]:
    """Two avis with nobody prescribing from `premier` to `dernier`."""
    un_jour = timedelta(days=1)
    return [
        Prescription("a", premier - 10 * un_jour, premier - un_jour, **champs),
        Prescription("b", dernier + un_jour, dernier + 10 * un_jour, nature=nature, **champs),
    ]


def en_mars(premier: int, dernier: int) -> tuple[date, date]:
    """March 2024: the 8th is a Friday, the 9th a Saturday."""
    return date(2024, 3, premier), date(2024, 3, dernier)


@pytest.mark.parametrize(
    ("trou", "nombre"),
    [
        pytest.param(en_mars(13, 13), 1, id="a Wednesday"),
        pytest.param(en_mars(9, 9), 1, id="a Saturday"),
        pytest.param(en_mars(9, 10), 2, id="a week-end"),
        pytest.param(en_mars(8, 9), 2, id="Friday and Saturday"),
        pytest.param(en_mars(10, 11), 2, id="Sunday and Monday"),
        pytest.param(en_mars(12, 13), 0, id="two working days"),
        pytest.param(en_mars(8, 10), 3, id="Friday to Sunday"),
        pytest.param(en_mars(9, 11), 3, id="Saturday to Monday"),
        pytest.param(en_mars(7, 9), 0, id="Thursday to Saturday"),
        pytest.param(en_mars(10, 12), 0, id="Sunday to Tuesday"),
        pytest.param(en_mars(8, 11), 0, id="Friday to Monday"),
        pytest.param((date(2024, 5, 1), date(2024, 5, 2)), 2, id="a holiday and a day"),
        pytest.param((date(2024, 5, 8), date(2024, 5, 10)), 0, id="two holidays and a day, no week-end"),
        pytest.param((date(2024, 5, 9), date(2024, 5, 11)), 0, id="holiday, a day and Saturday: no whole week-end"),
        pytest.param((date(2024, 3, 31), date(2024, 4, 2)), 0, id="Sunday, holiday and a day: no whole week-end"),
        pytest.param((date(2024, 3, 30), date(2024, 4, 1)), 3, id="week-end and Easter Monday"),
        pytest.param((date(2024, 3, 30), date(2024, 4, 2)), 0, id="four days, one of them worked"),
        pytest.param((date(2023, 12, 30), date(2024, 1, 1)), 3, id="over the year end"),
        pytest.param((date(2024, 2, 28), date(2024, 2, 29)), 0, id="29 February, a Thursday"),
    ],
)
def test_gaps_that_could_be_paid(trou: tuple[date, date], nombre: int) -> None:
    jours = list_jours_intercalaires(deux_avis(*trou), REF)
    assert jours == tuple(trou[0] + timedelta(days=n) for n in range(nombre))


@pytest.mark.parametrize(
    ("trou", "jours"),
    [
        ((date(2024, 8, 29), date(2024, 8, 29)), [date(2024, 8, 29)]),
        ((date(2024, 8, 30), date(2024, 8, 31)), [date(2024, 8, 30), date(2024, 8, 31)]),
        ((date(2024, 8, 31), date(2024, 9, 1)), [date(2024, 8, 31)]),  # Saturday and Sunday: the change is between them
        ((date(2024, 9, 1), date(2024, 9, 1)), []),
        ((date(2024, 9, 2), date(2024, 9, 2)), []),
    ],
)
def test_around_1_september_2024(trou: tuple[date, date], jours: list[date]) -> None:
    assert list(list_jours_intercalaires(deux_avis(*trou), REF)) == jours


@pytest.mark.parametrize(
    "prescriptions",
    [
        deux_avis(*en_mars(9, 10), nature="initiale"),
        deux_avis(*en_mars(9, 10), risque="at"),
        deux_avis(*en_mars(9, 10), annule=True),
        [*deux_avis(*en_mars(9, 10)), Prescription("c", *en_mars(1, 20))],
        [],
    ],
    ids=["initiale", "AT", "cancelled", "covered by another", "nothing"],
)
def test_no_gap_of_this_kind(prescriptions: list[Prescription]) -> None:
    assert list_jours_intercalaires(prescriptions, REF) == ()


def test_a_prolongation_the_same_day_is_enough_an_earlier_one_is_not() -> None:
    avis = deux_avis(*en_mars(9, 10), nature="initiale")
    assert list_jours_intercalaires([*avis, Prescription("c", *en_mars(11, 12), nature="prolongation")], REF) == en_mars(9, 10)
    assert list_jours_intercalaires([*avis, Prescription("c", *en_mars(1, 2), nature="prolongation")], REF) == ()


def test_holidays_are_those_of_the_zone() -> None:
    avis = deux_avis(date(2023, 12, 26), date(2023, 12, 27))  # Tuesday, a holiday in Alsace-Moselle, and Wednesday
    assert list_jours_intercalaires(avis, REF) == ()
    assert len(list_jours_intercalaires(avis, REF, "alsace_moselle")) == 2


@pytest.mark.parametrize(
    ("jour", "versements", "nombre"),
    [
        (date(2024, 3, 8), [], 0),
        (date(2024, 3, 9), [], 1),
        (date(2024, 3, 10), [], 2),
        (date(2027, 3, 8), [], 2),
        (date(2027, 3, 9), [], 1),
        (date(2027, 3, 10), [], 0),
        (date(2024, 3, 20), [Versement(*en_mars(2, 8), 7)], 2),
        (date(2024, 3, 20), [Versement(*en_mars(2, 9), 7)], 1),
        (date(2024, 3, 20), [Versement(*en_mars(2, 10), 7)], 0),
    ],
)
def test_how_many_the_count_may_lack(jour: date, versements: list[Versement], nombre: int) -> None:
    assert count_jours_intercalaires(deux_avis(*en_mars(9, 10)), jour, REF, versements) == nombre


@pytest.mark.parametrize("absente", sorted({p.cle for p in REF if "intercalaire" in p.cle}))
def test_missing_law_stops_instead_of_guessing(absente: str) -> None:
    with pytest.raises(ReferentielIncomplet):
        list_jours_intercalaires(deux_avis(*en_mars(8, 10)), Referentiel(p for p in REF if p.cle != absente))
