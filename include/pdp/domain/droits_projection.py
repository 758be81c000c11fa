"""When the IJ of an illness would end, for screens: with what is prescribed, and if the arrêt went on. A projection, never a decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from pdp.domain.arret import Prescription, Versement
from pdp.domain.droits_ij import compteur, etat_droits, is_jour_ald
from pdp.domain.referentiel import Referentiel

ID_SUITE = "~suite"
"""Id of the supposed prolongation: after every real id."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Both dates are the first day, from the day of the question on, when the count of IJ meets the cap (the last paid day).

    `epuisement_le`: with the prescriptions known. `epuisement_si_poursuite`: if the arrêt under way went on without a break from its last
    prescribed day; days that leave the window of three years come back. None: never met; for the second date also when no arrêt is under
    way, or when it is of L.324-1, whose limit is another (droits_l324).
    """

    epuisement_le: date | None
    epuisement_si_poursuite: date | None
    ij_restantes: int
    question_ouverte: str | None
    parametre: str


def project_epuisement(
    prescriptions: Iterable[Prescription], jour: date, referentiel: Referentiel, versements: Iterable[Versement] = ()
) -> Projection:
    """Projection of one person on `jour`. Raises ReferentielIncomplet like the counter."""
    connues, verses = list(prescriptions), list(versements)
    compte = compteur(connues, jour, referentiel, verses)
    return Projection(
        epuisement_le=compte.epuisement_projete,
        epuisement_si_poursuite=compte.epuisement_projete or _find_si_poursuite(connues, jour, referentiel, verses),
        ij_restantes=compte.ij_restantes,
        question_ouverte=compte.question_ouverte,
        parametre=compte.parametre,
    )


def _find_si_poursuite(connues: list[Prescription], jour: date, referentiel: Referentiel, verses: list[Versement]) -> date | None:
    maladie = [p for p in connues if p.is_comptee and p.risque == "maladie"]
    fin = max((p.fin for p in maladie), default=None)
    if fin is None or is_jour_ald(fin, maladie):
        return None
    reprise = referentiel.get_parametre("ij_reprise_sans_carence_jours", jour)
    if not reprise.satisfait(max(0, (jour - fin).days - 1)):
        return None
    verse_jusqu_au = max((v.fin for v in verses), default=fin)
    # beyond the known payments, a full cap of days that carry an IJ always meets it; the waiting period may still run on the first ones
    jours = referentiel.entier("ij_plafond_trois_ans", jour) + referentiel.entier("ij_carence_jours", jour)
    suite = Prescription(ID_SUITE, fin + timedelta(days=1), max(fin, jour, verse_jusqu_au) + timedelta(days=jours), nature="prolongation")
    return etat_droits([*connues, suite], jour, referentiel, verses).epuisement_le
