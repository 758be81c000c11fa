"""The risk clock over arrays. Oracle: domain/episode.py, whose rule numbers are quoted here."""

from __future__ import annotations

import numpy as np

from pdp.calcul.regles import NON_RENSEIGNE, Episodes, Prescriptions, Suspensions
from pdp.calcul.segments import TOUJOURS, Booleens, Compteur, Entiers, Jours, cle, couvert_jusqu_au, is_premier, unir


def build_episodes(p: Prescriptions, suspensions: Suspensions, tolerance: int, suspension_max: int) -> Episodes:
    """Absences of everybody (rules 3 to 9); maternity and paternity are not in `p`. `tolerance`, `suspension_max`: days."""
    premier = is_premier(p.personne)
    couvert = couvert_jusqu_au(p.personne, p.fin, premier)
    coupe = premier | (p.debut - couvert - 1 > tolerance)
    candidates = np.flatnonzero(coupe & ~premier)
    if len(candidates) and len(suspensions.personne):
        coupe[candidates] = _is_coupe(p, couvert, candidates, suspensions, tolerance, suspension_max)
    departs = np.flatnonzero(coupe)
    if not len(departs):
        return _rassembler(p, departs, np.empty(0, np.int32))
    return _rassembler(p, departs, np.add.reduceat(_jours_nouveaux(p, couvert), departs, dtype=np.int32))


def _jours_nouveaux(p: Prescriptions, couvert: Jours) -> Jours:
    """Rule 4: days of each prescription that none above it covers."""
    return np.maximum(p.fin - np.maximum(p.debut, couvert + np.int32(1)) + np.int32(1), np.int32(0))


def _is_coupe(p: Prescriptions, couvert: Jours, lignes: Entiers, s: Suspensions, tolerance: int, suspension_max: int) -> Booleens:
    """Rule 3 for the gaps above tolerance that precede `lignes`: False where declared suspensions fill them."""
    personne, debut, fin = p.personne[lignes], couvert[lignes] + np.int32(1), p.debut[lignes] - np.int32(1)
    neutre = unir(s.personne, s.debut, _close(s, cle(personne, debut), personne, fin))
    neutres = Compteur(neutre).entre(personne, debut - np.int32(1), fin)
    manquants = fin - debut + 1
    return (manquants - neutres > tolerance) | (neutres > suspension_max)


def _close(s: Suspensions, cles_trous: Entiers, personne_trous: Jours, fin_trous: Jours) -> Jours:
    """Last day of each suspension: an open one lasts as long as the gap it begins in, and counts for nothing elsewhere."""
    ouvertes = np.flatnonzero(s.fin == TOUJOURS)
    if not len(ouvertes):
        return s.fin
    trou = np.searchsorted(cles_trous, cle(s.personne[ouvertes], s.debut[ouvertes]), side="right") - 1
    dedans = (trou >= 0) & (personne_trous[trou] == s.personne[ouvertes]) & (fin_trous[trou] >= s.debut[ouvertes])
    fin = s.fin.copy()
    fin[ouvertes] = np.where(dedans, fin_trous[trou], s.debut[ouvertes] - np.int32(1))
    return fin


def _rassembler(p: Prescriptions, departs: Entiers, jours_prescrits: Jours) -> Episodes:
    """Rules 4 to 9; rows `departs` open an episode."""
    if not len(departs):
        rien = np.empty(0, np.int32)
        bit, code = rien.astype(np.bool_), rien.astype(np.int8)
        return Episodes(rien, departs, rien, rien, rien, rien, code, bit, code, bit, bit, rien.astype(np.int64))
    rangs = np.arange(len(p.personne), dtype=np.int64)
    dernier_motif = np.maximum.reduceat(np.where(p.motif != NON_RENSEIGNE, rangs, -1), departs)
    # the low bit says that a full-time prescription reaches the last day
    fin_et_plein = np.maximum.reduceat((p.fin.astype(np.int64) << 1) | ~p.temps_partiel, departs)
    risque = p.risque[departs]
    return Episodes(
        personne=p.personne[departs],
        premiere=departs,
        debut=p.debut[departs],
        fin=(fin_et_plein >> 1).astype(np.int32),
        jours_prescrits=jours_prescrits,
        nb_prescriptions=np.diff(np.append(departs, len(rangs))).astype(np.int32),
        risque=risque,
        risque_mixte=(np.minimum.reduceat(p.risque, departs) != risque) | (np.maximum.reduceat(p.risque, departs) != risque),
        motif=np.where(dernier_motif >= 0, p.motif[np.maximum(dernier_motif, 0)], np.int8(NON_RENSEIGNE)),
        ald=np.logical_or.reduceat(p.ald, departs),
        temps_partiel=(fin_et_plein & 1) == 0,
        connu_at=np.maximum.reduceat(p.connu_at, departs),
    )
