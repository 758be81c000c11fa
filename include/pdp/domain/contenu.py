"""What leaves for a partner: built by one function from the agreed classes, shown before sending, sent as shown.

This module holds the vocabulary: the classes of data, their fields, the words of each. Which recipient may see which is data
(``referentiel/partage.toml``, read by ``domain/partage.py``). Nothing medical is a class here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
DITS = {
    "nom": "votre nom",
    "prenom": "votre prénom",
    "date_naissance": "votre date de naissance",
    "telephone": "votre téléphone",
    "courriel": "votre adresse électronique",
    "arret_debut": "le début de votre arrêt de travail",
    "arret_fin_prescrite": "sa fin prescrite",
    "emploi": "ce que vous nous avez dit de votre emploi et de vos souhaits",
    "social": "ce que vous nous avez dit de votre situation sociale",
}
"""Each field as it is said to the person: the wording read aloud is made of these, so it names what may be sent."""
CLASSES = {
    "identite": "Identité",
    "contact": "Coordonnées",
    "arret": "Dates de l'arrêt",
    "emploi": "Emploi et souhaits",
    "social": "Situation sociale",
    "seances": "Dates de ses séances, dites par le psychologue",
}
RETOURS = {"seances": "les dates de vos séances, jamais leur contenu"}
"""Classes that come back from the recipient: agreed to like the others, never sent."""
ENVELOPPE = ("orientation_id", "dispositif", "motif", "emise_at")
"""What goes around the content of every hand-over: its number, the kind of service, the reason written by the coordinator, the instant."""

_CLASSE = {champ: classe for classe, champs in CHAMPS.items() for champ in champs}


def build_contenu(champs: Mapping[str, Sequence[str]], classes: Iterable[str], faits: Mapping[str, Any]) -> dict[str, Any]:
    """Facts limited to the fields that ``champs`` (class -> fields, of one recipient) allows and whose class is agreed.

    An agreed class that this recipient may no longer see gives nothing; a missing fact is left out; a class that does not exist
    raises ``KeyError``.
    """
    accordees = {classe: CHAMPS[classe] for classe in classes if classe not in RETOURS}
    retenus = [champ for classe, noms in champs.items() if classe in accordees for champ in noms]
    return {champ: faits[champ] for champ in retenus if faits.get(champ) not in (None, {}, "")}


def list_classes(contenu: Mapping[str, Any]) -> tuple[str, ...]:
    """Classes that a content holds, in the order of the vocabulary; a field of no class raises ``KeyError``: it may not leave."""
    presentes = {_CLASSE[champ] for champ in contenu}
    return tuple(classe for classe in CHAMPS if classe in presentes)


def drop_classes(contenu: Mapping[str, Any], classes: Iterable[str]) -> dict[str, Any]:
    """The content without the fields of these classes."""
    retirees = set(classes)
    return {champ: valeur for champ, valeur in contenu.items() if _CLASSE[champ] not in retirees}


def keep_classes(contenu: Mapping[str, Any], classes: Iterable[str]) -> dict[str, Any]:
    """The content limited to these classes."""
    gardees = set(classes)
    return {champ: valeur for champ, valeur in contenu.items() if _CLASSE[champ] in gardees}


def say_classe(classe: str, champs: Sequence[str]) -> str:
    """A class as it is read to the person: « votre nom, votre prénom et votre date de naissance »."""
    if classe in RETOURS:
        return RETOURS[classe]
    *premiers, dernier = (DITS[champ] for champ in champs)
    return f"{', '.join(premiers)} et {dernier}" if premiers else dernier
