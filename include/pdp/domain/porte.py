"""Gates: the rare mass acts that wait for a person. What each is, what it stops, and who may decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ACCEPTER, REFUSER, ATTENDRE = "Accepter", "Refuser", "Laisser en attente"
DECISIONS = {ACCEPTER: "acceptee", REFUSER: "refusee"}


@dataclass(frozen=True)
class Genre:
    """``installation``: concerns every platform, hence decided by the operators in Airflow; ``autre_personne``: not by who asked."""

    titre: str
    arrete: str
    si_accepte: str
    si_refuse: str
    installation: bool = False
    autre_personne: bool = False


GENRES: Mapping[str, Genre] = {
    "premier_envoi": Genre(
        "Premier envoi à un nouveau partenaire",
        "Ce partenaire a été ajouté à la main. Rien ne lui a jamais été envoyé.",
        "Ce qui l'attend part au prochain envoi, puis tout ce qui suit sans nouvelle question.",
        "Rien ne part vers lui. Le conseiller de chaque demande en attente a une tâche : proposer un autre relais.",
    ),
    "reaffectation": Genre(
        "Réaffectation massive",
        "Une redistribution touche un grand nombre de parcours à la fois.",
        "Elle s'applique à la prochaine affectation, ou au jour prévu s'il est plus tard.",
        "Chaque parcours reste à son conseiller. La redistribution peut être annulée depuis sa page.",
        autre_personne=True,
    ),
    "purge": Genre(
        "Effacement inhabituel de fichiers",
        "Un effacement automatique porte sur beaucoup plus de fichiers que d'ordinaire.",
        "Les fichiers plus anciens que le délai de conservation sont effacés au prochain passage.",
        "Aucun fichier n'est effacé ; la question est posée à nouveau le lendemain.",
        installation=True,
    ),
    "publication": Genre(
        "Publication qui perd beaucoup de lignes",
        "Les tables des évaluateurs ont beaucoup moins de lignes que la publication précédente.",
        "Les nouvelles tables remplacent les précédentes à la prochaine publication.",
        "La publication précédente reste en place ; la question est posée à nouveau le lendemain.",
        installation=True,
    ),
}
_COMPTES = {
    "parcours": ("parcours concerné", "parcours concernés"),
    "en_attente": ("message en attente", "messages en attente"),
    "fichiers": ("fichier à effacer", "fichiers à effacer"),
    "lignes_avant": ("ligne publiée auparavant", "lignes publiées auparavant"),
    "lignes_apres": ("ligne dans la nouvelle version", "lignes dans la nouvelle version"),
}


def describe_comptes(detail: Mapping[str, Any]) -> list[str]:
    """Counts a decision is taken on, in French; a key without words is left out."""
    lus = [(n, mots) for cle, mots in _COMPTES.items() if isinstance(n := detail.get(cle), int)]
    return [f"{n} {mots[abs(n) > 1]}" for n, mots in lus]


def is_massif(nombre: int, seuil: int) -> bool:
    """From the threshold on, included."""
    return nombre >= seuil


def is_perte(avant: int, apres: int, baisse_pct: int) -> bool:
    """True when more than ``baisse_pct`` percent of the lines are gone; nothing before, nothing lost."""
    return avant > 0 and (avant - apres) * 100 > baisse_pct * avant
