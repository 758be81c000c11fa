"""Who may ever see what, and the words read to the person for it: dated data, one source for both.

A row holds for one kind of recipient, over one period, on one platform or all: the classes of data, their fields with the reason for
each, and the wording. The wording in force names its data by ``{donnees}``, filled from the same row: what is read aloud is what may be
sent. Once published a version never changes: another wording, or another field, is another version.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any

from pdp.domain.accord import DESTINATAIRES
from pdp.domain.contenu import CHAMPS, RETOURS, say_classe
from pdp.domain.referentiel import ReferentielInvalide
from pdp.errors import ReferentielIncomplet

_PLACES = frozenset({"qui", "pour", "donnees", "retours"})
_PLACE = re.compile(r"\{([^}]*)\}")


@dataclass(frozen=True)
class ClassePartagee:
    """One class for one recipient: ``champs`` it may see (none for what comes back from it), ``raison`` shown on screen."""

    cle: str
    raison: str
    source: str
    champs: tuple[str, ...] = ()

    @property
    def dite(self) -> str:
        return say_classe(self.cle, self.champs)

    @property
    def retour(self) -> bool:
        return self.cle in RETOURS


@dataclass(frozen=True)
class Partage:
    """What one kind of recipient may see, and the wording; bounds included, ``plateforme`` None = all."""

    destinataire: str
    version: str
    texte: str
    pour: str
    qui: str = ""
    du: date | None = None
    au: date | None = None
    plateforme: str | None = None
    classes: tuple[ClassePartagee, ...] = field(default=())

    @property
    def libelle(self) -> str:
        return DESTINATAIRES[self.destinataire]

    @property
    def champs(self) -> dict[str, tuple[str, ...]]:
        """Class -> fields, as ``build_contenu`` takes them."""
        return {classe.cle: classe.champs for classe in self.classes if not classe.retour}

    @property
    def cles(self) -> tuple[str, ...]:
        return tuple(classe.cle for classe in self.classes)

    @property
    def lu(self) -> str:
        """The words as read to the person."""
        dites = [classe.dite for classe in self.classes if not classe.retour]
        retours = [classe.dite for classe in self.classes if classe.retour]
        mots = {"qui": self.qui, "pour": self.pour, "donnees": " ; ".join(dites), "retours": " et ".join(retours)}
        return _PLACE.sub(lambda m: mots[m[1]], self.texte)

    @property
    def empreinte(self) -> bytes:
        """SHA-256 of what the version says and lets be sent."""
        contenu = [self.version, self.destinataire, self.plateforme, self.lu, self.pour, {c.cle: list(c.champs) for c in self.classes}]
        return sha256(json.dumps(contenu, ensure_ascii=False, sort_keys=True).encode()).digest()

    def is_en_vigueur(self, jour: date) -> bool:
        return (self.du is None or self.du <= jour) and (self.au is None or jour <= self.au)


class Partages:
    """All rows. Immutable; built by ``load``, or from rows in a test."""

    def __init__(self, partages: Iterable[Partage]) -> None:
        """Raises :class:`ReferentielInvalide` on a faulty row, a version given twice, or two rows on the same day."""
        self.partages = tuple(partages)
        for partage in self.partages:
            _check(partage)
        for avant, apres in combinations(self.partages, 2):
            _check_paire(avant, apres)

    def find(self, destinataire: str, jour: date, plateforme: str | None = None) -> Partage | None:
        """The row in force; that of the platform wins."""
        for portee in (plateforme, None) if plateforme is not None else (None,):
            for partage in self.partages:
                if (partage.destinataire, partage.plateforme) == (destinataire, portee) and partage.is_en_vigueur(jour):
                    return partage
        return None

    def get(self, destinataire: str, jour: date, plateforme: str | None = None) -> Partage:
        """Raises :class:`ReferentielIncomplet`: without a row nothing is read and nothing is sent."""
        partage = self.find(destinataire, jour, plateforme)
        if partage is None:
            raise ReferentielIncomplet(f"partage/{destinataire}", jour)
        return partage

    def list_en_vigueur(self, jour: date, plateforme: str | None = None) -> dict[str, Partage]:
        """Recipient -> row of that day, in the order of the recipients."""
        trouves = {destinataire: self.find(destinataire, jour, plateforme) for destinataire in DESTINATAIRES}
        return {destinataire: partage for destinataire, partage in trouves.items() if partage is not None}


def load(chemin: Path) -> Partages:
    """Read the file. Raises :class:`ReferentielInvalide`."""
    with chemin.open("rb") as fichier:
        try:
            contenu = tomllib.load(fichier)
        except tomllib.TOMLDecodeError as erreur:
            raise ReferentielInvalide(f"Le fichier {chemin.name} n'est pas lisible : {erreur}.") from erreur
    return Partages(_build(ligne) for ligne in contenu.get("partage", ()))


def _build(ligne: Mapping[str, Any]) -> Partage:
    try:
        classes = tuple(ClassePartagee(**{**c, "champs": tuple(c.get("champs", ()))}) for c in ligne.get("classe", ()))
        return Partage(**{cle: valeur for cle, valeur in ligne.items() if cle != "classe"}, classes=classes)
    except TypeError as erreur:
        raise ReferentielInvalide(f"Partage « {ligne.get('version', '?')} » : champ inconnu ou absent.") from erreur


def _check(partage: Partage) -> None:
    places = set(_PLACE.findall(partage.texte))
    aller = [c for c in partage.classes if not c.retour]
    fautes: Sequence[tuple[bool, str]] = [
        (partage.destinataire not in DESTINATAIRES, "destinataire inconnu"),
        (not places <= _PLACES, "le texte demande une valeur inconnue"),
        (len(set(partage.cles)) != len(partage.cles), "une classe est donnée deux fois"),
        (any(c.cle not in CHAMPS for c in aller), "classe de données inconnue"),
        (any(not c.champs or not set(c.champs) <= set(CHAMPS.get(c.cle, ())) for c in aller), "champ inconnu, ou classe sans champ"),
        (any(c.retour and c.champs for c in partage.classes), "ce qui revient du destinataire n'a pas de champ à envoyer"),
        (any(not c.raison.strip() or not c.source.strip() for c in partage.classes), "chaque classe dit sa raison et sa source"),
        (partage.au is None and bool(aller) != ("donnees" in places), "le texte en vigueur nomme ses données par {donnees}"),
        (
            partage.au is None and (len(aller) < len(partage.classes)) != ("retours" in places),
            "ce qui revient se nomme par {retours}",
        ),
        (partage.du is not None and partage.au is not None and partage.du > partage.au, "la période finit avant de commencer"),
    ]
    for faute, phrase in fautes:
        if faute:
            raise ReferentielInvalide(f"Partage « {partage.version} » : {phrase}.")


def _check_paire(avant: Partage, apres: Partage) -> None:
    if avant.version == apres.version:
        raise ReferentielInvalide(f"Deux partages portent la version « {avant.version} ».")
    if (avant.destinataire, avant.plateforme) != (apres.destinataire, apres.plateforme):
        return
    if (avant.du or date.min) <= (apres.au or date.max) and (apres.du or date.min) <= (avant.au or date.max):
        raise ReferentielInvalide(f"Deux partages sont en vigueur le même jour ({avant.version} et {apres.version}).")
