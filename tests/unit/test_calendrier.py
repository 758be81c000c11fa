"""Working days by zone, clear days, months, slots."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from pdp.domain.calendrier import (
    Creneau,
    add_jours_francs,
    add_jours_ouvres,
    add_mois,
    age_au,
    creneaux_libres,
    fuseau_du_departement,
    is_jour_ferie,
    is_jour_ouvre,
    jours_feries,
    trois_ans_avant,
    zone_du_departement,
)
from pdp.errors import DonneeInvalide

METROPOLE_2026 = {(1, 1), (4, 6), (5, 1), (5, 8), (5, 14), (5, 25), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}


@pytest.mark.parametrize(
    ("zone", "en_plus"),
    [
        ("metropole", set()),
        ("alsace_moselle", {(4, 3), (12, 26)}),
        ("guadeloupe", {(5, 27)}),
        ("martinique", {(5, 22)}),
        ("guyane", {(6, 10)}),
        ("reunion", {(12, 20)}),
        ("mayotte", {(4, 27)}),
        ("saint_pierre_et_miquelon", set()),
        ("saint_barthelemy", {(10, 9)}),
        ("saint_martin", {(5, 28)}),
    ],
)
def test_legal_holidays_only(zone: str, en_plus: set[tuple[int, int]]) -> None:
    assert {(j.month, j.day) for j in jours_feries(2026, zone)} == METROPOLE_2026 | en_plus


def test_two_holidays_on_one_day() -> None:
    """In 2008 Ascension fell on 1 May; in 2024 nothing did."""
    assert len(jours_feries(2008)) == 10
    assert len(jours_feries(2024)) == 11


@pytest.mark.parametrize(
    ("departement", "zone", "fuseau"),
    [
        ("01", "metropole", "Europe/Paris"),
        ("35", "metropole", "Europe/Paris"),
        ("2A", "metropole", "Europe/Paris"),
        ("2b", "metropole", "Europe/Paris"),
        ("57", "alsace_moselle", "Europe/Paris"),
        ("67", "alsace_moselle", "Europe/Paris"),
        ("68", "alsace_moselle", "Europe/Paris"),
        ("95", "metropole", "Europe/Paris"),
        ("971", "guadeloupe", "America/Guadeloupe"),
        ("972", "martinique", "America/Martinique"),
        ("973", "guyane", "America/Cayenne"),
        ("974", "reunion", "Indian/Reunion"),
        ("975", "saint_pierre_et_miquelon", "America/Miquelon"),
        ("976", "mayotte", "Indian/Mayotte"),
        ("977", "saint_barthelemy", "America/St_Barthelemy"),
        ("978", "saint_martin", "America/Marigot"),
    ],
)
def test_zone_and_time_zone_of_a_department(departement: str, zone: str, fuseau: str) -> None:
    assert zone_du_departement(departement) == zone
    assert fuseau_du_departement(departement) == fuseau
    assert ZoneInfo(fuseau).utcoffset(datetime(2026, 1, 1)) is not None  # noqa: DTZ001 - local time asked on purpose


@pytest.mark.parametrize("departement", ["", "00", "20", "96", "97", "979", "987", "1", "XX"])
def test_department_out_of_scope(departement: str) -> None:
    for fonction in (zone_du_departement, fuseau_du_departement):
        with pytest.raises(DonneeInvalide) as erreur:
            fonction(departement)
        assert erreur.value.code == "departement_inconnu"


@pytest.mark.parametrize(
    ("jour", "zone", "ouvre"),
    [
        (date(2026, 4, 2), "alsace_moselle", True),
        (date(2026, 4, 3), "alsace_moselle", False),  # Good Friday
        (date(2026, 4, 3), "metropole", True),
        (date(2026, 4, 3), "guadeloupe", True),  # custom, not law
        (date(2026, 4, 6), "metropole", False),
        (date(2026, 4, 7), "metropole", True),
        (date(2026, 4, 4), "metropole", False),  # Saturday
        (date(2026, 5, 22), "martinique", False),
        (date(2026, 5, 22), "guadeloupe", True),
    ],
)
def test_working_day(jour: date, zone: str, ouvre: bool) -> None:
    assert is_jour_ouvre(jour, zone) is ouvre


def test_holiday_on_a_sunday_is_still_a_holiday() -> None:
    assert is_jour_ferie(date(2026, 11, 1))
    assert not is_jour_ferie(date(2026, 11, 2))


@pytest.mark.parametrize(
    ("jour", "n", "zone", "attendu"),
    [
        (date(2026, 4, 2), 0, "metropole", date(2026, 4, 2)),
        (date(2026, 4, 4), 0, "metropole", date(2026, 4, 7)),  # Saturday, then Easter Monday
        (date(2026, 4, 2), 1, "metropole", date(2026, 4, 3)),
        (date(2026, 4, 2), 1, "alsace_moselle", date(2026, 4, 7)),
        (date(2026, 4, 3), 1, "metropole", date(2026, 4, 7)),
        (date(2026, 12, 24), 5, "metropole", date(2027, 1, 4)),  # over Christmas, a week-end and New Year
        (date(2026, 12, 24), 5, "alsace_moselle", date(2027, 1, 4)),  # 26 December 2026 is a Saturday
        (date(2025, 12, 24), 2, "metropole", date(2025, 12, 29)),
        (date(2025, 12, 24), 2, "alsace_moselle", date(2025, 12, 30)),
    ],
)
def test_add_working_days(jour: date, n: int, zone: str, attendu: date) -> None:
    assert add_jours_ouvres(jour, n, zone) == attendu


@pytest.mark.parametrize(
    ("jour", "n", "attendu"),
    [
        (date(2026, 9, 1), 10, date(2026, 9, 14)),  # 12 September is a Saturday
        (date(2026, 9, 3), 10, date(2026, 9, 14)),  # falls on a Monday
        (date(2026, 9, 4), 10, date(2026, 9, 15)),
        (date(2026, 9, 7), 4, date(2026, 9, 14)),  # Saturday 12
        (date(2026, 11, 6), 4, date(2026, 11, 12)),  # 11 November
    ],
)
def test_clear_days_exclude_both_ends_and_move_to_a_working_day(jour: date, n: int, attendu: date) -> None:
    assert add_jours_francs(jour, n) == attendu


@pytest.mark.parametrize("fonction", [add_jours_ouvres, add_jours_francs])
def test_negative_delay_is_refused(fonction: object) -> None:
    with pytest.raises(ValueError, match="negative"):
        fonction(date(2026, 1, 1), -1)


@pytest.mark.parametrize(
    ("jour", "n", "attendu"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 6, 30), 6, date(2026, 12, 30)),
    ],
)
def test_add_months(jour: date, n: int, attendu: date) -> None:
    assert add_mois(jour, n) == attendu


@pytest.mark.parametrize(
    ("jour", "attendu"),
    [
        (date(2028, 2, 28), date(2025, 2, 28)),
        (date(2028, 2, 29), date(2025, 2, 28)),
        (date(2028, 3, 1), date(2025, 3, 1)),
        (date(2027, 2, 28), date(2024, 2, 28)),
        (date(2027, 3, 1), date(2024, 3, 1)),
    ],
)
def test_three_years_earlier(jour: date, attendu: date) -> None:
    assert trois_ans_avant(jour) == attendu


@pytest.mark.parametrize(("jour", "age"), [(date(2026, 5, 9), 49), (date(2026, 5, 10), 50), (date(2026, 5, 11), 50)])
def test_age(jour: date, age: int) -> None:
    assert age_au(date(1976, 5, 10), jour) == age


JOUR = date(2026, 11, 24)
HORAIRES = [(time(13, 30), time(15)), (time(9), time(12))]


def heures(creneaux: list[Creneau]) -> list[str]:
    return [f"{c.debut:%H:%M}" for c in creneaux]


def utc(heure: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 24, heure, minute, tzinfo=UTC)


def test_free_slots_of_an_empty_day() -> None:
    creneaux = creneaux_libres(JOUR, HORAIRES, [], [], 45)
    assert heures(creneaux) == ["09:00", "09:45", "10:30", "11:15", "13:30", "14:15"]
    assert all(c.debut.utcoffset() is not None and (c.fin - c.debut).seconds == 45 * 60 for c in creneaux)


@pytest.mark.parametrize(
    ("occupe", "manquent"),
    [
        ((utc(8), utc(8, 45)), ["09:00"]),  # exactly one slot, 9:00 in Paris
        ((utc(8, 45), utc(8, 46)), ["09:45"]),
        ((utc(8, 44), utc(8, 46)), ["09:00", "09:45"]),
        ((utc(7), utc(8)), []),  # ends when the first slot starts
        ((utc(0), utc(23)), ["09:00", "09:45", "10:30", "11:15", "13:30", "14:15"]),
    ],
)
def test_busy_time_takes_only_the_slots_it_touches(occupe: tuple[datetime, datetime], manquent: list[str]) -> None:
    libres = heures(creneaux_libres(JOUR, HORAIRES, [], [occupe], 45))
    assert [h for h in ["09:00", "09:45", "10:30", "11:15", "13:30", "14:15"] if h not in libres] == manquent


@pytest.mark.parametrize(
    ("absence", "libre"),
    [
        ((date(2026, 11, 20), date(2026, 11, 23)), True),
        ((date(2026, 11, 20), date(2026, 11, 24)), False),
        ((date(2026, 11, 24), date(2026, 11, 30)), False),
        ((date(2026, 11, 25), date(2026, 11, 30)), True),
    ],
)
def test_absence_includes_both_ends(absence: tuple[date, date], libre: bool) -> None:
    assert bool(creneaux_libres(JOUR, HORAIRES, [absence], [], 45)) is libre


@pytest.mark.parametrize("jour", [date(2026, 11, 21), date(2026, 11, 22), date(2026, 11, 11)])
def test_no_slot_on_a_day_off(jour: date) -> None:
    assert creneaux_libres(jour, HORAIRES, [], [], 45) == []


def test_slots_follow_the_zone_and_the_clock_change() -> None:
    reunion = creneaux_libres(JOUR, [(time(9), time(10))], [], [], 60, "reunion", "Indian/Reunion")
    assert [c.debut.astimezone(UTC) for c in reunion] == [utc(5)]
    ete, hiver = (creneaux_libres(date(2026, 10, j), [(time(9), time(10))], [], [], 60)[0].debut.astimezone(UTC).hour for j in (23, 26))
    assert (ete, hiver) == (7, 8)


def test_slot_that_does_not_fit_is_not_offered() -> None:
    assert heures(creneaux_libres(JOUR, [(time(9), time(9, 44))], [], [], 45)) == []
    assert heures(creneaux_libres(JOUR, [(time(9), time(9, 45))], [], [], 45)) == ["09:00"]


def test_naive_instant_and_empty_duration_are_refused() -> None:
    naif = datetime(2026, 11, 24, 9)  # noqa: DTZ001 - the fault under test
    with pytest.raises(ValueError, match="aware"):
        creneaux_libres(JOUR, HORAIRES, [], [(naif, utc(12))], 45)
    with pytest.raises(ValueError, match="positive"):
        creneaux_libres(JOUR, HORAIRES, [], [], 0)
