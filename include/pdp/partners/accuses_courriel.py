"""What a mail that came back says: receipt (RFC 8098), bounce (RFC 3464), error of an operator, absence, or somebody who writes.

Pure: bytes in, :class:`Lu` out, never an exception. Mails are read as they are, not as they should be: field names in any case, no
blank line before the fields, boundaries that never close, fields in a plain text. What a person writes is never read for a decision:
only that a person wrote.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import parseaddr
from uuid import UUID

TAILLE_MAX = 512 * 1024
"""Bytes read of a mail, above any receipt; what follows is not looked at."""
ENTETE_MAX = 2000
"""Characters read of a header: decoding the words of an endless one takes minutes."""
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_CLE = re.compile(rf"(?<![0-9a-fA-F-])({_UUID})@[A-Za-z0-9]")
_STATUT = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_SMTP = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
_DEMONS = re.compile(r"mailer-?daemon|postmaster|mail delivery|no-?reply-?bounce", re.IGNORECASE)
_REBONDS = re.compile(
    r"undeliver|delivery (?:status|fail)|returned mail|non remis|echec de (?:la )?(?:remise|distribution)|failure notice", re.I
)
_ABSENCES = re.compile(
    r"^\s*(?:reponse automatique|automatic reply|auto(?:matische|reply)|absen[ct]|out of office|message d'absence)", re.I
)
_KO = re.compile(r"^\s*\[\s*KO\b", re.IGNORECASE)
MORTES = {"5.1.0": "smtp_550", "5.1.1": "smtp_550", "5.1.2": "smtp_550", "5.1.3": "smtp_553", "5.1.6": "smtp_551", "5.1.10": "smtp_550"}
"""Statuses that say something of the address itself, as the codes known everywhere else."""
_PLEINES = frozenset({"5.2.2", "4.2.2"})


@dataclass(frozen=True)
class Lu:
    """``nature``: accuse, rebond, erreur_operateur, automatique, humaine or inconnue (``raison`` says why).

    ``cles``: keys of the messages it may answer, most certain first. ``etat`` as receipts of SMS: remis, lu, echec_temporaire,
    echec_definitif; None = says nothing of the delivery. ``code`` is safe to log: no word of the mail is kept.
    """

    nature: str
    cles: tuple[UUID, ...] = ()
    etat: str | None = None
    code: str | None = None
    raison: str | None = None


def parse_courriel(contenu: bytes) -> Lu:
    """Never raises, whatever the bytes."""
    try:
        return _parse(contenu[:TAILLE_MAX])
    except Exception:  # the parser of the standard library fails on some hostile headers: such a mail is set aside, the others are read
        return Lu("inconnue", _keys(contenu[:TAILLE_MAX].decode("latin-1")), raison="unreadable")


def _parse(contenu: bytes) -> Lu:
    message = email.message_from_bytes(contenu, policy=compat32)
    texte = "\n".join([contenu.decode("latin-1"), *_texts(message)]).replace("\r\n", "\n").replace("\r", "\n")
    objet = _header(message, "Subject")
    certaines = _keys("\n".join(_fields(texte, "Original-Message-ID")))
    suite = _keys(" ".join(str(v) for nom in ("In-Reply-To", "References") for v in message.get_all(nom, [])))
    cles = tuple(dict.fromkeys((*certaines, *suite, *_keys(texte))))
    genre = str(message.get("Content-Type", "")).lower()
    if _is_receipt(genre, texte):
        return _read_receipt(texte, cles)
    if _is_bounce(genre, texte, message, objet):
        return _read_bounce(texte, cles)
    if _KO.match(objet):
        return Lu("erreur_operateur", cles, "echec_definitif", "operator_ko")
    if _is_automatic(message, objet):
        return Lu("automatique", cles, None, "auto_reply")
    if cles:
        return Lu("humaine", cles)
    return Lu("inconnue", raison="no_reference" if message.keys() else "unreadable")


def _is_receipt(genre: str, texte: str) -> bool:
    return "disposition-notification" in genre or any(_MDN.match(valeur) for valeur in _fields(texte, "Disposition"))


_MDN = re.compile(r"\s*(?:(?:manual|automatic)-action|MDN-sent|displayed|processed|deleted|denied|failed|dispatched)", re.IGNORECASE)


def _read_receipt(texte: str, cles: tuple[UUID, ...]) -> Lu:
    """displayed = read, processed or dispatched = delivered; an error, a refusal or a deletion is for a person."""
    disposition = next(iter(_fields(texte, "Disposition")), "").lower()
    suite = disposition.rpartition(";")[2]
    erreur = "error" in suite or "failure" in suite or any(_fields(texte, nom) for nom in ("Error", "Failure"))
    if erreur or re.search(r"\b(?:failed|denied)\b", suite):
        code = re.search(r"(?<!\d)(\d{3})(?!\d)", " ".join([suite, *_fields(texte, "Error"), *_fields(texte, "Failure")]))
        return Lu("erreur_operateur", cles, "echec_definitif", f"mdn_error_{code[1]}" if code else "mdn_error")
    for mot, etat in (("displayed", "lu"), ("processed", "remis"), ("dispatched", "remis"), ("deleted", "remis")):
        if mot in suite:
            return Lu("accuse", cles, etat, f"mdn_{mot}")
    return Lu("inconnue", cles, raison="unknown_disposition")


def _is_bounce(genre: str, texte: str, message: Message, objet: str) -> bool:
    if "delivery-status" in genre or (_fields(texte, "Action") and _fields(texte, "Status")):
        return True
    vide = str(message.get("Return-Path", "x")).strip() == "<>"
    de = _header(message, "From")
    return bool((vide or _DEMONS.search(" ".join(parseaddr(de)) or de)) and (_REBONDS.search(_plain(objet)) or _STATUT.search(texte)))


def _read_bounce(texte: str, cles: tuple[UUID, ...]) -> Lu:
    """The action rules; without one, the first enhanced status, then the first SMTP code of the text."""
    action = next((mot for valeur in _fields(texte, "Action") for mot in _ACTIONS if mot in valeur.lower()), None)
    statut = next((".".join(lu.groups()) for valeur in _fields(texte, "Status") if (lu := _STATUT.search(valeur))), None)
    if statut is None and (lu := _STATUT.search(_after_headers(texte))):
        statut = ".".join(lu.groups())
    if statut is None and (simple := _SMTP.search(_after_headers(texte))):
        statut = "5.1.1" if simple[1] in ("550", "551", "553") else f"{simple[1][0]}.0.0"
    etat = _ACTIONS.get(action or "") or {"2": "remis", "4": "echec_temporaire", "5": "echec_definitif"}.get((statut or "")[:1])
    if etat is None:
        return Lu("inconnue", cles, raison="unknown_bounce")
    return Lu("rebond", cles, etat, f"dsn_{statut}" if statut else f"dsn_{action}")


_ACTIONS = {"failed": "echec_definitif", "delayed": "echec_temporaire", "delivered": "remis", "relayed": "remis", "expanded": "remis"}


def describe_adresse(code: str | None) -> str:
    """Code of a bounce in the words of receipts: an address that is dead, a full mailbox, a refusal."""
    statut = (code or "").removeprefix("dsn_")
    return MORTES.get(statut) or ("boite_pleine" if statut in _PLEINES else "refuse_operateur")


def _is_automatic(message: Message, objet: str) -> bool:
    soumis = str(message.get("Auto-Submitted", "no")).strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    marques = any(message.get(nom) is not None for nom in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id"))
    return (
        soumis not in ("no", "") or precedence in ("bulk", "junk", "auto_reply", "list") or marques or bool(_ABSENCES.match(_plain(objet)))
    )


def _texts(message: Message) -> Iterator[str]:
    """Decoded text of every part that is text: fields may be hidden by a transfer encoding."""
    for partie in message.walk():
        if partie.get_content_maintype() != "text" and partie.get_content_type() != "message/disposition-notification":
            continue
        brut = partie.get_payload(decode=True)
        if isinstance(brut, bytes) and str(partie.get("Content-Transfer-Encoding", "")).strip():
            yield brut.decode("utf-8", "replace")


def _fields(texte: str, nom: str) -> list[str]:
    """Values of a field wherever it begins a line, folded lines joined; ``texte`` has bare line feeds."""
    motif = rf"^[ \t]{{0,8}}{nom}[ \t]{{0,8}}:([^\n]*(?:\n[ \t][^\n:]*(?=\n|$))*)"
    return [" ".join(trouve.split()) for trouve in re.findall(motif, texte, re.IGNORECASE | re.MULTILINE)]


def _after_headers(texte: str) -> str:
    return texte.partition("\n\n")[2]


def _keys(texte: str) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys(UUID(trouve) for trouve in _CLE.findall(texte)))


def _header(message: Message, nom: str) -> str:
    """A header in words, encoded as it should be or written in raw bytes."""
    brut = next((str(valeur) for cle, valeur in message.raw_items() if cle.lower() == nom.lower()), "")
    return _decode(brut[:ENTETE_MAX].encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _decode(valeur: str) -> str:
    try:
        morceaux = decode_header(valeur)
    except Exception:  # a broken encoded word: shown as it came, it is only matched against a few patterns
        return valeur
    return "".join(m.decode(c or "utf-8", "replace") if isinstance(m, bytes) and _known(c) else str(m) for m, c in morceaux)


def _known(charset: str | None) -> bool:
    try:
        "".encode(charset or "utf-8")
    except LookupError:
        return False
    return True


def _plain(texte: str) -> str:
    return texte.lower().translate(str.maketrans("éèêëàâùûôîïç", "eeeeaauuoiic"))
