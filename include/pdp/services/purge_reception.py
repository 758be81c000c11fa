"""What a reception must not keep: files already taken or refused, in clear on a disk, and refused lines that nobody claimed.

A file of the drop folder holds names and NIR of thousands of people; once taken, its content is in the database under access rules. It
stays a while beside the folder so that a delivery can be looked at again, then goes. Its age is that of its reception, which
:func:`pdp.services.ingest_flux.move_file` wrote on it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.domain.bilan import Bilan
from pdp.services.publish_referentiel import referentiel
from pdp.storage import journal
from pdp.storage.sql import query

DOSSIERS = ("traites", "refuses")


def purge_reception(conn: Connection, depot: Path, maintenant: datetime) -> Bilan:
    """Delete what is older than the policy; ``detail`` and the journal hold counts only. Twice at once: the second deletes nothing."""
    limite = maintenant - timedelta(days=referentiel().entier("depot_conservation_jours", jour_local(maintenant)))
    comptes = {f"fichiers_{nom}_purges": _purge_folder(depot / nom, limite) for nom in DOSSIERS}
    if any(comptes.values()):
        journal.record(conn, "depot_purge", plateforme_id=None, donnees=comptes)
    return Bilan(detail=comptes | {"lignes_sans_plateforme_closes": _close_orphelines(conn, maintenant)})


def _purge_folder(dossier: Path, limite: datetime) -> int:
    """Files received before ``limite``; how many."""
    if not dossier.is_dir():
        return 0
    anciens = [chemin for chemin in dossier.iterdir() if chemin.is_file() and chemin.stat().st_mtime < limite.timestamp()]
    for chemin in anciens:
        chemin.unlink(missing_ok=True)
    return len(anciens)


def _close_orphelines(conn: Connection, maintenant: datetime) -> int:
    """Lines of no platform refused too long ago; one journal event per feed."""
    delai = referentiel().entier("quarantaine_sans_plateforme_jours", jour_local(maintenant))
    bornes = {"maintenant": maintenant, "limite": maintenant - timedelta(days=delai)}
    fermees = conn.execute(query("quarantaine.fermer_sans_plateforme"), bornes).all()
    for ligne in fermees:
        journal.record(conn, "quarantaine_echue", plateforme_id=None, donnees={"flux": ligne.flux, "lignes": ligne.lignes})
    return sum(ligne.lignes for ligne in fermees)
