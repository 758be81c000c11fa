"""Partners who have a FHIR R4 server, played for demonstrations and tests: ``python -m pdp.partners.simulateur_fhir``.

One process plays every server, told apart by ``X-PDP-Plateforme`` and ``X-PDP-Partenaire``. It takes transactions with conditional
creates, gives Tasks page by page, moves its own on a script drawn from the id of the hand-over, and misbehaves when told to. Its first
page (``/``) is the software of its people.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from pdp import clock
from pdp.config import settings
from pdp.fhir import systemes
from pdp.partners import signature
from pdp.partners.simulateur_fhir_ecran import build_routeur
from pdp.partners.simulateur_fhir_registre import Objet, Refus, RegistreFhir

TYPE_CONTENU = "application/fhir+json; charset=utf-8"
RACINE = "/fhir"
PAR_PAGE_MAX = 20
PAS_S = 900
"""Seconds between two steps of a script: a server is never read more often, so each step is seen."""


class Pannes:
    """Scripted misbehaviour, for the next ``nombre`` calls: see :data:`GENRES`; ``duree_s`` for the slow one."""

    GENRES = frozenset(
        {"429", "503", "500", "401", "404", "422", "302", "lent", "tronque", "perdue", "menteur", "autre_personne", "desordre"}
    )

    def __init__(self) -> None:
        self.genre, self.nombre, self.duree_s = "", 0, 0.0

    def plan(self, genre: str, nombre: int = 1, duree_s: float = 0.0) -> None:
        if genre not in self.GENRES:
            raise ValueError(genre)
        self.genre, self.nombre, self.duree_s = genre, nombre, duree_s

    def next(self) -> str:
        if self.nombre <= 0:
            return ""
        self.nombre -= 1
        return self.genre


def create_app(registre: RegistreFhir, secret: bytes, pannes: Pannes | None = None) -> FastAPI:
    """The application. ``pannes`` is shared with the test that scripts it."""
    app = FastAPI(title="Serveurs FHIR simulés", docs_url=None, redoc_url=None, openapi_url=None)
    panne, jetons = pannes or Pannes(), {}

    @app.get("/sante")
    def sante() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/compteurs")
    def compteurs() -> dict[str, int]:
        return registre.count()

    @app.post("/token/{partenaire}")
    async def token(request: Request, partenaire: str) -> Response:
        paire = base64.b64decode(request.headers.get("Authorization", "").partition(" ")[2]).decode()
        plateforme, _, donne = paire.partition(":")
        attendu = signature.token_of(secret, plateforme, partenaire)
        if await request.body() != b"grant_type=client_credentials" or not hmac.compare_digest(attendu.encode(), donne.encode()):
            return _json({"error": "invalid_client"}, 401)
        registre.note("jetons")
        jeton = secrets.token_urlsafe(16)
        jetons[jeton] = (plateforme, partenaire)
        return _json({"access_token": jeton, "token_type": "Bearer", "expires_in": 300}, 200)

    async def appeler(request: Request) -> Response:
        lieu = _authenticate(request, secret, jetons)
        if lieu is None:
            return _outcome(401, "login", "Jeton inconnu.")
        genre = panne.next()
        if genre.isdecimal():
            return _outcome(int(genre), "processing", "Panne jouée.", {"Retry-After": "120", "Location": "/ailleurs"})
        if genre == "lent":
            await run_in_threadpool(time.sleep, panne.duree_s)  # slowness is what is played
        corps = await request.body()
        reponse = await run_in_threadpool(_serve, registre, lieu, request, corps, genre)
        if genre == "perdue":
            return Response(b"", 502)  # done, and the answer is lost on the way
        if genre == "menteur":
            return _json({"resourceType": "Bundle", "type": "searchset"} if request.method == "POST" else {"ok": True}, 200)
        if genre == "tronque":
            return Response(bytes(reponse.body)[: len(reponse.body) // 2], reponse.status_code, media_type=TYPE_CONTENU)
        return reponse

    app.include_router(build_routeur(registre))
    app.add_api_route(RACINE, appeler, methods=["POST"])
    app.add_api_route(RACINE + "/{genre}", appeler, methods=["GET"])
    app.add_api_route(RACINE + "/{genre}/{ident}", appeler, methods=["GET"])
    return app


def _serve(registre: RegistreFhir, lieu: str, request: Request, corps: bytes, panne: str) -> Response:
    try:
        if request.method == "POST":
            return _receive(registre, lieu, corps, panne)
        genre, ident = request.path_params["genre"], request.path_params.get("ident")
        if genre == "metadata":
            return _json({"resourceType": "CapabilityStatement", "status": "active", "kind": "instance", "fhirVersion": "4.0.1"}, 200)
        if ident is not None:
            trouvee = registre.read(lieu, genre, ident)
            return _outcome(404, "not-found", "Ressource inconnue.") if trouvee is None else _json(trouvee, 200)
        return (
            _json(_searchset(registre, lieu, request, panne), 200) if genre == "Task" else _outcome(404, "not-supported", "Type inconnu.")
        )
    except Refus as refus:
        return _outcome(refus.statut, refus.code, refus.texte)


def _receive(registre: RegistreFhir, lieu: str, corps: bytes, panne: str) -> Response:
    try:
        paquet = json.loads(corps)
    except ValueError:
        return _outcome(400, "structure", "JSON illisible.")
    if panne == "menteur":
        return _json({}, 200)  # says yes and keeps nothing
    return _json(registre.transact(lieu, paquet), 200)


def _searchset(registre: RegistreFhir, lieu: str, request: Request, panne: str) -> Objet:
    criteres: Mapping[str, str] = request.query_params
    brut = criteres.get("_lastUpdated", "")
    depuis = datetime.fromisoformat(brut.removeprefix("gt")) if brut.startswith("gt") else None
    taches = registre.search(lieu, depuis, criteres.get("identifier"))
    if panne == "desordre":  # newest first, and one of them twice
        taches = [*reversed(taches), *taches[:1]]
    if panne == "autre_personne":
        autre = {"type": "Patient", "identifier": {"system": systemes.PERSONNE_ORIENTEE, "value": "00000000-0000-5000-8000-000000000000"}}
        taches = [{**t, "for": autre} for t in taches]
    rang, nombre = int(criteres.get("_rang", "0")), min(int(criteres.get("_count", PAR_PAGE_MAX)), PAR_PAGE_MAX)
    page, base = taches[rang : rang + nombre], str(request.base_url).rstrip("/") + RACINE
    liens = [{"relation": "self", "url": str(request.url)}]
    if rang + nombre < len(taches):
        liens.append({"relation": "next", "url": f"{base}/Task?{urlencode({**criteres, '_rang': rang + nombre})}"})
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(taches),
        "meta": {"lastUpdated": clock.now().isoformat(timespec="milliseconds")},
        "link": liens,
        "entry": [{"fullUrl": f"{base}/Task/{t['id']}", "resource": t, "search": {"mode": "match"}} for t in page],
    }


def _authenticate(request: Request, secret: bytes, jetons: Mapping[str, tuple[str, str]]) -> str | None:
    """Which server is called; None when the token is neither the derived one nor one we gave."""
    plateforme, partenaire = request.headers.get("X-PDP-Plateforme", ""), request.headers.get("X-PDP-Partenaire", "")
    porteur = request.headers.get("Authorization", "").removeprefix("Bearer ")
    derive = signature.token_of(secret, plateforme, partenaire)
    if jetons.get(porteur) == (plateforme, partenaire) or hmac.compare_digest(porteur.encode(), derive.encode()):
        return f"{plateforme}/{partenaire}"
    return None


def _outcome(statut: int, code: str, texte: str, entetes: dict[str, str] | None = None) -> Response:
    issue = {"severity": "error", "code": code, "diagnostics": texte}
    return _json({"resourceType": "OperationOutcome", "issue": [issue]}, statut, entetes)


def _json(objet: Any, statut: int, entetes: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(objet).encode(), statut, entetes, TYPE_CONTENU)  # in ASCII: what cannot be UTF-8 is played too


def main() -> None:
    """Serve on 127.0.0.1:$PDP_FHIR_PORT (``PDP_PARTENAIRE_HOTE`` in a container) until stopped."""
    dossier = Path(os.environ["PDP_ETAT"])
    registre = RegistreFhir(dossier / "partenaires_fhir.sqlite", float(os.environ.get("PDP_SIMULATEUR_DELAI_S", str(PAS_S))))
    hote = os.environ.get("PDP_PARTENAIRE_HOTE", "127.0.0.1")
    app = create_app(registre, settings().secret_partenaires)
    uvicorn.run(app, host=hote, port=int(os.environ["PDP_FHIR_PORT"]), access_log=False, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
