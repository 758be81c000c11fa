"""What the best distribution can at most reach, computed without distributing: lower bounds that no solver can beat.

The optimum meant: the least heaviest load for a full time (points / working time), then the least sum of load² / working time.
- Peak: cases of one kind may be cut into single points; a peak T is possible only if the points flow into colleagues of capacity
  floor(T x working time) - load already there. The least such T, by bisection over maximum flows, bounds the optimum from below.
- Squares: a convex sum lies above its tangent; at the distribution found, each point sent where the slope is least bounds the optimum.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from math import floor

PRECISION = 1e-6

Sortes = dict[tuple[int, ...], int]


def group(cas: Sequence[tuple[int, tuple[int, ...]]]) -> Sortes:
    """Points to place, by who may take them."""
    sortes: Sortes = defaultdict(int)
    for effort, possibles in cas:
        sortes[possibles] += effort
    return sortes


def bound_peak(sortes: Sortes, charges: Sequence[int], quotites: Sequence[float]) -> float:
    """No distribution of whole cases has a lower peak. A colleague already above it is part of the answer."""
    deja = max(c / q for c, q in zip(charges, quotites, strict=True))
    bas, haut = deja - PRECISION, deja + sum(sortes.values()) / min(quotites)
    if _is_feasible(sortes, charges, quotites, deja):
        return deja
    while haut - bas > PRECISION:
        milieu = (bas + haut) / 2
        if _is_feasible(sortes, charges, quotites, milieu):
            haut = milieu
        else:
            bas = milieu
    return bas


def _is_feasible(sortes: Sortes, charges: Sequence[int], quotites: Sequence[float], pic: float) -> bool:
    capacites = [max(0, floor(pic * q + 1e-9) - c) for c, q in zip(charges, quotites, strict=True)]
    return max_flow(sortes, capacites) == sum(sortes.values())


def bound_squares(
    cas: Sequence[tuple[int, tuple[int, ...], int]], charges: Sequence[int], quotites: Sequence[float]
) -> tuple[float, float]:
    """(value of the distribution, bound): cases as (effort, who may take it, who has it); ``charges`` with them."""
    valeur = sum(c * c / q for c, q in zip(charges, quotites, strict=True))
    pentes = [2 * c / q for c, q in zip(charges, quotites, strict=True)]
    minima: dict[tuple[int, ...], float] = {}
    gain = 0.0
    for effort, possibles, rang in cas:
        if possibles not in minima:
            minima[possibles] = min(pentes[i] for i in possibles)
        gain += effort * (pentes[rang] - minima[possibles])
    return valeur, valeur - gain


def max_flow(sortes: Sortes, capacites: Sequence[int]) -> int:
    """Points that can be placed: Dinic between kinds of cases and colleagues."""
    cles = list(sortes)
    reste_sorte = [sortes[c] for c in cles]
    reste_agent = list(capacites)
    flux: list[dict[int, int]] = [{} for _ in cles]
    total = 0
    tenants: list[set[int]] = [set() for _ in capacites]

    def push(s: int, agent: int, points: int) -> None:
        flux[s][agent] = flux[s].get(agent, 0) + points
        tenants[agent].add(s)

    for s, possibles in enumerate(cles):  # what fits at once
        for agent in possibles:
            points = min(reste_sorte[s], reste_agent[agent])
            if points:
                push(s, agent, points)
                reste_sorte[s] -= points
                reste_agent[agent] -= points
                total += points
    for s in range(len(cles)):
        while reste_sorte[s]:
            points = _augment(s, cles, flux, tenants, reste_sorte, reste_agent)
            if not points:
                return total
            total += points
    return total


def _augment(
    depart: int,
    cles: list[tuple[int, ...]],
    flux: list[dict[int, int]],
    tenants: list[set[int]],
    reste_sorte: list[int],
    reste_agent: list[int],
) -> int:
    """Shortest path kind -> colleague -> kind that gives way -> … -> colleague with room; returns the points moved along it."""
    par_agent: dict[int, int] = {}
    par_sorte: dict[int, int] = {depart: -1}
    file = deque([depart])
    while file:
        s = file.popleft()
        for agent in cles[s]:
            if agent in par_agent:
                continue
            par_agent[agent] = s
            if reste_agent[agent]:
                return _push_along(agent, par_agent, par_sorte, depart, flux, tenants, reste_sorte, reste_agent)
            for autre in sorted(tenants[agent]):
                if autre not in par_sorte:
                    par_sorte[autre] = agent
                    file.append(autre)
    return 0


def _push_along(
    arrivee: int,
    par_agent: dict[int, int],
    par_sorte: dict[int, int],
    depart: int,
    flux: list[dict[int, int]],
    tenants: list[set[int]],
    reste_sorte: list[int],
    reste_agent: list[int],
) -> int:
    aretes, agent = [], arrivee
    while True:
        s = par_agent[agent]
        aretes.append((s, agent, par_sorte[s]))
        if s == depart:
            break
        agent = par_sorte[s]
    points = min([reste_sorte[depart], reste_agent[arrivee], *(flux[s][quitte] for s, _, quitte in aretes if quitte >= 0)])
    for s, recoit, quitte in aretes:
        flux[s][recoit] = flux[s].get(recoit, 0) + points
        tenants[recoit].add(s)
        if quitte >= 0:
            flux[s][quitte] -= points
            if not flux[s][quitte]:
                del flux[s][quitte]
                tenants[quitte].discard(s)
    reste_sorte[depart] -= points
    reste_agent[arrivee] -= points
    return points
