"""Every route declares who may call it; nothing is told of what exists; forms are ours; a GET never writes; headers are everywhere."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, text
from sqlalchemy.exc import InternalError
from starlette.routing import Mount

import fabrique
import relais
from pdp.config import settings
from pdp.portal import sessions
from pdp.portal.app import create_app
from pdp.portal.auth import ROLES, RouteProtegee, Routeur, acces
from pdp.portal.securite import CORPS_MAX_OCTETS
from pdp.services.run_lot import create_lot
from pdp.services.write_message import write_message
from pdp.storage import db
from portal import donnees
from portal.donnees import Connecter, TestClient

LIEN = "/rendez-vous/{jeton}"
PUBLIQUES = {
    "/sante",
    "/sante/vivant",
    "/sante/pret",
    "/metrics",
    "/statique/{nom}",
    "/connexion",
    "/accessibilite",
    "/agenda/flux/{jeton}.ics",
    LIEN,
    "/lien/{jeton}",
    *(f"/lien/{{jeton}}/{acte}" for acte in ("code", "ouverture", "reponse", "seances", "nouveau-lien", "sortie")),
    *(f"{LIEN}/{acte}" for acte in ("identite", "choix", "annulation", "rappel", "nouveau-lien", "rendez-vous.ics")),
}
"""The last ones are for the holder of a link or of a secret address: test_rendez_vous_public, test_lien_partenaire, test_agenda."""


APPLICATION = create_app()
ROUTES = [route for route in APPLICATION.routes if isinstance(route, RouteProtegee)]
GETS = [r for r in ROUTES if "GET" in r.methods]
POSTS = [r for r in ROUTES if "POST" in r.methods]


def build_url(route: RouteProtegee) -> str:
    """An address of the route that names nothing that exists."""
    return re.sub(r"\{[a-z_]+(:path)?\}", lambda _: str(uuid4()), route.path)


def name(route: RouteProtegee) -> str:
    return f"{sorted(route.methods)[0]} {route.path}"


def get_roles(route: RouteProtegee) -> frozenset[str]:
    return vars(route.endpoint)["roles_admis"]


def test_every_route_declares_its_access(app: FastAPI) -> None:
    autres = [r for r in app.routes if not isinstance(r, RouteProtegee)]
    assert [r.path for r in autres if isinstance(r, Mount)] == ["/fhir"]  # programs of partners: test_fhir and test_fhir_acces
    assert len(autres) == 1
    assert {r.path for r in ROUTES if "public" in get_roles(r)} == PUBLIQUES
    assert len(ROUTES) > 25


def test_route_without_access_cannot_be_built() -> None:
    routeur = Routeur()
    with pytest.raises(TypeError, match="declares no access"):
        routeur.get("/ouverte")(lambda: None)


@pytest.mark.parametrize("roles", [(), ("directeur",), ("csam", "admin")])
def test_unknown_roles_are_refused(roles: tuple[str, ...]) -> None:
    with pytest.raises(TypeError, match="unknown roles"):
        acces(*roles)


@pytest.mark.parametrize(
    "chemin", ["/docs", "/redoc", "/openapi.json", "/ma-liste/", "/MA-LISTE", "//ma-liste", "/ma-liste%2f", "/statique/%2e%2e/app.py"]
)
def test_nothing_is_published_beside_the_routes(app: FastAPI, lieu: donnees.Lieu, chemin: str) -> None:
    assert TestClient(app, follow_redirects=False).get(f"http://testserver{chemin}").status_code == 404


@pytest.mark.parametrize("route", [r for r in ROUTES if r.path not in PUBLIQUES], ids=name)
def test_anonymous_is_sent_to_sign_in(route: RouteProtegee) -> None:
    """Without any database: nothing is read before the sign-in."""
    client = TestClient(APPLICATION, base_url="http://portail.test", follow_redirects=False)
    reponse = client.request(sorted(route.methods)[0], build_url(route))
    assert reponse.status_code == 303
    assert reponse.headers["location"].startswith("/connexion")


def test_wrong_role_sees_exactly_what_a_missing_page_shows(lieu: donnees.Lieu, connecter: Connecter) -> None:
    for role in sorted(ROLES):
        client = connecter(role)
        absente = client.get(f"/{uuid4()}")
        assert absente.status_code == 404
        for route in (r for r in ROUTES if not get_roles(r) & {role, "public", "connecte"}):
            reponse = client.request(sorted(route.methods)[0], build_url(route))
            assert (reponse.status_code, reponse.text) == (404, absente.text), f"{role} on {name(route)}"


@pytest.mark.parametrize("login", ["csam2", "csam_ailleurs"])
def test_case_of_a_colleague_is_like_a_case_that_does_not_exist(lieu: donnees.Lieu, connecter: Connecter, login: str) -> None:
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"])
        entretien = donnees.add_tele_echange(conn, dossier, fabrique.MAINTENANT)
    client = connecter(login)
    absente = client.get(f"/parcours/{uuid4()}")
    for route in (r for r in ROUTES if "{parcours_id}" in r.path and "csam" in get_roles(r)):
        adresse = route.path.replace("{parcours_id}", str(dossier.parcours))
        adresse = adresse.replace("{destinataire}", "spst")
        adresse = re.sub(r"\{[a-z_]+\}", str(uuid4()), adresse)
        if "GET" in route.methods:
            assert client.get(adresse).text == absente.text, adresse
    assert client.get(f"/tele-echanges/{entretien}").text == absente.text
    assert absente.status_code == 404


def test_forms_from_elsewhere_do_nothing(lieu: donnees.Lieu, connecter: Connecter) -> None:
    for role in sorted(ROLES):
        client, autre = connecter(role), connecter(role)
        jeton, etranger = (donnees.read_jeton(c) for c in (client, autre))
        for route in (r for r in POSTS if role in get_roles(r)):
            _check_forms(client, build_url(route), jeton, etranger)


def _check_forms(client: TestClient, adresse: str, jeton: str, etranger: str) -> None:
    essais: list[tuple[dict[str, str], dict[str, str]]] = [
        ({}, {}),
        ({"jeton": ""}, {}),
        ({"jeton": etranger}, {}),
        ({"jeton": jeton}, {"origin": "http://ailleurs.test"}),
        ({"jeton": jeton}, {"origin": "null"}),
        ({"jeton": jeton}, {"sec-fetch-site": "cross-site"}),
        ({"jeton": jeton}, {"sec-fetch-site": "same-site"}),
        ({"jeton": jeton, "cle_saisie": "pas-une-cle"}, {}),
    ]
    for champs, entetes in essais:
        reponse = client.post(adresse, data=champs, headers=entetes)
        assert reponse.status_code == 403, (adresse, champs, entetes)
        assert "rien n'a été enregistré" in reponse.text.replace("&#39;", "'")
    bonne = client.post(adresse, data={"jeton": jeton}, headers={"origin": "http://portail.test", "sec-fetch-site": "same-origin"})
    assert bonne.status_code in (303, 404, 422), adresse


def test_no_get_opens_a_transaction_that_could_write(lieu: donnees.Lieu, connecter: Connecter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every GET of every role, on what exists where a case is needed, goes through read-only transactions."""
    lectures: list[bool] = []
    originale = db.begin_as

    @contextmanager
    def spy(*args: Any, lecture: bool = False) -> Iterator[Connection]:
        lectures.append(lecture)
        with originale(*args, lecture=lecture) as conn:
            yield conn

    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"])
        entretien = donnees.add_tele_echange(conn, dossier, fabrique.MAINTENANT)
        lettre = write_message(conn, fabrique.TEST, dossier.parcours, modele="injoignable", cause="essai", maintenant=fabrique.MAINTENANT)
    with fabrique.lot() as conn:
        conn.execute(text("UPDATE pdp.parcours SET statut = 'accord_demande' WHERE id = :p"), {"p": dossier.parcours})
        relais.consent(conn, dossier, "cap_emploi")
    orientation = relais.orient(dossier, lieu.comptes["partenaire"])
    auteur = fabrique.auteur_agent(lieu.comptes["csam"])
    with db.begin_as(auteur) as conn:
        lot = create_lot(conn, auteur, "attente", [dossier.parcours], fabrique.MAINTENANT)
    monkeypatch.setattr(sessions.db, "begin_as", spy)
    connus = {"{lot_id}": str(lot), "{parcours_id}": str(dossier.parcours), "{tele_echange_id}": str(entretien), "{destinataire}": "spst"}
    connus["{message_id}"] = str(lettre.id)
    connus["{partenaire_id}"] = str(lieu.comptes["partenaire"])
    connus["{orientation_id}"] = str(orientation)
    for role in sorted(ROLES):
        client = connecter(role)
        for route in (r for r in GETS if get_roles(r) & {role}):
            adresse = route.path
            for nom, valeur in connus.items():
                adresse = adresse.replace(nom, valeur)
            adresse = re.sub(r"\{[a-z_]+(:path)?\}", lambda _: str(uuid4()), adresse)
            reponse = client.get(adresse)
            assert reponse.status_code in (200, 303, 404), (role, adresse, reponse.text)
            assert role != "csam" or reponse.status_code == 200, adresse
    assert lectures
    assert all(lectures)


def test_a_read_only_transaction_cannot_write(lieu: donnees.Lieu) -> None:
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"])
    auteur = fabrique.auteur_agent(lieu.comptes["csam"])
    requete = text("UPDATE pdp.parcours SET version = version + 1 WHERE id = :p")
    with pytest.raises(InternalError, match="read-only"), db.begin_as(auteur, lecture=True) as conn:
        conn.execute(requete, {"p": dossier.parcours})
    with db.begin_as(auteur) as conn:
        assert conn.execute(requete, {"p": dossier.parcours}).rowcount == 1, "the next transaction may write again"


@pytest.mark.parametrize("chemin", ["/connexion", "/sante", "/statique/pdp.css", "/", "/absente", "/ma-liste"])
@pytest.mark.parametrize("schema", ["http", "https"])
def test_security_headers_on_every_response(app: FastAPI, lieu: donnees.Lieu, chemin: str, schema: str) -> None:
    entetes = TestClient(app, base_url=f"{schema}://portail.test", follow_redirects=False).get(chemin).headers
    assert "frame-ancestors 'none'" in entetes["content-security-policy"]
    assert "unsafe" not in entetes["content-security-policy"]
    assert entetes["x-content-type-options"] == "nosniff"
    assert entetes["referrer-policy"] == "same-origin"
    assert entetes["cross-origin-opener-policy"] == "same-origin"
    assert entetes["cache-control"] == ("public, max-age=3600" if chemin.startswith("/statique") else "no-store")
    assert ("strict-transport-security" in entetes) == (schema == "https")


@pytest.mark.parametrize(("octets", "statut"), [(CORPS_MAX_OCTETS - 200, 401), (CORPS_MAX_OCTETS + 1, 413)])
@pytest.mark.parametrize("annonce", [True, False])
def test_bodies_over_64_kb_are_refused(app: FastAPI, lieu: donnees.Lieu, octets: int, statut: int, annonce: bool) -> None:
    client = TestClient(app, base_url="http://portail.test")
    jeton = donnees.read_champ(client.get("/connexion").text, "jeton")
    corps = f"identifiant=a&mot_de_passe=b&jeton={jeton}&x=".encode().ljust(octets, b"x")
    contenu: Any = corps if annonce else iter([corps])
    reponse = client.post("/connexion", content=contenu, headers={"content-type": "application/x-www-form-urlencoded"})
    assert reponse.status_code == statut
    assert "content-security-policy" in reponse.headers


def test_unexpected_error_is_a_clean_page_with_headers(app: FastAPI, lieu: donnees.Lieu, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("Nom de la personne dans une trace")

    monkeypatch.setattr(sessions, "attach", fail)
    reponse = TestClient(app, raise_server_exceptions=False).get("/ma-liste")
    assert reponse.status_code == 500
    assert "Une erreur est survenue" in reponse.text
    assert "trace" not in reponse.text
    assert "content-security-policy" in reponse.headers


def test_database_down_is_a_french_page(connecter: Connecter, monkeypatch: pytest.MonkeyPatch) -> None:
    client = connecter("csam")
    db.engine(settings().url_portail).dispose()
    monkeypatch.setenv("PDP_DATABASE_URL_PORTAIL", "postgresql+psycopg://pdp_portail:x@127.0.0.1:1/pdp")
    for chemin in ("/sante", "/ma-liste", "/connexion"):
        reponse = client.get(chemin)
        assert reponse.status_code == 503
        assert "Service momentanément indisponible" in reponse.text
        assert reponse.elapsed.total_seconds() < 3


def test_views_never_touch_storage() -> None:
    """The portal goes through services; only ``sessions`` opens transactions."""
    fautives = [r.path for r in ROUTES if "pdp.storage" in inspect.getsource(inspect.getmodule(r.endpoint) or r.endpoint)]
    assert fautives == []


def test_pages_say_that_the_data_are_synthetic(app: FastAPI, lieu: donnees.Lieu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDP_DEMONSTRATION", "1")
    demo = TestClient(create_app(), base_url="http://portail.test")
    for chemin in ("/connexion", "/absente"):
        assert "Démonstration : données synthétiques, aucune personne réelle" in demo.get(chemin).text
    monkeypatch.delenv("PDP_DEMONSTRATION")
    assert "Démonstration" not in TestClient(create_app(), base_url="http://portail.test").get("/connexion").text


def test_health_checks_the_database(app: FastAPI, lieu: donnees.Lieu) -> None:
    reponse = TestClient(app).get("/sante")
    assert (reponse.status_code, reponse.json()) == (200, {"ok": True})
