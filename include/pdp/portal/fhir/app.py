"""The sub-application under ``/fhir``: its routes, each with what it asks of the caller. Everything it answers is JSON."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pdp import clock
from pdp.config import settings
from pdp.errors import Introuvable
from pdp.fhir.capacite import build_capacite
from pdp.portal.fhir.acces import RouteFhir, check_type, parse_corps, portee
from pdp.portal.fhir.openapi import build_openapi
from pdp.portal.fhir.patch import apply_patch
from pdp.portal.fhir.recherche import Recherche, build_searchset
from pdp.portal.fhir.refus import TYPE_CONTENU, AppelRefuse, refuse
from pdp.portal.sessions import au_nom_du_partenaire, portail
from pdp.services.authenticate_client import open_jeton
from pdp.services.read_taches import LigneTache, check_partenaire, get_tache, list_taches, show_demande, show_tache
from pdp.services.receive_tache import receive_tache

PREFIXE = "/fhir"
TYPES_FHIR = ("application/fhir+json", "application/json")
TYPE_PATCH = "application/json-patch+json"
PUBLIEE_LE = "2026-11-22"
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def create_fhir() -> FastAPI:
    """The endpoint; mounted by the portal, it has its own errors and no page."""
    app = FastAPI(title="FHIR", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.router.route_class = RouteFhir
    app.state.debits = {}
    _add_public(app)
    _add_lectures(app)
    _add_ecritures(app)
    app.add_exception_handler(HTTPException, _on_http)
    return app


def base_url() -> str:
    """Address given to partners: from the settings, never from a header of the call."""
    return settings().portail_url.rstrip("/") + PREFIXE


def _add_public(app: FastAPI) -> None:
    @app.get("/metadata")
    @portee("public")
    async def metadata(request: Request) -> Response:
        return _json(build_capacite(base_url(), f"{base_url()}/token", date=PUBLIEE_LE))

    @app.get("/openapi.json")
    @portee("public")
    async def openapi(request: Request) -> Response:
        return _json(build_openapi(base_url()), genre="application/json")

    @app.post("/token")
    @portee("public")
    async def token(request: Request) -> Response:
        return await run_in_threadpool(_give_token, request)


def _add_lectures(app: FastAPI) -> None:
    @app.get("/Task")
    @portee("lecture")
    async def search_taches(request: Request) -> Response:
        return await run_in_threadpool(_search, request, "Task")

    @app.get("/ServiceRequest")
    @portee("lecture")
    async def search_demandes(request: Request) -> Response:
        return await run_in_threadpool(_search, request, "ServiceRequest")

    @app.get("/Task/{identifiant}")
    @portee("lecture")
    async def read_tache(request: Request, identifiant: str) -> Response:
        return await run_in_threadpool(_read, request, identifiant, "Task")

    @app.get("/ServiceRequest/{identifiant}")
    @portee("lecture")
    async def read_demande(request: Request, identifiant: str) -> Response:
        return await run_in_threadpool(_read, request, identifiant, "ServiceRequest")


def _add_ecritures(app: FastAPI) -> None:
    @app.put("/Task/{identifiant}")
    @portee("ecriture")
    async def update_tache(request: Request, identifiant: str) -> Response:
        check_type(request, *TYPES_FHIR)
        objet = parse_corps(request.state.corps)
        return await run_in_threadpool(_update, request, identifiant, objet, patch=False)

    @app.patch("/Task/{identifiant}")
    @portee("ecriture")
    async def patch_tache(request: Request, identifiant: str) -> Response:
        check_type(request, TYPE_PATCH)
        operations = parse_corps(request.state.corps)
        return await run_in_threadpool(_update, request, identifiant, operations, patch=True)


def _give_token(request: Request) -> Response:
    """Client credentials (RFC 6749): id and secret in the header or in the form; its errors have the form that OAuth clients read."""
    check_type(request, "application/x-www-form-urlencoded")
    try:
        champs = parse_qs(request.state.corps.decode("ascii"), strict_parsing=True, max_num_fields=10)
    except (ValueError, UnicodeDecodeError):
        champs = {}
    if "grant_type" not in champs:
        return _oauth(400, "invalid_request", "La demande de jeton n'est pas lisible.")
    if champs.get("grant_type") != ["client_credentials"]:
        return _oauth(400, "unsupported_grant_type", "Seul client_credentials est accepté.")
    client, secret = _credentials(request, champs)
    with portail() as conn:
        jeton = open_jeton(conn, client, secret, clock.now()) if client and secret else None
    if jeton is None:
        return _oauth(401, "invalid_client", "Identifiant ou secret inconnu, ou accès révoqué.")
    return _json(
        {
            "access_token": jeton.valeur,
            "token_type": "Bearer",
            "expires_in": jeton.duree_s,
            "scope": "system/Task.rus system/ServiceRequest.rs",
        },
        genre="application/json",
        entetes=_NO_STORE,
    )


def _credentials(request: Request, champs: dict[str, list[str]]) -> tuple[str, str]:
    genre, _, valeur = request.headers.get("authorization", "").partition(" ")
    if genre.lower() != "basic":
        return champs.get("client_id", [""])[0], champs.get("client_secret", [""])[0]
    try:
        client, _, secret = base64.b64decode(valeur, validate=True).decode("ascii").partition(":")
    except ValueError:
        return "", ""
    return client, secret


def _oauth(statut: int, erreur: str, phrase: str) -> Response:
    entetes = {**_NO_STORE, **({"WWW-Authenticate": 'Basic realm="pdp-fhir"'} if statut == 401 else {})}
    return _json({"error": erreur, "error_description": phrase}, statut, genre="application/json", entetes=entetes)


def _search(request: Request, genre: str) -> Response:
    recherche = Recherche.parse(request.query_params.multi_items(), genre)
    maintenant = clock.now()
    with au_nom_du_partenaire(request.state.appelant.auteur, lecture=True) as conn:
        check_partenaire(conn, maintenant)
        lignes = list_taches(
            conn,
            maintenant,
            orientation_id=recherche.orientation_id,
            depuis=recherche.depuis,
            jusqu_a=recherche.jusqu_a,
            apres=recherche.apres,
            limite=recherche.limite + 1,
        )
    suite = lignes[recherche.limite - 1] if len(lignes) > recherche.limite else None
    ressources = [_show(ligne, genre) for ligne in lignes[: recherche.limite]]
    suivante = f"{base_url()}/{genre}?{urlencode(recherche.following(suite))}" if suite else None
    lien = f"{base_url()}/{genre}" + (f"?{request.url.query}" if request.url.query else "")
    return _json(build_searchset([r for r in ressources if recherche.accepts(r)], base_url(), lien, suivante, maintenant))


def _read(request: Request, identifiant: str, genre: str) -> Response:
    maintenant = clock.now()
    with au_nom_du_partenaire(request.state.appelant.auteur, lecture=True) as conn:
        check_partenaire(conn, maintenant)
        ligne = get_tache(conn, _uuid(identifiant), maintenant)
    return _resource(ligne, genre)


def _update(request: Request, identifiant: str, recu: Any, *, patch: bool) -> Response:
    maintenant, auteur = clock.now(), request.state.appelant.auteur
    with au_nom_du_partenaire(auteur, lecture=False) as conn:
        check_partenaire(conn, maintenant)
        orientation = _uuid(identifiant)
        objet = apply_patch(show_tache(get_tache(conn, orientation, maintenant)), recu) if patch else recu
        if not isinstance(objet, dict):
            raise AppelRefuse(422, "not_a_task", "invalid", "Une ressource Task est attendue. Rien n'a été enregistré.")
        recue = receive_tache(conn, auteur, orientation, objet, request.headers.get("if-match"), maintenant)
    return _resource(recue.ligne, "Task")


def _resource(ligne: LigneTache, genre: str) -> Response:
    modifiee = ligne.modifiee_at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return _json(_show(ligne, genre), entetes={"ETag": ligne.etag, "Last-Modified": modifiee})


def _show(ligne: LigneTache, genre: str) -> dict[str, Any]:
    return show_tache(ligne) if genre == "Task" else show_demande(ligne)


def _uuid(identifiant: str) -> UUID:
    """An id that is no id of ours is like one that does not exist."""
    try:
        return UUID(identifiant)
    except ValueError:
        raise Introuvable("Cette demande n'existe pas, a été retirée, ou ne vous est pas adressée.") from None


def _json(objet: dict[str, Any], statut: int = 200, *, genre: str = TYPE_CONTENU, entetes: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(objet, ensure_ascii=False).encode(), statut, entetes, genre)


def _on_http(request: Request, erreur: Exception) -> Response:
    assert isinstance(erreur, HTTPException)
    if erreur.status_code == 405:
        return refuse(405, "not-supported", "method_not_allowed", "Cette opération n'est pas proposée : voir /fhir/metadata.")
    return refuse(404, "not-found", "unknown_address", "Cette adresse n'existe pas : voir /fhir/metadata.")
