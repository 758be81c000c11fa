"""The CapabilityStatement of our endpoint: what a partner's software may do here, as a machine reads it."""

from __future__ import annotations

from typing import Any

from pdp.fhir import systemes

FHIR_VERSION = "4.0.1"
INTERACTIONS: dict[str, tuple[str, ...]] = {
    "ServiceRequest": ("read", "search-type"),
    "Task": ("read", "search-type", "update", "patch"),
}
RECHERCHES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "ServiceRequest": (
        ("_id", "token", "Identifiant logique"),
        ("_lastUpdated", "date", "Modifiée depuis (gt) ou jusqu'à (lt)"),
        ("identifier", "token", "Identifiant de l'orientation (PLAC)"),
        ("status", "token", "Statut de la demande"),
    ),
    "Task": (
        ("_id", "token", "Identifiant logique"),
        ("_lastUpdated", "date", "Modifiée depuis (gt) ou jusqu'à (lt)"),
        ("identifier", "token", "Identifiant de l'orientation (PLAC) ou du partenaire (FILL)"),
        ("status", "token", "Statut de la tâche"),
        ("focus", "reference", "ServiceRequest suivie"),
    ),
}
_DOCUMENTATION = {
    "ServiceRequest": "Orientations adressées au partenaire qui appelle, et elles seules. Le patient et la plateforme sont contenus.",
    "Task": (
        "Suivi de l'orientation. Le partenaire la lit et en change le statut selon la table publiée des transitions ; "
        "If-Match est exigé : une version dépassée est refusée (412)."
    ),
}


def build_capacite(url_base: str, url_jeton: str, *, date: str, version: str = "1") -> dict[str, Any]:
    """CapabilityStatement of the endpoint ``url_base`` (no final slash); ``date`` is an ISO day or instant.

    A partner signs in with client credentials at ``url_jeton``; it sees its own hand-overs only.
    """
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{url_base}/metadata",
        "version": version,
        "name": "OrientationsPdp",
        "title": "Orientations d'une plateforme PDP",
        "status": "active",
        "date": date,
        "kind": "instance",
        "software": {"name": "Plateforme PDP"},
        "implementation": {"description": "Échange des orientations avec les partenaires", "url": url_base},
        "fhirVersion": FHIR_VERSION,
        "format": ["application/fhir+json"],
        "patchFormat": ["application/json-patch+json"],
        "rest": [{"mode": "server", "security": _security(url_jeton), "resource": [_resource(nom) for nom in INTERACTIONS]}],
    }


def _security(url_jeton: str) -> dict[str, Any]:
    return {
        "extension": [{"url": systemes.OAUTH_URIS, "extension": [{"url": "token", "valueUri": url_jeton}]}],
        "service": [{"coding": [{"system": systemes.SERVICE_SECURITE, "code": "SMART-on-FHIR"}], "text": "OAuth 2.0, client_credentials"}],
        "description": "Un jeton par partenaire et par plateforme (client_credentials). Les messages sont signés, un rejeu est refusé.",
    }


def _resource(nom: str) -> dict[str, Any]:
    parametres = [{"name": p, "type": genre, "documentation": texte} for p, genre, texte in RECHERCHES[nom]]
    return {
        "type": nom,
        "interaction": [{"code": code} for code in INTERACTIONS[nom]],
        "versioning": "versioned-update" if "update" in INTERACTIONS[nom] else "versioned",
        "readHistory": False,
        "updateCreate": False,
        "conditionalCreate": False,
        "conditionalUpdate": False,
        "searchParam": parametres,
        "documentation": _DOCUMENTATION[nom],
    }
