"""People numbered from 0 in the order of their ids, so that every array speaks of them by a small number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pdp.calcul.segments import Booleens, Entiers, Jours, cle

Uuids = NDArray[np.uint64]
"""(n, 2): high and low half of each id."""


def number_personnes(*colonnes: Uuids) -> tuple[Uuids, list[Jours]]:
    """Sorted distinct ids of all `colonnes`, and the number of each row of each."""
    uuids = np.concatenate(colonnes)
    haut, bas = uuids[:, 0], uuids[:, 1]
    ordre = np.argsort(haut)
    neuf = _is_neuf(haut[ordre])
    if (bas[ordre][1:] != bas[ordre][:-1])[~neuf[1:]].any():
        # two people share the first half of their ids
        ordre = np.lexsort((bas, haut))
        neuf = _is_neuf(haut[ordre]) | _is_neuf(bas[ordre])
    numeros = np.empty(len(uuids), np.int32)
    numeros[ordre] = np.cumsum(neuf, dtype=np.int32) - np.int32(1)
    bornes = np.cumsum([len(c) for c in colonnes])[:-1]
    return uuids[ordre[neuf]], np.split(numeros, bornes)


def _is_neuf(tries: NDArray[np.uint64]) -> Booleens:
    neuf = np.ones(len(tries), np.bool_)
    np.not_equal(tries[1:], tries[:-1], out=neuf[1:])
    return neuf


def order_prescriptions(personne: Jours, debut: Jours, id_avis: NDArray[np.bytes_]) -> Entiers:
    """Order by person, first day, then id of the avis in byte order."""
    cles = cle(personne, debut)
    ordre = np.argsort(cles)
    tries = cles[ordre]
    egal = tries[1:] == tries[:-1]
    if egal.any():
        # only rows of one person and one day need their ids compared
        memes = np.zeros(len(ordre), np.bool_)
        memes[1:] |= egal
        memes[:-1] |= egal
        places = np.flatnonzero(memes)
        ordre[places] = ordre[places][np.lexsort((id_avis[ordre[places]], tries[places]))]
    return ordre


def find_differentes(
    nouvelle_cle: Entiers, nouveaux: Sequence[NDArray], ancienne_cle: Entiers, anciens: Sequence[NDArray]
) -> tuple[Booleens, Booleens]:
    """Rows of each side that the other does not hold with the same key and the same values."""
    ordre = np.argsort(ancienne_cle)
    neuve, perdue = np.ones(len(nouvelle_cle), np.bool_), np.ones(len(ancienne_cle), np.bool_)
    if not len(ancienne_cle) or not len(nouvelle_cle):
        return neuve, perdue
    rang = np.minimum(np.searchsorted(ancienne_cle[ordre], nouvelle_cle), len(ordre) - 1)
    face = ordre[rang]
    pareille = ancienne_cle[face] == nouvelle_cle
    for nouveau, ancien in zip(nouveaux, anciens, strict=True):
        pareille &= nouveau == ancien[face]
    perdue[face[pareille]] = False
    return ~pareille, perdue
