"""Required code lists of R4 for the elements the platform reads and writes, as data.

A required list is closed: another code is refused. The library of FHIR classes checks none of them. Elements outside this table
are checked against the list printed in the specification's own short text, when that one is complete.
"""

from __future__ import annotations

TASK_STATUS = (
    "draft", "requested", "received", "accepted", "rejected", "ready", "cancelled", "in-progress", "on-hold", "failed", "completed",
    "entered-in-error",
)  # fmt: skip
_REQUEST_STATUS = ("draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown")
_REQUEST_INTENT = (
    "proposal", "plan", "directive", "order", "original-order", "reflex-order", "filler-order", "instance-order", "option",
)  # fmt: skip
_TASK_INTENT = ("unknown", "proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order", "option")
_PRIORITY = ("routine", "urgent", "asap", "stat")
_GENRE = ("male", "female", "other", "unknown")
_EVENT_STATUS = ("preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "entered-in-error", "unknown")
_OBSERVATION = ("registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown")
_COMPARAISON = ("<", "<=", ">=", ">")
_PUBLICATION = ("draft", "active", "retired", "unknown")

REQUIS: dict[tuple[str, str], tuple[str, ...]] = {
    ("Task", "status"): TASK_STATUS,
    ("Task", "intent"): _TASK_INTENT,
    ("Task", "priority"): _PRIORITY,
    ("ServiceRequest", "status"): _REQUEST_STATUS,
    ("ServiceRequest", "intent"): _REQUEST_INTENT,
    ("ServiceRequest", "priority"): _PRIORITY,
    ("Patient", "gender"): _GENRE,
    ("PatientContact", "gender"): _GENRE,
    ("PatientLink", "type"): ("replaced-by", "replaces", "refer", "seealso"),
    ("Practitioner", "gender"): _GENRE,
    ("RelatedPerson", "gender"): _GENRE,
    ("Person", "gender"): _GENRE,
    ("HumanName", "use"): ("usual", "official", "temp", "nickname", "anonymous", "old", "maiden"),
    ("Address", "use"): ("home", "work", "temp", "old", "billing"),
    ("Address", "type"): ("postal", "physical", "both"),
    ("ContactPoint", "system"): ("phone", "fax", "email", "pager", "url", "sms", "other"),
    ("ContactPoint", "use"): ("home", "work", "temp", "old", "mobile"),
    ("Identifier", "use"): ("usual", "official", "temp", "secondary", "old"),
    ("Narrative", "status"): ("generated", "extensions", "additional", "empty"),
    **{(genre, "comparator"): _COMPARAISON for genre in ("Quantity", "Age", "Count", "Distance", "Duration")},
    ("Bundle", "type"): (
        "document", "message", "transaction", "transaction-response", "batch", "batch-response", "history", "searchset", "collection",
    ),
    ("BundleEntryRequest", "method"): ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"),
    ("BundleEntrySearch", "mode"): ("match", "include", "outcome"),
    ("Appointment", "status"): (
        "proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "entered-in-error", "checked-in", "waitlist",
    ),
    ("AppointmentParticipant", "required"): ("required", "optional", "information-only"),
    ("AppointmentParticipant", "status"): ("accepted", "declined", "tentative", "needs-action"),
    ("AppointmentResponse", "participantStatus"): ("accepted", "declined", "tentative", "needs-action"),
    ("Slot", "status"): ("busy", "free", "busy-unavailable", "busy-tentative", "entered-in-error"),
    ("Communication", "status"): _EVENT_STATUS,
    ("Communication", "priority"): _PRIORITY,
    ("CommunicationRequest", "status"): _REQUEST_STATUS,
    ("CommunicationRequest", "priority"): _PRIORITY,
    ("Procedure", "status"): _EVENT_STATUS,
    ("DocumentReference", "status"): ("current", "superseded", "entered-in-error"),
    ("DocumentReference", "docStatus"): ("preliminary", "final", "amended", "entered-in-error"),
    ("DocumentReferenceRelatesTo", "code"): ("replaces", "transforms", "signs", "appends"),
    ("Composition", "status"): ("preliminary", "final", "amended", "entered-in-error"),
    ("Consent", "status"): ("draft", "proposed", "active", "rejected", "inactive", "entered-in-error"),
    ("ConsentProvision", "type"): ("deny", "permit"),
    ("ConsentProvisionData", "meaning"): ("instance", "related", "dependents", "authoredby"),
    ("QuestionnaireResponse", "status"): ("in-progress", "completed", "amended", "entered-in-error", "stopped"),
    ("Encounter", "status"): (
        "planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error", "unknown",
    ),
    ("EncounterStatusHistory", "status"): (
        "planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error", "unknown",
    ),
    ("Observation", "status"): _OBSERVATION,
    ("DetectedIssue", "status"): _OBSERVATION,
    ("RiskAssessment", "status"): _OBSERVATION,
    ("DiagnosticReport", "status"): (
        "registered", "partial", "preliminary", "final", "amended", "corrected", "appended", "cancelled", "entered-in-error", "unknown",
    ),
    ("SupplyRequest", "status"): ("draft", "active", "suspended", "cancelled", "completed", "entered-in-error", "unknown"),
    ("DeviceUseStatement", "status"): ("active", "completed", "entered-in-error", "intended", "stopped", "on-hold"),
    ("DeviceUdiCarrier", "entryType"): ("barcode", "rfid", "manual", "card", "self-reported", "unknown"),
    ("AuditEvent", "action"): ("C", "R", "U", "D", "E"),
    ("AuditEvent", "outcome"): ("0", "4", "8", "12"),
    ("AuditEventAgentNetwork", "type"): ("1", "2", "3", "4", "5"),
    ("Composition", "confidentiality"): ("U", "L", "M", "N", "R", "V"),
    ("QuestionnaireItem", "type"): (
        "group", "display", "question", "boolean", "decimal", "integer", "date", "dateTime", "time", "string", "text", "url", "choice",
        "open-choice", "attachment", "reference", "quantity",
    ),
    ("TimingRepeat", "when"): (
        "MORN", "MORN.early", "MORN.late", "NOON", "AFT", "AFT.early", "AFT.late", "EVE", "EVE.early", "EVE.late", "NIGHT", "PHS", "HS",
        "WAKE", "C", "CM", "CD", "CV", "AC", "ACM", "ACD", "ACV", "PC", "PCM", "PCD", "PCV",
    ),
    ("Location", "status"): ("active", "suspended", "inactive"),
    ("Location", "mode"): ("instance", "kind"),
    ("CareTeam", "status"): ("proposed", "active", "suspended", "inactive", "entered-in-error"),
    ("EpisodeOfCare", "status"): ("planned", "waitlist", "active", "onhold", "finished", "cancelled", "entered-in-error"),
    ("CarePlan", "status"): _REQUEST_STATUS,
    ("CarePlan", "intent"): ("proposal", "plan", "order", "option"),
    ("OperationOutcomeIssue", "severity"): ("fatal", "error", "warning", "information"),
    ("OperationOutcomeIssue", "code"): (
        "invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired", "forbidden", "suppressed",
        "processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long", "code-invalid", "extension",
        "too-costly", "business-rule", "conflict", "transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled",
        "informational",
    ),
    ("CapabilityStatement", "status"): _PUBLICATION,
    ("CapabilityStatement", "kind"): ("instance", "capability", "requirements"),
    ("CapabilityStatementRest", "mode"): ("client", "server"),
    ("CapabilityStatementRestResourceInteraction", "code"): (
        "read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type",
    ),
    ("CapabilityStatementRestResourceSearchParam", "type"): (
        "number", "date", "string", "token", "reference", "composite", "quantity", "uri", "special",
    ),
}  # fmt: skip
"""(class, element) -> codes. A class is a type, a resource or a part of a resource (``BundleEntryRequest``)."""

_CLINIQUE = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
_ALLERGIE = "http://terminology.hl7.org/CodeSystem/allergyintolerance-"
_CONDITION = "http://terminology.hl7.org/CodeSystem/condition-"
CONCEPTS: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {
    ("Condition", "clinicalStatus"): (f"{_CONDITION}clinical", _CLINIQUE),
    ("Condition", "verificationStatus"): (
        f"{_CONDITION}ver-status",
        ("unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"),
    ),
    ("AllergyIntolerance", "clinicalStatus"): (f"{_ALLERGIE}clinical", ("active", "inactive", "resolved")),
    ("AllergyIntolerance", "verificationStatus"): (
        f"{_ALLERGIE}verification",
        ("unconfirmed", "confirmed", "refuted", "entered-in-error"),
    ),
}
"""Coded concepts with a closed list: (class, element) -> code system and codes, one of which must be among the codings."""
TYPES_MIME = frozenset({("Attachment", "contentType"), ("Binary", "contentType"), ("Endpoint", "payloadMimeType")})
LIBRES = frozenset({("CapabilityStatement", "format"), ("Expression", "language"), ("ImplementationGuideDefinitionParameter", "code")})
"""Elements whose short text reads like a closed list and is not one, or whose list its own publisher does not follow (the last)."""
TYPES_DE_RESSOURCE = frozenset(
    {
        ("CapabilityStatementRestResource", "type"), ("CompartmentDefinitionResource", "code"), ("ExampleScenarioInstance", "resourceType"),
        ("GraphDefinition", "start"), ("GraphDefinitionLinkTarget", "type"), ("ImplementationGuideGlobal", "type"),
        ("MessageDefinitionFocus", "code"), ("OperationDefinition", "resource"), ("Questionnaire", "subjectType"),
        ("SearchParameter", "base"), ("SearchParameter", "target"),
    }
)  # fmt: skip
"""Elements whose closed list is the names of the resources of R4."""
