"""Calendar of an agent as a pure computation: patterns, one-day ranges, holidays by territory, clock changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp.domain.agenda import (
    Agenda,
    Plage,
    PlageDatee,
    Semaine,
    check_semaine,
    fuseau_de_la_personne,
    is_heure_decente,
    jour_de_rappel,
    merge_plages,
    remove_plages,
)
from pdp.domain.calendrier import Creneau, Zone, cut_creneaux
from pdp.errors import DonneeInvalide

PARIS = ZoneInfo("Europe/Paris")
HEURES: tuple[Plage, ...] = ((540, 720), (810, 1020))
LUNDI = date(2026, 11, 23)
SEMAINES = (Semaine(date(2026, 11, 24), {2: ((600, 690),), 6: ((540, 600),)}), Semaine(date(2026, 12, 1), None))


def agenda(**champs: Any) -> Agenda:
    defaut = Agenda("metropole", PARIS, HEURES, 45)
    return replace(defaut, **champs)


def heures(creneaux: list[Creneau]) -> list[str]:
    return [f"{c.debut:%H:%M}" for c in creneaux]


PATRONS = [
    (LUNDI, list(HEURES), "before the first pattern: the platform"),
    (date(2026, 11, 24), [(600, 690)], "its first day, a Tuesday"),
    (date(2026, 11, 25), [], "a part-time day off"),
    (date(2026, 11, 28), [(540, 600)], "Saturday, because the pattern says so"),
    (date(2026, 11, 30), [], "last day of the pattern: Mondays are off"),
    (date(2026, 12, 1), list(HEURES), "back to the platform"),
    (date(2026, 12, 5), [], "the platform does not work on Saturday"),
    (date(2026, 12, 6), [], "Sunday never"),
    (date(2026, 12, 25), [], "a legal holiday never"),
]


@pytest.mark.parametrize(("jour", "attendu", "pourquoi"), PATRONS, ids=[p[2] for p in PATRONS])
def test_pattern_in_force(jour: date, attendu: list[Plage], pourquoi: str) -> None:
    assert agenda(semaines=SEMAINES).list_plages(jour) == attendu, pourquoi


TERRITOIRES: list[tuple[Zone, date, bool]] = [
    ("metropole", date(2026, 4, 3), True),  # Good Friday
    ("alsace_moselle", date(2026, 4, 3), False),
    ("alsace_moselle", date(2026, 12, 26), False),  # a Saturday in 2026, open nowhere by default
    ("guadeloupe", date(2026, 5, 27), False),  # abolition of slavery
    ("martinique", date(2026, 5, 22), False),
    ("guyane", date(2026, 6, 10), False),
    ("reunion", date(2026, 12, 20), False),
    ("mayotte", date(2026, 4, 27), False),
    ("metropole", date(2026, 5, 27), True),
    ("reunion", date(2026, 5, 22), True),
]


@pytest.mark.parametrize(("zone", "jour", "ouvert"), TERRITOIRES)
def test_holidays_are_those_of_the_territory(zone: Zone, jour: date, ouvert: bool) -> None:
    assert bool(agenda(zone=zone).list_plages(jour)) is ouvert


def test_a_closed_range_wins_over_an_open_one_and_an_absence_over_all() -> None:
    datees = (PlageDatee("ouverte", LUNDI, (720, 780)), PlageDatee("fermee", LUNDI, (570, 750)))
    assert agenda(datees=datees).list_plages(LUNDI) == [(540, 570), (750, 780), (810, 1020)]
    assert agenda(datees=datees, absences=((LUNDI, LUNDI),)).list_plages(LUNDI) == []
    assert agenda(datees=datees, actif_au=LUNDI - timedelta(days=1)).list_plages(LUNDI) == []
    samedi = date(2026, 11, 28)
    assert agenda(datees=(PlageDatee("ouverte", samedi, (540, 600)),)).list_plages(samedi) == [(540, 600)], "a Saturday opened"


COUVERTS = [
    ("09:00", True),
    ("11:15", True),
    ("11:30", False),
    ("12:45", False),
    ("13:30", True),
    ("16:15", True),
    ("16:16", False),
]


@pytest.mark.parametrize(("debut", "couvert"), COUVERTS)
def test_an_appointment_outside_the_hours_is_seen(debut: str, couvert: bool) -> None:
    instant = datetime.fromisoformat(f"2026-11-23T{debut}+01:00")
    assert agenda().is_couvert(instant, instant + timedelta(minutes=45)) is couvert


PLAGES = st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda p: p[0] < p[1]), max_size=6)


@given(PLAGES, PLAGES)
def test_ranges_are_sets_of_minutes(ouvertes: list[Plage], fermees: list[Plage]) -> None:
    """The slow way: one minute at a time."""
    reste = remove_plages(merge_plages(ouvertes), fermees)
    attendu = {m for d, f in ouvertes for m in range(d, f)} - {m for d, f in fermees for m in range(d, f)}
    assert {m for d, f in reste for m in range(d, f)} == attendu
    assert sum(f - d for d, f in reste) == len(attendu), "disjoint"


CHANGEMENTS = [
    (PARIS, date(2026, 3, 29), (60, 240), ["01:00", "01:30", "03:00", "03:30"], "02:00 to 03:00 does not exist"),
    (PARIS, date(2026, 3, 29), (120, 180), [], "an hour that does not exist has no slot"),
    (PARIS, date(2026, 3, 29), (60, 150), ["01:00", "01:30"], "nor the half hour that would end in it"),
    (PARIS, date(2026, 10, 25), (60, 240), ["01:00", "01:30", "02:00", "02:30", "02:00", "02:30", "03:00", "03:30"], "an hour lived twice"),
    (PARIS, date(2026, 10, 25), (60, 150), ["01:00", "01:30", "02:00"], "never past its range"),
    (ZoneInfo("America/Miquelon"), date(2026, 3, 8), (60, 240), ["01:00", "01:30", "03:00", "03:30"], "overseas, on its own day"),
    (ZoneInfo("Indian/Reunion"), date(2026, 3, 29), (60, 180), ["01:00", "01:30", "02:00", "02:30"], "where clocks never change"),
]


@pytest.mark.parametrize(("fuseau", "jour", "plage", "attendu", "pourquoi"), CHANGEMENTS, ids=[c[4] for c in CHANGEMENTS])
def test_days_of_clock_change(fuseau: ZoneInfo, jour: date, plage: Plage, attendu: list[str], pourquoi: str) -> None:
    assert heures(cut_creneaux(jour, [plage], (), 30, fuseau)) == attendu, pourquoi


FUSEAUX = st.sampled_from(["Europe/Paris", "America/Miquelon", "America/Guadeloupe", "America/Cayenne", "Indian/Reunion", "Indian/Mayotte"])
CHANGES = st.sampled_from([date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1)])
JOURS = st.one_of(st.dates(date(2025, 1, 1), date(2028, 12, 31)), CHANGES)


@given(FUSEAUX, JOURS, PLAGES, st.integers(15, 90), st.integers(0, 1380))
def test_every_slot_exists_lasts_its_time_and_stays_in_its_range(nom: str, jour: date, plages: list[Plage], duree: int, pris: int) -> None:
    fuseau = ZoneInfo(nom)
    ouvertes = merge_plages(plages)
    debut = datetime.combine(jour, datetime.min.time(), fuseau).astimezone(UTC) + timedelta(minutes=pris)
    occupe = (debut, debut + timedelta(minutes=50))
    vus = cut_creneaux(jour, ouvertes, [occupe], duree, fuseau)
    assert vus == sorted(vus, key=lambda c: c.debut.astimezone(UTC))
    for creneau in vus:
        assert creneau.debut.astimezone(UTC).astimezone(fuseau).replace(tzinfo=None) == creneau.debut.replace(tzinfo=None), "it exists"
        assert creneau.fin.astimezone(UTC) - creneau.debut.astimezone(UTC) == timedelta(minutes=duree)
        assert creneau.fin <= occupe[0] or occupe[1] <= creneau.debut, "never over what is taken"
        depart = creneau.debut.hour * 60 + creneau.debut.minute
        arrivee = 1440 if creneau.fin.date() > jour else creneau.fin.hour * 60 + creneau.fin.minute
        assert any(d <= depart and arrivee <= f for d, f in ouvertes), (creneau, ouvertes)
    for un, autre in pairwise(vus):
        assert un.fin.astimezone(UTC) <= autre.debut.astimezone(UTC), "never two at once"


@pytest.mark.parametrize(
    ("departement", "heure", "decente"),
    [
        ("35", "2026-11-23T08:00+01:00", True),
        ("35", "2026-11-23T07:59+01:00", False),
        ("35", "2026-11-23T19:15+01:00", True),
        ("35", "2026-11-23T19:16+01:00", False),
        ("974", "2026-11-23T16:15+01:00", True),  # ends at 20:00 in Reunion
        ("974", "2026-11-23T16:30+01:00", False),
        ("971", "2026-11-23T12:45+01:00", False),  # 07:45 in Guadeloupe
        ("971", "2026-11-23T13:00+01:00", True),
        ("987", "2026-11-23T09:00+01:00", True),  # unknown department: the clock of the platform
        (None, "2026-11-23T09:00+01:00", True),
    ],
)
def test_slots_are_decent_where_the_person_lives(departement: str | None, heure: str, decente: bool) -> None:
    debut = datetime.fromisoformat(heure)
    creneau = Creneau(debut, debut + timedelta(minutes=45))
    assert is_heure_decente(creneau, fuseau_de_la_personne(departement, PARIS), 480, 1200) is decente


@pytest.mark.parametrize(
    ("jour", "avant", "rappel"),
    [
        (date(2026, 11, 26), 2, date(2026, 11, 24)),
        (date(2026, 11, 24), 2, date(2026, 11, 21)),  # Sunday: the Saturday before
        (date(2026, 11, 23), 1, date(2026, 11, 21)),
        (date(2026, 11, 13), 2, date(2026, 11, 10)),  # 11 November
    ],
)
def test_reminders_leave_on_a_day_when_messages_leave(jour: date, avant: int, rappel: date) -> None:
    assert jour_de_rappel(jour, avant, "metropole") == rappel


@pytest.mark.parametrize("jours", [{7: ((540, 600),)}, {1: ((540, 600), (599, 660))}, {0: ()}])
def test_patterns_that_make_no_sense_are_refused(jours: dict[int, tuple[Plage, ...]]) -> None:
    with pytest.raises(DonneeInvalide):
        check_semaine(jours)
