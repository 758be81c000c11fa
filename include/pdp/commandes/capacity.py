"""``pdp capacity``: how many coordinators the coming weeks take on each platform, with the assumptions and the fit to the past.

Counts only, no identity; nothing is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pdp import clock
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.domain.capacite_phrases import en_francais, tell_ajustement, tell_reponse
from pdp.embedded.rejoindre import joined_database
from pdp.errors import DonneeInvalide
from pdp.services.read_capacite import CHAMPS, Capacite, read_capacite
from pdp.services.simulate_reglage import list_plateformes
from pdp.storage import db


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plateforme", help="one platform (PF35); default: each of them")
    parser.add_argument(
        "--avec", action="append", default=[], metavar="CLE=VALEUR", help=f"assumption to change: {', '.join(c.cle for c in CHAMPS)}"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line: {ok, capacites: [one per platform]}")


def run(arguments: argparse.Namespace) -> dict[str, Any] | int:
    """0 when simulated; an unknown platform or assumption, or a value that cannot be, is an error of one French line."""
    saisies = dict(_split(brut) for brut in arguments.avec)
    with joined_database(), db.begin(settings().url_app, systeme("capacity"), instantane=True) as conn:
        connues = list_plateformes(conn)
        if arguments.plateforme is not None and arguments.plateforme not in connues:
            raise DonneeInvalide(f"Plateforme inconnue. Plateformes : {', '.join(connues)}.", code="unknown_platform")
        voulues = connues if arguments.plateforme is None else [arguments.plateforme]
        capacites = [read_capacite(conn, p, clock.now(), saisies) for p in voulues]
    if arguments.json:
        return {"ok": True, "capacites": [describe(c) for c in capacites]}
    print("\n".join(ligne for c in capacites for ligne in render(c)))
    return 0


def describe(c: Capacite) -> dict[str, Any]:
    """The result as plain data; without its draws of each week, which the page shows."""
    r, a = c.reponse, c.ajustement
    return {
        "plateforme_id": c.lieu.plateforme_id,
        "jour": c.jour.isoformat(),
        "hypotheses": {v.champ.cle: {"valeur": v.valeur, "origine": v.origine} for v in c.valeurs},
        "equipe_actuelle_etp": r.actuelle.etp if r else None,
        "part_a_temps": round(r.actuelle.part, 2) if r else None,
        "etp_necessaires": r.suffit.etp if r and r.suffit else None,
        "conseillers_en_plus": r.suffit.ajout if r and r.suffit else None,
        "essayes": [{k: v for k, v in asdict(p).items() if k != "semaines"} for p in r.essayes] if r else [],
        "ajustement": {
            "origine": a.origine.isoformat(),
            "erreur_arrivees": a.erreur_arrivees,
            "erreur_naive": a.erreur_naive,
            "erreur_part": a.erreur_part,
            "biais_part": a.biais_part,
            "dans_la_fourchette": [a.couvertes, len(a.semaines)],
        }
        if a
        else None,
    }


def render(c: Capacite) -> Iterator[str]:
    """Lines for a terminal."""
    titre = f"Plateforme {c.lieu.plateforme_id}, {c.hypotheses.semaines} semaines à partir du {c.jour:%d/%m/%Y}"
    yield from ("", titre, "-" * len(titre))
    if c.reponse is None:
        yield "Aucune arrivée connue : essayez --avec arrivees=20."
    else:
        yield from tell_reponse(c.reponse, c.hypotheses)
        yield from (f"  {en_francais(p.etp):>6} ETP : {en_francais(p.part):>5} % à temps" for p in c.reponse.essayes)
    yield from tell_ajustement(c.ajustement, c.hypotheses) if c.ajustement else ("Passé trop court pour une épreuve.",)
    yield from (f"  {v.champ.libelle} : {en_francais(v.valeur)} {v.champ.unite} ({v.origine})" for v in c.valeurs)
    yield from (f"  ({limite})" for limite in c.limites)


def _split(brut: str) -> tuple[str, str]:
    cle, egal, valeur = brut.partition("=")
    if not egal or cle not in {c.cle for c in CHAMPS}:
        raise DonneeInvalide(f"« --avec » attend CLE=VALEUR. Clés : {', '.join(c.cle for c in CHAMPS)}.", code="bad_assumption")
    return cle, valeur
