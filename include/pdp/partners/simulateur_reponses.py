"""What comes back to a mailbox, as the simulated operator writes it: receipts good and malformed, bounces, absences, answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage, Message
from email.policy import SMTP
from email.utils import format_datetime

Reponse = Callable[[Message, str, datetime], bytes]
DEMON = "MAILER-DAEMON@operateur.mssante.invalid"


def _lines(*lignes: str) -> bytes:
    return "\r\n".join(lignes).encode("utf-8") + b"\r\n"


def _report(original: Message, de: str, maintenant: datetime, objet: str, genre: str, texte: str, champs: list[str], type: str) -> bytes:
    return _lines(
        f"From: <{de}>",
        f"To: {original['From']}",
        f"Subject: {objet}",
        f"Date: {format_datetime(maintenant)}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type={genre}; boundary="rapport"',
        "",
        "--rapport",
        "Content-Type: text/plain; charset=utf-8",
        "",
        texte,
        "",
        "--rapport",
        f"Content-Type: message/{type}",
        "",
        *champs,
        "",
        "--rapport",
        "Content-Type: text/rfc822-headers",
        "",
        f"Message-ID: {original['Message-ID']}",
        "",
        "--rapport--",
    )


def accuse(original: Message, adresse: str, maintenant: datetime) -> bytes:
    """A receipt as RFC 8098 writes it."""
    champs = [
        f"Final-Recipient: rfc822;{adresse}",
        f"Original-Message-ID: {original['Message-ID']}",
        "Disposition: manual-action/MDN-sent-manually; displayed",
    ]
    return _report(original, adresse, maintenant, "Lu", "disposition-notification", "Message affiché.", champs, "disposition-notification")


def accuse_malforme(original: Message, adresse: str, maintenant: datetime) -> bytes:
    """No blank line before the fields, names in another case, no brackets, a boundary that never closes, bare line feeds."""
    return (
        f"From: {adresse}\nTo: {original['From']}\nSubject: Accuse\n"
        'Content-Type: multipart/report; report-type="disposition-notification"; boundary=abc\n'
        "--abc\nContent-Type: text/plain\nVotre message a ete traite\n--abc\n"
        "Content-Type: message/disposition-notification\n"
        f"final-recipient : rfc822;{adresse}\noriginal-message-id:{str(original['Message-ID']).strip('<>')}\n"
        "disposition: automatic-action/MDN-sent-automatically;processed\n"
    ).encode()


def rebond(original: Message, adresse: str, maintenant: datetime) -> bytes:
    champs = ["Reporting-MTA: dns; operateur", "", f"Final-Recipient: rfc822; {adresse}", "Action: failed", "Status: 5.1.1"]
    return _report(original, DEMON, maintenant, "Message non remis", "delivery-status", "Boîte inexistante.", champs, "delivery-status")


def retard(original: Message, adresse: str, maintenant: datetime) -> bytes:
    champs = ["Reporting-MTA: dns; operateur", "", f"Final-Recipient: rfc822; {adresse}", "Action: delayed", "Status: 4.2.2"]
    return _report(original, DEMON, maintenant, "Message en attente", "delivery-status", "Boîte pleine.", champs, "delivery-status")


def erreur_operateur(original: Message, adresse: str, maintenant: datetime) -> bytes:
    """An ordinary mail that some receiving software writes when it cannot file what it got."""
    return _simple(original, adresse, maintenant, "[KO Integration systeme !] Document non integre", "Patient inconnu du logiciel.")


def absence(original: Message, adresse: str, maintenant: datetime) -> bytes:
    return _simple(original, adresse, maintenant, "Réponse automatique : absent", "De retour lundi.", {"Auto-Submitted": "auto-replied"})


def humaine(original: Message, adresse: str, maintenant: datetime) -> bytes:
    return _simple(original, adresse, maintenant, f"Re: {original['Subject']}", "Bonjour, nous prenons cette demande en charge.")


def _simple(original: Message, de: str, maintenant: datetime, objet: str, texte: str, entetes: dict[str, str] | None = None) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = de, str(original["From"]), objet.replace("\n", " ").replace("\r", "")
    message["Date"] = format_datetime(maintenant)
    message["In-Reply-To"] = message["References"] = " ".join(str(original["Message-ID"]).split())
    for nom, valeur in (entetes or {}).items():
        message[nom] = valeur
    message.set_content(texte)
    return message.as_bytes()


REPONSES: dict[str, tuple[Reponse, ...]] = {
    "accuse": (accuse,),
    "malforme": (accuse_malforme,),
    "rebond": (rebond,),
    "retard": (retard, accuse),
    "erreur": (erreur_operateur,),
    "absent": (absence,),
    "humain": (accuse, humaine),
    "silence": (),
}
"""Fate of a message by the beginning of its address: ``rebond@…`` bounces, an unknown one sends a receipt."""
