"""Transport to a partner without an API: its inbox on the portal shows the hand-over from the moment it is delivered."""

from __future__ import annotations

from datetime import datetime

from pdp.partners.contrat import Classe, Destinataire, Envoi, Remise


def deliver(destinataire: Destinataire, envoi: Envoi, maintenant: datetime) -> Remise:
    """Always delivered: what makes it visible is ``orientation.envoyee_at``, written with the outcome in one transaction."""
    return Remise(Classe.LIVRE, "portail")
