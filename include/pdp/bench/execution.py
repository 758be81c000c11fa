"""One peer in a process of its own: ``python -m pdp.bench.execution PEER CONTEXT``; what it measured, as JSON on the last line."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pdp.bench.contexte import Contexte, read_contexte
from pdp.bench.memoire import peak_mb

PAIRS: dict[str, tuple[str, str]] = {
    "pdp": ("pdp.bench.pair_produit", "run"),
    "duckdb": ("pdp.bench.pair_duckdb", "run"),
    "duckdb_copy": ("pdp.bench.pair_duckdb", "run_copie"),
    "polars": ("pdp.bench.pair_polars", "run"),
    "postgresql_windows": ("pdp.bench.pair_postgresql", "run_fenetres"),
    "ohdsi_era": ("pdp.bench.pair_postgresql", "run_eres"),
    "orm_loop": ("pdp.bench.pair_orm", "run"),
}
FILS = {"POLARS_MAX_THREADS": "2"}


def measure(pair: str, contexte: Contexte) -> dict[str, Any]:
    """Run a peer apart; ``peak_memory_mb`` = its process, its children, and its backend where there is one and it can be seen."""
    commande = [sys.executable, "-m", "pdp.bench.execution", pair, str(contexte.write())]
    fini = subprocess.run(commande, env={**os.environ, **FILS}, capture_output=True, text=True, check=False)
    if fini.returncode:
        raise RuntimeError(f"peer {pair} failed: {fini.stderr.strip()[-800:]}")
    mesure: dict[str, Any] = json.loads(fini.stdout.strip().splitlines()[-1])
    return mesure


def main(arguments: list[str]) -> int:
    module, fonction = PAIRS[arguments[0]]
    mesure = getattr(importlib.import_module(module), fonction)(read_contexte(Path(arguments[1])))
    serveur = mesure.pop("backend_mb", 0.0)
    mesure["peak_memory_mb"] = None if serveur is None else round(peak_mb() + serveur, 1)
    print(json.dumps(mesure), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
