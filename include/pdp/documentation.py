"""``pdp docs``: pages produced from the code; ``--check`` fails when the committed ones differ."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pdp.config import RACINE
from pdp.documentation_dags import PAGE as PAGE_DAGS
from pdp.documentation_dags import page_dags
from pdp.domain.diagramme import page_parcours
from pdp.domain.referentiel import Referentiel
from pdp.domain.regles import Regles
from pdp.referentiel import load_referentiel, load_regles

DOCS = RACINE / "include" / "docs"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a page is not what the code says")


def pages() -> dict[Path, str]:
    """Every generated page with its content."""
    return {
        PAGE_DAGS: page_dags(),
        DOCS / "parcours.md": page_parcours(),
        DOCS / "referentiel.md": _page_referentiel(load_referentiel()) + _page_regles(load_regles()),
    }


def run(arguments: argparse.Namespace) -> int:
    ecarts = [chemin for chemin, contenu in pages().items() if not chemin.exists() or chemin.read_text(encoding="utf-8") != contenu]
    if arguments.check:
        for chemin in ecarts:
            print(f"pdp docs: {chemin.name} is not what the code says; run ./pdp docs", file=sys.stderr)
        return 1 if ecarts else 0
    for chemin in ecarts:
        chemin.write_text(pages()[chemin], encoding="utf-8")
        print(f"pdp docs: {chemin.name} written", file=sys.stderr)
    return 0


def _page_referentiel(referentiel: Referentiel) -> str:
    lignes = [
        "<!-- Produit par `./pdp docs` à partir du code : ne pas modifier à la main. -->",
        "",
        "# Droit et politique en vigueur dans cette version",
        "",
        "Une valeur change dans `include/pdp/referentiel/legal.toml` (droit) ou `politique.toml` (choix de la plateforme).",
        "",
        "| clé | valeur | du | au | source | confiance | ce qu'elle veut dire |",
        "|---|---|---|---|---|---|---|",
    ]
    for p in sorted(referentiel.parametres, key=lambda p: (p.tiroir, p.cle, p.identifiant)):
        valeur = "question ouverte" if p.valeur is None else f"{p.comparateur or ''} {p.valeur} {p.unite}".strip()
        lignes.append(f"| `{p.cle}` | {valeur} | {p.du or '–'} | {p.au or '–'} | {p.source} | {p.confiance} | {p.note} |")
    return "\n".join(lignes) + "\n"


_FENETRES = {
    None: "sans fin connue",
    "avant_j180": "veille de J180",
    "fin_droits": "veille de la fin des indemnités",
    "fin_arret": "fin de l'arrêt",
}


def _page_regles(regles: Regles) -> str:
    lignes = [
        "",
        "# Règles du signalement",
        "",
        "Une règle change dans `include/pdp/referentiel/regles.toml`. Les points classent une liste d'appels ; ils ne décident de rien.",
        "Les points d'une règle cessent de compter quand sa fenêtre se ferme : un appel n'y peut alors plus rien.",
        "",
        "| règle | plateforme | du | au | phrase | ce qu'un appel peut encore changer | seuil | points | jusqu'à | source |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for r in regles:
        dates = f"{r.du or '–'} | {r.au or '–'}"
        valeurs = f"`{r.parametre}` | `{r.points}` | {_FENETRES[r.fenetre]}"
        lignes.append(
            f"| `{r.cle}` v{r.version} | {r.plateforme or 'toutes'} | {dates} | {r.phrase} | {r.levier} | {valeurs} | {r.source} |"
        )
    lignes += ["", "# Exclusions", "", "| exclusion | plateforme | du | au | phrase | codes | source |", "|---|---|---|---|---|---|---|"]
    for e in regles.exclusions:
        codes = ", ".join(e.codes) or "–"
        lignes.append(f"| `{e.cle}` | {e.plateforme or 'toutes'} | {e.du or '–'} | {e.au or '–'} | {e.phrase} | {codes} | {e.source} |")
    return "\n".join(lignes) + "\n"
