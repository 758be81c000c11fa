"""Coordinators who read their list at the same time, one process each: ``python -m pdp.bench.worklist_usagers PLAN``.

Each has a transaction of the portal under the role of a CSAM, row level security on, and pauses between two pages. The answer is one line
of JSON: latencies in milliseconds, pages, highest memory of a reader and of its PostgreSQL backend.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from pdp.bench.memoire import private_mb, process_peak_mb
from pdp.bench.worklist_affichage import Demande
from pdp.domain.auteur import Auteur
from pdp.services.filtres_liste import parse_filtres
from pdp.storage import db

METHODES: dict[str, tuple[str, str]] = {
    "product": ("pdp.bench.worklist_produit", "read"),
    "orm_eager": ("pdp.bench.worklist_pairs", "show_eager"),
    "orm_naive": ("pdp.bench.worklist_pairs", "show_naive"),
}
Lecteur = Callable[[Connection, Demande, datetime], object]


@dataclass(frozen=True)
class Plan:
    """What the readers do; ``demandes``: one list of pages for each reader, read again and again."""

    methode: str
    secondes: float
    pause: float
    maintenant: datetime
    graine: int
    demandes: list[list[Demande]]


def encode_plan(plan: Plan) -> str:
    pages = [[[str(d.csam_id), d.plateforme_id, d.filtres.write()] for d in usager] for usager in plan.demandes]
    return json.dumps({**vars(plan), "maintenant": plan.maintenant.isoformat(), "demandes": pages})


def decode_plan(texte: str) -> Plan:
    brut = json.loads(texte)
    demandes = [[Demande(UUID(c), p, parse_filtres(f)) for c, p, f in usager] for usager in brut["demandes"]]
    return Plan(**{**brut, "maintenant": datetime.fromisoformat(brut["maintenant"]), "demandes": demandes})


def auteur(demande: Demande) -> Auteur:
    return Auteur("agent", str(demande.csam_id), "csam", demande.plateforme_id)


def main(arguments: list[str]) -> int:
    plan = decode_plan(Path(arguments[0]).read_text(encoding="utf-8"))
    module, fonction = METHODES[plan.methode]
    lecteur: Lecteur = getattr(importlib.import_module(module), fonction)
    fourche = multiprocessing.get_context("fork")
    depart, retours = fourche.Barrier(len(plan.demandes)), fourche.Queue()
    usagers = [fourche.Process(target=_read, args=(plan, rang, lecteur, depart, retours)) for rang in range(len(plan.demandes))]
    for usager in usagers:
        usager.start()
    mesures: list[dict[str, Any]] = [retours.get() for _ in usagers]
    for usager in usagers:
        usager.join()
    print(json.dumps(mesures), flush=True)
    return 0


def _read(plan: Plan, rang: int, lecteur: Lecteur, depart: Barrier, retours: Queue[dict[str, Any]]) -> None:
    """One reader: two pages to warm up, then pages until the time is over."""
    hasard = Random(plan.graine + rang)  # noqa: S311 - pauses of a synthetic reader
    pages = plan.demandes[rang]
    pid = 0
    for demande in pages[:2]:
        with db.begin_as(auteur(demande), lecture=True) as conn:
            lecteur(conn, demande, plan.maintenant)
            pid = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
    depart.wait()
    fin = time.perf_counter() + plan.secondes
    latences: list[float] = []
    if plan.pause:
        time.sleep(hasard.random() * plan.pause)  # a person does not start with all the others
    while time.perf_counter() < fin or not latences:
        demande = pages[len(latences) % len(pages)]
        debut = time.perf_counter()
        with db.begin_as(auteur(demande), lecture=True) as conn:
            lecteur(conn, demande, plan.maintenant)
        latences.append((time.perf_counter() - debut) * 1000)
        if plan.pause:
            time.sleep(hasard.expovariate(1 / plan.pause))  # a person reads the page; nothing is waited for
    retours.put({"latences": latences, "reader_mb": process_peak_mb(os.getpid()), "backend_mb": private_mb(pid)})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
