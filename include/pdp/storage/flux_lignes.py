"""Lines of a feed file as text: header, cells, and the line of the quarantine read again."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cache

from pdp.config import RACINE
from pdp.domain.flux import Anomalie, LigneValide, Schema
from pdp.errors import FluxRefuse

SCHEMAS = RACINE / "include" / "docs" / "schemas"
LIGNE_MAX = 16_384


@dataclass(frozen=True, slots=True)
class LigneLue:
    """One data line: its number in the file (the header is line 1), its text as received, and what it became."""

    numero: int
    texte: str
    resultat: LigneValide | list[Anomalie]


@cache
def load_schema(flux: str) -> Schema:
    """Published Table Schema of a feed, compiled once per process."""
    chemin = SCHEMAS / f"{flux}.schema.json"
    if not chemin.is_file():
        raise FluxRefuse(f"Le flux « {flux} » n'existe pas : aucun schéma publié ne porte ce nom.", code="flux_inconnu")
    return Schema.load(json.loads(chemin.read_text(encoding="utf-8")))


def find_delimiteur(entete: str) -> str:
    """The more frequent of the two accepted ones in the header."""
    return ";" if entete.count(";") >= entete.count(",") else ","


def parse_contenu(contenu: str, flux: str) -> LigneValide | list[Anomalie]:
    """Header and line kept by the quarantine, validated again as on the first day."""
    entete, _, texte = contenu.partition("\n")
    schema, delimiteur = load_schema(flux), find_delimiteur(entete)
    cellules = arrange_line(texte, entete, delimiteur, check_entete(entete, delimiteur, schema, "quarantaine"))
    return [cellules] if isinstance(cellules, Anomalie) else schema.validate_cells(cellules)


def arrange_line(texte: str, entete: str, delimiteur: str, ordre: tuple[int, ...]) -> list[str] | Anomalie:
    """Cells of one line in the order of the schema."""
    cellules, colonnes = split_cells(texte, delimiteur), split_cells(entete, delimiteur)
    if isinstance(cellules, Anomalie) or isinstance(colonnes, Anomalie):
        return cellules if isinstance(cellules, Anomalie) else Anomalie("", "guillemets", "L'en-tête de la ligne est illisible.")
    if len(cellules) != len(colonnes):
        return wrong_width(len(cellules), len(colonnes))
    return arrange_cells(cellules, ordre)


def arrange_cells(cellules: list[str], ordre: tuple[int, ...]) -> list[str]:
    return [cellules[position] if position >= 0 else "" for position in ordre]


def wrong_width(comptees: int, attendues: int) -> Anomalie:
    return Anomalie("", "nombre_de_colonnes", f"La ligne compte {comptees} cases au lieu de {attendues}.")


def split_cells(texte: str, delimiteur: str) -> list[str] | Anomalie:
    """Cells of one line; quotes are honoured, a quote that is not closed on the line is an anomaly."""
    if len(texte) > LIGNE_MAX:
        return Anomalie("", "ligne_trop_longue", f"La ligne dépasse {LIGNE_MAX} caractères.")
    if '"' not in texte:
        return texte.split(delimiteur)
    try:
        return next(csv.reader([texte], delimiter=delimiteur, strict=True))
    except csv.Error:
        return Anomalie("", "guillemets", "Un guillemet de la ligne n'est pas fermé ou est mal placé.")


def check_entete(entete: str, delimiteur: str, schema: Schema, nom: str) -> tuple[int, ...]:
    """Position in the file of each column of the schema: the order of columns is free, their set is not.

    The optional columns follow the others as soon as the file has one of them, -1 for those it has not.
    """
    cellules = split_cells(entete, delimiteur)
    colonnes = [] if isinstance(cellules, Anomalie) else [cellule.strip().lower() for cellule in cellules]
    doubles = sorted({colonne for colonne in colonnes if colonnes.count(colonne) > 1})
    manquantes = [colonne for colonne in schema.colonnes if colonne not in colonnes]
    inconnues = sorted(set(colonnes) - {*schema.colonnes, *schema.optionnelles})
    if not (doubles or manquantes or inconnues):
        facultatives = schema.optionnelles if set(colonnes) & set(schema.optionnelles) else ()
        return tuple(colonnes.index(colonne) if colonne in colonnes else -1 for colonne in (*schema.colonnes, *facultatives))
    constats = []
    if manquantes:
        constats.append(f"colonnes manquantes : {', '.join(manquantes)}")
    if inconnues:
        constats.append(f"colonnes inconnues : {', '.join(colonne[:40] or '(sans nom)' for colonne in inconnues[:20])}")
    if doubles:
        constats.append(f"colonnes en double : {', '.join(colonne[:40] for colonne in doubles)}")
    code = "colonnes_manquantes" if manquantes else "colonnes_inconnues" if inconnues else "colonnes_en_double"
    raise FluxRefuse(f"L'en-tête de « {nom} » n'est pas celui du flux {schema.nom} ; {' ; '.join(constats)}. Rien n'a été pris.", code=code)
