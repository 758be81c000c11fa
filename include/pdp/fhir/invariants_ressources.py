"""Published constraints of R4 on resources: those a hand-over carries, and those a partner may answer with."""

from __future__ import annotations

from collections.abc import Mapping

from pdp.fhir.invariants import DES_TYPES, Invariant, Objet, count_distinct, dicts, has, has_choice, is_ordered

_AVEC_REQUETE = ("batch", "transaction", "history")
_AVEC_REPONSE = ("batch-response", "transaction-response", "history")
_CLINIQUE = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFIEE = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_ALLERGIE = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"


def _codes(objet: Objet, nom: str, systeme: str) -> set[str]:
    concept = objet.get(nom)
    codings = dicts(concept, "coding") if isinstance(concept, Mapping) else []
    return {str(c.get("code")) for c in codings if c.get("system") == systeme}


def _first_is(objet: Objet, genre: str, nom: str) -> bool:
    if objet.get("type") != genre:
        return True
    premiere = next(iter(dicts(objet, "entry")), {})
    ressource = premiere.get("resource")
    return isinstance(ressource, Mapping) and ressource.get("resourceType") == nom


def _full_urls(objet: Objet) -> bool:
    if objet.get("type") == "history":
        return True
    cles = []
    for entree in dicts(objet, "entry"):
        ressource = entree.get("resource")
        meta = ressource.get("meta") if isinstance(ressource, Mapping) else None
        if isinstance(entree.get("fullUrl"), str):
            cles.append((entree["fullUrl"], str(meta.get("versionId")) if isinstance(meta, Mapping) else ""))
    return count_distinct(cles)


def _identified(objet: Objet) -> bool:
    identifiant = objet.get("identifier")
    complet = isinstance(identifiant, Mapping) and has(identifiant, "system") and has(identifiant, "value")
    return objet.get("type") != "document" or complet


def _parameter(objet: Objet) -> bool:
    return sum((has(objet, "part"), has_choice(objet, "value"), has(objet, "resource"))) == 1


def _coding_pairs(concept: object) -> set[tuple[str, str]]:
    codings = dicts(concept, "coding") if isinstance(concept, Mapping) else []
    return {(str(c.get("system")), str(c.get("code"))) for c in codings}


def _same_code(objet: Objet) -> bool:
    codes = _coding_pairs(objet.get("code"))
    return not has_choice(objet, "value") or not any(_coding_pairs(c.get("code")) & codes for c in dicts(objet, "component"))


def _all_entries(objet: Objet, nom: str, genres: tuple[str, ...]) -> bool:
    return all(has(entree, nom) == (objet.get("type") in genres) for entree in dicts(objet, "entry"))


def _names_distinct(objet: Objet, liste: str, nom: str) -> bool:
    return count_distinct(str(e.get(nom)) for e in dicts(objet, liste))


_V = Invariant
DES_RESSOURCES: tuple[Invariant, ...] = (
    _V("inv-1", "Task", "La dernière modification (lastModified) ne peut pas précéder la création (authoredOn).",
       lambda o: is_ordered(o.get("authoredOn"), o.get("lastModified"))),
    _V("prr-1", "ServiceRequest", "Le détail de la demande (orderDetail) suppose un code de demande.",
       lambda o: not has(o, "orderDetail") or has(o, "code")),
    _V("pat-1", "PatientContact", "Un contact du patient a un nom, une coordonnée, une adresse ou une organisation.",
       lambda o: has(o, "name", "telecom", "address", "organization")),
    _V("org-1", "Organization", "Une organisation a au moins un nom ou un identifiant.", lambda o: has(o, "name", "identifier")),
    _V("org-2", "Organization", "L'adresse d'une organisation n'est jamais un domicile.",
       lambda o: all(a.get("use") != "home" for a in dicts(o, "address"))),
    _V("org-3", "Organization", "La coordonnée d'une organisation n'est jamais celle d'un domicile.",
       lambda o: all(t.get("use") != "home" for t in dicts(o, "telecom"))),
    _V("app-1", "AppointmentParticipant", "Un participant a un rôle (type) ou une identité (actor).", lambda o: has(o, "type", "actor")),
    _V("app-2", "Appointment", "Un rendez-vous a un début et une fin, ou ni l'un ni l'autre.", lambda o: has(o, "start") == has(o, "end")),
    _V("app-3", "Appointment", "Seul un rendez-vous proposé, annulé ou en liste d'attente peut être sans horaire.",
       lambda o: (has(o, "start") and has(o, "end")) or o.get("status") in ("proposed", "cancelled", "waitlist")),
    _V("app-4", "Appointment", "Un motif d'annulation suppose un rendez-vous annulé ou manqué.",
       lambda o: not has(o, "cancelationReason") or o.get("status") in ("cancelled", "noshow", "no-show")),
    _V("apr-1", "AppointmentResponse", "La réponse désigne un rôle (participantType) ou une identité (actor).",
       lambda o: has(o, "participantType", "actor")),
    _V("ppc-1", "Consent", "Un consentement cite sa règle : policy ou policyRule.", lambda o: has(o, "policy", "policyRule")),
    _V("obs-3", "ObservationReferenceRange", "Une valeur de référence a une borne ou un texte.", lambda o: has(o, "low", "high", "text")),
    _V("obs-6", "Observation", "Une absence de donnée (dataAbsentReason) et une valeur s'excluent.",
       lambda o: not has(o, "dataAbsentReason") or not has_choice(o, "value")),
    _V("obs-7", "Observation", "Une composante de même code que l'observation exclut une valeur de l'observation.", _same_code),
    _V("qrs-1", "QuestionnaireResponseItem", "Des questions ne peuvent pas suivre à la fois une question et sa réponse.",
       lambda o: not (has(o, "answer") and has(o, "item"))),
    _V("cmp-1", "CompositionSection", "Une section a un texte, des entrées ou des sous-sections.",
       lambda o: has(o, "text", "entry", "section")),
    _V("cmp-2", "CompositionSection", "Une section n'a de motif de vide que si elle est vide.",
       lambda o: not (has(o, "emptyReason") and has(o, "entry"))),
    _V("inv-1", "ParametersParameter", "Un paramètre a une valeur, une ressource ou des parties : une seule de ces formes.", _parameter),
    _V("con-1", "ConditionStage", "Un stade a un résumé ou une évaluation.", lambda o: has(o, "summary", "assessment")),
    _V("con-2", "ConditionEvidence", "Un élément de preuve a un code ou un détail.", lambda o: has(o, "code", "detail")),
    _V("con-4", "Condition", "Un problème terminé a un statut clinique inactif, résolu ou en rémission.",
       lambda o: not has_choice(o, "abatement") or bool(_codes(o, "clinicalStatus", _CLINIQUE) & {"inactive", "resolved", "remission"})),
    _V("con-5", "Condition", "Une saisie par erreur exclut un statut clinique.",
       lambda o: "entered-in-error" not in _codes(o, "verificationStatus", _VERIFIEE) or not has(o, "clinicalStatus")),
    _V("ait-1", "AllergyIntolerance", "Une allergie a un statut clinique, sauf saisie par erreur.",
       lambda o: "entered-in-error" in _codes(o, "verificationStatus", _ALLERGIE) or has(o, "clinicalStatus")),
    _V("ait-2", "AllergyIntolerance", "Une saisie par erreur exclut un statut clinique.",
       lambda o: "entered-in-error" not in _codes(o, "verificationStatus", _ALLERGIE) or not has(o, "clinicalStatus")),
    _V("grp-1", "Group", "Seul un groupe réel (actual) a des membres.", lambda o: not has(o, "member") or o.get("actual") is True),
    _V("cpl-3", "CarePlanActivity", "Une activité a une référence ou un détail, pas les deux.",
       lambda o: not (has(o, "detail") and has(o, "reference"))),
    _V("gol-1", "GoalTarget", "Une cible chiffrée suppose une mesure.", lambda o: not has_choice(o, "detail") or has(o, "measure")),
    _V("bdl-1", "Bundle", "Un total n'a de sens que pour une recherche ou un historique.",
       lambda o: not has(o, "total") or o.get("type") in ("searchset", "history")),
    _V("bdl-2", "Bundle", "Une entrée ne parle de recherche (search) que dans un résultat de recherche.",
       lambda o: o.get("type") == "searchset" or not any(has(e, "search") for e in dicts(o, "entry"))),
    _V("bdl-3", "Bundle", "Chaque entrée porte une requête (request) dans un lot, une transaction ou un historique, et là seulement.",
       lambda o: _all_entries(o, "request", _AVEC_REQUETE)),
    _V("bdl-4", "Bundle", "Chaque entrée porte une réponse (response) dans une réponse de lot ou un historique, et là seulement.",
       lambda o: _all_entries(o, "response", _AVEC_REPONSE)),
    _V("bdl-5", "BundleEntry", "Une entrée porte une ressource, une requête ou une réponse.",
       lambda o: has(o, "resource", "request", "response")),
    _V("bdl-7", "Bundle", "Deux entrées ne peuvent pas avoir la même adresse (fullUrl) et la même version.", _full_urls),
    _V("bdl-8", "BundleEntry", "L'adresse d'une entrée (fullUrl) ne désigne pas une version.",
       lambda o: "/_history/" not in str(o.get("fullUrl"))),
    _V("bdl-9", "Bundle", "Un document a un identifiant complet (système et valeur).", _identified),
    _V("bdl-10", "Bundle", "Un document est daté (timestamp).", lambda o: o.get("type") != "document" or has(o, "timestamp")),
    _V("bdl-11", "Bundle", "Un document commence par une Composition.", lambda o: _first_is(o, "document", "Composition")),
    _V("bdl-12", "Bundle", "Un message commence par un MessageHeader.", lambda o: _first_is(o, "message", "MessageHeader")),
    _V("cpb-1", "CapabilityStatement", "Une déclaration de capacité décrit une interface, une messagerie ou des documents.",
       lambda o: has(o, "rest", "messaging", "document")),
    _V("cpb-2", "CapabilityStatement", "Une déclaration de capacité a une description, un logiciel ou une installation.",
       lambda o: has(o, "description", "software", "implementation")),
    _V("cpb-14", "CapabilityStatement", "Une instance décrit son installation (implementation).",
       lambda o: o.get("kind") != "instance" or has(o, "implementation")),
    _V("cpb-15", "CapabilityStatement", "Une capacité de logiciel décrit le logiciel et aucune installation.",
       lambda o: o.get("kind") != "capability" or (has(o, "software") and not has(o, "implementation"))),
    _V("cpb-16", "CapabilityStatement", "Des exigences ne décrivent ni logiciel ni installation.",
       lambda o: o.get("kind") != "requirements" or not has(o, "software", "implementation")),
    _V("cpb-9", "CapabilityStatementRest", "Une ressource n'est décrite qu'une fois par interface.",
       lambda o: _names_distinct(o, "resource", "type")),
    _V("cpb-12", "CapabilityStatementRestResource", "Un paramètre de recherche n'est décrit qu'une fois par ressource.",
       lambda o: _names_distinct(o, "searchParam", "name")),
)  # fmt: skip

INVARIANTS: tuple[Invariant, ...] = DES_TYPES + DES_RESSOURCES
PAR_TYPE: dict[str, tuple[Invariant, ...]] = {
    genre: tuple(i for i in INVARIANTS if i.type == genre) for genre in sorted({i.type for i in INVARIANTS})
}
