"""Days that nobody prescribed between two avis and that, until 31 August 2024, the caisse could pay all the same.

They are in no count: whether they were paid is a fact, which payments tell as far as they are known. This module only says how many days
the count may be short of, so that a screen can say so. Rules, each tested under its number:

1. Uncovered days between two covered days of illness, when a prolongation brings the second: an initiale opens another arrêt.
2. At most `ij_intercalaire_max_jours` days, of which at most `ij_intercalaire_max_jours_ouvres` are neither week-end nor legal holiday of
   the zone; beyond `ij_intercalaire_hors_fin_de_semaine_max_jours` days, only around a whole week-end (Saturday and Sunday).
3. A day counts while `ij_jours_intercalaires_payes` says yes on that day: a gap may lie on both sides of the change.
4. Days up to the horizon of payments are left out: what was paid is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise

from pdp.domain.arret import Prescription, Versement
from pdp.domain.calendrier import Zone, annees_avant, is_jour_ouvre
from pdp.domain.droits_ij import etat_droits
from pdp.domain.referentiel import Referentiel

SAMEDI, DIMANCHE = 5, 6


def list_jours_intercalaires(prescriptions: Iterable[Prescription], referentiel: Referentiel, zone: Zone = "metropole") -> tuple[date, ...]:
    """Days that may have been paid though nobody prescribed them, in order (rules 1 to 3). Raises ReferentielIncomplet."""
    maladie = [p for p in prescriptions if p.is_comptee and p.risque == "maladie"]
    jours: list[date] = []
    for avant, apres in pairwise(sorted({j for p in maladie for j in p.jours})):
        if (apres - avant).days == 1 or all(p.nature == "initiale" for p in maladie if p.debut == apres):
            continue
        trou = [avant + timedelta(days=n) for n in range(1, (apres - avant).days)]
        payables = [jour for jour in trou if referentiel.valeur("ij_jours_intercalaires_payes", jour) is True]
        if payables and _is_comble(trou, payables[0], referentiel, zone):
            jours.extend(payables)
    return tuple(jours)


def count_jours_intercalaires(
    prescriptions: Iterable[Prescription],
    jour: date,
    referentiel: Referentiel,
    versements: Iterable[Versement] = (),
    zone: Zone = "metropole",
) -> int:
    """How many IJ the count of `jour` may be short of, in its window of three years (rule 4)."""
    connues = list(prescriptions)
    horizon = etat_droits(connues, jour, referentiel, versements).verse_jusqu_au
    apres = annees_avant(jour, referentiel.entier("ij_fenetre_annees", jour))
    connu_jusqu_au = apres if horizon is None else max(apres, horizon)
    return sum(connu_jusqu_au < j <= jour for j in list_jours_intercalaires(connues, referentiel, zone))


def _is_comble(trou: Sequence[date], jour: date, referentiel: Referentiel, zone: Zone) -> bool:
    """Rule 2, under the values of `jour`."""
    if not referentiel.get_parametre("ij_intercalaire_max_jours", jour).satisfait(len(trou)):
        return False
    if not referentiel.get_parametre("ij_intercalaire_max_jours_ouvres", jour).satisfait(sum(is_jour_ouvre(j, zone) for j in trou)):
        return False
    if referentiel.get_parametre("ij_intercalaire_hors_fin_de_semaine_max_jours", jour).satisfait(len(trou)):
        return True
    return {SAMEDI, DIMANCHE} <= {j.weekday() for j in trou}
