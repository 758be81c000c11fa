"""OpenAPI document of the endpoint, written from the same tables as the CapabilityStatement."""

from __future__ import annotations

from typing import Any

from pdp.config import settings
from pdp.fhir.capacite import INTERACTIONS, RECHERCHES
from pdp.partners import signature

_FHIR = "application/fhir+json"
_VERBES = {"read": "get", "update": "put", "patch": "patch"}
_RESUMES = {
    "read": "Lire une ressource adressée au partenaire qui appelle",
    "update": "Répondre : la ressource entière, telle qu'elle a été lue puis changée",
    "patch": "Répondre par un correctif JSON Patch (RFC 6902)",
}
_SIGNATURE = (
    f"Chaque corps est signé dans {signature.ENTETE} : « t=<secondes unix>,v1=<hexadécimal> », HMAC-SHA256 sur, une par ligne, l'instant, "
    "« demande », la méthode, le chemin avec sa requête, X-Request-Id, If-Match, puis le corps. La clé est l'écriture hexadécimale de "
    "HMAC-SHA256(secret du client, « signature|» suivi du jeton). Au-delà de 300 secondes la signature est périmée ; la même deux fois est "
    "un rejeu, refusé."
)


def build_openapi(base: str) -> dict[str, Any]:
    """OpenAPI 3.1; ``base`` is the address of the endpoint, without a final slash."""
    donnees = " Les données servies ici sont synthétiques." if settings().demonstration else ""
    chemins: dict[str, Any] = {
        "/metadata": {"get": _operation("metadata", "CapabilityStatement", {}, secure=False)},
        "/openapi.json": {"get": _operation("openapi", "Ce document", {}, secure=False, genre="application/json")},
        "/token": {"post": _token()},
    }
    for ressource, interactions in INTERACTIONS.items():
        if "search-type" in interactions:
            chemins[f"/{ressource}"] = {"get": _search(ressource)}
        chemins[f"/{ressource}/{{id}}"] = {
            "parameters": [_parameter("id", "path", "Identifiant de l'orientation", {"type": "string", "format": "uuid"}, requis=True)],
            **{_VERBES[i]: _interaction(ressource, i) for i in interactions if i in _VERBES},
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Orientations d'une plateforme PDP",
            "version": "1",
            "description": f"FHIR R4 sur les orientations adressées à un partenaire. {_SIGNATURE}{donnees}",
        },
        "servers": [{"url": base}],
        "paths": chemins,
        "components": {
            "securitySchemes": {
                "client": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": f"{base}/token", "scopes": {}}}},
            },
            "schemas": {
                "Resource": {
                    "type": "object",
                    "required": ["resourceType"],
                    "properties": {"resourceType": {"type": "string"}},
                    "description": "Ressource FHIR R4 ; extensions conservées.",
                },
                "OperationOutcome": {
                    "type": "object",
                    "required": ["resourceType", "issue"],
                    "properties": {"resourceType": {"const": "OperationOutcome"}, "issue": {"type": "array", "minItems": 1}},
                },
                "JsonPatch": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["op", "path"],
                        "properties": {"op": {"enum": ["add", "remove", "replace", "test"]}, "path": {"type": "string"}, "value": {}},
                    },
                },
            },
        },
    }


def _interaction(ressource: str, interaction: str) -> dict[str, Any]:
    operation = _operation(f"{interaction}{ressource}", _RESUMES[interaction], _refused("404"))
    if interaction == "read":
        return operation
    contenu = (
        {_FHIR: {"schema": _ref("Resource")}} if interaction == "update" else {"application/json-patch+json": {"schema": _ref("JsonPatch")}}
    )
    operation["requestBody"] = {"required": True, "content": contenu}
    operation["parameters"] = [
        _parameter("If-Match", "header", "ETag de la version lue", {"type": "string"}, requis=True),
        _parameter(signature.ENTETE, "header", "Signature du message", {"type": "string"}, requis=True),
        _parameter(
            "X-Request-Id", "header", "Identifiant de l'appel, signé", {"type": "string", "minLength": 8, "maxLength": 64}, requis=True
        ),
    ]
    operation["responses"] |= _refused("400", "409", "412", "413", "415", "422", "428")
    return operation


def _search(ressource: str) -> dict[str, Any]:
    operation = _operation(f"search{ressource}", "Chercher parmi les orientations du partenaire qui appelle", _refused("400"))
    operation["parameters"] = [
        *(_parameter(nom, "query", texte, {"type": "string"}) for nom, _, texte in RECHERCHES[ressource]),
        _parameter("_count", "query", "Nombre de ressources par page", {"type": "integer", "minimum": 1}),
        _parameter("_sort", "query", "_lastUpdated seulement", {"type": "string"}),
    ]
    return operation


def _operation(nom: str, resume: str, refus: dict[str, Any], *, secure: bool = True, genre: str = _FHIR) -> dict[str, Any]:
    reponses = {"200": {"description": "Fait", "content": {genre: {"schema": _ref("Resource") if genre == _FHIR else {"type": "object"}}}}}
    generaux = _refused("401", "403", "429", "503") if secure else _refused("429")
    return {
        "operationId": nom,
        "summary": resume,
        "security": [{"client": []}] if secure else [],
        "responses": reponses | refus | generaux,
    }


def _token() -> dict[str, Any]:
    operation = _operation("token", "Jeton de quinze minutes (client_credentials)", {}, secure=False, genre="application/json")
    champs = {"grant_type": {"const": "client_credentials"}, "client_id": {"type": "string"}, "client_secret": {"type": "string"}}
    schema = {"type": "object", "required": ["grant_type"], "properties": champs}
    operation["requestBody"] = {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}
    operation["responses"] |= {statut: {"description": "Refusé, forme OAuth 2.0 (RFC 6749)"} for statut in ("400", "401")}
    return operation


def _parameter(nom: str, lieu: str, texte: str, schema: dict[str, Any], *, requis: bool = False) -> dict[str, Any]:
    return {"name": nom, "in": lieu, "description": texte, "schema": schema, "required": requis}


def _refused(*statuts: str) -> dict[str, Any]:
    contenu = {_FHIR: {"schema": _ref("OperationOutcome")}}
    return {statut: {"description": "Refusé : le OperationOutcome dit pourquoi", "content": contenu} for statut in statuts}


def _ref(nom: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{nom}"}
