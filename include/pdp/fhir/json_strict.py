"""JSON as FHIR wants it: UTF-8, one value, no key twice, no NaN; and nothing that makes a reader fall."""

from __future__ import annotations

import codecs
import json
from typing import Any

from pdp.fhir.faute import Faute, quote

PROFONDEUR_MAX = 100
TAILLE_MAX = 50 * 1024 * 1024
"""Bytes of one file."""


class JsonRefuse(ValueError):
    """What was read is not JSON that may be checked; ``faute`` says why."""

    def __init__(self, code: str, raison: str) -> None:
        self.faute = Faute("$", code, raison)
        super().__init__(code)


class _CleDouble(ValueError):
    pass


class _Constante(ValueError):
    pass


def parse_json(octets: bytes) -> Any:
    """The value written in ``octets``. A byte order mark is tolerated. Raises :class:`JsonRefuse`."""
    texte = _decode(octets)
    if not texte.strip():
        raise JsonRefuse("empty_document", "Le document est vide.")
    try:
        valeur = json.loads(texte, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except _CleDouble as erreur:
        raise JsonRefuse("duplicate_key", f"La clé « {quote(str(erreur))} » figure deux fois dans le même objet.") from None
    except _Constante as erreur:
        raise JsonRefuse("not_a_number", f"« {erreur} » n'est pas un nombre JSON.") from None
    except json.JSONDecodeError as erreur:
        if texte.lstrip().startswith("<"):
            raise JsonRefuse("not_json", "Ce document est du XML ou du HTML : seul le JSON de FHIR est lu ici.") from None
        raise JsonRefuse("not_json", f"Ce n'est pas du JSON (ligne {erreur.lineno}, colonne {erreur.colno}).") from None
    except RecursionError:
        raise JsonRefuse("too_deep", f"L'imbrication dépasse {PROFONDEUR_MAX} niveaux.") from None
    except ValueError:  # an integer of more digits than Python accepts
        raise JsonRefuse("number_too_long", "Un nombre comporte trop de chiffres.") from None
    if _depth_over(valeur, PROFONDEUR_MAX):
        raise JsonRefuse("too_deep", f"L'imbrication dépasse {PROFONDEUR_MAX} niveaux.")
    return valeur


def is_too_deep(valeur: Any) -> bool:
    """Whether a value (from any reader) is nested deeper than what is checked."""
    return _depth_over(valeur, PROFONDEUR_MAX)


def _decode(octets: bytes) -> str:
    if len(octets) > TAILLE_MAX:
        raise JsonRefuse("too_large", f"Le document dépasse {TAILLE_MAX // 1024 // 1024} Mo.")
    try:
        return octets.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        raise JsonRefuse("not_utf8", "Le document n'est pas en UTF-8, seul codage admis par FHIR.") from None


def _unique_keys(paires: list[tuple[str, Any]]) -> dict[str, Any]:
    objet: dict[str, Any] = {}
    for cle, valeur in paires:
        if cle in objet:
            raise _CleDouble(cle)
        objet[cle] = valeur
    return objet


def _no_constant(nom: str) -> None:
    raise _Constante(nom)


def _depth_over(valeur: Any, limite: int) -> bool:
    """Level by level, without recursion."""
    niveau = [valeur]
    for _ in range(limite):
        suivants: list[Any] = []
        for element in niveau:
            if isinstance(element, dict):
                suivants.extend(element.values())
            elif isinstance(element, list):
                suivants.extend(element)
        if not suivants:
            return False
        niveau = suivants
    return any(isinstance(e, dict | list) for e in niveau)
