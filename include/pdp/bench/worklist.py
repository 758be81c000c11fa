"""``pdp bench worklist``: *Ma liste* with filters and counts, at the database and through the portal, beside the same list by an ORM.

Rows shown, counters and what was done today are compared first, page by page; ``ok`` says that they are equal, at the database and in the
HTML. Readers come back after a pause, as people do; "alone" is one reader without pause.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from pdp import clock
from pdp.bench.base import open_serveur
from pdp.bench.memoire import machine
from pdp.bench.worklist_affichage import Affichage, Demande
from pdp.bench.worklist_bilan import build_result, print_table, summarise, summarise_usagers
from pdp.bench.worklist_cas import generate_stock
from pdp.bench.worklist_charge import load_stock
from pdp.bench.worklist_demandes import draw_demandes
from pdp.bench.worklist_http import backends_mb, keep_filtres, measure_http, open_comptes, open_portail, read_lignes, sign_in_all
from pdp.bench.worklist_pairs import show_eager, show_naive
from pdp.bench.worklist_produit import show_produit
from pdp.bench.worklist_usagers import METHODES, Plan, auteur, encode_plan
from pdp.storage import db

FONCTIONS = {"product": show_produit, "orm_eager": show_eager, "orm_naive": show_naive}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--parcours", type=int, default=20_000, help="open parcours (default: %(default)s; the proof: 1000000)")
    parser.add_argument("--agents", type=int, default=100, help="coordinators who follow them (default: %(default)s; the proof: 5000)")
    parser.add_argument("--users", type=int, default=8, help="of them at work at the same time (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=4, help="of each measure (default: %(default)s)")
    parser.add_argument("--pause", type=float, default=1, help="mean seconds between two pages of one user (default: %(default)s)")
    parser.add_argument("--pages", type=int, default=30, help="compared before anything is timed (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=3, help="of the synthetic stock (default: %(default)s)")


def say(texte: str) -> None:
    """Progress, for people."""
    print(texte, file=sys.stderr, flush=True)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.parcours < arguments.agents or arguments.agents < arguments.users or arguments.users < 1:
        raise RuntimeError("--parcours >= --agents >= --users >= 1")
    debut, maintenant = machine(), clock.now()
    stock = generate_stock(arguments.parcours, arguments.agents, arguments.seed, maintenant)
    with tempfile.TemporaryDirectory(prefix="pdp-bench-") as dossier, open_serveur(Path(dossier)) as serveur:
        serveur.create_base("bench_worklist")
        say(f"{stock.ouverts:,} open parcours, {stock.personnes:,} in all, {stock.agents:,} coordinators: loading")
        charge = load_stock(stock, say)
        usagers = draw_demandes(stock, arguments.users)
        egalite = compare(usagers, maintenant, arguments.pages)
        say(f"  {egalite['pages']} pages compared, {egalite['differences']} differ")
        base = _measure_base(Path(dossier), usagers, maintenant, arguments)
        http = _measure_http(usagers, arguments)
    resultat = build_result(vars(arguments), debut, charge, stock, egalite, base, http)
    print_table(resultat, say)
    return resultat


def _show(nom: str, demande: Demande, maintenant: datetime) -> Affichage:
    with db.begin_as(auteur(demande), lecture=True) as conn:
        return FONCTIONS[nom](conn, demande, maintenant)


def compare(usagers: list[list[Demande]], maintenant: datetime, nombre: int) -> dict[str, Any]:
    """Every way of reading gives the same page, for the first pages of the readers."""
    pages = [d for rang in range(max(map(len, usagers))) for usager in usagers for d in usager[rang : rang + 1]][:nombre]
    differentes, lignes = 0, 0
    for demande in pages:
        attendu = _show("orm_naive", demande, maintenant)
        lignes += len(attendu.lignes)
        differentes += any(_show(nom, demande, maintenant) != attendu for nom in ("product", "orm_eager"))
    return {"pages": len(pages), "rows": lignes, "differences": differentes}


def _measure_base(dossier: Path, usagers: list[list[Demande]], maintenant: datetime, arguments: argparse.Namespace) -> dict[str, Any]:
    """The same readers for each way, one way after the other."""
    resultat: dict[str, Any] = {"alone": {}, "users": {}}
    for scene, demandes, pause in (("alone", usagers[:1], 0.0), ("users", usagers, arguments.pause)):
        for nom in METHODES:
            plan = Plan(nom, arguments.seconds, pause, maintenant, arguments.seed, demandes)
            resultat[scene][nom] = _run_usagers(dossier / f"{scene}_{nom}.json", plan)
            say(f"  database, {scene:<5} {nom:<10} p95 {resultat[scene][nom]['p95_ms']:9.1f} ms")
    return resultat


def _run_usagers(chemin: Path, plan: Plan) -> dict[str, Any]:
    chemin.write_text(encode_plan(plan), encoding="utf-8")
    commande = [sys.executable, "-m", "pdp.bench.worklist_usagers", str(chemin)]
    fini = subprocess.run(commande, env=dict(os.environ), capture_output=True, text=True, check=False)
    if fini.returncode:
        raise RuntimeError(f"readers failed: {fini.stderr.strip()[-800:]}")
    return summarise_usagers(json.loads(fini.stdout.splitlines()[-1]), plan.secondes)


def _measure_http(usagers: list[list[Demande]], arguments: argparse.Namespace) -> dict[str, Any]:
    """Each reader keeps the filters of a page of his or her own; the rows of the HTML are those of the function."""
    demandes = [usager[rang % len(usager)] for rang, usager in enumerate(usagers)]
    open_comptes(demandes)
    keep_filtres(demandes, clock.now())
    with open_portail() as portail:
        navigateurs = sign_in_all(portail, demandes)
        differentes = sum(
            read_lignes(navigateur.get("/ma-liste")[1]) != tuple(x.parcours_id for x in _show("product", demande, clock.now()).lignes)
            for navigateur, demande in zip(navigateurs, demandes, strict=True)
        )
        seul = summarise(measure_http(navigateurs[:1], arguments.seconds, 0, arguments.seed), arguments.seconds)
        ensemble = summarise(measure_http(navigateurs, arguments.seconds, arguments.pause, arguments.seed), arguments.seconds)
        say(f"  http, users p95 {ensemble['p95_ms']:.1f} ms")
        return {
            "pages_compared": len(demandes),
            "differences": differentes,
            "alone": seul,
            "users": ensemble,
            "portal_mb": portail.peak_mb(),
            "backend_mb": backends_mb(),
        }
