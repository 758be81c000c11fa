"""Sets of days of many people, as sorted runs of days: union, sweep over several sets, count up to a day.

A day is an int32 since 1 January 1970, a person a small number from 0. Person and day share one 64-bit key, so that one sort, one running
maximum and one binary search work for everybody at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Jours = NDArray[np.int32]
Entiers = NDArray[np.int64]
Booleens = NDArray[np.bool_]

BITS_JOUR = 23
ORIGINE = 1 << (BITS_JOUR - 1)
JAMAIS = np.int32(-ORIGINE)
"""Before every day; also says "no day" where a person may have none."""
TOUJOURS = np.int32(ORIGINE - 2)
"""After every day."""
_MASQUE = (1 << BITS_JOUR) - 1
_BITS_CANAL = 3


class Segments(NamedTuple):
    """Runs of days, both ends included, sorted by (personne, debut); disjoint and not adjacent once `unir` made them."""

    personne: Jours
    debut: Jours
    fin: Jours

    def where(self, choix: Booleens | Entiers) -> Segments:
        return Segments(self.personne[choix], self.debut[choix], self.fin[choix])

    @property
    def longueurs(self) -> Jours:
        return self.fin - self.debut + np.int32(1)


def vide() -> Segments:
    rien = np.empty(0, np.int32)
    return Segments(rien, rien, rien)


def cle(personne: Jours, jour: Jours) -> Entiers:
    """One sortable number for a person and a day."""
    return (personne.astype(np.int64) << BITS_JOUR) + (jour.astype(np.int64) + ORIGINE)


def jour_de(cles: Entiers) -> Jours:
    return ((cles & _MASQUE) - ORIGINE).astype(np.int32)


def is_premier(personne: Jours) -> Booleens:
    """First row of each person."""
    premier = np.ones(len(personne), np.bool_)
    np.not_equal(personne[1:], personne[:-1], out=premier[1:])
    return premier


def couvert_jusqu_au(personne: Jours, fin: Jours, premier: Booleens) -> Jours:
    """Greatest `fin` among the rows above of the same person; JAMAIS on her first row."""
    couvert = np.empty(len(fin), np.int32)
    couvert[1:] = jour_de(np.maximum.accumulate(cle(personne, fin)))[:-1]
    couvert[premier] = JAMAIS
    return couvert


def unir(personne: Jours, debut: Jours, fin: Jours, *, triees: bool = False) -> Segments:
    """Runs that cover the same days; reversed rows count for nothing. `triees`: rows come sorted by (personne, debut)."""
    garde = debut <= fin
    if not garde.all():
        personne, debut, fin = personne[garde], debut[garde], fin[garde]
    if not len(personne):
        return vide()
    if not triees:
        ordre = np.argsort(cle(personne, debut), kind="stable")
        personne, debut, fin = personne[ordre], debut[ordre], fin[ordre]
    premier = is_premier(personne)
    departs = np.flatnonzero(premier | (debut > couvert_jusqu_au(personne, fin, premier) + np.int32(1)))
    return Segments(personne[departs], debut[departs], np.maximum.reduceat(fin, departs))


def rassembler(parts: Sequence[Segments]) -> Segments:
    """Disjoint sets put together and sorted."""
    utiles = [s for s in parts if len(s.debut)]
    if len(utiles) < 2:
        return utiles[0] if utiles else vide()
    personne, debut, fin = (np.concatenate(colonnes) for colonnes in zip(*utiles, strict=True))
    return Segments(personne, debut, fin).where(np.argsort(cle(personne, debut)))


def from_jours(personne: Jours, jour: Jours) -> Segments:
    """Runs of sorted distinct days."""
    return unir(personne, jour, jour, triees=True)


def derouler(segments: Segments) -> tuple[Jours, Jours]:
    """(person, day) of each day."""
    longueurs = segments.longueurs
    rang = np.arange(int(longueurs.sum()), dtype=np.int32)
    origine = segments.debut - (np.cumsum(longueurs, dtype=np.int64) - longueurs).astype(np.int32)
    return np.repeat(segments.personne, longueurs), rang + np.repeat(origine, longueurs)


def balayer(*canaux: Segments) -> tuple[Segments, NDArray[np.uint8]]:
    """Cut the days where something begins or ends in one of `canaux` (disjoint runs): elementary runs, and their sets (bits)."""
    evenements = np.concatenate(
        [(cle(c.personne, jours) << _BITS_CANAL) | numero for numero, c in enumerate(canaux) for jours in (c.debut, c.fin + np.int32(1))]
    )
    if not len(evenements):
        return vide(), np.empty(0, np.uint8)
    evenements.sort()
    cles = evenements >> _BITS_CANAL
    # runs of one set are disjoint and not adjacent: each event toggles its bit
    bits = np.left_shift(np.uint8(1), (evenements & ((1 << _BITS_CANAL) - 1)).astype(np.uint8))
    etat = np.bitwise_xor.accumulate(bits)
    dernier = np.append(cles[1:] != cles[:-1], True)
    cles, etat = cles[dernier], etat[dernier]
    dedans = np.flatnonzero(etat)  # all sets of a person are closed at her last event
    personne = (cles[dedans] >> BITS_JOUR).astype(np.int32)
    return Segments(personne, jour_de(cles[dedans]), jour_de(cles[dedans + 1]) - np.int32(1)), etat[dedans]


class Compteur:
    """Counts the days of a set up to a day, for many (person, day) at once."""

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._cles = cle(segments.personne, segments.debut)
        self._cumul = np.concatenate(([0], np.cumsum(segments.longueurs, dtype=np.int64)))

    def rang(self, personne: Jours, jour: Jours) -> Entiers:
        """Days of the set at or before (person, day), people with a smaller number included: only differences have a meaning."""
        i = np.searchsorted(self._cles, cle(personne, jour), side="right")
        if not len(self._cles):
            return np.zeros(len(i), np.int64)
        avant = np.maximum(i - 1, 0)
        trop = np.maximum(self._segments.fin[avant] - jour, 0)
        return self._cumul[i] - np.where((i > 0) & (self._segments.personne[avant] == personne), trop, 0)

    def entre(self, personne: Jours, exclu: Jours, inclus: Jours) -> Entiers:
        """Days of the set in ]exclu, inclus]."""
        return self.rang(personne, inclus) - self.rang(personne, exclu)
