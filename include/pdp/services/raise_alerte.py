"""One alert per person, kind and cause, for ever: raised by the acts that end or break a parcours, and by the nightly sweep."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.storage import journal
from pdp.storage.sql import query


def raise_alerte(
    conn: Connection,
    *,
    plateforme_id: str,
    assure_id: UUID,
    parcours_id: UUID | None,
    type: str,
    cause: str,
    phrase: str,
    faits: dict[str, Any],
    survenu_at: datetime,
    maintenant: datetime,
    echeance_le: date | None = None,
) -> UUID | None:
    """Raise an alert; None when this cause was already told, or when the person has an open alert of this kind.

    Two concurrent calls raise one. ``faits`` and ``phrase`` hold no name and no free text. ``echeance_le``: day that the law makes of it.
    """
    alerte = conn.execute(
        query("alertes.ouvrir"),
        {
            "plateforme": plateforme_id,
            "assure": assure_id,
            "parcours": parcours_id,
            "type": type,
            "cause": cause,
            "phrase": phrase,
            "faits": json.dumps(faits, ensure_ascii=False, default=str),
            "survenu": survenu_at,
            "maintenant": maintenant,
            "echeance": echeance_le,
        },
    ).scalar()
    if alerte is not None:
        journal.record(
            conn,
            "alerte_ouverte",
            plateforme_id=plateforme_id,
            assure_id=assure_id,
            parcours_id=parcours_id,
            donnees={"alerte_id": alerte, "type": type, "cause": cause},
        )
    return alerte
