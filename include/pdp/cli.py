"""Command line: ``./pdp COMMAND``. Each command lives in a module of its own, imported when asked for.

A command module has ``configure(parser)`` (optional) and the function named below, which takes the parsed arguments and
returns the exit code, or with ``--json`` a dict that becomes the last line of standard output.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NamedTuple

from pdp.errors import ErreurPdp


class Command(NamedTuple):
    """One line of the registry."""

    nom: str
    aide: str
    module: str
    fonction: str = "run"


COMMANDS: list[Command] = [
    Command(
        "demo", "run the whole platform here with a synthetic cohort (--once: headless, prints the balance sheet)", "pdp.embedded.demo"
    ),
    Command("test", "run the tests ('test fast': the quick part)", "pdp.embedded.essais"),
    Command("migrate", "bring the business database up to date (and its roles, given an administrator's URL)", "pdp.embedded.migrer"),
    Command("arrange", "once a week: prescriptions of each person side by side, so that a night reads less", "pdp.commandes.arrange"),
    Command("portal", "serve the portal alone, from the settings of the environment", "pdp.embedded.portail"),
    Command("screenshots", "make the pictures of the main screens and check them with axe-core", "pdp.embedded.screenshots"),
    Command("ingest", "take one file into the business database, or only say what it holds (--dry-run)", "pdp.commandes.ingest"),
    Command("explain", "say in French why a person was signalled, on what facts, under which law", "pdp.commandes.explain"),
    Command("what-if", "change a threshold on past data and count who would enter, before publishing it", "pdp.commandes.what_if"),
    Command("capacity", "simulate the coming weeks: how many coordinators to call 95 percent in time", "pdp.commandes.capacity"),
    Command("fhir", "check FHIR R4 files, and list who may move a referral Task between which statuses", "pdp.commandes.fhir"),
    Command("chaos", "hand over under faults (kills, cuts, lying partners): nothing lost, doubled or unconsented", "pdp.chaos.commande"),
    Command("simulate", "play months with simulated people on the real services: nobody lost, nothing double", "pdp.commandes.simulate"),
    Command("courriels", "show the mails that the demonstration received: links, codes, notices", "pdp.commandes.courriels"),
    Command("bench", "run a benchmark against named peers in the same run", "pdp.bench.commande"),
    Command("docs", "write the pages produced from the code (--check: fail when they differ)", "pdp.documentation"),
]


def build_parser(demandee: str | None = None) -> argparse.ArgumentParser:
    """Parser of every command; only the one asked for gets its own options (and its imports)."""
    parser = argparse.ArgumentParser(prog="pdp", description="Platform against loss of employment after sick leave, run by Airflow.")
    sous = parser.add_subparsers(dest="commande", metavar="COMMAND")
    for commande in COMMANDS:
        lui = sous.add_parser(commande.nom, help=commande.aide, description=commande.aide)
        if commande.nom == demandee:
            configure = getattr(importlib.import_module(commande.module), "configure", None)
            if configure is not None:
                configure(lui)
    return parser


def _wanted(arguments: Sequence[str]) -> Command | None:
    return next((c for c in COMMANDS if arguments and c.nom == arguments[0]), None)


def _failure(commande: Command, erreur: Exception, en_json: bool) -> int:
    """One line says why; the full trace only for who asks (PDP_TRACE=1)."""
    if os.environ.get("PDP_TRACE"):
        traceback.print_exception(erreur)
    raison = erreur.message if isinstance(erreur, ErreurPdp) else str(erreur) or type(erreur).__name__
    ligne = " ".join(raison.split())
    print(f"pdp {commande.nom}: {ligne}", file=sys.stderr)
    if en_json:
        print(json.dumps({"ok": False, "erreur": ligne, "etape": getattr(erreur, "step", None)}, ensure_ascii=False))
    return 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    donnes = list(sys.argv[1:] if arguments is None else arguments)
    commande = _wanted(donnes)
    parser = build_parser(commande.nom if commande else None)
    if commande is None:
        parser.parse_args(donnes)
        parser.print_help()
        return 2 if donnes else 0
    lus, reste = parser.parse_known_args(donnes)
    lus.reste = reste
    module = importlib.import_module(commande.module)
    if reste and not getattr(module, "PASSE_LE_RESTE", False):
        parser.error(f"unknown argument: {reste[0]}")
    en_json = bool(getattr(lus, "json", False))
    try:
        resultat = getattr(module, commande.fonction)(lus)
    except KeyboardInterrupt:
        print(f"pdp {commande.nom}: interrupted", file=sys.stderr)
        return 130
    except Exception as erreur:
        return _failure(commande, erreur, en_json)
    if isinstance(resultat, dict):
        print(json.dumps(resultat, ensure_ascii=False, default=str), flush=True)
        return 0 if resultat.get("ok") else 1
    return int(resultat or 0)


if __name__ == "__main__":
    sys.exit(main())
