"""Hand-over sheet: what whoever receives a parcours must know first. Codes and dates only: no name, no health, no free text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pdp.domain.parcours import LIBELLES, Statut
from pdp.domain.tache import MOTIFS

PROMESSE = "rappel_promis"
LIGNES_MAX = 8  # a sheet is read in one look; the list of tasks has the rest


def describe_passation(statut: str, rendez_vous: datetime | None, taches: Sequence[tuple[str, datetime]], orientations: int) -> str:
    """French sentences: state, appointment, promises, next step. ``taches``: open reasons (code, deadline), earliest first; instants are
    written as they are given, in the zone of the platform.
    """
    promesses = [t for t in taches if t[0] == PROMESSE]
    autres = [t for t in taches if t[0] != PROMESSE and t[0] != "tele_echange"]
    morceaux = [f"État : {LIBELLES[Statut(statut)].lower()}"]
    if rendez_vous is not None:
        morceaux.append(f"télé-échange le {rendez_vous:%d/%m/%Y à %H:%M}")
    morceaux += [f"promis : rappeler avant le {echeance:%d/%m/%Y à %H:%M}" for _, echeance in promesses]
    morceaux += [f"à faire avant le {echeance:%d/%m/%Y} : {_libelle(motif)}" for motif, echeance in autres[:LIGNES_MAX]]
    if len(autres) > LIGNES_MAX:
        morceaux.append(f"et {len(autres) - LIGNES_MAX} autres tâches")
    if orientations:
        morceaux.append("une orientation en cours" if orientations == 1 else f"{orientations} orientations en cours")
    if not taches:
        morceaux.append("aucune tâche ouverte : faites le point")
    return " ; ".join(morceaux) + "."


def _libelle(motif: str) -> str:
    return MOTIFS[motif].libelle.lower() if motif in MOTIFS else motif
