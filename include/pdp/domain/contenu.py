"""What leaves for a partner: built by one function from the agreed classes, shown before sending, sent as shown.

Field minimisation per recipient is the list of classes of the agreement; nothing medical is a class here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CHAMPS: dict[str, tuple[str, ...]] = {
    "identite": ("nom", "prenom", "date_naissance"),
    "contact": ("telephone", "courriel"),
    "arret": ("arret_debut", "arret_fin_prescrite"),
    "emploi": ("emploi",),
    "social": ("social",),
}
LIBELLES = {
    "nom": "Nom",
    "prenom": "Prénom",
    "date_naissance": "Date de naissance",
    "telephone": "Téléphone",
    "courriel": "Adresse électronique",
    "arret_debut": "Début de l'arrêt",
    "arret_fin_prescrite": "Fin prescrite de l'arrêt",
    "emploi": "Emploi et souhaits",
    "social": "Situation sociale",
}


def build_contenu(classes: Sequence[str], faits: Mapping[str, Any]) -> dict[str, Any]:
    """Facts limited to the fields of ``classes``; an unknown class raises ``KeyError``, a missing fact is left out."""
    champs = [champ for classe in classes for champ in CHAMPS[classe]]
    return {champ: faits[champ] for champ in champs if faits.get(champ) not in (None, {}, "")}
