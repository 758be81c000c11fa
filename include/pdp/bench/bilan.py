"""What a benchmark says at the end: ratios, targets met or not, and a small table for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pdp.bench.contexte import Contexte

BASE, PRODUIT, FENETRES, ORM = "duckdb", "pdp", "postgresql_windows", "orm_loop"
DANS_POSTGRESQL = (FENETRES, "duckdb_copy")
MEMOIRE_MAX_MB = 2048
VERDICTS = {None: "", True: ", met", False: ", NOT met"}
METHODE = {
    "seconds": "wall time of the work, reading and writing included; median of interleaved runs; imports and start of the process left out",
    "peak_memory_mb": "VmHWM of the peer's own process, ru_maxrss of its largest child, plus VmHWM of its PostgreSQL"
    " backend (shared buffers it touched included)",
    "pdp": "services.compute_etats, complet=True, from empty tables, as the platform's own role: row level security, keys and journal on",
    "again_seconds": "the same full rebuild when the tables are already right: facts read, states computed and compared, nothing written",
    "duckdb": "two threads, Parquet in, Parquet out, people as integers, one law for the whole life",
    "duckdb_copy": "the same, rows read from PostgreSQL by COPY, results written to plain tables of PostgreSQL by COPY",
    "polars": "two threads, Parquet in, Parquet out, people as integers, one law for the whole life",
    "postgresql_windows": "one connection of the administrator, plain tables out, no key, no row level security, no journal",
    "ohdsi_era": "as above; an era has a first and a last day: covered days and rights are not expressed, so not compared",
    "orm_loop": "measured on a sample of people; `extrapolated_seconds` is that time per person times everybody, not a measure",
    "arrange": "pdp arrange, the weekly order of the stock, run once after the load, before everything measured: prescriptions of a person"
    " side by side; what the nights bring afterwards lies where it came",
    "rights compared": "IJ used on the day and day of exhaustion",
    "night": "services.detect_signalements, signalements and alerts included, commit included; the delta is put in before, not timed",
}


def build_result(
    contexte: Contexte,
    machine: dict[str, Any],
    charges: tuple[float, float],
    mesures: dict[str, dict[str, Any]],
    egalites: dict[str, dict[str, Any]],
    oracle: dict[str, Any],
    nuits: list[dict[str, Any]],
) -> dict[str, Any]:
    """The JSON answer; ``ok`` = everything compared was equal."""
    base = mesures[BASE]["seconds"]
    pairs = {nom: _peer(mesure, contexte, base) | egalites[nom] for nom, mesure in mesures.items()}
    nuit = _night(nuits)
    ratios = _ratios(pairs, nuit)
    return {
        "ok": bool(all(p["equal"] for p in pairs.values()) and oracle["equal"]),
        "rows": contexte.lignes,
        "personnes": contexte.personnes,
        "machine": machine,
        "load": {"seconds": round(charges[0], 3), "us_per_row": round(charges[0] * 1e6 / contexte.lignes, 2)},
        "arrange": {"seconds": round(charges[1], 3), "us_per_row": round(charges[1] * 1e6 / contexte.lignes, 2)},
        "oracle": oracle,
        "peers": pairs,
        "night": nuit,
        "ratios": ratios,
        "targets": _targets(pairs, ratios),
        "method": METHODE,
    }


def _peer(mesure: dict[str, Any], contexte: Contexte, base: float) -> dict[str, Any]:
    """`ratio_to_duckdb`; of a sample, the extrapolation has its own name and its own ratio."""
    if "people" not in mesure:
        return {**mesure, "ratio_to_duckdb": round(mesure["seconds"] / base, 3)}
    par_personne = mesure["seconds"] / mesure["people"]
    total = par_personne * contexte.personnes
    return {
        **mesure,
        "us_per_person": round(par_personne * 1e6, 1),
        "extrapolated_seconds": round(total, 1),
        "extrapolated_ratio_to_duckdb": round(total / base, 1),
        "ratio_to_duckdb": None,
    }


def _night(nuits: list[dict[str, Any]]) -> dict[str, Any]:
    """Ratios of the larger stock to the smaller one, ten times less."""
    if not nuits:
        return {}
    petite, grande = nuits
    rapports = {
        "passing_day_us_per_person": _ratio(grande["passing_day"]["us_per_person"], petite["passing_day"]["us_per_person"]),
        "same_day_us_per_person": _ratio(grande["same_day"]["us_per_person"], petite["same_day"]["us_per_person"]),
        "same_day_seconds": _ratio(grande["same_day"]["seconds"], petite["same_day"]["seconds"]),
        "passing_day_seconds": _ratio(grande["passing_day"]["seconds"], petite["passing_day"]["seconds"]),
    }
    return {"compared_rows": [petite["rows"], grande["rows"]], "ratios": rapports, "small": petite, "large": grande}


def _fastest_within(pairs: dict[str, dict[str, Any]]) -> float | None:
    """Best time of the peers that leave both absences and rights in PostgreSQL, wherever they compute."""
    return min((pairs[nom]["seconds"] for nom in DANS_POSTGRESQL if nom in pairs), default=None)


def _ratio(haut: float | None, bas: float | None) -> float | None:
    return round(haut / bas, 3) if haut is not None and bas else None


def _ratios(pairs: dict[str, dict[str, Any]], nuit: dict[str, Any]) -> dict[str, float | None]:
    produit = pairs.get(PRODUIT, {}).get("seconds")
    orm = pairs.get(ORM, {}).get("us_per_person")
    grande = nuit.get("large", {})
    return {
        "full_rebuild_to_duckdb": _ratio(produit, pairs[BASE]["seconds"]),
        "recomputed_when_nothing_differs_to_duckdb": _ratio(pairs.get(PRODUIT, {}).get("again_seconds"), pairs[BASE]["seconds"]),
        "full_rebuild_to_fastest_within_postgresql": _ratio(produit, _fastest_within(pairs)),
        "full_rebuild_to_fastest_computed_in_postgresql": _ratio(produit, pairs.get(FENETRES, {}).get("seconds")),
        "windows_to_full_rebuild": _ratio(pairs.get(FENETRES, {}).get("seconds"), produit),
        "orm_per_person_to_night_per_person": _ratio(orm, grande.get("same_day", {}).get("us_per_person")),
        "night_10x_us_per_person": nuit.get("ratios", {}).get("passing_day_us_per_person"),
        "night_10x_same_delta_seconds": nuit.get("ratios", {}).get("same_day_seconds"),
        "night_to_first_detection": _ratio(grande.get("passing_day", {}).get("seconds"), grande.get("first_seconds")),
        "big_night_to_first_detection": _ratio(grande.get("big_night", {}).get("seconds"), grande.get("first_seconds")),
    }


def _targets(pairs: dict[str, dict[str, Any]], ratios: dict[str, float | None]) -> dict[str, dict[str, Any]]:
    """Limits that the project gave itself."""
    memoire = pairs.get(PRODUIT, {}).get("peak_memory_mb")
    return {
        "full_rebuild_to_duckdb": _at_most(1.0, ratios["full_rebuild_to_duckdb"]),
        "full_rebuild_to_fastest_within_postgresql": _at_most(1.0, ratios["full_rebuild_to_fastest_within_postgresql"]),
        "full_rebuild_to_fastest_computed_in_postgresql": _at_most(1.0, ratios["full_rebuild_to_fastest_computed_in_postgresql"]),
        "windows_to_full_rebuild": _at_least(3.0, ratios["windows_to_full_rebuild"]),
        "orm_per_person_to_night_per_person": _at_least(50.0, ratios["orm_per_person_to_night_per_person"]),
        "night_10x_us_per_person": _at_most(1.1, ratios["night_10x_us_per_person"]),
        "night_10x_same_delta_seconds": _at_most(1.1, ratios["night_10x_same_delta_seconds"]),
        "night_to_first_detection": _at_most(0.333, ratios["night_to_first_detection"]),
        "big_night_to_first_detection": _at_most(0.333, ratios["big_night_to_first_detection"]),
        "peak_memory_mb": _at_most(MEMOIRE_MAX_MB, memoire),
    }


def _at_most(limite: float, valeur: float | None) -> dict[str, Any]:
    return {"limit": limite, "sense": "<=", "value": valeur, "met": None if valeur is None else valeur <= limite}


def _at_least(limite: float, valeur: float | None) -> dict[str, Any]:
    return {"limit": limite, "sense": ">=", "value": valeur, "met": None if valeur is None else valeur >= limite}


def print_table(resultat: dict[str, Any], dire: Callable[[str], None]) -> None:
    """For people, on standard error."""
    dire(f"\n{'peer':<20} {'seconds':>10} {'x DuckDB':>9} {'peak MB':>9}  equal")
    for nom, p in resultat["peers"].items():
        secondes, rapport, note = p["seconds"], p["ratio_to_duckdb"], ""
        if rapport is None:
            secondes, rapport = p["extrapolated_seconds"], p["extrapolated_ratio_to_duckdb"]
            note = f"  (extrapolated from {p['people']} people)"
        if not p["compared"]["rights"]:
            note = f"  ({', '.join(p['compared']['episodes'])} only: no rights)"
        memoire = "?" if p["peak_memory_mb"] is None else f"{p['peak_memory_mb']:.0f}"
        dire(f"{nom:<20} {secondes:>10.2f} {rapport:>9.2f} {memoire:>9}  {'yes' if p['equal'] else 'NO'}{note}")
    for nom in ("small", "large"):
        if nom in resultat["night"]:
            n = resultat["night"][nom]
            jour, fixe = n["passing_day"], n["same_day"]
            dire(
                f"night over {n['rows']:,} rows: a day passes {jour['seconds']:.2f} s, {jour['touched']:,} people,"
                f" {jour['us_per_person']} us each, WAL {jour['wal_mb']:.0f} MB;"
                f" same day {fixe['seconds']:.2f} s, {fixe['touched']:,} people"
            )
            if "big_night" in n:
                gros = n["big_night"]
                dire(f"  {n['big_delta']:,} changes: {gros['seconds']:.2f} s, {gros['touched']:,} people, {gros['us_per_person']} us each")
    for nom, cible in resultat["targets"].items():
        valeur = "not measured" if cible["value"] is None else cible["value"]
        dire(f"target {nom} {cible['sense']} {cible['limit']}: {valeur}{VERDICTS[cible['met']]}")
