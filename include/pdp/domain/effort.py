"""Load in effort points: what a parcours asks of its coordinator now, by phase, complexity and age. A count of cases says little."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pdp.domain.parcours import Statut
from pdp.domain.referentiel import Referentiel

_PHASES = (
    Statut.AFFECTE,
    Statut.CONTACT_EN_COURS,
    Statut.ENTRETIEN_PLANIFIE,
    Statut.ENTRETIEN_REALISE,
    Statut.ACCORD_DEMANDE,
    Statut.ORIENTE,
    Statut.EN_ACCOMPAGNEMENT,
    Statut.INTERROMPU,
)


@dataclass(frozen=True)
class Bareme:
    """Points in force on a day: by phase, for each hand-over under way, and added during the first days of a parcours."""

    phases: dict[str, int]
    par_orientation: int
    debut: int
    debut_jours: int

    def points(self, statut: str, orientations: int, recent: bool) -> int:
        """Effort of one parcours. One that waits for a coordinator counts as it will once assigned; a closed one counts for nothing."""
        if statut == Statut.CLOTURE:
            return 0
        phase = Statut.AFFECTE if statut == Statut.A_AFFECTER else Statut(statut)
        return self.phases[phase] + orientations * self.par_orientation + (self.debut if recent else 0)

    def recent_depuis(self, jour: date) -> date:
        """A parcours opened on that day or later is in its first days."""
        return jour - timedelta(days=self.debut_jours - 1)


def load_bareme(referentiel: Referentiel, jour: date, plateforme: str | None = None) -> Bareme:
    """Raises ``ReferentielIncomplet`` when a value is missing: a phase is never worth zero by omission."""
    return Bareme(
        {phase.value: referentiel.entier(f"effort_{phase.value}", jour, plateforme) for phase in _PHASES},
        referentiel.entier("effort_par_orientation", jour, plateforme),
        referentiel.entier("effort_debut", jour, plateforme),
        referentiel.entier("effort_debut_jours", jour, plateforme),
    )
