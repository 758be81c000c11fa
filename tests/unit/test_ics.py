"""Calendars: what RFC 5545 asks, read back by a reader written for the test; neutral whatever happens."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp.domain.ics import Evenement, build_calendrier, escape, fold, list_changements

PARIS = ZoneInfo("Europe/Paris")
UID = UUID("11111111-1111-4111-8111-111111111111")
DEBUT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def evenement(sequence: int = 0, annule: bool = False, debut: datetime = DEBUT) -> Evenement:
    return Evenement(UID, sequence, debut, debut + timedelta(minutes=45), annule, DEBUT - timedelta(days=2))


def unfold(contenu: bytes) -> list[str]:
    return contenu.decode().replace("\r\n ", "").split("\r\n")


def test_one_appointment_in_paris() -> None:
    lignes = unfold(build_calendrier([evenement()], PARIS))
    assert lignes[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lignes[-2:] == ["END:VCALENDAR", ""]
    for attendue in (
        f"UID:{UID}@pdp",
        "SEQUENCE:0",
        "DTSTART;TZID=Europe/Paris:20261120T090000",
        "DTEND;TZID=Europe/Paris:20261120T094500",
        "SUMMARY:Télé-échange",
        "STATUS:CONFIRMED",
        "DTSTAMP:20261118T080000Z",
        "TZID:Europe/Paris",
    ):
        assert attendue in lignes, attendue
    assert not [ligne for ligne in lignes if ligne.startswith(("DESCRIPTION", "LOCATION", "ATTENDEE", "ORGANIZER", "CONTACT"))]


def test_moved_then_cancelled_keeps_its_identity_and_grows() -> None:
    """Outlook and the others keep the highest sequence of one UID."""
    suites = [build_calendrier([e], PARIS) for e in (evenement(0), evenement(1), evenement(1, annule=True))]
    numeros = [int(re.findall(rb"SEQUENCE:(\d+)", s)[0]) for s in suites]
    assert numeros == sorted(set(numeros))
    assert all(f"UID:{UID}@pdp".encode() in s for s in suites)
    assert b"STATUS:CANCELLED" in suites[2]


def test_an_empty_calendar_is_a_calendar() -> None:
    assert "BEGIN:VEVENT" not in unfold(build_calendrier([], PARIS))


@pytest.mark.parametrize(
    ("fuseau", "debut", "local"),
    [
        ("Europe/Paris", datetime(2026, 7, 1, 7, 0, tzinfo=UTC), "20260701T090000"),
        ("America/Miquelon", datetime(2026, 7, 1, 11, 0, tzinfo=UTC), "20260701T090000"),
        ("Indian/Reunion", datetime(2026, 7, 1, 5, 0, tzinfo=UTC), "20260701T090000"),
        ("America/Guadeloupe", datetime(2026, 7, 1, 13, 0, tzinfo=UTC), "20260701T090000"),
    ],
)
def test_a_reader_that_knows_no_zone_finds_the_instant(fuseau: str, debut: datetime, local: str) -> None:
    """From VTIMEZONE alone: the last change before the local time gives the offset."""
    lignes = unfold(build_calendrier([evenement(debut=debut)], ZoneInfo(fuseau)))
    assert f"DTSTART;TZID={fuseau}:{local}" in lignes
    debuts = [ligne.split(":")[1] for ligne in lignes if ligne.startswith("DTSTART:")]
    ecarts = [ligne.split(":")[1] for ligne in lignes if ligne.startswith("TZOFFSETTO:")]
    _, ecart = max(p for p in zip(debuts, ecarts, strict=True) if p[0] <= local)
    minutes = int(ecart[0] + "1") * (int(ecart[1:3]) * 60 + int(ecart[3:]))
    assert datetime.strptime(local, "%Y%m%dT%H%M%S").replace(tzinfo=UTC) - timedelta(minutes=minutes) == debut


def test_clock_changes_of_paris_to_the_second() -> None:
    assert list_changements(PARIS, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)) == [
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 1, tzinfo=UTC),
    ]


@given(st.text(max_size=400).filter(lambda t: "\r" not in t))
def test_folding_and_escaping_lose_nothing(texte: str) -> None:
    lignes = fold(f"SUMMARY:{escape(texte)}")
    assert all(len(ligne) <= 75 for ligne in lignes.split(b"\r\n"))
    deplie = lignes.replace(b"\r\n ", b"")[:-2].decode()
    lu = re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), deplie.removeprefix("SUMMARY:"), flags=re.DOTALL)
    assert lu == texte
