"""Reading JSON of a partner without trusting its shape: every fault is a refusal that says where and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pdp.errors import ErreurPdp

_INSTANT = re.compile(r"(?P<jour>\d{4}-\d\d-\d\d)T(?P<heure>\d\d:\d\d:\d\d)(?P<fraction>\.\d{1,20})?(?P<zone>Z|[+-]\d\d:\d\d)", re.ASCII)


class RessourceRefusee(ErreurPdp):
    """A resource of a partner cannot be taken: ``code`` (English, for programs), ``diagnostic`` (French), ``chemin`` (FHIR path)."""

    code = "resource_refused"

    def __init__(self, code: str, diagnostic: str, chemin: str) -> None:
        self.diagnostic = diagnostic
        self.chemin = chemin
        super().__init__(f"{chemin} : {diagnostic}", code=code)


def get_text(objet: Mapping[str, Any], cle: str, chemin: str) -> str:
    """Non-empty text, required."""
    valeur = objet.get(cle)
    if not isinstance(valeur, str) or not valeur.strip():
        raise RessourceRefusee("element_missing", f"L'élément « {cle} » manque ou n'est pas un texte.", f"{chemin}.{cle}")
    return valeur


def get_object(objet: Mapping[str, Any], cle: str, chemin: str) -> Mapping[str, Any] | None:
    """Object, or None when absent."""
    valeur = objet.get(cle)
    if valeur is not None and not isinstance(valeur, Mapping):
        raise RessourceRefusee("wrong_type", f"L'élément « {cle} » doit être un objet.", f"{chemin}.{cle}")
    return valeur


def get_list(objet: Mapping[str, Any], cle: str, chemin: str) -> list[Any]:
    """List, empty when absent."""
    valeur = objet.get(cle)
    if valeur is None:
        return []
    if not isinstance(valeur, list):
        raise RessourceRefusee("wrong_type", f"L'élément « {cle} » doit être une liste.", f"{chemin}.{cle}")
    return valeur


def concept_codes(concept: object, systeme: str, chemin: str) -> list[str]:
    """Codes of a CodeableConcept in one code system."""
    if not isinstance(concept, Mapping):
        return []
    codings = get_list(concept, "coding", chemin)
    return [str(c["code"]) for c in codings if isinstance(c, Mapping) and c.get("system") == systeme and c.get("code")]


def coded(concept: object, code: str, systemes: Iterable[str] | None = None) -> bool:
    """Whether a CodeableConcept holds ``code``, in one of ``systemes`` when given."""
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    return any(
        isinstance(c, Mapping) and c.get("code") == code and (systemes is None or c.get("system") in systemes)
        for c in (codings if isinstance(codings, list) else [])
    )


def parse_instant(valeur: object, chemin: str) -> datetime:
    """Instant in UTC, any precision of the fraction; a date without time or zone is refused: nobody knows when it is."""
    parties = _INSTANT.fullmatch(valeur) if isinstance(valeur, str) else None
    if parties is None:
        raise RessourceRefusee("wrong_instant", "Un instant complet est attendu : date, heure et fuseau.", chemin)
    fraction = (parties["fraction"] or ".0")[1:7]
    zone = "+00:00" if parties["zone"] == "Z" else parties["zone"]
    try:
        return datetime.fromisoformat(f"{parties['jour']}T{parties['heure']}.{fraction:0<6}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise RessourceRefusee("wrong_instant", "Cette date ou cette heure n'existe pas.", chemin) from None


def find_instant(valeur: object) -> datetime | None:
    """Instant, or None when it is not a complete one."""
    try:
        return parse_instant(valeur, "")
    except RessourceRefusee:
        return None
