"""Ask a partner whether it has a message, when an attempt ended without anybody knowing: only transports that recognise a key can."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from uuid import UUID

from pdp.partners import http
from pdp.partners.contrat import TAILLE_ACCUSE, Destinataire, ReponseInvalide, parse_accuse, parse_cle_connue


class Constat(StrEnum):
    """It has it, it does not, or it did not say."""

    RECU = "recu"
    INCONNU = "inconnu"
    MUET = "muet"


Consultation = Callable[[Destinataire, UUID], Constat]


def consult_api(destinataire: Destinataire, cle: UUID) -> Constat:
    """``GET /messages/{key}``; a 404 counts only when the partner signed it and names the key, any proxy can answer 404."""
    try:
        statut, _, corps = http.call("GET", destinataire, f"/messages/{cle}", b"", "", TAILLE_ACCUSE, http.TOTAL_S, (404,))
        if parse_cle_connue(corps) != str(cle):
            return Constat.MUET
        if statut == 404:
            return Constat.INCONNU
        parse_accuse(corps)
    except (http.PartenaireMuet, ReponseInvalide):
        return Constat.MUET
    return Constat.RECU if statut == 200 else Constat.MUET


CONSULTATIONS: dict[str, Consultation] = {"api": consult_api}
"""The transports that can be asked, one line each; for the others a person asks."""


def consult(canal: str, destinataire: Destinataire, cle: UUID) -> Constat:
    """What the partner says; ``MUET`` when its transport cannot be asked."""
    consultation = CONSULTATIONS.get(canal)
    return Constat.MUET if consultation is None else consultation(destinataire, cle)
