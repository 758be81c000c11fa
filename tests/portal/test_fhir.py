"""What the software of a partner reads and answers on our FHIR endpoint, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import requests
from fastapi import FastAPI
from fastapi.openapi.models import OpenAPI
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.servicerequest import ServiceRequest
from fhir.resources.R4B.task import Task

import fabrique
from fabrique import MAINTENANT, lot
from pdp.fhir import systemes
from pdp.services.apply_reponses import apply_reponses
from portal.conftest import Horloge
from portal.logiciels import Monde, monde_fhir
from relais_lecture import count, events

COLLECTE = fabrique.systeme("collect_reponses")
ACCEPTER = [{"op": "replace", "path": "/status", "value": "accepted"}]
JSON_PATCH = "application/json-patch+json"


@pytest.fixture
def monde(app: FastAPI, horloge: Horloge) -> Iterator[Monde]:
    with monde_fhir(app) as monde:
        yield monde


def apply() -> dict[str, int]:
    with lot(COLLECTE) as conn:
        return apply_reponses(conn, "PF35", COLLECTE, MAINTENANT).detail


def statut(admin: psycopg.Connection[Any], monde: Monde) -> tuple[Any, ...]:
    requete = "SELECT statut, refus_motif, compte_rendu FROM pdp.orientation WHERE id = %s"
    return admin.execute(requete, (monde.orientation,)).fetchone() or ()


def codes(reponse: requests.Response) -> tuple[int, str]:
    """Status and stable code of a refusal, which is always an OperationOutcome in French."""
    objet = reponse.json()
    assert objet["resourceType"] == "OperationOutcome", objet
    assert reponse.headers["content-type"].startswith("application/fhir+json")
    (issue,) = objet["issue"]
    assert issue["details"]["text"].endswith(".")
    return reponse.status_code, issue["details"]["coding"][0]["code"]


def test_public_documents_are_valid(monde: Monde) -> None:
    capacite = requests.get(f"{monde.soi.base}/metadata", timeout=10)
    CapabilityStatement.model_validate(capacite.json())
    assert "127.0.0.1" in capacite.json()["url"]
    document = requests.get(f"{monde.soi.base}/openapi.json", timeout=10).json()
    OpenAPI.model_validate(document)
    assert set(document["paths"]) == {
        "/metadata", "/openapi.json", "/token", "/Task", "/Task/{id}", "/ServiceRequest", "/ServiceRequest/{id}",
    }  # fmt: skip
    routes = {r["type"]: {i["code"] for i in r["interaction"]} for r in capacite.json()["rest"][0]["resource"]}
    assert routes == {"ServiceRequest": {"read", "search-type"}, "Task": {"read", "search-type", "update", "patch"}}
    assert {"get", "put", "patch"} <= set(document["paths"]["/Task/{id}"])


def test_partner_reads_its_hand_over_and_nothing_more_than_agreed(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    demande = monde.soi.get(f"/ServiceRequest/{monde.orientation}")
    ServiceRequest.model_validate(demande.json())
    contenu, motif = admin.execute("SELECT contenu, motif FROM pdp.orientation WHERE id = %s", (monde.orientation,)).fetchone() or ()
    patient = demande.json()["contained"][0]
    assert patient["name"] == [{"use": "usual", "family": contenu["nom"], "given": [contenu["prenom"]]}]
    assert demande.json()["reasonCode"] == [{"text": motif}]
    tache, etag = monde.read()
    Task.model_validate(tache)
    assert (tache["status"], tache["meta"]["versionId"], etag) == ("requested", "0", 'W/"0"')
    nir = admin.execute("SELECT id_source FROM identite.assure").fetchall()
    assert all(source not in demande.text + str(tache) for (source,) in nir)


def test_search_pages_and_only_its_own(monde: Monde) -> None:
    paquet = monde.soi.get("/Task?_sort=_lastUpdated&_count=1").json()
    Bundle.model_validate(paquet)
    assert [e["resource"]["id"] for e in paquet["entry"]] == [str(monde.orientation)]
    assert [lien["relation"] for lien in paquet["link"]] == ["self"]
    assert monde.autre.get("/ServiceRequest").json()["entry"][0]["resource"]["id"] == str(monde.orientation_autre)


@pytest.mark.parametrize(
    ("requete", "trouve"),
    [
        ("_id={o}", True),
        ("_id={x}", False),
        ("focus=ServiceRequest/{o}", True),
        ("identifier=urn:pdp:orientation|{o}", True),
        ("identifier=urn:pdp:orientation|{x}", False),
        ("identifier={o}", True),
        ("status=requested,received", True),
        ("status=accepted", False),
        ("_lastUpdated=gt2026-11-01T00:00:00Z", True),
        ("_lastUpdated=gt2026-12-01T00:00:00Z", False),
        ("_lastUpdated=lt2026-11-01T00:00:00Z", False),
        ("_lastUpdated=ge2026-11-18T08:00:00Z&_lastUpdated=le2026-11-18T08:00:00Z", True),
    ],
)
def test_each_criterion(monde: Monde, requete: str, trouve: bool) -> None:
    reponse = monde.soi.get("/Task?" + requete.format(o=monde.orientation, x=monde.orientation_autre))
    assert (reponse.status_code, "entry" in reponse.json()) == (200, trouve)


@pytest.mark.parametrize(
    "requete", ["patient=x", "_id=x", "_lastUpdated=2026-11-01", "_lastUpdated=gtx", "_count=0", "_count=x", "_sort=-status", "page=x"]
)
def test_criterion_that_is_not_understood_is_refused(monde: Monde, requete: str) -> None:
    assert codes(monde.soi.get(f"/Task?{requete}"))[0] == 400


def test_answers_of_the_whole_life_by_push(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    extension = [{"url": "https://partenaire.exemple.invalid/equipe", "valueString": "Equipe B"}]
    for change, attendu in (
        ({"status": "received"}, "recue"),
        ({"status": "accepted", "extension": extension}, "acceptee"),
        ({"status": "in-progress"}, "en_cours"),
    ):
        tache, etag = monde.read()
        reponse = monde.soi.put(monde.tache, {**tache, **change}, etag)
        assert reponse.status_code == 200, reponse.text
        assert reponse.json()["status"] == change["status"]
        assert apply() == {"appliquee": 1}
        assert statut(admin, monde)[0] == attendu
    tache, etag = monde.read()
    assert tache["extension"] == extension  # given back as it was
    rapport = {
        "type": {"coding": [{"system": systemes.ECHANGE, "code": "compte_rendu"}]},
        "valueString": "Deux entretiens, reprise préparée.",
    }
    assert monde.soi.put(monde.tache, {**tache, "status": "completed", "output": [rapport]}, etag).status_code == 200
    assert apply() == {"appliquee": 1}
    assert statut(admin, monde) == ("realisee", None, "Deux entretiens, reprise préparée.")
    assert (events(admin, "reponse_recue"), events(admin, "orientation_repondue")) == (4, 4)


def test_patch_answers_too(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    _, etag = monde.read()
    assert monde.soi.send("PATCH", monde.tache, ACCEPTER, etag, genre=JSON_PATCH).json()["status"] == "accepted"
    apply()
    assert statut(admin, monde)[0] == "acceptee"
    _, etag = monde.read()
    essai = [{"op": "test", "path": "/status", "value": "requested"}, *ACCEPTER]
    assert codes(monde.soi.send("PATCH", monde.tache, essai, etag, genre=JSON_PATCH)) == (422, "patch_does_not_apply")
    for illisible in (
        {},
        [],
        [{"op": "move", "path": "/status"}],
        [{"op": "add", "path": "status", "value": 1}],
        [{"op": "add", "path": "/a"}],
    ):
        assert codes(monde.soi.send("PATCH", monde.tache, illisible, etag, genre=JSON_PATCH)) == (400, "invalid_patch")


def test_answer_lost_then_repeated_is_one_answer(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    tache, etag = monde.read()
    reponses = [monde.soi.put(monde.tache, {**tache, "status": "accepted"}, etag) for _ in range(3)]
    assert [r.status_code for r in reponses] == [200, 200, 200]
    assert len({r.headers["ETag"] for r in reponses}) == 1
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 1


def test_stale_version_is_refused_and_nothing_written(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    tache, etag = monde.read()
    assert monde.soi.put(monde.tache, {**tache, "status": "accepted"}, etag).status_code == 200
    assert codes(monde.soi.put(monde.tache, {**tache, "status": "rejected"}, etag)) == (412, "stale_version")
    assert codes(monde.soi.put(monde.tache, {**tache, "status": "in-progress"}, "")) == (428, "version_required")
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 1


def test_transition_that_a_partner_may_not_set_is_refused(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    tache, etag = monde.read()
    for interdit in ("completed", "cancelled", "entered-in-error", "in-progress", "draft", "ready"):
        assert codes(monde.soi.put(monde.tache, {**tache, "status": interdit}, etag)) == (422, f"forbidden:requested:{interdit}")
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"resourceType": "Patient"}, "not_a_task"),
        ({"id": str(uuid4())}, "id_mismatch"),
        ({"status": "fini"}, "code_unknown"),
        ({"identifier": [{"system": systemes.ORIENTATION, "value": str(uuid4())}]}, "identifier_mismatch"),
        ({"for": {"identifier": {"system": systemes.PERSONNE_ORIENTEE, "value": str(uuid4())}}}, "another_person"),
    ],
)
def test_resource_that_is_not_this_task_is_refused(monde: Monde, admin: psycopg.Connection[Any], change: Any, code: str) -> None:
    tache, etag = monde.read()
    assert codes(monde.soi.put(monde.tache, {**tache, "status": "accepted", **change}, etag)) == (422, code)
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 0


def test_elements_of_the_platform_never_change(monde: Monde) -> None:
    tache, etag = monde.read()
    tordue = {**tache, "status": "accepted", "owner": {"display": "Moi"}, "intent": "plan", "focus": {"reference": "ServiceRequest/x"}}
    reponse = monde.soi.put(monde.tache, tordue, etag)
    assert reponse.status_code == 200
    for element in ("owner", "intent", "focus", "for", "requester"):
        assert reponse.json()[element] == tache[element]


def test_on_hold_is_said_back_and_told_as_news(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    for voulu in ("accepted", "on-hold"):
        tache, etag = monde.read()
        reponse = monde.soi.put(monde.tache, {**tache, "status": voulu}, etag)
        assert (reponse.status_code, reponse.json()["status"]) == (200, voulu)
    assert admin.execute("SELECT nature FROM pdp.inbox ORDER BY version").fetchall() == [("statut",), ("nouvelles",)]
    tache, etag = monde.read()
    assert monde.soi.put(monde.tache, {**tache, "status": "in-progress"}, etag).json()["status"] == "in-progress"


def test_hand_over_taken_back_is_like_one_that_never_was(monde: Monde) -> None:
    tache, etag = monde.read()
    with lot() as conn:
        conn.exec_driver_sql("UPDATE pdp.orientation SET statut = 'annulee'")
    for reponse in (
        monde.soi.get(monde.tache),
        monde.soi.get(f"/ServiceRequest/{monde.orientation}"),
        monde.soi.put(monde.tache, {**tache, "status": "accepted"}, etag),
    ):
        assert codes(reponse) == (404, "introuvable")
    assert "entry" not in monde.soi.get("/Task").json()
