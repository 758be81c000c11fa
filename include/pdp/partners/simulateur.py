"""Partners who have an API, played for demonstrations and tests: ``python -m pdp.partners.simulateur``.

One server plays every partner, told apart by ``X-PDP-Partenaire`` (or by ``/p/<id>/`` in the address). What it receives is kept in
``$PDP_ETAT`` and survives a restart. How a partner answers is drawn from the id of the orientation: always the same.
"""

from __future__ import annotations

import hmac
import json
import os
from http import HTTPStatus
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response

from pdp.config import settings
from pdp.partners import signature
from pdp.partners.contrat import CHEMINS, ReponseInvalide, check_orientation_recue
from pdp.partners.simulateur_registre import Registre

_TYPES = {chemin: nature for nature, chemin in CHEMINS.items()}


class Pannes:
    """Scripted faults: the next ``nombre`` posts get ``status``; 200 = the partner acts and its answer is lost. ``signee`` false
    answers as somebody who does not know the token."""

    def __init__(self) -> None:
        self.status, self.nombre, self.signee = 0, 0, True

    def next_status(self) -> int | None:
        if self.nombre <= 0:
            return None
        self.nombre -= 1
        return self.status


def create_app(registre: Registre, secret: bytes, *, pannes: bool = False) -> FastAPI:
    """The application; ``pannes`` opens ``POST /pannes`` to tests."""
    app = FastAPI(title="Partenaires simulés", docs_url=None, redoc_url=None, openapi_url=None)
    panne = Pannes()

    @app.get("/sante")
    def sante() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/compteurs")
    def compteurs() -> dict[str, int]:
        return registre.count()

    if pannes:

        @app.post("/pannes")
        async def planifier(request: Request) -> dict[str, int]:
            demande = await request.json()
            panne.status, panne.nombre, panne.signee = int(demande["status"]), int(demande["nombre"]), bool(demande.get("signee", True))
            return {"status": panne.status, "nombre": panne.nombre}

    async def recevoir(request: Request) -> Response:
        appel = await authenticate(request, secret)
        if isinstance(appel, Response):
            return appel
        prevu = panne.next_status()
        if prevu is not None and prevu != HTTPStatus.OK:
            entetes = {"Retry-After": "120"} if prevu in (429, 503) else {"Location": "/ailleurs"} if prevu < 400 else {}
            return appel.answer(prevu, {"erreur": "panne"}, entetes) if panne.signee else Response(b"{}", prevu)
        nature = _TYPES["/" + request.url.path.rsplit("/", 1)[1]]
        statut, corps = _receive(registre, appel, nature)
        if prevu == HTTPStatus.OK:
            return Response(b"", HTTPStatus.OK)  # acted, and the answer is lost
        return appel.answer(statut, corps)

    async def lire(request: Request) -> Response:
        appel = await authenticate(request, secret)
        if isinstance(appel, Response):
            return appel
        curseur, evenements = registre.list_evenements(appel.plateforme, appel.partenaire, request.query_params.get("depuis"))
        return appel.answer(HTTPStatus.OK, {"curseur": curseur, "evenements": evenements})

    async def retrouver(request: Request) -> Response:
        appel = await authenticate(request, secret)
        if isinstance(appel, Response):
            return appel
        cle = request.path_params["cle"]
        recu_id = registre.find_recu(appel.plateforme, appel.partenaire, cle)
        if recu_id is None:
            return appel.answer(HTTPStatus.NOT_FOUND, {"cle": cle})
        return appel.answer(HTTPStatus.OK, {"cle": cle, "recu_id": recu_id, "statut": "recue"})

    for prefixe in ("", "/p/{partenaire}"):
        for chemin in CHEMINS.values():
            app.add_api_route(prefixe + chemin, recevoir, methods=["POST"])
        app.add_api_route(f"{prefixe}/evenements", lire, methods=["GET"])
        app.add_api_route(f"{prefixe}/messages/{{cle}}", retrouver, methods=["GET"])
    return app


class Appel:
    """An authenticated call and how to answer it, signed."""

    def __init__(self, plateforme: str, partenaire: str, jeton: str, signee: str, cle: str, corps: bytes) -> None:
        self.plateforme, self.partenaire, self.cle, self.corps = plateforme, partenaire, cle, corps
        self._jeton, self._signee = jeton, signee

    def answer(self, statut: int, objet: dict[str, Any], entetes: dict[str, str] | None = None) -> Response:
        corps = json.dumps(objet, ensure_ascii=False).encode()
        signee = signature.sign(self._jeton, signature.answer_parts(self._signee, statut), corps)
        return Response(corps, statut, {signature.ENTETE: signee, **(entetes or {})}, "application/json")


async def authenticate(request: Request, secret: bytes) -> Appel | Response:
    """The call when its token and signature are right, else the 401 to give back."""
    plateforme, partenaire = request.headers.get("X-PDP-Plateforme", ""), request.headers.get("X-PDP-Partenaire", "")
    jeton = signature.token_of(secret, plateforme, partenaire)
    corps, signee, cle = await request.body(), request.headers.get(signature.ENTETE, ""), request.headers.get("Idempotency-Key", "")
    chemin = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    porteur = request.headers.get("Authorization", "")
    nomme = request.path_params.get("partenaire", partenaire)
    if (
        nomme != partenaire
        or not hmac.compare_digest(porteur.encode(), f"Bearer {jeton}".encode())
        or not signature.is_valid(jeton, signature.request_parts(request.method, chemin, cle), corps, signee)
    ):
        return Response(status_code=HTTPStatus.UNAUTHORIZED)
    return Appel(plateforme, partenaire, jeton, signee, cle, corps)


def _receive(registre: Registre, appel: Appel, nature: str) -> tuple[int, dict[str, Any]]:
    """Act once per key; the same key with another body is refused."""
    try:
        objet = check_orientation_recue(appel.corps, nature)
    except ReponseInvalide as faute:
        return HTTPStatus.UNPROCESSABLE_ENTITY, {"erreur": faute.code}
    return registre.receive(appel.plateforme, appel.partenaire, nature, appel.cle, objet, appel.corps)


def main() -> None:
    """Serve on 127.0.0.1:$PDP_PARTENAIRE_PORT (``PDP_PARTENAIRE_HOTE`` in a container) until stopped."""
    dossier = Path(os.environ["PDP_ETAT"])
    registre = Registre(dossier / "partenaires_simules.sqlite", float(os.environ.get("PDP_SIMULATEUR_DELAI_S", "0")))
    app = create_app(registre, settings().secret_partenaires, pannes=os.environ.get("PDP_SIMULATEUR_PANNES") == "1")
    hote = os.environ.get("PDP_PARTENAIRE_HOTE", "127.0.0.1")
    uvicorn.run(app, host=hote, port=int(os.environ["PDP_PARTENAIRE_PORT"]), access_log=False, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
