"""What a partner may say of a hand-over now, in the order in which it usually happens. One table for its screens."""

from __future__ import annotations

from dataclasses import dataclass

from pdp.domain.orientation import ACTIVES, PAR_PARTENAIRE, Statut

ENGAGEES = frozenset({Statut.ACCEPTEE, Statut.EN_COURS})
"""Accepted: meetings and news may be told."""


@dataclass(frozen=True)
class Geste:
    """One thing a partner may say. ``statuts``: steps it gives (one, or a choice); ``nature``: what it is when it is no step."""

    cle: str
    libelle: str
    statuts: tuple[Statut, ...] = ()
    nature: str | None = None


GESTES: tuple[Geste, ...] = (
    Geste("accepter", "Accepter", (Statut.ACCEPTEE,)),
    Geste("refuser", "Refuser", (Statut.REFUSEE,)),
    Geste("rendez_vous", "Fixer un rendez-vous", nature="rendez_vous"),
    Geste("rencontre", "Premier rendez-vous fait", (Statut.EN_COURS,)),
    Geste("manque", "La personne n'est pas venue", nature="rendez_vous_manque"),
    Geste("nouvelles", "Donner des nouvelles", nature="nouvelles"),
    Geste("terminer", "Terminer et rendre compte", (Statut.REALISEE, Statut.SANS_SUITE)),
    Geste("question", "Poser une question", nature="question"),
)
# The two or three that come first on the list of requests; the others are on the page of the request.
PREMIERS = {
    Statut.ENVOYEE: ("accepter", "refuser", "question"),
    Statut.RECUE: ("accepter", "refuser", "question"),
    Statut.ACCEPTEE: ("rendez_vous", "rencontre"),
    Statut.EN_COURS: ("nouvelles", "terminer"),
}


def list_gestes(statut: str, *, interroge: bool = False) -> tuple[Geste, ...]:
    """Gestures possible now; none once the hand-over is over. ``interroge``: a question of ours is open, news answer it at any step."""
    actuel = Statut(statut)
    return tuple(geste for geste in GESTES if _is_possible(geste, actuel, interroge))


def list_premiers(statut: str) -> tuple[Geste, ...]:
    """Those shown on the list."""
    premiers = PREMIERS.get(Statut(statut), ())
    return tuple(geste for geste in list_gestes(statut) if geste.cle in premiers)


def _is_possible(geste: Geste, statut: Statut, interroge: bool) -> bool:
    if geste.nature == "question" or (geste.nature == "nouvelles" and interroge):
        return statut in ACTIVES
    if geste.nature is not None:
        return statut in ENGAGEES
    return set(geste.statuts) <= PAR_PARTENAIRE.get(statut, frozenset())
