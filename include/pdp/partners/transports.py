"""The transports a partner may be configured with: one line each, one signature, one life cycle of the hand-over behind them.

A transport takes one message of the outbox and says what came of it; it never raises for what a partner or a network does, lasts at
most ten seconds and writes nothing. What comes back enters through ``storage.inbox.deposit``, whatever the transport.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pdp.partners import fhir, http, lien, messagerie, portail
from pdp.partners.contrat import Classe, Destinataire, Envoi, Remise

Transport = Callable[[Destinataire, Envoi, datetime], Remise]

TRANSPORTS: dict[str, Transport] = {
    "api": http.deliver,
    "fhir": fhir.deliver,
    "lien": lien.deliver,
    "messagerie": messagerie.deliver,
    "portail": portail.deliver,
}
SANS_CLE = frozenset({"courriel", "lien", "messagerie"})
"""A mailbox recognises no key: what may have left is never sent again blindly (the claim in ``outbox.sql`` knows the same list)."""
ANNONCENT_LE_RETRAIT = frozenset({"api", "fhir", "lien", "messagerie", "csv"})
"""Transports whose partner is told that a hand-over was taken back; the inbox of the portal simply no longer shows it."""


def deliver(canal: str, destinataire: Destinataire, envoi: Envoi, maintenant: datetime) -> Remise:
    """Outcome of one attempt by the transport ``canal``; an unknown one is refused, and a person is called."""
    transport = TRANSPORTS.get(canal)
    return Remise(Classe.REFUSE, "no_transport") if transport is None else transport(destinataire, envoi, maintenant)
