"""The drawers of law and policy, as files of the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pdp.domain.referentiel import Referentiel, load

CHEMINS = (Path(__file__).with_name("legal.toml"), Path(__file__).with_name("politique.toml"))


@cache
def load_referentiel() -> Referentiel:
    """Law and policy shipped with this version, read once per process. Raises ReferentielInvalide if a file is faulty."""
    return load(CHEMINS)
