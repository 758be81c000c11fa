"""``pdp bench detection``: absences and rights of everybody, then nights, beside peers that do the same work on the same rows.

Equality comes first: ``ok`` is true when every peer gives the same rows and a sample told day by day agrees. A target that is not met is
reported, not hidden, and is no error. Times are medians of interleaved runs; each peer runs in a process of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from pdp.bench.base import Serveur, open_serveur
from pdp.bench.bilan import build_result, print_table
from pdp.bench.chargement import PLATEFORME, arrange_population, load_population, settle
from pdp.bench.contexte import Contexte
from pdp.bench.egalite import compare
from pdp.bench.execution import PAIRS, measure
from pdp.bench.memoire import machine
from pdp.bench.nuits import measure_nights
from pdp.bench.oracle import check_oracle
from pdp.bench.population import MAINTENANT, Population, generate_population, write_parquet
from pdp.referentiel import load_referentiel

REFERENCE = "duckdb"
PETIT = 1_000_000
"""Up to this many rows each peer runs three times."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, default=200_000, help="prescriptions in the stock (default: %(default)s)")
    parser.add_argument(
        "--delta", type=int, default=5_000, help="prescriptions changed each night, whatever the stock (default: %(default)s)"
    )
    parser.add_argument(
        "--big-delta", type=int, default=0, help="one more night with so many changes (the target is 100000 over 10 million)"
    )
    parser.add_argument("--nights", type=int, default=3, help="nights of each kind (default: %(default)s)")
    parser.add_argument("--max-rows", type=int, default=2_000_000, help="when 10 x rows is more, the nights compare rows/10 with rows")
    parser.add_argument("--repetitions", type=int, default=0, help=f"runs of each peer (default: 3 up to {PETIT:,} rows, then 1)")
    parser.add_argument("--sample", type=int, default=300, help="people of the ORM loop, which is never run on the whole")
    parser.add_argument("--peers", default=",".join(PAIRS), help="which ones, DuckDB is always there (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=3, help="of the synthetic population (default: %(default)s)")
    parser.add_argument("--no-night", action="store_true", help="full rebuild only")


def say(texte: str) -> None:
    """Progress, for people."""
    print(texte, file=sys.stderr, flush=True)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """The whole benchmark. Raises when a peer cannot run at all."""
    if arguments.rows < 1000:
        raise RuntimeError("--rows must be at least 1000")
    pairs = [p for p in PAIRS if p == REFERENCE or p in arguments.peers.split(",")]
    debut = machine()
    with tempfile.TemporaryDirectory(prefix="pdp-bench-") as dossier, open_serveur(Path(dossier)) as serveur:
        population, contexte, charges = _prepare(serveur, Path(dossier), arguments.rows, arguments)
        mesures = _measure_peers(pairs, contexte, arguments)
        egalites = {pair: compare(contexte, REFERENCE, pair) for pair in pairs}
        oracle = check_oracle(contexte, REFERENCE)
        nuits = [] if arguments.no_night else _measure_nights(serveur, Path(dossier), population, arguments)
    resultat = build_result(contexte, debut, charges, mesures, egalites, oracle, nuits)
    print_table(resultat, say)
    return resultat


def _prepare(
    serveur: Serveur, dossier: Path, lignes: int, arguments: argparse.Namespace
) -> tuple[Population, Contexte, tuple[float, float]]:
    """A database of its own and a Parquet file with the same rows; seconds of the load and of the order. Settings then point there."""
    lieu = dossier / f"stock_{lignes}"
    lieu.mkdir()
    population = generate_population(lignes, arguments.seed)
    contexte = _contexte(lieu, f"bench_{lignes}", population, arguments.sample)
    write_parquet(population, contexte.arrets)
    serveur.create_base(contexte.base)
    say(f"{lignes:,} prescriptions of {population.personnes:,} people: loading")
    charge = load_population(population)
    say(f"  loaded in {charge:.1f} s")
    rangement = arrange_population()
    say(f"  arranged as once a week (pdp arrange) in {rangement:.1f} s")
    return population, contexte, (charge, rangement)


def _contexte(dossier: Path, base: str, population: Population, echantillon: int) -> Contexte:
    """Peers get the values of the referential as plain numbers: one law for the whole life, where the product follows each day's."""
    ref, jour = load_referentiel(), MAINTENANT.date()
    return Contexte(
        dossier=str(dossier),
        base=base,
        plateforme=PLATEFORME,
        maintenant=MAINTENANT.isoformat(),
        lignes=len(population.personne),
        personnes=population.personnes,
        tolerance=ref.entier("tolerance_horloge_risque_jours", jour),
        carence=ref.entier("ij_carence_jours", jour),
        reprise=ref.entier("ij_reprise_sans_carence_jours", jour),
        plafond=ref.entier("ij_plafond_trois_ans", jour),
        fenetre=ref.entier("ij_fenetre_annees", jour),
        echantillon=echantillon,
    )


def _measure_peers(pairs: list[str], contexte: Contexte, arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Interleaved repetitions, medians; the highest memory of all."""
    tours = arguments.repetitions or (3 if contexte.lignes <= PETIT else 1)
    essais: dict[str, list[dict[str, Any]]] = {pair: [] for pair in pairs}
    for tour in range(tours):
        for pair in pairs:
            settle()
            essais[pair].append(measure(pair, contexte))
            say(f"  {pair:<20} {essais[pair][-1]['seconds']:9.2f} s  (run {tour + 1} of {tours})")
    return {pair: _summarise(liste) for pair, liste in essais.items()}


def _summarise(essais: list[dict[str, Any]]) -> dict[str, Any]:
    memoires = [e["peak_memory_mb"] for e in essais if e["peak_memory_mb"] is not None]
    resume = {
        "seconds": round(median(e["seconds"] for e in essais), 4),
        "runs": [round(e["seconds"], 3) for e in essais],
        "peak_memory_mb": max(memoires) if memoires else None,
    }
    if "again_seconds" in essais[0]:
        resume["again_seconds"] = round(median(e["again_seconds"] for e in essais), 4)
    if "people" in essais[0]:
        resume["people"] = essais[0]["people"]
    return resume


def _measure_nights(serveur: Serveur, dossier: Path, population: Population, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Smaller stock first in the answer: N and 10 N, or N / 10 and N when 10 N is over the limit."""
    lignes = len(population.personne)
    autre = lignes * 10 if lignes * 10 <= arguments.max_rows else lignes // 10
    nuits = {}
    for taille in (lignes, autre):
        if taille != lignes:
            population, _, _ = _prepare(serveur, dossier, taille, arguments)
        say(f"nights over {taille:,} prescriptions, {arguments.delta:,} changed each")
        nuits[taille] = measure_nights(population, arguments.delta, arguments.nights, arguments.seed, say, arguments.big_delta)
    return [nuits[taille] for taille in sorted(nuits)]
