"""Duplicates of a platform: those that look alike are told to their coordinators; merges asked for are done, or taken back.

The sweep alone writes on both people, as for transfers. Facts that come later under a row that gave way follow it at each run.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.services.fuse_dossiers import merge, part
from pdp.services.manage_taches import open_tache
from pdp.storage import journal
from pdp.storage.sql import query

# Facts move by the very statements that move people who change platform.
FAITS = (
    "flux_arrets.historiser_demenages",
    "flux_arrets.demenager",
    "flux_versements.historiser_demenages",
    "flux_versements.demenager",
    "flux_droits.historiser_demenages",
    "flux_droits.demenager",
    "dsn.historiser_demenages",
    "dsn.fusionner_demenages",
    "dsn.demenager",
)


def sweep_doublons(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """Find, merge, part, and let late facts follow. Run again, it finds nothing more."""
    reperes = find_doublons(conn, plateforme_id, auteur, maintenant)
    conn.execute(query("flux.verrouiller"))  # a file read meanwhile would leave facts on a row that gives way
    bilan = Bilan(detail={"reperes": reperes})
    for doublon in conn.execute(query("doublons.lister_demandes"), {"plateforme": plateforme_id}).scalars().all():
        bilan += _apply(conn, auteur, doublon, maintenant)
    _move_faits(conn, plateforme_id, maintenant)
    return bilan


def find_doublons(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> int:
    """Tell the coordinators of each new pair; returns how many. Nothing is merged."""
    journal.live_at(conn, maintenant)
    paires = conn.execute(query("doublons.reperer"), {"plateforme": plateforme_id, "maintenant": maintenant}).all()
    for paire in paires:
        cle = {"garde": paire.garde_id, "efface": paire.efface_id}
        for parcours in conn.execute(query("doublons.lister_ouverts"), cle).all():
            _tell(conn, plateforme_id, parcours, paire.id, auteur, maintenant)
    return len(paires)


def _tell(conn: Connection, plateforme_id: str, parcours: Row[Any], doublon_id: UUID, auteur: Auteur, maintenant: datetime) -> None:
    journal.record(
        conn,
        "doublon_repere",
        plateforme_id=plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours.id,
        donnees={"doublon_id": doublon_id},
    )
    if parcours.csam_id is not None:
        open_tache(
            conn,
            plateforme_id=plateforme_id,
            parcours_id=parcours.id,
            motif="comparer_doublon",
            cause=str(doublon_id),
            maintenant=maintenant,
            auteur=auteur,
        )


def _apply(conn: Connection, auteur: Auteur, doublon_id: UUID, maintenant: datetime) -> Bilan:
    paire = conn.execute(query("doublons.verrouiller"), {"doublon": doublon_id}).one()
    if paire.etat == "demande":
        return merge(conn, auteur, paire, maintenant)
    return part(conn, auteur, paire, maintenant)


def _move_faits(conn: Connection, plateforme_id: str, maintenant: datetime) -> None:
    cle = {"plateforme": plateforme_id}
    if conn.execute(query("doublons.retenir_faits"), cle).rowcount == 0:
        return
    conn.execute(query("doublons.oublier_demenagement"))
    conn.execute(query("doublons.preparer_demenagement"), cle)
    for effet in FAITS:
        conn.execute(query(effet), {"maintenant": maintenant})
    conn.execute(query("doublons.oublier_demenagement"))
