"""Primitive types of R4: what JSON value carries each, and which texts are one."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from typing import Any

_TEMPS = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,20})?"
_ZONE = r"(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))"
_JOUR = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_DATE = re.compile(rf"\d{{4}}(-(0[1-9]|1[0-2]))?|{_JOUR}", re.ASCII)
_DATETIME = re.compile(rf"\d{{4}}(-(0[1-9]|1[0-2]))?|{_JOUR}(T{_TEMPS}{_ZONE})?", re.ASCII)
_INSTANT = re.compile(rf"{_JOUR}T{_TEMPS}{_ZONE}", re.ASCII)
_TIME = re.compile(_TEMPS, re.ASCII)
_MOTIFS = {
    "id": re.compile(r"[A-Za-z0-9\-.]{1,64}"),
    "code": re.compile(r"[^\s]+(\s[^\s]+)*"),
    "uri": re.compile(r"\S+"),
    "oid": re.compile(r"urn:oid:[0-2](\.(0|[1-9]\d*))+", re.ASCII),
    "uuid": re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE),
    "base64Binary": re.compile(r"(\s*[0-9A-Za-z+/]\s*){2,}(\s*=){0,2}\s*"),
}
ATTENDUS = {
    "boolean": "vrai ou faux (true, false)",
    "integer": "un nombre entier",
    "unsignedInt": "un nombre entier positif ou nul",
    "positiveInt": "un nombre entier d'au moins 1",
    "decimal": "un nombre",
    "date": "une date (AAAA, AAAA-MM ou AAAA-MM-JJ)",
    "dateTime": "une date, ou une date avec heure et fuseau",
    "instant": "un instant complet, avec heure et fuseau",
    "time": "une heure (HH:MM:SS)",
    "id": "un identifiant de 1 à 64 lettres, chiffres, tirets ou points",
    "code": "un code sans espace au début ni à la fin",
    "oid": "un OID (urn:oid:…)",
    "uuid": "un UUID (urn:uuid:…)",
    "base64Binary": "un contenu en base 64",
    "uri": "une adresse (URI) sans espace",
}
_ENTIERS = {"integer": (-(2**31), 2**31 - 1), "unsignedInt": (0, 2**31 - 1), "positiveInt": (1, 2**31 - 1)}
_COMME_URI = frozenset({"uri", "url", "canonical"})


def describe_attendu(genre: str) -> str:
    """What a value of this type is, in French."""
    return ATTENDUS.get("uri" if genre in _COMME_URI else genre, "un texte non vide")


def is_valid(genre: str, valeur: Any) -> bool:
    """Whether a JSON value is one of the primitive type ``genre``; a type not known here takes any non-empty text."""
    if genre == "boolean":
        return isinstance(valeur, bool)
    if genre in _ENTIERS:
        bas, haut = _ENTIERS[genre]
        return isinstance(valeur, int) and not isinstance(valeur, bool) and bas <= valeur <= haut
    if genre == "decimal":
        return isinstance(valeur, int | float) and not isinstance(valeur, bool)
    if not isinstance(valeur, str) or not valeur.strip() or "\0" in valeur:
        return False
    dates = _DATES.get(genre)
    if dates is not None:
        return dates(valeur)
    motif = _MOTIFS.get("uri" if genre in _COMME_URI else genre)
    return motif is None or motif.fullmatch(valeur) is not None


def _is_date(motif: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda texte: motif.fullmatch(texte) is not None and _exists(texte)


def _exists(texte: str) -> bool:
    """The day exists in its month; year 0000 does not."""
    annee, mois = int(texte[:4]), int(texte[5:7] or 1)
    return annee > 0 and int(texte[8:10] or 1) <= monthrange(annee, mois)[1]


_DATES: dict[str, Callable[[str], bool]] = {
    "date": _is_date(_DATE),
    "dateTime": _is_date(_DATETIME),
    "instant": _is_date(_INSTANT),
    "time": lambda texte: _TIME.fullmatch(texte) is not None,
}
