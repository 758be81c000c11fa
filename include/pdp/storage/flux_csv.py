"""Reading a feed file in CSV: what is refused as a whole, and the stream of its lines.

Two passes over one open file, both with bounded memory: the first hashes the bytes, finds the encoding and the trailer; the
second decodes and validates. One physical line is one data line (a quoted cell may hold the delimiter, never a line break):
the count of the trailer is then unambiguous and a quarantined line can be kept word for word.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pdp.domain.flux import Anomalie, Schema
from pdp.errors import FluxRefuse
from pdp.storage.flux_lignes import (
    LIGNE_MAX,
    SCHEMAS,
    LigneLue,
    arrange_cells,
    check_entete,
    find_delimiteur,
    load_schema,
    parse_contenu,
    split_cells,
    wrong_width,
)

__all__ = [
    "SCHEMAS",
    "Lecture",
    "LectureFlux",
    "LigneLue",
    "check_entete",
    "find_delimiteur",
    "load_schema",
    "parse_contenu",
    "read_flux",
    "split_cells",
]

_BLOC = 1 << 20
REPOS_SECONDES = 60
"""A file without its end and touched more recently than this may still be growing."""
_FIN = re.compile(rb"#FIN[;,]([0-9]{1,9})[;,]*\s*")
_CP1252_VIDES = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_CP1252_SEULS = re.compile(rb"[\x80-\x9f]")


@dataclass(frozen=True, slots=True)
class Empreinte:
    """What the first pass learns of the bytes; ``encodage`` is empty for a format that carries its own."""

    sha256: str
    taille: int
    encodage: str
    lignes_annoncees: int
    modifie_ns: int


class Lecture(Protocol):
    """A file that may be read, whatever its format: ``lignes()`` streams it, and can be called again.

    ``entete`` and the texts are CSV with ``delimiteur``: the quarantine keeps one form only.
    """

    @property
    def chemin(self) -> Path: ...
    @property
    def schema(self) -> Schema: ...
    @property
    def empreinte(self) -> Empreinte: ...
    @property
    def delimiteur(self) -> str: ...
    @property
    def ordre(self) -> tuple[int, ...]: ...
    @property
    def entete(self) -> str: ...

    def textes(self, numeros: Collection[int]) -> Iterator[tuple[int, str]]:
        """Some lines word for word, with their number, in one pass over the file."""
        ...

    def lignes(self) -> Iterator[LigneLue]:
        """Every data line once, valid or not; raises :class:`FluxRefuse` if their number is not the one announced."""
        ...


@dataclass(frozen=True, slots=True)
class LectureFlux:
    """A CSV file whose header, trailer and encoding are sound."""

    chemin: Path
    schema: Schema
    empreinte: Empreinte
    delimiteur: str
    ordre: tuple[int, ...]
    entete: str
    largeur: int

    def textes(self, numeros: Collection[int]) -> Iterator[tuple[int, str]]:
        """Some lines word for word, with their number, in one pass over the file."""
        with self.chemin.open(encoding=self.empreinte.encodage, errors="strict", newline="\n") as fichier:
            yield from ((numero, brute.rstrip("\r\n")) for numero, brute in enumerate(fichier, start=1) if numero in numeros)

    def lignes(self) -> Iterator[LigneLue]:
        """Every data line once, valid or not; raises :class:`FluxRefuse` if their number is not the one announced."""
        ordre = None if self.ordre == tuple(range(self.largeur)) else self.ordre
        largeur, valide, numero = self.largeur, self.schema.validate_cells, 1
        with self.chemin.open(encoding=self.empreinte.encodage, errors="strict", newline="\n") as fichier:
            fichier.readline(LIGNE_MAX)
            for brute in fichier:
                texte = brute.rstrip("\r\n")
                if texte.startswith("#FIN"):
                    break
                numero += 1
                cellules = split_cells(texte, self.delimiteur)
                if isinstance(cellules, Anomalie):
                    yield LigneLue(numero, texte, [cellules])
                elif len(cellules) != largeur:
                    yield LigneLue(numero, texte, [wrong_width(len(cellules), largeur)])
                else:
                    yield LigneLue(numero, texte, valide(cellules if ordre is None else arrange_cells(cellules, ordre)))
        if numero - 1 != self.empreinte.lignes_annoncees:
            raise _truncated(self.chemin, self.empreinte.lignes_annoncees, numero - 1)


def read_flux(chemin: Path, flux: str) -> Lecture:
    """Check everything that concerns the whole file; :class:`FluxRefuse` names what is wrong and nothing of it is taken.

    Codes: flux_inconnu, en_cours_d_ecriture, fichier_vide, fichier_tronque, encodage_inconnu, colonnes_manquantes,
    colonnes_inconnues, colonnes_en_double; for a Parquet file also fichier_illisible and type_de_colonne.
    """
    schema = load_schema(flux)
    if chemin.suffix in (".part", ".tmp") or chemin.name.startswith("."):
        raise FluxRefuse(f"« {chemin.name} » est encore en cours d'écriture : il sera repris plus tard.", code="en_cours_d_ecriture")
    if chemin.suffix == ".parquet":
        from pdp.storage.flux_parquet import read_parquet  # the column engine is loaded for those who send columns

        return read_parquet(chemin, schema)
    empreinte = _inspect(chemin)
    with chemin.open(encoding=empreinte.encodage, errors="strict", newline="\n") as fichier:
        entete = fichier.readline(LIGNE_MAX).rstrip("\r\n")
    delimiteur = find_delimiteur(entete)
    ordre = check_entete(entete, delimiteur, schema, chemin.name)
    return LectureFlux(chemin, schema, empreinte, delimiteur, ordre, entete, len(split_cells(entete, delimiteur)))


def is_en_ecriture(chemin: Path) -> bool:
    """Whether the file is better left alone for now: a provisional name, or no end yet and touched a moment ago.

    The age of a file is told by the machine's clock, like the file's own date: never by the clock of the platform, which tests move.
    """
    if chemin.suffix in (".part", ".tmp") or chemin.name.startswith("."):
        return True
    etat = chemin.stat()
    if time.time() - etat.st_mtime > REPOS_SECONDES:
        return False
    with chemin.open("rb") as fichier:
        fichier.seek(max(etat.st_size - 4096, 0))
        queue = fichier.read()
    derniere = queue.rstrip(b"\r\n").rpartition(b"\n")[2]
    ends = {".parquet": queue.endswith(b"PAR1"), ".dsn": derniere.startswith((b"S90.", b"S95."))}
    return not ends.get(chemin.suffix, _FIN.fullmatch(derniere) is not None)


def check_inchange(lecture: Lecture) -> None:
    """Raise when the file was written to since its first byte was read: what was taken of it may be half old, half new."""
    etat = lecture.chemin.stat()
    if (etat.st_size, etat.st_mtime_ns) != (lecture.empreinte.taille, lecture.empreinte.modifie_ns):
        raise FluxRefuse(f"« {lecture.chemin.name} » a changé pendant sa lecture : il sera repris plus tard.", code="en_cours_d_ecriture")


def _inspect(chemin: Path) -> Empreinte:
    """First pass. The trailer is looked at before the encoding: a file cut inside an accented letter is cut, not badly encoded."""
    somme, taille, lignes, queue = hashlib.sha256(), 0, 0, b""
    utf8 = codecs.getincrementaldecoder("utf-8")("strict")
    est_utf8, cp1252_seul, cp1252_vide, nul, debut, modifie = True, False, False, False, b"", chemin.stat().st_mtime_ns
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
    return Empreinte(somme.hexdigest(), taille, encodage, annoncees, modifie)


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
