"""What the past weeks say: the facts a simulation starts from, as they were known on a day.

Facts are counts by day. A day of the past is seen with what was known that day, except the staff: leave and departures are
those that happened.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, timedelta

from pdp.domain.calendrier import Zone, is_jour_ouvre
from pdp.domain.capacite import Situation

RAPPEL_MAX_JOURS = 21  # called without an answer longer ago: written to, no longer called


@dataclass(frozen=True, slots=True)
class Ouvertures:
    """Parcours opened on one day: first call, first time the person was reached, and end, None when it has not happened."""

    ouvert_le: date
    premier_le: date | None
    joint_le: date | None
    clos_le: date | None
    nombre: int


@dataclass(frozen=True, slots=True)
class Appels:
    """Calls of one day, and those that reached the person."""

    jour: date
    nombre: int
    aboutis: int


@dataclass(frozen=True, slots=True)
class RendezVous:
    """Télé-échanges planned on one day for another; ``statut`` is today's."""

    planifie_le: date
    debut_le: date
    statut: str
    nombre: int


@dataclass(frozen=True, slots=True)
class Membre:
    """A coordinator: working time, days in service, days away."""

    quotite: float
    actif_du: date
    actif_au: date | None
    absences: tuple[tuple[date, date], ...] = ()

    def is_en_service(self, jour: date) -> bool:
        return self.actif_du <= jour and (self.actif_au is None or jour <= self.actif_au)

    def is_present(self, jour: date) -> bool:
        return self.is_en_service(jour) and not any(du <= jour <= au for du, au in self.absences)


@dataclass(frozen=True, slots=True)
class Faits:
    """All that the past says of a platform."""

    zone: Zone
    ouvertures: tuple[Ouvertures, ...]
    appels: tuple[Appels, ...]
    rendez_vous: tuple[RendezVous, ...]
    membres: tuple[Membre, ...]


@dataclass(frozen=True, slots=True)
class Mesures:
    """Estimates at a day, with the number of facts under each; None when there are too few."""

    semaines: tuple[int, ...]
    joint: float | None
    appels: int
    absents: float | None
    echanges: int
    echange_jours: int | None
    sorties: float | None
    appels_par_jour: float | None


def list_jours_ouvres(debut: date, nombre: int, zone: Zone) -> tuple[date, ...]:
    """The next working days, ``debut`` included when it is one."""
    jours, jour = [], debut
    while len(jours) < nombre:
        if is_jour_ouvre(jour, zone):
            jours.append(jour)
        jour += timedelta(days=1)
    return tuple(jours)


def lundi(jour: date) -> date:
    return jour - timedelta(days=jour.weekday())


def find_premiere_semaine(faits: Faits) -> date | None:
    """Monday of the first week that counts: the one after the first parcours, when the stock came in all at once. None without any."""
    premier = min((o.ouvert_le for o in faits.ouvertures), default=None)
    return None if premier is None else lundi(premier) + timedelta(weeks=1)


def count_semaines(faits: Faits, jour: date, nombre: int) -> tuple[int, ...]:
    """Arrivals of the last whole weeks before ``jour``, oldest first; the first week of the platform is left out."""
    premiere = find_premiere_semaine(faits)
    if premiere is None:
        return ()
    fin = lundi(jour)
    debut = max(fin - timedelta(weeks=nombre), premiere)
    comptes = [0] * max(0, (fin - debut).days // 7)
    for o in faits.ouvertures:
        if debut <= o.ouvert_le < fin:
            comptes[(o.ouvert_le - debut).days // 7] += o.nombre
    return tuple(comptes)


def measure(faits: Faits, jour: date, semaines: int, minimum: int) -> Mesures:
    """Estimates from the whole weeks before ``jour``; a rate with fewer than ``minimum`` facts is None."""
    passe = count_semaines(faits, jour, semaines)
    debut, fin = lundi(jour) - timedelta(weeks=len(passe)), lundi(jour)
    appels = [a for a in faits.appels if debut <= a.jour < fin]
    nombre = sum(a.nombre for a in appels)
    tenus = sum(r.nombre for r in faits.rendez_vous if debut <= r.debut_le < fin and r.statut in ("realise", "realise_partiel"))
    manques = sum(r.nombre for r in faits.rendez_vous if debut <= r.debut_le < fin and r.statut == "absent")
    planifies = [r for r in faits.rendez_vous if debut <= r.planifie_le < fin]
    delais = sum(r.nombre for r in planifies)
    attente = sum(r.nombre * (r.debut_le - r.planifie_le).days for r in planifies)
    return Mesures(
        passe,
        100 * sum(a.aboutis for a in appels) / nombre if nombre >= max(1, minimum) else None,
        nombre,
        100 * manques / (tenus + manques) if tenus + manques >= max(1, minimum) else None,
        tenus + manques,
        max(1, round(attente / delais * 5 / 7)) if delais >= max(1, minimum) else None,
        _measure_sorties(faits, debut, fin, minimum),
        _measure_rythme(faits, debut, fin, nombre),
    )


def _measure_sorties(faits: Faits, debut: date, fin: date, minimum: int) -> float | None:
    """Percentage of the open parcours that end in a week."""
    clos = sum(o.nombre for o in faits.ouvertures if o.clos_le is not None and debut <= o.clos_le < fin)
    ouverts = [count_ouverts(faits, debut + timedelta(weeks=n)) for n in range((fin - debut).days // 7)]
    return 100 * clos / sum(ouverts) if clos >= max(1, minimum) and sum(ouverts) else None


def _measure_rythme(faits: Faits, debut: date, fin: date, appels: int) -> float | None:
    """Calls by present full-time equivalent and working day."""
    jours = [j for n in range((fin - debut).days) if is_jour_ouvre(j := debut + timedelta(days=n), faits.zone)]
    presence = sum(m.quotite for j in jours for m in faits.membres if m.is_present(j))
    return appels / presence if presence else None


def count_ouverts(faits: Faits, jour: date) -> int:
    """Parcours open at the beginning of a day."""
    return sum(o.nombre for o in faits.ouvertures if o.ouvert_le < jour and (o.clos_le is None or o.clos_le >= jour))


def build_situation(faits: Faits, jour: date, nombre: int) -> Situation:
    """Where a simulation of ``nombre`` working days from ``jour`` starts, with what was known at the beginning of ``jour``.

    What happened on ``jour`` itself counts for a day to come only: today's calls and arrivals are played, not remembered.
    """
    jours = list_jours_ouvres(jour, nombre, faits.zone)
    ouvertes = [o for o in faits.ouvertures if o.ouvert_le < jour and (o.clos_le is None or o.clos_le >= jour)]
    attente = [
        age
        for o in ouvertes
        if o.premier_le is None or o.premier_le >= jour
        for age in [count_ouvres(o.ouvert_le, jours[0], faits.zone)] * o.nombre
    ]
    recent = jour - timedelta(days=RAPPEL_MAX_JOURS)
    a_rappeler = sum(
        o.nombre
        for o in ouvertes
        if o.premier_le is not None and recent <= o.premier_le < jour and (o.joint_le is None or o.joint_le >= jour)
    )
    prevus = [0] * len(jours)
    for r in faits.rendez_vous:
        if r.planifie_le < jour <= r.debut_le <= jours[-1] and r.statut not in ("annule_assure", "annule_service", "reporte"):
            prevus[bisect_left(jours, r.debut_le)] += r.nombre
    return Situation(
        jours,
        tuple(sum(m.quotite for m in faits.membres if m.is_en_service(j)) for j in jours),
        tuple(sum(m.quotite for m in faits.membres if m.is_present(j)) for j in jours),
        tuple(sorted(attente, reverse=True)),
        a_rappeler,
        tuple(prevus),
        sum(o.nombre for o in ouvertes),
    )


def count_ouvres(du: date, au: date, zone: Zone) -> int:
    """Working days after ``du``, up to ``au`` included: 0 on the same day, as the policy counts a delay."""
    return sum(is_jour_ouvre(du + timedelta(days=n), zone) for n in range(1, (au - du).days + 1))
