"""The shape of a resource against the classes of R4B, read from their declarations: unknown elements, types, required ones, choices.

The classes themselves are lenient where a receiver must not be (a text where a number is due, JSON inside a text) and stop at the
first fault of a branch; here every fault is named with its path, and every element met is handed on with its type to the other checks.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from pdp.fhir.faute import Faute, quote
from pdp.fhir.formats import describe_attendu, is_valid
from pdp.fhir.r4 import AUTRES_EN_R4, PERMIS_EN_R4, SUPPRIMES_EN_R4B

RESSOURCE = "Resource"
EXTENSION_PRIMITIVE = "FHIRPrimitiveExtension"


@dataclass(frozen=True)
class Champ:
    """One element of a type as declared."""

    nom: str
    genre: str
    primitif: bool
    liste: bool
    requis: bool
    choix: str | None
    choix_requis: bool
    codes: tuple[str, ...] = ()
    cibles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Noeud:
    """One complex element met: its path, the name of its type, its JSON object, the resource and the field it is in."""

    chemin: str
    type: str
    valeur: Mapping[str, Any]
    ressource: Mapping[str, Any]
    champ: Champ | None = None


@dataclass
class Releve:
    """What the walk found: ``noeuds`` in document order, ``codes`` (path, type, element, value) of every code, ``fautes``."""

    noeuds: list[Noeud] = field(default_factory=list)
    codes: list[tuple[str, str, Champ, str]] = field(default_factory=list)
    fautes: list[Faute] = field(default_factory=list)

    def add(self, chemin: str, code: str, raison: str) -> None:
        self.fautes.append(Faute(chemin, code, raison))


def read_structure(objet: Mapping[str, Any]) -> Releve:
    """Walk one resource. Nothing here raises, whatever the object holds."""
    releve = Releve()
    _resource(releve, objet, quote(str(objet.get("resourceType"))) or "$", None)
    return releve


@lru_cache(maxsize=256)
def find_class(nom: str) -> Any:
    """Class of a resource type, None when there is none of this name."""
    if not nom.isascii() or not nom.isalpha():
        return None
    try:
        classe = get_fhir_model_class(nom)
    except (ValueError, KeyError, AttributeError, ImportError):
        return None
    return classe if classe.has_resource_base() else None


def is_resource_type(nom: str) -> bool:
    """Whether R4 has a resource of this name."""
    return nom in SUPPRIMES_EN_R4B or nom in AUTRES_EN_R4 or find_class(nom) is not None


@lru_cache(maxsize=1024)
def list_champs(classe: Any) -> dict[str, Champ]:
    """Elements of a type by their JSON name."""
    return {f.alias or nom: _champ(f.alias or nom, f) for nom, f in classe.model_fields.items() if nom != "fhir_comments"}


def _champ(nom: str, declaration: Any) -> Champ:
    annotation, liste, classe, genre = declaration.annotation, False, None, ""
    attente = [annotation]
    while attente:
        vue = attente.pop()
        if typing.get_origin(vue) is list:
            liste = True
        if hasattr(vue, "get_model_klass"):
            classe = vue.get_model_klass()
        if vue is bool:
            genre = "boolean"
        genre = genre or _visit_name(vue)
        attente.extend(typing.get_args(vue))
    genre = genre or next((n for m in declaration.metadata if (n := _visit_name(m))), "")
    extra = declaration.json_schema_extra or {}
    codes = tuple(extra.get("enum_values") or ())
    return Champ(
        nom=nom,
        genre=classe.__name__ if classe else genre or "string",
        primitif=classe is None,
        liste=liste,
        requis=bool(extra.get("element_required")) or declaration.is_required(),
        choix=extra.get("one_of_many"),
        choix_requis=bool(extra.get("one_of_many_required")),
        codes=codes if classe is None and genre == "code" and "+" not in codes else (),
        cibles=tuple(extra.get("enum_reference_types") or ()),
    )


def _visit_name(vue: object) -> str:
    return str(getattr(vue, "__visit_name__", ""))


@lru_cache(maxsize=2048)
def _class_of(genre: str) -> Any:
    return get_fhir_model_class(genre)


def _resource(releve: Releve, objet: Any, chemin: str, champ: Champ | None) -> None:
    if not isinstance(objet, Mapping):
        releve.add(chemin, "wrong_type", "Une ressource est attendue, donc un objet.")
        return
    nom = objet.get("resourceType")
    if not isinstance(nom, str) or not nom:
        releve.add(chemin, "resource_type_missing", "L'élément « resourceType » manque : le type de la ressource est inconnu.")
        return
    if nom in SUPPRIMES_EN_R4B or nom in AUTRES_EN_R4:
        releve.noeuds.append(Noeud(chemin, nom, objet, objet, champ))
        _free(releve, objet, chemin, objet)
        return
    classe = find_class(nom)
    if classe is None:
        releve.add(chemin, "resource_type_unknown", f"Le type de ressource « {quote(nom)} » n'existe pas en FHIR R4.")
        return
    _object(releve, objet, classe, chemin, objet, champ)


def _object(releve: Releve, objet: Mapping[str, Any], classe: Any, chemin: str, ressource: Mapping[str, Any], champ: Champ | None) -> None:
    champs = list_champs(classe)
    releve.noeuds.append(Noeud(chemin, classe.__name__, objet, ressource, champ))
    for cle, valeur in objet.items():
        if cle == "resourceType" and objet is ressource:
            continue
        connu = champs.get(cle) or _primitive_extension(champs, cle)
        if connu is None:
            permis = (classe.__name__, cle) in PERMIS_EN_R4
            if permis:
                _free(releve, valeur, f"{chemin}.{cle}", ressource)
            else:
                releve.add(f"{chemin}.{quote(cle)}", "unknown_element", f"L'élément « {quote(cle)} » n'existe pas dans {classe.__name__}.")
            continue
        _value(releve, connu, valeur, f"{chemin}.{cle}", ressource, classe.__name__, objet)
    _required(releve, objet, champs, chemin)


def _primitive_extension(champs: Mapping[str, Champ], cle: str) -> Champ | None:
    """``_x`` beside a primitive ``x``, which the class does not always declare (the values of an extension)."""
    base = champs.get(cle[1:]) if cle.startswith("_") else None
    return replace(base, nom=cle, genre=EXTENSION_PRIMITIVE, primitif=False, requis=False, codes=()) if base and base.primitif else None


def _value(
    releve: Releve, champ: Champ, valeur: Any, chemin: str, ressource: Mapping[str, Any], parent: str, objet: Mapping[str, Any]
) -> None:
    liste = champ.liste or (champ.genre == EXTENSION_PRIMITIVE and isinstance(objet.get(champ.nom.removeprefix("_")), list))
    if champ.genre == EXTENSION_PRIMITIVE and isinstance(valeur, list) and champ.nom.removeprefix("_") not in objet:
        liste = True  # a list of extensions without values: the plain element says nothing of it
    if liste != isinstance(valeur, list):
        attendu = "une liste est attendue" if liste else "une seule valeur est attendue, pas une liste"
        releve.add(chemin, "wrong_type", f"{attendu.capitalize()}.")
        return
    if not liste:
        _item(releve, champ, valeur, chemin, ressource, parent)
        return
    if not valeur:
        releve.add(chemin, "empty_array", "Une liste vide n'est pas permise : l'élément s'omet.")
    jumelle = objet.get(champ.nom[1:] if champ.nom.startswith("_") else f"_{champ.nom}")
    for rang, element in enumerate(valeur):
        if element is None and isinstance(jumelle, list) and rang < len(jumelle) and jumelle[rang] is not None:
            continue
        _item(releve, champ, element, f"{chemin}[{rang}]", ressource, parent)


def _item(releve: Releve, champ: Champ, valeur: Any, chemin: str, ressource: Mapping[str, Any], parent: str) -> None:
    if valeur is None:
        releve.add(chemin, "null_value", "La valeur null n'est pas permise ici : l'élément s'omet.")
    elif champ.primitif:
        if not is_valid(champ.genre, valeur):
            releve.add(chemin, "wrong_value", f"{describe_attendu(champ.genre).capitalize()} est attendu ici ({champ.genre}).")
        elif champ.genre == "code":
            releve.codes.append((chemin, parent, champ, valeur))
    elif not isinstance(valeur, Mapping):
        releve.add(chemin, "wrong_type", f"Un objet est attendu ici ({champ.genre}).")
    elif champ.genre == RESSOURCE:
        _resource(releve, valeur, chemin, champ)
    else:
        _object(releve, valeur, _class_of(champ.genre), chemin, ressource, champ)


def _required(releve: Releve, objet: Mapping[str, Any], champs: Mapping[str, Champ], chemin: str) -> None:
    """Required elements, one element of a required choice, not two of any choice; an extension may stand for a primitive."""
    choix: dict[str, list[str]] = {}
    requis: set[str] = set()
    for champ in champs.values():
        present = champ.nom in objet or f"_{champ.nom}" in objet
        if champ.choix is None:
            if champ.requis and not present:
                releve.add(f"{chemin}.{champ.nom}", "element_missing", f"L'élément « {champ.nom} » est obligatoire.")
            continue
        choix.setdefault(champ.choix, [])
        if present:
            choix[champ.choix].append(champ.nom)
        if champ.choix_requis:
            requis.add(champ.choix)
    for nom, presents in choix.items():
        if len(presents) > 1:
            releve.add(f"{chemin}.{nom}[x]", "choice_repeated", f"Un seul de ces éléments est permis : {', '.join(presents)}.")
        elif not presents and nom in requis:
            releve.add(f"{chemin}.{nom}[x]", "element_missing", f"L'élément « {nom}[x] » est obligatoire.")


_FORMES: tuple[tuple[str, frozenset[str]], ...] = (
    ("Extension", frozenset({"url"})),
    ("Reference", frozenset({"reference"})),
    ("Identifier", frozenset({"system", "value"})),
    ("Period", frozenset({"start", "end"})),
)


def _free(releve: Releve, valeur: Any, chemin: str, ressource: Mapping[str, Any]) -> None:
    """Walk without a schema: the data types that can be told by their keys are still checked."""
    for cle, element in _children(valeur, chemin):
        if not isinstance(element, Mapping):
            continue
        if "resourceType" in element:
            _resource(releve, element, cle, None)
            continue
        for nom, cles in _FORMES:
            if cles <= element.keys() and element.keys() <= list_champs(_class_of(nom)).keys():
                _object(releve, element, _class_of(nom), cle, ressource, None)
                break
        else:
            _free(releve, element, cle, ressource)


def _children(valeur: Any, chemin: str) -> Iterator[tuple[str, Any]]:
    if isinstance(valeur, Mapping):
        for cle, element in valeur.items():
            if isinstance(element, list):
                yield from ((f"{chemin}.{quote(cle)}[{rang}]", e) for rang, e in enumerate(element))
            else:
                yield f"{chemin}.{quote(cle)}", element
    elif isinstance(valeur, list):
        yield from ((f"{chemin}[{rang}]", e) for rang, e in enumerate(valeur))
