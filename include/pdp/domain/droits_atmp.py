"""IJ of a work accident or occupational disease (AT, MP, trajet): how long they may last, by the date of the sinistre (CSS L.433-1).

For sinistres up to 31 December 2026 the law sets no limit; from 1 January 2027 a decree must set one. While it is unknown no figure is
given: the question is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pdp.domain.droits_l324 import dernier_jour_date_a_date
from pdp.domain.referentiel import Parametre, Referentiel

CLE_PLAFOND = "atmp_plafond"
SANS_PLAFOND = "sans_plafond"


@dataclass(frozen=True, slots=True)
class DroitAtmp:
    """`sans_plafond`: certain that the law sets no limit. `dernier_jour`: limit when one is known. Else `question_ouverte` is the key."""

    sans_plafond: bool
    dernier_jour: date | None
    question_ouverte: str | None
    parametre: str


def find_droit_atmp(arret_debut: date, referentiel: Referentiel, sinistre_le: date | None = None) -> DroitAtmp | None:
    """Right of an AT/MP arrêt begun on `arret_debut`; None when no row covers the sinistre.

    `sinistre_le` None = unknown: it is at the latest the first day of the arrêt, so the answer is certain only if every row up to that
    day says the same; a sinistre before the arrêt may be years old.
    """
    lignes = [p for p in referentiel if p.cle == CLE_PLAFOND]
    if sinistre_le is not None:
        possibles = [p for p in lignes if p.is_en_vigueur(sinistre_le)]
    else:
        possibles = [p for p in lignes if p.du is None or p.du <= arret_debut]
    if not possibles:
        return None
    retenue = max(possibles, key=lambda p: p.du or date.min)
    if len({(p.unite, p.valeur) for p in possibles}) > 1 or (retenue.unite != SANS_PLAFOND and retenue.valeur is None):
        return DroitAtmp(False, None, CLE_PLAFOND, retenue.identifiant)
    return DroitAtmp(retenue.unite == SANS_PLAFOND, _dernier_jour(retenue, arret_debut), None, retenue.identifiant)


def _dernier_jour(ligne: Parametre, arret_debut: date) -> date | None:
    """Last day of the limit, in years date to date from the first day of the arrêt."""
    return None if ligne.unite == SANS_PLAFOND else dernier_jour_date_a_date(arret_debut, int(ligne.nombre))
