"""Sign-in, sign-out, home, health and the static files."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import JSONResponse, Response

from pdp import clock
from pdp.errors import Introuvable
from pdp.portal import sessions
from pdp.portal.affichage import DOSSIER, MENUS, page
from pdp.portal.auth import Routeur, acces
from pdp.portal.securite import check_jeton
from pdp.portal.sessions import is_https, portail, redirect
from pdp.services import sign_in

routeur = Routeur()
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FICHIERS = {f.name: f.read_bytes() for f in (DOSSIER / "static").iterdir() if f.suffix in _TYPES}
_COOKIE_CONNEXION = "pdp_connexion"
REFUS = (
    "Identifiant ou mot de passe incorrect, ou compte momentanément bloqué après plusieurs essais. "
    "Attendez un quart d'heure ou appelez votre responsable."
)


@routeur.get("/sante")
@acces("public")
def show_sante() -> Response:
    """Health for supervisors: 200 when the database answers, else the 503 page."""
    with portail() as conn:
        sign_in.check_base(conn)
    return JSONResponse({"ok": True})


@routeur.get("/statique/{nom}")
@acces("public")
def show_statique(nom: str) -> Response:
    """Own style sheet and script; their address carries a version, so browsers may keep them."""
    contenu = _FICHIERS.get(nom)
    if contenu is None:
        raise Introuvable
    return Response(contenu, media_type=_TYPES["." + nom.rsplit(".", 1)[1]], headers={"cache-control": "public, max-age=3600"})


@routeur.get("/")
@acces("connecte")
def show_accueil(request: Request) -> Response:
    """Each function has its first screen."""
    return redirect(_accueil(sessions.session_of(request).role))


def _accueil(role: str) -> str:
    entrees = MENUS.get(role)
    if not entrees:
        raise Introuvable
    return entrees[0][0]


@routeur.get("/connexion")
@acces("public")
def show_connexion(request: Request, suite: str = "") -> Response:
    if request.state.session is not None:
        return redirect("/")
    return _page_connexion(request, suite, "", 200)


def _page_connexion(request: Request, suite: str, refus: str, statut: int) -> Response:
    jeton = secrets.token_urlsafe(24)
    reponse = page(request, "connexion.html", statut=statut, suite=_suite_locale(suite), refus=refus, jeton_connexion=jeton)
    reponse.set_cookie(
        _COOKIE_CONNEXION, jeton, httponly=True, samesite="strict", secure=is_https(request), path="/connexion", max_age=1800
    )
    return reponse


@routeur.post("/connexion")
@acces("public")
def connect(
    request: Request,
    identifiant: Annotated[str, Form(max_length=200)],
    mot_de_passe: Annotated[str, Form(max_length=200)],
    jeton: Annotated[str, Form(max_length=200)],
    suite: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """The try is counted and committed before it is evaluated; the answer does not say which part was wrong."""
    check_jeton(request.cookies.get(_COOKIE_CONNEXION, "") or secrets.token_urlsafe(24), jeton)
    maintenant = clock.now()
    with portail() as conn:
        essai = sign_in.reserve_essai(conn, identifiant.replace("\x00", ""), maintenant)
    if not sign_in.is_essai_juste(essai, mot_de_passe):
        return _page_connexion(request, suite, REFUS, 401)
    with portail() as conn:
        cookie = sign_in.open_session(conn, essai, maintenant, request.cookies.get(sessions.cookie_name(request)))
    reponse = redirect(_suite_locale(suite) or "/")
    reponse.set_cookie(sessions.cookie_name(request), cookie, httponly=True, samesite="lax", secure=is_https(request), path="/")
    reponse.delete_cookie(_COOKIE_CONNEXION, path="/connexion")
    return reponse


def _suite_locale(suite: str) -> str:
    """A path of this portal, or nothing: signing in never sends elsewhere."""
    sain = suite.startswith("/") and not suite.startswith("//") and "\\" not in suite and suite.isprintable()
    return suite if sain and not suite.startswith("/connexion") else ""


@routeur.post("/deconnexion")
@acces("connecte")
def disconnect(request: Request) -> Response:
    """Revoked on the server, then forgotten by the browser."""
    nom = sessions.cookie_name(request)
    with portail() as conn:
        sign_in.close_session(conn, request.cookies.get(nom, ""), clock.now())
    reponse = redirect("/connexion")
    reponse.delete_cookie(nom, path="/", secure=is_https(request), httponly=True, samesite="lax")
    reponse.headers["clear-site-data"] = '"cache", "storage"'
    return reponse
