"""What the exchange folder must not keep: batches, answers and reports hold what people agreed to hand over, in clear on a disk."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.domain.bilan import Bilan
from pdp.partners.lot_csv import ENVOIS, RAPPORTS, REPONSES
from pdp.services.publish_referentiel import referentiel
from pdp.services.take_reponses_csv import REFUSES, TRAITES
from pdp.storage import journal

DOSSIERS = (ENVOIS, RAPPORTS, f"{REPONSES}/{TRAITES}", f"{REPONSES}/{REFUSES}")
_OUBLI_S = 3600
"""A draft that nobody has touched for this long was left by a killed worker."""


def purge_echanges(conn: Connection, racine: Path | None, maintenant: datetime) -> Bilan:
    """Delete files older than the policy, and drafts left half written. Twice at once: the second deletes nothing."""
    if racine is None or not racine.is_dir():
        return Bilan()
    limite = maintenant - timedelta(days=referentiel().entier("echanges_conservation_jours", jour_local(maintenant)))
    comptes = {"fichiers_purges": 0, "brouillons_purges": 0}
    for nom in DOSSIERS:
        for chemin in racine.glob(f"*/*/{nom}/*"):
            if not chemin.is_file() or chemin.is_symlink():
                continue
            age_at = chemin.stat().st_mtime
            if chemin.name.startswith(".") and chemin.name.endswith(".part"):
                comptes["brouillons_purges"] += _delete(chemin, time.time() - age_at > _OUBLI_S)
            else:
                comptes["fichiers_purges"] += _delete(chemin, age_at < limite.timestamp())
    if any(comptes.values()):
        journal.record(conn, "echanges_purges", plateforme_id=None, donnees=comptes)
    return Bilan(detail=comptes)


def _delete(chemin: Path, ancien: bool) -> bool:
    if ancien:
        chemin.unlink(missing_ok=True)
    return ancien
