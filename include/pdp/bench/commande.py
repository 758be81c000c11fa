"""``pdp bench NAME``: the registry of benchmarks. Each is a module with ``configure(parser)`` and ``run(arguments)``."""

from __future__ import annotations

import argparse
import importlib
from typing import Any, NamedTuple


class Benchmark(NamedTuple):
    """One line of the registry."""

    nom: str
    aide: str
    module: str


BENCHMARKS: tuple[Benchmark, ...] = (
    Benchmark(
        "detection", "absences and rights of everybody, then a night, against DuckDB, Polars, plain SQL and an ORM", "pdp.bench.detection"
    ),
    Benchmark(
        "affectation", "10,000 parcours over 500 colleagues: time, gap to the optimum, two simpler ways beside", "pdp.bench.affectation"
    ),
    Benchmark("worklist", "Ma liste with filters and counts, at the database and through the portal, against an ORM", "pdp.bench.worklist"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    sous = parser.add_subparsers(dest="benchmark", metavar="NAME", required=True)
    for benchmark in BENCHMARKS:
        lui = sous.add_parser(benchmark.nom, help=benchmark.aide, description=benchmark.aide)
        lui.add_argument("--json", action="store_true", help="one JSON object on the last line")
        importlib.import_module(benchmark.module).configure(lui)


def run(arguments: argparse.Namespace) -> dict[str, Any] | int:
    """What the benchmark measured; without --json its table on standard error is all, and 1 says that peers disagree."""
    module = next(b.module for b in BENCHMARKS if b.nom == arguments.benchmark)
    resultat: dict[str, Any] = importlib.import_module(module).run(arguments)
    return resultat if arguments.json else int(not resultat["ok"])
