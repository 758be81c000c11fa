"""The NIR at rest: AES-256-GCM for reading it back, keyed HMAC for looking it up. Two keys, neither in the database."""

from __future__ import annotations

import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pdp.config import settings

_NONCE = 12


def encrypt(clair: str) -> bytes:
    """Nonce followed by ciphertext; two calls differ."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(settings().cle_nir).encrypt(nonce, clair.encode(), None)


def decrypt(chiffre: bytes) -> str:
    """Inverse of :func:`encrypt`; raises ``InvalidTag`` when altered or under another key."""
    return AESGCM(settings().cle_nir).decrypt(chiffre[:_NONCE], chiffre[_NONCE:], None).decode()


def fingerprint(nir: str) -> bytes:
    """Keyed hash by which the same NIR is found again; meaningless without the key."""
    return hmac.digest(settings().cle_empreinte, nir.encode(), "sha256")


def seal(contenu: str) -> bytes:
    """Keyed hash of the content of a row: tells two versions apart, and cannot be guessed by trying every code of a nomenclature.

    Not the one of :func:`fingerprint`: equal texts give another value.
    """
    return hmac.digest(settings().cle_empreinte, b"ligne|" + contenu.encode(), "sha256")
