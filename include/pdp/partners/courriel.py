"""Transport by mail, for neutral notices only: no name, no health word, a link to the portal.

A mail server deduplicates nothing: once the text has been handed over without an answer, nobody knows, and it is not sent again.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

from pdp.config import settings
from pdp.partners.contrat import Classe, Remise

CONNEXION_S = 3.0
REPONSE_S = 7.0


def deliver(cle: UUID, adresse: str | None, objet: str, texte: str, html: str, maintenant: datetime) -> Remise:
    """Send one mail. 4xx and no answer before the text: try later; 5xx: refused; no answer after the text: uncertain."""
    if not adresse:
        return Remise(Classe.REFUSE, "address_missing")
    try:
        message = compose(cle, adresse, objet, texte, html, maintenant)
    except ValueError:
        return Remise(Classe.REFUSE, "address_invalid")
    hote, port = settings().smtp
    try:
        with _connection(hote, port) as smtp:
            _announce(smtp, adresse)
            return _hand_over(smtp, message)
    except smtplib.SMTPResponseException as refus:
        return _answer(refus.smtp_code)
    except (OSError, smtplib.SMTPException):
        return Remise(Classe.REESSAYER, "smtp_connection")


def compose(cle: UUID, adresse: str, objet: str, texte: str, html: str, maintenant: datetime) -> EmailMessage:
    """Text and HTML; the message id is the key, so that a mailbox may merge two copies. ``ValueError`` on a bad address."""
    message = EmailMessage(policy=SMTP)  # CRLF: smtplib sends bytes as they are
    message["From"] = settings().smtp_expediteur
    message["To"] = adresse
    message["Subject"] = objet
    message["Date"] = format_datetime(maintenant)
    message["Message-ID"] = f"<{cle}@{settings().smtp_expediteur.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(texte)
    message.add_alternative(html, subtype="html")
    message.set_boundary(f"pdp-{cle.hex}")  # the same message is the same bytes
    return message


@contextmanager
def _connection(hote: str, port: int) -> Iterator[smtplib.SMTP]:
    """An SMTP session that closes without raising: what was answered before counts, not the farewell."""
    smtp = smtplib.SMTP(timeout=CONNEXION_S)
    smtp._host = hote  # smtplib checks the certificate against it
    try:
        code, _ = smtp.connect(hote, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, "")
        smtp.sock.settimeout(REPONSE_S)
        smtp.ehlo_or_helo_if_needed()
        if not (settings().demonstration or hote in ("127.0.0.1", "::1", "localhost")):
            smtp.starttls(context=ssl.create_default_context())  # outside this machine, never in clear
        yield smtp
    finally:
        with suppress(OSError, smtplib.SMTPException):
            smtp.quit()
        smtp.close()


def _announce(smtp: smtplib.SMTP, adresse: str) -> None:
    smtp.ehlo_or_helo_if_needed()
    for code, _ in (smtp.mail(settings().smtp_expediteur), smtp.rcpt(adresse)):
        if not 200 <= code < 300:
            raise smtplib.SMTPResponseException(code, "")


def _hand_over(smtp: smtplib.SMTP, message: EmailMessage) -> Remise:
    try:
        code, _ = smtp.data(message.as_bytes())
    except smtplib.SMTPDataError as refus:
        return _answer(refus.smtp_code)
    except (OSError, smtplib.SMTPException):
        return Remise(Classe.INCERTAIN, "smtp_no_answer")
    return _answer(code)


def _answer(code: int) -> Remise:
    if 200 <= code < 300:
        return Remise(Classe.LIVRE, f"smtp_{code}")
    return Remise(Classe.REFUSE if 500 <= code < 600 else Classe.REESSAYER, f"smtp_{code}")
