"""Working days, month arithmetic and appointment slots.

Legal holidays only: the `holidays` package also lists local custom days overseas (Mi-Carême, Good Friday in Guadeloupe,
21 July), on which a caisse is open. They are left out; Good Friday and 26 December count in Alsace-Moselle, where they are law.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import holidays

from pdp.errors import DonneeInvalide

Zone = Literal[
    "metropole",
    "alsace_moselle",
    "guadeloupe",
    "martinique",
    "guyane",
    "reunion",
    "mayotte",
    "saint_pierre_et_miquelon",
    "saint_barthelemy",
    "saint_martin",
]

# zone -> subdivision of the `holidays` package (it refuses "67" and "68": both are in Alsace, "6AE")
_SUBDIVISIONS: dict[str, str | None] = {
    "metropole": None,
    "alsace_moselle": "6AE",
    "guadeloupe": "971",
    "martinique": "972",
    "guyane": "973",
    "reunion": "974",
    "mayotte": "976",
    "saint_pierre_et_miquelon": "PM",
    "saint_barthelemy": "BL",
    "saint_martin": "MF",
}
_OUTRE_MER: dict[str, tuple[Zone, str]] = {
    "971": ("guadeloupe", "America/Guadeloupe"),
    "972": ("martinique", "America/Martinique"),
    "973": ("guyane", "America/Cayenne"),
    "974": ("reunion", "Indian/Reunion"),
    "975": ("saint_pierre_et_miquelon", "America/Miquelon"),
    "976": ("mayotte", "Indian/Mayotte"),
    "977": ("saint_barthelemy", "America/St_Barthelemy"),
    "978": ("saint_martin", "America/Marigot"),
}
_ALSACE_MOSELLE = frozenset({"57", "67", "68"})
_METROPOLE = frozenset({f"{n:02d}" for n in range(1, 96) if n != 20} | {"2A", "2B"})
_ABOLITION = "Abolition de l'esclavage"


def zone_du_departement(departement: str) -> Zone:
    """Holiday zone of a department code (``"35"``, ``"2A"``, ``"974"``). Raises DonneeInvalide for a code outside the scope."""
    code = departement.strip().upper()
    if code in _ALSACE_MOSELLE:
        return "alsace_moselle"
    if code in _OUTRE_MER:
        return _OUTRE_MER[code][0]
    if code in _METROPOLE:
        return "metropole"
    raise DonneeInvalide(
        f"Le département « {code} » n'est pas couvert par le calendrier de la plateforme. Vérifiez le code du département.",
        code="departement_inconnu",
    )


def fuseau_du_departement(departement: str) -> str:
    """IANA name of the time zone in which a resident of the department is called."""
    code = departement.strip().upper()
    zone_du_departement(code)
    return _OUTRE_MER[code][1] if code in _OUTRE_MER else "Europe/Paris"


@lru_cache(maxsize=256)
def jours_feries(annee: int, zone: Zone = "metropole") -> frozenset[date]:
    """Legal holidays of one year in one zone."""
    communs = frozenset(holidays.country_holidays("FR", years=annee))
    subdivision = _SUBDIVISIONS[zone]
    if subdivision is None:
        return communs
    locaux = holidays.country_holidays("FR", subdiv=subdivision, years=annee, language="fr")
    if zone == "alsace_moselle":
        return communs | frozenset(locaux)
    return communs | frozenset(jour for jour in locaux if _ABOLITION in locaux.get_list(jour))


def is_jour_ferie(jour: date, zone: Zone = "metropole") -> bool:
    return jour in jours_feries(jour.year, zone)


def is_jour_ouvre(jour: date, zone: Zone = "metropole") -> bool:
    """Monday to Friday, not a legal holiday of the zone."""
    return jour.weekday() < 5 and not is_jour_ferie(jour, zone)


def add_jours_ouvres(jour: date, n: int, zone: Zone = "metropole") -> date:
    """The n-th working day strictly after `jour`; with n = 0, `jour` itself or the next working day. Never negative."""
    if n < 0:
        raise ValueError("n must not be negative")
    if n == 0:
        return jour if is_jour_ouvre(jour, zone) else add_jours_ouvres(jour, 1, zone)
    courant = jour
    while n:
        courant += timedelta(days=1)
        n -= is_jour_ouvre(courant, zone)
    return courant


def add_jours_francs(jour: date, n: int, zone: Zone = "metropole") -> date:
    """Last useful day of a delay of n jours francs running from an act done on `jour`.

    Neither the day of the act nor the day of expiry counts, hence `jour` + n + 1; a Saturday, Sunday or holiday moves to the
    next working day.
    """
    if n < 0:
        raise ValueError("n must not be negative")
    return add_jours_ouvres(jour + timedelta(days=n + 1), 0, zone)


def add_mois(jour: date, n: int) -> date:
    """Same day n months later (earlier if negative), or the last day of that month: 31 January + 1 month = 28 or 29 February."""
    rang = jour.year * 12 + jour.month - 1 + n
    annee, mois = rang // 12, rang % 12 + 1
    premier_suivant = date(annee + mois // 12, mois % 12 + 1, 1)
    return date(annee, mois, min(jour.day, (premier_suivant - timedelta(days=1)).day))


def annees_avant(jour: date, n: int) -> date:
    """Same date n years earlier; 29 February becomes 28 February when that year has none."""
    return add_mois(jour, -12 * n)


def trois_ans_avant(jour: date) -> date:
    """Excluded lower bound of the window ]jour - 3 years, jour] of CSS R.323-1 4°."""
    return annees_avant(jour, 3)


def age_au(naissance_le: date, jour: date) -> int:
    """Completed years. A person born on 29 February turns a year older on 1 March of common years."""
    return jour.year - naissance_le.year - ((jour.month, jour.day) < (naissance_le.month, naissance_le.day))


@dataclass(frozen=True, slots=True)
class Creneau:
    """A slot [debut, fin[, both aware, in the time zone it was asked in."""

    debut: datetime
    fin: datetime


def creneaux_libres(
    jour: date,
    horaires: Sequence[tuple[time, time]],
    absences: Sequence[tuple[date, date]],
    occupes: Sequence[tuple[datetime, datetime]],
    duree_minutes: int,
    zone: Zone = "metropole",
    fuseau: str = "Europe/Paris",
) -> list[Creneau]:
    """Free slots of one agent on one day, earliest first.

    `horaires` are local ranges such as (09:00, 12:00); each is cut from its start into slots of `duree_minutes`, a rest too short
    is lost.
    `absences` are whole days, both ends included. `occupes` are aware half-open intervals: a slot may start when another ends.
    No slot on a day off. Raises ValueError on a naive instant: comparing it would silently shift appointments.
    """
    if duree_minutes <= 0:
        raise ValueError("duree_minutes must be positive")
    if any(instant.tzinfo is None for intervalle in occupes for instant in intervalle):
        raise ValueError("occupes must be aware datetimes")
    if not is_jour_ouvre(jour, zone) or any(du <= jour <= au for du, au in absences):
        return []
    plages = [(o.hour * 60 + o.minute, f.hour * 60 + f.minute) for o, f in sorted(horaires)]
    return cut_creneaux(jour, plages, occupes, duree_minutes, ZoneInfo(fuseau))


def cut_creneaux(
    jour: date, plages: Sequence[tuple[int, int]], occupes: Sequence[tuple[datetime, datetime]], duree_minutes: int, tz: ZoneInfo
) -> list[Creneau]:
    """Free slots in ranges of minutes since local midnight, earliest first. Computed in UTC: a slot of an hour that a clock change
    removes does not exist, one of an hour lived twice never leaves its range.
    """
    duree = timedelta(minutes=duree_minutes)
    libres: list[Creneau] = []
    for ouverture, fermeture in plages:
        debut, limite = _instant(jour, ouverture, tz, fold=1), _instant(jour, fermeture, tz, fold=0)
        while debut + duree <= limite:
            fin = debut + duree
            if all(fin <= pris_debut or pris_fin <= debut for pris_debut, pris_fin in occupes):
                libres.append(Creneau(debut.astimezone(tz), fin.astimezone(tz)))
            debut = fin
    return libres


def _instant(jour: date, minutes: int, tz: ZoneInfo, fold: int) -> datetime:
    """UTC instant of a local minute; in a missing hour, the instant of the clock change."""
    while True:
        naif = datetime.combine(jour, time.min) + timedelta(minutes=minutes)
        instant = naif.replace(tzinfo=tz, fold=fold).astimezone(UTC)
        if instant.astimezone(tz).replace(tzinfo=None) == naif:
            return instant
        minutes += 1
