"""Rows of (person, sets of days…, days…) in the binary form of PostgreSQL, for all rows at once; and which differ from those stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pdp.storage.copie_binaire import Entiers, Lignes, Octets, to_date

_BORNES = 0x02  # lower bound included, upper one not: the canonical form of a daterange
_PLAGE = np.dtype([("n", ">i4"), ("bornes", "u1"), ("n_bas", ">i4"), ("bas", ">i4"), ("n_haut", ">i4"), ("haut", ">i4")])
_TETE = np.dtype([("champs", ">i2"), ("n", ">i4"), ("id", "V16")])
_CHAMP = np.dtype([("n", ">i4"), ("plages", ">i4")])
_JOUR = np.dtype([("n", ">i4"), ("jour", ">i4")])


class Ensemble(NamedTuple):
    """Runs of days of one column, both ends included, sorted by row (`ligne`) then day, neither touching nor overlapping."""

    ligne: NDArray[np.int32]
    debut: NDArray[np.int32]
    fin: NDArray[np.int32]


def encode_droits(uuids: NDArray[np.uint64], ensembles: Sequence[Ensemble], jours: Sequence[NDArray[np.int32]], absent: int) -> Lignes:
    """Rows `uuids`: the id, one datemultirange per set, one date per column of `jours` where `absent` stands for NULL."""
    lignes = len(uuids)
    plages = [np.bincount(e.ligne, minlength=lignes).astype(np.int64) for e in ensembles]
    tailles = [np.full(lignes, _TETE.itemsize, np.int64)]
    tailles += [_CHAMP.itemsize + n * _PLAGE.itemsize for n in plages]
    tailles += [np.where(j == absent, 4, _JOUR.itemsize) for j in jours]
    fins = np.cumsum(np.sum(tailles, axis=0)) if lignes else np.empty(0, np.int64)
    debuts = fins - np.sum(tailles, axis=0)
    octets = np.empty(int(fins[-1]) if lignes else 0, np.uint8)
    places = debuts[None, :] + np.cumsum(tailles, axis=0) - tailles
    _put(octets, places[0], _tetes(uuids, 1 + len(ensembles) + len(jours)))
    for place, ensemble, nombre in zip(places[1:], ensembles, plages, strict=False):
        _put_ensemble(octets, place, ensemble, nombre)
    for place, jour in zip(places[1 + len(ensembles) :], jours, strict=True):
        _put_jours(octets, place, jour, jour != absent)
    return Lignes(octets, debuts)


def find_differentes(nouvelles: Lignes, anciennes: Lignes, correspondance: Entiers) -> NDArray[np.bool_]:
    """Rows of `nouvelles` that are not, byte for byte, row `correspondance` of `anciennes` (-1 = none)."""
    differentes = np.ones(len(nouvelles), np.bool_)
    connues = np.flatnonzero(correspondance >= 0)
    longueurs, stockees = nouvelles.longueurs[connues], anciennes.longueurs[correspondance[connues]]
    egales = longueurs == stockees
    connues, longueurs = connues[egales], longueurs[egales]
    for longueur in np.unique(longueurs):
        lot = connues[longueurs == longueur]
        gauche = take(nouvelles, lot, int(longueur))
        droite = take(anciennes, correspondance[lot], int(longueur))
        differentes[lot] = (gauche != droite).any(axis=1)
    return differentes


def select(lignes: Lignes, choix: NDArray[np.bool_]) -> list[bytes]:
    """Bytes of the chosen rows."""
    retenues = np.flatnonzero(choix)
    longueurs = lignes.longueurs[retenues]
    return [take(lignes, retenues[longueurs == longueur], int(longueur)).tobytes() for longueur in np.unique(longueurs)]


def take(lignes: Lignes, lesquelles: Entiers, longueur: int) -> Octets:
    """(n, longueur) bytes of rows of one length."""
    vue = np.ndarray((len(lignes.octets) - longueur + 1,), f"V{longueur}", lignes.octets, strides=(1,))
    return vue[lignes.debuts[lesquelles]].view(np.uint8).reshape(-1, longueur)


def _tetes(uuids: NDArray[np.uint64], champs: int) -> NDArray[Any]:
    tetes = np.empty(len(uuids), _TETE)
    tetes["champs"], tetes["n"] = champs, 16
    tetes["id"] = uuids.astype(">u8").view("V16").reshape(-1)
    return tetes


def _put_ensemble(octets: Octets, place: Entiers, ensemble: Ensemble, nombre: Entiers) -> None:
    champs = np.empty(len(place), _CHAMP)
    champs["n"], champs["plages"] = 4 + nombre * _PLAGE.itemsize, nombre
    _put(octets, place, champs)
    plages = np.empty(len(ensemble.ligne), _PLAGE)
    plages["n"], plages["bornes"] = _PLAGE.itemsize - 4, _BORNES
    plages["n_bas"] = plages["n_haut"] = 4
    plages["bas"], plages["haut"] = to_date(ensemble.debut), to_date(ensemble.fin + np.int32(1))
    rang = np.arange(len(plages)) - (np.cumsum(nombre) - nombre)[ensemble.ligne]
    _put(octets, place[ensemble.ligne] + _CHAMP.itemsize + rang * _PLAGE.itemsize, plages)


def _put_jours(octets: Octets, place: Entiers, jour: NDArray[np.int32], connu: NDArray[np.bool_]) -> None:
    rien = np.full(int((~connu).sum()), -1, ">i4")
    _put(octets, place[~connu], rien)
    valeurs = np.empty(int(connu.sum()), _JOUR)
    valeurs["n"], valeurs["jour"] = 4, to_date(jour[connu])
    _put(octets, place[connu], valeurs)


def _put(octets: Octets, places: Entiers, valeurs: NDArray[Any]) -> None:
    """Copy each value at its place."""
    if len(valeurs):
        taille = valeurs.itemsize
        np.ndarray((len(octets) - taille + 1,), f"V{taille}", octets, strides=(1,))[places] = valeurs.view(f"V{taille}")
