"""A refused line as a form: which cells a manager may see and change, and the line again once they are changed.

Ordinary cells are shown. A cell of the identity class is shown only when it is the faulty one. A cell of the medical class is never
shown: it is kept as it was received, and a line whose medical cell is faulty can only be sent again by its source.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from pdp.domain.flux import Anomalie, LigneValide
from pdp.domain.flux_champs import Champ
from pdp.errors import ErreurPdp
from pdp.storage.flux_lignes import find_delimiteur, load_schema, parse_contenu, split_cells

Acces = Literal["modifiable", "identite", "medicale"]
MODIFIABLES = frozenset({"assures", "arrets_prescrits", "ij_versees", "ald_invalidite"})
"""Feeds of facts. Lists of agents and partners say who may do what and where data go: they are corrected at their source."""

RENVOIS = {
    "annuaire": "Cette ligne vient d'une liste d'agents ou de partenaires : elle se corrige dans la liste, ensuite renvoyée entière.",
    "declaration": "Cette ligne vient d'une déclaration d'employeur (DSN) : l'employeur seul la corrige, par une nouvelle déclaration.",
    "medicale": "Le champ en faute est médical : il ne s'affiche pas ici. Cette ligne est à renvoyer depuis la source.",
    "ligne": "La ligne entière est en faute : ses cases ne peuvent pas être retrouvées. Elle est à renvoyer depuis la source.",
}
_AIDES = {
    "date": "AAAA-MM-JJ ou JJ/MM/AAAA",
    "datetime": "AAAA-MM-JJThh:mm:ss",
    "integer": "Nombre entier",
    "number": "Nombre",
}
_CELLULE_MAX = 400


@dataclass(frozen=True)
class ChampLigne:
    """One cell of the form; ``valeur`` is empty unless ``acces`` is ``modifiable``."""

    nom: str
    titre: str
    acces: Acces
    valeur: str
    options: tuple[str, ...]
    aide: str
    requis: bool
    erreurs: tuple[str, ...]


@dataclass(frozen=True)
class LigneOuverte:
    """What the manager may see of a line. ``renvoi`` says why it cannot be corrected here; ``generales``: faults of no visible cell."""

    champs: tuple[ChampLigne, ...] = ()
    generales: tuple[str, ...] = ()
    renvoi: str | None = None

    @property
    def fautifs(self) -> tuple[ChampLigne, ...]:
        return tuple(champ for champ in self.champs if champ.erreurs)


def find_renvoi(flux: str) -> str | None:
    """Why no line of this feed is corrected here, None when lines are."""
    if flux in MODIFIABLES:
        return None
    return RENVOIS["declaration" if flux == "dsn" else "annuaire"]


def open_contenu(contenu: str, flux: str, raisons: Collection[Anomalie]) -> LigneOuverte:
    """The form of a line as it is kept. ``raisons``: why it was refused when its text alone does not tell (an unknown person)."""
    renvoi = find_renvoi(flux)
    cellules = None if renvoi else _cells(contenu)
    if renvoi or cellules is None:
        return LigneOuverte(renvoi=renvoi or RENVOIS["ligne"])
    anomalies = check_contenu(contenu, flux) or list(raisons)
    return _build(load_schema(flux).champs, cellules, anomalies, {a.champ for a in anomalies})


def retype_contenu(
    contenu: str, flux: str, valeurs: Mapping[str, str], anomalies: Collection[Anomalie], ouverts: Collection[str]
) -> LigneOuverte:
    """The form as it was typed, with what is still wrong beside each cell.

    ``ouverts``: cells that the line as kept shows; what is typed can never open another one.
    """
    cellules = {**(_cells(contenu) or {}), **valeurs}
    return _build(load_schema(flux).champs, cellules, anomalies, ouverts)


def merge_contenu(contenu: str, valeurs: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Header and line with these cells changed, and the names of those that really differ; the other cells are word for word."""
    cellules = _cells(contenu)
    if cellules is None:
        raise ErreurPdp(RENVOIS["ligne"], code="line_without_cells")
    changees = tuple(nom for nom in cellules if nom in valeurs and valeurs[nom] != cellules[nom].strip())
    entete = contenu.partition("\n")[0]
    sortie = io.StringIO()
    csv.writer(sortie, delimiter=find_delimiteur(entete), lineterminator="").writerow(
        valeurs[nom] if nom in changees else cellule for nom, cellule in cellules.items()
    )
    return f"{entete}\n{sortie.getvalue()}", changees


def check_contenu(contenu: str, flux: str) -> list[Anomalie]:
    """What the feed's own schema finds wrong: the same check as for a file."""
    resultat = parse_contenu(contenu, flux)
    return [] if isinstance(resultat, LigneValide) else list(resultat)


def check_saisie(valeurs: Mapping[str, str]) -> list[Anomalie]:
    """Typed cells that would not be one cell of one line."""
    return [
        Anomalie(nom, "saisie_illisible", f"Cette case dépasse {_CELLULE_MAX} caractères ou contient un saut de ligne.")
        for nom, valeur in valeurs.items()
        if len(valeur) > _CELLULE_MAX or any(ord(signe) < 32 or ord(signe) == 127 for signe in valeur)
    ]


def _cells(contenu: str) -> dict[str, str] | None:
    """Cells by column, in the order of the file; None when they cannot be told apart. The header was checked with its file."""
    entete, _, texte = contenu.partition("\n")
    delimiteur = find_delimiteur(entete)
    colonnes, cellules = split_cells(entete, delimiteur), split_cells(texte, delimiteur)
    if isinstance(colonnes, Anomalie) or isinstance(cellules, Anomalie) or len(cellules) != len(colonnes):
        return None
    return dict(zip((colonne.strip().lower() for colonne in colonnes), cellules, strict=True))


def _build(
    champs: Collection[Champ], cellules: Mapping[str, str], anomalies: Collection[Anomalie], ouverts: Collection[str]
) -> LigneOuverte:
    if any(champ.classe == "medicale" and champ.nom in {a.champ for a in anomalies} for champ in champs):
        return LigneOuverte(renvoi=RENVOIS["medicale"])
    lignes = tuple(_champ(champ, cellules[champ.nom].strip(), anomalies, ouverts) for champ in champs if champ.nom in cellules)
    vus = {ligne.nom for ligne in lignes if ligne.acces == "modifiable"}
    return LigneOuverte(lignes, tuple(a.message for a in anomalies if a.champ not in vus))


def _champ(champ: Champ, valeur: str, anomalies: Collection[Anomalie], ouverts: Collection[str]) -> ChampLigne:
    acces: Acces = "modifiable"
    if champ.classe == "medicale":
        acces = "medicale"
    elif champ.classe is not None and champ.nom not in ouverts:
        acces = "identite"
    options: tuple[str, ...] = ()
    if champ.type == "boolean":
        options = ("oui", "non")
    elif champ.valeurs and not champ.separateur:
        options = tuple(map(str, champ.valeurs))
    aide = _AIDES.get(champ.type, "")
    if champ.separateur:
        aide = f"Valeurs séparées par « {champ.separateur} »" + (f" : {', '.join(map(str, champ.valeurs))}" if champ.valeurs else "")
    return ChampLigne(
        champ.nom,
        champ.titre,
        acces,
        valeur if acces == "modifiable" else "",
        options,
        aide,
        champ.requis,
        tuple(a.message for a in anomalies if a.champ == champ.nom),
    )
