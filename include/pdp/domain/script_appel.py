"""Words of the call as dated data: which wording was in force on a day, on a platform, under which version."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

from pdp.domain.referentiel import ReferentielInvalide
from pdp.errors import ReferentielIncomplet

CHAMPS = frozenset({"agent", "personne", "plateforme", "numero"})
_CHAMP = re.compile(r"\{([^}]*)\}")
_INSECABLE = re.compile(r" (?=[»:;?!])|(?<=«) ")
_FORT = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True)
class Script:
    """One wording, bounds included; ``plateforme`` None = all. ``notes``: sentences ready for the note of a call."""

    version: str
    phrases: tuple[str, ...]
    repondeur: str
    tiers: str
    notes: tuple[str, ...]
    du: date | None = None
    au: date | None = None
    plateforme: str | None = None

    def is_en_vigueur(self, jour: date) -> bool:
        return (self.du is None or self.du <= jour) and (self.au is None or jour <= self.au)

    def fill(self, phrase: str, valeurs: Mapping[str, str]) -> tuple[tuple[str, bool], ...]:
        """The sentence for a call, cut into (words, said with emphasis); French punctuation never begins a line."""
        remplie = _INSECABLE.sub("\u00a0", _CHAMP.sub(lambda m: valeurs[m[1]], phrase))
        return tuple((morceau, rang % 2 == 1) for rang, morceau in enumerate(_FORT.split(remplie)) if morceau)


def find_script(scripts: Sequence[Script], jour: date, plateforme: str) -> Script:
    """Wording in force on ``jour``; that of the platform wins. Raises :class:`ReferentielIncomplet` when there is none."""
    for portee in (plateforme, None):
        for script in scripts:
            if script.plateforme == portee and script.is_en_vigueur(jour):
                return script
    raise ReferentielIncomplet("script_appel", jour)


def load_scripts(chemin: Path) -> tuple[Script, ...]:
    """Read the file. Raises :class:`ReferentielInvalide` on an unknown field, a version given twice, or two wordings on the same day."""
    with chemin.open("rb") as fichier:
        contenu = tomllib.load(fichier)
    scripts = tuple(_build(ligne) for ligne in contenu.get("script", ()))
    _check(scripts)
    return scripts


def _build(ligne: Mapping[str, Any]) -> Script:
    listes = {cle: tuple(ligne.get(cle, ())) for cle in ("phrases", "notes")}
    try:
        return Script(**{**ligne, **listes})
    except TypeError as erreur:
        raise ReferentielInvalide(f"Script d'appel « {ligne.get('version', '?')} » : champ inconnu ou absent.") from erreur


def _check(scripts: Iterable[Script]) -> None:
    liste = list(scripts)
    for script in liste:
        textes = (*script.phrases, script.repondeur, script.tiers)
        inconnus = {champ for texte in textes for champ in _CHAMP.findall(texte)} - CHAMPS
        if inconnus or not script.phrases:
            raise ReferentielInvalide(f"Script d'appel « {script.version} » : {', '.join(sorted(inconnus)) or 'aucune phrase'}.")
    for avant, apres in combinations(liste, 2):
        if avant.version == apres.version:
            raise ReferentielInvalide(f"Deux scripts d'appel portent la version « {avant.version} ».")
        chevauche = (avant.du or date.min) <= (apres.au or date.max) and (apres.du or date.min) <= (avant.au or date.max)
        if avant.plateforme == apres.plateforme and chevauche:
            raise ReferentielInvalide(f"Deux scripts d'appel sont en vigueur le même jour ({avant.version} et {apres.version}).")
