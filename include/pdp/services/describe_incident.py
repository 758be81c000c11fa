"""The French title of what a probe found: names of feeds, of treatments and of transports, never of a person."""

from __future__ import annotations

from pdp.domain.message import CANAUX as CANAUX_PERSONNES
from pdp.domain.orientation import CANAUX as CANAUX_PARTENAIRES
from pdp.domain.sonde import CIBLES_ENVOI, SONDES, TOUT
from pdp.services.read_passages import FLUX, TRAITEMENTS

_NOMS = {
    "flux_absent": FLUX,
    "traitement_en_retard": TRAITEMENTS,
    "envoi_en_retard": CIBLES_ENVOI,
    "envois_en_echec": CANAUX_PARTENAIRES | CANAUX_PERSONNES,
}


def describe_cible(sonde: str, cible: str) -> str:
    """Name of what a probe looked at; an unknown one is shown as it is."""
    return {TOUT: "", **_NOMS.get(sonde, {})}.get(cible, cible)


def describe_incident(sonde: str, cible: str) -> str:
    """Title of an incident, as the page, the banner and the mail say it."""
    return SONDES[sonde].titre.format(cible=describe_cible(sonde, cible)) if sonde in SONDES else f"{sonde} {cible}"
