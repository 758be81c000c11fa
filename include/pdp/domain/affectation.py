"""Choice of a coordinator: continuity first, then language and territory, then the lightest load for the working time.

One case at a time here; many at once, fairly, in ``repartition``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

FRANCAIS = "fr"
COMPETENCES_LANGUES = {
    "en": "anglais",
    "ar": "arabe",
    "pt": "portugais",
    "tr": "turc",
    "es": "espagnol",
    "uk": "ukrainien",
    "ro": "roumain",
}
"""Skill an agent must have to speak with a person, by ISO 639-1 code; another code is asked for as it is."""


@dataclass(frozen=True)
class Candidat:
    """A CSAM present today. ``charge``: effort points (or open parcours where effort is not known); ``quotite`` in ]0, 1];
    ``territoire``: INSEE prefixes or {"tous"}; ``dossiers``: open parcours; ``places``: how many more the cap allows, None = no cap.
    """

    id: UUID
    numero: int
    charge: int
    quotite: float
    territoire: tuple[str, ...]
    competences: tuple[str, ...] = ()
    dossiers: int = 0
    places: int | None = None

    @property
    def temps_plein(self) -> float:
        """Load that a full-time agent would carry: what is compared."""
        return self.charge / self.quotite


@dataclass(frozen=True)
class Choix:
    """The coordinator chosen and the French sentence that says why."""

    candidat: Candidat
    motif: str


def covers(candidat: Candidat, commune: str) -> bool:
    """Whether the agent serves this commune."""
    return any(prefixe == "tous" or commune.startswith(prefixe) for prefixe in candidat.territoire)


def speaks(candidat: Candidat, langue: str) -> bool:
    """Whether the agent can talk with a person of that language; French is everybody's."""
    return langue == FRANCAIS or not {langue, COMPETENCES_LANGUES.get(langue, langue)}.isdisjoint(candidat.competences)


def count_places(plafond: int, quotite: float, dossiers: int) -> int:
    """Parcours an agent may still receive under a cap for a full time; in hundredths, so that 0.7 of 80 is exactly 56."""
    return max(0, plafond * round(quotite * 100) // 100 - dossiers)


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
