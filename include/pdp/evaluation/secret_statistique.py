"""Small cells of published tables: hidden, together with enough others that none can be recovered from the totals.

The method is the hypercube: each cell to hide is the corner of a rectangle of hidden cells, totals included, around which people
can be moved without changing anything published. The amounts that can be moved bound what a reader can learn: the possible values
of every hidden cell span at least the threshold, whatever else of the table is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import inf

TOTAL = "ensemble"
Case = tuple[str, str]


def suppress(effectifs: Mapping[Case, int], seuil: int, zero_publiable: Collection[str] = ()) -> dict[Case, int | None]:
    """Table of counts with its totals (row, column, both: ``ensemble``); None where nothing may be published.

    ``effectifs`` maps (row, column) to people, absent = 0; the columns must share people out (no one counted twice in a row), so a
    rate is given as its numerator and its complement. Every count under ``seuil`` is hidden; in the columns of ``zero_publiable``
    a zero is shown, for it concerns nobody.
    """
    table = add_totaux(effectifs)
    petites = sorted(c for c, n in table.items() if n < seuil and not (n == 0 and c[1] in zero_publiable))
    cachees = set(petites)
    protegees: set[Case] = set()
    for case in petites:
        if case not in protegees:
            coins = _find_rectangle(table, case, cachees, seuil)
            cachees.update(coins)
            protegees.update(coins)
    return {case: None if case in cachees else n for case, n in table.items()}


def add_totaux(effectifs: Mapping[Case, int]) -> dict[Case, int]:
    """The full grid with its totals; ``ValueError`` when a label is taken for a total or a count is negative."""
    lignes, colonnes = sorted({r for r, _ in effectifs}), sorted({c for _, c in effectifs})
    if TOTAL in lignes or TOTAL in colonnes or any(n < 0 for n in effectifs.values()):
        raise ValueError("not a table of counts")
    table = {(r, c): effectifs.get((r, c), 0) for r in lignes for c in colonnes}
    for r in lignes:
        table[r, TOTAL] = sum(table[r, c] for c in colonnes)
    for c in (*colonnes, TOTAL):
        table[TOTAL, c] = sum(table[r, c] for r in lignes)
    return table


def _find_rectangle(table: Mapping[Case, int], case: Case, cachees: Collection[Case], seuil: int) -> list[Case]:
    """Corners of the rectangle that protects ``case`` and hides the fewest people more; one always exists, through the totals."""
    ligne, colonne = case
    choix = []
    for autre_ligne in sorted({r for r, _ in table} - {ligne}):
        for autre_colonne in sorted({c for _, c in table} - {colonne}):
            coins = [case, (ligne, autre_colonne), (autre_ligne, colonne), (autre_ligne, autre_colonne)]
            if _span(table, coins) >= seuil:
                choix.append((sum(table[c] for c in coins if c not in cachees), sum(c not in cachees for c in coins), coins))
    return min(choix)[2]


def _span(table: Mapping[Case, int], coins: list[Case]) -> float:
    """How far the value of the corners can move, both ways together, with no count under zero.

    Along a row or a column two cells move against each other, but a cell and its total move together.
    """
    (ligne, colonne), (_, autre_colonne), (autre_ligne, _), _ = coins
    par_ligne = 1 if TOTAL in (ligne, autre_ligne) else -1
    par_colonne = 1 if TOTAL in (colonne, autre_colonne) else -1
    signes = (1, par_colonne, par_ligne, par_ligne * par_colonne)
    baisse = min((table[c] for c, s in zip(coins, signes, strict=True) if s > 0), default=inf)
    hausse = min((table[c] for c, s in zip(coins, signes, strict=True) if s < 0), default=inf)
    return baisse + hausse
