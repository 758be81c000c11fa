"""What a scrape reads: counts where each platform is, and no more rows than those counted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg

from fabrique import assure, lot, socle, text
from pdp.services.read_mesures import MESUREUR, read_mesures
from pdp.storage import db
from pdp.storage.sql import query

SOIR = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
"""The 19th in metropolitan France, still the 18th in Guadeloupe."""
PREVOIR = """
INSERT INTO pdp.echeance_detection (assure_id, plateforme_id, le, cause)
SELECT gen_random_uuid(), 'PF35', date '2027-01-01' + n % 90, 'x' FROM generate_series(1, 5000) n
"""


def test_people_due_are_counted_on_the_day_of_their_platform_without_reading_the_others(base: str, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        socle(conn)
        for plateforme in ("PF35", "PF57"):
            qui = {"a": assure(conn, plateforme), "p": plateforme, "j": "2026-11-19"}
            conn.execute(text("INSERT INTO pdp.echeance_detection (assure_id, plateforme_id, le, cause) VALUES (:a, :p, :j, 'x')"), qui)
    admin.execute("UPDATE pdp.plateforme SET fuseau = 'America/Guadeloupe' WHERE id = 'PF57'")
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(PREVOIR)
    admin.execute("VACUUM ANALYZE pdp.echeance_detection")
    with db.begin_as(MESUREUR, lecture=True) as conn:
        dues = dict(read_mesures(conn, SOIR)["pdp_detection_due"])
        plan = conn.execute(text(f"EXPLAIN {query('mesures.detections_dues').text}"), {"maintenant": SOIR}).scalars().all()
    assert (dues["PF35",], dues["PF57",]) == (1.0, 0.0)
    assert not [ligne for ligne in plan if "Seq Scan on echeance_detection" in ligne]
