"""The drawers of law and policy, as files of the package."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pdp.domain import partage, regles, script_appel
from pdp.domain.calendrier import Zone, zone_du_departement
from pdp.domain.partage import Partages
from pdp.domain.referentiel import Referentiel, load
from pdp.domain.regles import Regles
from pdp.domain.script_appel import Script

CHEMINS = (Path(__file__).with_name("legal.toml"), Path(__file__).with_name("politique.toml"))
CHEMIN_REGLES = Path(__file__).with_name("regles.toml")
CHEMIN_SCRIPTS = Path(__file__).with_name("scripts.toml")
CHEMIN_PLATEFORMES = Path(__file__).with_name("plateformes.toml")
CHEMIN_PARTAGE = Path(__file__).with_name("partage.toml")


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


@cache
def load_scripts() -> tuple[Script, ...]:
    """Words of the call shipped with this version, read once per process. Raises ReferentielInvalide if the file is faulty."""
    return script_appel.load_scripts(CHEMIN_SCRIPTS)


@cache
def load_partages() -> Partages:
    """What each recipient may see, and the words of each agreement, read once per process. Raises ReferentielInvalide if one is faulty."""
    return partage.load(CHEMIN_PARTAGE)


@cache
def list_zones() -> tuple[Zone, ...]:
    """Holiday zones of the territories served, each once, read once per process."""
    lues = tomllib.loads(CHEMIN_PLATEFORMES.read_text(encoding="utf-8"))["plateforme"]
    return tuple(sorted({zone_du_departement(plateforme["departement"]) for plateforme in lues}))
