"""Reading a feed file: what is refused as a whole, and the stream of its lines.

Two passes over one open file, both with bounded memory: the first hashes the bytes, finds the encoding and the trailer; the
second decodes and validates. One physical line is one data line (a quoted cell may hold the delimiter, never a line break):
the count of the trailer is then unambiguous and a quarantined line can be kept word for word.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pdp.config import RACINE
from pdp.domain.flux import Anomalie, LigneValide, Schema
from pdp.errors import FluxRefuse

SCHEMAS = RACINE / "include" / "docs" / "schemas"
_BLOC = 1 << 20
_LIGNE_MAX = 16_384
_FIN = re.compile(rb"#FIN[;,]([0-9]{1,9})[;,]*\s*")
_CP1252_VIDES = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_CP1252_SEULS = re.compile(rb"[\x80-\x9f]")


@dataclass(frozen=True, slots=True)
class LigneLue:
    """One data line: its number in the file (the header is line 1), its text as received, and what it became."""

    numero: int
    texte: str
    resultat: LigneValide | list[Anomalie]


@dataclass(frozen=True, slots=True)
class Empreinte:
    """What the first pass learns of the bytes."""

    sha256: str
    taille: int
    encodage: str
    lignes_annoncees: int


@dataclass(frozen=True, slots=True)
class LectureFlux:
    """A file that may be read: header, trailer and encoding are sound. ``lignes()`` streams it, and can be called again."""

    chemin: Path
    schema: Schema
    empreinte: Empreinte
    delimiteur: str
    ordre: tuple[int, ...]
    entete: str

    def textes(self, numeros: Collection[int]) -> dict[int, str]:
        """Some lines word for word, by number."""
        with self.chemin.open(encoding=self.empreinte.encodage, errors="strict", newline="\n") as fichier:
            return {numero: brute.rstrip("\r\n") for numero, brute in enumerate(fichier, start=1) if numero in numeros}

    def lignes(self) -> Iterator[LigneLue]:
        """Every data line once, valid or not; raises :class:`FluxRefuse` if their number is not the one announced."""
        ordre = None if self.ordre == tuple(range(len(self.ordre))) else self.ordre
        colonnes, valide, numero = len(self.ordre), self.schema.validate_cells, 1
        with self.chemin.open(encoding=self.empreinte.encodage, errors="strict", newline="\n") as fichier:
            fichier.readline(_LIGNE_MAX)
            for brute in fichier:
                texte = brute.rstrip("\r\n")
                if texte.startswith("#FIN"):
                    break
                numero += 1
                cellules = split_cells(texte, self.delimiteur)
                if isinstance(cellules, Anomalie):
                    yield LigneLue(numero, texte, [cellules])
                    continue
                if ordre is not None and len(cellules) == colonnes:
                    cellules = [cellules[position] for position in ordre]
                yield LigneLue(numero, texte, valide(cellules))
        if numero - 1 != self.empreinte.lignes_annoncees:
            raise _truncated(self.chemin, self.empreinte.lignes_annoncees, numero - 1)


@cache
def load_schema(flux: str) -> Schema:
    """Published Table Schema of a feed, compiled once per process."""
    chemin = SCHEMAS / f"{flux}.schema.json"
    if not chemin.is_file():
        raise FluxRefuse(f"Le flux « {flux} » n'existe pas : aucun schéma publié ne porte ce nom.", code="flux_inconnu")
    return Schema.load(json.loads(chemin.read_text(encoding="utf-8")))


def read_flux(chemin: Path, flux: str) -> LectureFlux:
    """Check everything that concerns the whole file; :class:`FluxRefuse` names what is wrong and nothing of it is taken.

    Codes: flux_inconnu, en_cours_d_ecriture, fichier_vide, fichier_tronque, encodage_inconnu, colonnes_manquantes,
    colonnes_inconnues, colonnes_en_double.
    """
    schema = load_schema(flux)
    if chemin.suffix in (".part", ".tmp") or chemin.name.startswith("."):
        raise FluxRefuse(f"« {chemin.name} » est encore en cours d'écriture : il sera repris plus tard.", code="en_cours_d_ecriture")
    empreinte = _inspect(chemin)
    with chemin.open(encoding=empreinte.encodage, errors="strict", newline="\n") as fichier:
        entete = fichier.readline(_LIGNE_MAX).rstrip("\r\n")
    delimiteur = find_delimiteur(entete)
    return LectureFlux(chemin, schema, empreinte, delimiteur, check_entete(entete, delimiteur, schema, chemin.name), entete)


def find_delimiteur(entete: str) -> str:
    """The more frequent of the two accepted ones in the header."""
    return ";" if entete.count(";") >= entete.count(",") else ","


def parse_contenu(contenu: str, flux: str) -> LigneValide | list[Anomalie]:
    """Header and line kept by the quarantine, validated again as on the first day."""
    entete, _, texte = contenu.partition("\n")
    schema, delimiteur = load_schema(flux), find_delimiteur(entete)
    ordre = check_entete(entete, delimiteur, schema, "quarantaine")
    cellules = split_cells(texte, delimiteur)
    if isinstance(cellules, Anomalie):
        return [cellules]
    return schema.validate_cells([cellules[position] for position in ordre] if len(cellules) == len(ordre) else cellules)


def split_cells(texte: str, delimiteur: str) -> list[str] | Anomalie:
    """Cells of one line; quotes are honoured, a quote that is not closed on the line is an anomaly."""
    if len(texte) > _LIGNE_MAX:
        return Anomalie("", "ligne_trop_longue", f"La ligne dépasse {_LIGNE_MAX} caractères.")
    if '"' not in texte:
        return texte.split(delimiteur)
    try:
        return next(csv.reader([texte], delimiter=delimiteur, strict=True))
    except csv.Error:
        return Anomalie("", "guillemets", "Un guillemet de la ligne n'est pas fermé ou est mal placé.")


def _inspect(chemin: Path) -> Empreinte:
    """First pass. The trailer is looked at before the encoding: a file cut inside an accented letter is cut, not badly encoded."""
    somme, taille, lignes, queue = hashlib.sha256(), 0, 0, b""
    utf8 = codecs.getincrementaldecoder("utf-8")("strict")
    est_utf8, cp1252_seul, cp1252_vide, nul, debut = True, False, False, False, b""
    with chemin.open("rb") as fichier:
        while bloc := fichier.read(_BLOC):
            debut = debut or bloc[:4]
            somme.update(bloc)
            taille += len(bloc)
            if len(bloc) == _BLOC and b"\n" not in bloc:
                raise FluxRefuse(f"« {chemin.name} » n'est pas un texte en lignes.", code="encodage_inconnu")
            lignes += bloc.count(b"\n")
            queue = (queue + bloc)[-4096:]
            nul = nul or b"\x00" in bloc
            if est_utf8:
                est_utf8 = _decodes(utf8, bloc)
            if not bloc.isascii():
                cp1252_seul = cp1252_seul or _CP1252_SEULS.search(bloc) is not None
                cp1252_vide = cp1252_vide or _CP1252_VIDES.search(bloc) is not None
    if taille == 0:
        raise FluxRefuse(f"« {chemin.name} » est vide.", code="fichier_vide")
    if nul or debut.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FluxRefuse(
            f"« {chemin.name} » n'est pas un texte UTF-8 ou ISO-8859-15 (UTF-16 ou fichier binaire). Enregistrez-le en CSV UTF-8.",
            code="encodage_inconnu",
        )
    annoncees = _check_fin(chemin, queue, lignes)
    est_utf8 = est_utf8 and _decodes(utf8, b"", final=True)
    if est_utf8:
        encodage = "utf-8-sig" if debut.startswith(codecs.BOM_UTF8) else "utf-8"
    elif cp1252_vide:
        raise FluxRefuse(
            f"« {chemin.name} » mélange des encodages ou n'est pas un texte : renvoyez-le en CSV UTF-8.", code="encodage_inconnu"
        )
    else:
        # Bytes 80 to 9F are control codes in ISO-8859-15 and letters (€, œ, ’) in cp1252: their presence decides.
        encodage = "cp1252" if cp1252_seul else "iso-8859-15"
    return Empreinte(somme.hexdigest(), taille, encodage, annoncees)


def _decodes(decodeur: codecs.IncrementalDecoder, bloc: bytes, *, final: bool = False) -> bool:
    try:
        decodeur.decode(bloc, final)
    except UnicodeDecodeError:
        return False
    return True


def _check_fin(chemin: Path, queue: bytes, sauts: int) -> int:
    """Number of data lines announced by the trailer, which must be the last line and agree with the line breaks counted."""
    derniere = queue.rstrip(b"\r\n").rpartition(b"\n")[2]
    fin = _FIN.fullmatch(derniere)
    if fin is None:
        raise FluxRefuse(
            f"« {chemin.name} » est coupé : il ne se termine pas par « #FIN;<nombre de lignes> ». Rien n'a été pris ; renvoyez-le entier.",
            code="fichier_tronque",
        )
    annoncees = int(fin.group(1))
    lignes = sauts + (0 if queue.endswith(b"\n") else 1)
    vides_de_fin = len(queue) - len(queue.rstrip(b"\r\n"))
    sauts_de_fin = queue[len(queue) - vides_de_fin :].count(b"\n")
    comptees = lignes - max(sauts_de_fin - 1, 0) - 2
    if comptees != annoncees:
        raise _truncated(chemin, annoncees, comptees)
    return annoncees


def _truncated(chemin: Path, annoncees: int, comptees: int) -> FluxRefuse:
    return FluxRefuse(
        f"« {chemin.name} » annonce {annoncees} lignes et en contient {comptees}. Rien n'a été pris ; renvoyez-le entier.",
        code="fichier_tronque",
    )


def check_entete(entete: str, delimiteur: str, schema: Schema, nom: str) -> tuple[int, ...]:
    """Position in the file of each column of the schema: the order of columns is free, their set is not."""
    cellules = split_cells(entete, delimiteur)
    colonnes = [] if isinstance(cellules, Anomalie) else [cellule.strip().lower() for cellule in cellules]
    doubles = sorted({colonne for colonne in colonnes if colonnes.count(colonne) > 1})
    manquantes = [colonne for colonne in schema.colonnes if colonne not in colonnes]
    inconnues = sorted(set(colonnes) - set(schema.colonnes))
    if not (doubles or manquantes or inconnues):
        return tuple(colonnes.index(colonne) for colonne in schema.colonnes)
    constats = []
    if manquantes:
        constats.append(f"colonnes manquantes : {', '.join(manquantes)}")
    if inconnues:
        constats.append(f"colonnes inconnues : {', '.join(colonne[:40] or '(sans nom)' for colonne in inconnues[:20])}")
    if doubles:
        constats.append(f"colonnes en double : {', '.join(colonne[:40] for colonne in doubles)}")
    code = "colonnes_manquantes" if manquantes else "colonnes_inconnues" if inconnues else "colonnes_en_double"
    raise FluxRefuse(f"L'en-tête de « {nom} » n'est pas celui du flux {schema.nom} ; {' ; '.join(constats)}. Rien n'a été pris.", code=code)
