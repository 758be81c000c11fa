"""Thresholds and dated values of the referential as set-based work reads them: bounds in whole numbers, values with their days."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

from pdp.domain.referentiel import Parametre, Referentiel
from pdp.errors import ErreurPdp
from pdp.services.publish_referentiel import referentiel


class DroitNonCompte(ErreurPdp):
    """The law in force cannot be counted by the set-based work: stop rather than count wrongly."""

    code = "droit_non_compte"


@dataclass(frozen=True, slots=True)
class Periode:
    """A whole value and the days it holds, both included; the ends of time are those of Python."""

    du: date
    au: date
    valeur: int


def bornes(parametre: Parametre) -> tuple[int | None, int | None]:
    """Whole numbers that meet the threshold, as (lowest, highest): "> 30" is (31, None), "<= 2" is (None, 2)."""
    nombre = parametre.nombre
    match parametre.comparateur:
        case ">":
            return math.floor(nombre) + 1, None
        case ">=":
            return math.ceil(nombre), None
        case "<":
            return None, math.ceil(nombre) - 1
        case "<=":
            return None, math.floor(nombre)
        case "=":
            return math.ceil(nombre), math.floor(nombre)
    raise DroitNonCompte(f"« {parametre.identifiant} » n'a pas de comparateur ; vérifiez le référentiel.", code="no_comparator")


def borne_haute(cle: str, jour: date, plateforme: str | None) -> int:
    """Highest whole number that meets the threshold in force. Raises DroitNonCompte when it has none, ReferentielIncomplet."""
    parametre = referentiel().get_parametre(cle, jour, plateforme)
    _, haute = bornes(parametre)
    if haute is None:
        raise DroitNonCompte(
            f"« {parametre.identifiant} » doit être une limite haute ; vérifiez le référentiel.", code="not_an_upper_bound"
        )
    return haute


def periodes(ref: Referentiel, cle: str, du: date, au: date) -> list[Periode]:
    """Values of the key with their days. Raises ReferentielIncomplet when a day of [`du`, `au`] has none."""
    jour, lignes = du, sorted((p for p in ref if p.cle == cle), key=lambda p: p.du or date.min)
    while jour <= au:
        fin = ref.get_parametre(cle, jour).au or date.max
        jour = date.max if fin >= au else fin + timedelta(days=1)
    return [
        Periode(p.du or date.min, p.au or date.max, int(p.nombre) if p.comparateur is None else bornes(p)[1] or 0)
        for p in lignes
        if p.valeur is not None
    ]
