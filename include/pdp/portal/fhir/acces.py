"""Who calls and what is taken of the call: token, rate, size, form, signature. A route that declares nothing cannot be built.

A written body is signed: ``X-PDP-Signature: t=<unix seconds>,v1=<hex>``, HMAC-SHA256 under the key of the token over, one per line,
the instant, ``demande``, the method, the path with its query, ``X-Request-Id``, ``If-Match``, then the body. More than 300 seconds
away it is stale; the same signature twice is a replay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from pdp import clock
from pdp.fhir.json_strict import parse_json
from pdp.partners import signature
from pdp.portal.debit import Debit
from pdp.portal.fhir.refus import AppelRefuse, answer_erreur
from pdp.portal.sessions import portail
from pdp.services.authenticate_client import Appelant, find_appelant, is_first

CORPS_MAX_OCTETS = 48 * 1024
APPELS_PAR_MINUTE = 240
ESSAIS_PAR_MINUTE = 30
_IDENTIFIANT = re.compile(r"[A-Za-z0-9_.:-]{8,64}", re.ASCII)
Portee = Literal["public", "lecture", "ecriture"]
Vue = TypeVar("Vue", bound=Callable[..., Any])


def portee(nom: Portee) -> Callable[[Vue], Vue]:
    """Declare what a route needs: nothing, a token, or a token and a signed body."""

    def declare(vue: Vue) -> Vue:
        vars(vue)["portee"] = nom
        return vue

    return declare


class RouteFhir(APIRoute):
    """A route whose call is checked before anything of the view runs; whatever fails answers an OperationOutcome."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        nom: Portee | None = getattr(self.endpoint, "portee", None)
        if nom is None:
            raise TypeError(f"route {self.path} declares no scope: add @portee(...)")
        suite = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                await _admit(request, nom)
                reponse: Response = await suite(request)
            except Exception as erreur:  # a machine never gets a page: every failure has its OperationOutcome
                reponse = answer_erreur(request, erreur)
            identifiant = request.headers.get("x-request-id", "")
            if _IDENTIFIANT.fullmatch(identifiant):
                reponse.headers["X-Request-Id"] = identifiant
            return reponse

        return handle


async def _admit(request: Request, nom: Portee) -> None:
    _check_forme(request)
    if nom == "public":
        _check_debit(request, "adresses", request.client.host if request.client else "", ESSAIS_PAR_MINUTE)
    else:
        request.state.appelant = await run_in_threadpool(_authenticate, request)
        _check_debit(request, "clients", request.state.appelant.client_id, APPELS_PAR_MINUTE)
    if request.method in ("POST", "PUT", "PATCH"):
        request.state.corps = await _read_corps(request)
    if nom == "ecriture":
        await run_in_threadpool(_check_signature, request, request.state.appelant, request.state.corps)


def _authenticate(request: Request) -> Appelant:
    genre, _, jeton = request.headers.get("authorization", "").partition(" ")
    appelant = None
    if genre.lower() == "bearer" and 20 <= len(jeton) <= 200 and jeton.isascii():
        with portail() as conn:
            appelant = find_appelant(conn, jeton, clock.now())
    if appelant is None:
        _check_debit(request, "adresses", request.client.host if request.client else "", ESSAIS_PAR_MINUTE)
        message = "Jeton absent, expiré ou révoqué : demandez-en un à /fhir/token."
        raise AppelRefuse(401, "invalid_token", "login", message, {"WWW-Authenticate": 'Bearer realm="pdp-fhir", error="invalid_token"'})
    return appelant


def _check_signature(request: Request, appelant: Appelant, corps: bytes) -> None:
    signee = request.headers.get(signature.ENTETE, "")
    chemin = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    identifiant = request.headers.get("x-request-id", "")
    if not _IDENTIFIANT.fullmatch(identifiant):
        raise AppelRefuse(400, "request_id_required", "required", "Donnez un identifiant d'appel dans X-Request-Id (8 à 64 caractères).")
    parties = (*signature.request_parts(request.method, chemin, identifiant), request.headers.get("if-match", ""))
    if not signature.is_valid(appelant.cle, parties, corps, signee):
        message = "La signature du message est absente, fausse ou périmée : rien n'a été enregistré."
        raise AppelRefuse(401, "invalid_signature", "security", message)
    with portail() as conn:
        premiere = is_first(conn, appelant, signee)
    if not premiere:
        raise AppelRefuse(409, "replayed", "duplicate", "Ce message signé a déjà été reçu : signez-le de nouveau pour le répéter.")


def _check_debit(request: Request, groupe: str, cle: str, maximum: int) -> None:
    compteurs: dict[str, Debit] = request.app.state.debits
    if not compteurs.setdefault(groupe, Debit(maximum)).is_admis(cle):
        raise AppelRefuse(429, "too_many_calls", "throttled", "Trop d'appels : attendez une minute.", {"Retry-After": "60"})


def _check_forme(request: Request) -> None:
    acceptes = request.headers.get("accept", "*/*")
    if "json" not in acceptes and "*/*" not in acceptes and "application/*" not in acceptes:
        raise AppelRefuse(406, "not_acceptable", "not-supported", "Seul le JSON est parlé ici : application/fhir+json.")


async def _read_corps(request: Request) -> bytes:
    """The body, refused as soon as it is too long, announced or not."""
    annonce = request.headers.get("content-length", "0")
    corps = b""
    if annonce.isdecimal() and int(annonce) <= CORPS_MAX_OCTETS:
        async for morceau in request.stream():
            corps += morceau
            if len(corps) > CORPS_MAX_OCTETS:
                break
        else:
            return corps
    raise AppelRefuse(413, "body_too_large", "too-long", "Le message est trop volumineux : rien n'a été enregistré.")


def check_type(request: Request, *admis: str) -> None:
    """Raises :class:`AppelRefuse` (415) for a body announced as something else."""
    genre, _, parametres = request.headers.get("content-type", "").partition(";")
    jeu = parametres.strip().lower().replace('"', "")
    if genre.strip().lower() not in admis or jeu not in ("", "charset=utf-8"):
        raise AppelRefuse(415, "unsupported_media_type", "not-supported", f"Ce type de contenu n'est pas pris : {admis[0]} est attendu.")


def parse_corps(corps: bytes) -> Any:
    """JSON of a call, read strictly (``json_strict``). Raises :class:`AppelRefuse` (400)."""
    try:
        objet = parse_json(corps)
        json.dumps(objet, ensure_ascii=False).encode()  # half a character (a lone surrogate) cannot be kept
    except (ValueError, RecursionError):
        raise AppelRefuse(400, "invalid_json", "structure", "Le message n'est pas un JSON lisible : rien n'a été enregistré.") from None
    return objet
