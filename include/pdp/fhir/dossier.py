"""A file of FHIR, checked entry by entry: one resource, a Bundle, or NDJSON (one resource a line)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pdp.fhir.controle import check_resource
from pdp.fhir.faute import Faute, quote
from pdp.fhir.json_strict import JsonRefuse, parse_json

_ENTREE = re.compile(r"Bundle\.entry\[(\d+)\]")
INCONNU = "?"


@dataclass(frozen=True)
class Verdict:
    """What was decided of one resource: ``repere`` is empty for the whole file, ``entry[2]`` or ``ligne 3`` otherwise."""

    repere: str
    type: str
    fautes: tuple[Faute, ...]

    @property
    def acceptee(self) -> bool:
        return not self.fautes


def check_document(octets: bytes, *, production: bool = False, lignes: bool | None = None) -> list[Verdict]:
    """Verdicts of a document, at least one; never raises. ``lignes``: read as NDJSON (None = when it is not one JSON value and every
    line looks like one)."""
    if lignes:
        return _lines(octets, production)
    try:
        objet = parse_json(octets)
    except JsonRefuse as refus:
        if lignes is None and refus.faute.code == "not_json" and _looks_like_lines(octets):
            return _lines(octets, production)
        return [Verdict("", INCONNU, (refus.faute,))]
    fautes = tuple(check_resource(objet, production=production))
    genre = _type(objet)
    if genre != "Bundle" or not isinstance(objet.get("entry"), list):
        return [Verdict("", genre, fautes)]
    return [Verdict("", genre, tuple(f for f in fautes if _ENTREE.match(f.chemin) is None)), *_entries(objet["entry"], fautes)]


def _entries(entrees: list[Any], fautes: tuple[Faute, ...]) -> list[Verdict]:
    par_entree: dict[int, list[Faute]] = {}
    for faute in fautes:
        if (trouve := _ENTREE.match(faute.chemin)) is not None:
            par_entree.setdefault(int(trouve[1]), []).append(faute)
    return [
        Verdict(f"entry[{rang}]", _type(e.get("resource")) if isinstance(e, Mapping) else INCONNU, tuple(par_entree.get(rang, ())))
        for rang, e in enumerate(entrees)
    ]


def _lines(octets: bytes, production: bool) -> list[Verdict]:
    verdicts = []
    for numero, ligne in enumerate(octets.splitlines(), start=1):
        if not ligne.strip():
            continue
        repere = f"ligne {numero}"
        try:
            objet = parse_json(ligne)
        except JsonRefuse as refus:
            verdicts.append(Verdict(repere, INCONNU, (refus.faute,)))
            continue
        verdicts.append(Verdict(repere, _type(objet), tuple(check_resource(objet, production=production))))
    return verdicts or [Verdict("", INCONNU, (Faute("$", "empty_document", "Le document est vide."),))]


def _looks_like_lines(octets: bytes) -> bool:
    lignes = [ligne.strip() for ligne in octets.removeprefix(b"\xef\xbb\xbf").splitlines() if ligne.strip()]
    return len(lignes) > 1 and all(ligne.startswith(b"{") and ligne.endswith(b"}") for ligne in lignes)


def _type(objet: Any) -> str:
    nom = objet.get("resourceType") if isinstance(objet, Mapping) else None
    return quote(nom) or INCONNU if isinstance(nom, str) else INCONNU
