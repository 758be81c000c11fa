"""Who is the person of a declaration among the people known under her NIR: certain, or nobody."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Candidat:
    """A known person who holds, or held, the NIR."""

    assure_id: UUID
    plateforme_id: str
    id_source: str
    nom: str = field(repr=False)
    naissance: date = field(repr=False)
    mis_a_jour_at: datetime


class Identite(Protocol):
    """What a declaration says of a person."""

    @property
    def nom(self) -> str: ...
    @property
    def nom_usage(self) -> str: ...
    @property
    def naissance(self) -> date | None: ...
    @property
    def nir_partage(self) -> bool: ...


def normalise_nom(nom: str) -> str:
    """Capital letters and digits only: accents, hyphens, spaces and apostrophes vary from one source to the other."""
    return re.sub(r"[^A-Z0-9]", "", unicodedata.normalize("NFKD", nom).upper())


def resolve_personne(identite: Identite, candidats: Iterable[Candidat]) -> Candidat | str:
    """The one person it can be, else a code: ``assure_inconnu`` (nobody has this NIR) or ``nir_partage`` (it singles nobody out).

    One holder is enough unless birth date and name both contradict, or the file itself gives the NIR to several people; with several
    holders, birth date and name must single one out. The same person known by two platforms counts once, where updated last.
    """
    derniers: dict[str, Candidat] = {}
    for candidat in sorted(candidats, key=lambda c: (c.mis_a_jour_at, c.plateforme_id)):
        derniers[candidat.id_source] = candidat
    if not derniers:
        return "assure_inconnu"
    noms = {normalise_nom(nom) for nom in (identite.nom, identite.nom_usage)} - {""}
    memes = [c for c in derniers.values() if c.naissance == identite.naissance and normalise_nom(c.nom) in noms]
    if len(memes) == 1:
        return memes[0]
    seul = next(iter(derniers.values()))
    if len(derniers) > 1 or identite.nir_partage:
        return "nir_partage"
    muette = not noms and identite.naissance is None
    return seul if muette or seul.naissance == identite.naissance or normalise_nom(seul.nom) in noms else "nir_partage"
