"""The same cases placed by others: the former rule, one by one in order of arrival by count of cases, and a naive turn by turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from uuid import UUID

from pdp.domain.affectation import Candidat, choose_csam, covers, speaks
from pdp.domain.repartition import Cas, distribute

Resultat = dict[UUID, UUID]


def place_product(cas: Sequence[Cas], candidats: Sequence[Candidat]) -> Resultat:
    return {i: choix.candidat.id for i, choix in distribute(cas, candidats).items()}


def place_one_by_one(cas: Sequence[Cas], candidats: Sequence[Candidat]) -> Resultat:
    """What the platform did before: continuity, territory, then the fewest open cases for the working time; language not looked at."""
    ouverts = {c.id: replace(c, charge=c.dossiers) for c in candidats}
    places = {c.id: c.places or 0 for c in candidats}
    resultat = {}
    for courant in cas:
        choix = choose_csam([c for c in ouverts.values() if places[c.id] > 0], courant.commune, courant.precedent)
        if choix is not None:
            elu = choix.candidat
            resultat[courant.id] = elu.id
            ouverts[elu.id] = replace(elu, charge=elu.charge + 1)
            places[elu.id] -= 1
    return resultat


def place_turn_by_turn(cas: Sequence[Cas], candidats: Sequence[Candidat]) -> Resultat:
    """The next colleague in turn who may take the case, whatever the load."""
    places = {c.id: c.places or 0 for c in candidats}
    tour = cycle(candidats)
    resultat = {}
    for courant in cas:
        for _ in range(len(candidats)):
            suivant = next(tour)
            if places[suivant.id] > 0 and covers(suivant, courant.commune) and speaks(suivant, courant.langue):
                resultat[courant.id] = suivant.id
                places[suivant.id] -= 1
                break
    return resultat


PAIRS = {"product": place_product, "one_by_one": place_one_by_one, "turn_by_turn": place_turn_by_turn}
