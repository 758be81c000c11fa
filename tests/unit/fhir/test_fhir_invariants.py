"""Each published constraint: a resource that respects it is accepted, the same made faulty in one way is refused with its key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import ressources_fhir as ex

from pdp.fhir.controle import check_resource
from pdp.fhir.invariants_ressources import INVARIANTS

Objet = dict[str, Any]
COND = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIF = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ALLERGIE = "http://terminology.hl7.org/CodeSystem/allergyintolerance"
SUJET = {"reference": "Patient/1"}


def _code(systeme: str, code: str) -> Objet:
    return {"coding": [{"system": systeme, "code": code}]}


def _obs(**champs: Any) -> Objet:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **champs}


def _repeat(**champs: Any) -> Objet:
    soin = {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": SUJET}
    return {**soin, "occurrenceTiming": {"repeat": champs}}


def _condition(**champs: Any) -> Objet:
    return {"resourceType": "Condition", "subject": SUJET, **champs}


def _bundle(genre: str, *entrees: Objet, **champs: Any) -> Objet:
    return {"resourceType": "Bundle", "type": genre, **champs, **({"entry": list(entrees)} if entrees else {})}


def _capacite(**champs: Any) -> Objet:
    return {
        "resourceType": "CapabilityStatement", "status": "active", "date": "2026-03-01", "kind": "instance", "fhirVersion": "4.0.1",
        "format": ["json"], "software": {"name": "x"}, "implementation": {"description": "y"}, "rest": [{"mode": "server"}], **champs,
    }  # fmt: skip


def _without(objet: Objet, *noms: str) -> Objet:
    return {cle: valeur for cle, valeur in objet.items() if cle not in noms}


def _document(**champs: Any) -> Objet:
    composition = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "x"},
        "date": "2026-03-01",
        "author": [SUJET],
        "title": "t",
    }
    base = _bundle("document", {"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001", "resource": composition})
    return {**base, "identifier": {"system": "urn:x", "value": "1"}, "timestamp": "2026-03-01T00:00:00Z", **champs}


def _section(**champs: Any) -> Objet:
    objet = _document()
    objet["entry"][0]["resource"]["section"] = [champs]
    return objet


def _allergie(**champs: Any) -> Objet:
    return {"resourceType": "AllergyIntolerance", "patient": SUJET, **champs}


ACTIVE, ERREUR = _code(f"{ALLERGIE}-clinical", "active"), _code(f"{ALLERGIE}-verification", "entered-in-error")
POST = {"method": "POST", "url": "Basic"}
BASIC = {"resourceType": "Basic", "code": {"text": "x"}}
GROUPE = {"resourceType": "Group", "type": "person", "member": [{"entity": SUJET}]}
PLAN = {"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": SUJET}
BUT = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "x"}, "subject": SUJET}
RDV = ex.appointment()
REPONSE = {"resourceType": "AppointmentResponse", "appointment": {"reference": "Appointment/1"}, "participantStatus": "accepted"}
QR = {"resourceType": "QuestionnaireResponse", "status": "completed"}
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def _texte(contenu: str) -> Objet:
    return {**BASIC, "text": {"status": "generated", "div": DIV.format(contenu)}}


def _valeur(genre: str, valeur: Any) -> Objet:
    return {**BASIC, "extension": [{"url": "urn:x", f"value{genre}": valeur}]}


def _entite(objet: Objet, **contenue: Any) -> Objet:
    return {**objet, "contained": [{"resourceType": "Patient", "id": "p", "active": True, **contenue}]}


CAS: list[tuple[str, Objet, Objet]] = [
    ("ext-1", _valeur("Code", "a"), {**BASIC, "extension": [{"url": "urn:x"}]}),
    ("ext-1", {**BASIC, "extension": [{"url": "urn:x", "extension": [{"url": "y", "valueCode": "a"}]}]},
     {**BASIC, "extension": [{"url": "urn:x", "valueCode": "a", "extension": [{"url": "y", "valueCode": "a"}]}]}),
    ("per-1", _valeur("Period", {"start": "2026-03-01", "end": "2026-03"}),
     _valeur("Period", {"start": "2026-03-02", "end": "2026-03-01"})),
    ("per-1", _valeur("Period", {"start": "2026-03-01T10:00:00+02:00", "end": "2026-03-01T08:00:00Z"}),
     _valeur("Period", {"start": "2026-03-01T10:00:01+02:00", "end": "2026-03-01T08:00:00Z"})),
    ("cpt-2", _valeur("ContactPoint", {"system": "phone", "value": "1"}), _valeur("ContactPoint", {"value": "1"})),
    ("att-1", _valeur("Attachment", {"contentType": "text/plain", "data": "YQ=="}), _valeur("Attachment", {"data": "YQ=="})),
    ("txt-1", _texte("<p>a</p>"), _texte("<script>a</script>")),
    ("txt-1", _texte('<a href="https://x">a</a>'), _texte('<a href="javascript:a()">a</a>')),
    ("txt-1", _texte('<p title="on">a</p>'), _texte('<p onclick="a()">a</p>')),
    ("txt-2", _texte('<img src="#a" alt=""/>'), _texte("<p> &nbsp;\n</p>")),
    *(("qty-3", _valeur(g, {"value": 1, "system": "http://unitsofmeasure.org", "code": "d"}), _valeur(g, {"value": 1, "code": "d"}))
      for g in ("Quantity", "Age", "Distance", "Count", "Duration")),
    ("rng-2", _valeur("Range", {"low": {"value": 1}, "high": {"value": 1.5}}),
     _valeur("Range", {"low": {"value": 2}, "high": {"value": 1}})),
    ("rat-1", _valeur("Ratio", {"numerator": {"value": 1}, "denominator": {"value": 2}}), _valeur("Ratio", {"numerator": {"value": 1}})),
    ("age-1", _valeur("Age", {"value": 3, "system": "http://unitsofmeasure.org", "code": "a"}),
     _valeur("Age", {"value": 0, "system": "http://unitsofmeasure.org", "code": "a"})),
    ("tim-1", _repeat(duration=1, durationUnit="h"), _repeat(duration=1)),
    ("tim-2", _repeat(period=1, periodUnit="d"), _repeat(period=1)),
    ("tim-4", _repeat(duration=0, durationUnit="h"), _repeat(duration=-1, durationUnit="h")),
    ("tim-5", _repeat(period=0, periodUnit="d"), _repeat(period=-1, periodUnit="d")),
    ("tim-6", _repeat(period=1, periodMax=2, periodUnit="d"), _repeat(periodMax=2, periodUnit="d")),
    ("tim-7", _repeat(duration=1, durationMax=2, durationUnit="h"), _repeat(durationMax=2, durationUnit="h")),
    ("tim-8", _repeat(count=1, countMax=2), _repeat(countMax=2)),
    ("tim-9", _repeat(when=["AC"], offset=30), _repeat(when=["C"], offset=30)),
    ("tim-9", _repeat(when=["MORN"], offset=30), _repeat(offset=30)),
    ("tim-10", _repeat(timeOfDay=["10:00:00"]), _repeat(timeOfDay=["10:00:00"], when=["MORN"])),
    ("inv-1", {**ex.task(), "lastModified": ex.task()["authoredOn"]}, {**ex.task(), "lastModified": "2026-03-02T08:15:21Z"}),
    ("prr-1", ex.service_request(), _without(ex.service_request(), "code")),
    ("pat-1", ex.patient(), {**ex.patient(), "contact": [{"gender": "male"}]}),
    ("org-1", {"resourceType": "Organization", "name": "x"}, {"resourceType": "Organization", "active": True}),
    ("org-2", ex.organization(), {**ex.organization(), "address": [{"use": "home", "city": "x"}]}),
    ("org-3", ex.organization(), {**ex.organization(), "telecom": [{"use": "home", "system": "phone", "value": "1"}]}),
    ("app-1", RDV, {**RDV, "participant": [{"status": "accepted"}]}),
    ("app-2", {**_without(RDV, "start", "end"), "status": "proposed"}, {**_without(RDV, "end"), "status": "proposed"}),
    ("app-3", {**_without(RDV, "start", "end"), "status": "waitlist"}, _without(RDV, "start", "end")),
    ("app-4", {**RDV, "status": "noshow", "cancelationReason": {"text": "x"}}, {**RDV, "cancelationReason": {"text": "x"}}),
    ("apr-1", {**REPONSE, "actor": SUJET}, REPONSE),
    ("ppc-1", {**_without(ex.consent(), "policyRule"), "policy": [{"uri": "urn:x"}]}, _without(ex.consent(), "policyRule")),
    ("obs-3", _obs(referenceRange=[{"text": "x"}]), _obs(referenceRange=[{"appliesTo": [{"text": "x"}]}])),
    ("obs-6", _obs(dataAbsentReason={"text": "x"}), _obs(dataAbsentReason={"text": "x"}, valueString="y")),
    ("obs-7", {**_obs(valueString="x", component=[{"code": _code("urn:s", "b")}]), "code": _code("urn:s", "a")},
     {**_obs(valueString="x", component=[{"code": _code("urn:s", "a")}]), "code": _code("urn:s", "a")}),
    ("qrs-1", {**QR, "item": [{"linkId": "1", "item": [{"linkId": "2"}]}]},
     {**QR, "item": [{"linkId": "1", "item": [{"linkId": "2"}], "answer": [{"valueInteger": 1}]}]}),
    ("cmp-1", _section(entry=[SUJET]), _section(title="x")),
    ("cmp-2", _section(title="x", text={"status": "empty", "div": DIV.format("-")}, emptyReason={"text": "x"}),
     _section(entry=[SUJET], emptyReason={"text": "x"})),
    ("inv-1", {"resourceType": "Parameters", "parameter": [{"name": "a", "resource": BASIC}]},
     {"resourceType": "Parameters", "parameter": [{"name": "a"}]}),
    ("inv-1", {"resourceType": "Parameters", "parameter": [{"name": "a", "valueCode": "b"}]},
     {"resourceType": "Parameters", "parameter": [{"name": "a", "valueCode": "b", "part": [{"name": "c", "valueCode": "d"}]}]}),
    ("con-1", _condition(stage=[{"summary": {"text": "x"}}]), _condition(stage=[{"type": {"text": "x"}}])),
    ("con-2", _condition(evidence=[{"code": [{"text": "x"}]}]), _condition(evidence=[{"extension": [{"url": "urn:x", "valueCode": "y"}]}])),
    ("con-4", _condition(abatementString="x", clinicalStatus=_code(COND, "resolved")),
     _condition(abatementString="x", clinicalStatus=_code(COND, "active"))),
    ("con-5", _condition(verificationStatus=_code(VERIF, "entered-in-error")),
     _condition(verificationStatus=_code(VERIF, "entered-in-error"), clinicalStatus=_code(COND, "active"))),
    ("ait-1", _allergie(clinicalStatus=ACTIVE), _allergie()),
    ("ait-2", _allergie(verificationStatus=ERREUR), _allergie(verificationStatus=ERREUR, clinicalStatus=ACTIVE)),
    ("grp-1", {**GROUPE, "actual": True}, {**GROUPE, "actual": False}),
    ("cpl-3", {**PLAN, "activity": [{"reference": {"reference": "Task/1"}}]},
     {**PLAN, "activity": [{"reference": {"reference": "Task/1"}, "detail": {"status": "scheduled"}}]}),
    ("gol-1", {**BUT, "target": [{"detailString": "x", "measure": {"text": "y"}}]}, {**BUT, "target": [{"detailString": "x"}]}),
    ("bdl-1", _bundle("searchset", total=0), _bundle("collection", total=0)),
    ("bdl-2", _bundle("searchset", {"resource": BASIC, "search": {"mode": "match"}}),
     _bundle("collection", {"resource": BASIC, "search": {"mode": "match"}})),
    ("bdl-3", _bundle("transaction", {"resource": BASIC, "request": POST}), _bundle("transaction", {"resource": BASIC})),
    ("bdl-3", _bundle("collection", {"resource": BASIC}), _bundle("collection", {"resource": BASIC, "request": POST})),
    ("bdl-4", _bundle("batch-response", {"response": {"status": "200"}}), _bundle("batch-response", {"resource": BASIC})),
    ("bdl-5", _bundle("collection", {"resource": BASIC}), _bundle("collection", {"fullUrl": "urn:uuid:0000"})),
    ("bdl-7", _bundle("collection", {"fullUrl": "urn:x:1", "resource": BASIC}, {"fullUrl": "urn:x:2", "resource": BASIC}),
     _bundle("collection", {"fullUrl": "urn:x:1", "resource": BASIC}, {"fullUrl": "urn:x:1", "resource": BASIC})),
    ("bdl-8", _bundle("collection", {"fullUrl": "https://x/Basic/1", "resource": BASIC}),
     _bundle("collection", {"fullUrl": "https://x/Basic/1/_history/2", "resource": BASIC})),
    ("bdl-9", _document(), _document(identifier={"value": "1"})),
    ("bdl-10", _document(), _without(_document(), "timestamp")),
    ("bdl-11", _document(), _document(entry=[{"resource": BASIC}])),
    ("bdl-12", _bundle("message", {"resource": {"resourceType": "MessageHeader", "eventUri": "urn:x", "source": {"endpoint": "urn:y"}}}),
     _bundle("message", {"resource": BASIC})),
    ("cpb-1", _capacite(), _without(_capacite(), "rest")),
    ("cpb-2", _capacite(kind="requirements", description="x", software=None, implementation=None),
     _capacite(kind="requirements", software=None, implementation=None)),
    ("cpb-14", _capacite(), _without(_capacite(), "implementation")),
    ("cpb-15", _without(_capacite(kind="capability"), "implementation"), _capacite(kind="capability")),
    ("cpb-16", _capacite(kind="requirements", description="x", software=None, implementation=None), _capacite(kind="requirements")),
    ("cpb-9", _capacite(rest=[{"mode": "server", "resource": [{"type": "Task"}, {"type": "Patient"}]}]),
     _capacite(rest=[{"mode": "server", "resource": [{"type": "Task"}, {"type": "Task"}]}])),
    ("cpb-12", _capacite(rest=[{"mode": "server", "resource": [{"type": "Task", "searchParam": [{"name": "a", "type": "token"}]}]}]),
     _capacite(rest=[{"mode": "server", "resource": [{"type": "Task", "searchParam": [{"name": "a", "type": "token"}] * 2}]}])),
    ("dom-2", _entite({**BASIC, "subject": {"reference": "#p"}}),
     _entite({**BASIC, "subject": {"reference": "#p"}}, contained=[{"resourceType": "Patient", "id": "q", "active": True}])),
    ("dom-3", _entite({**BASIC, "subject": {"reference": "#p"}}), _entite(BASIC)),
    ("dom-4", _entite({**BASIC, "subject": {"reference": "#p"}}),
     _entite({**BASIC, "subject": {"reference": "#p"}}, meta={"versionId": "1"})),
    ("dom-5", _entite({**BASIC, "subject": {"reference": "#p"}}, meta={"source": "urn:x"}),
     _entite({**BASIC, "subject": {"reference": "#p"}}, meta={"security": [{"code": "R"}]})),
    ("ref-1", _entite({**BASIC, "subject": {"reference": "#p"}}), {**BASIC, "subject": {"reference": "#p"}}),
    ("ele-1", {**BASIC, "meta": {"versionId": "1"}}, {**BASIC, "meta": {"id": "x"}}),
]  # fmt: skip


def _present(objet: Objet) -> Objet:
    return {cle: valeur for cle, valeur in objet.items() if valeur is not None}


@pytest.mark.parametrize(("cle", "juste", "fausse"), CAS, ids=[f"{n}-{c[0]}" for n, c in enumerate(CAS)])
def test_one_way_of_being_faulty_is_refused_with_its_key(cle: str, juste: Objet, fausse: Objet) -> None:
    assert check_resource(_present(juste)) == []
    assert cle in {f.code for f in check_resource(_present(fausse))}


def test_every_published_constraint_kept_here_has_its_case() -> None:
    assert {i.cle for i in INVARIANTS} | {"dom-2", "dom-3", "dom-4", "dom-5", "ref-1", "ele-1"} == {cle for cle, _, _ in CAS}
    assert all(i.phrase.endswith(".") for i in INVARIANTS)


def test_contained_resource_may_point_to_its_container() -> None:
    contenue = {"resourceType": "Provenance", "id": "p", "target": [{"reference": "#"}], "recorded": "2026-03-01T00:00:00Z"}
    contenue["agent"] = [{"who": {"display": "x"}}]
    assert check_resource({**BASIC, "contained": [contenue]}) == []


MISSHAPEN: list[Callable[[], Objet]] = [
    lambda: _valeur("Period", {"start": ["2026"], "end": {}}),
    lambda: _repeat(when=[{}], offset="x"),
    lambda: _valeur("Range", {"low": [], "high": 3}),
    lambda: {"resourceType": "Bundle", "type": ["x"], "entry": {"a": 1}},
    lambda: {"resourceType": "Organization", "telecom": ["x", None], "address": 3},
]


@pytest.mark.parametrize("fabrique", MISSHAPEN)
def test_misshapen_element_is_a_fault_and_no_traceback(fabrique: Callable[[], Objet]) -> None:
    assert check_resource(fabrique())
