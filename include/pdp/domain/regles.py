"""Rules of the signalement as data: which one applies on a day for a platform, what it observes, what a call can still change.

Rules and exclusions are read from a file, checked as a whole, then injected: no function of the domain holds one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

from pdp.domain.referentiel import Referentiel, ReferentielInvalide

Observation = Literal[
    "duree_jours", "jours_avant_j180", "nb_episodes_fenetre", "age", "ij_utilisees", "jours_avant_epuisement", "jours_depuis_inaptitude"
]
Fenetre = Literal["avant_j180", "fin_droits", "fin_arret"]
CleExclusion = Literal[
    "maternite",
    "paternite",
    "arret_a_venir",
    "arret_termine",
    "deces",
    "retraite",
    "reprise_declaree",
    "temps_partiel_seul",
    "age",
    "silence_personne",
    "silence",
]
OBSERVATIONS: tuple[str, ...] = get_args(Observation)
FENETRES: tuple[str, ...] = get_args(Fenetre)
CLES_EXCLUSION: tuple[str, ...] = get_args(CleExclusion)
CATEGORIES = ("tms", "psychique", "autre")
AVEC_CODES = frozenset({"deces", "retraite", "reprise_declaree", "jours_depuis_inaptitude"})
"""Exclusions and observations that read codes declared by an employer (DSN)."""
CONSTANTES = ("maternite", "paternite", "arret_a_venir", "arret_termine")
"""Exclusions that follow from what an absence is: only their sentence may change."""
_CLE = re.compile(r"[a-z][a-z0-9_]*")
_CHAMPS_PHRASE = re.compile(r"\{(.*?)\}")


@dataclass(frozen=True, slots=True)
class Ligne:
    """What a rule and an exclusion share. ``du``/``au`` None = since/until ever; ``plateforme`` None = all.

    ``codes``: values of the DSN norm that count. Raise ``version`` whenever the meaning changes.
    """

    cle: str
    version: int
    phrase: str
    source: str
    du: date | None = None
    au: date | None = None
    plateforme: str | None = None
    codes: tuple[str, ...] = ()

    @property
    def identifiant(self) -> str:
        """Stored with each motive: ``key.version@start``, ``key.version/platform@start`` for the rule of one platform."""
        portee = f"/{self.plateforme}" if self.plateforme else ""
        return f"{self.cle}.{self.version}{portee}@{self.du.isoformat() if self.du else 'origine'}"

    def is_en_vigueur(self, jour: date) -> bool:
        return (self.du is None or self.du <= jour) and (self.au is None or jour <= self.au)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regle(Ligne):
    """One motive: `observation` compared to the policy value `parametre`; `points` is the policy key of its points.

    The phrase receives {observe}, {s} (its plural) and {seuil} (wording of the threshold). `levier`: what a call can still change.
    `fenetre`: what closes the window of action, after which the points no longer count. Of the rules of one `groupe`, only the last
    that fires is kept. `motif_categorie` restricts the rule. `rang`: order of reading, given by the file.
    """

    levier: str
    observation: Observation
    parametre: str
    points: str
    fenetre: Fenetre | None = None
    motif_categorie: Literal["tms", "psychique", "autre"] | None = None
    groupe: str | None = None
    rang: int = 0


@dataclass(frozen=True, slots=True)
class Exclusion(Ligne):
    """A reason why an absence brings no signalement; the engine knows each key. ``codes_arret``: motifs of arrêt that count."""

    codes_arret: tuple[str, ...] = ()


class Regles:
    """All rules and exclusions. Immutable; built by `load`, or from rows in a test."""

    def __init__(self, regles: Iterable[Regle], exclusions: Iterable[Exclusion] = ()) -> None:
        """Raises ReferentielInvalide on a faulty row, or when two rows of one key (and platform) overlap."""
        self.regles = tuple(regles)
        self.exclusions = tuple(exclusions)
        for ligne in (*self.regles, *self.exclusions):
            _check_ligne(ligne)
        for groupe in (self.regles, self.exclusions):
            _check_dates(groupe)

    def __iter__(self) -> Iterator[Regle]:
        return iter(self.regles)

    def list_en_vigueur(self, jour: date, plateforme: str | None = None) -> tuple[Regle, ...]:
        """Rules of a day in their order; a platform's own rule takes the place of the general one of the same key."""
        return tuple(sorted(_select(self.regles, jour, plateforme), key=lambda r: r.rang))

    def find_exclusion(self, cle: CleExclusion, jour: date, plateforme: str | None = None) -> Exclusion | None:
        """The exclusion in force; None when nobody is excluded for that reason."""
        return next((e for e in _select(self.exclusions, jour, plateforme) if e.cle == cle), None)

    def find_regle(self, identifiant: str) -> Regle | None:
        """The rule that a stored motive names."""
        return next((r for r in self.regles if r.identifiant == identifiant), None)

    def check_referentiel(self, referentiel: Referentiel) -> None:
        """Raises ReferentielInvalide when a rule names a value that the referential does not know."""
        parametres = {p.cle: p for p in referentiel}
        for regle in self.regles:
            for champ, cle in (("parametre", regle.parametre), ("points", regle.points)):
                if cle not in parametres:
                    raise ReferentielInvalide(f"Règle « {regle.cle} » : {champ} « {cle} » n'existe ni dans le droit ni dans la politique.")
            if parametres[regle.parametre].comparateur is None:
                raise ReferentielInvalide(f"Règle « {regle.cle} » : « {regle.parametre} » n'a pas de comparateur.")


def load(chemin: Path) -> Regles:
    """Read a TOML file of ``[[regle]]`` and ``[[exclusion]]`` tables. Raises ReferentielInvalide."""
    with chemin.open("rb") as fichier:
        try:
            contenu = tomllib.load(fichier)
        except tomllib.TOMLDecodeError as erreur:
            raise ReferentielInvalide(f"Le fichier {chemin.name} n'est pas lisible : {erreur}.") from erreur
    if set(contenu) != {"regle", "exclusion"}:
        raise ReferentielInvalide(f"Le fichier {chemin.name} doit contenir des « regle » et des « exclusion », rien d'autre.")
    places: dict[str, int] = {}
    regles = []
    for ligne in contenu["regle"]:
        rang = places.setdefault(str(ligne.get("cle")), len(places))
        regles.append(_build(Regle, {**ligne, "rang": rang}))
    lues = Regles(regles, [_build(Exclusion, ligne) for ligne in contenu["exclusion"]])
    _check_constantes(lues)
    return lues


def _check_constantes(regles: Regles) -> None:
    for cle in CONSTANTES:
        lignes = [e for e in regles.exclusions if e.cle == cle]
        if len(lignes) != 1 or (lignes[0].du, lignes[0].au, lignes[0].plateforme) != (None, None, None):
            raise ReferentielInvalide(f"« {cle} » : cette exclusion vaut toujours et partout, une seule ligne sans date ni plateforme.")


def _build(genre: type[Any], ligne: Mapping[str, Any]) -> Any:
    cle = str(ligne.get("cle", "?"))
    admis = {f.name for f in fields(genre)}
    inconnus = sorted(set(ligne) - admis)
    if inconnus:
        raise ReferentielInvalide(f"« {cle} » : champ inconnu {', '.join(inconnus)}.")
    obligatoires = {"cle", "version", "phrase", "source"} | ({"levier", "observation", "parametre", "points"} if genre is Regle else set())
    manquants = sorted(champ for champ in obligatoires if not str(ligne.get(champ, "")).strip())
    if manquants:
        raise ReferentielInvalide(f"« {cle} » : champ obligatoire absent {', '.join(manquants)}.")
    return genre(**{champ: tuple(valeur) if isinstance(valeur, list) else valeur for champ, valeur in ligne.items()})


def _select(lignes: Iterable[Any], jour: date, plateforme: str | None) -> list[Any]:
    retenues: dict[str, Any] = {}
    for ligne in lignes:
        if not ligne.is_en_vigueur(jour) or ligne.plateforme not in (None, plateforme):
            continue
        if ligne.cle not in retenues or ligne.plateforme is not None:
            retenues[ligne.cle] = ligne
    return list(retenues.values())


def _check_ligne(ligne: Ligne) -> None:
    fautes = [
        (not _CLE.fullmatch(ligne.cle), "la clé s'écrit en minuscules, chiffres et soulignés"),
        (not isinstance(ligne.version, int) or ligne.version < 1, "la version est un nombre entier à partir de 1"),
        (not ligne.source.strip() or not ligne.phrase.strip(), "la phrase et la source sont obligatoires"),
        (any(isinstance(d, datetime) or not isinstance(d, date) for d in (ligne.du, ligne.au) if d is not None), "date mal écrite"),
    ]
    if isinstance(ligne, Regle):
        fautes += _list_fautes_regle(ligne)
    else:
        fautes.append((ligne.cle not in CLES_EXCLUSION, "exclusion inconnue du calcul"))
        fautes.append((ligne.cle in AVEC_CODES and not ligne.codes, "les codes de la DSN sont obligatoires"))
    for faute, phrase in fautes:
        if faute:
            raise ReferentielInvalide(f"« {ligne.cle} » : {phrase}.")
    if ligne.du is not None and ligne.au is not None and ligne.du > ligne.au:
        raise ReferentielInvalide(f"« {ligne.cle} » : la période se termine avant de commencer.")


def _list_fautes_regle(regle: Regle) -> list[tuple[bool, str]]:
    return [
        (regle.observation not in OBSERVATIONS, f"observation « {regle.observation} » inconnue"),
        (regle.fenetre is not None and regle.fenetre not in FENETRES, f"fenêtre « {regle.fenetre} » inconnue"),
        (regle.motif_categorie is not None and regle.motif_categorie not in CATEGORIES, "catégorie de motif inconnue"),
        (not set(_CHAMPS_PHRASE.findall(regle.phrase)) <= {"observe", "s", "seuil"}, "la phrase ne connaît que {observe}, {s} et {seuil}"),
        (not regle.levier.strip(), "le levier est obligatoire : ce qu'un appel peut encore changer"),
        (regle.observation in AVEC_CODES and not regle.codes, "les codes de la DSN sont obligatoires"),
    ]


def _check_dates(lignes: Iterable[Ligne]) -> None:
    par_cle: dict[tuple[str, str], list[Ligne]] = {}
    for ligne in lignes:
        par_cle.setdefault((ligne.cle, ligne.plateforme or ""), []).append(ligne)
    for memes in par_cle.values():
        memes.sort(key=lambda ligne: ligne.du or date.min)
        for avant, apres in pairwise(memes):
            if (avant.au or date.max) >= (apres.du or date.min):
                raise ReferentielInvalide(
                    f"« {avant.cle} » : deux lignes en vigueur en même temps ({avant.identifiant} et {apres.identifiant})."
                )
