"""A mail to a member of staff: the address of this instant, one attempt outside any transaction; counts and links only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pdp.config import settings
from pdp.domain.auteur import Auteur
from pdp.messages.render import INTERNES, render_interne
from pdp.partners import courriel
from pdp.partners.contrat import Classe, Remise
from pdp.storage import db
from pdp.storage.sql import query


class Ligne(Protocol):
    """A claimed row (``send_outbox.LigneReclamee``)."""

    @property
    def id(self) -> UUID: ...
    @property
    def cle(self) -> UUID: ...
    @property
    def plateforme_id(self) -> str: ...
    @property
    def agent_id(self) -> UUID | None: ...
    @property
    def charge(self) -> Mapping[str, Any]: ...
    @property
    def jeton(self) -> int: ...


def deliver(url: str, auteur: Auteur, ligne: Ligne, maintenant: datetime, bail_s: int) -> Remise | None:
    """None when another worker took over; refused when she left or has no address: what waits is on the screen all the same."""
    with db.begin(url, auteur) as conn:
        cle = {"agent": ligne.agent_id, "plateforme": ligne.plateforme_id, "maintenant": maintenant}
        cible = conn.execute(query("outbox.lire_agent"), cle).one_or_none()
        tenue = conn.execute(query("outbox.tenir"), {"id": ligne.id, "jeton": ligne.jeton, "bail_s": bail_s}).one_or_none()
    if tenue is None:
        return None
    if cible is None or not cible.courriel:
        return Remise(Classe.REFUSE, "address_missing")
    if ligne.charge.get("modele") not in INTERNES:
        return Remise(Classe.REFUSE, "no_template")
    message = render_interne(
        ligne.charge["modele"],
        ligne.charge["valeurs"],
        portail_url=settings().portail_url,
        plateforme=cible.plateforme,
        demonstration=settings().demonstration,
    )
    return courriel.deliver(ligne.cle, cible.courriel, message.objet, message.texte, message.html, maintenant)
