"""What every response carries and every request must respect: headers, size, origin of forms."""

from __future__ import annotations

import hmac
import logging
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pdp.config import settings
from pdp.domain.reponse_fichier import TAILLE_MAX as REPONSES_MAX_OCTETS
from pdp.errors import ErreurPdp
from pdp.services.upload_flux import TAILLE_MAX_OCTETS

CORPS_MAX_OCTETS = 64 * 1024
CHEMIN_DEPOT = "/equipe/donnees/depot"
CORPS_DEPOT_MAX_OCTETS = TAILLE_MAX_OCTETS + CORPS_MAX_OCTETS
CHEMIN_ECHANGES, CHEMIN_FICHIERS = "/equipe/echanges/depot", "/partenaire/fichiers/depot"
CORPS_FICHIERS = {
    CHEMIN_DEPOT: CORPS_DEPOT_MAX_OCTETS,
    CHEMIN_ECHANGES: REPONSES_MAX_OCTETS + CORPS_MAX_OCTETS,
    CHEMIN_FICHIERS: REPONSES_MAX_OCTETS + CORPS_MAX_OCTETS,
}
"""The only route that takes a file; its session and role are checked before a byte of the body is read."""
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
ENTETES = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # same-origin, not no-referrer: with the latter browsers send "Origin: null" on our own forms
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
CADRES_AIRFLOW = ("/passages", "/equipe/parcours/", "/traitements")
"""Pages of the manager that Airflow shows in a tab of its runs, with what their forms answer; its own address only, no other page."""
HSTS = "max-age=31536000; includeSubDomains"
_journal = logging.getLogger("pdp.portail")


class FormulaireRefuse(ErreurPdp):
    """A form that does not come from a page of this portal, or from a page that is too old."""

    code = "form_refused"

    def __init__(self) -> None:
        super().__init__("Cette page n'est plus valable : rien n'a été enregistré. Revenez en arrière, rechargez la page puis recommencez.")


class Enveloppe:
    """Outermost layer: security headers on every response, too large bodies refused, an unexpected error becomes a clean page.

    ``machine``: where programs call, and the two refusals they read instead of pages.
    """

    def __init__(
        self,
        app: ASGIApp,
        page_erreur: Response,
        page_trop_grand: Response,
        page_fichier_trop_grand: Response,
        machine: tuple[str, Response, Response],
    ) -> None:
        self.app = app
        self.page_erreur = page_erreur
        self.page_trop_grand = page_trop_grand
        self.page_fichier_trop_grand = page_fichier_trop_grand
        self.machine = machine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        commencee = False

        async def send_entetes(message: Message) -> None:
            nonlocal commencee
            if message["type"] == "http.response.start":
                commencee = True
                _add_headers(MutableHeaders(scope=message), scope["scheme"])
                if scope["method"] in ("GET", "POST") and scope["path"].startswith(CADRES_AIRFLOW):
                    _allow_airflow(MutableHeaders(scope=message))
            await send(message)

        depot = CORPS_FICHIERS.get(scope["path"]) if scope["method"] == "POST" else None
        racine, refus_taille, refus_erreur = self.machine
        programme = scope["path"].startswith(f"{racine}/")
        page_erreur = refus_erreur if programme else self.page_erreur
        maximum, trop_grand = (depot, self.page_fichier_trop_grand) if depot else (CORPS_MAX_OCTETS, self.page_trop_grand)
        trop_grand = refus_taille if programme else trop_grand
        if _declared_size(Headers(scope=scope), maximum) > maximum:
            await trop_grand(scope, receive, send_entetes)
            return
        try:
            await self.app(scope, _Compteur(receive, maximum), send_entetes)
        except CorpsTropGrand:
            await trop_grand(scope, receive, send_entetes)
        except Exception:
            _journal.exception("unexpected_error method=%s", scope["method"])
            if commencee:
                raise
            await page_erreur(scope, receive, send_entetes)


class CorpsTropGrand(Exception):
    """More bytes than announced, or than allowed."""


class _Compteur:
    """Counts the bytes really received: a chunked body announces no size."""

    def __init__(self, receive: Receive, maximum: int) -> None:
        self.receive = receive
        self.maximum = maximum
        self.total = 0

    async def __call__(self) -> Message:
        message = await self.receive()
        self.total += len(message.get("body", b""))
        if self.total > self.maximum:
            raise CorpsTropGrand
        return message


def _declared_size(entetes: Headers, maximum: int) -> int:
    taille = entetes.get("content-length", "0")
    return int(taille) if taille.isdigit() else maximum + 1


def _allow_airflow(entetes: MutableHeaders) -> None:
    adresse = urlsplit(settings().airflow_url)
    entetes["content-security-policy"] = CSP.replace("frame-ancestors 'none'", f"frame-ancestors {adresse.scheme}://{adresse.netloc}")
    del entetes["x-frame-options"]  # knows no address but its own


def _add_headers(entetes: MutableHeaders, schema: str) -> None:
    for nom, valeur in ENTETES.items():
        entetes.setdefault(nom, valeur)
    if schema == "https":
        entetes.setdefault("strict-transport-security", HSTS)


def check_origine(request: Request) -> None:
    """Raises :class:`FormulaireRefuse` when the browser says that the form comes from elsewhere.

    A page that tells nobody its address sends its own forms with « Origin: null »: the browser then says that they are ours by
    ``Sec-Fetch-Site``. One too old to say so is believed when nobody is signed in: there is no session to borrow.
    """
    origine, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if site not in ("same-origin", "none", None):
        raise FormulaireRefuse
    if origine == "null" and (site == "same-origin" or (site is None and request.state.session is None)):
        return
    if origine is not None and urlsplit(origine).netloc != request.headers.get("host", ""):
        raise FormulaireRefuse


def check_jeton(attendu: str, recu: object) -> None:
    """Raises :class:`FormulaireRefuse` when the form does not carry the token of the session."""
    if not isinstance(recu, str) or not hmac.compare_digest(attendu.encode(), recu.encode()):
        raise FormulaireRefuse
