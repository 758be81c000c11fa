"""The coming weeks of a platform, played many times: who arrives, who is there to call, who is called in time.

One day after the other, in working days. Minutes of the day go first to the follow-up of open parcours, then to the
télé-échanges of the day, then to calls, earliest deadline first. Draws are seeded: the same question has the same answer,
and two team sizes meet the same people.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

GRAINE = 20261122
ABSENCE_JOURS = 5  # an unforeseen absence lasts a working week
MANQUES_MAX = 3
JOURS_SEMAINE = 5


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """What the simulation assumes. ``passe``: arrivals of whole past weeks, how much one differs from another; percentages are 0 to 100.

    ``minutes_suivi`` is per open parcours and week, ``sorties`` the share of open parcours that end in a week, ``plafond`` the
    open parcours of a full-time coordinator, ``delai`` in working days from the opening to the first call.
    """

    arrivees: float
    passe: tuple[int, ...]
    joint: float
    essais_max: int
    rappel_jours: int
    absents: float
    echange_jours: int
    sorties: float
    minutes_jour: int
    part: float
    minutes_appel: int
    minutes_essai: int
    minutes_echange: int
    minutes_suivi: int
    imprevu: float
    plafond: int
    delai: int
    objectif: float
    semaines: int


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a simulation starts. ``jours``: working days ahead; by day, full-time equivalents in service and present as far as known.

    ``attente``: for each person never called, working days since the opening; ``rendez_vous``: télé-échanges already planned, by day.
    """

    jours: tuple[date, ...]
    effectif: tuple[float, ...]
    presents: tuple[float, ...]
    attente: tuple[int, ...]
    a_rappeler: int
    rendez_vous: tuple[int, ...]
    ouverts: int


@dataclass(frozen=True, slots=True)
class Tirage:
    """One future, whatever the team: arrivals by day, calls each person needs, appointments missed, share of the team lost by day."""

    arrivees: tuple[int, ...]
    essais: tuple[int, ...]
    manques: tuple[int, ...]
    pertes: tuple[float, ...]


@dataclass(slots=True)
class Semaine:
    """One week of one future; ``a_temps`` among those who arrived in it, ``attente`` never called at its end."""

    lundi: date
    jours: int = 0
    arrivees: int = 0
    premiers: int = 0
    a_temps: int = 0
    attente: int = 0


@dataclass(frozen=True, slots=True)
class Deroule:
    """One future with one team. ``sans_place`` and ``en_file``: person-days waited for a coordinator, and for the call."""

    semaines: tuple[Semaine, ...]
    sans_place: int
    en_file: int

    @property
    def arrivees(self) -> int:
        return sum(s.arrivees for s in self.semaines)

    @property
    def a_temps(self) -> int:
        return sum(s.a_temps for s in self.semaines)


def count_jours(hypotheses: Hypotheses) -> int:
    """Working days to play: the weeks asked for, to the end of the last one, and the delay of the last who arrive."""
    return (hypotheses.semaines + 1) * JOURS_SEMAINE + hypotheses.delai


def draw_tirage(situation: Situation, h: Hypotheses, rang: int, graine: int = GRAINE) -> Tirage:
    """The ``rang``-th future. Weeks are drawn among those of the past, themselves drawn again: a short past makes a wide future."""
    alea = Random(graine * 1_000_003 + rang)  # noqa: S311 - a simulation, not a secret
    arrivees = _draw_arrivees(situation.jours, h, alea)
    presents = len(situation.attente) + situation.a_rappeler + sum(situation.rendez_vous)
    personnes = presents + sum(arrivees)
    joint, absent = h.joint / 100, h.absents / 100
    essais = tuple(_rang_du_succes(alea, joint, h.essais_max) for _ in range(personnes))
    manques = tuple(_rang_du_succes(alea, 1 - absent, MANQUES_MAX) - 1 for _ in range(personnes))
    unites = max(1, round(max(situation.effectif, default=1)))
    return Tirage(arrivees, essais, manques, _draw_pertes(len(situation.jours), unites, h.imprevu / 100, graine, rang))


def _rang_du_succes(alea: Random, chance: float, maximum: int) -> int:
    """First success among ``maximum`` tries; ``maximum`` + 1 when there is none."""
    for rang in range(1, maximum + 1):
        if alea.random() < chance:
            return rang
    return maximum + 1


def _draw_arrivees(jours: Sequence[date], h: Hypotheses, alea: Random) -> tuple[int, ...]:
    """People by day. A week that loses days to holidays loses their arrivals."""
    passe = alea.choices(h.passe, k=len(h.passe)) if h.passe else []
    moyenne = sum(h.passe) / len(h.passe) if h.passe else 0
    semaines: dict[date, list[int]] = {}
    arrivees = []
    for jour in jours:
        lundi = jour - timedelta(days=jour.weekday())
        if lundi not in semaines:
            attendues = alea.choice(passe) * h.arrivees / moyenne if moyenne else max(0.0, alea.gauss(h.arrivees, h.arrivees**0.5))
            entieres = int(attendues) + (alea.random() < attendues % 1)
            semaines[lundi] = [0] * JOURS_SEMAINE
            for _ in range(entieres):
                semaines[lundi][alea.randrange(JOURS_SEMAINE)] += 1
        arrivees.append(semaines[lundi][jour.weekday()])
    return tuple(arrivees)


def _draw_pertes(jours: int, unites: int, part: float, graine: int, rang: int) -> tuple[float, ...]:
    """Share of the team away unforeseen, by day: spells of a working week, each member with their own luck."""
    perdus = [0] * jours
    debut = part / (ABSENCE_JOURS * (1 - part) + part) if part < 1 else 1.0
    for unite in range(unites):
        alea = Random((graine * 1_000_003 + rang) * 1009 + unite + 1)  # noqa: S311 - a simulation, not a secret
        reste = alea.randrange(1, ABSENCE_JOURS + 1) if alea.random() < part else 0
        for jour in range(jours):
            if reste == 0 and alea.random() < debut:
                reste = ABSENCE_JOURS
            if reste:
                perdus[jour] += 1
                reste -= 1
    return tuple(p / unites for p in perdus)


def play(situation: Situation, h: Hypotheses, tirage: Tirage, ajout: float) -> Deroule:
    """One future with ``ajout`` full-time coordinators more (or fewer) than planned."""
    unite = _Unite(situation, h, tirage, ajout)
    for rang in range(len(situation.jours)):
        unite.live(rang)
    return Deroule(tuple(unite.semaines.values())[: h.semaines], unite.sans_place, unite.en_file)


class _Unite:
    """The state of the unit from one day to the next. People are numbered; those known at the start come first."""

    def __init__(self, situation: Situation, h: Hypotheses, tirage: Tirage, ajout: float) -> None:
        self.situation, self.h, self.tirage, self.ajout = situation, h, tirage, ajout
        jours = len(situation.jours)
        self.nes: list[int] = [-age for age in situation.attente]
        self.faits, self.rangs = [0] * len(tirage.essais), [0] * len(tirage.essais)
        self.deja_appelees = range(len(situation.attente), len(situation.attente) + situation.a_rappeler)
        self.a_affecter: deque[int] = deque()
        self.appels: list[tuple[int, int]] = [(h.delai - age, rang) for rang, age in enumerate(situation.attente)]
        heapq.heapify(self.appels)
        self.rappels: list[list[int]] = [[] for _ in range(jours)]
        self.echanges: list[list[int]] = [[] for _ in range(jours)]
        self.ouverts, self.report = float(situation.ouverts), 0.0
        self.sans_place = self.en_file = 0
        self.jamais_appelees = len(situation.attente)
        lundis = [j - timedelta(days=j.weekday()) for j in situation.jours]
        self.semaines = {lundi: Semaine(lundi) for lundi in lundis}
        self.ordre = [self.semaines[lundi] for lundi in lundis]
        self._place_connus()
        self.connues = len(self.nes)

    def _place_connus(self) -> None:
        """Calls to make again over the next days, appointments at their day."""
        jours = len(self.situation.jours)
        for rang in range(self.situation.a_rappeler):
            self.rappels[min(rang % max(1, self.h.rappel_jours), jours - 1)].append(len(self.nes))
            self.nes.append(-1)
        for jour, nombre in enumerate(self.situation.rendez_vous[:jours]):
            self.echanges[jour] += range(len(self.nes), len(self.nes) + nombre)
            self.nes += [-1] * nombre

    def live(self, jour: int) -> None:
        """One working day."""
        self.ordre[jour].jours += 1
        self._welcome(jour)
        effectif, presents = self.situation.effectif[jour], self.situation.presents[jour]
        total = max(0.0, effectif + self.ajout)
        present = total * (presents / effectif if effectif else 1.0) * (1 - self.tirage.pertes[jour])
        suivi = self.ouverts * self.h.minutes_suivi / JOURS_SEMAINE
        minutes = max(0.0, present * self.h.minutes_jour * self.h.part / 100 - suivi) - self.report
        minutes = self._meet(jour, minutes)
        minutes = self._call(jour, minutes)
        self.report = max(0.0, -minutes)
        self.ouverts *= 1 - self.h.sorties / 100 / JOURS_SEMAINE
        self.sans_place += len(self.a_affecter)
        self.en_file += self.jamais_appelees - len(self.a_affecter)
        self.ordre[jour].attente = self.jamais_appelees

    def _welcome(self, jour: int) -> None:
        """People arrive; each gets a coordinator as long as the cap leaves a place."""
        for _ in range(self.tirage.arrivees[jour]):
            self.a_affecter.append(len(self.nes))
            self.nes.append(jour)
            self.ordre[jour].arrivees += 1
            self.jamais_appelees += 1
        places = self.h.plafond * max(0.0, self.situation.effectif[jour] + self.ajout)
        while self.a_affecter and self.ouverts + 1 <= places:
            personne = self.a_affecter.popleft()
            self.ouverts += 1
            heapq.heappush(self.appels, (self.nes[personne] + self.h.delai, personne))
        for personne in self.rappels[jour]:
            heapq.heappush(self.appels, (jour, personne))

    def _meet(self, jour: int, minutes: float) -> float:
        """Télé-échanges of the day; one that does not fit waits for the next day."""
        suivant = jour + 1
        for personne in self.echanges[jour]:
            if minutes <= 0:
                if suivant < len(self.echanges):
                    self.echanges[suivant].append(personne)
                continue
            self.rangs[personne] += 1
            if self.rangs[personne] > self.tirage.manques[personne]:
                minutes -= self.h.minutes_echange
            else:
                minutes -= self.h.minutes_essai
                self._plan(jour, personne)
        return minutes

    def _plan(self, jour: int, personne: int) -> None:
        prevu = jour + max(1, self.h.echange_jours)
        if prevu < len(self.echanges) and self.rangs[personne] < MANQUES_MAX:
            self.echanges[prevu].append(personne)

    def _call(self, jour: int, minutes: float) -> float:
        """Calls, earliest deadline first; the last one is finished, its minutes are taken from the next day."""
        while self.appels and minutes > 0:
            _, personne = heapq.heappop(self.appels)
            self.faits[personne] += 1
            essais = self.faits[personne]
            if essais == 1 and personne not in self.deja_appelees:
                self._note_premier(jour, personne)
            if essais >= self.tirage.essais[personne]:
                minutes -= self.h.minutes_appel
                self._plan(jour, personne)
            else:
                minutes -= self.h.minutes_essai
                rappel = jour + max(1, self.h.rappel_jours)
                if essais < self.h.essais_max and rappel < len(self.rappels):
                    self.rappels[rappel].append(personne)
        return minutes

    def _note_premier(self, jour: int, personne: int) -> None:
        self.jamais_appelees -= 1
        self.ordre[jour].premiers += 1
        ne = self.nes[personne]
        if personne >= self.connues and jour - ne <= self.h.delai:
            self.ordre[ne].a_temps += 1
