"""Writing a document d'orientation local: what a rule may say, what the order of rules hides, and what changed between two tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Literal

from pdp.domain import signalement
from pdp.domain.dol import CIBLES, CONDITIONS, Regle
from pdp.errors import Conflit, DonneeInvalide

PALIERS: tuple[int, ...] = signalement.PALIERS
"""Names of the thresholds of the detection; the days of each are in the referential (``palier_signalement_j30``…)."""
CATEGORIES = frozenset({"tms", "psychique", "autre", "non_renseigne"})
RISQUES = frozenset({"maladie", "at", "mp", "trajet"})
LISTES = {"categories": CATEGORIES, "risques": RISQUES}
BORNES = {
    "palier_min": PALIERS,
    "palier_max": PALIERS,
    "age_min": range(16, 101),
    "age_max": range(16, 101),
    "priorite_min": range(1, 1000),
}
"""Values that a numeric condition may take: thresholds of the detection, whole years, points."""
LIBELLE_MAX = 120
REGLES_MAX = 60
Genre = Literal["inchangee", "deplacee", "modifiee", "ajoutee", "retiree"]
GENRES: dict[Genre, str] = {
    "inchangee": "Inchangée",
    "deplacee": "Déplacée",
    "modifiee": "Modifiée",
    "ajoutee": "Ajoutée",
    "retiree": "Retirée",
}


@dataclass(frozen=True)
class Changement:
    """One rule between two tables; ``avant`` None = added, ``apres`` None = taken out."""

    genre: Genre
    avant: Regle | None
    apres: Regle | None

    @property
    def libelle(self) -> str:
        return GENRES[self.genre]


def check_regle(regle: Regle) -> None:
    """Raises :class:`DonneeInvalide`, in words that say what to correct."""
    if not regle.libelle.strip() or len(regle.libelle) > LIBELLE_MAX:
        raise DonneeInvalide(
            f"Donnez à la règle un nom de {LIBELLE_MAX} caractères au plus. Rien n'a été enregistré.", code="bad_rule:name"
        )
    if regle.cible not in CIBLES:
        raise DonneeInvalide("Choisissez l'orientation de la règle dans la liste. Rien n'a été enregistré.", code="bad_rule:target")
    for cle, valeur in regle.conditions.items():
        if not _is_admise(cle, valeur):
            libelle = CONDITIONS.get(cle, cle)
            raise DonneeInvalide(
                f"Condition « {libelle} » : cette valeur n'est pas possible. Rien n'a été enregistré.", code=f"bad_rule:{cle}"
            )
    for mesure, bas, haut in (("L'arrêt", "palier_min", "palier_max"), ("L'âge", "age_min", "age_max")):
        if {bas, haut} <= set(regle.conditions) and regle.conditions[bas] > regle.conditions[haut]:
            raise DonneeInvalide(
                f"{mesure} ne peut pas être à la fois d'au moins {regle.conditions[bas]} et d'au plus {regle.conditions[haut]}."
                " Rien n'a été enregistré.",
                code=f"bad_rule:{bas}",
            )


def check_table(regles: Sequence[Regle]) -> None:
    """Raises :class:`DonneeInvalide` when this table could not be signed."""
    if not regles:
        raise DonneeInvalide("Le brouillon ne contient aucune règle : ajoutez-en une. Rien n'a été enregistré.", code="empty_table")
    if len(regles) > REGLES_MAX:
        raise DonneeInvalide(f"Une version compte {REGLES_MAX} règles au plus. Rien n'a été enregistré.", code="too_many_rules")
    vus: set[str] = set()
    for regle in regles:
        check_regle(regle)
        nom = regle.libelle.strip().casefold()
        if nom in vus:
            raise DonneeInvalide(
                f"Deux règles s'appellent « {regle.libelle} » : donnez-leur des noms différents. Rien n'a été enregistré.",
                code="same_name",
            )
        vus.add(nom)


def list_muettes(regles: Sequence[Regle]) -> dict[str, Regle]:
    """Rules that will never decide, by id, with the earlier rule that always decides before them."""
    ordre = sorted(regles, key=lambda r: r.rang)
    return {r.id: avant for i, r in enumerate(ordre) if (avant := next((a for a in ordre[:i] if covers(a, r)), None)) is not None}


def covers(large: Regle, etroite: Regle) -> bool:
    """Whether every file that ``etroite`` takes is taken by ``large``."""
    return all(_implies(etroite.conditions, cle, valeur) for cle, valeur in large.conditions.items())


def put_regle(regles: Sequence[Regle], regle: Regle) -> tuple[Regle, ...]:
    """The table with this rule: in its place when its id is known, else at the end."""
    table = [regle if r.id == regle.id else r for r in regles]
    return _number(table if any(r.id == regle.id for r in regles) else [*table, regle])


def remove_regle(regles: Sequence[Regle], regle_id: str) -> tuple[Regle, ...]:
    _find(regles, regle_id)
    return _number([r for r in regles if r.id != regle_id])


def move_regle(regles: Sequence[Regle], regle_id: str, pas: int) -> tuple[Regle, ...]:
    """The table with this rule ``pas`` places further (negative = sooner), stopped at the ends."""
    table = list(regles)
    place = _find(table, regle_id)
    regle = table.pop(place)
    table.insert(max(0, min(len(table), place + pas)), regle)
    return _number(table)


def compare_tables(avant: Sequence[Regle], apres: Sequence[Regle]) -> list[Changement]:
    """What became of each rule, in the order of ``apres``, those taken out last.

    Two versions share no id: rules that say the same are one rule, then those of the same name, then those of the same conditions.
    """
    libres: list[Regle] = list(avant)
    pendants: dict[str, Regle] = {}
    ressemblances: tuple[Callable[[Regle], object], ...] = (_content, lambda r: _content(r)[0], lambda r: _content(r)[1])
    for cle in ressemblances:
        for regle in apres:
            trouvee = next((a for a in libres if cle(a) == cle(regle)), None) if regle.id not in pendants else None
            if trouvee is not None:
                pendants[regle.id] = trouvee
                libres.remove(trouvee)
    a_leur_place = _keep_order(avant, [pendants[r.id] for r in apres if r.id in pendants])
    changements = [_compare(pendants.get(r.id), r, a_leur_place) for r in apres]
    return changements + [Changement("retiree", r, None) for r in libres]


def _compare(avant: Regle | None, apres: Regle, a_leur_place: set[str]) -> Changement:
    if avant is None:
        return Changement("ajoutee", None, apres)
    if _content(avant) != _content(apres):
        return Changement("modifiee", avant, apres)
    return Changement("inchangee" if avant.id in a_leur_place else "deplacee", avant, apres)


def _keep_order(avant: Sequence[Regle], suite: Sequence[Regle]) -> set[str]:
    """Rules that come in the same order in both: the others moved."""
    gardees = [r.id for r in avant if r in suite]
    arrivees = [r.id for r in suite]
    blocs = SequenceMatcher(None, gardees, arrivees, autojunk=False).get_matching_blocks()
    return {gardees[i] for bloc in blocs for i in range(bloc.a, bloc.a + bloc.size)}


def _content(regle: Regle) -> tuple[str, tuple[tuple[str, Any], ...], str]:
    conditions = tuple((cle, tuple(sorted(v)) if isinstance(v, list) else v) for cle, v in sorted(regle.conditions.items()))
    return regle.libelle.strip().casefold(), conditions, regle.cible


def _is_admise(cle: str, valeur: Any) -> bool:
    if cle == "ald":
        return isinstance(valeur, bool)
    if cle in LISTES:
        return isinstance(valeur, list) and bool(valeur) and all(isinstance(v, str) for v in valeur) and set(valeur) <= LISTES[cle]
    return isinstance(valeur, int) and not isinstance(valeur, bool) and valeur in BORNES.get(cle, ())


def _implies(conditions: Mapping[str, Any], cle: str, valeur: Any) -> bool:
    if cle not in conditions:
        return False
    if cle in LISTES:
        return set(conditions[cle]) <= set(valeur)
    if cle == "ald":
        return conditions[cle] is valeur
    serree: Callable[[Any, Any], bool] = (lambda a, b: a <= b) if cle.endswith("_max") else (lambda a, b: a >= b)
    return serree(conditions[cle], valeur)


def _find(regles: Sequence[Regle], regle_id: str) -> int:
    place = next((i for i, r in enumerate(regles) if r.id == regle_id), None)
    if place is None:
        raise Conflit("Cette règle n'est plus dans le brouillon : quelqu'un l'a retirée. Rechargez la page.")
    return place


def _number(regles: Sequence[Regle]) -> tuple[Regle, ...]:
    return tuple(replace(regle, rang=rang) for rang, regle in enumerate(regles, start=1))
