"""What the exchange folder must not keep: batches, answers and reports hold what people agreed to hand over, in clear on a disk."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.domain.auteur import systeme
from pdp.domain.bilan import Bilan
from pdp.domain.porte import is_massif
from pdp.partners.lot_csv import ENVOIS, RAPPORTS, REPONSES
from pdp.services.decide_porte import mark_utilisee, require_porte
from pdp.services.publish_referentiel import referentiel
from pdp.services.take_reponses_csv import REFUSES, TRAITES
from pdp.storage import journal

DOSSIERS = (ENVOIS, RAPPORTS, f"{REPONSES}/{TRAITES}", f"{REPONSES}/{REFUSES}")
_OUBLI_S = 3600
"""A draft that nobody has touched for this long was left by a killed worker."""


def purge_echanges(conn: Connection, racine: Path | None, maintenant: datetime) -> Bilan:
    """Delete files older than the policy (so many that it is unusual: once a person agrees), and drafts left half written.

    Twice at once: the second deletes nothing.
    """
    if racine is None or not racine.is_dir():
        return Bilan()
    limite = maintenant - timedelta(days=referentiel().entier("echanges_conservation_jours", jour_local(maintenant)))
    fichiers = [c for nom in DOSSIERS for c in racine.glob(f"*/*/{nom}/*") if c.is_file() and not c.is_symlink()]
    brouillons = [c for c in fichiers if _is_brouillon(c) and time.time() - c.stat().st_mtime > _OUBLI_S]
    anciens = [c for c in fichiers if not _is_brouillon(c) and c.stat().st_mtime < limite.timestamp()]
    nombre, seuil = len(anciens), referentiel().entier("porte_purge_fichiers_min", jour_local(maintenant))
    massif, auteur = is_massif(nombre, seuil), systeme("purge_echanges")
    if massif and not require_porte(
        conn,
        auteur,
        "purge",
        "echanges",
        None,
        {"fichiers": nombre},
        maintenant,
        lambda vus: not is_massif(nombre - vus["fichiers"], seuil),
    ):
        anciens, massif = [], False
    for chemin in (*brouillons, *anciens):
        chemin.unlink(missing_ok=True)
    if massif:
        mark_utilisee(conn, "purge", "echanges", maintenant)
    comptes = {"fichiers_purges": len(anciens), "brouillons_purges": len(brouillons)}
    if any(comptes.values()):
        journal.record(conn, "echanges_purges", plateforme_id=None, donnees=comptes)
    return Bilan(detail=comptes)


def _is_brouillon(chemin: Path) -> bool:
    return chemin.name.startswith(".") and chemin.name.endswith(".part")
