"""IJ of an affection of CSS L.324-1: three years from date to date for each affection, another three after a year of work.

Slow and obvious, for screens and explanations. It warns, it never decides about a right. Rules, each tested under its number:

1. A day is linked to L.324-1 when illness prescriptions cover it and all of them are `ald` (droits_ij rule 4). It belongs to the one
   affection recognised on that day; when none is, or several are, to "non précisée" (`affection` None).
2. Recognitions of nature ald, hors_liste, polypathologie and l324 count; at, mp and invalidite are other regimes. Nature l324 (an affection
   that does not exempt from co-payment) counts unless `ij_l324_1_hors_ald_exonerante` says no on that day: the day then has no right of
   this kind. While that key is not certain, an affection that used such a day names it among its open questions.
3. Linked days of an affection, prescribed or part-time, walked in order, make one period until work was resumed for
   `ij_reprise_rouvrant_droits_annees` whole years, date to date. Work is presumed on the days without prescription: a day on which another
   illness, an accident or a leave is prescribed cuts the year or not according to `ij_reprise_coupee_par_autre_arret`.
4. A period begins on its first IJ, or on its first prescribed day, according to `ij_l324_1_depart_premier_jour_indemnise`, and lasts
   `ij_max_l324_1_annees`, date to date: begun on 10 March, its last day is 9 March; begun on 29 February, 28 February.
   Therapeutic part-time may go on for `tpt_au_dela_l324_1_annees` more.
5. The running period on a day is the last one begun by that day. While a key of rule 3 or 4 has no value, both answers are computed:
   `debut` and `dernier_jour` are of the earliest end, `dernier_jour_max` is the latest one, and the key is named when they differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise, product
from typing import Literal

from pdp.domain.arret import Prescription, Versement
from pdp.domain.calendrier import add_mois
from pdp.domain.droits_ij import is_jour_ald, list_jours_ij
from pdp.domain.referentiel import Referentiel

NatureAffection = Literal["ald", "hors_liste", "polypathologie", "at", "mp", "l324", "invalidite"]
NATURES_EXONERANTES: frozenset[str] = frozenset({"ald", "hors_liste", "polypathologie"})
CLE_HORS_EXONERANTE = "ij_l324_1_hors_ald_exonerante"
CLE_DEPART = "ij_l324_1_depart_premier_jour_indemnise"
CLE_COUPURE = "ij_reprise_coupee_par_autre_arret"


@dataclass(frozen=True, slots=True)
class Affection:
    """One recognition. ``affection`` is opaque: the same value for the same affection of the person. ``fin`` None = open."""

    affection: str
    nature: NatureAffection
    debut: date
    fin: date | None
    annule: bool = False

    def is_active(self, jour: date) -> bool:
        return not self.annule and self.debut <= jour and (self.fin is None or jour <= self.fin)


@dataclass(frozen=True, slots=True)
class DroitL324:
    """Running period of one affection on a day. ``affection`` None = the linked days do not say which.

    `jours_utilises`: IJ from `debut` to the day of the question, those beyond `dernier_jour` apart in `jours_au_dela`.
    `dernier_jour_tpt`: the same end for therapeutic part-time. `parametre`: value that gives the length.
    """

    affection: str | None
    debut: date
    dernier_jour: date
    dernier_jour_max: date
    dernier_jour_tpt: date
    jours_utilises: int
    jours_au_dela: int
    questions_ouvertes: tuple[str, ...]
    parametre: str

    def is_epuise(self, jour: date) -> bool:
        """Whether the three years are over on `jour` in every reading of the law."""
        return jour > self.dernier_jour_max


@dataclass(frozen=True, slots=True)
class _Usage:
    """Linked days of one affection: prescribed (all of them, in order) and those that carry an IJ."""

    prescrits: list[date]
    indemnises: list[date]


def list_droits_l324(
    prescriptions: Iterable[Prescription],
    affections: Iterable[Affection],
    jour: date,
    referentiel: Referentiel,
    versements: Iterable[Versement] = (),
) -> tuple[DroitL324, ...]:
    """Affections whose period has begun by `jour`, "non précisée" last. Raises ReferentielIncomplet if a length is missing."""
    connues = [p for p in prescriptions if p.is_comptee]
    reconnues = list(affections)
    usages = _list_usages(connues, reconnues, referentiel, list(versements))
    absences = {j for p in connues for j in p.jours}
    droits = [
        _build_droit(cle, usages[cle], absences, reconnues, jour, referentiel) for cle in sorted(usages, key=lambda c: (c is None, c))
    ]
    return tuple(droit for droit in droits if droit is not None)


def find_affection(jour: date, affections: Iterable[Affection], referentiel: Referentiel) -> tuple[bool, str | None]:
    """Rules 1 and 2 for a linked day: (it has a right of L.324-1, its affection or None)."""
    actives = [a for a in affections if a.is_active(jour)]
    exonerantes = {a.affection for a in actives if a.nature in NATURES_EXONERANTES}
    autres = {a.affection for a in actives if a.nature == "l324"}
    hors = referentiel.find_parametre(CLE_HORS_EXONERANTE, jour)
    if hors is not None and hors.valeur is False:
        if autres and not exonerantes:
            return False, None
        autres = set()
    candidates = exonerantes | autres
    return True, next(iter(candidates)) if len(candidates) == 1 else None


def dernier_jour_date_a_date(debut: date, annees: int) -> date:
    """Last day of a period of whole years: the eve of the same date, or 28 February when 29 February does not exist."""
    suivant = add_mois(debut, 12 * annees)
    return suivant - timedelta(days=1) if suivant.day == debut.day else suivant


def _list_usages(
    prescriptions: Sequence[Prescription], affections: Sequence[Affection], referentiel: Referentiel, versements: Sequence[Versement]
) -> Mapping[str | None, _Usage]:
    maladie = [p for p in prescriptions if p.risque == "maladie"]
    indemnises = {j.jour for j in list_jours_ij(prescriptions, referentiel, versements) if j.ald}
    usages: defaultdict[str | None, _Usage] = defaultdict(lambda: _Usage([], []))
    for jour in sorted({j for p in maladie if p.ald for j in p.jours}):
        a_droit, affection = find_affection(jour, affections, referentiel)
        if a_droit and is_jour_ald(jour, maladie):
            usages[affection].prescrits.append(jour)
            if jour in indemnises:
                usages[affection].indemnises.append(jour)
    return usages


def _build_droit(
    affection: str | None, usage: _Usage, absences: set[date], affections: Sequence[Affection], jour: date, referentiel: Referentiel
) -> DroitL324 | None:
    """None when no period has begun by `jour`."""
    duree = referentiel.get_parametre("ij_max_l324_1_annees", jour)
    annees = int(duree.nombre)
    lectures = {
        (coupure, depart): debut
        for coupure, depart in product(_reponses(CLE_COUPURE, jour, referentiel), _reponses(CLE_DEPART, jour, referentiel))
        if (debut := _find_debut(usage, absences, coupure, depart, jour, referentiel)) is not None
    }
    if not lectures:
        return None
    debut = min(lectures.values())
    dernier = dernier_jour_date_a_date(debut, annees)
    utiles = [j for j in usage.indemnises if debut <= j <= jour]
    return DroitL324(
        affection=affection,
        debut=debut,
        dernier_jour=dernier,
        dernier_jour_max=dernier_jour_date_a_date(max(lectures.values()), annees),
        dernier_jour_tpt=dernier_jour_date_a_date(debut, annees + referentiel.entier("tpt_au_dela_l324_1_annees", jour)),
        jours_utilises=sum(j <= dernier for j in utiles),
        jours_au_dela=sum(j > dernier for j in utiles),
        questions_ouvertes=_list_questions(lectures, affection, utiles, affections, referentiel),
        parametre=duree.identifiant,
    )


def _reponses(cle: str, jour: date, referentiel: Referentiel) -> tuple[bool, ...]:
    """The answer of the referential, or both while the question is open."""
    parametre = referentiel.find_parametre(cle, jour)
    return (True, False) if parametre is None or parametre.valeur is None else (bool(parametre.valeur),)


def _find_debut(usage: _Usage, absences: set[date], coupure: bool, depart: bool, jour: date, referentiel: Referentiel) -> date | None:
    """First day of the running period in one reading (rules 3 to 5)."""
    periodes: list[list[date]] = []
    for prescrit in usage.prescrits:
        if periodes and not _is_annee_travaillee(periodes[-1][-1], prescrit, absences if coupure else set(), referentiel):
            periodes[-1].append(prescrit)
        else:
            periodes.append([prescrit])
    if depart:
        indemnises = set(usage.indemnises)
        periodes = [payes for periode in periodes if (payes := [j for j in periode if j in indemnises])]
    return max((periode[0] for periode in periodes if periode[0] <= jour), default=None)


def _is_annee_travaillee(avant: date, apres: date, absences: set[date], referentiel: Referentiel) -> bool:
    """Whether a run of days without `absences`, strictly between two linked days, lasts the years of work that reopen the right."""
    annees = referentiel.entier("ij_reprise_rouvrant_droits_annees", apres)
    bornes = [avant, *sorted(j for j in absences if avant < j < apres), apres]
    return any(dernier_jour_date_a_date(a + timedelta(days=1), annees) < b for a, b in pairwise(bornes))


def _list_questions(
    lectures: Mapping[tuple[bool, bool], date],
    affection: str | None,
    utiles: Sequence[date],
    affections: Sequence[Affection],
    referentiel: Referentiel,
) -> tuple[str, ...]:
    """Open keys that change something for this affection."""
    questions = []
    for rang, cle in enumerate((CLE_COUPURE, CLE_DEPART)):
        autres = defaultdict(set)
        for lecture, debut in lectures.items():
            autres[lecture[1 - rang]].add(debut)
        if any(len(debuts) > 1 for debuts in autres.values()):
            questions.append(cle)
    if affection is not None and any(_is_incertain(j, affection, affections, referentiel) for j in utiles):
        questions.append(CLE_HORS_EXONERANTE)
    return tuple(questions)


def _is_incertain(jour: date, affection: str, affections: Sequence[Affection], referentiel: Referentiel) -> bool:
    """On `jour` the affection holds by nature l324 alone, while the law about that nature is not certain."""
    natures = {a.nature for a in affections if a.affection == affection and a.is_active(jour)}
    if natures & NATURES_EXONERANTES:
        return False
    hors = referentiel.find_parametre(CLE_HORS_EXONERANTE, jour)
    return hors is None or hors.valeur is None or hors.confiance == "ouvert"
