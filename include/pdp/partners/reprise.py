"""When to try again. Technical settings, not policy: the horizon after which a person takes over is policy and lives on the row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

from pdp.partners.contrat import Classe, Remise

BASE_S = 30.0
PLAFOND_S = 6 * 3600.0
PLANCHER_S = 1.0
ECHECS_AVANT_COUPURE = 5
INTERRUPTIONS_MAX = 3
RAPPROCHEMENT_S = 1800.0
_SANS_EFFET = ("http_408", "http_425", "http_429", "http_503", "tls", "smtp_connection", "smtp_4", "retiree_avant_envoi")


def is_ambigu(remise: Remise) -> bool:
    """Whether the recipient may have the message although nothing says so: cut, silence, unreadable answer, failure of its server."""
    if remise.classe is Classe.REESSAYER:
        return not remise.code.startswith(_SANS_EFFET)
    return remise.classe is Classe.INCERTAIN


def next_delay_s(essais: int, demande_s: float | None, alea: Callable[[], float]) -> float:
    """Seconds before the next attempt: full jitter over 30 s doubled at each of the ``essais`` (1 = first), capped at 6 h.

    ``alea`` gives a number in [0, 1). What the recipient asked for is a minimum, under the same cap.
    """
    plafond = min(PLAFOND_S, BASE_S * 2.0 ** min(essais - 1, 30))
    return min(PLAFOND_S, max(PLANCHER_S, demande_s or 0.0, alea() * plafond))


def parse_retry_after(valeur: str | None, maintenant: datetime) -> float | None:
    """Seconds asked by ``Retry-After`` (a number or a date); None when absent, negative or absurd, capped at 6 h."""
    texte = (valeur or "").strip()
    if texte.isascii() and texte.isdecimal():
        return min(PLAFOND_S, float(texte[:9]))
    try:
        instant = parsedate_to_datetime(texte)
        secondes = (instant - maintenant).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(PLAFOND_S, secondes) if secondes > 0 else None
