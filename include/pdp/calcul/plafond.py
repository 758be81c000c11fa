"""The cap over the rolling years, and the days when a count falls due. Oracle: domain/droits_ij.py, rules 5 to 7.

Only people with enough days meet the cap: for them alone days are unrolled.
"""

from __future__ import annotations

import numpy as np

from pdp.calcul.calendrier import annees_avant, numero, sortie_fenetre
from pdp.calcul.regles import Regles
from pdp.calcul.segments import (
    JAMAIS,
    Booleens,
    Compteur,
    Entiers,
    Jours,
    Segments,
    cle,
    derouler,
    from_jours,
    is_premier,
    rassembler,
    unir,
    vide,
)

PERSONNES_PAR_TOUR = 1024
"""People whose days are unrolled together: their arrays stay in the processor's cache."""


def plafonner(jours: Segments, horizon: Jours, regles: Regles) -> tuple[Segments, Segments]:
    """Rule 5: days consumed, and days that the cap stops; paid days (up to the horizon of their person) are never stopped."""
    retenues = np.flatnonzero(_may_exceed(jours, len(horizon), regles))
    if not len(retenues):
        return jours, vide()
    longue = np.zeros(len(horizon), np.bool_)
    longue[retenues] = True
    consommes, refuses = [jours.where(~longue[jours.personne])], []
    for debut in range(0, len(retenues), PERSONNES_PAR_TOUR):
        du, au = np.searchsorted(jours.personne, [retenues[debut], retenues[min(debut + PERSONNES_PAR_TOUR, len(retenues)) - 1] + 1])
        tranche = jours.where(slice(du, au))
        personne, jour = derouler(tranche.where(longue[tranche.personne]))
        pris = _consommer(personne, jour, horizon, regles)
        consommes.append(from_jours(personne[pris], jour[pris]))
        refuses.append(from_jours(personne[~pris], jour[~pris]))
    return rassembler(consommes), rassembler(refuses)


def _may_exceed(jours: Segments, personnes: int, regles: Regles) -> Booleens:
    """People with more days than the cap in a window a little longer than the real one: the last days of runs hold the maximum."""
    possible = np.zeros(personnes, np.bool_)
    assez = np.bincount(jours.personne, weights=jours.longueurs, minlength=personnes) > regles.plafond
    candidats = jours.where(assez[jours.personne])
    fenetre = np.int32(366 * regles.fenetre + 1)
    exces = Compteur(candidats).entre(candidats.personne, candidats.fin - fenetre, candidats.fin) > regles.plafond
    possible[candidats.personne[exces]] = True
    return possible


def _consommer(personne: Jours, jour: Jours, horizon: Jours, regles: Regles) -> Booleens:
    """Which of the sorted days are consumed.

    The n-th IJ is the first day after the (n-1)-th from which the (n - cap)-th has left the window; so its rank less n is a running
    maximum inside each block of `plafond` IJ, and blocks follow one another, everybody's at the same time.
    """
    departs = np.flatnonzero(is_premier(personne))
    nombre = np.diff(np.append(departs, len(personne)))
    payes = np.add.reduceat(jour <= horizon[personne], departs, dtype=np.int64)
    # paid days, and as many days as the cap, come first and are all consumed
    base = np.maximum(payes, regles.plafond)
    pris = np.arange(len(personne)) - np.repeat(departs, nombre) < np.repeat(base, nombre)
    sorties, cles = sortie_fenetre(jour, regles.fenetre), cle(personne, jour)
    n = base[:, None] + np.arange(regles.plafond)
    rang, decalage = n - regles.plafond, np.zeros(len(base), np.int64)
    while len(encore := np.flatnonzero(n[:, 0] + decalage < nombre)):
        n, rang, decalage, nombre, departs = n[encore], rang[encore], decalage[encore], nombre[encore], departs[encore]
        libres = _first_libre(rang, nombre, departs, personne, sorties, cles)
        ecart = np.maximum(np.maximum.accumulate(libres - n, axis=1), decalage[:, None])
        rang, decalage = n + ecart, ecart[:, -1]
        valides = rang < nombre[:, None]
        pris[(rang + departs[:, None])[valides]] = True
        n = n + regles.plafond
    return pris


def _first_libre(rang: Entiers, nombre: Entiers, departs: Entiers, personne: Jours, sorties: Jours, cles: Entiers) -> Entiers:
    """Rank of the first day of the person on which her day of rank `rang` has left the window; her number of days when none."""
    lignes = np.minimum(rang, nombre[:, None] - 1) + departs[:, None]
    libres = np.searchsorted(cles, cle(personne[lignes], sorties[lignes])) - departs[:, None]
    return np.where(rang < nombre[:, None], libres, nombre[:, None])


def find_seuils(consommes: Segments, refuses: Segments, personnes: int, regles: Regles) -> tuple[Jours, ...]:
    """For the cap: first day, from `regles.jour` on, consumed or refused, whose count meets it. For each alert: first such day whose count
    comes to meet it, the IJ day before not meeting it. JAMAIS when none."""
    minima = (regles.plafond, *regles.seuils)
    resultats = tuple(np.full(personnes, JAMAIS, np.int32) for _ in minima)
    total = np.bincount(consommes.personne, weights=consommes.longueurs, minlength=personnes)
    depuis = np.int32(numero(regles.jour))
    personne, jour = _list_jours_a_venir(consommes, refuses, total >= min(minima), depuis)
    if len(jour):
        comptes = Compteur(consommes).entre(personne, annees_avant(jour, regles.fenetre), jour)
        premier, a_venir = is_premier(personne), jour >= depuis
        for rang, (resultat, minimum) in enumerate(zip(resultats, minima, strict=True)):
            atteints = comptes >= minimum
            nouveaux = atteints if rang == 0 else atteints & (premier | ~np.roll(atteints, 1))
            atteints = nouveaux & a_venir
            premiers = is_premier(personne[atteints])
            resultat[personne[atteints][premiers]] = jour[atteints][premiers]
    return resultats


def _list_jours_a_venir(consommes: Segments, refuses: Segments, choisies: Booleens, depuis: np.int32) -> tuple[Jours, Jours]:
    """(person, day) of each day from `depuis` on, and of the last one before it, sorted, of the people in `choisies`."""
    tous = [s.where(choisies[s.personne]) for s in (consommes, refuses)]
    personne, debut, fin = (np.concatenate(colonnes) for colonnes in zip(*tous, strict=True))
    veille = np.full(len(choisies), np.iinfo(np.int32).min, np.int32)
    passes = debut < depuis
    np.maximum.at(veille, personne[passes], np.minimum(fin[passes], depuis - 1))
    utiles = (fin >= depuis) | (fin == veille[personne])
    depart = np.where(veille[personne] >= debut, veille[personne], np.maximum(debut, depuis))
    return derouler(unir(personne[utiles], depart[utiles], fin[utiles]))
