"""JSON Patch (RFC 6902) on a Task as it was shown: add, remove, replace and test; what may change is decided by who receives the result."""

from __future__ import annotations

import copy
from typing import Any

from pdp.portal.fhir.refus import AppelRefuse

OPERATIONS_MAX = 50
_PROFONDEUR_MAX = 16


def apply_patch(ressource: dict[str, Any], operations: Any) -> dict[str, Any]:
    """A changed copy. Raises :class:`AppelRefuse`: 400 when it is no patch, 422 when it does not apply."""
    if not isinstance(operations, list) or not 1 <= len(operations) <= OPERATIONS_MAX:
        raise _unreadable("une liste d'opérations est attendue")
    objet: Any = copy.deepcopy(ressource)
    for operation in operations:
        if not isinstance(operation, dict) or operation.get("op") not in ("add", "remove", "replace", "test"):
            raise _unreadable("opérations admises : add, remove, replace, test")
        chemin = _split(operation.get("path"))
        if operation["op"] != "remove" and "value" not in operation:
            raise _unreadable("il manque une valeur")
        try:
            _apply(objet, operation["op"], chemin, operation.get("value"))
        except (KeyError, IndexError, TypeError, ValueError):
            message = "Le correctif ne s'applique pas à la demande telle qu'elle est. Rien n'a été enregistré."
            raise AppelRefuse(422, "patch_does_not_apply", "processing", message) from None
    return dict(objet)


def _split(chemin: Any) -> list[str]:
    if not isinstance(chemin, str) or not chemin.startswith("/") or chemin.count("/") > _PROFONDEUR_MAX:
        raise _unreadable("un chemin JSON Pointer est attendu")
    return [morceau.replace("~1", "/").replace("~0", "~") for morceau in chemin[1:].split("/")]


def _apply(objet: Any, acte: str, chemin: list[str], valeur: Any) -> None:
    for morceau in chemin[:-1]:
        objet = objet[_rank(morceau, len(objet)) if isinstance(objet, list) else morceau]
    dernier = chemin[-1]
    if isinstance(objet, list):
        if acte == "add":
            rang = len(objet) if dernier == "-" else _rank(dernier, len(objet) + 1)
            objet.insert(rang, copy.deepcopy(valeur))
            return
        cle: Any = _rank(dernier, len(objet))
    elif isinstance(objet, dict):
        cle = dernier
        if acte == "add":
            objet[cle] = copy.deepcopy(valeur)
            return
    else:
        raise TypeError("not a container")
    connue = objet[cle]
    if acte == "test" and connue != valeur:
        raise ValueError("test failed")
    if acte == "replace":
        objet[cle] = copy.deepcopy(valeur)
    elif acte == "remove":
        del objet[cle]


def _rank(morceau: str, taille: int) -> int:
    if not (morceau.isascii() and morceau.isdecimal()) or (morceau != "0" and morceau.startswith("0")) or int(morceau[:9]) >= taille:
        raise IndexError
    return int(morceau)


def _unreadable(quoi: str) -> AppelRefuse:
    return AppelRefuse(400, "invalid_patch", "structure", f"Le correctif n'est pas lisible : {quoi}. Rien n'a été enregistré.")
