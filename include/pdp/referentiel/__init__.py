"""The drawers of law and policy, as files of the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pdp.domain import regles
from pdp.domain.referentiel import Referentiel, load
from pdp.domain.regles import Regles

CHEMINS = (Path(__file__).with_name("legal.toml"), Path(__file__).with_name("politique.toml"))
CHEMIN_REGLES = Path(__file__).with_name("regles.toml")


@cache
def load_referentiel() -> Referentiel:
    """Law and policy shipped with this version, read once per process. Raises ReferentielInvalide if a file is faulty."""
    return load(CHEMINS)


@cache
def load_regles() -> Regles:
    """Rules shipped with this version, read once per process. Raises ReferentielInvalide if one is faulty or names an unknown value."""
    lues = regles.load(CHEMIN_REGLES)
    lues.check_referentiel(load_referentiel())
    return lues
