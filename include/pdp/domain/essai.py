"""What-if of a policy value: which keys may be tried, what a value must be, and the rules under two values. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from uuid import UUID

from pdp.domain.affectation import Candidat, count_places
from pdp.domain.referentiel import Parametre, Referentiel
from pdp.domain.repartition import Cas, distribute
from pdp.domain.signalement import PALIERS, is_a_trier
from pdp.errors import DonneeInvalide

MAXIMA = {
    "palier_signalement_j30": 730,
    "palier_signalement_j60": 730,
    "palier_signalement_j90": 730,
    "palier_signalement_j180": 730,
    "palier_ouverture": 180,
    "tolerance_horloge_risque_jours": 60,
    "horloge_suspension_max_jours": 365,
    "age_exclusion": 120,
}
"""Keys that change who enters, with the highest value that makes sense; keys of points are tried too."""
LIBELLES = {
    "palier_signalement_j30": "Jours d'absence du palier J30",
    "palier_signalement_j60": "Jours d'absence du palier J60",
    "palier_signalement_j90": "Jours d'absence du palier J90",
    "palier_signalement_j180": "Jours d'absence du palier J180",
    "palier_ouverture": "Premier palier qui ouvre un dossier",
    "tolerance_horloge_risque_jours": "Jours de reprise tolérés dans une même absence",
    "horloge_suspension_max_jours": "Jours de congé ou de suspension au plus dans une même absence",
    "age_exclusion": "Âge à partir duquel on ne signale plus",
}
POINTS_MAX = 1000
_POINTS = re.compile(r"points_[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Groupe:
    """People alike for the assignment: weeks (Mondays) in which they enter, and who follows or followed them.

    ``…_dans``: whether they enter in the period under that value. A week without it is outside the period; None = they never enter.
    """

    semaine_actuel: date | None
    semaine_propose: date | None
    actuel_dans: bool
    propose_dans: bool
    suivi_par: UUID | None
    precedent: UUID | None
    couvreurs: tuple[UUID, ...]
    nombre: int


@dataclass(frozen=True, slots=True)
class Conseiller:
    """A coordinator of the simulation; ``ouverts``: open parcours today."""

    id: UUID
    numero: int
    nom: str
    quotite: float
    ouverts: int


@dataclass(frozen=True, slots=True)
class Charge:
    """What one coordinator would carry: people who entered in the period, and open parcours at its end."""

    entrants: int
    ouverts: int


def is_points(cle: str) -> bool:
    return _POINTS.fullmatch(cle) is not None


def list_cles(referentiel: Referentiel) -> list[str]:
    """Keys that may be tried."""
    return [*MAXIMA, *sorted({p.cle for p in referentiel if is_points(p.cle)})]


def label_cle(cle: str) -> str:
    """The key as a manager reads it."""
    return LIBELLES.get(cle) or f"Points : {cle.removeprefix('points_').replace('_', ' ')}"


def get_actuel(referentiel: Referentiel, cle: str, jour: date, plateforme: str) -> Parametre:
    """The value in force. Raises DonneeInvalide for a key that cannot be tried, ReferentielIncomplet when it has no value."""
    if cle not in list_cles(referentiel):
        connues = ", ".join([*MAXIMA, "points_…"])
        raise DonneeInvalide(f"« {cle} » ne peut pas être essayée. Réglages possibles : {connues}.", code="unknown_key")
    return referentiel.get_parametre(cle, jour, plateforme)


def parse_valeur(cle: str, brut: str) -> int:
    """A whole number within the bounds of the key. Raises DonneeInvalide with a French sentence."""
    maximum = POINTS_MAX if is_points(cle) else MAXIMA.get(cle, POINTS_MAX)
    minimum = 0 if is_points(cle) or cle in ("tolerance_horloge_risque_jours", "horloge_suspension_max_jours") else 1
    if not re.fullmatch(r"[+-]?\d{1,6}", brut.strip()):
        raise DonneeInvalide(f"« {brut.strip()[:20]} » n'est pas un nombre entier. Rien n'a été calculé.", code="bad_value")
    valeur = int(brut)
    if not minimum <= valeur <= maximum:
        raise DonneeInvalide(f"« {cle} » se règle entre {minimum} et {maximum}. Rien n'a été calculé.", code="value_out_of_bounds")
    return valeur


def apply_valeur(referentiel: Referentiel, actuel: Parametre, valeur: int) -> Referentiel:
    """The same law and policy with another value in the row in force; nothing else changes."""
    return Referentiel([replace(p, valeur=valeur) if p == actuel else p for p in referentiel])


def find_minimum(referentiel: Referentiel, jour: date, plateforme: str) -> int:
    """Days of absence from which a file opens. Raises DonneeInvalide when the thresholds no longer follow each other, or none opens."""
    minima = {n: _borne_basse(referentiel.get_parametre(f"palier_signalement_j{n}", jour, plateforme)) for n in PALIERS}
    ordre = list(minima.values())
    if any(a >= b for a, b in pairwise(ordre)):
        suite = ", ".join(f"J{n} : {jours} jours" for n, jours in minima.items())
        raise DonneeInvalide(f"Les paliers doivent se suivre dans l'ordre ({suite}). Rien n'a été calculé.", code="thresholds_out_of_order")
    ouverts = [minima[n] for n in PALIERS if is_a_trier(n, jour, referentiel, plateforme)]
    if not ouverts:
        raise DonneeInvalide("Avec cette valeur, plus aucun palier n'ouvrirait de dossier. Rien n'a été calculé.", code="nothing_opens")
    return min(ouverts)


def assign_groupes(
    groupes: Sequence[Groupe], conseillers: Sequence[Conseiller], plafond: int, *, propose: bool
) -> tuple[dict[UUID, Charge], int]:
    """Load of each coordinator, and how many people nobody could take: week by week, distributed as the assignment of parcours does.

    People already followed stay with their coordinator, and are counted once; no parcours closes in the simulation. Every person weighs
    the same and speaks French: effort and languages are not known of somebody who has not entered.
    """
    par_semaine: defaultdict[date, list[Groupe]] = defaultdict(list)
    for g in groupes:
        semaine, dans = (g.semaine_propose, g.propose_dans) if propose else (g.semaine_actuel, g.actuel_dans)
        if dans and semaine is not None:
            par_semaine[semaine].append(g)
    entrants: Counter[UUID] = Counter()
    suivis = Counter({c.id: 0 for c in conseillers})
    for g in (g for siens in par_semaine.values() for g in siens if g.suivi_par in suivis):
        suivis[g.suivi_par] += g.nombre
    charges = {c.id: c.ouverts - suivis[c.id] for c in conseillers}
    sans = 0
    for _, siens in sorted(par_semaine.items()):
        recus = Counter({g.suivi_par: 0 for g in siens if g.suivi_par in charges})
        for g in (g for g in siens if g.suivi_par in charges):
            recus[g.suivi_par] += g.nombre
        recus, manquent = _distribute(siens, conseillers, charges, plafond, recus)
        sans += manquent
        for identifiant, nombre in recus.items():
            charges[identifiant] += nombre
            entrants[identifiant] += nombre
    return {c.id: Charge(entrants[c.id], charges[c.id]) for c in conseillers}, sans


def _distribute(
    groupes: Sequence[Groupe], conseillers: Sequence[Conseiller], charges: Mapping[UUID, int], plafond: int, recus: Counter[UUID]
) -> tuple[Counter[UUID], int]:
    """What each coordinator receives in one week, ``recus`` included, and how many people found no place."""
    # a territory is known by who serves it: one made-up commune per set of coordinators
    communes = {couvreurs: f"{rang:06}" for rang, couvreurs in enumerate(sorted({g.couvreurs for g in groupes}))}
    cas = [
        Cas(UUID(int=rang), communes[g.couvreurs], 1, precedent=g.precedent)
        for rang, g in enumerate(g for g in groupes if g.suivi_par is None for _ in range(g.nombre))
    ]
    candidats = [
        Candidat(
            c.id,
            c.numero,
            charges[c.id] + recus[c.id],
            c.quotite,
            tuple(commune for couvreurs, commune in communes.items() if c.id in couvreurs),
            dossiers=charges[c.id] + recus[c.id],
            places=count_places(plafond, c.quotite, charges[c.id] + recus[c.id]),
        )
        for c in conseillers
    ]
    choix = distribute(cas, candidats)
    return recus + Counter(c.candidat.id for c in choix.values()), len(cas) - len(choix)


def _borne_basse(parametre: Parametre) -> int:
    nombre = parametre.nombre
    return math.floor(nombre) + 1 if parametre.comparateur == ">" else math.ceil(nombre)
