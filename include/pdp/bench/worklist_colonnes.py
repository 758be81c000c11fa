"""Frames that a COPY takes: as many rows as asked for, one slice after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pdp.bench.population import Entiers

TRANCHE = 200_000


@dataclass(frozen=True)
class Table:
    """Rows of one table; ``tranche(debut, fin)`` gives some of them, its columns are those of the COPY."""

    nom: str
    nombre: int
    tranche: Callable[[int, int], pl.DataFrame]

    def slices(self) -> Iterator[pl.DataFrame]:
        return (self.tranche(debut, min(debut + TRANCHE, self.nombre)) for debut in range(0, self.nombre, TRANCHE))


def at(millisecondes: Entiers) -> pl.Series:
    return pl.Series(millisecondes).cast(pl.Datetime("ms"))


def frame(**colonnes: Any) -> pl.DataFrame:
    """Arrays as they are, anything else repeated."""
    series = {n: c for n, c in colonnes.items() if isinstance(c, (pl.Series, np.ndarray))}
    constantes = {n: pl.lit(c) for n, c in colonnes.items() if n not in series}
    return pl.DataFrame(series).with_columns(**constantes).select(list(colonnes))


def only(masque: NDArray[np.bool_], valeurs: pl.Series | str) -> pl.Series:
    """Values where the mask is true, nothing elsewhere."""
    pleines = valeurs if isinstance(valeurs, pl.Series) else pl.repeat(valeurs, len(masque), eager=True)
    return pl.select(pl.when(pl.Series(masque)).then(pleines)).to_series()
