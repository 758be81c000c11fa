"""Two versions of one Task made one: what a side does not understand is kept, what a side does not own it does not change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DU_PARTENAIRE = frozenset(
    {
        "status", "statusReason", "businessStatus", "output", "lastModified", "executionPeriod", "meta", "contained", "performerType",
        "text",
    }
)  # fmt: skip
"""Elements a partner sets: what it sends replaces what was known, and what it leaves out is gone."""
DE_LA_PLATEFORME = frozenset(
    {
        "resourceType", "id", "intent", "code", "focus", "for", "requester", "owner", "authoredOn", "basedOn", "groupIdentifier", "partOf",
        "input", "restriction", "priority",
    }
)  # fmt: skip
"""Elements of the platform: kept as known whatever the partner sends."""
_AJOUTS = ("note", "identifier", "relevantHistory")
_EXTENSIONS = ("extension", "modifierExtension")


def merge_task(connue: Mapping[str, Any], recue: Mapping[str, Any]) -> dict[str, Any]:
    """``recue`` (written by the partner) over ``connue``; neither is changed. Merging again the same ``recue`` changes nothing.

    Notes and identifiers only grow; extensions are replaced by url and the others kept; any other element, known to nobody here, is
    taken from ``recue`` when it has it and kept from ``connue`` when not. An extension of a primitive (``_status``) follows its element.
    """
    fusion = dict(connue)
    for cle in {*connue, *recue}:
        base = cle.removeprefix("_")
        if base in DE_LA_PLATEFORME and (base in connue or cle in connue):
            continue
        if base in DU_PARTENAIRE:
            fusion.pop(cle, None)
        if cle in recue:
            fusion[cle] = recue[cle]
    for cle in _AJOUTS:
        if isinstance(connue.get(cle), list) and isinstance(recue.get(cle, []), list):
            fusion[cle] = _union(connue[cle], recue.get(cle, []))
    for cle in _EXTENSIONS:
        if isinstance(connue.get(cle), list) and isinstance(recue.get(cle, []), list):
            fusion[cle] = _by_url(connue[cle], recue.get(cle, []))
    return fusion


def _union(connus: list[Any], recus: list[Any]) -> list[Any]:
    return [*connus, *(r for r in recus if r not in connus)]


def _by_url(connues: list[Any], recues: list[Any]) -> list[Any]:
    urls = {e.get("url") for e in recues if isinstance(e, Mapping)}
    return [*(e for e in connues if not (isinstance(e, Mapping) and e.get("url") in urls)), *recues]
