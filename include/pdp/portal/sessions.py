"""What a request knows of the person signed in, and the transactions opened in his or her name.

The only module of the portal that opens transactions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.responses import Response

from pdp import clock
from pdp.domain.auteur import Auteur
from pdp.errors import AccesRefuse, ErreurPdp
from pdp.services import sign_in
from pdp.services.read_mesures import MESUREUR
from pdp.services.sign_in import Session
from pdp.storage import db

PUBLIC = "public"
CONNECTE = "connecte"


class ConnexionRequise(ErreurPdp):
    """Nobody is signed in, or the session ended."""

    code = "sign_in_required"

    def __init__(self) -> None:
        super().__init__("Votre session est terminée. Rien n'a été enregistré : connectez-vous puis recommencez.")


def is_https(request: Request) -> bool:
    return request.url.scheme == "https"


def keep_acces(request: Request, reponse: Response, nom: str, valeur: str, chemin: str, duree: timedelta) -> None:
    """Cookie of a holder without an account: for the pages of one link, for a short while."""
    reponse.set_cookie(
        nom, valeur, httponly=True, samesite="lax", secure=is_https(request), path=chemin, max_age=int(duree.total_seconds())
    )


def cookie_name(request: Request) -> str:
    """The ``__Host-`` prefix ties the cookie to this host; browsers accept it over https only."""
    return "__Host-pdp" if is_https(request) else "pdp"


def attach(request: Request, roles: frozenset[str]) -> None:
    """Find the session of the request and check its role. Raises :class:`ConnexionRequise` or :class:`AccesRefuse`."""
    request.state.session = None
    jeton = request.cookies.get(cookie_name(request))
    if jeton:
        with db.begin_portail() as conn:
            request.state.session = sign_in.find_session(conn, jeton, clock.now())
    if PUBLIC in roles:
        return
    if request.state.session is None:
        raise ConnexionRequise
    if CONNECTE not in roles and request.state.session.role not in roles:
        raise AccesRefuse("Votre fonction ne donne pas accès à cet écran.")


def session_of(request: Request) -> Session:
    """Session of the request; raises :class:`ConnexionRequise` on a public page nobody signed in to."""
    if request.state.session is None:
        raise ConnexionRequise
    return request.state.session


def agent_of(request: Request) -> UUID:
    """Agent signed in; a partner has none and is told that nothing is there."""
    agent = session_of(request).agent_id
    if agent is None:
        raise AccesRefuse("Votre fonction ne donne pas accès à cet écran.")
    return agent


@contextmanager
def lire(request: Request) -> Iterator[Connection]:
    """Read-only transaction under the role of the person signed in; what a GET uses."""
    with db.begin_as(session_of(request).auteur, lecture=True) as conn:
        yield conn


@contextmanager
def ecrire(request: Request) -> Iterator[Connection]:
    """Transaction under the role of the person signed in; committed at the end, rolled back on error."""
    with db.begin_as(session_of(request).auteur) as conn:
        yield conn


@contextmanager
def portail() -> Iterator[Connection]:
    """Transaction of the portal itself, for sign-in and health; it sees no case."""
    with db.begin_portail() as conn:
        yield conn


@contextmanager
def mesurer() -> Iterator[Connection]:
    """Read-only transaction of the role that counts; it sees no case."""
    with db.begin_as(MESUREUR, lecture=True) as conn:
        yield conn


@contextmanager
def au_nom_du_lien(auteur: Auteur, *, lecture: bool) -> Iterator[Connection]:
    """Transaction of the holder of a link, under the role that reads no table at all."""
    with db.begin_as(auteur, lecture=lecture) as conn:
        yield conn


@contextmanager
def au_nom_du_partenaire(auteur: Auteur, *, lecture: bool) -> Iterator[Connection]:
    """Transaction of the software of a partner, under the role of partners; its token told who it is."""
    with db.begin_as(auteur, lecture=lecture) as conn:
        yield conn


def flash(request: Request, texte: str, *, genre: str = "succes", annulation: dict[str, str] | None = None) -> None:
    """Message shown once on the next page. ``genre``: succes, info, attention. ``annulation``: {"adresse", "libelle"} of an undo button."""
    message = {"texte": texte, "genre": genre, "annulation": annulation}
    with db.begin_portail() as conn:
        sign_in.push_flash(conn, session_of(request), message)


def take_flash(request: Request) -> list[dict[str, Any]]:
    """Messages to show now; they will not be shown again."""
    session: Session | None = request.state.session
    if session is None or not session.preferences.get("flash"):
        return []
    with db.begin_portail() as conn:
        sign_in.clear_flash(conn, session)
    return list(session.preferences["flash"])


def redirect(adresse: str) -> RedirectResponse:
    """Go and see the result: a reload of the next page sends nothing again."""
    return RedirectResponse(adresse, status_code=303)


def claim_form(request: Request, cle: UUID) -> str | None:
    """None = this form is new; otherwise where its first submission led ("" while it runs)."""
    with db.begin_portail() as conn:
        return sign_in.claim_cle(conn, session_of(request), cle)


def settle_form(request: Request, cle: UUID, reponse: Response | None) -> None:
    """Remember where the submission led, or give the key back when it did not succeed."""
    session = session_of(request)
    with db.begin_portail() as conn:
        if reponse is not None and reponse.status_code == 303:
            sign_in.keep_cle(conn, session, cle, reponse.headers["location"])
        else:
            sign_in.release_cle(conn, session, cle)
