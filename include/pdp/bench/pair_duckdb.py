"""DuckDB, two threads, SQL. Twice: from Parquet to Parquet, the base of the ratios; and between two COPY, so that rows come from PostgreSQL
and results live in PostgreSQL."""

from __future__ import annotations

import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from pdp.bench.base import ADMIN
from pdp.bench.contexte import DROITS, EPISODES, Contexte, statement
from pdp.bench.memoire import process_peak_mb
from pdp.bench.pair_postgresql import export
from pdp.domain.calendrier import annees_avant

FILS = 2
ETAPES = ("create_episode", "create_segment", "create_jour", "create_longue", "create_sortie", "create_consommee", "create_droit")
MORCEAU = 1 << 20


def run(contexte: Contexte) -> dict[str, float]:
    """Seconds of the whole work, reading and writing included."""
    contexte.sortie("duckdb").mkdir(parents=True, exist_ok=True)
    base = _connect()
    depart = time.perf_counter()
    _compute(base, contexte, "create_prescription", contexte.arrets)
    base.table("episode").write_parquet(str(contexte.sortie("duckdb") / EPISODES))
    base.table("droit").write_parquet(str(contexte.sortie("duckdb") / DROITS))
    return {"seconds": time.perf_counter() - depart}


def run_copie(contexte: Contexte) -> dict[str, Any]:
    """The same, rows read from the database by COPY and results written to plain tables by COPY, committed."""
    with psycopg.connect(os.environ[ADMIN]) as conn, tempfile.TemporaryDirectory(dir=contexte.dossier) as dossier:
        conn.execute("CREATE SCHEMA IF NOT EXISTS bench")
        for nom in ("drop_tables", "create_episode", "create_droit"):
            conn.execute(statement("copie", nom).encode())
        conn.commit()
        arrets = Path(dossier) / "arrets.csv"
        depart = time.perf_counter()
        _copy_out(conn, arrets)
        base = _connect()
        _compute(base, contexte, "create_prescription_csv", arrets)
        for table in ("episode", "droit"):
            resultat = Path(dossier) / f"{table}.csv"
            base.table(table).write_csv(str(resultat), header=False)
            _copy_in(conn, resultat, table)
        conn.commit()
        secondes = time.perf_counter() - depart
        pic = process_peak_mb(conn.info.backend_pid)
    export(contexte, "duckdb_copy", EPISODES, "copie", "export_episodes")
    export(contexte, "duckdb_copy", DROITS, "copie", "export_droits")
    return {"seconds": secondes, "backend_mb": pic}


def _connect() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:", config={"threads": FILS})


def _compute(base: duckdb.DuckDBPyConnection, contexte: Contexte, lecture: str, chemin: Path) -> None:
    depuis = annees_avant(contexte.jour, contexte.fenetre) + timedelta(days=1)
    for nom in ("tolerance", "carence", "reprise", "plafond", "fenetre"):
        base.execute(f"SET VARIABLE {nom} = {int(getattr(contexte, nom))}")
    for nom, jour in (("jour", contexte.jour), ("depuis", depuis)):
        base.execute(f"SET VARIABLE {nom} = DATE '{jour.isoformat()}'")
    base.execute(statement("duckdb", lecture), {"chemin": str(chemin)})
    for etape in ETAPES:
        base.execute(statement("duckdb", etape))


def _copy_out(conn: psycopg.Connection[Any], chemin: Path) -> None:
    requete = f"COPY ({statement('copie', 'read_arrets')}) TO STDOUT (FORMAT csv, HEADER)"
    with chemin.open("wb") as fichier, conn.cursor().copy(requete.encode()) as copie:
        for morceau in copie:
            fichier.write(morceau)


def _copy_in(conn: psycopg.Connection[Any], chemin: Path, table: str) -> None:
    with chemin.open("rb") as fichier, conn.cursor().copy(f"COPY bench.{table}_copie FROM STDIN (FORMAT csv)".encode()) as copie:
        while morceau := fichier.read(MORCEAU):
            copie.write(morceau)
