"""Filling the business database by COPY, every constraint and trigger on, in slices that keep memory flat."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import polars as pl
import psycopg

from pdp.bench.base import ADMIN, AUTEUR
from pdp.bench.population import MOTIFS, RISQUES, Entiers, Population, dates, names, uuid_hexa
from pdp.storage.db import sign_contexte
from pdp.storage.rangement import arrange_stock

PLATEFORME = "PF35"
TRANCHE = 250_000
COLONNES = (
    "assure_id",
    "id_avis",
    "date_debut",
    "date_fin",
    "nature",
    "risque",
    "temps_partiel",
    "motif_categorie",
    "ald",
    "annule",
    "connu_at",
)
_ASSURES = (
    "COPY identite.assure (id, plateforme_id, id_source, nir_chiffre, nir_empreinte, nom, prenom, date_naissance, sexe, commune_insee,"
    " contrat, mis_a_jour_source_at, connu_at) FROM STDIN (FORMAT csv)"
)
_ARRETS = (
    "COPY pdp.arret_prescrit (assure_id, id_avis, date_debut, date_fin, nature, risque, temps_partiel, motif_categorie, ald, annule,"
    " connu_at, recu_source_at, plateforme_id, canal, version_empreinte, fichier_id) FROM STDIN (FORMAT csv)"
)
_FICHIER = (
    "INSERT INTO pdp.flux_fichier (flux, nom, empreinte, taille_octets, etat, recu_at)"
    " VALUES ('arrets_prescrits', 'bench.csv', %s, 0, 'charge', %s) RETURNING id"
)
_VERSIONS = (
    "INSERT INTO pdp.arret_prescrit_version (plateforme_id, id_avis, assure_id, date_debut, date_fin, nature, risque, temps_partiel,"
    " motif_categorie, ald, annule, recu_source_at, connu_du, connu_au, fichier_id)"
    " SELECT a.plateforme_id, a.id_avis, a.assure_id, a.date_debut, a.date_fin + c.jours, a.nature, a.risque, a.temps_partiel,"
    " a.motif_categorie, a.ald, false, a.recu_source_at, a.connu_at - interval '1 day', a.connu_at, a.fichier_id"
    " FROM pdp.arret_prescrit AS a JOIN corrigee AS c ON c.id_avis = a.id_avis WHERE a.plateforme_id = %s"
)


def connect_admin() -> psycopg.Connection[tuple[object, ...]]:
    """Administrator's connection whose transactions carry an author, as every write must."""
    conn = psycopg.connect(os.environ[ADMIN], options="-c timezone=UTC")
    conn.execute("SELECT set_config('pdp.contexte', %s, false)", (sign_contexte(AUTEUR),))
    conn.commit()
    return conn


def load_population(population: Population) -> float:
    """People, prescriptions, past versions of the corrected ones; then VACUUM and ANALYZE. Seconds."""
    depart = time.perf_counter()
    with connect_admin() as conn:
        with conn.cursor().copy(_ASSURES) as copie:
            for tranche in _slices(population.personnes):
                copie.write(_assures(np.arange(*tranche)).write_csv(include_header=False))
        fichier = insert_fichier(conn, b"bench", datetime(2026, 11, 1, tzinfo=UTC))
        with conn.cursor().copy(_ARRETS) as copie:
            for debut, fin in _slices(len(population.personne)):
                copie.write(frame_arrets(population, slice(debut, fin), fichier).write_csv(include_header=False))
        corrigees = np.flatnonzero(population.fin != population.fin_d_abord)
        jours = (population.fin_d_abord - population.fin)[corrigees]
        conn.execute("CREATE TEMPORARY TABLE corrigee (id_avis text PRIMARY KEY, jours integer) ON COMMIT DROP")
        with conn.cursor().copy("COPY corrigee FROM STDIN (FORMAT csv)") as copie:
            copie.write(pl.DataFrame({"id": id_avis(corrigees), "jours": jours}).write_csv(include_header=False))
        conn.execute("ANALYZE corrigee")
        conn.execute(_VERSIONS, (PLATEFORME,))
    settle()
    return time.perf_counter() - depart


def arrange_population() -> float:
    """The weekly order of the stock, as the platform has it. Seconds."""
    depart = time.perf_counter()
    arrange_stock()
    return time.perf_counter() - depart


def settle() -> None:
    """What autovacuum and the checkpointer do with time, done now: the measures that follow are not disturbed by it."""
    with psycopg.connect(os.environ[ADMIN], autocommit=True) as admin:
        admin.execute("VACUUM (ANALYZE)")
        admin.execute("CHECKPOINT")


def insert_fichier(conn: psycopg.Connection[tuple[object, ...]], empreinte: bytes, recu: datetime) -> UUID:
    ligne = conn.execute(_FICHIER, (empreinte, recu)).fetchone()
    return UUID(str(ligne[0])) if ligne else UUID(int=0)


def id_avis(numeros: Entiers) -> pl.Series:
    """AV0000000000 and on: the order of the text is that of the numbers."""
    return pl.Series(numeros).cast(pl.String).str.zfill(10).str.replace("^", "AV")


def frame_arrets(population: Population, lignes: slice, fichier: UUID) -> pl.DataFrame:
    """Columns of pdp.arret_prescrit, in the order of the COPY."""
    p = population
    nombre = len(p.personne[lignes])
    recu = pl.Series((p.recu[lignes] * 86_400 + 6 * 3_600) * 1000).cast(pl.Datetime("ms"))
    colonnes = {
        "assure_id": uuid_hexa(p.personne[lignes]),
        "id_avis": id_avis(np.arange(lignes.start, lignes.start + nombre)),
        "date_debut": dates(p.debut[lignes]),
        "date_fin": dates(p.fin[lignes]),
        "nature": np.where(p.initiale[lignes], "initiale", "prolongation"),
        "risque": names(p.risque[lignes], RISQUES),
        "temps_partiel": p.temps_partiel[lignes],
        "motif_categorie": names(p.motif[lignes], MOTIFS),
        "ald": p.ald[lignes],
        "annule": p.annule[lignes],
        "connu_at": recu,
        "recu_source_at": recu,
    }
    constantes = {"plateforme_id": PLATEFORME, "canal": "e_aat", "version_empreinte": "\\x", "fichier_id": str(fichier)}
    return pl.DataFrame(colonnes).with_columns(**{nom: pl.lit(valeur) for nom, valeur in constantes.items()})


def _assures(numeros: Entiers) -> pl.DataFrame:
    """Adults of all ages; the NIR is not encrypted for real, nothing here reads it."""
    id_ = uuid_hexa(numeros)
    naissances = dates((numeros * 7919) % 16_000 - 9_000)
    frame = pl.DataFrame({"id": id_, "naissance": naissances})
    source = pl.col("id").alias("id_source")
    return frame.select(
        "id",
        pl.lit(PLATEFORME).alias("plateforme_id"),
        source,
        pl.lit("\\x").alias("nir_chiffre"),
        ("\\x" + pl.col("id")).alias("nir_empreinte"),
        pl.lit("Essai").alias("nom"),
        pl.lit("Dominique").alias("prenom"),
        "naissance",
        pl.lit("F").alias("sexe"),
        pl.lit("35238").alias("commune_insee"),
        pl.lit("salarie").alias("contrat"),
        pl.lit("2026-01-01T00:00:00Z").alias("mis_a_jour_source_at"),
        pl.lit("2026-01-01T00:00:00Z").alias("connu_at"),
    )


def _slices(nombre: int) -> Iterator[tuple[int, int]]:
    return ((debut, min(debut + TRANCHE, nombre)) for debut in range(0, nombre, TRANCHE))
