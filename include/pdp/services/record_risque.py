"""Worrying words heard on the phone: the médecin-conseil is alerted at once; nothing of what was said is written down."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.alerte import build_phrase
from pdp.domain.auteur import Auteur
from pdp.services.move_parcours import lock_parcours
from pdp.services.raise_alerte import raise_alerte


def record_risque(conn: Connection, auteur: Auteur, parcours_id: UUID, cle_saisie: UUID, maintenant: datetime) -> UUID | None:
    """Alert the médecin-conseil; None when such an alert already waits for a decision, or for the same form sent twice."""
    parcours = lock_parcours(conn, parcours_id)
    return raise_alerte(
        conn,
        plateforme_id=parcours.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours_id,
        type="risque_suicidaire",
        cause=str(cle_saisie),
        phrase=build_phrase("risque_suicidaire", "signale"),
        faits={"par": auteur.id},
        survenu_at=maintenant,
        maintenant=maintenant,
    )
