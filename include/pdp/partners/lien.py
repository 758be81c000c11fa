"""Transport by e-mailed link, for a partner without an account: an ordinary mail says that something waits, a page shows it.

An ordinary mailbox is shared, forwarded, read by scanners: the mail names nobody, and the page shows nothing before a second step. That
step is a code of six digits mailed, when asked for, to the address the platform has configured: whoever holds only the link (a former
colleague, a forwarded mail, a log) cannot read it, and the code cannot be sent anywhere else. A known fact of the person was left out: a
partner who does not know her yet cannot be asked one, and one who does could guess. A telephone call or a second address were left out
too: most structures give one address. A structure with an account signs in instead.

Token and digits derive from opaque ids and a key the database does not have: nothing readable is stored, and a message tried again is
the same message. A mail server recognises no key: without an answer after the text the outcome is uncertain, and the same message is
not sent again. Another link may always leave: it changes nothing at the partner.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from pdp.config import settings
from pdp.partners import courriel
from pdp.partners.contrat import Classe, Destinataire, Envoi, Remise
from pdp.partners.lien_textes import SANS_PAGE, compose, genre_of

CHEMIN = "/lien"
_SCEAU = 16
_LONGUEUR = 43  # 32 bytes in base64url, without padding


def deliver(destinataire: Destinataire, envoi: Envoi, maintenant: datetime) -> Remise:
    """Mail the link, a reminder of it, a code or a notice; refused when the message needs a link and there is none any more."""
    genre = genre_of(envoi)
    if genre is None:
        return Remise(Classe.REFUSE, "no_template")
    if destinataire.lien is None and genre not in SANS_PAGE:
        return Remise(Classe.REFUSE, "no_link")
    message = compose(
        genre,
        destinataire,
        envoi,
        adresse=None if genre in SANS_PAGE or destinataire.lien is None else adresse_of(destinataire.lien.id),
        code=code_of(envoi.cle) if genre == "code" else None,
        demonstration=settings().demonstration,
    )
    return courriel.deliver(envoi.cle, destinataire.courriel, message.objet, message.texte, message.html, maintenant)


def adresse_of(lien_id: UUID) -> str:
    """Address of the page: an opaque token and nothing else."""
    return f"{settings().portail_url.rstrip('/')}{CHEMIN}/{jeton_of(lien_id)}"


def jeton_of(lien_id: UUID) -> str:
    """Token of a link: its id and a seal of 128 bits."""
    return base64.urlsafe_b64encode(lien_id.bytes + _seal("lien", lien_id.bytes)[:_SCEAU]).decode().rstrip("=")


def read_jeton(jeton: str) -> UUID | None:
    """Id of the link that a token names; None when nobody here made it."""
    if len(jeton) != _LONGUEUR or not jeton.isascii():
        return None
    try:
        brut = base64.b64decode(jeton + "=", altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    lien_id = UUID(bytes=brut[:16])
    return lien_id if hmac.compare_digest(jeton_of(lien_id).encode(), jeton.encode()) else None


def code_of(code_id: UUID) -> str:
    """The six digits of a code."""
    return f"{int.from_bytes(_seal('code', code_id.bytes)[:8], 'big') % 1_000_000:06}"


def hash_code(lien_id: UUID, chiffres: str) -> bytes:
    """What the database compares: without the key, a million tries say nothing."""
    return _seal("code-lu", lien_id.bytes + chiffres.encode())


def _seal(usage: str, contenu: bytes) -> bytes:
    return hmac.new(settings().secret_partenaires, f"lien-partenaire|{usage}|".encode() + contenu, sha256).digest()
