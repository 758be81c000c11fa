"""How soon an open case must have a coordinator, by its risk: the policy says from how many points the risk is high."""

from __future__ import annotations

from dataclasses import dataclass

DELAI_ELEVE = "affectation_delai_risque_eleve_jours_ouvres"
DELAI_COURANT = "affectation_delai_jours_ouvres"
LIBELLES = {"eleve": "Risque élevé", "courant": "Risque courant"}


@dataclass(frozen=True, slots=True)
class Risque:
    """``delai``: policy key of the time allowed."""

    code: str
    delai: str

    @property
    def libelle(self) -> str:
        return LIBELLES[self.code]


def rate_risque(priorite: int, seuil_points: int) -> Risque:
    """High from the threshold on, itself included."""
    return Risque("eleve", DELAI_ELEVE) if priorite >= seuil_points else Risque("courant", DELAI_COURANT)
