"""Who acts: every write and every journal event carries one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TypeAuteur = Literal["agent", "systeme", "partenaire", "assure"]


@dataclass(frozen=True)
class Auteur:
    """Author of an act.

    ``id`` is opaque: the agent's or partner's uuid, the invitation that an insured person holds, or the name of the automatic service
    (``detect_signalements``). ``role`` is one of csam, medecin_conseil, responsable, evaluateur, partenaire, assure, systeme.
    """

    type: TypeAuteur
    id: str
    role: str
    plateforme_id: str | None = None
    partenaire_id: str | None = None


def systeme(nom: str) -> Auteur:
    """Author of an automatic act, named after the service that performs it."""
    return Auteur("systeme", nom, "systeme")
