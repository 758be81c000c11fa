"""The journal: append-only, written through one definer function, in the transaction of the change."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

_RECORD = text("SELECT journal.consigner(:evenement, :plateforme, :assure, :parcours, cast(:donnees as jsonb))")
_LIVE_AT = text("SELECT set_config('pdp.instant', :instant, true)")


def live_at(conn: Connection, instant: datetime) -> None:
    """Business instant of the events to come in this transaction; without it they bear the clock of the process."""
    conn.execute(_LIVE_AT, {"instant": instant.isoformat()})


def record(
    conn: Connection,
    evenement: str,
    *,
    plateforme_id: str | None,
    assure_id: UUID | None = None,
    parcours_id: UUID | None = None,
    donnees: dict[str, Any] | None = None,
) -> None:
    """Append one event; its author is the signed context of the transaction, never an argument.

    ``donnees`` holds codes, counts and opaque ids: no name, no NIR, no free text.
    """
    conn.execute(
        _RECORD,
        {
            "evenement": evenement,
            "plateforme": plateforme_id,
            "assure": assure_id,
            "parcours": parcours_id,
            "donnees": json.dumps(donnees or {}, ensure_ascii=False, default=str),
        },
    )
