"""Calendars in the iCalendar format (RFC 5545): neutral titles, no name, no place, nothing of the person.

Lines are folded at 75 octets without cutting a character; texts are escaped; local times come with the changes of their clock
(VTIMEZONE), told one by one over the years that the events cover.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

OCTETS_MAX = 75
TITRE = "Télé-échange"
ANNULES = frozenset({"annule_assure", "annule_service", "reporte"})
_ECHAPPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


@dataclass(frozen=True, slots=True)
class Evenement:
    """One appointment. ``uid`` stays when it is moved, ``sequence`` then grows; ``change_at`` is when it was last written."""

    uid: UUID
    sequence: int
    debut_at: datetime
    fin_at: datetime
    annule: bool
    change_at: datetime


def build_calendrier(evenements: Sequence[Evenement], fuseau: ZoneInfo, titre: str = TITRE, nom: str = "Télé-échanges") -> bytes:
    """A calendar in UTF-8, lines ended by CRLF. The same events give the same bytes."""
    lignes = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//PDP//Agenda//FR",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escape(nom)}",
    ]
    if evenements:
        premiers, derniers = min(e.debut_at for e in evenements), max(e.fin_at for e in evenements)
        lignes += _fuseau(fuseau, premiers, derniers)
    for evenement in evenements:
        lignes += _evenement(evenement, fuseau, titre)
    lignes.append("END:VCALENDAR")
    return b"".join(fold(ligne) for ligne in lignes)


def _evenement(evenement: Evenement, fuseau: ZoneInfo, titre: str) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{evenement.uid}@pdp",
        f"DTSTAMP:{_utc(evenement.change_at)}",
        f"LAST-MODIFIED:{_utc(evenement.change_at)}",
        f"SEQUENCE:{evenement.sequence * 2 + evenement.annule}",
        f"DTSTART;TZID={fuseau.key}:{_local(evenement.debut_at, fuseau)}",
        f"DTEND;TZID={fuseau.key}:{_local(evenement.fin_at, fuseau)}",
        f"SUMMARY:{escape(titre)}",
        f"STATUS:{'CANCELLED' if evenement.annule else 'CONFIRMED'}",
        f"TRANSP:{'TRANSPARENT' if evenement.annule else 'OPAQUE'}",
        "CLASS:PRIVATE",
        "END:VEVENT",
    ]


def _fuseau(fuseau: ZoneInfo, du: datetime, au: datetime) -> list[str]:
    """The clock over the period: how it stands a year before, then each change until a year after."""
    debut = datetime(du.astimezone(UTC).year - 1, 1, 1, tzinfo=UTC)
    fin = datetime(au.astimezone(UTC).year + 2, 1, 1, tzinfo=UTC)
    lignes = ["BEGIN:VTIMEZONE", f"TZID:{fuseau.key}", *_periode(debut, debut.astimezone(fuseau), fuseau)]
    for changement in list_changements(fuseau, debut, fin):
        lignes += _periode(changement, (changement - timedelta(seconds=1)).astimezone(fuseau), fuseau)
    return [*lignes, "END:VTIMEZONE"]


def _periode(instant: datetime, avant: datetime, fuseau: ZoneInfo) -> list[str]:
    """A clock from an instant on; its start is written on the clock of before."""
    apres = instant.astimezone(fuseau)
    ancien = avant.utcoffset() or timedelta(0)
    genre = "DAYLIGHT" if apres.dst() else "STANDARD"
    return [
        f"BEGIN:{genre}",
        f"DTSTART:{(instant + ancien).replace(tzinfo=None):%Y%m%dT%H%M%S}",
        f"TZOFFSETFROM:{_ecart(ancien)}",
        f"TZOFFSETTO:{_ecart(apres.utcoffset() or timedelta(0))}",
        f"TZNAME:{apres.tzname()}",
        f"END:{genre}",
    ]


def list_changements(fuseau: ZoneInfo, du: datetime, au: datetime) -> list[datetime]:
    """Instants at which a clock changes, in UTC, to the second."""
    trouves = []
    jour = du
    while jour < au:
        suivant = jour + timedelta(days=1)
        if jour.astimezone(fuseau).utcoffset() != suivant.astimezone(fuseau).utcoffset():
            bas, haut = jour, suivant
            while haut - bas > timedelta(seconds=1):
                milieu = bas + (haut - bas) // 2
                milieu = milieu.replace(microsecond=0)
                if milieu.astimezone(fuseau).utcoffset() == jour.astimezone(fuseau).utcoffset():
                    bas = milieu
                else:
                    haut = milieu
            trouves.append(haut)
        jour = suivant
    return trouves


def _ecart(ecart: timedelta) -> str:
    minutes = int(ecart.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _local(instant: datetime, fuseau: ZoneInfo) -> str:
    return f"{instant.astimezone(fuseau):%Y%m%dT%H%M%S}"


def escape(texte: str) -> str:
    """A text value: backslash, semicolon, comma and line break are escaped."""
    return texte.replace("\r\n", "\n").translate(_ECHAPPES)


def fold(ligne: str) -> bytes:
    """A content line cut into lines of 75 octets at most, never within a character, each ended by CRLF."""
    morceaux: list[bytes] = []
    courant = b""
    for caractere in ligne:
        octets = caractere.encode()
        if len(courant) + len(octets) > OCTETS_MAX:
            morceaux.append(courant)
            courant = b" "
        courant += octets
    return b"\r\n".join([*morceaux, courant]) + b"\r\n"
