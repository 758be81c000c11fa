"""« Fait »: a coordinator closes a reason by hand; what a clock holds is then read again, so that a hand-over never has nobody."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.errors import Conflit, Introuvable
from pdp.services.manage_taches import close_tache
from pdp.services.move_parcours import lock_parcours
from pdp.services.refresh_horloge import REPONDRE, TACHES, list_etats, refresh_horloge
from pdp.storage.sql import query


def finish_tache(conn: Connection, auteur: Auteur, tache_id: UUID, maintenant: datetime) -> None:
    """Close one reason; twice changes nothing, an unknown one raises :class:`Introuvable`.

    A question of a partner is closed by its answer only: :class:`Conflit`.
    """
    tache = conn.execute(query("taches.verrouiller"), {"tache": tache_id}).one_or_none()
    if tache is None:
        raise Introuvable
    if tache.fermee_at is None and tache.motif == REPONDRE:
        raise Conflit("Le partenaire attend une réponse : écrivez-la dans le bloc de l'orientation. Rien n'a été enregistré.")
    close_tache(conn, auteur, tache_id, "fait", maintenant)
    if tache.fermee_at is None and tache.motif in TACHES:
        lock_parcours(conn, tache.parcours_id)
        for etat in list_etats(conn, tache.parcours_id, maintenant):
            if str(etat.ligne.id) == tache.cause:
                refresh_horloge(conn, auteur, tache.parcours_id, etat.ligne.id, maintenant)
