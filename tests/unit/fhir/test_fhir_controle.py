"""Resources accepted and refused, with the path and the code of each refusal."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import ressources_fhir as ex

from pdp.fhir.controle import check_resource

Objet = dict[str, Any]


@pytest.mark.parametrize("ressource", ex.acceptees(), ids=lambda r: r["resourceType"])
def test_real_world_resource_is_accepted(ressource: Objet) -> None:
    avant = copy.deepcopy(ressource)
    assert check_resource(ressource) == []
    assert check_resource(ressource, production=True) == []
    assert ressource == avant


def _set(*chemin: Any) -> Callable[[Objet], None]:
    """Writes the last argument at the path of the others; ``None`` removes."""
    *cles, derniere, valeur = chemin

    def apply(objet: Any) -> None:
        for cle in cles:
            objet = objet[cle]
        if valeur is None:
            del objet[derniere]
        else:
            objet[derniere] = valeur

    return apply


REFUSEES: list[tuple[str, Callable[[], Objet], Callable[[Objet], None], str, str]] = [
    ("status", ex.task, _set("status", "finished"), "Task.status", "code_unknown"),
    ("intent", ex.task, _set("intent", "blah"), "Task.intent", "code_unknown"),
    ("no status", ex.task, _set("status", None), "Task.status", "element_missing"),
    ("number for a text", ex.task, _set("status", 3), "Task.status", "wrong_value"),
    ("text for an object", ex.task, _set("code", "fulfill"), "Task.code", "wrong_type"),
    ("object for a list", ex.task, _set("note", {"text": "a"}), "Task.note", "wrong_type"),
    ("list for an object", ex.task, _set("focus", [{"reference": "A/1"}]), "Task.focus", "wrong_type"),
    ("unknown element", ex.task, _set("statut", "accepted"), "Task.statut", "unknown_element"),
    ("JSON inside a text", ex.patient, _set("name", ['{"family": "X"}']), "Patient.name[0]", "wrong_type"),
    ("null", ex.task, _set("description", False), "Task.description", "wrong_value"),
    ("empty text", ex.task, _set("description", "  "), "Task.description", "wrong_value"),
    ("empty list", ex.task, _set("note", []), "Task.note", "empty_array"),
    ("empty object", ex.task, _set("executionPeriod", {}), "Task.executionPeriod", "ele-1"),
    ("two values of a choice", ex.task, _set("input", 0, "valueInteger", 2), "Task.input[0].value[x]", "choice_repeated"),
    ("no value of a choice", ex.task, _set("input", 0, "valueString", None), "Task.input[0].value[x]", "element_missing"),
    ("day without zone", ex.task, _set("lastModified", "2026-03-05T10:00:00"), "Task.lastModified", "wrong_value"),
    ("day that does not exist", ex.patient, _set("birthDate", "1983-02-29"), "Patient.birthDate", "wrong_value"),
    ("year 0", ex.patient, _set("birthDate", "0000"), "Patient.birthDate", "wrong_value"),
    ("text for a boolean", ex.patient, _set("deceasedBoolean", "false"), "Patient.deceasedBoolean", "wrong_value"),
    ("rank 0", ex.patient, _set("telecom", 0, "rank", 0), "Patient.telecom[0].rank", "wrong_value"),
    ("id with a space", ex.task, _set("id", "a b"), "Task.id", "wrong_value"),
    ("id of 65 characters", ex.task, _set("id", "a" * 65), "Task.id", "wrong_value"),
    ("gender", ex.patient, _set("gender", "F"), "Patient.gender", "code_unknown"),
    ("use of a name", ex.patient, _set("name", 0, "use", "birth"), "Patient.name[0].use", "code_unknown"),
    ("system of a contact", ex.patient, _set("telecom", 0, "system", "tel"), "Patient.telecom[0].system", "code_unknown"),
    ("status of a contained resource", ex.service_request, _set("contained", 0, "gender", "x"), "ServiceRequest.contained[0].gender",
     "code_unknown"),
    ("method", ex.bundle, _set("entry", 0, "request", "method", "SEND"), "Bundle.entry[0].request.method", "code_unknown"),
    ("code deep in a Bundle", ex.bundle, _set("entry", 1, "resource", "status", "done"), "Bundle.entry[1].resource.status", "code_unknown"),
    ("type unknown", ex.task, _set("resourceType", "Tâche"), "Tâche", "resource_type_unknown"),
    ("data type for a resource", ex.task, _set("resourceType", "Period"), "Period", "resource_type_unknown"),
    ("contained without type", ex.service_request, _set("contained", 0, "resourceType", None), "ServiceRequest.contained[0]",
     "resource_type_missing"),
    ("entry of an unknown type", ex.bundle, _set("entry", 0, "resource", "resourceType", "ClinicalUseNope"), "Bundle.entry[0].resource",
     "resource_type_unknown"),
    ("local reference to nothing", ex.service_request, _set("subject", "reference", "#autre"), "ServiceRequest.subject.reference", "ref-1"),
    ("urn to no entry", ex.bundle, _set("entry", 1, "resource", "focus", "reference", "urn:uuid:00000009-0000-4000-8000-000000000000"),
     "Bundle.entry[1].resource.focus.reference", "reference_unresolved"),
    ("reference to a wrong type", ex.task, _set("owner", "reference", "Slot/1"), "Task.owner.reference", "reference_target"),
    ("reference to an entry of a wrong type", ex.bundle,
     _set("entry", 1, "resource", "owner", {"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"}),
     "Bundle.entry[1].resource.owner.reference", "reference_target"),
    ("reference to no type of R4", ex.task, _set("owner", "reference", "Structure/1"), "Task.owner.reference", "reference_type_unknown"),
    ("type announced", ex.bundle, _set("entry", 1, "resource", "for", "type", "Group"), "Bundle.entry[1].resource.for.type",
     "reference_type_mismatch"),
    ("status of a problem without its code", ex.probleme, _set("clinicalStatus", {"text": "active"}),
     "Condition.clinicalStatus", "code_unknown"),
    ("status of a problem, unknown", ex.probleme, _set("clinicalStatus", "coding", 1, "code", "ended"), "Condition.clinicalStatus",
     "code_unknown"),
    ("type of a content", ex.piece, _set("content", 0, "attachment", "contentType", "pdf"),
     "DocumentReference.content[0].attachment.contentType",
     "mime_type"),
    ("extension of a primitive misplaced", ex.task, _set("_code", {"id": "x"}), "Task._code", "unknown_element"),
]  # fmt: skip


@pytest.mark.parametrize(("nom", "source", "faute", "chemin", "code"), REFUSEES, ids=[r[0] for r in REFUSEES])
def test_faulty_resource_is_refused_with_path_and_code(
    nom: str, source: Callable[[], Objet], faute: Callable[[Objet], None], chemin: str, code: str
) -> None:
    objet = source()
    faute(objet)
    fautes = check_resource(objet)
    assert (chemin, code) in [(f.chemin, f.code) for f in fautes], fautes
    assert all((f.raison.endswith(".") and f.raison[0].isupper()) or f.raison.startswith("«") for f in fautes), fautes


@pytest.mark.parametrize("objet", [None, [], "Task", 3, True, {}, {"resourceType": None}, {"resourceType": ["Task"]}, {"resourceType": ""}])
def test_what_is_no_resource_is_refused(objet: Any) -> None:
    assert check_resource(objet)[0].code in ("not_an_object", "resource_type_missing")


def test_null_is_refused_but_in_a_list_whose_twin_holds_an_extension() -> None:
    ressource = ex.patient()
    ressource["name"][0]["given"] = ["CAMILLE", None]
    ressource["name"][0]["_given"] = [None, {"extension": [{"url": "urn:x", "valueString": "abrégé"}]}]
    assert check_resource(ressource) == []
    ressource["name"][0]["_given"] = [None, None]
    assert {f.code for f in check_resource(ressource)} == {"null_value"}


def test_element_told_absent_by_an_extension_is_accepted() -> None:
    ressource = ex.task()
    del ressource["status"]
    ressource["_status"] = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}
    assert check_resource(ressource) == []


def test_extension_of_any_value_may_carry_an_extension_of_its_primitive() -> None:
    ressource = ex.task()
    ressource["extension"][0]["_valueString"] = {"extension": [{"url": "urn:x", "valueCode": "y"}]}
    assert check_resource(ressource) == []


def test_label_of_test_data_is_refused_in_production_only() -> None:
    ressource = ex.task()
    ressource["meta"]["security"] = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]
    assert check_resource(ressource) == []
    assert [(f.chemin, f.code) for f in check_resource(ressource, production=True)] == [
        ("Task.meta.security[0]", "test_data_in_production")
    ]


def test_depth_is_bounded() -> None:
    objet: Objet = {"url": "urn:x", "valueString": "fond"}
    for _ in range(5000):
        objet = {"url": "urn:x", "extension": [objet]}
    assert [f.code for f in check_resource({"resourceType": "Patient", "extension": [objet]})] == ["too_deep"]


def test_a_reason_never_repeats_an_identity() -> None:
    ressource = ex.patient()
    faux = ex.NIR[:-2] + f"{(int(ex.NIR[-2:]) % 97) + 1:02d}"
    ressource["identifier"][0]["value"] = faux
    fautes = check_resource(ressource)
    assert [f.code for f in fautes] == ["nir_key"]
    assert faux not in str(fautes[0])
