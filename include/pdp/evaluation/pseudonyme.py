"""Codes that replace identifiers in what evaluators read."""

from __future__ import annotations

import hmac
from hashlib import sha256
from uuid import UUID

VERSION = "a1"  # changes with the construction, so that codes made in two ways are never taken for one
_LONGUEUR = 32  # hexadecimal digits kept: 128 bits


class Pseudonymes:
    """Codes of one study: HMAC-SHA-256 of the opaque id under a key derived for that study.

    Without the key a code can be neither computed nor checked, and the codes of two studies share nothing. The base is the opaque
    id, never the NIR: fifteen digits can be enumerated. The key stays in this process; SQL only ever sees the result.
    """

    def __init__(self, cle: bytes, etude: str) -> None:
        """``ValueError`` for an empty study label: two studies would share their codes without anybody noticing."""
        if not etude.strip():
            raise ValueError("a study needs a label")
        self._cle = hmac.new(cle, f"pdp/etude/{etude}".encode(), sha256).digest()

    def code(self, nature: str, identifiant: UUID) -> str:
        """Code of one id; ``nature`` (personne, parcours, episode) keeps equal ids of different natures apart."""
        return f"{VERSION}{hmac.new(self._cle, f'{nature}/{identifiant}'.encode(), sha256).hexdigest()[:_LONGUEUR]}"
