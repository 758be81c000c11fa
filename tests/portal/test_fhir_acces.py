"""Who may call our FHIR endpoint: tokens, signatures, replays, sizes, other partners, revocation. Every refusal is an OperationOutcome."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest
import requests
from fastapi import FastAPI

from fabrique import MAINTENANT, lot
from pdp.config import settings
from pdp.domain.auteur import Auteur
from pdp.partners import signature
from pdp.portal.fhir import acces
from pdp.portal.fhir.acces import RouteFhir
from pdp.portal.fhir.app import create_fhir
from pdp.services.authenticate_client import DUREE, key_of
from pdp.services.manage_clients import revoke_client
from pdp.storage import db
from portal.conftest import Horloge
from portal.logiciels import Monde, monde_fhir
from portal.test_fhir import codes
from relais_fhir import Logiciel
from relais_lecture import count, events

INCONNUE = UUID("00000000-0000-4000-8000-000000000000")


@pytest.fixture
def monde(app: FastAPI, horloge: Horloge) -> Iterator[Monde]:
    with monde_fhir(app) as monde:
        yield monde


def accept(monde: Monde, **change: Any) -> requests.Response:
    """The same good answer, with one thing falsified."""
    tache, etag = monde.read()
    return monde.soi.put(monde.tache, {**tache, "status": "accepted"}, etag, **change)


# -- tokens


def test_every_route_declares_its_scope() -> None:
    portees = {(r.path, vars(r.endpoint)["portee"]) for r in create_fhir().routes if isinstance(r, RouteFhir)}
    assert {chemin for chemin, portee in portees if portee == "public"} == {"/metadata", "/openapi.json", "/token"}
    with pytest.raises(TypeError, match="declares no scope"):
        create_fhir().get("/ouverte")(lambda: None)


@pytest.mark.parametrize("chemin", ["/Task", "/ServiceRequest", f"/Task/{INCONNUE}", f"/ServiceRequest/{INCONNUE}"])
@pytest.mark.parametrize("porteur", ["", "Bearer", "Bearer x", "Basic eA==", f"Bearer {'x' * 43}", f"bearer  {'é' * 3}"])
def test_without_a_good_token_everything_is_closed(monde: Monde, chemin: str, porteur: str) -> None:
    entetes = {"Authorization": porteur.encode()} if porteur else {}
    reponse = requests.get(f"{monde.soi.base}{chemin}", headers=entetes, timeout=10)
    assert codes(reponse) == (401, "invalid_token")
    assert reponse.headers["WWW-Authenticate"].startswith("Bearer")


def test_token_ends_after_its_time(monde: Monde, horloge: Horloge) -> None:
    horloge.advance(seconds=DUREE.total_seconds() - 1)
    assert monde.soi.get("/Task").status_code == 200
    horloge.advance(seconds=1)
    assert codes(monde.soi.get("/Task")) == (401, "invalid_token")


def test_revoked_client_is_refused_at_once_and_gets_no_other_token(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        revoke_client(conn, Auteur("agent", "x", "responsable", "PF35"), monde.soi.client, MAINTENANT)
        revoke_client(conn, Auteur("agent", "x", "responsable", "PF35"), monde.soi.client, MAINTENANT)
    assert codes(monde.soi.get("/Task")) == (401, "invalid_token")
    assert monde.soi.connect().json()["error"] == "invalid_client"
    assert monde.autre.get("/Task").status_code == 200
    assert (events(admin, "client_fhir_ouvert"), events(admin, "client_fhir_revoque")) == (2, 1)


@pytest.mark.parametrize(
    ("champs", "statut", "erreur"),
    [
        ({"grant_type": "client_credentials", "client_id": "pdp-00", "client_secret": "x"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 400, "invalid_request"),
    ],
)
def test_token_refused_as_oauth_says(monde: Monde, champs: dict[str, str], statut: int, erreur: str) -> None:
    genre = {"Content-Type": "application/x-www-form-urlencoded"}
    reponse = requests.post(f"{monde.soi.base}/token", data=champs, headers=genre, timeout=10)
    assert (reponse.status_code, reponse.json()["error"]) == (statut, erreur)
    assert reponse.headers["Cache-Control"] == "no-store"


def test_secret_of_another_client_gives_nothing(monde: Monde) -> None:
    assert Logiciel(monde.soi.base, monde.soi.client, monde.autre.secret).connect().status_code == 401
    assert Logiciel(monde.soi.base, monde.soi.client, monde.soi.secret + "x").connect().status_code == 401
    croix = base64.b64encode(b"sans deux points").decode()
    sans = requests.post(
        f"{monde.soi.base}/token", data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {croix}"}, timeout=10
    )
    assert sans.json()["error"] == "invalid_client"


def test_neither_secrets_nor_tokens_are_in_the_database(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    lignes = [admin.execute(f"SELECT t::text FROM securite.{t} t").fetchall() for t in ("client_fhir", "jeton_fhir", "appel_fhir")]
    tout = json.dumps(lignes) + str(admin.execute("SELECT donnees FROM journal.evenement").fetchall())
    for logiciel in (monde.soi, monde.autre):
        for secret in (logiciel.secret, logiciel.jeton, key_of(logiciel.secret, logiciel.jeton)):
            assert secret not in tout


# -- signatures


def test_wrong_signatures_are_refused_and_nothing_is_written(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    tache, _ = monde.read()
    bon = json.dumps({**tache, "status": "accepted"}).encode()
    fautes: list[dict[str, Any]] = [
        {"cle": "0" * 64},
        {"cle": monde.soi.jeton},
        {"cle": key_of(monde.autre.secret, monde.soi.jeton)},
        {"cle": key_of(monde.soi.secret, monde.autre.jeton)},
        {"signee": "t=1,v1=00"},
        {"signee": "n'importe quoi"},
        {"instant_s": int(time.time()) - signature.VALIDITE_S - 5},
        {"instant_s": int(time.time()) + signature.VALIDITE_S + 60},
    ]
    for faute in fautes:
        assert codes(accept(monde, **faute)) == (401, "invalid_signature"), faute
    # each part of what is signed, changed after the signature
    parties = ("PUT", f"/fhir{monde.tache}", "appel-0001", 'W/"0"')
    signee = signature.sign(key_of(monde.soi.secret, monde.soi.jeton), ("demande", *parties), bon)
    for change in (
        {"corps": bon + b" "},
        {"identifiant": "appel-0002"},
        {"si": 'W/"5"'},
        {"methode": "PATCH"},
        {"chemin": f"{monde.tache}?x=1"},
    ):
        reste = {"methode": "PUT", "chemin": monde.tache, "si": 'W/"0"', "identifiant": "appel-0001", "corps": bon, **change}
        assert codes(monde.soi.send(objet=None, signee=signee, **reste)) == (401, "invalid_signature"), change
    assert codes(accept(monde, identifiant="court")) == (400, "request_id_required")
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 0


def test_signed_call_played_again_is_refused(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    tache, etag = monde.read()
    corps = json.dumps({**tache, "status": "accepted"}).encode()
    parties = (*signature.request_parts("PUT", f"/fhir{monde.tache}", "appel-0001"), etag)
    signee = signature.sign(key_of(monde.soi.secret, monde.soi.jeton), parties, corps)

    def play(_: int) -> int:
        return monde.soi.put(monde.tache, None, etag, corps=corps, signee=signee, identifiant="appel-0001").status_code

    with ThreadPoolExecutor(6) as fils:
        assert sorted(fils.map(play, range(6))) == [200, 409, 409, 409, 409, 409]
    assert codes(monde.soi.put(monde.tache, None, etag, corps=corps, signee=signee, identifiant="appel-0001")) == (409, "replayed")
    instant, sceau = signee.split(",")
    for autrement in (f"{sceau},{instant}", f"{signee},", f"{signee},x=1", f"t=0{instant[2:]},{sceau}", f"v1=faux,{signee}"):
        rejoue = monde.soi.put(monde.tache, None, etag, corps=corps, signee=autrement, identifiant="appel-0001")
        assert codes(rejoue) == (409, "replayed"), autrement
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 1


def test_two_updates_of_the_same_version_at_once_make_one(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    tache, etag = monde.read()
    voulus = ["accepted", "rejected"] * 3
    with ThreadPoolExecutor(6) as fils:
        reponses = list(fils.map(lambda s: monde.soi.put(monde.tache, {**tache, "status": s}, etag).status_code, voulus))
    assert set(reponses) == {200, 412}  # the same update said again is recognised, the other comes too late
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 1


# -- form of the call


@pytest.mark.parametrize(
    ("change", "attendu"),
    [
        ({"corps": b"{"}, (400, "invalid_json")),
        ({"corps": b'{"a": 1, "a": 2}'}, (400, "invalid_json")),
        ({"corps": b'{"a": NaN}'}, (400, "invalid_json")),
        ({"corps": b"\xff"}, (400, "invalid_json")),
        ({"corps": b"[" * 2000 + b"]" * 2000}, (400, "invalid_json")),
        ({"corps": b"[1]"}, (422, "not_a_task")),
        ({"corps": b"x" * (acces.CORPS_MAX_OCTETS + 1)}, (413, "body_too_large")),
        ({"corps": b"x" * 1_000_000}, (413, "body_too_large")),
        ({"genre": "application/xml"}, (415, "unsupported_media_type")),
        ({"genre": "text/plain"}, (415, "unsupported_media_type")),
        ({"genre": "application/fhir+json; charset=latin-1"}, (415, "unsupported_media_type")),
        ({"genre": "application/json-patch+json"}, (415, "unsupported_media_type")),
    ],
)
def test_form_of_the_body(monde: Monde, admin: psycopg.Connection[Any], change: dict[str, Any], attendu: tuple[int, str]) -> None:
    assert codes(accept(monde, **change)) == attendu
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 0


def test_size_not_announced_is_counted_all_the_same(monde: Monde) -> None:
    entetes = {"Authorization": f"Bearer {monde.soi.jeton}", "Content-Type": "application/fhir+json"}
    morceaux = (b"x" * 1024 for _ in range(60))
    reponse = requests.put(f"{monde.soi.base}{monde.tache}", data=morceaux, headers=entetes, timeout=10)
    assert codes(reponse) == (413, "body_too_large")


@pytest.mark.parametrize(("valeur", "statut"), [("\\u0000", 422), ("\\ud800", 400)])
def test_text_that_cannot_be_kept_is_refused(monde: Monde, valeur: str, statut: int) -> None:
    tache, etag = monde.read()
    corps = json.dumps({**tache, "status": "accepted", "note": [{"text": "XX"}]}).replace("XX", f"a{valeur}b").encode()
    assert monde.soi.put(monde.tache, None, etag, corps=corps).status_code == statut


def test_other_addresses_and_methods_say_so_in_json(monde: Monde) -> None:
    assert codes(monde.soi.get("/Patient")) == (404, "unknown_address")
    assert codes(monde.soi.get("/Task/")) == (404, "unknown_address")
    assert codes(monde.soi.send("DELETE", monde.tache, {}, "")) == (405, "method_not_allowed")
    assert codes(monde.soi.get("/Task", Accept="application/fhir+xml")) == (406, "not_acceptable")
    assert codes(monde.soi.get("/Task?_format=xml")) == (406, "not_acceptable")
    assert codes(monde.soi.get("/Task/pas-un-identifiant")) == (404, "introuvable")


def test_too_many_calls_wait(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    codes_lus = [requests.get(f"{monde.soi.base}/metadata", timeout=10) for _ in range(acces.ESSAIS_PAR_MINUTE + 1)]
    assert codes(codes_lus[-1]) == (429, "too_many_calls")
    assert codes_lus[-1].headers["Retry-After"] == "60"
    assert monde.soi.get("/Task").status_code == 200  # who holds a token has another count


def test_database_down_is_an_outcome(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    db.engine(settings().url_portail).dispose()
    monkeypatch.setenv("PDP_DATABASE_URL_PORTAIL", "postgresql+psycopg://pdp_portail:x@127.0.0.1:1/pdp")
    assert codes(monde.soi.get("/Task")) == (503, "unavailable")


def test_security_headers_are_there_and_no_cookie(monde: Monde) -> None:
    reponse = monde.soi.get("/Task")
    assert "content-security-policy" in reponse.headers
    assert reponse.headers["cache-control"] == "no-store"
    assert "set-cookie" not in reponse.headers
