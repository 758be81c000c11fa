"""Tables of the evaluators: made aside under another name, filled, read, then swapped in together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, CursorResult, text

from pdp.config import RACINE
from pdp.errors import ErreurPdp
from pdp.storage.sql import load_fichier

MARTS = RACINE / "sql" / "marts"
INDIVIDUELLES = ("personnes", "episodes", "parcours", "contacts", "orientations", "issues", "alertes", "soutien_psy")
AGREGATS = ("entonnoir", "indicateurs", "precision_regles")
TABLES = (*INDIVIDUELLES, *AGREGATS)
ESSAIS = 20
_ATTENTE = text("SELECT set_config('lock_timeout', '500ms', true)")
_ATTENTE_NORMALE = text("SELECT set_config('lock_timeout', '5s', true)")


class PublicationRetardee(ErreurPdp):
    """Somebody reads the previous tables without end; they stay as they are."""

    code = "publication_retardee"


def sql_of(nom: str, etape: str) -> str:
    """Statement(s) of one step (creer, remplir, lire, basculer...) of a table. ``KeyError`` for an unknown step."""
    return load_fichier(MARTS / f"{nom}.sql")[etape].strip().rstrip(";")


def run_script(conn: Connection, nom: str, etape: str) -> None:
    """Run a step made of several statements without parameter."""
    conn.connection.driver_connection.execute(sql_of(nom, etape))  # without parameters psycopg takes several statements at once


def execute(conn: Connection, nom: str, etape: str, parametres: Any = None) -> CursorResult[Any]:
    """Run a step made of one statement with bound parameters."""
    return conn.execute(text(sql_of(nom, etape)), parametres)


def copy(conn: Connection, relation: str, lignes: Iterable[tuple[Any, ...]]) -> None:
    """Rows into a working table of this transaction; the values travel outside SQL text and server logs."""
    copies = {
        "cohorte_personne": "COPY pg_temp.cohorte_personne FROM STDIN",
        "cohorte_code": "COPY pg_temp.cohorte_code FROM STDIN",
    }
    with conn.connection.driver_connection.cursor() as curseur, curseur.copy(copies[relation]) as flux:
        for ligne in lignes:
            flux.write_row(ligne)
    conn.connection.driver_connection.execute("ANALYZE pg_temp.cohorte_personne, pg_temp.cohorte_code")


def swap(conn: Connection, tables: Iterable[str] = TABLES) -> None:
    """Put every new table in the place of the old one, all at the commit of the caller.

    A reader keeps the table it reads and delays the swap. Each attempt waits half a second then lets go of all the tables, so that
    readers are never queued behind the swap for longer and never meet it in a deadlock; after ``ESSAIS`` attempts
    :class:`PublicationRetardee` is raised and the previous publication stays whole.
    """
    conn.execute(_ATTENTE)
    for _ in range(ESSAIS):
        point = conn.begin_nested()
        try:
            for nom in tables:
                run_script(conn, nom, "basculer")
        except LockNotAvailable:
            point.rollback()
        else:
            point.commit()
            conn.execute(_ATTENTE_NORMALE)
            return
    raise PublicationRetardee(
        "Les tables des évaluateurs sont lues depuis trop longtemps. La publication précédente est intacte : relancez la publication."
    )
