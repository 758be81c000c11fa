"""References that must resolve: to a contained resource, inside a Bundle; and to a type that the element admits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pdp.fhir.faute import Faute, quote
from pdp.fhir.invariants import dicts
from pdp.fhir.structure import Noeud, Releve, is_resource_type

_RELATIVE = re.compile(r"(?:https?://\S*?/|^)(?P<type>[A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_FERMES = frozenset({"transaction", "batch", "document", "message", "collection"})
"""Bundles whose ``urn:`` references can only mean one of their entries."""
_CONTENU = ".contained["


def check_references(releve: Releve) -> Iterator[Faute]:
    """Faults of the references of one document, and the published rules on contained resources (dom-2 to dom-5, ref-1)."""
    ressources = {n.chemin: n for n in releve.noeuds if n.valeur is n.ressource}
    chemins = {id(n.ressource): n.chemin for n in ressources.values()}
    paquets = [(n.chemin, n.valeur, _full_urls(n.valeur)) for n in ressources.values() if n.type == "Bundle"]
    for noeud in ressources.values():
        yield from _contained(noeud)
    for noeud in releve.noeuds:
        if noeud.type != "Reference" or not isinstance(noeud.valeur.get("reference"), str):
            continue
        conteneur = chemins.get(id(noeud.ressource), "").partition(_CONTENU)[0]
        racine = ressources[conteneur].valeur if conteneur in ressources else noeud.ressource
        yield from _reference(noeud, racine, paquets)


def _reference(noeud: Noeud, racine: Mapping[str, Any], paquets: list[tuple[str, Mapping[str, Any], dict[str, str]]]) -> Iterator[Faute]:
    cible, chemin = noeud.valeur["reference"], f"{noeud.chemin}.reference"
    if cible.startswith("#"):
        genres = {str(c.get("id")): str(c.get("resourceType")) for c in dicts(racine, "contained")}
        if cible == "#":
            return
        if cible[1:] not in genres:
            yield Faute(chemin, "ref-1", "Cette référence locale ne désigne aucune ressource contenue.")
            return
        genre: str | None = genres[cible[1:]]
    else:
        englobants = [(p, urls) for c, p, urls in paquets if noeud.chemin.startswith(f"{c}.")]
        genre = next((urls[cible] for _, urls in englobants if cible in urls), None)
        if genre is None and cible.startswith("urn:") and englobants and all(p.get("type") in _FERMES for p, _ in englobants):
            yield Faute(chemin, "reference_unresolved", "Cette référence ne désigne aucune entrée du Bundle.")
            return
        genre = genre or _type_named(cible)
    yield from _target(noeud, genre, chemin)


def _target(noeud: Noeud, genre: str | None, chemin: str) -> Iterator[Faute]:
    if genre is None:
        return
    if not is_resource_type(genre):
        yield Faute(chemin, "reference_type_unknown", f"La référence désigne un type inconnu de FHIR R4 : {quote(genre)}.")
        return
    cibles = noeud.champ.cibles if noeud.champ else ()
    if cibles and "Resource" not in cibles and genre not in cibles:
        yield Faute(chemin, "reference_target", f"Cet élément ne peut pas désigner {genre} : il admet {', '.join(cibles)}.")
    annonce = noeud.valeur.get("type")
    if isinstance(annonce, str) and annonce.rpartition("/")[2] != genre:
        yield Faute(f"{noeud.chemin}.type", "reference_type_mismatch", f"Le type annoncé n'est pas celui désigné ({genre}).")


def _type_named(cible: str) -> str | None:
    """Type written in a relative or RESTful address; an absolute address of another form says nothing."""
    trouve = _RELATIVE.fullmatch(cible)
    if trouve is None:
        return None
    return trouve["type"] if not cible.startswith("http") or is_resource_type(trouve["type"]) else None


def _full_urls(paquet: Mapping[str, Any]) -> dict[str, str]:
    """Address of each entry and the type it holds; with their relative form for RESTful addresses."""
    urls: dict[str, str] = {}
    for entree in dicts(paquet, "entry"):
        ressource = entree.get("resource")
        if isinstance(ressource, Mapping) and isinstance(entree.get("fullUrl"), str):
            urls[entree["fullUrl"]] = str(ressource.get("resourceType"))
    return urls


def _contained(noeud: Noeud) -> Iterator[Faute]:
    for rang, contenue in enumerate(dicts(noeud.valeur, "contained")):
        chemin = f"{noeud.chemin}.contained[{rang}]"
        meta = contenue.get("meta")
        meta = meta if isinstance(meta, Mapping) else {}
        if contenue.get("contained"):
            yield Faute(chemin, "dom-2", "Une ressource contenue ne peut pas en contenir d'autres.")
        if meta.get("versionId") is not None or meta.get("lastUpdated") is not None:
            yield Faute(chemin, "dom-4", "Une ressource contenue n'a ni version ni date de mise à jour.")
        if meta.get("security") is not None:
            yield Faute(chemin, "dom-5", "Une ressource contenue n'a pas d'étiquette de sécurité.")
        if not _is_used(noeud.valeur, contenue):
            yield Faute(chemin, "dom-3", "Une ressource contenue doit être citée par celle qui la contient, ou la citer.")


def _is_used(conteneur: Mapping[str, Any], contenue: Mapping[str, Any]) -> bool:
    lien = f"#{contenue.get('id')}"
    if any(valeur == lien for valeur in _texts(conteneur)):
        return True
    return any(valeur == "#" for valeur in _texts(contenue))


def _texts(objet: Any) -> Iterator[str]:
    attente = [objet]
    while attente:
        vu = attente.pop()
        if isinstance(vu, Mapping):
            attente.extend(vu.values())
        elif isinstance(vu, list):
            attente.extend(vu)
        elif isinstance(vu, str):
            yield vu
