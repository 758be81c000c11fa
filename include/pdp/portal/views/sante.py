"""How the platform itself is doing: the manager's page. Machines ask ``/sante/vivant``, ``/sante/pret`` and ``/metrics``."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from pdp import clock
from pdp.errors import Introuvable
from pdp.portal import metriques
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import lire, session_of
from pdp.services import read_sante

routeur = Routeur()
MENU = {"responsable": [("/equipe/sante", "État de la plateforme")]}


@routeur.get("/equipe/sante")
@acces("responsable")
def show_sante(request: Request) -> Response:
    """What does not go as expected, since when, what to do; feeds; the catch-up in people."""
    with lire(request) as conn:
        sante = read_sante.read_sante(conn, session_of(request).plateforme_id, clock.now())
    return page(request, "responsable/sante.html", sante=sante)


@routeur.get("/sante/vivant")
@acces("public")
def show_vivant() -> Response:
    """The process answers; nothing else is asked, so that a database that is down restarts nobody."""
    return JSONResponse({"vivant": True})


@routeur.get("/sante/pret")
@acces("public")
def show_pret() -> Response:
    """Whether to send people here: 503 when the database is away or older than this code. Late sweeps are told, and serve all the same."""
    etat = metriques.read_pret()
    return JSONResponse(etat, status_code=200 if etat["pret"] else 503)


@routeur.get("/metrics")
@acces("public")
def show_metriques(request: Request) -> Response:
    """Counts for Prometheus, for whoever knows the token; for anybody else this page does not exist."""
    if not metriques.is_admis(request.headers.get("authorization", "")):
        raise Introuvable
    corps, genre = metriques.render(clock.now())
    return PlainTextResponse(corps, media_type=genre)
