"""DuckDB, two threads, SQL: reads Parquet, leaves Parquet. The base of the ratios."""

from __future__ import annotations

import time

import duckdb

from pdp.bench.contexte import DROITS, EPISODES, Contexte, statement
from pdp.domain.calendrier import annees_avant

FILS = 2
ETAPES = ("create_episode", "create_segment", "create_jour", "create_longue", "create_sortie", "create_consommee", "create_droit")


def run(contexte: Contexte) -> dict[str, float]:
    """Seconds of the whole work, reading and writing included."""
    contexte.sortie("duckdb").mkdir(parents=True, exist_ok=True)
    base = duckdb.connect(":memory:", config={"threads": FILS})
    depart = time.perf_counter()
    for nom in ("tolerance", "carence", "reprise", "plafond", "fenetre"):
        base.execute(f"SET VARIABLE {nom} = {int(getattr(contexte, nom))}")
    depuis = annees_avant(contexte.jour, contexte.fenetre).toordinal() + 1
    base.execute(f"SET VARIABLE jour = DATE '{contexte.jour.isoformat()}'")
    base.execute(f"SET VARIABLE depuis = DATE '{type(contexte.jour).fromordinal(depuis).isoformat()}'")
    base.execute(statement("duckdb", "create_prescription"), {"chemin": str(contexte.arrets)})
    for etape in ETAPES:
        base.execute(statement("duckdb", etape))
    base.table("episode").write_parquet(str(contexte.sortie("duckdb") / EPISODES))
    base.table("droit").write_parquet(str(contexte.sortie("duckdb") / DROITS))
    return {"seconds": time.perf_counter() - depart}
