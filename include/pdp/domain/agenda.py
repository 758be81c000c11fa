"""Calendar of one agent: weekly pattern, one-day ranges, absences, holidays, appointments; what is free is computed, never stored.

A range is (start, end[ in minutes since midnight on the clock of the platform. A closed range wins over an open one, an absence,
a Sunday and a legal holiday over everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pdp.domain.calendrier import Creneau, Zone, cut_creneaux, fuseau_du_departement, is_jour_ferie
from pdp.errors import DonneeInvalide

Plage = tuple[int, int]
DIMANCHE = 6
VENDREDI = 4
JOURS_OUVRABLES = range(1, 7)
FERMEE, OUVERTE = "fermee", "ouverte"
MINUTES_JOUR = 24 * 60
NOMS_FUSEAUX = {
    "Europe/Paris": "Paris",
    "America/Guadeloupe": "Guadeloupe",
    "America/Martinique": "Martinique",
    "America/Cayenne": "Guyane",
    "Indian/Reunion": "La Réunion",
    "Indian/Mayotte": "Mayotte",
    "America/Miquelon": "Saint-Pierre-et-Miquelon",
    "America/St_Barthelemy": "Saint-Barthélemy",
    "America/Marigot": "Saint-Martin",
}


@dataclass(frozen=True, slots=True)
class Semaine:
    """Weekly pattern from ``du`` on: ISO weekday -> ranges. None: the hours of the platform, Monday to Friday."""

    du: date
    jours: dict[int, tuple[Plage, ...]] | None


@dataclass(frozen=True, slots=True)
class PlageDatee:
    """A range of one day, closed or opened beyond the pattern."""

    genre: str
    jour: date
    plage: Plage


@dataclass(frozen=True)
class Agenda:
    """All that decides the free slots of one agent; ``occupes`` are aware half-open intervals."""

    zone: Zone
    fuseau: ZoneInfo
    horaires: tuple[Plage, ...]
    duree_minutes: int
    semaines: tuple[Semaine, ...] = ()
    datees: tuple[PlageDatee, ...] = ()
    absences: tuple[tuple[date, date], ...] = ()
    occupes: tuple[tuple[datetime, datetime], ...] = ()
    actif_du: date | None = None
    actif_au: date | None = None

    def find_semaine(self, jour: date) -> Semaine | None:
        """The pattern in force on a day: the latest that has begun."""
        commencees = [s for s in self.semaines if s.du <= jour]
        return max(commencees, key=lambda s: s.du) if commencees else None

    def raison_fermeture(self, jour: date) -> str | None:
        """Why the whole day is closed, in French; None when it is not."""
        if jour.weekday() == DIMANCHE:
            return "Dimanche"
        if is_jour_ferie(jour, self.zone):
            return "Jour férié"
        if any(du <= jour <= au for du, au in self.absences):
            return "Absence"
        if (self.actif_du and jour < self.actif_du) or (self.actif_au and self.actif_au < jour):
            return "Hors de l'équipe"
        return None

    def list_plages(self, jour: date) -> list[Plage]:
        """Open ranges of a day, in order, disjoint."""
        if self.raison_fermeture(jour):
            return []
        semaine = self.find_semaine(jour)
        if semaine is None or semaine.jours is None:
            ouvertes = list(self.horaires) if jour.weekday() <= VENDREDI else []
        else:
            ouvertes = list(semaine.jours.get(jour.isoweekday(), ()))
        du_jour = [d for d in self.datees if d.jour == jour]
        ouvertes += [d.plage for d in du_jour if d.genre == OUVERTE]
        return remove_plages(merge_plages(ouvertes), [d.plage for d in du_jour if d.genre == FERMEE])

    def list_creneaux(self, jour: date) -> list[Creneau]:
        """Free slots of a day, earliest first."""
        return cut_creneaux(jour, self.list_plages(jour), self.occupes, self.duree_minutes, self.fuseau)

    def is_couvert(self, debut: datetime, fin: datetime) -> bool:
        """Whether an appointment lies within the open ranges of its day."""
        local, local_fin = debut.astimezone(self.fuseau), fin.astimezone(self.fuseau)
        depart = local.hour * 60 + local.minute
        arrivee = depart + int((local_fin - local) / timedelta(minutes=1))
        return any(o <= depart and arrivee <= f for o, f in self.list_plages(local.date()))


def merge_plages(plages: Sequence[Plage]) -> list[Plage]:
    """Union, in order."""
    unies: list[Plage] = []
    for debut, fin in sorted(plages):
        if unies and debut <= unies[-1][1]:
            unies[-1] = (unies[-1][0], max(fin, unies[-1][1]))
        else:
            unies.append((debut, fin))
    return unies


def remove_plages(plages: Sequence[Plage], fermees: Sequence[Plage]) -> list[Plage]:
    """What is left of disjoint ranges once others are taken away."""
    restes = list(plages)
    for f_debut, f_fin in fermees:
        restes = [
            (debut, fin)
            for o_debut, o_fin in restes
            for debut, fin in ((o_debut, min(o_fin, f_debut)), (max(o_debut, f_fin), o_fin))
            if debut < fin
        ]
    return restes


def check_plage(debut: int, fin: int) -> Plage:
    """Raises DonneeInvalide unless the range goes forward within one day."""
    if not 0 <= debut < fin <= MINUTES_JOUR:
        raise DonneeInvalide("L'heure de fin doit suivre l'heure de début. Rien n'a été enregistré.", code="reversed_hours")
    return debut, fin


def check_semaine(jours: dict[int, tuple[Plage, ...]]) -> None:
    """Raises DonneeInvalide on a weekday that does not exist, on ranges that overlap."""
    for jour, plages in jours.items():
        if jour not in JOURS_OUVRABLES:
            raise DonneeInvalide("Une semaine va du lundi au samedi. Rien n'a été enregistré.", code="bad_weekday")
        if any(a[1] > b[0] for a, b in zip(sorted(plages), sorted(plages)[1:], strict=False)):
            raise DonneeInvalide("Deux plages du même jour se recouvrent. Rien n'a été enregistré.", code="overlapping_hours")


def load_semaines(brutes: Sequence[dict[str, Any]]) -> tuple[Semaine, ...]:
    """Patterns as the database writes them in JSON."""
    return tuple(Semaine(date.fromisoformat(b["du"]), None if b["comme_plateforme"] else _load_jours(b["plages"])) for b in brutes)


def _load_jours(brutes: Sequence[Sequence[int]]) -> dict[int, tuple[Plage, ...]]:
    jours: dict[int, tuple[Plage, ...]] = {}
    for jour, debut, fin in sorted(brutes):
        jours[jour] = (*jours.get(jour, ()), (debut, fin))
    return jours


def load_datees(brutes: Sequence[Sequence[Any]]) -> tuple[PlageDatee, ...]:
    """One-day ranges as the database writes them in JSON."""
    return tuple(PlageDatee(genre, date.fromisoformat(jour), (debut, fin)) for genre, jour, debut, fin in brutes)


def fuseau_de_la_personne(departement: str | None, fuseau: ZoneInfo) -> ZoneInfo:
    """Clock of the insured, by department of residence; that of the platform when the department is unknown."""
    try:
        return ZoneInfo(fuseau_du_departement(departement)) if departement else fuseau
    except DonneeInvalide:
        return fuseau


def departement_de_la_commune(commune: str | None) -> str | None:
    """Department of an INSEE commune code: three characters overseas."""
    if not commune:
        return None
    return commune[:3] if commune.startswith("97") else commune[:2]


def describe_fuseau(fuseau: ZoneInfo) -> str:
    """« heure de La Réunion »."""
    return f"heure de {NOMS_FUSEAUX.get(fuseau.key, fuseau.key)}"


def is_heure_decente(creneau: Creneau, fuseau: ZoneInfo, heure_min: int, heure_max: int) -> bool:
    """Whether a slot lies within decent hours where the person lives (minutes since midnight)."""
    debut, fin = creneau.debut.astimezone(fuseau), creneau.fin.astimezone(fuseau)
    return debut.date() == fin.date() and heure_min <= debut.hour * 60 + debut.minute and fin.hour * 60 + fin.minute <= heure_max


def jour_de_rappel(jour: date, avant: int, zone: Zone) -> date:
    """Day of a reminder ``avant`` days before; earlier when messages do not leave that day."""
    rappel = jour - timedelta(days=avant)
    while rappel.weekday() == DIMANCHE or is_jour_ferie(rappel, zone):
        rappel -= timedelta(days=1)
    return rappel
