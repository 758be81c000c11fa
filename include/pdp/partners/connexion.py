"""One call to a partner, whatever the protocol above it: https, no redirect, no proxy, a size limit, and cut after a total time.

The timeout of a socket is per read: a partner who sends one byte per second would hold it for ever. Nothing here knows what is said.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from pdp.config import settings
from pdp.errors import ErreurPdp

CONNEXION_S = 3.0
TOTAL_S = 10.0


class PartenaireMuet(ErreurPdp):
    """No usable answer; ``code`` says why, without any content."""

    code = "partner_unavailable"

    def __init__(self, code: str) -> None:
        super().__init__("Le partenaire ne répond pas pour le moment. Rien n'est perdu : un nouvel essai suivra.", code=code)


class AdresseRefusee(PartenaireMuet):
    """The address does not protect what would be sent."""


class _PairInterdit(OSError):
    """The name leads to an address no partner lives at (link-local, multicast, unspecified): closed before a byte is written."""


def check_adresse(base: str | None) -> str:
    """The address without its last slash. Plain http only to this machine, or in a demonstration: nothing crosses a network in clear.

    Raises :class:`AdresseRefusee`; a name and password in the address are refused, they would end in a log.
    """
    base = (base or "").rstrip("/")
    try:
        parties = urlsplit(base)
        nomme = parties.username or parties.password
        _ = parties.port
    except ValueError:
        raise AdresseRefusee("address_invalid") from None
    if nomme or parties.query or parties.fragment:
        raise AdresseRefusee("address_invalid")
    if parties.scheme == "https" and parties.hostname:
        return base
    if parties.scheme == "http" and parties.hostname and (settings().demonstration or _is_loopback(parties.hostname)):
        return base
    raise AdresseRefusee("address_not_secure" if base else "address_missing")


def exchange(
    methode: str, url: str, entetes: Mapping[str, str], corps: bytes, taille: int, total_s: float
) -> tuple[int, CaseInsensitiveDict[str], bytes]:
    """Status, headers and body of one call to a checked address; raises :class:`PartenaireMuet` for all that is not an answer."""
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
    return reponse.status_code, reponse.headers, recu


def _read(reponse: requests.Response, taille: int, total_s: float) -> bytes:
    limite = time.monotonic() + total_s
    recu = b""
    for morceau in reponse.raw.stream(8192, decode_content=False):
        recu += morceau
        if len(recu) > taille or time.monotonic() > limite:
            raise PartenaireMuet("invalid_body:too_long")
    return recu


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


def _pair_of(prise: socket.socket) -> str:
    return str(prise.getpeername()[0]).partition("%")[0]


def _check_pair(prise: socket.socket) -> socket.socket:
    """The address really connected to, after the name was resolved: a name that changes its mind leads nowhere else."""
    pair = ipaddress.ip_address(_pair_of(prise))
    pair = getattr(pair, "ipv4_mapped", None) or pair
    if pair.is_link_local or pair.is_multicast or pair.is_unspecified:
        prise.close()
        raise _PairInterdit
    return prise


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
        self._finie = False
        self._minuteur = threading.Timer(total_s, self._shut)
        self._minuteur.daemon = True
        self._minuteur.start()

    def watch(self, prise: socket.socket) -> None:
        """A process that was stopped in between may connect when its time is over already: it writes nothing."""
        self._sockets.append(prise)
        if self._finie:
            self._shut()

    def stop(self) -> None:
        self._minuteur.cancel()

    def _shut(self) -> None:
        self._finie = True
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
            def _new_conn(self) -> socket.socket:
                return _check_pair(super()._new_conn())

            def connect(self) -> None:
                super().connect()
                garde.watch(self.sock)

        class Chiffree(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return _check_pair(super()._new_conn())

            def connect(self) -> None:
                super().connect()
                garde.watch(self.sock)

        class GroupeClair(HTTPConnectionPool):
            ConnectionCls = Claire

        class GroupeChiffre(HTTPSConnectionPool):
            ConnectionCls = Chiffree

        self.poolmanager.pool_classes_by_scheme = {"http": GroupeClair, "https": GroupeChiffre}
