"""Names of the identifier and code systems used on the wire: ours, those of HL7, those of France.

Ours are URNs: they name, they are not fetched, and they do not depend on where a platform is installed.
"""

from __future__ import annotations

ORIENTATION = "urn:pdp:orientation"
"""Identifier of a hand-over, the placer's (PLAC) identifier of the Task and of the ServiceRequest."""
PERSONNE_ORIENTEE = "urn:pdp:personne-orientee"
"""Identifier of the person *within one hand-over*: two hand-overs of the same person cannot be joined by a partner."""
PLATEFORME = "urn:pdp:plateforme"
PARTENAIRE = "urn:pdp:partenaire"

DISPOSITIF = "urn:pdp:dispositif"
"""Code system: keys of ``domain.orientation.DISPOSITIFS``."""
MOTIF_REFUS = "urn:pdp:motif-refus"
"""Code system: keys of ``domain.orientation.MOTIFS_REFUS``."""
MOTIF_RETRAIT = "urn:pdp:motif-retrait"
"""Code system of ``Task.statusReason`` when the platform takes a hand-over back."""
CONTENU = "urn:pdp:contenu"
"""Code system of ``Task.input.type``: keys of ``domain.contenu.LIBELLES``."""
ECHANGE = "urn:pdp:echange"
"""Code system of ``Task.output.type`` and ``Task.input.type`` in answers: rendez_vous, question, nouvelles, compte_rendu."""
NATURE_NOTE = "urn:pdp:nature-note"
"""Extension of ``Task.note`` (valueCode): question or nouvelles from the partner, reponse from the platform."""

BSER_STATUT = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS"
CODE_TACHE = "http://hl7.org/fhir/CodeSystem/task-code"
TYPE_IDENTIFIANT = "http://terminology.hl7.org/CodeSystem/v2-0203"
RAISON_ACTE = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
SERVICE_SECURITE = "http://terminology.hl7.org/CodeSystem/restful-security-service"
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"

INS_NIR = "urn:oid:1.2.250.1.213.1.4.8"
INS_NIA = "urn:oid:1.2.250.1.213.1.4.9"
INS_TEST = "urn:oid:1.2.250.1.213.1.4.10"
INS_DEMO = "urn:oid:1.2.250.1.213.1.4.11"
RPPS = "https://rpps.esante.gouv.fr"
IDNPS = "urn:oid:1.2.250.1.71.4.2.1"
FINESS = "https://finess.esante.gouv.fr"
IDNST = "urn:oid:1.2.250.1.71.4.2.2"
SIRET = "https://sirene.fr"
"""SIRET and SIREN share it in fr-core: the length tells which."""
