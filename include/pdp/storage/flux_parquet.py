"""Reading a feed file in Parquet: the same columns, typed by the sender, turned into the cells that the published schema reads.

The footer of a Parquet file is written last and tells its rows: a truncated file has none. Rows are decoded a batch at a time, so
that memory does not grow with the file. A line for the quarantine is written as CSV: its correction and its replay are those of a CSV line.
"""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import polars as pl
from polars.exceptions import PanicException, PolarsError

from pdp.config import RACINE
from pdp.domain.flux import Anomalie, Schema
from pdp.errors import FluxRefuse
from pdp.storage.flux_csv import Empreinte
from pdp.storage.flux_lignes import LigneLue, check_entete

_MAGIQUE = b"PAR1"
_LOT = 20_000
_BLOC = 1 << 20
_ESSAI_MEMOIRE = 4 << 30
"""Address space of the trial decoding, in bytes; much of it is reserved and never touched."""
_ESSAI_SECONDES = 900
_ENTIERS = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)
_TEXTES = (pl.String, pl.Categorical, pl.Enum, pl.Null)
_ILLISIBLE = (PolarsError, PanicException, OSError, OverflowError)
_INTERDITS = ("\x00", "\n", "\r")


@dataclass(frozen=True, slots=True)
class LectureParquet:
    """A Parquet file whose footer, columns and types are sound."""

    chemin: Path
    schema: Schema
    empreinte: Empreinte
    ordre: tuple[int, ...]
    colonnes: tuple[str, ...]
    expressions: tuple[pl.Expr, ...]
    delimiteur: str = ";"

    @property
    def entete(self) -> str:
        return self.delimiteur.join(self.colonnes)

    def textes(self, numeros: Collection[int]) -> Iterator[tuple[int, str]]:
        """Some rows as CSV, with their number, in one pass over the file."""
        numero = 1
        for lot in self._batches():
            for rang in range(lot.height):
                numero += 1
                if numero in numeros:
                    yield numero, self._text(lot.row(rang))

    def lignes(self) -> Iterator[LigneLue]:
        """Every row once, valid or not; numbered as if the header were line 1."""
        valide, numero = self.schema.validate_cells, 1
        positions = [position for position in self.ordre if position >= 0]
        complet = len(positions) == len(self.ordre)
        for lot in self._batches():
            texte_libre = any(lot[colonne].str.contains_any(list(_INTERDITS)).any() for colonne in lot.columns)
            rangees: Iterator[Sequence[str]] = zip(*(lot.to_series(position).to_list() for position in positions), strict=True)
            for rang, cellules in enumerate(rangees):
                numero += 1
                if texte_libre and any(interdit in cellule for cellule in cellules for interdit in _INTERDITS):
                    anomalie = Anomalie("", "caractere_interdit", "La ligne contient un saut de ligne ou un caractère nul.")
                    yield LigneLue(numero, self._text(lot.row(rang)), [anomalie])
                    continue
                resultat = valide(cellules if complet else self._complete(cellules))
                yield LigneLue(numero, self._text(lot.row(rang)) if isinstance(resultat, list) else "", resultat)
        if numero - 1 != self.empreinte.lignes_annoncees:
            raise FluxRefuse(
                f"« {self.chemin.name} » annonce {self.empreinte.lignes_annoncees} lignes et en contient {numero - 1}. Rien n'a été pris.",
                code="fichier_tronque",
            )

    def _complete(self, cellules: Sequence[str]) -> list[str]:
        suite = iter(cellules)
        return [next(suite) if position >= 0 else "" for position in self.ordre]

    def _batches(self) -> Iterator[pl.DataFrame]:
        """All columns as text, in the order of the file."""
        try:
            plan = pl.scan_parquet(self.chemin, glob=False, cache=False, low_memory=True).select(self.expressions)
            for lot in plan.collect_batches(chunk_size=_LOT, maintain_order=True, lazy=True, engine="streaming"):
                for debut in range(0, lot.height, _LOT):
                    yield lot.slice(debut, _LOT)
        except _ILLISIBLE as erreur:
            raise _unreadable(self.chemin) from erreur

    def _text(self, cellules: Sequence[str]) -> str:
        tampon = StringIO()
        csv.writer(tampon, delimiter=self.delimiteur, lineterminator="").writerow(cellules)
        return tampon.getvalue()


def read_parquet(chemin: Path, schema: Schema) -> LectureParquet:
    """Check footer, columns and types; codes of refusal: those of :func:`pdp.storage.flux_csv.read_flux`."""
    modifie = chemin.stat().st_mtime_ns
    somme, taille, debut, fin = hashlib.sha256(), 0, b"", b""
    with chemin.open("rb") as fichier:
        while bloc := fichier.read(_BLOC):
            somme.update(bloc)
            taille += len(bloc)
            debut, fin = debut or bloc[:4], (fin + bloc)[-4:]
    if taille == 0:
        raise FluxRefuse(f"« {chemin.name} » est vide.", code="fichier_vide")
    if debut != _MAGIQUE[: len(debut)]:
        raise _unreadable(chemin)
    if taille < 12 or fin != _MAGIQUE:
        raise FluxRefuse(
            f"« {chemin.name} » est coupé : la fin du fichier Parquet manque. Rien n'a été pris ; renvoyez-le entier.",
            code="fichier_tronque",
        )
    _try(chemin)
    try:
        types = dict(pl.read_parquet_schema(chemin))
        lignes = pl.scan_parquet(chemin, glob=False).select(pl.len()).collect().item()
    except _ILLISIBLE as erreur:
        raise _unreadable(chemin) from erreur
    colonnes = tuple(types)
    ordre = check_entete(";".join(colonnes), ";", schema, chemin.name)
    champs = {champ.nom: champ for champ in schema.champs}
    expressions = tuple(
        _as_text(chemin, nom, dtype, champs[nom.strip().lower()].type, champs[nom.strip().lower()].separateur)
        for nom, dtype in types.items()
    )
    return LectureParquet(chemin, schema, Empreinte(somme.hexdigest(), taille, "", lignes, modifie), ordre, colonnes, expressions)


def _try(chemin: Path) -> None:
    """Decode once elsewhere: a file that kills its reader must not kill the reception of the others."""
    commande = [sys.executable, "-m", "pdp.storage.flux_parquet_essai", str(chemin), str(_ESSAI_MEMOIRE)]
    env = {"PYTHONPATH": str(RACINE / "include"), "PATH": os.defpath, "POLARS_MAX_THREADS": "1"}
    try:
        subprocess.run(commande, env=env, check=True, capture_output=True, timeout=_ESSAI_SECONDES)
    except subprocess.SubprocessError as erreur:
        raise _unreadable(chemin) from erreur


def _as_text(chemin: Path, nom: str, dtype: pl.DataType, attendu: str, separateur: str | None) -> pl.Expr:
    """A column as the text that a CSV would hold; a type that has no such text refuses the file."""
    colonne = pl.col(nom)
    if isinstance(dtype, (*_TEXTES, pl.Decimal)):
        texte = colonne.cast(pl.String)
    elif isinstance(dtype, pl.Boolean):
        texte = pl.when(colonne).then(pl.lit("oui")).when(colonne.not_()).then(pl.lit("non"))
    elif isinstance(dtype, _ENTIERS):
        texte = colonne.cast(pl.String)
    elif isinstance(dtype, pl.Float32 | pl.Float64):
        # A column of whole numbers with a hole becomes floating in many tools: 5.0 is 5.
        entier = colonne.is_finite() & (colonne == colonne.round()) & (colonne.abs() < 2**53)
        texte = pl.when(entier).then(colonne.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(colonne.cast(pl.String))
    elif isinstance(dtype, pl.Date):
        texte = colonne.dt.strftime("%Y-%m-%d")
    elif isinstance(dtype, pl.Datetime):
        instant = colonne if dtype.time_zone is None else colonne.dt.convert_time_zone("UTC")
        texte = instant.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f" if dtype.time_zone is None else "%Y-%m-%dT%H:%M:%S%.6fZ")
        if attendu == "date":  # many tools have no type for a day: midnight is one
            texte = pl.when(instant.dt.time() == pl.time(0)).then(instant.dt.strftime("%Y-%m-%d")).otherwise(texte)
    elif isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.String) and separateur:
        texte = colonne.list.join(separateur)
    else:
        raise FluxRefuse(
            f"« {chemin.name} » : la colonne {nom[:40]} est d'un type ({dtype}) que ce flux n'accepte pas. Rien n'a été pris.",
            code="type_de_colonne",
        )
    return texte.fill_null("").alias(nom)


def _unreadable(chemin: Path) -> FluxRefuse:
    return FluxRefuse(
        f"« {chemin.name} » n'est pas un fichier Parquet lisible (abîmé ou d'un autre format). Rien n'a été pris.", code="fichier_illisible"
    )
