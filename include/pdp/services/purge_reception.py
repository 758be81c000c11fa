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
from pdp.domain.auteur import systeme
from pdp.domain.bilan import Bilan
from pdp.domain.porte import is_massif
from pdp.services.decide_porte import mark_utilisee, require_porte
from pdp.services.publish_referentiel import referentiel
from pdp.storage import journal
from pdp.storage.sql import query

DOSSIERS = ("traites", "refuses")


def purge_reception(conn: Connection, depot: Path, maintenant: datetime) -> Bilan:
    """Delete what is older than the policy; so many files that it is unusual: once a person agrees.

    ``detail`` and the journal hold counts only. Twice at once: the second deletes nothing.
    """
    limite = maintenant - timedelta(days=referentiel().entier("depot_conservation_jours", jour_local(maintenant)))
    anciens = {nom: _list_anciens(depot / nom, limite) for nom in DOSSIERS}
    nombre = sum(len(chemins) for chemins in anciens.values())
    seuil = referentiel().entier("porte_purge_fichiers_min", jour_local(maintenant))
    massif, auteur = is_massif(nombre, seuil), systeme("purge_reception")
    if massif and not require_porte(
        conn,
        auteur,
        "purge",
        "reception",
        None,
        {"fichiers": nombre},
        maintenant,
        lambda vus: not is_massif(nombre - vus["fichiers"], seuil),
    ):
        return Bilan(detail={"fichiers_retenus": nombre, "lignes_sans_plateforme_closes": _close_orphelines(conn, maintenant)})
    for chemin in (chemin for chemins in anciens.values() for chemin in chemins):
        chemin.unlink(missing_ok=True)
    if massif:
        mark_utilisee(conn, "purge", "reception", maintenant)
    comptes = {f"fichiers_{nom}_purges": len(chemins) for nom, chemins in anciens.items()}
    if any(comptes.values()):
        journal.record(conn, "depot_purge", plateforme_id=None, donnees=comptes)
    return Bilan(detail=comptes | {"lignes_sans_plateforme_closes": _close_orphelines(conn, maintenant)})


def _list_anciens(dossier: Path, limite: datetime) -> list[Path]:
    """Files received before ``limite``."""
    if not dossier.is_dir():
        return []
    return [chemin for chemin in dossier.iterdir() if chemin.is_file() and chemin.stat().st_mtime < limite.timestamp()]


def _close_orphelines(conn: Connection, maintenant: datetime) -> int:
    """Lines of no platform refused too long ago; one journal event per feed."""
    delai = referentiel().entier("quarantaine_sans_plateforme_jours", jour_local(maintenant))
    bornes = {"maintenant": maintenant, "limite": maintenant - timedelta(days=delai)}
    fermees = conn.execute(query("quarantaine.fermer_sans_plateforme"), bornes).all()
    for ligne in fermees:
        journal.record(conn, "quarantaine_echue", plateforme_id=None, donnees={"flux": ligne.flux, "lignes": ligne.lignes})
    return sum(ligne.lignes for ligne in fermees)
