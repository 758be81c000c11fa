"""The organisation as a dated tree: kinds of units, who may change what, and the tree of a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

TYPES: dict[str, str] = {
    "CNAM": "Caisse nationale",
    "DRSM": "Direction régionale du service médical",
    "ELSM": "Échelon local du service médical",
    "CPAM": "Caisse primaire",
    "CGSS": "Caisse générale de sécurité sociale",
    "CCSS": "Caisse commune de sécurité sociale",
    "CARSAT": "Caisse d'assurance retraite et de la santé au travail",
    "POLE_MEDICAL": "Pôle médical",
    "PLATEFORME_PDP": "Plateforme",
    "EQUIPE": "Équipe",
}
ACTES: dict[str, str] = {
    "creation": "Création d'une équipe",
    "renommage": "Changement de nom",
    "mutation": "Changement d'équipe",
    "fusion": "Fin d'une équipe, reprise par une autre",
}
FONCTIONS: dict[str, str] = {
    "csam": "conseiller",
    "medecin_conseil": "médecin-conseil",
    "responsable": "responsable",
    "evaluateur": "évaluateur",
}
NOMMABLES = frozenset({"PLATEFORME_PDP", "EQUIPE"})
"""Units of the platform: a manager names them and puts people there; the others are decided elsewhere."""
FUSIONNABLES = frozenset({"EQUIPE"})
DEPLACABLES = frozenset({"csam", "responsable"})
"""Functions a manager places: never a médecin-conseil, who does not answer to the platform."""


@dataclass(frozen=True)
class Unite:
    """A unit on one day; ``parent_id`` in the hierarchy of that day."""

    id: UUID
    type: str
    libelle: str
    du: date | None
    au: date | None
    parent_id: UUID | None

    @property
    def type_libelle(self) -> str:
        return TYPES[self.type]

    @property
    def is_nommable(self) -> bool:
        return self.type in NOMMABLES

    @property
    def is_fusionnable(self) -> bool:
        return self.type in FUSIONNABLES


@dataclass(frozen=True)
class Noeud:
    unite: Unite
    enfants: tuple[Noeud, ...]


def build_arbre(unites: Iterable[Unite]) -> list[Noeud]:
    """Trees of one day, by name. Each unit is there once: one whose parent does not exist that day is a root, so is one of a circle."""
    toutes = sorted(unites, key=lambda u: (u.libelle, str(u.id)))
    connues = {u.id for u in toutes}
    enfants: dict[UUID | None, list[Unite]] = defaultdict(list)
    for u in toutes:
        enfants[u.parent_id if u.parent_id in connues else None].append(u)
    vues: set[UUID] = set()

    def grow(unite: Unite) -> Noeud:
        vues.add(unite.id)
        return Noeud(unite, tuple(grow(e) for e in enfants[unite.id] if e.id not in vues))

    arbre = [grow(u) for u in enfants[None]]
    return arbre + [grow(u) for u in toutes if u.id not in vues]


def walk(arbre: Iterable[Noeud]) -> Iterator[Noeud]:
    """Every node, parents first."""
    for noeud in arbre:
        yield noeud
        yield from walk(noeud.enfants)


def list_descendance(arbre: Iterable[Noeud], unite_id: UUID) -> frozenset[UUID]:
    """The unit and everything below it."""
    for noeud in walk(arbre):
        if noeud.unite.id == unite_id:
            return frozenset(n.unite.id for n in walk([noeud]))
    return frozenset({unite_id})
