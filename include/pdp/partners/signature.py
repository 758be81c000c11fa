"""Who speaks, both ways: a bearer token per (platform, partner) and a signature over what is said.

Both derive from one key (``PDP_SECRET_PARTENAIRES``); a partner is given its own token only. The token is never logged.
"""

from __future__ import annotations

import hmac
import time
from hashlib import sha256

ENTETE = "X-PDP-Signature"
VALIDITE_S = 300


def token_of(secret: bytes, plateforme_id: str, id_source: str) -> str:
    """Token by which this platform speaks to this partner, and by which both sign."""
    return hmac.new(secret, f"jeton|{plateforme_id}|{id_source}".encode(), sha256).hexdigest()


def sign(jeton: str, parties: tuple[str, ...], corps: bytes, instant_s: int | None = None) -> str:
    """``t=<unix seconds>,v1=<hex>`` over the instant, ``parties`` in order, then the body."""
    instant = int(time.time()) if instant_s is None else instant_s
    return f"t={instant},v1={_digest(jeton, instant, parties, corps)}"


def is_valid(jeton: str, parties: tuple[str, ...], corps: bytes, signature: str | None, maintenant_s: int | None = None) -> bool:
    """False for an absent, malformed, wrong or stale (more than 300 s either way) signature."""
    champs = _fields(signature)
    if not champs.get("t", "").isdecimal() or len(champs["t"]) > 12:
        return False
    instant = int(champs["t"])
    maintenant = int(time.time()) if maintenant_s is None else maintenant_s
    attendu = _digest(jeton, instant, parties, corps)
    return (
        hmac.compare_digest(attendu.encode(), champs.get("v1", "").encode("utf-8", "replace")) and abs(maintenant - instant) <= VALIDITE_S
    )


def seal_of(signature: str) -> str:
    """What makes a valid signature unique, however its header is written: the same call written in another order is the same call."""
    return _fields(signature).get("v1", "")


def request_parts(methode: str, chemin: str, cle: str) -> tuple[str, ...]:
    """What a request signs beside its body; ``chemin`` is the path with its query."""
    return "demande", methode, chemin, cle


def answer_parts(signature_demande: str, statut: int) -> tuple[str, ...]:
    """What an answer signs beside its body: bound to its request, so that no old answer can be played again."""
    return "reponse", signature_demande, str(statut)


def _fields(signature: str | None) -> dict[str, str]:
    return dict(morceau.partition("=")[::2] for morceau in (signature or "").split(","))


def _digest(jeton: str, instant: int, parties: tuple[str, ...], corps: bytes) -> str:
    message = "\n".join((str(instant), *parties, "")).encode() + corps
    return hmac.new(jeton.encode(), message, sha256).hexdigest()
