"""The indemnity view over arrays: days with and without IJ, paid or prescribed. Oracle: domain/droits_ij.py, whose rules it quotes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pdp.calcul.regles import MALADIE, Prescriptions, Regles, Versements
from pdp.calcul.segments import JAMAIS, Entiers, Jours, Segments, balayer, cle, couvert_jusqu_au, is_premier, rassembler, unir, vide

_PERMIS, _PAYE, _HORS_L324, _CARENCE, _COUVERT = (1 << n for n in range(5))


class JoursIJ(NamedTuple):
    """Before the cap: IJ outside L.324-1, IJ of L.324-1, waiting days, and the horizon of payments of each person (JAMAIS = none)."""

    hors_l324: Segments
    l324: Segments
    carence: Segments
    horizon: Jours


def list_jours_ij(p: Prescriptions, v: Versements, personnes: int, regles: Regles) -> JoursIJ:
    """Rules 1 to 4 and 6, for people numbered from 0 to `personnes` - 1."""
    maladie = p.risque == MALADIE
    personne, debut, fin = p.personne[maladie], p.debut[maladie], p.fin[maladie]
    blocs, chaine = _list_blocs(personne, debut, fin, p.initiale[maladie], regles)
    carence, permis = _take_carence(blocs, chaine, regles)
    payes, horizon = _list_payes(v, personnes)
    apres = _after(permis, horizon)
    liee = p.ald[maladie]
    # for most people nothing is paid nor linked to L.324-1: what is prescribed stands as it is
    melee = np.zeros(personnes, np.bool_)
    melee[personne[liee]] = melee[payes.personne] = True
    choix = melee[personne] & ~liee
    hors = unir(personne[choix], debut[choix], fin[choix], triees=True)
    canaux = [s.where(melee[s.personne]) for s in (apres, payes, hors, carence, unir(*blocs, triees=True))]
    hors_l324, l324, attente = _classer(canaux)
    return JoursIJ(
        rassembler([apres.where(~melee[apres.personne]), hors_l324]),
        l324,
        rassembler([carence.where(~melee[carence.personne]), attente]),
        horizon,
    )


def _list_blocs(personne: Jours, debut: Jours, fin: Jours, initiale: NDArray[np.bool_], regles: Regles) -> tuple[Segments, Entiers]:
    """Rule 2: runs of days, each brought by the prescriptions that begin on its first day, and the rank of the chain each belongs to."""
    if not len(personne):
        return vide(), np.empty(0, np.int64)
    premier = is_premier(personne)
    groupe = premier.copy()
    groupe[1:] |= debut[1:] != debut[:-1]
    couvert = couvert_jusqu_au(personne, fin, premier)
    departs = np.flatnonzero(groupe & (debut > couvert))
    groupes = np.flatnonzero(groupe)
    # every prescription that begins on the same day is initiale: a prolongation among them carries the chain on
    toutes = np.minimum.reduceat(initiale, groupes)[np.searchsorted(groupes, departs)]
    blocs = Segments(personne[departs], debut[departs], np.maximum.reduceat(fin, departs))
    manquants = blocs.debut - couvert[departs] - 1
    chaine = premier[departs] | (manquants > regles.reprises.en_vigueur(blocs.debut)) | toutes
    return blocs, np.cumsum(chaine) - 1


def _take_carence(blocs: Segments, chaine: Entiers, regles: Regles) -> tuple[Segments, Segments]:
    """Rule 3: waiting days, and days that carry an IJ."""
    if not len(chaine):
        return vide(), vide()
    longueurs = blocs.longueurs
    cumul = np.cumsum(longueurs, dtype=np.int64) - longueurs
    tetes = np.flatnonzero(is_premier(chaine))
    deja = cumul - cumul[tetes][chaine]
    due = regles.carences.en_vigueur(blocs.debut[tetes])[chaine]
    prise = np.clip(due - deja, 0, longueurs).astype(np.int32)
    carence = unir(blocs.personne, blocs.debut, blocs.debut + prise - np.int32(1), triees=True)
    return carence, unir(blocs.personne, blocs.debut + prise, blocs.fin, triees=True)


def _list_payes(v: Versements, personnes: int) -> tuple[Segments, Jours]:
    """Rule 6: paid days, and the horizon of each person."""
    horizon = np.full(personnes, JAMAIS, np.int32)
    if not len(v.personne):
        return vide(), horizon
    ordre = np.lexsort((v.fin, cle(v.personne, v.debut)))
    personne, debut, fin = v.personne[ordre], v.debut[ordre], v.fin[ordre]
    departs = np.flatnonzero(is_premier(cle(personne, debut)) | is_premier(cle(personne, fin)))
    nets = np.add.reduceat(v.jours[ordre], departs, dtype=np.int64)
    personne, debut, fin = personne[departs], debut[departs], fin[departs]
    nets = np.clip(nets, 0, fin - debut + 1).astype(np.int32)
    payes = nets > 0
    np.maximum.at(horizon, personne[payes], fin[payes])
    return unir(personne, fin - nets + np.int32(1), fin), horizon


def _after(permis: Segments, horizon: Jours) -> Segments:
    """Days of `permis` after the horizon of their person."""
    debut = np.maximum(permis.debut, horizon[permis.personne] + np.int32(1))
    return permis._replace(debut=debut).where(debut <= permis.fin)


def _classer(canaux: Sequence[Segments]) -> list[Segments]:
    """Rules 4 and 6, from days allowed, paid, prescribed outside L.324-1, waiting, prescribed: IJ outside L.324-1, of it, waiting days.

    A paid day is of L.324-1 when prescriptions cover it and all are; one that nobody prescribed is not.
    """
    segments, etat = balayer(*canaux)
    ij = (etat & (_PERMIS | _PAYE)) != 0
    l324 = ij & ((etat & _COUVERT) != 0) & ((etat & _HORS_L324) == 0)
    attente = ((etat & _CARENCE) != 0) & ~ij
    return [unir(*segments.where(choix), triees=True) for choix in (ij & ~l324, l324, attente)]
