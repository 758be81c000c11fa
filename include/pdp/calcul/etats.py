"""Facts of many people in, their absences and their rights out: pure functions, the same as domain/ day by day."""

from __future__ import annotations

from pdp.calcul.episodes import build_episodes
from pdp.calcul.indemnites import list_jours_ij
from pdp.calcul.plafond import find_seuils, plafonner
from pdp.calcul.regles import MALADIE, Droits, Episodes, Prescriptions, Regles, Suspensions, Versements
from pdp.calcul.segments import unir


def compute_episodes(p: Prescriptions, s: Suspensions, regles: Regles) -> Episodes:
    """Absences, by person and first day. Order of `s` indifferent."""
    return build_episodes(p, s, regles.tolerance, regles.suspension_max)


def compute_droits(p: Prescriptions, v: Versements, personnes: int, regles: Regles) -> Droits:
    """Rights of people numbered from 0 to `personnes` - 1. Raises ReferentielIncomplet when a value is missing on a day that needs it."""
    jours = list_jours_ij(p, v, personnes, regles)
    comptees, refusees = plafonner(jours.hors_l324, jours.horizon, regles)
    epuisement, seuil_1, seuil_2 = find_seuils(comptees, refusees, personnes, regles)
    atmp = p.risque != MALADIE
    return Droits(
        carence=jours.carence,
        comptees=comptees,
        refusees=refusees,
        l324=jours.l324,
        atmp=unir(p.personne[atmp], p.debut[atmp], p.fin[atmp], triees=True),
        verse_jusqu_au=jours.horizon,
        epuisement_le=epuisement,
        seuil_1_le=seuil_1,
        seuil_2_le=seuil_2,
    )
