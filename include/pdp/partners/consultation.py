"""Ask a partner whether it has a message, when an attempt ended without anybody knowing: only transports that recognise a key can."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from pdp.partners import fhir, http
from pdp.partners.contrat import TAILLE_ACCUSE, Destinataire, Envoi, ReponseInvalide, parse_accuse, parse_cle_connue


class Constat(StrEnum):
    """It has it, it does not, or it did not say."""

    RECU = "recu"
    INCONNU = "inconnu"
    MUET = "muet"


Consultation = Callable[[Destinataire, Envoi], Constat]


def consult_api(destinataire: Destinataire, envoi: Envoi) -> Constat:
    """``GET /messages/{key}``; a 404 counts only when the partner signed it and names the key, any proxy can answer 404."""
    try:
        statut, _, corps = http.call("GET", destinataire, f"/messages/{envoi.cle}", b"", "", TAILLE_ACCUSE, http.TOTAL_S, (404,))
        if parse_cle_connue(corps) != str(envoi.cle):
            return Constat.MUET
        if statut == 404:
            return Constat.INCONNU
        parse_accuse(corps)
    except (http.PartenaireMuet, ReponseInvalide):
        return Constat.MUET
    return Constat.RECU if statut == 200 else Constat.MUET


def consult_fhir(destinataire: Destinataire, envoi: Envoi) -> Constat:
    """Search of the Task by our identifier: an empty searchset is a plain no. Only a hand-over leaves a trace that can be looked for."""
    if envoi.type != "orientation":
        return Constat.MUET
    try:
        tache = fhir.read_tache(destinataire, str(envoi.corps["orientation_id"]), http.TOTAL_S)
    except http.PartenaireMuet:
        return Constat.MUET
    return Constat.INCONNU if tache is None else Constat.RECU


CONSULTATIONS: dict[str, Consultation] = {"api": consult_api, "fhir": consult_fhir}
"""The transports that can be asked, one line each; for the others a person asks."""


def consult(canal: str, destinataire: Destinataire, envoi: Envoi) -> Constat:
    """What the partner says; ``MUET`` when its transport cannot be asked."""
    consultation = CONSULTATIONS.get(canal)
    return Constat.MUET if consultation is None else consultation(destinataire, envoi)
