"""Local improvement of a distribution: chains of moves and swaps between colleagues who may take each other's cases.

First the heaviest load for a full time, then the sum over colleagues of load² / working time, which is least when all are equal.
A move is accepted only when it improves one without spoiling the other, so the search ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

TOURS = 2  # tours of everybody: the first brings nearly all, and a morning never depends on the data
SOMMETS = 5000  # colleagues relieved of the peak, one at a time

Sorte = tuple[int, int]
"""Cases that are alike: effort, number of the group of colleagues who may take them."""
Pas = tuple[int, Sorte, int]


@dataclass(frozen=True)
class Placement:
    """One case placed: effort, ranks of who may take it, rank of who has it."""

    effort: int
    possibles: tuple[int, ...]
    rang: int


def balance(charges: list[int], quotites: Sequence[float], places: list[int | None], placements: Sequence[Placement]) -> list[int]:
    """Rank of who has each case at the end; ``charges`` and ``places`` follow. What was there before is never moved."""
    if not placements:
        return []
    etat = _Etat(charges, quotites, places, placements)
    for _ in range(TOURS):
        etat.lower_sommet()
        if not (etat.move_all() or etat.swap_all()):
            break
    etat.lower_sommet()
    return etat.rangs


class _Etat:
    def __init__(self, charges: list[int], quotites: Sequence[float], places: list[int | None], placements: Sequence[Placement]) -> None:
        self.charges, self.quotites, self.places = charges, quotites, places
        self.rangs = [p.rang for p in placements]
        self.groupes: list[tuple[int, ...]] = []
        self.tient: list[dict[Sorte, list[int]]] = [{} for _ in charges]
        numeros: dict[tuple[int, ...], int] = {}
        for i, p in enumerate(placements):
            if p.possibles not in numeros:
                numeros[p.possibles] = len(self.groupes)
                self.groupes.append(p.possibles)
            self.tient[p.rang].setdefault((p.effort, numeros[p.possibles]), []).append(i)
        self.admis = [frozenset(g) for g in self.groupes]
        self.efforts = sorted({p.effort for p in placements}, reverse=True)

    def plein(self, rang: int) -> float:
        return self.charges[rang] / self.quotites[rang]

    def sommet(self) -> float:
        return max(map(self.plein, range(len(self.charges))), default=0.0)

    def ordre(self) -> list[int]:
        return sorted((r for r in range(len(self.charges)) if self.tient[r]), key=lambda r: (-self.plein(r), r))

    def helps(self, de: int, vers: int, points: int, sommet: float) -> bool:
        """Whether shifting points from one to the other improves: lower peak, or less unequal without a new peak."""
        if (self.charges[vers] + points) / self.quotites[vers] >= sommet:
            return False
        return self.plein(de) == sommet or self._apres(vers, points) < self._apres(de, -points)

    def _apres(self, rang: int, points: int) -> float:
        """Twice the load for a full time half-way through the shift: the slope of the sum of squares."""
        return (2 * self.charges[rang] + points) / self.quotites[rang]

    def lower_sommet(self) -> None:
        """Relieve the most loaded colleague, again and again, until nothing can."""
        for _ in range(SOMMETS):
            sommet = self.sommet()
            rang = min(r for r in range(len(self.charges)) if self.plein(r) == sommet)
            if not self._relieve(rang, sommet):
                break

    def _relieve(self, rang: int, sommet: float) -> bool:
        for effort in self.efforts:
            chemin = self._find_chain(rang, effort, sommet)
            if chemin:
                self._follow(chemin)
                return True
        return self._swap(rang, sommet)

    def move_all(self) -> bool:
        """Chains of moves from each colleague, the most loaded first."""
        change = False
        for effort in self.efforts:
            sommet = self.sommet()
            plancher = min((self._apres(r, effort) for r in range(len(self.charges)) if self.places[r] != 0), default=float("inf"))
            for rang in self.ordre():
                if self._apres(rang, -effort) <= plancher and self.plein(rang) < sommet:
                    continue  # nobody at all is light enough
                chemin = self._find_chain(rang, effort, sommet)
                if chemin:
                    self._follow(chemin)
                    sommet, change = self.sommet(), True
                    plancher = min(plancher, self._apres(rang, effort))
        return change

    def _find_chain(self, depart: int, effort: int, sommet: float) -> list[Pas]:
        """Shortest chain of cases of the same effort, from ``depart`` to somebody it helps: nobody in between changes load."""
        venus: dict[int, tuple[int, Sorte] | None] = {depart: None}
        groupes_vus: set[int] = set()
        file = deque([depart])
        while file:
            rang = file.popleft()
            for sorte in self.tient[rang]:
                if sorte[0] != effort or sorte[1] in groupes_vus:
                    continue
                groupes_vus.add(sorte[1])
                for autre in self.groupes[sorte[1]]:
                    if autre in venus:
                        continue
                    venus[autre] = (rang, sorte)
                    if self.places[autre] != 0 and self.helps(depart, autre, effort, sommet):
                        return _unwind(venus, autre)
                    file.append(autre)
        return []

    def _follow(self, chemin: list[Pas]) -> None:
        for de, sorte, vers in chemin:
            self._move(de, sorte, vers)

    def _move(self, de: int, sorte: Sorte, vers: int) -> None:
        cas = self.tient[de][sorte].pop()
        if not self.tient[de][sorte]:
            del self.tient[de][sorte]
        self.tient[vers].setdefault(sorte, []).append(cas)
        self.rangs[cas] = vers
        self.charges[de] -= sorte[0]
        self.charges[vers] += sorte[0]
        for rang, pas in ((de, 1), (vers, -1)):
            places = self.places[rang]
            self.places[rang] = None if places is None else places + pas

    def swap_all(self) -> bool:
        """Exchanges of a heavier case for a lighter one, which shift fewer points than any move."""
        sommet, change = self.sommet(), False
        for rang in self.ordre():
            if self._swap(rang, sommet):
                sommet, change = self.sommet(), True
        return change

    def _swap(self, rang: int, sommet: float) -> bool:
        echange = self._find_swap(rang, sommet)
        if echange:
            lourd, vers, leger = echange
            self._move(rang, lourd, vers)
            self._move(vers, leger, rang)
        return echange is not None

    def _find_swap(self, de: int, sommet: float) -> tuple[Sorte, int, Sorte] | None:
        for lourd in self.tient[de]:
            for vers in self.groupes[lourd[1]]:
                if vers == de or not self.helps(de, vers, 1, sommet):
                    continue
                for leger in self.tient[vers]:
                    if leger[0] < lourd[0] and de in self.admis[leger[1]] and self.helps(de, vers, lourd[0] - leger[0], sommet):
                        return lourd, vers, leger
        return None


def _unwind(venus: dict[int, tuple[int, Sorte] | None], arrivee: int) -> list[Pas]:
    """Moves of the chain, the last one first: each colleague gives before it receives."""
    chemin, rang = [], arrivee
    while (avant := venus[rang]) is not None:
        chemin.append((avant[0], avant[1], rang))
        rang = avant[0]
    return chemin
