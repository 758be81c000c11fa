"""Daily allowances (IJ) of an illness, counted day by day over the rolling three years of CSS R.323-1 4°.

Slow and obvious on purpose: the oracle of the set-based computation. As far as payments are known it counts what was paid; after that,
what the prescriptions allow. It warns, it never decides about a right.

Rules, each tested under its number:

1. Illness only; cancelled or reversed prescriptions count for nothing. AT/MP and maternity are other regimes.
2. Covered days are walked in order, full time or part-time. A new indemnity chain starts with the first covered day, then whenever more
   than `ij_reprise_sans_carence_jours` days are missing, or when the prescription that brings the day is "initiale" (an initiale that
   only overlaps days already covered starts nothing).
3. The first `ij_carence_jours` covered days of a chain carry no IJ. Days that nobody prescribed never do, unless they were paid (rule 6).
4. A day linked to an affection of L.324-1 (`ald`) is counted apart: whether it enters the 360 is an open question, read from
   `ij_compte_ald_dans_360` on the day of the question. While it has no value, `ij_utilisees` leaves these days out, `ij_utilisees_max`
   puts them in, and `question_ouverte` names the key. A day both linked and not linked counts as not linked.
5. Day by day, a day outside L.324-1 is indemnified only if fewer than `ij_plafond_trois_ans` IJ were consumed in the window
   ]day - 3 years, day[. IJ consumed on day d are those of ]d - 3 years, d].
6. Payments for illness speak first. Rows of the same period (same first and last day) add up, a negative one takes back; the net is kept
   between 0 and the length of the period, and the paid days are the last `net` days of the period. The horizon is the last day of the
   latest period whose net is above 0 (no payment: no horizon). Up to the horizon, the days that carry an IJ are exactly the paid days,
   never stopped by the cap, whoever prescribed them or not; after it, those of rules 1 to 5, whose chains and carence are still walked
   over the whole life of prescriptions. A paid day is of L.324-1 if illness prescriptions cover it and all of these are `ald`.
   Periods that overlap pay a day once. Reversed dates count for nothing.
7. Cap and waiting period have the value in force on the day they apply to; the alert thresholds, which are policy, the value in force
   on the day of the question.

Known limits: the carence that R.323-1 waives within three years for one L.324-1 affection is not (affections are not told apart here); the
days between two avis that could be paid before 1 September 2024 are counted only when their payment is known (`droits_intercalaires` says
how many may be missing).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pdp.domain.arret import Prescription, Versement
from pdp.domain.calendrier import annees_avant
from pdp.domain.referentiel import Parametre, Referentiel

CLE_ALD = "ij_compte_ald_dans_360"
RISQUES_ATMP: frozenset[str] = frozenset({"at", "mp", "trajet"})


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


@dataclass(frozen=True, slots=True)
class EtatDroits:
    """Days of one person by what they are; only the three last fields depend on the day of the question.

    `carence`: illness days prescribed, not paid, that the waiting period leaves without IJ. `comptees`: IJ consumed outside L.324-1.
    `refusees`: days after the horizon that the cap stops. `l324`: IJ of L.324-1. `atmp`: days prescribed for AT, MP or trajet.
    `verse_jusqu_au`: horizon of payments. `epuisement_le`: first day, from the day of the question on, among `comptees` and `refusees`,
    when the count of ]day - 3 years, day] meets the cap. `seuil_1_le`, `seuil_2_le`: first such day when it comes to meet alerte_ij_270,
    alerte_ij_330: not met yet on the IJ day before, so that somebody long past a threshold does not fall due every night. The count is
    `comptees`, and `l324` too if ij_compte_ald_dans_360 says yes.
    """

    carence: frozenset[date]
    comptees: frozenset[date]
    refusees: frozenset[date]
    l324: frozenset[date]
    atmp: frozenset[date]
    verse_jusqu_au: date | None
    epuisement_le: date | None
    seuil_1_le: date | None
    seuil_2_le: date | None


@dataclass(frozen=True, slots=True)
class _Compte:
    """`jours_ij`: rules 1 to 4 and 6, in order. `consommes`: those that enter the count (rule 5). `carence` before payments."""

    jours_ij: list[JourIJ]
    consommes: list[date]
    carence: list[date]
    horizon: date | None


def list_jours_ij(prescriptions: Iterable[Prescription], referentiel: Referentiel, versements: Iterable[Versement] = ()) -> list[JourIJ]:
    """Days that carry an IJ once the carence is taken off, in order; the cap is not applied yet (rules 1 to 4 and 6)."""
    maladie = _list_maladie(prescriptions)
    permis, _ = _walk(maladie, referentiel)
    payes, horizon = _list_payes(versements)
    if horizon is None:
        return permis
    return [JourIJ(jour, is_jour_ald(jour, maladie)) for jour in payes] + [j for j in permis if j.jour > horizon]


def compteur(
    prescriptions: Iterable[Prescription], jour: date, referentiel: Referentiel, versements: Iterable[Versement] = ()
) -> CompteurIJ:
    """Counter of one person on `jour`. Raises ReferentielIncomplet if the cap or the carence is missing, never for the open question."""
    question = referentiel.find_parametre(CLE_ALD, jour)
    compte = _build_compte(list(prescriptions), jour, referentiel, list(versements))
    plafond = referentiel.get_parametre("ij_plafond_trois_ans", jour)
    utilisees = _count(compte.consommes, jour, referentiel)
    l324 = [j.jour for j in compte.jours_ij if j.ald]
    ald_a_part = _count(l324, jour, referentiel)
    ouverte = ald_a_part > 0 and (question is None or question.valeur is None)
    return CompteurIJ(
        ij_utilisees=utilisees,
        ij_restantes=max(0, int(plafond.nombre) - utilisees),
        epuisement_projete=_find_epuisement(compte, jour, referentiel),
        ij_utilisees_max=utilisees + (ald_a_part if ouverte else 0),
        question_ouverte=CLE_ALD if ouverte else None,
        parametre=plafond.identifiant,
    )


def etat_droits(
    prescriptions: Iterable[Prescription],
    jour: date,
    referentiel: Referentiel,
    versements: Iterable[Versement] = (),
    plateforme: str | None = None,
) -> EtatDroits:
    """Days of one person by what they are, and the days when the count falls due, seen from `jour`.

    `plateforme` chooses the alert thresholds only. Raises ReferentielIncomplet if the cap, the carence or a threshold is missing.
    """
    connues = list(prescriptions)
    compte = _build_compte(connues, jour, referentiel, list(versements))
    hors_l324 = {j.jour for j in compte.jours_ij if not j.ald}
    consommes = set(compte.consommes)
    return EtatDroits(
        carence=frozenset(compte.carence) - {j.jour for j in compte.jours_ij},
        comptees=frozenset(hors_l324 & consommes),
        refusees=frozenset(hors_l324 - consommes),
        l324=frozenset(j.jour for j in compte.jours_ij if j.ald),
        atmp=frozenset(j for p in connues if p.is_comptee and p.risque in RISQUES_ATMP for j in p.jours),
        verse_jusqu_au=compte.horizon,
        epuisement_le=_find_epuisement(compte, jour, referentiel),
        seuil_1_le=_find_seuil(compte, jour, referentiel, referentiel.get_parametre("alerte_ij_270", jour, plateforme)),
        seuil_2_le=_find_seuil(compte, jour, referentiel, referentiel.get_parametre("alerte_ij_330", jour, plateforme)),
    )


def _list_maladie(prescriptions: Iterable[Prescription]) -> list[Prescription]:
    """Rule 1."""
    return [p for p in prescriptions if p.is_comptee and p.risque == "maladie"]


def _walk(maladie: Sequence[Prescription], referentiel: Referentiel) -> tuple[list[JourIJ], list[date]]:
    """Rules 2 to 4: days that carry an IJ, and days of carence, both in order."""
    jours: list[JourIJ] = []
    carence: list[date] = []
    precedent: date | None = None
    carence_restante = 0
    for jour in sorted({jour for p in maladie for jour in p.jours}):
        if precedent is None or _is_nouvelle_chaine(jour, precedent, maladie, referentiel):
            carence_restante = referentiel.entier("ij_carence_jours", jour)
        precedent = jour
        if carence_restante:
            carence_restante -= 1
            carence.append(jour)
        else:
            jours.append(JourIJ(jour, is_jour_ald(jour, maladie)))
    return jours, carence


def _is_nouvelle_chaine(jour: date, precedent: date, maladie: Sequence[Prescription], referentiel: Referentiel) -> bool:
    manquants = (jour - precedent).days - 1
    if not referentiel.get_parametre("ij_reprise_sans_carence_jours", jour).satisfait(manquants):
        return True
    if any(p.debut <= precedent and jour <= p.fin for p in maladie):
        return False
    # a prolongation among the prescriptions that begin here carries the chain on
    return all(p.nature == "initiale" for p in maladie if p.debut == jour)


def is_jour_ald(jour: date, maladie: Sequence[Prescription]) -> bool:
    """Rule 4: prescriptions cover the day, and all of them are linked to an affection of L.324-1."""
    couvrantes = [p for p in maladie if p.debut <= jour <= p.fin]
    return bool(couvrantes) and all(p.ald for p in couvrantes)


def _list_payes(versements: Iterable[Versement]) -> tuple[list[date], date | None]:
    """Rule 6: paid days in order, and the horizon."""
    nets: defaultdict[tuple[date, date], int] = defaultdict(int)
    for v in versements:
        if v.debut <= v.fin:
            nets[v.debut, v.fin] += v.jours
    payes: set[date] = set()
    horizon: date | None = None
    for (debut, fin), net in nets.items():
        jours = min(max(net, 0), (fin - debut).days + 1)
        payes.update(fin - timedelta(days=n) for n in range(jours))
        if jours and (horizon is None or fin > horizon):
            horizon = fin
    return sorted(payes), horizon


def _build_compte(prescriptions: Sequence[Prescription], jour: date, referentiel: Referentiel, versements: Sequence[Versement]) -> _Compte:
    question = referentiel.find_parametre(CLE_ALD, jour)
    ald_comptee = question is not None and question.valeur is True
    jours_ij = list_jours_ij(prescriptions, referentiel, versements)
    _, carence = _walk(_list_maladie(prescriptions), referentiel)
    _, horizon = _list_payes(versements)
    return _Compte(jours_ij, _consume(jours_ij, horizon, ald_comptee, referentiel), carence, horizon)


def _consume(jours_ij: Sequence[JourIJ], horizon: date | None, ald_comptee: bool, referentiel: Referentiel) -> list[date]:
    """Days that enter the counter, once the cap has stopped some (rule 5). The cap stops no day of L.324-1 and no paid day."""
    consommes: list[date] = []
    for j in jours_ij:
        if j.ald:
            if ald_comptee:
                consommes.append(j.jour)
            continue
        paye = horizon is not None and j.jour <= horizon
        if paye or _count(consommes, j.jour, referentiel) < referentiel.entier("ij_plafond_trois_ans", j.jour):
            consommes.append(j.jour)
    return consommes


def _count(jours: Sequence[date], jour: date, referentiel: Referentiel) -> int:
    """Number of `jours` (sorted) in ]jour - 3 years, jour]."""
    debut_exclu = annees_avant(jour, referentiel.entier("ij_fenetre_annees", jour))
    return bisect_right(jours, jour) - bisect_right(jours, debut_exclu)


def _find_epuisement(compte: _Compte, jour: date, referentiel: Referentiel) -> date | None:
    for j in compte.jours_ij:
        if j.jour < jour or j.ald:
            continue
        if _count(compte.consommes, j.jour, referentiel) >= referentiel.entier("ij_plafond_trois_ans", j.jour):
            return j.jour
    return None


def _find_seuil(compte: _Compte, jour: date, referentiel: Referentiel, seuil: Parametre) -> date | None:
    deja = False
    for j in compte.jours_ij:
        if j.ald:
            continue
        atteint = seuil.satisfait(_count(compte.consommes, j.jour, referentiel))
        if j.jour >= jour and atteint and not deja:
            return j.jour
        deja = atteint
    return None
