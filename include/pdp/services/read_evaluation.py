"""What an evaluator reads: the published tables, their dictionary, and the tables themselves as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, column, select, table

from pdp.errors import Introuvable
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

_FORMULES = ("=", "+", "-", "@", "\t", "\r", "\n")
_LOT = 1000


@dataclass(frozen=True)
class Publication:
    """When and how one table was published."""

    table_nom: str
    publie_at: datetime
    lignes: int
    cases_supprimees: int
    empreinte: str | bytes | None
    instant_metier: datetime | None


@dataclass(frozen=True)
class ColonnePubliee:
    """One column and its meaning, which is its comment in the database; ``rang_cle`` = its place in the key, None outside."""

    table_nom: str
    table_sens: str | None
    colonne: str
    type: str
    sens: str | None
    rang_cle: int | None


@dataclass(frozen=True)
class TablePubliee:
    """A table evaluators may read."""

    nom: str
    sens: str | None
    colonnes: tuple[ColonnePubliee, ...]
    publication: Publication

    @property
    def empreinte(self) -> str:
        valeur = self.publication.empreinte
        return bytes(valeur).hex() if isinstance(valeur, bytes | memoryview) else valeur or ""


def list_tables(conn: Connection) -> list[TablePubliee]:
    """Published tables with their dictionary; empty until the first publication. A table without publication is not shown."""
    if not conn.execute(query("evaluation_lecture.find_publication")).scalar():
        return []
    publications = list_lignes(conn, "evaluation_lecture.list_publications", Publication)
    colonnes = list_lignes(conn, "evaluation_lecture.list_colonnes", ColonnePubliee)
    tables = []
    for publication in publications:
        siennes = tuple(c for c in colonnes if c.table_nom == publication.table_nom)
        if siennes:
            tables.append(TablePubliee(publication.table_nom, siennes[0].table_sens, siennes, publication))
    return tables


def get_table(conn: Connection, nom: str) -> TablePubliee:
    trouvee = next((t for t in list_tables(conn) if t.nom == nom), None)
    if trouvee is None:
        raise Introuvable("Cette table n'est pas publiée.")
    return trouvee


def stream_csv(conn: Connection, publiee: TablePubliee) -> Iterator[str]:
    """The table as CSV text, header first, in the order of its key, read in batches on a server-side cursor.

    The bytes are those of the exported package, so that the published fingerprint also proves a download.
    A text cell that a spreadsheet would run as a formula is preceded by an apostrophe; numbers keep their sign.
    """
    source = table(publiee.nom, *(column(c.colonne) for c in publiee.colonnes), schema="evaluation")
    cle = sorted((c for c in publiee.colonnes if c.rang_cle is not None), key=lambda c: c.rang_cle or 0)
    lecture = select(*source.c).order_by(*(source.c[c.colonne] for c in cle))
    tampon = io.StringIO()
    ecrivain = csv.writer(tampon, lineterminator="\n")
    ecrivain.writerow([c.colonne for c in publiee.colonnes])
    resultat = conn.execution_options(stream_results=True, max_row_buffer=_LOT).execute(lecture)
    for lot in resultat.partitions(_LOT):
        ecrivain.writerows([[_cellule(valeur) for valeur in ligne] for ligne in lot])
        yield _vide(tampon)
    yield _vide(tampon)


def _cellule(valeur: Any) -> Any:
    return str(valeur).lower() if isinstance(valeur, bool) else escape_formule(valeur)


def escape_formule(valeur: Any) -> Any:
    """Text made harmless for a spreadsheet; None is an empty cell."""
    if isinstance(valeur, str) and valeur.startswith(_FORMULES):
        return f"'{valeur}"
    return "" if valeur is None else valeur


def _vide(tampon: io.StringIO) -> str:
    texte = tampon.getvalue()
    tampon.seek(0)
    tampon.truncate()
    return texte
