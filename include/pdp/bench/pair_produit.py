"""The product itself: full rebuild of absences and rights in its own tables, through its own role and services."""

from __future__ import annotations

import os
import time
from typing import Any

import psycopg
from sqlalchemy import text

from pdp.bench.base import ADMIN, AUTEUR
from pdp.bench.contexte import DROITS, EPISODES, Contexte
from pdp.bench.memoire import process_peak_mb
from pdp.bench.pair_postgresql import export
from pdp.config import settings
from pdp.services.compute_etats import compute_etats
from pdp.storage import db

_VIDE = "TRUNCATE pdp.episode, pdp.droits_ij, pdp.echeance_detection, journal.evenement CASCADE"


def run(contexte: Contexte) -> dict[str, Any]:
    """First build of everybody's state, from empty tables, then the same again when nothing differs (``again_seconds``)."""
    empty_state()
    secondes, pic = _rebuild(contexte)
    encore, _ = _rebuild(contexte)
    export(contexte, "pdp", EPISODES, "fenetres", "export_episodes_produit")
    export(contexte, "pdp", DROITS, "fenetres", "export_droits_produit")
    return {"seconds": secondes, "backend_mb": pic, "again_seconds": encore}


def empty_state() -> None:
    """Tables as before the first detection, so that every repetition writes the same rows."""
    with psycopg.connect(os.environ[ADMIN], autocommit=True) as admin:
        admin.execute(_VIDE)
        admin.execute("CHECKPOINT")


def _rebuild(contexte: Contexte) -> tuple[float, float | None]:
    """Commit included."""
    depart = time.perf_counter()
    with db.begin(settings().url_app, AUTEUR) as conn:
        compute_etats(conn, contexte.plateforme, contexte.instant, complet=True)
        pid = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
    return time.perf_counter() - depart, process_peak_mb(pid)
