"""How long a synthetic arrêt lasts, and when the ones alive in the year began.

Calibrated on aggregates published for 2023 (DREES, Études et Résultats 1321, and the Assurance maladie figures quoted with it):
indemnified days, régime général outside self-employed. No table by bracket was found, so the curve between the anchors is a choice:
the hazard decreases with duration, and the published figures that it decides are compared by :func:`measure`.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import exp, log
from random import Random

FENETRE_JOURS = 365
HISTOIRE_JOURS = 1095
CARENCE_JOURS = 3  # prescribed but not indemnified, hence outside the published durations
SEMESTRE_JOURS = 182
ARRETS_PAR_DEPARTEMENT = 83_000  # 8.4 million over 101 caisses

# (indemnified days, share of new arrêts that last longer)
_SURVIE_MALADIE = (
    (0.0, 1.0), (7.0, 0.50), (14.0, 0.31), (30.0, 0.185), (60.0, 0.117), (90.0, 0.087), (180.0, 0.0470), (365.0, 0.0210), (730.0, 0.0062),
    (1092.0, 0.0020),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mesure:
    """One published figure, what the cohort obtained, and the absolute distance that the tests accept."""

    nom: str
    cible: float
    obtenu: float
    tolerance: float

    @property
    def tenue(self) -> bool:
        return abs(self.obtenu - self.cible) <= self.tolerance


class Survie:
    """Survival curve, exponential between its anchors; ``etirement`` multiplies every duration."""

    def __init__(self, etirement: float = 1.0) -> None:
        self._jours = [jour * etirement for jour, _ in _SURVIE_MALADIE]
        self._logs = [-log(part) for _, part in _SURVIE_MALADIE]
        horizon = HISTOIRE_JOURS - FENETRE_JOURS
        self._cumul = list(accumulate(self.beyond(jour) for jour in range(horizon)))
        self.moyenne = self._cumul[-1]

    def beyond(self, jours: float) -> float:
        """Share of arrêts that last longer than ``jours``."""
        rang = min(bisect_left(self._jours, jours), len(self._jours) - 1) or 1
        bas, haut = self._jours[rang - 1], self._jours[rang]
        pente = (self._logs[rang] - self._logs[rang - 1]) / (haut - bas)
        return exp(-(self._logs[rang - 1] + pente * (jours - bas)))

    def draw(self, hasard: Random, deja: int = 0) -> int:
        """Whole indemnified days (at least 1, at most three years) of an arrêt known to last longer than ``deja`` days."""
        seuil = -log(self.beyond(deja)) if deja else 0.0
        cible = seuil + hasard.expovariate(1.0)
        if cible >= self._logs[-1]:
            return HISTOIRE_JOURS - CARENCE_JOURS
        rang = bisect_left(self._logs, cible) or 1
        part = (cible - self._logs[rang - 1]) / (self._logs[rang] - self._logs[rang - 1])
        jours = self._jours[rang - 1] + part * (self._jours[rang] - self._jours[rang - 1])
        return min(int(jours) + 1, HISTOIRE_JOURS - CARENCE_JOURS)

    def draw_age(self, hasard: Random) -> int:
        """Days already elapsed at the opening of the year for an arrêt alive on that day (stationary flow of beginnings)."""
        return bisect_left(self._cumul, hasard.random() * self._cumul[-1])

    def share_carried(self) -> float:
        """Among arrêts alive during the year, share that began before it."""
        return self.moyenne / (FENETRE_JOURS + self.moyenne)

    def hazards(self) -> list[float]:
        """Daily hazard of each segment of the curve, in order of duration."""
        return [(self._logs[i + 1] - self._logs[i]) / (haut - bas) for i, (bas, haut) in enumerate(pairwise(self._jours))]


def measure(durees: list[tuple[int, int]], personnes: int, tous: int, jours_tous: int) -> tuple[Mesure, ...]:
    """Compare with the published figures.

    ``durees``: for each arrêt maladie alive in the year, (indemnified days since it began, those inside the year).
    ``personnes`` are those who had one of them; ``tous`` and ``jours_tous`` count every risk. The share of the population with an arrêt is
    not compared: only people with one are generated.
    """
    nombre = len(durees)
    jours = sum(dans for _, dans in durees)
    longs = sum(1 for total, _ in durees if total > SEMESTRE_JOURS)
    tres_longs = sum(1 for total, _ in durees if total > FENETRE_JOURS)
    return (
        Mesure("arrets_par_personne", 1.4, nombre / personnes, 0.06),
        Mesure("jours_par_arret", 34.0, jours / nombre, 2.0),
        Mesure("part_plus_de_6_mois", 0.07, longs / nombre, 0.007),
        Mesure("part_plus_de_1_an", 0.03, tres_longs / nombre, 0.004),
        Mesure("part_maladie_des_arrets", 0.85, nombre / tous, 0.02),
        Mesure("part_maladie_des_jours", 0.70, jours / jours_tous, 0.05),
    )
