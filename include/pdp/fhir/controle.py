"""Whether a resource may be taken: shape, required code lists, published invariants, references, French identifiers.

Any type of R4 is checked for its shape; the other checks run through every element, contained resources and entries of a Bundle
included. Profiles (``meta.profile``) are not validated: what they add is accepted, extensions first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from pdp.fhir import systemes
from pdp.fhir.codes import CONCEPTS, LIBRES, REQUIS, TYPES_DE_RESSOURCE, TYPES_MIME
from pdp.fhir.faute import Faute, quote
from pdp.fhir.identifiants import check_identifiant
from pdp.fhir.invariants import dicts
from pdp.fhir.invariants_ressources import PAR_TYPE
from pdp.fhir.json_strict import PROFONDEUR_MAX, is_too_deep
from pdp.fhir.r4 import AUTRES_EN_R4
from pdp.fhir.references import check_references
from pdp.fhir.structure import EXTENSION_PRIMITIVE, Noeud, Releve, find_class, is_resource_type, read_structure

_MIME = re.compile(r"[\w.+-]+/[\w.+*-]+(\s*;.*)?", re.ASCII)

__all__ = ["Faute", "check_resource"]


def check_resource(objet: Any, *, production: bool = False) -> list[Faute]:
    """Faults of one resource (empty = accepted), in the order of the document; never raises, whatever JSON value ``objet`` is.

    ``production``: identities and labels kept for tests are refused.
    """
    if not isinstance(objet, Mapping):
        return [Faute("$", "not_an_object", "Une ressource FHIR est attendue : un objet JSON.")]
    if is_too_deep(objet):
        return [Faute("$", "too_deep", f"L'imbrication dépasse {PROFONDEUR_MAX} niveaux.")]
    releve = read_structure(objet)
    fautes = [
        *releve.fautes,
        *_codes(releve),
        *_concepts(releve),
        *_empty(releve),
        *_invariants(releve),
        *check_references(releve),
        *_identifiers(releve, production),
        *_labels(releve, production),
    ]
    return list(dict.fromkeys(fautes)) or _by_classes(objet)


def _codes(releve: Releve) -> Iterator[Faute]:
    for chemin, parent, champ, valeur in releve.codes:
        cle = (parent, champ.nom)
        if cle in TYPES_DE_RESSOURCE and valeur not in ("Resource", "DomainResource") and not is_resource_type(valeur):
            yield Faute(chemin, "code_unknown", f"« {quote(valeur)} » n'est pas un type de ressource de FHIR R4.")
        if cle in TYPES_MIME and not _MIME.fullmatch(valeur):
            yield Faute(chemin, "mime_type", "Un type de contenu (MIME) est attendu, par exemple application/pdf.")
        permis = REQUIS.get(cle) or (() if cle in LIBRES else champ.codes)
        if permis and valeur not in permis:
            yield Faute(chemin, "code_unknown", f"« {quote(valeur)} » n'est pas un code permis ici : {', '.join(permis)}.")


def _concepts(releve: Releve) -> Iterator[Faute]:
    for noeud in releve.noeuds:
        for (genre, nom), (systeme, codes) in CONCEPTS.items():
            concept = noeud.valeur.get(nom) if noeud.type == genre else None
            if isinstance(concept, Mapping) and not any(
                c.get("system") == systeme and c.get("code") in codes for c in dicts(concept, "coding")
            ):
                yield Faute(f"{noeud.chemin}.{nom}", "code_unknown", f"Un code de {systeme} est attendu : {', '.join(codes)}.")


def _empty(releve: Releve) -> Iterator[Faute]:
    for noeud in releve.noeuds:
        ignorees = {"resourceType"} if noeud.valeur is noeud.ressource else set() if noeud.type == EXTENSION_PRIMITIVE else {"id"}
        if not set(noeud.valeur) - ignorees:
            yield Faute(noeud.chemin, "ele-1", "Un élément a une valeur ou des éléments : il s'omet s'il est vide.")


def _invariants(releve: Releve) -> Iterator[Faute]:
    for noeud in releve.noeuds:
        for invariant in PAR_TYPE.get(noeud.type, ()):
            try:
                respecte = invariant.tient(noeud.valeur)
            except (TypeError, ValueError, AttributeError):
                continue  # the shape it would read is wrong, and that is a fault of its own
            if not respecte:
                yield Faute(noeud.chemin, invariant.cle, invariant.phrase)


def _identifiers(releve: Releve, production: bool) -> Iterator[Faute]:
    for noeud in releve.noeuds:
        systeme, valeur = noeud.valeur.get("system"), noeud.valeur.get("value")
        if noeud.type == "Identifier" and isinstance(systeme, str) and isinstance(valeur, str):
            ecart = check_identifiant(systeme, valeur, production=production)
            if ecart is not None:
                yield Faute(f"{noeud.chemin}.value", ecart.code, ecart.raison)


def _labels(releve: Releve, production: bool) -> Iterator[Faute]:
    for noeud in releve.noeuds if production else ():
        if noeud.type == "Coding" and _is_test_label(noeud):
            yield Faute(noeud.chemin, "test_data_in_production", "Donnée d'essai (HTEST) : elle est refusée en production.")


def _is_test_label(noeud: Noeud) -> bool:
    return (
        noeud.champ is not None
        and noeud.champ.nom in ("security", "tag")
        and noeud.valeur.get("system") == systemes.RAISON_ACTE
        and noeud.valeur.get("code") == "HTEST"
    )


def _by_classes(objet: Mapping[str, Any]) -> list[Faute]:
    """Last word of the classes of R4B on what passed all the rest; they miss some extensions of primitives, which were checked here."""
    nom = str(objet.get("resourceType"))
    classe = None if nom in AUTRES_EN_R4 else find_class(nom)
    if classe is None:
        return []
    try:
        classe.model_validate(dict(objet))
    except ValidationError as erreur:
        return [_schema_fault(nom, e) for e in erreur.errors(include_url=False, include_input=False) if e["type"] != "extra_forbidden"]
    except (TypeError, ValueError, KeyError, ImportError, AttributeError, RecursionError) as erreur:
        return [Faute("$", "schema", f"La ressource ne peut pas être lue ({type(erreur).__name__}).")]
    return []


def _schema_fault(racine: str, erreur: Mapping[str, Any]) -> Faute:
    chemin = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in erreur["loc"])
    return Faute(f"{racine}{chemin}", "schema", f"L'élément ne suit pas le schéma de FHIR ({erreur['type']}).")
