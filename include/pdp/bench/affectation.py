"""``pdp bench affectation``: ten thousand parcours over five hundred colleagues, beside the bound no solver can beat and two peers.

Optimum means: the least heaviest load for a full time (effort points / working time), then the least sum of load² / working time.
Bounds are computed, not guessed (``affectation_borne``): gaps to them are upper bounds of the gap to the optimum. Cases that go back
to a colleague who knows the person are a constraint, for the bounds as for the product.

``ok``: every case assigned to a colleague present, of the territory, who speaks the language, under the cap; gaps of the product within
one percent; the same answer in another order; a second sweep does nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from random import Random
from statistics import pstdev
from typing import Any

from pdp.bench.affectation_base import JOUR, PLATEFORME, measure_base
from pdp.bench.affectation_borne import bound_peak, bound_squares, group
from pdp.bench.affectation_cas import PLAFOND, generate_candidats, generate_cas
from pdp.bench.affectation_pairs import PAIRS, Resultat, place_product
from pdp.domain.affectation import Candidat, covers, speaks
from pdp.domain.effort import load_bareme
from pdp.domain.repartition import Cas
from pdp.referentiel import load_referentiel

ECART_MAX = 1.0
"""Percent."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=int, default=10_000, help="parcours to assign (default: %(default)s)")
    parser.add_argument("--agents", type=int, default=500, help="colleagues (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=3, help="of the synthetic stock (default: %(default)s)")
    parser.add_argument("--no-database", action="store_true", help="the rule alone")


def say(texte: str) -> None:
    """Progress, for people."""
    print(texte, file=sys.stderr, flush=True)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    bareme = load_bareme(load_referentiel(), JOUR, PLATEFORME)
    candidats = generate_candidats(arguments.agents, arguments.seed)
    cas = generate_cas(arguments.cases, candidats, bareme, arguments.seed)
    scene = _Scene(cas, candidats)
    say(f"{len(cas):,} parcours, {len(candidats)} colleagues, least possible peak {scene.borne:.2f} points for a full time")
    mesures = {nom: _measure(scene, nom) for nom in PAIRS}
    for nom, m in mesures.items():
        say(f"  {nom:<14} {m['seconds']:7.2f} s  peak {m['peak']:8.2f} (+{m['peak_gap_percent']:.2f} %)  spread {m['spread']:.2f}")
    base = None if arguments.no_database else measure_base(arguments.cases, arguments.agents, bareme, PLAFOND, arguments.seed)
    if base:
        say(f"  through PostgreSQL {base['seconds']:.2f} s, again {base['again_seconds']:.2f} s, faults {sum(base['faults'].values())}")
    produit, stable = mesures["product"], _is_stable(scene)
    ok = (
        not sum(produit["faults"].values())
        and produit["peak_gap_percent"] <= ECART_MAX
        and produit["squares_gap_percent"] <= ECART_MAX
        and stable
        and (base is None or (not sum(base["faults"].values()) and base["again_assigned"] == 0))
    )
    return {
        "ok": ok,
        "cases": len(cas),
        "agents": len(candidats),
        "seed": arguments.seed,
        "optimum": "least heaviest load (points / working time), then least sum of load^2 / working time; gaps are to lower bounds",
        "peak_bound": round(scene.borne, 4),
        "methods": mesures,
        "peak_ratio": {nom: round(m["peak"] / produit["peak"], 3) for nom, m in mesures.items()},
        "spread_ratio": {nom: round(m["spread"] / produit["spread"], 3) for nom, m in mesures.items()},
        "same_answer_in_another_order": stable,
        "postgresql": base,
    }


class _Scene:
    """The cases, with who may take each and the bound of the peak."""

    def __init__(self, cas: list[Cas], candidats: list[Candidat]) -> None:
        self.cas, self.candidats = cas, candidats
        self.borne_carres = 0.0
        self.rangs = {c.id: i for i, c in enumerate(candidats)}
        self.quotites = [c.quotite for c in candidats]
        cache: dict[tuple[str, str], tuple[int, ...]] = {}
        for c in cas:
            if (c.commune, c.langue) not in cache:
                cache[c.commune, c.langue] = tuple(i for i, k in enumerate(candidats) if covers(k, c.commune) and speaks(k, c.langue))
        self.possibles = [cache[c.commune, c.langue] for c in cas]
        fixes = [c.charge for c in candidats]
        for c in cas:
            if c.precedent is not None:
                fixes[self.rangs[c.precedent]] += c.effort
        libres = [(c.effort, p) for c, p in zip(cas, self.possibles, strict=True) if c.precedent is None]
        self.borne = bound_peak(group(libres), fixes, self.quotites)


def _measure(scene: _Scene, nom: str) -> dict[str, Any]:
    depart = time.perf_counter()
    resultat = PAIRS[nom](scene.cas, scene.candidats)
    secondes = time.perf_counter() - depart
    charges = [c.charge for c in scene.candidats]
    poses = []
    for c, possibles in zip(scene.cas, scene.possibles, strict=True):
        if c.id in resultat:
            rang = scene.rangs[resultat[c.id]]
            charges[rang] += c.effort
            if c.precedent is None:
                poses.append((c.effort, possibles, rang))
    pleins = [c / q for c, q in zip(charges, scene.quotites, strict=True)]
    valeur, borne = bound_squares(poses, charges, scene.quotites)
    if nom == "product":
        scene.borne_carres = borne  # the tangent at a good distribution bounds the others too, and closer
    return {
        "seconds": round(secondes, 3),
        "peak": round(max(pleins), 3),
        "peak_gap_percent": round(100 * (max(pleins) / scene.borne - 1), 3),
        "squares_gap_percent": round(100 * (valeur / scene.borne_carres - 1), 3),
        "spread": round(pstdev(pleins), 3),
        "faults": _count_faults(scene, resultat),
    }


def _count_faults(scene: _Scene, resultat: Resultat) -> dict[str, int]:
    recus: dict[int, int] = {}
    hors_territoire = langue = 0
    for c in scene.cas:
        if c.id not in resultat:
            continue
        rang = scene.rangs[resultat[c.id]]
        recus[rang] = recus.get(rang, 0) + 1
        if resultat[c.id] != c.precedent:
            hors_territoire += not covers(scene.candidats[rang], c.commune)
            langue += not speaks(scene.candidats[rang], c.langue)
    return {
        "not_assigned": len(scene.cas) - len(resultat),
        "outside_territory": hors_territoire,
        "language_missing": langue,
        "above_cap": sum(n > (scene.candidats[rang].places or 0) for rang, n in recus.items()),
    }


def _is_stable(scene: _Scene) -> bool:
    """The order of colleagues does not matter, and the same question has the same answer."""
    melange: Sequence[Candidat] = Random(1).sample(scene.candidats, len(scene.candidats))  # noqa: S311 - a shuffle for a check
    return place_product(scene.cas, melange) == place_product(scene.cas, scene.candidats)
