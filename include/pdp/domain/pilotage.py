"""Arithmetic of the manager's page: delays with people still waiting, rates with their uncertainty, groups too small to be shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

Z_95 = 1.959964
"""Standard normal deviate of a two-sided 95 % interval."""

ETAPES: dict[str, str] = {
    "signale": "Signalée",
    "decide": "Décidée par le médecin-conseil ou le document d'orientation",
    "affecte": "Confiée à un conseiller",
    "joint": "Jointe",
    "echange": "Télé-échange réalisé",
    "oriente": "Orientée vers un partenaire",
    "accepte": "Acceptée par le partenaire",
    "realise": "Accompagnement réalisé par le partenaire",
    "issue": "Issue enregistrée",
}
AXES: dict[str, str] = {"age": "Âge à l'affectation", "sexe": "Sexe", "territoire": "Commune de résidence", "contrat": "Contrat"}
AUTRES = "autres"
GROUPES: dict[str, dict[str, str]] = {
    "age": {
        "moins_de_25": "Moins de 25 ans",
        "25_34": "25 à 34 ans",
        "35_44": "35 à 44 ans",
        "45_54": "45 à 54 ans",
        "55_64": "55 à 64 ans",
        "65_et_plus": "65 ans et plus",
    },
    "sexe": {"F": "Femmes", "M": "Hommes"},
    "territoire": {},
    "contrat": {"salarie": "Salariés", "independant": "Indépendants", "sans_emploi": "Sans emploi"},
}


@dataclass(frozen=True)
class Duree:
    """``nombre`` people for whom a step came about, or is still awaited, ``jours`` days after the step before."""

    jours: int
    survenu: bool
    nombre: int


@dataclass(frozen=True)
class Groupe:
    """People of one group, and how many of them were reached in time."""

    code: str
    effectif: int
    joints: int


def compute_quantile(durees: Iterable[Duree], part: Fraction) -> int | None:
    """First day by which ``part`` of the people (in ]0, 1[) have reached the step (Kaplan-Meier); None when that many never did so far.

    People still waiting count for as long as they were seen to wait: leaving them out would flatter the delay.
    """
    survenus: dict[int, int] = {}
    sortis: dict[int, int] = {}
    for d in durees:
        sortis[d.jours] = sortis.get(d.jours, 0) + d.nombre
        if d.survenu:
            survenus[d.jours] = survenus.get(d.jours, 0) + d.nombre
    survie, risque = Fraction(1), sum(sortis.values())
    for jour in sorted(sortis):
        if survenus.get(jour):
            survie *= 1 - Fraction(survenus[jour], risque)
            if survie <= 1 - part:
                return jour
        risque -= sortis[jour]
    return None


def compute_intervalle(succes: int, effectif: int) -> tuple[float, float]:
    """Wilson 95 % interval of a rate, both bounds in [0, 1]; ``ValueError`` with nobody."""
    if effectif <= 0 or not 0 <= succes <= effectif:
        raise ValueError("not a rate")
    taux, z2 = succes / effectif, Z_95**2
    centre = (taux + z2 / (2 * effectif)) / (1 + z2 / effectif)
    ecart = Z_95 * sqrt(taux * (1 - taux) / effectif + z2 / (4 * effectif**2)) / (1 + z2 / effectif)
    return max(0.0, centre - ecart), min(1.0, centre + ecart)


def list_masques(groupes: Iterable[Groupe], seuil: int) -> frozenset[str]:
    """Groups of one axis whose rate is not shown, so that no count under ``seuil`` can be read or found by difference with the total.

    A group is hidden when too few were reached, or too few were not; then others, the smallest first, until what a reader can work out
    (the hidden groups taken together) is itself at least ``seuil`` on both sides, over two groups at least.
    """
    restants = sorted(groupes, key=lambda g: (g.effectif, g.code))
    caches = [g for g in restants if _is_petit(g.joints, g.effectif, seuil)]
    restants = [g for g in restants if g not in caches]
    while caches and restants and (len(caches) == 1 or _is_petit(sum(g.joints for g in caches), sum(g.effectif for g in caches), seuil)):
        caches.append(restants.pop(0))
    return frozenset(g.code for g in caches)


def _is_petit(joints: int, effectif: int, seuil: int) -> bool:
    return joints < seuil or effectif - joints < seuil


def libelle_groupe(axe: str, code: str) -> str:
    """French label of a group; a commune is shown by its code."""
    if code == AUTRES:
        return {"territoire": "Autres communes", "contrat": "Autres contrats"}.get(axe, "Autres, regroupés")
    if code == "inconnu":
        return "Non renseigné"
    return f"Commune {code}" if axe == "territoire" else GROUPES[axe].get(code, code)
