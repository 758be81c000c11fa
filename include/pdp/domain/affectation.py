"""Choice of a coordinator: territory first, then continuity, then the lightest load for the working time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Candidat:
    """A CSAM present today: ``charge`` = open parcours, ``quotite`` in ]0, 1], ``territoire`` = INSEE prefixes or {"tous"}."""

    id: UUID
    numero: int
    charge: int
    quotite: float
    territoire: tuple[str, ...]


@dataclass(frozen=True)
class Choix:
    """The coordinator chosen and the French sentence that says why."""

    candidat: Candidat
    motif: str


def covers(candidat: Candidat, commune: str) -> bool:
    """Whether the agent serves this commune."""
    return any(prefixe == "tous" or commune.startswith(prefixe) for prefixe in candidat.territoire)


def choose_csam(candidats: Iterable[Candidat], commune: str, precedent: UUID | None = None) -> Choix | None:
    """None when nobody is present: the parcours then waits, visibly.

    The former coordinator of a relapse comes back first; an agent of the territory before another; then the smallest
    load divided by working time; then the smallest number, so that the choice never depends on the order of rows.
    """
    presents = list(candidats)
    if not presents:
        return None
    connu = next((c for c in presents if c.id == precedent), None)
    if connu is not None:
        return Choix(connu, "Continuité : cette personne a déjà été accompagnée par ce conseiller.")
    locaux = [c for c in presents if covers(c, commune)]
    elu = min(locaux or presents, key=lambda c: (c.charge / c.quotite, c.numero))
    ou = "Conseiller du territoire" if locaux else "Aucun conseiller présent sur le territoire : conseiller de la plateforme"
    charge = f"{elu.charge} dossiers ouverts" if elu.charge > 1 else f"{elu.charge} dossier ouvert"
    return Choix(elu, f"{ou} dont la charge est la plus légère ({charge}).")
