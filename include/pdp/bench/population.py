"""Synthetic people and prescriptions by the million: a seeded generator that only NumPy touches.

About one person for four prescriptions; lengths, gaps (overlaps, adjacent, around the tolerance, returns to work), risks, part-time and
L.324-1 drawn at random; four in a hundred are long absences that meet the cap of the rolling years; two lines in a hundred were corrected
or cancelled. Lines come out in their order of arrival, people mixed, as a feed would have brought them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

JOUR = date(2026, 11, 18)
MAINTENANT = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
RISQUES = ("maladie", "at", "mp", "trajet", "maternite", "paternite")
MOTIFS = ("tms", "psychique", "autre", "non_renseigne")
_EPOQUE = date(1970, 1, 1)
_PART_LONGUE, _PART_CORRIGEE, _PART_ANNULEE = 0.04, 0.01, 0.01
_DUREES = np.array([2, 3, 5, 7, 10, 15, 21, 30, 30, 60])
_MELANGE = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))

Entiers = NDArray[np.int64]


@dataclass(frozen=True)
class Population:
    """Columns of the prescriptions in order of arrival; days are counted from 1 January 1970. ``personnes``: numbers 0 to personnes - 1."""

    personnes: int
    personne: Entiers
    debut: Entiers
    fin: Entiers
    fin_d_abord: Entiers
    recu: Entiers
    initiale: NDArray[np.bool_]
    risque: NDArray[np.int8]
    temps_partiel: NDArray[np.bool_]
    motif: NDArray[np.int8]
    ald: NDArray[np.bool_]
    annule: NDArray[np.bool_]

    @property
    def avis(self) -> Entiers:
        """Number of each line, in order of arrival."""
        return np.arange(len(self.personne))


def jour_numero(jour: date) -> int:
    return (jour - _EPOQUE).days


def generate_population(lignes: int, graine: int, jour: date = JOUR) -> Population:
    """`lignes` prescriptions of the years before `jour`, some still running; the same seed gives the same rows."""
    hasard = np.random.default_rng(graine)
    comptes = hasard.geometric(0.25, size=max(2, lignes // 2))
    longues = hasard.random(len(comptes)) < _PART_LONGUE
    comptes[longues] += hasard.integers(8, 30, size=int(longues.sum()))
    cumul = np.cumsum(comptes)
    personnes = int(np.searchsorted(cumul, lignes)) + 1
    comptes = comptes[:personnes]
    comptes[-1] -= int(cumul[personnes - 1]) - lignes
    personne = np.repeat(np.arange(personnes), comptes)
    debut, fin, initiale = _draw_dates(hasard, personne, longues[personne], jour_numero(jour))
    recu = debut + hasard.integers(0, 6, size=lignes)
    ordre = np.argsort(recu, kind="stable")
    corrigee = hasard.random(lignes) < _PART_CORRIGEE
    return Population(
        personnes=personnes,
        personne=personne[ordre],
        debut=debut[ordre],
        fin=fin[ordre],
        fin_d_abord=np.where(corrigee, fin[ordre] + hasard.integers(1, 15, size=lignes), fin[ordre]),
        recu=recu[ordre],
        initiale=initiale[ordre],
        risque=hasard.choice(len(RISQUES), size=lignes, p=(0.86, 0.06, 0.02, 0.02, 0.03, 0.01)).astype(np.int8),
        temps_partiel=hasard.random(lignes) < 0.1,
        motif=hasard.integers(0, len(MOTIFS), size=lignes).astype(np.int8),
        ald=hasard.random(lignes) < 0.08,
        annule=hasard.random(lignes) < _PART_ANNULEE,
    )


def _draw_dates(
    hasard: np.random.Generator, personne: Entiers, longue: NDArray[np.bool_], jour: int
) -> tuple[Entiers, Entiers, NDArray[np.bool_]]:
    """First and last day of each line, one person after the other, so that the last line of a person ends around a random day."""
    lignes = len(personne)
    durees = np.where(longue, hasard.choice((28, 30, 31, 60), size=lignes), hasard.choice(_DUREES, size=lignes))
    courts = hasard.choice((-4, 0, 1, 1, 1, 1, 2, 3, 4), size=lignes)
    retours = hasard.integers(5, 400, size=lignes)
    ecarts = np.where(hasard.random(lignes) < np.where(longue, 0.95, 0.5), courts, retours)
    premiere = np.concatenate(([True], personne[1:] != personne[:-1]))
    pas = np.where(premiere, 0, np.concatenate(([0], durees[:-1])) - 1 + ecarts)
    cumul = np.cumsum(pas)
    depart = cumul[premiere][np.cumsum(premiere) - 1]
    relatif = cumul - depart
    nombre = int(premiere.sum())
    dernieres = np.concatenate((np.flatnonzero(premiere)[1:] - 1, [lignes - 1]))
    fins = jour + np.where(hasard.random(nombre) < 0.06, hasard.integers(-10, 40, size=nombre), hasard.integers(-1200, 10, size=nombre))
    origine = fins - relatif[dernieres] - durees[dernieres] + 1
    debut = origine[np.cumsum(premiere) - 1] + relatif
    initiale = premiere | (ecarts > 4) | (hasard.random(lignes) < 0.1)
    return debut, debut + durees - 1, initiale


def uuid_hexa(numeros: Entiers) -> pl.Series:
    """Opaque id of each person, as 32 hexadecimal digits: spread as random ones are, yet the last 12 digits give the number back."""
    x = (numeros.astype(np.uint64) + np.uint64(1)) * _MELANGE[0]
    x = (x ^ (x >> np.uint64(30))) * _MELANGE[1]
    x = (x ^ (x >> np.uint64(27))) * _MELANGE[2]
    octets = np.empty((len(numeros), 2), dtype=">u8")
    octets[:, 0] = x ^ (x >> np.uint64(31))
    octets[:, 1] = numeros.astype(np.uint64) | np.uint64(0x8000_0000_0000_0000)
    return pl.Series(np.frombuffer(octets.tobytes().hex().encode(), dtype="S32")).cast(pl.String)


def write_parquet(population: Population, chemin: Path) -> None:
    """The same lines for the peers that read files, people by number."""
    frame = pl.DataFrame(
        {
            "personne": population.personne,
            "avis": population.avis,
            "debut": dates(population.debut),
            "fin": dates(population.fin),
            "initiale": population.initiale,
            "risque": names(population.risque, RISQUES),
            "ald": population.ald,
            "annule": population.annule,
        }
    )
    frame.write_parquet(chemin)


def names(codes: NDArray[np.int8], noms: tuple[str, ...]) -> pl.Series:
    """Words from their places in `noms`."""
    return pl.Series(noms).gather(codes.astype(np.uint32))


def dates(numeros: Entiers) -> pl.Series:
    """Days from their numbers."""
    return pl.Series(numeros.astype(np.int32)).cast(pl.Date)
