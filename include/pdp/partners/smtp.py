"""One message to one mail server: encrypted outside this machine, cut after ten seconds, and what its answer means.

A mail server recognises no key: before the text it is certain that nothing left, after it only an answer says so.
"""

from __future__ import annotations

import os
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pdp.config import ServeurCourrier, settings
from pdp.partners.contrat import Classe, Remise

CONNEXION_S = 3.0
TOTAL_S = 9.0
SMTPS = 465
_POINT = re.compile(rb"^\.", re.MULTILINE)


def send(serveur: ServeurCourrier, expediteur: str, adresse: str, message: bytes, *, total_s: float = TOTAL_S) -> Remise:
    """Send ``message`` (CRLF lines) to one address. 4xx, no answer before the text, or our own account refused: try later; 5xx:
    refused; no answer once the text left: uncertain."""
    try:
        with _session(serveur, total_s) as smtp:
            for code, _ in (smtp.mail(expediteur), smtp.rcpt(adresse)):
                if not 200 <= code < 300:
                    return classify(code)
            return _hand_over(smtp, message)
    except smtplib.SMTPAuthenticationError:
        return Remise(Classe.REESSAYER, "smtp_auth")
    except smtplib.SMTPResponseException as refus:
        return classify(refus.smtp_code)
    except (OSError, smtplib.SMTPException):
        return Remise(Classe.REESSAYER, "smtp_connection")


def classify(code: int) -> Remise:
    if 200 <= code < 300:
        return Remise(Classe.LIVRE, f"smtp_{code}")
    return Remise(Classe.REFUSE if 500 <= code < 600 else Classe.REESSAYER, f"smtp_{code}")


def tls_context(serveur: ServeurCourrier) -> ssl.SSLContext:
    """Certificate of the server always checked; ours shown when the operator asks for one."""
    contexte = ssl.create_default_context(cafile=serveur.autorite)
    if serveur.certificat:
        contexte.load_cert_chain(serveur.certificat)
    return contexte


def in_clear(serveur: ServeurCourrier) -> bool:
    """Only on this machine, or with synthetic data."""
    return serveur.local or settings().demonstration


def _hand_over(smtp: smtplib.SMTP, message: bytes) -> Remise:
    code, _ = smtp.docmd("DATA")
    if code != 354:
        return classify(code if code >= 400 else 451)
    try:
        smtp.send(_POINT.sub(b"..", message) + (b"" if message.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        code, _ = smtp.getreply()
    except (OSError, smtplib.SMTPException):
        return Remise(Classe.INCERTAIN, "smtp_no_answer")
    return classify(code)


@contextmanager
def _session(serveur: ServeurCourrier, total_s: float) -> Iterator[smtplib.SMTP]:
    """Signed in and ready for a message; whatever the server does, its connection is cut after ``total_s``."""
    clair = in_clear(serveur)
    prise = socket.create_connection((serveur.hote, serveur.port), timeout=CONNEXION_S)
    with cut_after(prise, total_s):
        prise.settimeout(total_s)
        smtp = smtplib.SMTP(timeout=total_s)
        smtp._host = serveur.hote  # smtplib checks the certificate against it
        smtp.sock = prise
        try:
            if not clair and serveur.port == SMTPS:
                smtp.sock = tls_context(serveur).wrap_socket(prise, server_hostname=serveur.hote)
            code, _ = smtp.getreply()
            if code != 220:
                raise smtplib.SMTPConnectError(code, "")
            _identify(smtp, serveur, chiffrer=not clair and serveur.port != SMTPS)
            yield smtp
        finally:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()  # what was answered before counts, not the farewell
            smtp.close()
            prise.close()


def _identify(smtp: smtplib.SMTP, serveur: ServeurCourrier, *, chiffrer: bool) -> None:
    smtp.ehlo_or_helo_if_needed()
    if chiffrer:
        smtp.starttls(context=tls_context(serveur))  # raises when the server has none: never in clear
        smtp.ehlo_or_helo_if_needed()
    if serveur.compte:
        smtp.login(serveur.compte, serveur.mot_de_passe or "")


@contextmanager
def cut_after(prise: socket.socket, total_s: float) -> Iterator[None]:
    """Shut the connection after ``total_s``, through a second handle that survives encryption.

    A server that answers one byte at a time would never run into the time limit of a read.
    """
    double = socket.socket(fileno=os.dup(prise.fileno()))  # an encrypted socket refuses to be duplicated by itself

    def cut() -> None:
        with suppress(OSError):
            double.shutdown(socket.SHUT_RDWR)

    garde = threading.Timer(total_s, cut)
    garde.daemon = True
    garde.start()
    try:
        yield
    finally:
        garde.cancel()
        double.close()
