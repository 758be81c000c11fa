"""Daily allowances (IJ) of an illness, counted day by day over the rolling three years of CSS R.323-1 4°.

Slow and obvious on purpose: the oracle of the set-based SQL. It counts what the prescriptions allow, not what was paid: it warns,
it never decides about a right.

Rules, each tested under its number:

1. Illness only; cancelled or reversed prescriptions count for nothing. AT/MP and maternity are other regimes.
2. Covered days are walked in order, full time or part-time. A new indemnity chain starts with the first covered day, then whenever more
   than `ij_reprise_sans_carence_jours` days are missing, or when the prescription that brings the day is "initiale" (an initiale that
   only overlaps days already covered starts nothing).
3. The first `ij_carence_jours` covered days of a chain carry no IJ. Days that nobody prescribed never do.
4. A day linked to an affection of L.324-1 (`ald`) is counted apart: whether it enters the 360 is an open question, read from
   `ij_compte_ald_dans_360`. While it has no value, `ij_utilisees` leaves these days out, `ij_utilisees_max` puts them in, and
   `question_ouverte` names the key. A day both linked and not linked counts as not linked.
5. Day by day, a day outside L.324-1 is indemnified only if fewer than `ij_plafond_trois_ans` IJ were consumed in the window
   ]day - 3 years, day[. IJ consumed on day d are those of ]d - 3 years, d].

Known limits: the carence that R.323-1 waives within three years for one L.324-1 affection is not (affections are not told apart); the
days between two avis that could be paid before 1 September 2024 are not added.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from pdp.domain.arret import Prescription
from pdp.domain.calendrier import annees_avant
from pdp.domain.referentiel import Referentiel

CLE_ALD = "ij_compte_ald_dans_360"


@dataclass(frozen=True, slots=True)
class CompteurIJ:
    """IJ of one person on one day.

    `epuisement_projete`: first day, from that day on, when an arrêt still prescribed meets the cap; None if it ends before.
    `ij_utilisees_max` differs from `ij_utilisees` only while `question_ouverte` (a key of the referential) has no answer.
    """

    ij_utilisees: int
    ij_restantes: int
    epuisement_projete: date | None
    ij_utilisees_max: int
    question_ouverte: str | None
    parametre: str


@dataclass(frozen=True, slots=True)
class JourIJ:
    """A day of illness that carries an IJ, before the cap."""

    jour: date
    ald: bool


def list_jours_ij(prescriptions: Iterable[Prescription], referentiel: Referentiel) -> list[JourIJ]:
    """Days that carry an IJ once the carence is taken off, in order; the cap is not applied yet (rules 1 to 4)."""
    maladie = [p for p in prescriptions if p.is_comptee and p.risque == "maladie"]
    jours: list[JourIJ] = []
    precedent: date | None = None
    carence_restante = 0
    for jour in sorted({jour for p in maladie for jour in p.jours}):
        if precedent is None or _is_nouvelle_chaine(jour, precedent, maladie, referentiel):
            carence_restante = referentiel.entier("ij_carence_jours", jour)
        precedent = jour
        if carence_restante:
            carence_restante -= 1
        else:
            jours.append(JourIJ(jour, all(p.ald for p in maladie if p.debut <= jour <= p.fin)))
    return jours


def _is_nouvelle_chaine(jour: date, precedent: date, maladie: Sequence[Prescription], referentiel: Referentiel) -> bool:
    manquants = (jour - precedent).days - 1
    if not referentiel.get_parametre("ij_reprise_sans_carence_jours", jour).satisfait(manquants):
        return True
    if any(p.debut <= precedent and jour <= p.fin for p in maladie):
        return False
    # a prolongation among the prescriptions that begin here carries the chain on
    return all(p.nature == "initiale" for p in maladie if p.debut == jour)


def compteur(prescriptions: Iterable[Prescription], jour: date, referentiel: Referentiel) -> CompteurIJ:
    """Counter of one person on `jour`. Raises ReferentielIncomplet if the cap or the carence is missing, never for the open question."""
    jours_ij = list_jours_ij(prescriptions, referentiel)
    plafond = referentiel.get_parametre("ij_plafond_trois_ans", jour)
    question = referentiel.find_parametre(CLE_ALD, jour)
    ald_comptee = question is not None and question.valeur is True
    consommes = _consume(jours_ij, ald_comptee, referentiel)
    utilisees = _count(consommes, jour, referentiel)
    ald_a_part = 0 if ald_comptee else _count([j.jour for j in jours_ij if j.ald], jour, referentiel)
    ouverte = ald_a_part > 0 and (question is None or question.valeur is None)
    return CompteurIJ(
        ij_utilisees=utilisees,
        ij_restantes=max(0, int(plafond.nombre) - utilisees),
        epuisement_projete=_find_epuisement(jours_ij, consommes, jour, referentiel),
        ij_utilisees_max=utilisees + (ald_a_part if ouverte else 0),
        question_ouverte=CLE_ALD if ouverte else None,
        parametre=plafond.identifiant,
    )


def _consume(jours_ij: Sequence[JourIJ], ald_comptee: bool, referentiel: Referentiel) -> list[date]:
    """Days that enter the counter, once the cap has stopped some (rule 5). A day of L.324-1 is never stopped by the cap."""
    consommes: list[date] = []
    for j in jours_ij:
        if j.ald:
            if ald_comptee:
                consommes.append(j.jour)
        elif _count(consommes, j.jour, referentiel) < referentiel.entier("ij_plafond_trois_ans", j.jour):
            consommes.append(j.jour)
    return consommes


def _count(jours: Sequence[date], jour: date, referentiel: Referentiel) -> int:
    """Number of `jours` (sorted) in ]jour - 3 years, jour]."""
    debut_exclu = annees_avant(jour, referentiel.entier("ij_fenetre_annees", jour))
    return bisect_right(jours, jour) - bisect_right(jours, debut_exclu)


def _find_epuisement(jours_ij: Sequence[JourIJ], consommes: Sequence[date], jour: date, referentiel: Referentiel) -> date | None:
    for j in jours_ij:
        if j.jour >= jour and not j.ald and _count(consommes, j.jour, referentiel) >= referentiel.entier("ij_plafond_trois_ans", j.jour):
            return j.jour
    return None
