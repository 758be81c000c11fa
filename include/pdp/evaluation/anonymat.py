"""k-anonymity of individual rows: rare combinations of quasi-identifiers are merged until none concerns fewer than k people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

REGROUPE = "regroupe"
Combinaison = tuple[str, ...]


def regroup(effectifs: Mapping[Combinaison, int], seuil: int) -> dict[Combinaison, Combinaison]:
    """Combination published for each combination observed; every published one concerns at least ``seuil`` people.

    Values are hidden from the last position to the first (the first is the most useful). When the rare combinations under one
    parent do not reach ``seuil`` together, the smallest of its sound ones is hidden with them, otherwise the few left would stand
    out. Below ``seuil`` people in all, everything is hidden.
    """
    largeur = len(next(iter(effectifs), ()))
    publiees = {combinaison: combinaison for combinaison, n in effectifs.items() if n > 0}
    for niveau in range(largeur - 1, -1, -1):
        for groupe in _split(publiees, niveau).values():
            for origine in _to_hide(groupe, effectifs, seuil):
                publiees[origine] = publiees[origine][:niveau] + (REGROUPE,) * (largeur - niveau)
    return publiees


def _split(publiees: Mapping[Combinaison, Combinaison], niveau: int) -> dict[Combinaison, dict[Combinaison, list[Combinaison]]]:
    """parent (first ``niveau`` values) -> published combination -> observed ones."""
    groupes: dict[Combinaison, dict[Combinaison, list[Combinaison]]] = defaultdict(lambda: defaultdict(list))
    for origine in sorted(publiees):
        groupes[publiees[origine][:niveau]][publiees[origine]].append(origine)
    return groupes


def _to_hide(groupe: Mapping[Combinaison, list[Combinaison]], effectifs: Mapping[Combinaison, int], seuil: int) -> list[Combinaison]:
    """Observed combinations of one parent to publish with less detail: the rare ones, and who must hide with them."""
    tailles = {publiee: sum(effectifs[o] for o in origines) for publiee, origines in groupe.items()}
    croissant = sorted(tailles, key=lambda publiee: (tailles[publiee], publiee))
    caches = [publiee for publiee in croissant if tailles[publiee] < seuil]
    if not caches:
        return []
    total = sum(tailles[publiee] for publiee in caches)
    for publiee in croissant[len(caches) :]:
        if total >= seuil:
            break
        caches.append(publiee)
        total += tailles[publiee]
    return [origine for publiee in caches for origine in groupe[publiee]]
