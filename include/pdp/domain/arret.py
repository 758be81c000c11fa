"""A prescription d'arrêt de travail as the caisse knows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

Nature = Literal["initiale", "prolongation"]
Risque = Literal["maladie", "at", "mp", "trajet", "maternite", "paternite"]
MotifCategorie = Literal["tms", "psychique", "autre", "non_renseigne"]

RISQUES_ABSENCE: frozenset[str] = frozenset({"maladie", "at", "mp", "trajet"})
RISQUES_EXCLUS: frozenset[str] = frozenset({"maternite", "paternite"})
"""Never signalled, never chained with an illness."""


@dataclass(frozen=True, slots=True)
class Prescription:
    """One avis, in its last known version. ``debut`` and ``fin`` are both prescribed days.

    ``temps_partiel_therapeutique``: IJ without absence. ``ald``: linked to an affection of CSS L.324-1. ``recue_le``: when known.
    """

    id_avis: str
    debut: date
    fin: date
    nature: Nature = "initiale"
    risque: Risque = "maladie"
    temps_partiel_therapeutique: bool = False
    motif_categorie: MotifCategorie = "non_renseigne"
    ald: bool = False
    annule: bool = False
    recue_le: datetime | None = None

    @property
    def is_comptee(self) -> bool:
        """Not cancelled, and dates in order (reversed dates are stopped at the door; this is a second lock)."""
        return not self.annule and self.debut <= self.fin

    @property
    def jours(self) -> Iterator[date]:
        """Each prescribed day."""
        return (self.debut + timedelta(days=n) for n in range((self.fin - self.debut).days + 1))

    @property
    def rang(self) -> tuple[date, str]:
        """Reading order of prescriptions: first day, then id of the avis."""
        return (self.debut, self.id_avis)


@dataclass(frozen=True, slots=True)
class Periode:
    """Days from ``debut`` to ``fin``, both included; ``fin`` None = last day unknown, whoever uses it says what that means."""

    debut: date
    fin: date | None


@dataclass(frozen=True, slots=True)
class Versement:
    """One row of IJ paid for illness, not cancelled: ``jours`` paid within [``debut``, ``fin``].

    A negative number takes back what another row of the same period paid: rows add up, so two equal rows are two payments.
    """

    debut: date
    fin: date
    jours: int
