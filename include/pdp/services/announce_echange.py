"""A word of the coordinator leaves to the partner: as it is where content may travel, announced where it is read on a page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.services.delais import get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.storage import outbox

PORTENT_LE_TEXTE = frozenset({"api", "fhir", "messagerie", "csv"})
"""Transports that carry what was written; on the portal and by a link it is read on the page, after sign-in or the second step."""


def announce_echange(
    conn: Connection, orientation: Row[Any], question_id: UUID, evenement: str, texte: str, maintenant: datetime
) -> UUID | None:
    """Write the message and return it; None when the partner of the portal has no address: it reads its page.

    The agreement that covers the hand-over is checked again when it leaves, after the time to take the word back.
    """
    canal = orientation.canal
    if canal == "portail":
        if not orientation.courriel:
            return None
        canal = "courriel"
    genre = "reponse" if evenement == "question_repondue" else "question"
    charge = {"orientation_id": str(orientation.id), "question_id": str(question_id), "genre": genre}
    if canal in PORTENT_LE_TEXTE:
        charge |= {"texte": texte, "emise_at": maintenant.isoformat()}
    jour, plateforme = get_lieu(conn, orientation.plateforme_id).jour(maintenant), orientation.plateforme_id
    return outbox.enqueue(
        conn,
        cle_parts=(str(orientation.id), evenement, str(question_id), maintenant.isoformat()),
        plateforme_id=plateforme,
        parcours_id=orientation.parcours_id,
        orientation_id=orientation.id,
        partenaire_id=orientation.partenaire_id,
        canal=canal,
        type="reponse_question",
        charge=charge,
        accord_destinataire=orientation.dispositif,
        maintenant=maintenant,
        horizon_jours=referentiel().entier("boite_envoi_horizon_jours", jour, plateforme),
        pas_avant=maintenant + timedelta(seconds=referentiel().entier("annulation_message_secondes", jour, plateforme)),
    )
