"""What was handed over, as titled French lines: for the screens of its partner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pdp.domain.contenu import CHAMPS, LIBELLES

_TITRES = {
    "identite": "La personne",
    "contact": "Pour la joindre",
    "arret": "Son arrêt de travail",
    "emploi": "Son emploi et ses souhaits",
    "social": "Sa situation sociale",
}


@dataclass(frozen=True)
class Champ:
    """One line of what was handed over; ``cle`` is its field in the frozen content."""

    cle: str
    libelle: str
    valeur: str


@dataclass(frozen=True)
class Rubrique:
    """A class of data with its lines, titled in French."""

    titre: str
    champs: tuple[Champ, ...]


def describe_contenu(contenu: Mapping[str, Any]) -> tuple[Rubrique, ...]:
    """Frozen content as titled lines, in the order of the classes; a field of no known class is shown too, never hidden."""
    connus = {champ for champs in CHAMPS.values() for champ in champs}
    groupes = [(_TITRES[classe], champs) for classe, champs in CHAMPS.items()]
    groupes.append(("Autres éléments", tuple(champ for champ in contenu if champ not in connus)))
    rubriques = [
        Rubrique(titre, tuple(ligne for champ in champs for ligne in _describe(champ, contenu.get(champ)))) for titre, champs in groupes
    ]
    return tuple(rubrique for rubrique in rubriques if rubrique.champs)


def _describe(champ: str, valeur: Any) -> list[Champ]:
    """Lines of one field: answers of a questionnaire are already French questions and answers."""
    if valeur in (None, "", [], {}):
        return []
    if isinstance(valeur, Mapping):
        return [Champ(champ, str(question), str(reponse)) for question, reponse in valeur.items()]
    texte = ", ".join(str(v) for v in valeur) if isinstance(valeur, list) else str(valeur)
    return [Champ(champ, LIBELLES.get(champ, champ.replace("_", " ").capitalize()), _date(texte) or texte)]


def _date(texte: str) -> str | None:
    """31/12/2026 for an ISO date, None for anything else."""
    try:
        return f"{date.fromisoformat(texte):%d/%m/%Y}" if len(texte) == len("2026-12-31") else None
    except ValueError:
        return None
