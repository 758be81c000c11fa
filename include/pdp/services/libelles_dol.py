"""Conditions of the document d'orientation local in French, as one reads them aloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pdp.services.libelles_dossier import CATEGORIES, RISQUES

ORDRE = ("palier_min", "palier_max", "categories", "risques", "ald", "age_min", "age_max", "priorite_min")


def tell_conditions(conditions: Mapping[str, Any]) -> list[str]:
    """One sentence per condition, in the order of the form; a condition outside the closed vocabulary is shown as it is."""
    inconnues = [f"{cle} : {valeur}" for cle, valeur in conditions.items() if cle not in ORDRE]
    return [_tell(cle, conditions[cle]) for cle in ORDRE if cle in conditions] + inconnues


def _tell(cle: str, valeur: Any) -> str:
    if cle == "categories":
        return "motif : " + " ou ".join(CATEGORIES.get(v, v).lower() for v in valeur)
    if cle == "risques":
        return "risque : " + " ou ".join(RISQUES.get(v, v).lower() for v in valeur)
    if cle == "ald":
        return "en affection de longue durée" if valeur else "sans affection de longue durée"
    return {
        "palier_min": f"arrêt d'au moins {valeur} jours",
        "palier_max": f"arrêt d'au plus {valeur} jours",
        "age_min": f"{valeur} ans ou plus",
        "age_max": f"{valeur} ans ou moins",
        "priorite_min": f"priorité d'au moins {valeur}",
    }[cle]
