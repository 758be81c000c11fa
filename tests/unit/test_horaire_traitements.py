"""The day of the platform: hours, working days of each territory, next start; gates: what is massive, what is a loss."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from pdp.domain.horaire import TRAITEMENTS, Traitement, cadence, is_jour_de_passage, list_departs, next_depart
from pdp.domain.porte import GENRES, describe_comptes, is_massif, is_perte

PARIS = ZoneInfo("Europe/Paris")
METROPOLE, LES_DEUX = ("metropole",), ("alsace_moselle", "metropole")
VEILLE = TRAITEMENTS["pdp_veille"]


@pytest.mark.parametrize(
    ("cron", "nombre", "premiere", "derniere", "pas"),
    [
        ("45 6 * * 1-5", 1, time(6, 45), time(6, 45), None),
        ("*/10 5-21 * * *", 102, time(5), time(21, 50), 10),
        ("8-59/15 6-21 * * *", 64, time(6, 8), time(21, 53), 15),
        ("*/2 * * * *", 720, time(0), time(23, 58), 2),
        ("20 6-18 * * 1-5", 13, time(6, 20), time(18, 20), 60),
        ("0,30 9 * * *", 2, time(9), time(9, 30), 30),
    ],
)
def test_starts_of_a_day(cron: str, nombre: int, premiere: time, derniere: time, pas: int | None) -> None:
    departs, lue = list_departs(cron), cadence(cron)
    assert (len(departs), lue.premiere, lue.derniere, lue.pas_minutes) == (nombre, premiere, derniere, pas)


def test_a_schedule_that_is_not_daily_is_refused() -> None:
    with pytest.raises(ValueError, match="not a daily schedule"):
        list_departs("0 6 1 * *")


@pytest.mark.parametrize(
    ("jour", "zones", "attendu"),
    [
        (date(2026, 11, 18), METROPOLE, True),  # a Wednesday
        (date(2026, 11, 21), METROPOLE, False),  # a Saturday
        (date(2026, 5, 1), LES_DEUX, False),  # everywhere
        (date(2025, 12, 26), ("alsace_moselle",), False),  # law there only
        (date(2025, 12, 26), LES_DEUX, True),  # one territory works: it starts
        (date(2026, 4, 3), ("alsace_moselle",), False),  # Good Friday
        (date(2026, 4, 27), ("mayotte",), False),  # abolition of slavery, overseas
        (date(2026, 4, 27), METROPOLE, True),
        (date(2026, 5, 27), ("guadeloupe", "metropole"), True),
        (date(2026, 5, 27), ("guadeloupe",), False),
    ],
)
def test_working_day_of_at_least_one_territory(jour: date, zones: tuple[str, ...], attendu: bool) -> None:
    assert is_jour_de_passage(VEILLE, jour, zones) is attendu


@pytest.mark.parametrize(
    ("dag", "apres", "attendu"),
    [
        ("pdp_veille", datetime(2026, 4, 30, 6, 44, tzinfo=PARIS), datetime(2026, 4, 30, 6, 45, tzinfo=PARIS)),
        ("pdp_veille", datetime(2026, 4, 30, 6, 45, tzinfo=PARIS), datetime(2026, 5, 4, 6, 45, tzinfo=PARIS)),  # 1 May is a Friday
        ("pdp_evaluation", datetime(2026, 3, 28, 5, 0, tzinfo=PARIS), datetime(2026, 3, 29, 4, 30, tzinfo=PARIS)),  # clocks change at two
        ("pdp_reception", datetime(2026, 3, 28, 21, 55, tzinfo=PARIS), datetime(2026, 3, 29, 5, 0, tzinfo=PARIS)),
        ("pdp_tri_affectation", datetime(2026, 3, 28, 21, 55, tzinfo=PARIS), None),
    ],
)
def test_next_start(dag: str, apres: datetime, attendu: datetime | None) -> None:
    assert next_depart(TRAITEMENTS[dag], apres, METROPOLE) == attendu


def test_nothing_daily_starts_in_the_hour_that_a_clock_change_removes() -> None:
    def starts_once(t: Traitement) -> bool:
        return t.cron is not None and len(list_departs(t.cron)) == 1

    assert [t.dag for t in TRAITEMENTS.values() if starts_once(t) and list_departs(t.cron or "")[0].hour == 2] == []


@pytest.mark.parametrize(("nombre", "attendu"), [(49, False), (50, True), (51, True)])
def test_massive_from_the_threshold(nombre: int, attendu: bool) -> None:
    assert is_massif(nombre, 50) is attendu


@pytest.mark.parametrize(
    ("avant", "apres", "attendu"), [(0, 0, False), (1000, 800, False), (1000, 799, True), (1000, 1500, False), (1000, 0, True)]
)
def test_loss_beyond_the_percentage(avant: int, apres: int, attendu: bool) -> None:
    assert is_perte(avant, apres, 20) is attendu


def test_counts_of_a_gate_in_french_and_nothing_else() -> None:
    assert describe_comptes({"parcours": 1, "fichiers": 240, "inconnu": 3, "en_attente": "x"}) == [
        "1 parcours concerné",
        "240 fichiers à effacer",
    ]
    assert {nom for nom, genre in GENRES.items() if genre.installation} == {"purge", "publication"}
