"""« Combien de conseillers ? »: the same futures played with each team size, the smallest that keeps the promise, and what limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from pdp.domain.capacite import Deroule, Hypotheses, Situation, Tirage, count_jours, draw_tirage, play

TIRAGES_MAX, TIRAGES_MIN = 100, 20
BUDGET = 60_000  # people to play for one team size: a page must answer in seconds
AUTOUR = 2
AJOUT_MAX = 200
TEMPS, PLAFOND = "temps", "plafond"


@dataclass(frozen=True, slots=True)
class Fourchette:
    """Mean of the draws, and the values that one draw in ten is below, and above."""

    moyenne: float
    bas: float
    haut: float


@dataclass(frozen=True, slots=True)
class SemaineProjetee:
    """One week over all draws; ``part``: percentage called in time of those who arrived in it, None when nobody did."""

    lundi: date
    jours: int
    arrivees: Fourchette
    premiers: Fourchette
    attente: Fourchette
    part: Fourchette | None


@dataclass(frozen=True, slots=True)
class Projection:
    """One team size. ``part``: percentage of people called in time over all draws; ``prudente``: what nine draws in ten reach.

    ``goulot``: what people wait for, ``temps`` or ``plafond``; None when the promise is kept.
    """

    ajout: int
    etp: float
    part: float
    prudente: float
    attente_fin: float
    goulot: str | None
    semaines: tuple[SemaineProjetee, ...]


@dataclass(frozen=True, slots=True)
class Reponse:
    """``suffit``: the smallest team that keeps the promise; None when no team size that was tried does. ``essayes`` by size."""

    actuelle: Projection
    suffit: Projection | None
    essayes: tuple[Projection, ...]
    tirages: int


def quantile(valeurs: Sequence[float], rang: float) -> float:
    """Value at a share of the ordered draws, interpolated. ValueError when there is none."""
    ordre = sorted(valeurs)
    if not ordre:
        raise ValueError("no value")
    place = rang * (len(ordre) - 1)
    bas = int(place)
    haut = min(bas + 1, len(ordre) - 1)
    return ordre[bas] + (ordre[haut] - ordre[bas]) * (place - bas)


def spread(valeurs: Sequence[float]) -> Fourchette:
    return Fourchette(sum(valeurs) / len(valeurs), quantile(valeurs, 0.1), quantile(valeurs, 0.9))


def count_tirages(situation: Situation, h: Hypotheses) -> int:
    """As many draws as the time of a page allows."""
    personnes = len(situation.attente) + situation.a_rappeler + sum(situation.rendez_vous) + h.arrivees * count_jours(h) / 5
    return max(TIRAGES_MIN, min(TIRAGES_MAX, int(BUDGET / max(1.0, personnes))))


def project(situation: Situation, h: Hypotheses, tirages: Sequence[Tirage], ajout: int) -> Projection:
    """Every draw with one team size."""
    deroules = [play(situation, h, tirage, ajout) for tirage in tirages]
    arrivees, a_temps = sum(d.arrivees for d in deroules), sum(d.a_temps for d in deroules)
    part = 100 * a_temps / arrivees if arrivees else 100.0
    parts = [100 * d.a_temps / d.arrivees if d.arrivees else 100.0 for d in deroules]
    goulot = None
    if part < h.objectif:
        goulot = PLAFOND if sum(d.sans_place for d in deroules) > sum(d.en_file for d in deroules) else TEMPS
    semaines = _project_semaines(deroules)
    fin = semaines[-1].attente.moyenne if semaines else 0.0
    return Projection(ajout, max(0.0, situation.effectif[0] + ajout), part, quantile(parts, 0.1), fin, goulot, semaines)


def _project_semaines(deroules: Sequence[Deroule]) -> tuple[SemaineProjetee, ...]:
    projetees = []
    for semaines in zip(*(d.semaines for d in deroules), strict=True):
        venues = [s for s in semaines if s.arrivees]
        projetees.append(
            SemaineProjetee(
                semaines[0].lundi,
                semaines[0].jours,
                spread([s.arrivees for s in semaines]),
                spread([s.premiers for s in semaines]),
                spread([s.attente for s in semaines]),
                spread([100 * s.a_temps / s.arrivees for s in venues]) if venues else None,
            )
        )
    return tuple(projetees)


@lru_cache(maxsize=64)
def answer(situation: Situation, h: Hypotheses) -> Reponse:
    """The smallest whole number of full-time coordinators to add (or that could be spared) that keeps the promise, and its neighbours.

    Pure and seeded, hence kept: the page that is opened again does not play again.
    """
    nombre = count_tirages(situation, h)
    tirages = [draw_tirage(situation, h, rang) for rang in range(nombre)]
    vus: dict[int, Projection] = {}

    def suffit(ajout: int) -> bool:
        if ajout not in vus:
            vus[ajout] = project(situation, h, tirages, ajout)
        return vus[ajout].part >= h.objectif

    plancher = -int(situation.effectif[0])
    trouve = _find_minimum(suffit, plancher)
    autour = {0} | ({trouve + n for n in range(-AUTOUR, AUTOUR + 1)} if trouve is not None else set())
    for ajout in autour:
        if plancher <= ajout:
            suffit(ajout)
    montres = autour & set(vus) if trouve is not None else set(vus)
    return Reponse(vus[0], None if trouve is None else vus[trouve], tuple(vus[a] for a in sorted(montres)), nombre)


def _find_minimum(suffit: Callable[[int], bool], plancher: int) -> int | None:
    """Smallest ``ajout`` that keeps the promise, by doubling then halving: more people never do worse."""
    if suffit(0):
        bas, haut = plancher - 1, 0
    else:
        bas, haut = 0, 1
        while not suffit(haut):
            bas, haut = haut, haut * 2
            if bas >= AJOUT_MAX:
                return None
    while haut - bas > 1:
        milieu = (bas + haut) // 2
        if suffit(milieu):
            haut = milieu
        else:
            bas = milieu
    return haut
