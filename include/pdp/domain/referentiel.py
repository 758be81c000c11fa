"""Law and policy as dated values: which value was in force on a date, and where it comes from.

A value is found, never guessed: nothing in force, or a value known to be open, raises ReferentielIncomplet.
"""

from __future__ import annotations

import operator
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from pdp.domain.calendrier import add_mois
from pdp.errors import ErreurPdp, ReferentielIncomplet

Valeur = int | float | bool

DATES_REFERENCE = frozenset({"arret_debut", "arret_en_cours", "prescription", "sinistre", "seance", "evenement"})
CONFIANCES = frozenset({"verifie", "seconde_main", "rappele", "ouvert", "politique"})
COMPARATEURS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<=": operator.le,
    "<": operator.lt,
    "=": operator.eq,
}
TIROIRS = frozenset({"legal", "politique"})
_OBLIGATOIRES = ("cle", "unite", "date_reference", "source", "confiance", "note")
_CLE = re.compile(r"[a-z][a-z0-9_]*")
_MOTS = {">": "plus de {}", ">=": "au moins {}", "<=": "au plus {}", "<": "moins de {}", "=": "{}"}


class ReferentielInvalide(ErreurPdp):
    """A referential file cannot be trusted: nothing is loaded from it."""

    code = "referentiel_invalide"


@dataclass(frozen=True, slots=True)
class Parametre:
    """One value of one key over one period, bounds included; ``du``/``au`` None = since/until ever.

    ``valeur`` None = known to be open, or ``unite`` = "sans_plafond": the law sets no limit. ``plateforme`` None = all.
    """

    cle: str
    unite: str
    date_reference: str
    source: str
    confiance: str
    note: str
    tiroir: str = "legal"
    valeur: Valeur | None = None
    comparateur: str | None = None
    du: date | None = None
    au: date | None = None
    verifie_le: date | None = None
    verifie_par: str | None = None
    plateforme: str | None = None

    @property
    def identifiant(self) -> str:
        """Stored with each decision that used the value: ``cle@du``, ``cle/plateforme@du`` for the row of one platform."""
        portee = f"{self.cle}/{self.plateforme}" if self.plateforme else self.cle
        return f"{portee}@{self.du.isoformat() if self.du else 'origine'}"

    def is_en_vigueur(self, jour: date) -> bool:
        return (self.du is None or self.du <= jour) and (self.au is None or jour <= self.au)

    @property
    def nombre(self) -> int | float:
        """The value as a number. Raises ReferentielInvalide for a yes/no or an open value."""
        if self.valeur is None or isinstance(self.valeur, bool):
            raise ReferentielInvalide(f"« {self.identifiant} » n'est pas un nombre ; vérifiez le référentiel.")
        return self.valeur

    def satisfait(self, observe: float) -> bool:
        """Whether an observed value meets the threshold under its own comparator (> 30 is not >= 30)."""
        if self.comparateur is None:
            raise ReferentielInvalide(f"« {self.identifiant} » n'a pas de comparateur ; vérifiez le référentiel.")
        return COMPARATEURS[self.comparateur](observe, self.nombre)

    def premier_jour(self, debut: date) -> date:
        """First day on which an absence begun on `debut` meets this duration threshold.

        The first day counts for one: with "> 30 jours", day 31, that is `debut` + 30; with ">= 60 jours", `debut` + 59.
        Months go from date to date: "> 6 mois" is met on the day of the same number six months later.
        """
        if self.comparateur not in (">", ">=") or self.unite not in ("jours", "mois"):
            raise ReferentielInvalide(f"« {self.identifiant} » n'est pas une durée minimale ; vérifiez le référentiel.")
        depasse = self.comparateur == ">"
        n = int(self.nombre)
        jour = add_mois(debut, n) if self.unite == "mois" else debut + timedelta(days=n)
        return max(debut, jour if depasse else jour - timedelta(days=1))

    @property
    def en_mots(self) -> str:
        """French wording of the threshold: « plus de 30 », « au moins 60 »."""
        nombre = f"{self.nombre:g}".replace(".", ",")
        return _MOTS[self.comparateur or "="].format(nombre)


class Referentiel:
    """All values of law and policy. Immutable; built by `load`, or from rows in a test."""

    def __init__(self, parametres: Iterable[Parametre]) -> None:
        """Raises ReferentielInvalide on a faulty row, or when two rows of one key (and platform) overlap."""
        self._par_cle: dict[str, list[Parametre]] = {}
        for parametre in parametres:
            _check_parametre(parametre)
            self._par_cle.setdefault(parametre.cle, []).append(parametre)
        for cle, lignes in self._par_cle.items():
            lignes.sort(key=lambda p: (p.plateforme or "", p.du or date.min))
            _check_cle(cle, lignes)

    @property
    def parametres(self) -> tuple[Parametre, ...]:
        """Every row, in a stable order."""
        return tuple(self)

    def __iter__(self) -> Iterator[Parametre]:
        return (p for cle in sorted(self._par_cle) for p in self._par_cle[cle])

    def find_parametre(self, cle: str, jour: date, plateforme: str | None = None) -> Parametre | None:
        """Row in force, even if its value is open; the row of the platform wins over the general one."""
        return self._find(cle, plateforme, lambda p: p.is_en_vigueur(jour))

    def get_parametre(self, cle: str, jour: date, plateforme: str | None = None) -> Parametre:
        """Row in force on `jour`, the date its `date_reference` asks for. Raises ReferentielIncomplet if none, or if its value is open."""
        return _check_connu(self.find_parametre(cle, jour, plateforme), cle, jour)

    def find_pour_arret(self, cle: str, debut: date, jour: date, plateforme: str | None = None) -> Parametre | None:
        """Row for an arrêt begun on `debut`, seen on `jour`: each row is selected by the date its own `date_reference` names."""
        return self._find(cle, plateforme, lambda p: p.is_en_vigueur(debut if p.date_reference == "arret_debut" else jour))

    def get_pour_arret(self, cle: str, debut: date, jour: date, plateforme: str | None = None) -> Parametre:
        """Like `find_pour_arret`; raises ReferentielIncomplet if none, or if its value is open."""
        return _check_connu(self.find_pour_arret(cle, debut, jour, plateforme), cle, jour)

    def valeur(self, cle: str, jour: date, plateforme: str | None = None) -> Valeur:
        """Value in force; never None."""
        valeur = self.get_parametre(cle, jour, plateforme).valeur
        assert valeur is not None  # get_parametre refuses an open value
        return valeur

    def entier(self, cle: str, jour: date, plateforme: str | None = None) -> int:
        """Value in force as a whole number (days, points, attempts)."""
        return int(self.get_parametre(cle, jour, plateforme).nombre)

    def _find(self, cle: str, plateforme: str | None, retenu: Callable[[Parametre], bool]) -> Parametre | None:
        lignes = self._par_cle.get(cle, [])
        portees = (plateforme, None) if plateforme is not None else (None,)
        for portee in portees:
            for parametre in lignes:
                if parametre.plateforme == portee and retenu(parametre):
                    return parametre
        return None


def load(chemins: Iterable[Path]) -> Referentiel:
    """Read TOML drawers. Each begins with ``tiroir`` then lists ``[[parametre]]`` tables. Raises ReferentielInvalide."""
    return Referentiel([parametre for chemin in chemins for parametre in _load_tiroir(chemin)])


def _load_tiroir(chemin: Path) -> list[Parametre]:
    with chemin.open("rb") as fichier:
        try:
            contenu = tomllib.load(fichier)
        except tomllib.TOMLDecodeError as erreur:
            raise ReferentielInvalide(f"Le fichier {chemin.name} n'est pas lisible : {erreur}.") from erreur
    if set(contenu) != {"tiroir", "parametre"} or contenu["tiroir"] not in TIROIRS:
        raise ReferentielInvalide(
            f"Le fichier {chemin.name} doit contenir « tiroir » (legal ou politique) et des « parametre », rien d'autre."
        )
    return [_build_parametre(ligne, contenu["tiroir"]) for ligne in contenu["parametre"]]


def _build_parametre(ligne: Mapping[str, Any], tiroir: str) -> Parametre:
    cle = str(ligne.get("cle", "?"))
    admis = {f.name for f in fields(Parametre)} - {"tiroir"}
    inconnus = sorted(set(ligne) - admis)
    if inconnus:
        raise ReferentielInvalide(f"« {cle} » : champ inconnu {', '.join(inconnus)}.")
    manquants = sorted(
        champ for champ in ("cle", "unite", "date_reference", "source", "confiance", "note") if not str(ligne.get(champ, "")).strip()
    )
    if manquants:
        raise ReferentielInvalide(f"« {cle} » : champ obligatoire absent {', '.join(manquants)}.")
    return Parametre(tiroir=tiroir, **ligne)


def _check_parametre(p: Parametre) -> None:
    fautes = [
        (not _CLE.fullmatch(p.cle), "la clé s'écrit en minuscules, chiffres et soulignés"),
        (not p.source.strip(), "la source est obligatoire"),
        (p.tiroir not in TIROIRS, f"tiroir « {p.tiroir} » inconnu"),
        (p.date_reference not in DATES_REFERENCE, f"date de référence « {p.date_reference} » inconnue"),
        (p.confiance not in CONFIANCES, f"confiance « {p.confiance} » inconnue"),
        ((p.confiance == "politique") != (p.tiroir == "politique"), "la confiance « politique » va avec le tiroir du même nom"),
        (p.tiroir == "legal" and p.plateforme is not None, "la loi est la même pour toutes les plateformes"),
        (p.comparateur is not None and p.comparateur not in COMPARATEURS, f"comparateur « {p.comparateur} » inconnu"),
        (p.valeur is not None and not isinstance(p.valeur, (int, float)), "la valeur doit être un nombre ou oui/non"),
        (any(isinstance(d, datetime) or not isinstance(d, date) for d in (p.du, p.au, p.verifie_le) if d is not None), "date mal écrite"),
    ]
    for faute, phrase in fautes:
        if faute:
            raise ReferentielInvalide(f"« {p.cle} » : {phrase}.")
    if p.du is not None and p.au is not None and p.du > p.au:
        raise ReferentielInvalide(f"« {p.cle} » : la période se termine avant de commencer.")


def _check_cle(cle: str, lignes: list[Parametre]) -> None:
    if len({p.date_reference == "arret_debut" for p in lignes}) > 1:
        # otherwise two periods could both hold for one arrêt: one by its first day, the other by the day it is seen
        raise ReferentielInvalide(f"« {cle} » : le début de l'arrêt ne peut pas choisir certaines valeurs et pas les autres.")
    for avant, apres in pairwise(lignes):
        if avant.plateforme == apres.plateforme and (avant.au or date.max) >= (apres.du or date.min):
            raise ReferentielInvalide(f"« {cle} » : deux valeurs en vigueur en même temps ({avant.identifiant} et {apres.identifiant}).")


def _check_connu(parametre: Parametre | None, cle: str, jour: date) -> Parametre:
    if parametre is None or parametre.valeur is None:
        raise ReferentielIncomplet(cle, jour)
    return parametre
