"""Agreement of the insured, per recipient: who, how it is given, how it is withdrawn, where it stands.

Two notions never mixed: the legal ground of the processing is not consent; this agreement is the condition for being
followed and for any transfer (CSS L.315-4, CSP L.1110-4). The words and the data are in ``domain/partage.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

DESTINATAIRES = {
    "accompagnement": "Accompagnement par la plateforme",
    "service_social": "Service social de l'Assurance Maladie",
    "spst": "Service de prévention et de santé au travail",
    "cap_emploi": "Cap emploi",
    "psychologue": "Psychologue conventionné",
    "medecin_traitant": "Médecin traitant",
}
MODALITES = {"oral": "À l'oral, au téléphone", "ecrit": "Par écrit", "ameli": "Par le compte ameli"}
CANAUX_RETRAIT = {
    "telephone": "Par téléphone",
    "courrier": "Par courrier",
    "ameli": "Par le compte ameli",
    "partenaire": "Auprès du partenaire",
}
CANAL_EXPIRATION = "expiration"  # the agreement ran out and was given again: not a withdrawal of the person
CANAL_REPRISE = "reprise"  # given again with other data or another scope: the new row says it all
CANAL_FUSION = "fusion"  # two cases were joined, and the person's later word on the other one holds
AUTRES_FINS = {
    CANAL_EXPIRATION: "Arrivé à son terme, puis donné de nouveau",
    CANAL_REPRISE: "Remplacé par un accord donné depuis",
    CANAL_FUSION: "Une parole plus récente se trouvait dans l'autre dossier de la personne",
    "saisie_erreur": "Saisie faite par erreur",
}


def read_etat(decision: str, retire_at: datetime | None, expire_le: date | None, jour: date) -> str:
    """accorde, refuse, retire or expire on ``jour``; the last day of validity still counts."""
    if retire_at is not None:
        return "retire"
    if decision == "accorde" and expire_le is not None and expire_le < jour:
        return "expire"
    return decision


def describe_fin(canal: str | None) -> str:
    """How an agreement ended, in French."""
    return CANAUX_RETRAIT.get(canal or "", AUTRES_FINS.get(canal or "", canal or ""))


def keep_ordre(classes: Iterable[str], ordre: Iterable[str]) -> list[str]:
    """Classes in the order of the wording, each once."""
    voulues = set(classes)
    return [classe for classe in ordre if classe in voulues]
