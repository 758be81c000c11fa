"""Access is declared on each route; a route that declares nothing cannot be built.

``@routeur.get("/ma-liste")`` above ``@acces("csam")``: the route class finds the session, checks the role, checks the token and the
origin of forms, and lets a form act once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from pdp.portal import sessions
from pdp.portal.securite import FormulaireRefuse, check_jeton, check_origine
from pdp.portal.sessions import CONNECTE, PUBLIC, redirect

ROLES = frozenset({"csam", "medecin_conseil", "responsable", "evaluateur", "partenaire"})
ATTENTE_DOUBLE = 10.0  # seconds that the second click waits for the first
PAS_DOUBLE = 0.1
Vue = TypeVar("Vue", bound=Callable[..., Any])


def acces(*roles: str) -> Callable[[Vue], Vue]:
    """Declare who may call a route: functions of :data:`ROLES`, ``"connecte"`` (anybody signed in) or ``"public"``."""
    inconnus = set(roles) - ROLES - {PUBLIC, CONNECTE}
    if inconnus or not roles:
        raise TypeError(f"unknown roles: {sorted(inconnus)}")

    def declare(vue: Vue) -> Vue:
        vars(vue)["roles_admis"] = frozenset(roles)
        return vue

    return declare


class RouteProtegee(APIRoute):
    """A route with declared access; the check runs before anything of the view."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        roles: frozenset[str] | None = getattr(self.endpoint, "roles_admis", None)
        if not roles:
            raise TypeError(f"route {self.path} declares no access: add @acces(...)")
        suite = super().get_route_handler()

        async def handle(request: Request) -> Response:
            await run_in_threadpool(sessions.attach, request, roles)
            if request.method in ("GET", "HEAD"):
                return await suite(request)
            check_origine(request)
            async with request.form() as formulaire:  # closes the files received, whatever the view does
                request.state.formulaire = formulaire
                return await _submit(request, suite, roles)

        return handle


async def _submit(request: Request, suite: Callable[[Request], Any], roles: frozenset[str]) -> Response:
    """Run the view of a form once: its token is checked, a second submission goes where the first one led."""
    formulaire = request.state.formulaire
    session = request.state.session
    if session is None or PUBLIC in roles:
        return await suite(request)  # the sign-in form carries its own token
    check_jeton(session.csrf, formulaire.get("jeton"))
    cle = _read_cle(formulaire.get("cle_saisie"))
    if cle is None:
        return await suite(request)
    deja = await _claim(request, cle)
    if deja is not None:
        return redirect(deja or _page_precedente(request))
    reponse: Response | None = None
    try:
        reponse = await suite(request)
    finally:
        await run_in_threadpool(sessions.settle_form, request, cle, reponse)
    return reponse


async def _claim(request: Request, cle: UUID) -> str | None:
    """None = this form is new; otherwise where its first submission led.

    While that one runs, a double click waits for its end, so that the person sees the result; "" when it lasts.
    """
    fin = time.monotonic() + ATTENTE_DOUBLE
    deja = await run_in_threadpool(sessions.claim_form, request, cle)
    while deja == "" and time.monotonic() < fin:
        await asyncio.sleep(PAS_DOUBLE)
        deja = await run_in_threadpool(sessions.claim_form, request, cle)
    return deja


def _read_cle(valeur: object) -> UUID | None:
    if valeur is None or valeur == "":
        return None
    try:
        return UUID(str(valeur))
    except ValueError:
        raise FormulaireRefuse from None


def _page_precedente(request: Request) -> str:
    """Page the form was on; only its path is kept, so that nobody is sent elsewhere."""
    chemin = urlsplit(request.headers.get("referer", "")).path
    return chemin if chemin.startswith("/") and not chemin.startswith("//") else "/"


class Routeur(APIRouter):
    """Router of a screen: all its routes are protected."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=RouteProtegee, redirect_slashes=False, **options)
