"""Two peers inside PostgreSQL, on one connection: plain window functions, and eras by event ordering."""

from __future__ import annotations

import io
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from sqlalchemy import Connection, create_engine, make_url, text

from pdp.bench.base import ADMIN
from pdp.bench.contexte import DROITS, EPISODES, Contexte, statement
from pdp.bench.memoire import process_peak_mb
from pdp.domain.calendrier import annees_avant

FENETRES = (
    "create_episode",
    "create_segment_ij",
    "create_jour_ij",
    "index_jour_ij",
    "index_jour_ij_rang",
    "analyze_jour_ij",
    "create_ij_consommee",
    "index_ij_consommee",
    "analyze_ij_consommee",
    "create_droit",
)
_REGLAGES = text(
    "SELECT set_config('work_mem', '256MB', false), set_config('jit', 'off', false),"
    " set_config('max_parallel_workers_per_gather', '0', false), set_config('max_parallel_maintenance_workers', '0', false)"
)


def run_fenetres(contexte: Contexte) -> dict[str, Any]:
    """Window functions, with the cap in a recursive statement."""
    mesure = _run(contexte, [("fenetres", nom) for nom in FENETRES], [("fenetres", "drop_tables")])
    export(contexte, "postgresql_windows", EPISODES, "fenetres", "export_episodes")
    export(contexte, "postgresql_windows", DROITS, "fenetres", "export_droits")
    return mesure


def run_eres(contexte: Contexte) -> dict[str, Any]:
    """Eras: first and last day of the absences, no rights."""
    mesure = _run(contexte, [("eres", "create_era")], [("eres", "drop_era")])
    export(contexte, "ohdsi_era", EPISODES, "eres", "export_era")
    return mesure


def _run(contexte: Contexte, etapes: list[tuple[str, str]], menage: list[tuple[str, str]]) -> dict[str, Any]:
    moteur = create_engine(make_url(os.environ[ADMIN]).set(drivername="postgresql+psycopg"), isolation_level="READ COMMITTED")
    with moteur.connect() as conn:
        conn.execute(_REGLAGES)
        for fichier, nom in [("fenetres", "create_schema"), *menage]:
            _execute(conn, fichier, nom, contexte)
        conn.commit()
        depart = time.perf_counter()
        for fichier, nom in etapes:
            _execute(conn, fichier, nom, contexte)
        conn.commit()
        secondes = time.perf_counter() - depart
        pid = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
        return {"seconds": secondes, "backend_mb": process_peak_mb(pid)}


def _execute(conn: Connection, fichier: str, nom: str, contexte: Contexte) -> None:
    requete = text(statement(fichier, nom))
    parametres = parameters(contexte)
    conn.execute(requete, {cle: parametres[cle] for cle in requete.compile().params})


def parameters(contexte: Contexte) -> dict[str, Any]:
    """Bound values of the statements of sql/bench."""
    depuis = annees_avant(contexte.jour, contexte.fenetre) + timedelta(days=1)
    noms = ("plateforme", "tolerance", "carence", "reprise", "plafond", "fenetre", "jour")
    return {nom: getattr(contexte, nom) for nom in noms} | {"depuis": depuis}


def export(contexte: Contexte, pair: str, nom: str, fichier: str, requete: str) -> None:
    """Rows of a peer into a Parquet file, outside the time measured."""
    contexte.sortie(pair).mkdir(parents=True, exist_ok=True)
    valeurs = {"jour": f"'{contexte.jour.isoformat()}'", "fenetre": str(contexte.fenetre)}
    texte = statement(fichier, requete)
    for cle, valeur in valeurs.items():
        texte = texte.replace(f":{cle}", valeur)
    tampon = io.BytesIO()
    with psycopg.connect(os.environ[ADMIN]) as conn, conn.cursor().copy(f"COPY ({texte}) TO STDOUT (FORMAT csv, HEADER)".encode()) as copie:
        for morceau in copie:
            tampon.write(morceau)
    tampon.seek(0)
    write_csv_as_parquet(tampon, contexte.sortie(pair) / nom)


def write_csv_as_parquet(tampon: io.BytesIO, chemin: Path) -> None:
    types = {"debut": pl.Date, "fin": pl.Date, "epuisement": pl.Date, "personne": pl.Int64}
    entetes = tampon.getvalue()[:200].split(b"\n", 1)[0].decode().split(",")
    pl.read_csv(tampon, schema_overrides={c: types.get(c, pl.Int64) for c in entetes}).write_parquet(chemin)
