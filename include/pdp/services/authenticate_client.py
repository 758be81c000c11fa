"""Who calls our FHIR endpoint: client credentials give a short token; bodies are signed with a key that never travels.

The key of a token is ``HMAC-SHA256(client secret, "signature|" + token)``: both sides compute it, so a token read in a log signs
nothing. Here it is kept masked by the token, whose hash alone is known: the table gives neither the one nor the other.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.partners import signature
from pdp.services.manage_clients import hash_secret
from pdp.storage.sql import query

DUREE = timedelta(minutes=15)
_OUBLI = timedelta(days=1)
_LEURRE = secrets.token_bytes(32)


@dataclass(frozen=True)
class Jeton:
    """A token just given; it is not kept anywhere."""

    valeur: str
    duree_s: int


@dataclass(frozen=True)
class Appelant:
    """Who holds a token, and the key of what it signs (hexadecimal)."""

    client_id: str
    plateforme_id: str
    partenaire_id: UUID
    cle: str

    @property
    def auteur(self) -> Auteur:
        """Who acts, as the database will verify it."""
        return Auteur("partenaire", str(self.partenaire_id), "partenaire", self.plateforme_id, str(self.partenaire_id))


def open_jeton(conn: Connection, client_id: str, secret: str, maintenant: datetime) -> Jeton | None:
    """A token for a right id and secret of an open client; None otherwise, after the same work."""
    connue = conn.execute(query("fhir_clients.lire_secret"), {"id": client_id}).scalar()
    juste = hmac.compare_digest(hash_secret(secret), bytes(connue) if connue is not None else _LEURRE)
    if connue is None or not juste:
        return None
    valeur = secrets.token_urlsafe(32)
    conn.execute(query("fhir_clients.oublier_jetons"), {"client": client_id, "avant": maintenant - _OUBLI})
    conn.execute(
        query("fhir_clients.donner_jeton"),
        {
            "empreinte": hash_secret(valeur),
            "client": client_id,
            "cle": _mask(valeur, bytes.fromhex(key_of(secret, valeur))),
            "maintenant": maintenant,
            "expire": maintenant + DUREE,
        },
    )
    return Jeton(valeur, int(DUREE.total_seconds()))


def find_appelant(conn: Connection, jeton: str, maintenant: datetime) -> Appelant | None:
    """Holder of a token; None when it is unknown, expired, or its client was revoked."""
    ligne = conn.execute(query("fhir_clients.lire_jeton"), {"empreinte": hash_secret(jeton), "maintenant": maintenant}).one_or_none()
    if ligne is None:
        return None
    return Appelant(ligne.client_id, ligne.plateforme_id, ligne.partenaire_id, _mask(jeton, bytes(ligne.cle_enveloppee)).hex())


def is_first(conn: Connection, appelant: Appelant, signee: str) -> bool:
    """Take note of a signed call whose signature is right; False when it was already seen: somebody plays it again."""
    conn.execute(query("fhir_clients.oublier_appels"), {"client": appelant.client_id, "secondes": 3 * signature.VALIDITE_S})
    noter = {"client": appelant.client_id, "signature": sha256(signature.seal_of(signee).encode()).digest()}
    return conn.execute(query("fhir_clients.noter_appel"), noter).scalar() is not None


def key_of(secret: str, jeton: str) -> str:
    """Key of the bodies sent with this token, hexadecimal; the partner computes the same."""
    return hmac.new(secret.encode(), f"signature|{jeton}".encode(), sha256).hexdigest()


def _mask(jeton: str, cle: bytes) -> bytes:
    """Its own inverse."""
    masque = hmac.new(jeton.encode(), b"enveloppe", sha256).digest()
    return bytes(a ^ b for a, b in zip(cle, masque, strict=True))
