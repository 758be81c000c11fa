"""Transport to a partner who has an API: short, signed, never redirected, cut after ten seconds whatever the partner does."""

from __future__ import annotations

import ipaddress
import json
import socket
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import quote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from pdp.config import settings
from pdp.errors import ErreurPdp
from pdp.partners import signature
from pdp.partners.contrat import (
    CHEMINS,
    TAILLE_ACCUSE,
    TAILLE_EVENEMENTS,
    Classe,
    Destinataire,
    Envoi,
    Page,
    Remise,
    ReponseInvalide,
    parse_accuse,
    parse_cle_connue,
    parse_page,
)
from pdp.partners.reprise import parse_retry_after

CONNEXION_S = 3.0
TOTAL_S = 10.0
_PASSAGERS = frozenset({408, 425, 429})


class PartenaireMuet(ErreurPdp):
    """No usable answer; ``code`` says why, without any content."""

    code = "partner_unavailable"

    def __init__(self, code: str) -> None:
        super().__init__("Le partenaire ne répond pas pour le moment. Rien n'est perdu : un nouvel essai suivra.", code=code)


class AdresseRefusee(PartenaireMuet):
    """The address does not protect what would be sent."""


def deliver(destinataire: Destinataire, envoi: Envoi, maintenant: datetime, *, total_s: float = TOTAL_S) -> Remise:
    """Send one message. Never raises for what the partner or the network does: the outcome says it."""
    corps = json.dumps(envoi.corps, ensure_ascii=False, separators=(",", ":"), default=str).encode()
    try:
        statut, entetes, recu = call("POST", destinataire, CHEMINS[envoi.type], corps, str(envoi.cle), TAILLE_ACCUSE, total_s)
    except AdresseRefusee as refus:
        return Remise(Classe.REFUSE, refus.code)
    except PartenaireMuet as muet:
        return Remise(Classe.REESSAYER, muet.code)
    return classify(envoi, statut, entetes.get("Retry-After"), recu, maintenant)


def classify(envoi: Envoi, statut: int, retry_after: str | None, recu: bytes, maintenant: datetime) -> Remise:
    """Outcome of an answer whose signature was checked when it claims a success."""
    code = f"http_{statut}"
    if 200 <= statut < 300:
        try:
            parse_accuse(recu)
        except ReponseInvalide as faute:
            return Remise(Classe.REESSAYER, faute.code)
        return Remise(Classe.LIVRE, code)
    if statut == 409 and parse_cle_connue(recu) == str(envoi.cle):
        return Remise(Classe.LIVRE, code)
    if statut == 404 and envoi.type == "annulation":
        return Remise(Classe.LIVRE, code)  # it never had it: nothing is left to withdraw
    if statut in _PASSAGERS or statut >= 500:
        return Remise(Classe.REESSAYER, code, parse_retry_after(retry_after, maintenant))
    return Remise(Classe.REFUSE, code)


def fetch_evenements(destinataire: Destinataire, curseur: str | None, *, total_s: float = TOTAL_S) -> Page:
    """Events since ``curseur``; raises :class:`PartenaireMuet`, with nothing read, for anything but a correct page."""
    chemin = "/evenements" + (f"?depuis={quote(curseur, safe='')}" if curseur else "")
    statut, _, recu = call("GET", destinataire, chemin, b"", "", TAILLE_EVENEMENTS, total_s)
    if statut != 200:
        raise PartenaireMuet(f"http_{statut}")
    try:
        return parse_page(recu)
    except ReponseInvalide as faute:
        raise PartenaireMuet(faute.code) from None


def call(
    methode: str,
    destinataire: Destinataire,
    chemin: str,
    corps: bytes,
    cle: str,
    taille: int,
    total_s: float,
    signes: Collection[int] = (409,),
) -> tuple[int, requests.structures.CaseInsensitiveDict[str], bytes]:
    """One signed exchange: status, headers, body. A success, or a status of ``signes``, counts only when its signature is right.

    Raises :class:`PartenaireMuet` (its code says why) for everything that is not an answer.
    """
    url = _checked_url(destinataire, chemin)
    jeton = signature.token_of(settings().secret_partenaires, destinataire.plateforme_id, destinataire.id_source)
    parties = urlsplit(url)
    visible = parties.path + (f"?{parties.query}" if parties.query else "")
    signee = signature.sign(jeton, signature.request_parts(methode, visible, cle), corps)
    entetes = {
        "Authorization": f"Bearer {jeton}",
        "X-PDP-Plateforme": destinataire.plateforme_id,
        "X-PDP-Partenaire": destinataire.id_source,
        signature.ENTETE: signee,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if methode == "POST":
        entetes |= {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": cle}
    try:
        with (
            _session(total_s) as session,
            session.request(
                methode, url, data=corps or None, headers=entetes, timeout=(CONNEXION_S, total_s), allow_redirects=False, stream=True
            ) as reponse,
        ):
            recu = _read(reponse, taille, total_s)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as panne:
        raise PartenaireMuet(_fault(panne)) from None
    statut = reponse.status_code
    if (200 <= statut < 300 or statut in signes) and not signature.is_valid(
        jeton, signature.answer_parts(signee, statut), recu, reponse.headers.get(signature.ENTETE)
    ):
        raise PartenaireMuet("invalid_body:signature")
    return statut, reponse.headers, recu


def _read(reponse: requests.Response, taille: int, total_s: float) -> bytes:
    limite = time.monotonic() + total_s
    recu = b""
    for morceau in reponse.raw.stream(8192, decode_content=False):
        recu += morceau
        if len(recu) > taille or time.monotonic() > limite:
            raise PartenaireMuet("invalid_body:too_long")
    return recu


def _checked_url(destinataire: Destinataire, chemin: str) -> str:
    """Plain http only to this machine, or in a demonstration: nothing about a person crosses a network in clear."""
    base = (destinataire.url or "").rstrip("/")
    try:
        parties = urlsplit(base)
    except ValueError:
        raise AdresseRefusee("address_invalid") from None
    if parties.scheme == "https" and parties.hostname:
        return base + chemin
    if parties.scheme == "http" and parties.hostname and (settings().demonstration or _is_loopback(parties.hostname)):
        return base + chemin
    raise AdresseRefusee("address_not_secure" if base else "address_missing")


def _is_loopback(hote: str) -> bool:
    try:
        return ipaddress.ip_address(hote).is_loopback
    except ValueError:
        return hote == "localhost"


def _fault(panne: Exception) -> str:
    """Stable code of a network fault: the text of the exception holds an address, never logged."""
    if isinstance(panne, requests.exceptions.SSLError):
        return "tls"
    if isinstance(panne, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return "timeout"
    if isinstance(panne, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return "address_invalid"
    return "connection"


# -- total time: the timeout of a socket is per read; a partner who sends one byte per second would hold it for ever


@contextmanager
def _session(total_s: float) -> Iterator[requests.Session]:
    """One session, one call; no proxy, no cookie, no .netrc taken from the machine. Sockets are shut after ``total_s``."""
    garde = _Garde(total_s)
    with requests.Session() as session:
        session.trust_env = False
        adaptateur = _Adaptateur(garde)
        session.mount("http://", adaptateur)
        session.mount("https://", adaptateur)
        try:
            yield session
        finally:
            garde.stop()


class _Garde:
    """Shuts the sockets of one call when its time is over; a blocked read then ends at once."""

    def __init__(self, total_s: float) -> None:
        self._sockets: list[socket.socket] = []
        self._minuteur = threading.Timer(total_s, self._shut)
        self._minuteur.daemon = True
        self._minuteur.start()

    def watch(self, prise: socket.socket) -> None:
        self._sockets.append(prise)

    def stop(self) -> None:
        self._minuteur.cancel()

    def _shut(self) -> None:
        for prise in self._sockets:
            try:
                socket.socket.shutdown(prise, socket.SHUT_RDWR)
            except OSError:
                continue  # already closed


class _Adaptateur(HTTPAdapter):
    def __init__(self, garde: _Garde) -> None:
        self._garde = garde
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, **kwargs)
        garde = self._garde

        class Claire(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                garde.watch(self.sock)

        class Chiffree(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                garde.watch(self.sock)

        class GroupeClair(HTTPConnectionPool):
            ConnectionCls = Claire

        class GroupeChiffre(HTTPSConnectionPool):
            ConnectionCls = Chiffree

        self.poolmanager.pool_classes_by_scheme = {"http": GroupeClair, "https": GroupeChiffre}
