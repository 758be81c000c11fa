"""``pdp chaos``: hand-overs under faults drawn from seeds, on real processes and a real PostgreSQL; 1 when anything is violated."""

from __future__ import annotations

import argparse
import json
import os
import selectors
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from pdp.chaos.defauts import DEFAUTS
from pdp.chaos.diriges import DIRIGES
from pdp.chaos.piste import fork_piste
from pdp.chaos.plan import SERVICES
from pdp.chaos.points import ETIQUETTES

PISTES_MAX = 4
GENRES = {
    "lost": "perdue",
    "duplicated": "doublee",
    "without_consent": "sans_accord",
    "regressed": "regression",
    "journal": "journal",
    "insisted": "insistance",
    "forged": "contrefacon",
    "rerun_changed": "rejeu",
}
EVENEMENTS = {"kills": "morts", "stops": "arrets", "restarts": "redemarrages", "connections_lost": "bases_perdues"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--schedules", type=int, default=200, metavar="N", help="how many seeds, from --seed on (200)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="first seed; a failing seed is played again with --schedules 1")
    parser.add_argument("--bug", choices=sorted(DEFAUTS), help="put this bug into the product first: a violation is then what is wanted")
    parser.add_argument("--transport", choices=sorted(SERVICES), help="only hand-overs by this transport (all)")
    parser.add_argument("--lanes", type=int, default=min(PISTES_MAX, os.cpu_count() or 1), help="servers side by side (one per processor)")
    parser.add_argument("--no-directed", action="store_true", help="without the schedules written by hand that come first")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")


def run(arguments: argparse.Namespace) -> dict[str, Any] | int:
    """Play everything, tell each violation on standard error as it comes."""
    debut = time.monotonic()
    dites = list(_play(arguments))
    resultat = summarise(dites, time.monotonic() - debut)
    resultat |= {"seed": arguments.seed, "bug": arguments.bug, "transport": arguments.transport}
    for ligne in _describe(resultat):
        print(ligne, file=sys.stderr)
    return resultat if arguments.json else int(not resultat["ok"])


def summarise(dites: Sequence[dict[str, Any]], secondes: float) -> dict[str, Any]:
    """Counts over every schedule; ``ok`` = nothing violated, nothing unexpected, no lane broken."""
    joues = [d for d in dites if "graine" in d]
    compte, evenements = Counter[str](), Counter[str]()
    for d in joues:
        compte += Counter(d["compte"])
        evenements += Counter(d["evenements"])
    passes = {p for d in dites for p in d.get("passes", ())}
    frappes = {p for d in dites for p in d.get("frappes", ())}
    fautifs = [d["graine"] for d in joues if d["violations"] or d["fautes"]]
    pannes = [d["panne"] for d in dites if "panne" in d]
    return {
        "ok": bool(joues) and not fautifs and not pannes,
        "schedules": len(joues),
        "handovers": compte["confiees"],
        **{nom: compte[genre] for nom, genre in GENRES.items()},
        "unexpected": sum(len(d["fautes"]) for d in joues),
        **{nom: evenements[genre] for nom, genre in EVENEMENTS.items()},
        "outcomes": {nom: n for nom, n in sorted(compte.items()) if ":" in nom},
        "points": {
            "total": len(ETIQUETTES),
            "passed": len(passes),
            "struck": len(frappes),
            "not_passed": sorted(set(ETIQUETTES) - passes),
            "not_struck": sorted(set(ETIQUETTES) - frappes),
        },
        "seconds": round(secondes, 1),
        "schedules_per_minute": round(60 * len(joues) / secondes, 1),
        "failing_seeds": fautifs,
        "broken_lanes": pannes,
    }


def _play(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    diriges: list[int | str] = [] if arguments.no_directed or arguments.transport else list(DIRIGES)
    if arguments.bug:
        diriges = [arguments.bug] if diriges else []
    graines: list[int | str] = [*diriges, *range(arguments.seed, arguments.seed + arguments.schedules)]
    pistes = max(1, min(arguments.lanes, len(graines) // 4 or 1))
    with selectors.DefaultSelector() as selecteur:
        pids = []
        for rang in range(pistes):
            pid, tube = fork_piste(graines[rang::pistes], arguments.bug, arguments.transport)
            pids.append(pid)
            selecteur.register(tube, selectors.EVENT_READ, bytearray())
        try:
            yield from _listen(selecteur)
        finally:
            for pid in pids:
                with suppress(ProcessLookupError, ChildProcessError):
                    os.kill(pid, signal.SIGTERM)
                    os.waitpid(pid, 0)


def _listen(selecteur: selectors.BaseSelector) -> Iterator[dict[str, Any]]:
    while selecteur.get_map():
        for cle, _ in selecteur.select():
            octets = os.read(cle.fd, 65536)
            if not octets:
                selecteur.unregister(cle.fd)
                os.close(cle.fd)
                continue
            cle.data.extend(octets)
            while (fin := cle.data.find(b"\n")) >= 0:
                objet = json.loads(cle.data[:fin])
                del cle.data[: fin + 1]
                _warn(objet)
                yield objet


def _warn(objet: dict[str, Any]) -> None:
    for phrase in (*objet.get("violations", ()), *objet.get("fautes", ()), *([objet["panne"]] if "panne" in objet else ())):
        print(f"seed {objet.get('graine', '-')}: {phrase}", file=sys.stderr, flush=True)


def _describe(resultat: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{resultat['schedules']} schedules, {resultat['handovers']} hand-overs: {resultat['lost']} lost,"
        f" {resultat['duplicated']} duplicated, {resultat['without_consent']} without consent, {resultat['regressed']} regressed"
    )
    yield (
        f"{resultat['kills']} kills, {resultat['stops']} stops, {resultat['restarts']} restarts of PostgreSQL; points struck"
        f" {resultat['points']['struck']}/{resultat['points']['total']}; {resultat['schedules_per_minute']} schedules a minute"
    )
    if resultat["failing_seeds"]:
        yield f"failing seeds: {resultat['failing_seeds']}; again: pdp chaos --seed SEED --schedules 1 --no-directed"
