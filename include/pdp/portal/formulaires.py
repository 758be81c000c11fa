"""Reading of forms: what a person typed becomes a typed value, or a French sentence that says what to correct."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time
from typing import IO, Literal, overload
from uuid import UUID, uuid4

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from pdp.clock import PARIS
from pdp.errors import DonneeInvalide

NOTE_MAX = 500


def _fields(request: Request) -> FormData:
    """Fields read once by the route class before the view runs; none on a GET."""
    return getattr(request.state, "formulaire", None) or FormData()


def names(request: Request) -> list[str]:
    """Names of the fields received, to show a form again as it was typed."""
    return list(_fields(request).keys())


def values(request: Request, champ: str) -> list[str]:
    """Everything typed in a field, unchecked: to show it again, escaped, never to store it."""
    return [v for v in _fields(request).getlist(champ) if isinstance(v, str)] or [""]


def new_cle() -> UUID:
    """Key of one form: sent twice, it acts once."""
    return uuid4()


@overload
def texte(request: Request, champ: str, *, libelle: str, maximum: int = ..., obligatoire: Literal[True]) -> str: ...
@overload
def texte(request: Request, champ: str, *, libelle: str, maximum: int = ..., obligatoire: bool = ...) -> str | None: ...
def texte(request: Request, champ: str, *, libelle: str, maximum: int = NOTE_MAX, obligatoire: bool = False) -> str | None:
    """Trimmed text, None when empty."""
    brut = _fields(request).get(champ)
    valeur = brut.strip().replace("\r\n", "\n") if isinstance(brut, str) else ""
    if obligatoire and not valeur:
        raise DonneeInvalide(f"« {libelle} » est à remplir. Rien n'a été enregistré.", code=f"missing:{champ}")
    if len(valeur) > maximum:
        raise DonneeInvalide(f"« {libelle} » dépasse {maximum} caractères. Rien n'a été enregistré.", code=f"too_long:{champ}")
    if "\x00" in valeur:
        raise DonneeInvalide(f"« {libelle} » contient un caractère illisible. Rien n'a été enregistré.", code=f"unreadable:{champ}")
    return valeur or None


@overload
def choix(request: Request, champ: str, admis: Collection[str], *, libelle: str, obligatoire: Literal[True] = ...) -> str: ...
@overload
def choix(request: Request, champ: str, admis: Collection[str], *, libelle: str, obligatoire: bool) -> str | None: ...
def choix(request: Request, champ: str, admis: Collection[str], *, libelle: str, obligatoire: bool = True) -> str | None:
    """One value of a closed list."""
    valeur = texte(request, champ, libelle=libelle, maximum=200, obligatoire=obligatoire)
    if valeur is not None and valeur not in admis:
        raise DonneeInvalide(
            f"« {libelle} » : choisissez une réponse de la liste. Rien n'a été enregistré.", code=f"unknown_choice:{champ}"
        )
    return valeur


def choix_multiples(request: Request, champ: str, admis: Collection[str], *, libelle: str) -> list[str]:
    """Values ticked in a closed list, in the order of the form, each once."""
    brutes = [v for v in _fields(request).getlist(champ) if isinstance(v, str)]
    if not set(brutes) <= set(admis):
        raise DonneeInvalide(
            f"« {libelle} » : choisissez des réponses de la liste. Rien n'a été enregistré.", code=f"unknown_choice:{champ}"
        )
    return list(dict.fromkeys(brutes))


@overload
def jour(request: Request, champ: str, *, libelle: str, obligatoire: Literal[True]) -> date: ...
@overload
def jour(request: Request, champ: str, *, libelle: str, obligatoire: bool = ...) -> date | None: ...
def jour(request: Request, champ: str, *, libelle: str, obligatoire: bool = False) -> date | None:
    """Date of an ``<input type="date">``."""
    brut = texte(request, champ, libelle=libelle, maximum=10, obligatoire=obligatoire)
    if brut is None:
        return None
    try:
        return date.fromisoformat(brut)
    except ValueError:
        raise DonneeInvalide(f"« {libelle} » n'est pas une date. Rien n'a été enregistré.", code=f"bad_date:{champ}") from None


def instant(request: Request, champ: str, *, libelle: str, heure_defaut: time | None = None) -> datetime | None:
    """Aware instant of ``<input type="date" name="champ">`` and ``<input type="time" name="champ_heure">``, typed in Paris time."""
    le = jour(request, champ, libelle=libelle)
    brut = texte(request, f"{champ}_heure", libelle=libelle, maximum=8)
    if le is None:
        return None
    try:
        heure = time.fromisoformat(brut) if brut else heure_defaut
    except ValueError:
        heure = None
    if heure is None:
        raise DonneeInvalide(f"« {libelle} » : indiquez aussi l'heure. Rien n'a été enregistré.", code=f"bad_time:{champ}")
    return datetime.combine(le, heure, PARIS)


def identifiant(request: Request, champ: str, *, libelle: str) -> UUID:
    """Opaque id of a hidden or chosen field."""
    brut = texte(request, champ, libelle=libelle, maximum=36, obligatoire=True)
    try:
        return UUID(str(brut))
    except ValueError:
        raise DonneeInvalide(f"« {libelle} » : choisissez dans la liste. Rien n'a été enregistré.", code=f"bad_id:{champ}") from None


def fichier(request: Request, champ: str, *, libelle: str) -> tuple[str, IO[bytes]]:
    """Name and content of the file chosen; the name is what the browser says and is still to be checked."""
    recu = _fields(request).get(champ)
    if not isinstance(recu, UploadFile) or not recu.filename:
        raise DonneeInvalide(f"« {libelle} » : choisissez un fichier. Rien n'a été déposé.", code=f"missing:{champ}")
    return recu.filename, recu.file
