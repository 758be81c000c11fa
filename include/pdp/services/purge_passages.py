"""What the platform must not pile up: one row per task of every run, for ever, when most runs found nothing to do."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.domain.bilan import Bilan
from pdp.services.publish_referentiel import referentiel
from pdp.storage import journal
from pdp.storage.sql import query

LOT = 50_000
"""Rows of one night: several days of passages, so that what a stop left is caught up."""


def purge_passages(conn: Connection, maintenant: datetime) -> Bilan:
    """Delete the traces older than the policy of passages that did nothing; one that the journal names leads to people and stays.

    The last success of a task stays too: the watch measures silence from it. Twice at once: the second deletes nothing.
    """
    jours = referentiel().entier("passages_conservation_jours", jour_local(maintenant))
    bornes = {"limite": maintenant - timedelta(days=jours), "jours": jours, "lot": LOT}
    comptes = {"passages_purges": conn.execute(query("passages.purger"), bornes).rowcount}
    if any(comptes.values()):
        journal.record(conn, "passages_purges", plateforme_id=None, donnees=comptes)
    return Bilan(detail=comptes)
