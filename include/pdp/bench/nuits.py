"""Nights of the product over a stock: what changed today, the passing of a day, and nothing at all."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import numpy as np
import polars as pl
import psycopg

from pdp.bench.base import ADMIN, AUTEUR
from pdp.bench.chargement import COLONNES, PLATEFORME, connect_admin, frame_arrets, id_avis, insert_fichier, settle
from pdp.bench.pair_produit import empty_state
from pdp.bench.population import MAINTENANT, Entiers, Population, jour_numero
from pdp.config import settings
from pdp.services.detect_signalements import detect_signalements
from pdp.storage import db

PART_NEUVE, PART_CORRIGEE = 0.7, 0.2  # the rest is cancelled
RECENT_JOURS = 60
_COPIE = (
    f"COPY pdp.arret_prescrit ({', '.join(COLONNES)}, recu_source_at, plateforme_id, canal, version_empreinte, fichier_id)"
    " FROM STDIN (FORMAT csv)"
)
_CHANGEMENT = (
    "UPDATE pdp.arret_prescrit AS a SET date_fin = a.date_fin + c.jours, annule = a.annule OR c.annule, connu_at = %s"
    " FROM change AS c WHERE a.plateforme_id = %s AND a.id_avis = c.id_avis"
)


@dataclass(frozen=True)
class Nuit:
    """One night measured."""

    seconds: float
    touched: int
    wal_mb: float

    @property
    def us(self) -> float | None:
        """Microseconds per person touched."""
        return self.seconds * 1e6 / self.touched if self.touched else None


def measure_nights(
    population: Population, delta: int, nombre: int, graine: int, dire: Callable[[str], None], gros_delta: int = 0
) -> dict[str, Any]:
    """First detection of everybody, nights that pass with a fixed delta, the same delta without the passing of time, nothing new; one night
    with `gros_delta` changes when there is one."""
    empty_state()
    premiere = _night(MAINTENANT, complet=True)
    dire(f"  first detection of everybody: {premiere.seconds:.1f} s")
    settle()
    rien = [_night(MAINTENANT) for _ in range(nombre)]
    suite = _Delta(population, graine)
    passantes, immobiles = [], []
    for rang in range(nombre):
        quand = MAINTENANT + timedelta(days=1 + rang)
        suite.apply(delta, quand)
        passantes.append(_night(quand))
    settle()
    dernier = MAINTENANT + timedelta(days=nombre)
    for rang in range(nombre):
        quand = dernier + timedelta(minutes=1 + rang)
        suite.apply(delta, quand)
        immobiles.append(_night(quand))
    grosse = []
    if gros_delta:
        settle()
        quand = dernier + timedelta(days=1)
        suite.apply(gros_delta, quand)
        grosse.append(_night(quand))
    return {
        "rows": len(population.personne),
        "personnes": population.personnes,
        "delta": delta,
        "first_seconds": round(premiere.seconds, 3),
        "passing_day": summarise(passantes),
        "same_day": summarise(immobiles),
        "nothing_new": summarise(rien),
        **({"big_delta": gros_delta, "big_night": summarise(grosse)} if grosse else {}),
    }


def summarise(nuits: list[Nuit]) -> dict[str, Any]:
    """Medians of several nights; ``runs`` keeps each wall time."""
    us = [n.us for n in nuits if n.us is not None]
    return {
        "seconds": round(median(n.seconds for n in nuits), 4),
        "touched": int(median(n.touched for n in nuits)),
        "us_per_person": round(median(us), 1) if us else None,
        "wal_mb": round(median(n.wal_mb for n in nuits), 1),
        "runs": [round(n.seconds, 3) for n in nuits],
    }


def _night(quand: datetime, complet: bool = False) -> Nuit:
    """The detection as the platform runs it, commit included."""
    with psycopg.connect(os.environ[ADMIN], autocommit=True) as admin:
        avant = _wal(admin)
        depart = time.perf_counter()
        with db.begin(settings().url_app, AUTEUR) as conn:
            bilan = detect_signalements(conn, PLATEFORME, AUTEUR, quand, complet=complet)
        secondes = time.perf_counter() - depart
        return Nuit(secondes, int(bilan.detail.get("personnes", 0)), (_wal(admin) - avant) / 1024**2)


def _wal(admin: psycopg.Connection[Any]) -> int:
    ligne = admin.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')").fetchone()
    return int(ligne[0]) if ligne else 0


class _Delta:
    """What a day brings: prescriptions for people ill lately and for others, corrections and cancellations of recent ones."""

    def __init__(self, population: Population, graine: int) -> None:
        self._population = population
        self._hasard = np.random.default_rng(graine + 1)
        self._suivant = len(population.personne)
        self._recentes = np.flatnonzero(population.recu > population.recu.max() - RECENT_JOURS)

    def apply(self, nombre: int, quand: datetime) -> None:
        """`nombre` prescriptions new or changed, known at `quand`; the queue of people is fed by the database itself."""
        neuves = round(nombre * PART_NEUVE)
        with connect_admin() as conn:
            fichier = insert_fichier(conn, f"delta {self._suivant}".encode(), quand)
            tableau = frame_arrets(self._draw(neuves, quand), slice(0, neuves), fichier).with_columns(
                id_avis=id_avis(np.arange(self._suivant, self._suivant + neuves))
            )
            with conn.cursor().copy(_COPIE) as copie:
                copie.write(tableau.write_csv(include_header=False))
            self._suivant += neuves
            self._change(conn, nombre - neuves, round(nombre * PART_CORRIGEE), quand)

    def _draw(self, neuves: int, quand: datetime) -> Population:
        p, hasard = self._population, self._hasard
        connues = hasard.choice(self._recentes, size=neuves)
        quelconques = hasard.integers(0, p.personnes, size=neuves)
        personne = np.where(hasard.random(neuves) < 0.5, p.personne[connues], quelconques)
        jour = jour_numero(quand.date())
        debut: Entiers = jour - hasard.integers(0, 6, size=neuves)
        fin = debut + hasard.choice((2, 4, 6, 14, 29, 30), size=neuves)
        communs = {nom: getattr(p, nom)[connues] for nom in ("risque", "temps_partiel", "motif", "ald")}
        return replace(
            p,
            personne=personne,
            debut=debut,
            fin=fin,
            fin_d_abord=fin,
            recu=np.full(neuves, jour),
            initiale=hasard.random(neuves) < 0.4,
            annule=np.zeros(neuves, dtype=bool),
            **communs,
        )

    def _change(self, conn: psycopg.Connection[Any], nombre: int, corrigees: int, quand: datetime) -> None:
        choisies = self._hasard.choice(self._recentes, size=min(nombre, len(self._recentes)), replace=False)
        annule = np.arange(len(choisies)) >= corrigees
        jours = np.where(annule, 0, self._hasard.integers(1, 15, size=len(choisies)))
        conn.execute("CREATE TEMPORARY TABLE change (id_avis text PRIMARY KEY, jours integer, annule boolean) ON COMMIT DROP")
        with conn.cursor().copy("COPY change FROM STDIN (FORMAT csv)") as copie:
            copie.write(pl.DataFrame({"id": id_avis(choisies), "jours": jours, "annule": annule}).write_csv(include_header=False))
        conn.execute("ANALYZE change")
        conn.execute(_CHANGEMENT, (quand, PLATEFORME))
