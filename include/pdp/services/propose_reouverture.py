"""Relapse: a signalement oriented for a person followed not long ago is proposed to the coordinator who knows her, on the closed parcours.

The proposal is a reason (``rechute``) of the closed parcours, never a second open case: it shows on the list of the coordinator, who
reopens or opens another parcours (:mod:`pdp.services.decide_reouverture`). Nobody waits for a coordinator who is not there: then, and
outside the window, a new parcours is opened and assigned as for anybody.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.domain.rechute import build_cause, build_phrase, find_retour, read_cause
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import close_tache, close_taches, open_tache
from pdp.services.publish_referentiel import referentiel
from pdp.storage import journal
from pdp.storage.sql import query

TACHE = "rechute"


def propose_reouverture(conn: Connection, auteur: Auteur, plateforme_id: str, signalement_id: UUID, maintenant: datetime) -> UUID | None:
    """Ask the coordinator of the last parcours, when it was closed within the window; returns that parcours, None when nothing was asked.

    A question already open about the same return gives way to this one, which names the signalement.
    """
    lieu = get_lieu(conn, plateforme_id)
    jour = lieu.jour(maintenant)
    anterieur = conn.execute(
        query("rechutes.trouver_anterieur"), {"signalement": signalement_id, "jour": jour, "fuseau": str(lieu.fuseau)}
    ).one_or_none()
    if anterieur is None or find_retour(anterieur.motif, anterieur.clos_le, anterieur.debut, jour, referentiel(), plateforme_id) is None:
        return None
    close_taches(conn, parcours_id=anterieur.parcours_id, motifs=(TACHE,), maintenant=maintenant, auteur=auteur, issue="remplacee")
    open_tache(
        conn,
        plateforme_id=plateforme_id,
        parcours_id=anterieur.parcours_id,
        motif=TACHE,
        cause=build_cause("signalement", signalement_id),
        maintenant=maintenant,
        auteur=auteur,
        note=build_phrase("signalement", anterieur.motif, anterieur.clos_le, anterieur.debut),
    )
    propose: UUID = anterieur.parcours_id
    return propose


def release_abandonnees(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """Open a new parcours, to be assigned to somebody else, where the coordinator asked is no longer there."""
    jour = get_lieu(conn, plateforme_id).jour(maintenant)
    abandonnees = conn.execute(query("rechutes.lister_abandonnees"), {"plateforme": plateforme_id, "jour": jour}).all()
    for ligne in abandonnees:
        signalement_id = UUID(read_cause(ligne.cause)[1])
        ouvert = conn.execute(query("parcours.ouvrir"), {"signalement": signalement_id, "maintenant": maintenant}).scalar()
        if ouvert is not None:
            assure_id = conn.execute(query("parcours.verrouiller"), {"parcours": ouvert}).one().assure_id
            cible = {"plateforme_id": plateforme_id, "assure_id": assure_id, "parcours_id": ouvert}
            journal.record(conn, "parcours_ouvert", **cible, donnees={"signalement_id": signalement_id, "suite_de": ligne.parcours_id})
        close_tache(conn, auteur, ligne.tache_id, "conseiller_absent", maintenant)
    return Bilan(traites=len(abandonnees), detail={"S15_rendus": len(abandonnees)} if abandonnees else {})
