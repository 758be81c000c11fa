"""Therapeutic part-time of the self-employed: days used under the limits of CSS D.622-10. An IJ without absence, for screens only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pdp.domain.arret import Prescription
from pdp.domain.calendrier import annees_avant
from pdp.domain.droits_ij import list_jours_ij
from pdp.domain.referentiel import Referentiel

CLE_FENETRE = "ij_independant_tpt_fenetre_annees"
_LIMITES = {False: "ij_independant_tpt_jours", True: "ij_independant_tpt_l324_1_jours"}


@dataclass(frozen=True, slots=True)
class CompteTpt:
    """`jours` used up to the day of the question, of `limite`; `l324`: for an affection of L.324-1.

    While `question_ouverte` (over which period they add up) has no answer, every known day is counted: `jours` is then the highest
    possible count.
    """

    l324: bool
    jours: int
    limite: int
    question_ouverte: str | None
    parametre: str


def count_tpt_independant(prescriptions: Iterable[Prescription], jour: date, referentiel: Referentiel) -> tuple[CompteTpt, CompteTpt]:
    """Part-time IJ of a self-employed person on `jour`, outside L.324-1 then for it. Raises ReferentielIncomplet if a limit is missing.

    A day is part-time when every illness prescription that covers it is; the waiting period is taken off as for any IJ.
    """
    connues = [p for p in prescriptions if p.is_comptee and p.risque == "maladie"]
    pleins = {j for p in connues if not p.temps_partiel_therapeutique for j in p.jours}
    fenetre = referentiel.find_parametre(CLE_FENETRE, jour)
    ouverte = fenetre is None or fenetre.valeur is None
    apres = date.min if fenetre is None or fenetre.valeur is None else annees_avant(jour, int(fenetre.nombre))
    partiels = [j for j in list_jours_ij(connues, referentiel) if j.jour not in pleins and apres < j.jour <= jour]
    comptes = []
    for l324, cle in _LIMITES.items():
        limite = referentiel.get_parametre(cle, jour)
        jours = sum(j.ald is l324 for j in partiels)
        comptes.append(CompteTpt(l324, jours, int(limite.nombre), CLE_FENETRE if ouverte and jours else None, limite.identifiant))
    return comptes[0], comptes[1]
