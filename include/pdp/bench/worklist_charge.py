"""Filling the database of ``bench worklist`` by COPY.

Foreign keys and triggers are off while the rows come in (primary keys, unique and exclusion constraints stay on): checking twenty million
keys is not what is measured. :func:`count_orphelins` looks for a broken key afterwards.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import polars as pl
import psycopg
from psycopg import sql

from pdp.bench.base import ADMIN
from pdp.bench.chargement import settle
from pdp.bench.worklist_cas import Stock
from pdp.bench.worklist_lignes import list_tables
from pdp.config import RACINE
from pdp.storage.sql import load_fichier

Connexion = psycopg.Connection[tuple[object, ...]]


def load_stock(stock: Stock, dire: Callable[[str], None]) -> float:
    """Every table, then VACUUM and ANALYZE. Seconds; raises when a key leads nowhere."""
    depart = time.perf_counter()
    requetes = load_fichier(RACINE / "sql" / "bench" / "worklist.sql")
    with psycopg.connect(os.environ[ADMIN], options="-c timezone=UTC -c session_replication_role=replica") as conn:
        codes = [p.removeprefix("PF") for p in stock.plateformes]
        conn.execute(requetes["plateformes"], {"codes": codes})
        conn.execute(requetes["fraicheur"], {"instant": stock.maintenant_ms / 1000, "codes": codes})
        for table in list_tables(stock):
            debut = time.perf_counter()
            for frame in table.slices():
                _copy(conn, table.nom, frame)
            dire(f"  {table.nom:<24} {table.nombre:>10,} rows {time.perf_counter() - debut:6.1f} s")
        orphelins = conn.execute(requetes["orphelins"]).fetchone()
    if orphelins != (0,):
        raise RuntimeError(f"{orphelins} rows of the stock lead nowhere")
    settle()
    return time.perf_counter() - depart


def _copy(conn: Connexion, table: str, frame: pl.DataFrame) -> None:
    colonnes = sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    requete = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier(*table.split(".")), colonnes)
    with conn.cursor() as curseur, curseur.copy(requete) as copie:
        copie.write(frame.write_csv(include_header=False).encode())
