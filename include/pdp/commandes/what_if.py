"""``pdp what-if``: change a value of the policy on past data and count who would enter the call list, before publishing it.

Counts only, no identity; nothing is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import Any

from pdp import clock
from pdp.clock import jour_local
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.domain.essai import MAXIMA
from pdp.embedded.rejoindre import joined_database
from pdp.errors import DonneeInvalide
from pdp.services.simulate_reglage import PERIODE_JOURS, Essai, list_plateformes, simulate_reglage
from pdp.storage import db


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cle", required=True, help=f"key of the policy: {', '.join(MAXIMA)}, or a key points_…")
    parser.add_argument("--valeur", required=True, help="whole number to try")
    parser.add_argument("--plateforme", help="one platform (PF35); default: each of them")
    parser.add_argument("--du", metavar="AAAA-MM-JJ", help=f"first day of the period (default: {PERIODE_JOURS} days up to the last)")
    parser.add_argument("--au", metavar="AAAA-MM-JJ", help="last day of the period (default: today)")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line: {ok, essais: [one per platform]}")


def run(arguments: argparse.Namespace) -> dict[str, Any] | int:
    """0 when counted; an unknown key, a value that cannot be or a period to come is an error of one French line."""
    du, au = (_read_jour(nom, getattr(arguments, nom)) for nom in ("du", "au"))
    with joined_database(), db.begin(settings().url_app, systeme("what_if"), instantane=True) as conn:
        jour = jour_local(clock.now())
        connues = list_plateformes(conn)
        if arguments.plateforme is not None and arguments.plateforme not in connues:
            raise DonneeInvalide(f"Plateforme inconnue. Plateformes : {', '.join(connues)}.", code="unknown_platform")
        voulues = connues if arguments.plateforme is None else [arguments.plateforme]
        essais = [simulate_reglage(conn, p, arguments.cle, arguments.valeur, jour, du=du, au=au) for p in voulues]
    if arguments.json:
        return {"ok": True, "essais": [describe(e) for e in essais]}
    print("\n".join(ligne for essai in essais for ligne in render(essai)))
    return 0


def describe(essai: Essai) -> dict[str, Any]:
    """The result without the names of coordinators."""
    resultat = asdict(essai)
    for conseiller in resultat["conseillers"]:
        del conseiller["nom"]
    return resultat


def render(e: Essai) -> Iterator[str]:
    """Lines for a terminal."""
    titre = f"Plateforme {e.plateforme_id}, du {e.du:%d/%m/%Y} au {e.au:%d/%m/%Y}"
    yield from ("", titre, "-" * len(titre), *e.phrases)
    if e.ordre is None:
        yield f"  déjà suivies aujourd'hui : {e.deja_suivis}"
        yield f"  {'Semaine du':12} {'actuel':>8} {'essai':>8}"
        yield from (f"  {s.lundi:%d/%m/%Y}   {s.actuel:8} {s.propose:8}" for s in e.semaines)
        yield f"  {'Conseiller':12} {'temps':>6} {'entrants':>18} {'parcours ouverts':>20}"
        for c in e.conseillers:
            entrants, ouverts = f"{c.actuel.entrants} → {c.propose.entrants}", f"{c.actuel.ouverts} → {c.propose.ouverts}"
            yield f"  n° {c.numero:<9} {c.quotite:6.0%} {entrants:>18} {ouverts:>20}"
        if e.sans_conseiller_actuel or e.sans_conseiller_propose:
            yield f"  sans conseiller disponible : {e.sans_conseiller_actuel} → {e.sans_conseiller_propose}"
    yield from (f"  ({limite})" for limite in e.limites)


def _read_jour(nom: str, brut: str | None) -> date | None:
    try:
        return None if brut is None else date.fromisoformat(brut)
    except ValueError:
        raise DonneeInvalide(f"« --{nom} » attend un jour, par exemple 2026-03-01.", code="bad_date") from None
