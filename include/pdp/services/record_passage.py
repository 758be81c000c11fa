"""Passages: one row per task of a DAG run, so that a run leads to the people it touched and an outage is measured."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Connection

from pdp.domain.bilan import Bilan
from pdp.storage.sql import query


def open_passage(conn: Connection, passage_id: str, dag: str, tache: str, instant_metier: datetime, plateforme_id: str | None) -> None:
    """Open, or open again after a retry: the row then says the last attempt."""
    conn.execute(
        query("passages.ouvrir"),
        {
            "id": passage_id,
            "dag": dag,
            "tache": tache,
            "instant": instant_metier,
            "detail": json.dumps({"plateforme": plateforme_id} if plateforme_id else {}),
        },
    )


def close_passage(conn: Connection, passage_id: str, bilan: Bilan) -> None:
    """What was done; a passage never closed was killed or is running."""
    conn.execute(
        query("passages.fermer"),
        {
            "id": passage_id,
            "traites": bilan.traites,
            "ignores": bilan.ignores,
            "echoues": bilan.echoues,
            "detail": json.dumps(bilan.detail),
        },
    )
