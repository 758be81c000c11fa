"""Document d'orientation local: the delegation of tri, as a decision table in a closed vocabulary.

The first rule whose conditions all hold decides. No rule, or a target of ``medecin_conseil``, means the médecin-conseil decides.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pdp.errors import DonneeInvalide

CIBLES = {
    "oriente_csam": "Conseiller services (CSAM)",
    "oriente_ism": "Infirmier du service médical",
    "convocation_mc": "Convocation par le médecin-conseil",
    "sans_suite": "Sans suite",
    "medecin_conseil": "Décision du médecin-conseil",
}
CONDITIONS = {
    "palier_min": "arrêt d'au moins ce palier (jours)",
    "palier_max": "arrêt d'au plus ce palier (jours)",
    "categories": "catégorie du motif parmi",
    "risques": "risque parmi",
    "ald": "lié à une affection de longue durée",
    "age_min": "âge minimal",
    "age_max": "âge maximal",
    "priorite_min": "priorité minimale",
}


@dataclass(frozen=True)
class Faits:
    """What a rule may look at: nothing medical beyond the category."""

    palier: int
    categorie: str
    risque: str
    ald: bool
    age: int
    priorite: int


@dataclass(frozen=True)
class Regle:
    """One line of the table."""

    id: str
    rang: int
    libelle: str
    conditions: Mapping[str, Any]
    cible: str


def matches(regle: Regle, faits: Faits) -> bool:
    """Whether every condition of the rule holds; an unknown condition raises, it is never ignored."""
    tests = {
        "palier_min": lambda v: faits.palier >= v,
        "palier_max": lambda v: faits.palier <= v,
        "categories": lambda v: faits.categorie in v,
        "risques": lambda v: faits.risque in v,
        "ald": lambda v: faits.ald is v,
        "age_min": lambda v: faits.age >= v,
        "age_max": lambda v: faits.age <= v,
        "priorite_min": lambda v: faits.priorite >= v,
    }
    inconnues = set(regle.conditions) - set(tests)
    if inconnues:
        raise DonneeInvalide(
            "Le document d'orientation local contient une condition inconnue.", code=f"unknown_condition:{sorted(inconnues)[0]}"
        )
    return all(tests[cle](valeur) for cle, valeur in regle.conditions.items())


def find_regle(regles: Sequence[Regle], faits: Faits) -> Regle | None:
    """The first rule whose conditions all hold, whatever it says."""
    return next((r for r in sorted(regles, key=lambda r: r.rang) if matches(r, faits)), None)


def choose_regle(regles: Sequence[Regle], faits: Faits) -> Regle | None:
    """The deciding rule, None when the médecin-conseil decides."""
    premiere = find_regle(regles, faits)
    return None if premiere is None or premiere.cible == "medecin_conseil" else premiere


def fingerprint(regles: Sequence[Regle]) -> bytes:
    """SHA-256 of the table as signed: a changed rule no longer matches its signature."""
    table = [(r.rang, r.libelle, dict(r.conditions), r.cible) for r in sorted(regles, key=lambda r: r.rang)]
    return sha256(json.dumps(table, sort_keys=True, ensure_ascii=False).encode()).digest()
