"""What ``bench worklist`` says at the end."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from pdp.bench.worklist_cas import Stock
from pdp.bench.worklist_demandes import list_charges

PRODUIT, PAIRS = "product", ("orm_eager", "orm_naive")
METHODE = {
    "compared": "rows in order with everything they show, counters, reasons, what was done today: equal for the product and both peers",
    "product": "services.read_ma_liste, the function the portal calls, in a read-only transaction of the portal under the role of a CSAM",
    "orm_naive": "SQLAlchemy ORM, same transaction and role; relations load when looked at: one statement for each row and relation",
    "orm_eager": "the same code, relations loaded beforehand: one statement for each relation",
    "alone": "one reader, median load, no pause",
    "users": "readers of many loads (the heaviest among them) who pause between two pages; each one is a process",
    "http": "the real portal, one process; sessions signed in, page read to its last byte; peers are measured at the database only",
    "peak_memory_mb": "reader_mb, portal_mb: VmHWM of one reader, of the portal; backend_mb: private memory of the PostgreSQL backend",
}


def percentile(valeurs: list[float], part: float) -> float:
    """Nearest rank."""
    rang = max(0, -int(-len(valeurs) * part // 1) - 1)
    return round(sorted(valeurs)[rang], 2)


def summarise(latences: list[list[float]], secondes: float) -> dict[str, Any]:
    """One list of milliseconds for each reader."""
    toutes = [x for lecteur in latences for x in lecteur]
    quantiles = {f"p{n}_ms": percentile(toutes, n / 100) for n in (50, 95, 99)}
    return {"readers": len(latences), "pages": len(toutes), "pages_per_second": round(len(toutes) / secondes, 2), **quantiles}


def summarise_usagers(mesures: list[dict[str, Any]], secondes: float) -> dict[str, Any]:
    """With the memory that each reader found."""
    resume = summarise([m["latences"] for m in mesures], secondes)
    for cle in ("reader_mb", "backend_mb"):
        resume[cle] = max((m[cle] for m in mesures if m[cle] is not None), default=None)
    return resume


def build_result(
    demande: dict[str, Any],
    machine: dict[str, Any],
    charge: float,
    stock: Stock,
    egalite: dict[str, Any],
    base: dict[str, Any],
    http: dict[str, Any],
) -> dict[str, Any]:
    """The JSON answer; ``ok`` = everything compared was equal."""
    return {
        "ok": egalite["differences"] == 0 and http["differences"] == 0,
        "parcours": stock.ouverts,
        "people": stock.personnes,
        "agents": stock.agents,
        "platforms": len(stock.plateformes),
        "parcours_per_agent": list_charges(stock),
        "users": demande["users"],
        "pause_s": demande["pause"],
        "seed": stock.graine,
        "machine": machine,
        "load_seconds": round(charge, 1),
        "compared": egalite,
        "database": base,
        "http": http,
        "ratios": _ratios(base, http),
        "method": METHODE,
    }


def _ratios(base: dict[str, Any], http: dict[str, Any]) -> dict[str, float]:
    """How many times slower a peer is, and what the way through the portal costs."""
    rapports = {
        f"{pair}_to_product_{scene}_{q}": round(base[scene][pair][f"{q}_ms"] / base[scene][PRODUIT][f"{q}_ms"], 2)
        for scene in ("alone", "users")
        for pair in PAIRS
        for q in ("p50", "p95")
    }
    rapports["http_to_database_alone_p50"] = round(http["alone"]["p50_ms"] / base["alone"][PRODUIT]["p50_ms"], 2)
    rapports["orm_naive_memory_to_product"] = _memory(base, "orm_naive")
    return rapports


def _memory(base: dict[str, Any], pair: str) -> float:
    produit, autre = (median(base[scene][nom]["reader_mb"] or 1 for scene in ("alone", "users")) for nom in (PRODUIT, pair))
    return round(autre / produit, 2)


def print_table(resultat: dict[str, Any], dire: Callable[[str], None]) -> None:
    """For people, on standard error."""
    charges = resultat["parcours_per_agent"]
    dire(
        f"\n{resultat['parcours']:,} open parcours, {resultat['agents']:,} coordinators (median {charges['median']}, max {charges['max']})"
    )
    dire(f"{'':<28} {'p50 ms':>9} {'p95 ms':>9} {'p99 ms':>9} {'pages/s':>8} {'peak MB':>8} {'backend':>8}")
    mesures = {f"database {s} {n}": m for s in ("alone", "users") for n, m in resultat["database"][s].items()}
    mesures |= {f"http {s}": {**resultat["http"][s], "reader_mb": resultat["http"]["portal_mb"],
                              "backend_mb": resultat["http"]["backend_mb"]} for s in ("alone", "users")}  # fmt: skip
    for nom, m in mesures.items():
        memoires = " ".join("       ?" if m[c] is None else f"{m[c]:8.0f}" for c in ("reader_mb", "backend_mb"))
        dire(f"{nom:<28} {m['p50_ms']:9.1f} {m['p95_ms']:9.1f} {m['p99_ms']:9.1f} {m['pages_per_second']:8.1f} {memoires}")
    for nom, rapport in resultat["ratios"].items():
        dire(f"ratio {nom}: {rapport}")
