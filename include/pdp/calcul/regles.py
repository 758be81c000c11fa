"""Facts and values that the kernels read, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from pdp.calcul.calendrier import EPOQUE
from pdp.calcul.segments import Booleens, Entiers, Jours, Segments
from pdp.errors import ReferentielIncomplet

RISQUES = ("maladie", "at", "mp", "trajet")
"""Code of a risk = its place here; maternity and paternity never enter the clock of absence."""
MOTIFS = ("non_renseigne", "tms", "psychique", "autre")
MALADIE = 0
NON_RENSEIGNE = 0


@dataclass(frozen=True, slots=True)
class Prescriptions:
    """Prescriptions that count (not cancelled, dates in order, risks of absence), sorted by (personne, debut, id_avis in byte order).

    ``connu_at``: microseconds, any origin.
    """

    personne: Jours
    debut: Jours
    fin: Jours
    risque: NDArray[np.int8]
    initiale: Booleens
    temps_partiel: Booleens
    motif: NDArray[np.int8]
    ald: Booleens
    connu_at: Entiers


@dataclass(frozen=True, slots=True)
class Suspensions:
    """Periods declared by the employer, in any order; ``fin`` = segments.TOUJOURS when unknown."""

    personne: Jours
    debut: Jours
    fin: Jours


@dataclass(frozen=True, slots=True)
class Versements:
    """Paid illness rows not cancelled, in any order; a negative number of days takes back."""

    personne: Jours
    debut: Jours
    fin: Jours
    jours: Jours


@dataclass(frozen=True, slots=True)
class Valeurs:
    """Dated values of one key, by first day; days without a value may lie in between."""

    cle: str
    du: Jours
    au: Jours
    valeur: Jours

    def en_vigueur(self, jours: Jours) -> Jours:
        """Value of each day. Raises ReferentielIncomplet when one has none."""
        i = np.searchsorted(self.du, jours, side="right") - 1
        sans = (i < 0) | (jours > self.au[np.maximum(i, 0)])
        if sans.any():
            raise ReferentielIncomplet(self.cle, EPOQUE + timedelta(days=int(jours[np.argmax(sans)])))
        return self.valeur[i]


@dataclass(frozen=True, slots=True)
class Regles:
    """Values in force. Days: ``tolerance``, ``suspension_max``, ``carences``, ``reprises`` (most uncovered days that start no new waiting
    period); IJ: ``plafond``, ``seuils`` (least counts that alert); years: ``fenetre``. ``jour``: day of the question."""

    jour: date
    tolerance: int
    suspension_max: int
    carences: Valeurs
    reprises: Valeurs
    plafond: int
    fenetre: int
    seuils: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Episodes:
    """Absences sorted by (personne, debut). ``premiere``: row of the first prescription in `Prescriptions`."""

    personne: Jours
    premiere: Entiers
    debut: Jours
    fin: Jours
    jours_prescrits: Jours
    nb_prescriptions: Jours
    risque: NDArray[np.int8]
    risque_mixte: Booleens
    motif: NDArray[np.int8]
    ald: Booleens
    temps_partiel: Booleens
    connu_at: Entiers


@dataclass(frozen=True, slots=True)
class Droits:
    """Sets of days of everybody, then one day per person (segments.JAMAIS = none): horizon of payments, cap and alerts to come."""

    carence: Segments
    comptees: Segments
    refusees: Segments
    l324: Segments
    atmp: Segments
    verse_jusqu_au: Jours
    epuisement_le: Jours
    seuil_1_le: Jours
    seuil_2_le: Jours
