"""Who reads during ``bench worklist``, and which pages: counters and reasons as a morning uses them."""

from __future__ import annotations

from uuid import UUID

import numpy as np

from pdp.bench.worklist_affichage import Demande
from pdp.bench.worklist_cas import AGENT, Stock, ident
from pdp.services.filtres_liste import Filtres

APPELS = frozenset({"premier_appel", "nouvel_appel", "rappel_promis"})
PAGES: tuple[Filtres, ...] = (
    Filtres(),
    Filtres(vue="retard"),
    Filtres(motifs=APPELS),
    Filtres(vue="aujourd_hui"),
    Filtres(),
    Filtres(vue="entretiens"),
    Filtres(tri="semaines", sens="desc"),
    Filtres(vue="a_renseigner"),
    Filtres(echeances=frozenset({"semaine", "a_venir"}), balles=frozenset({"csam"})),
    Filtres(vue="partenaire_muet"),
    Filtres(motifs=frozenset({"demander_accord"}), attentes=frozenset({"active"}), tri="contact"),
    Filtres(vue="message_en_echec"),
    Filtres(vue="rattrapage", tri="rattrapage", sens="desc"),
    Filtres(vue="reviennent", partenaires=frozenset({"aucun"})),
)


def draw_demandes(stock: Stock, usagers: int) -> list[list[Demande]]:
    """For each reader the pages in turn, not all beginning with the same: a coordinator of median load, the most loaded, then any."""
    charges = np.bincount(stock.agent[: stock.ouverts], minlength=stock.agents)
    par_charge = np.argsort(charges, kind="stable")
    hasard = np.random.default_rng(stock.graine + 9)
    choisis = [int(par_charge[stock.agents // 2]), int(par_charge[-1])]
    choisis += [int(n) for n in hasard.permutation(stock.agents) if n not in choisis]
    return [_pages(stock, numero, rang) for rang, numero in enumerate(choisis[:usagers])]


def _pages(stock: Stock, numero: int, decalage: int) -> list[Demande]:
    csam = UUID(ident(AGENT, np.array([numero]))[0])
    plateforme = stock.plateformes[stock.plateforme_agent[numero]]
    ordre = [PAGES[(decalage + n) % len(PAGES)] for n in range(len(PAGES))]
    return [Demande(csam, plateforme, filtres) for filtres in ordre]


def list_charges(stock: Stock) -> dict[str, int]:
    """Open parcours of one coordinator."""
    charges = np.sort(np.bincount(stock.agent[: stock.ouverts], minlength=stock.agents))
    return {"median": int(charges[len(charges) // 2]), "p95": int(charges[len(charges) * 95 // 100]), "max": int(charges[-1])}
