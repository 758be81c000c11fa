"""Reasons that speak to a silent person wait for the end of the silence; without an end they are closed with its reason."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.silence import MOTIFS_CONTACT
from pdp.services.delais import FIN_DE_JOURNEE, Lieu
from pdp.storage import journal
from pdp.storage.sql import query

RAISON = "silence"


def hold_taches(conn: Connection, lieu: Lieu, auteur: Auteur, maintenant: datetime, parcours_id: UUID | None = None) -> int:
    """Put off or close what may not be done now, of the person of a parcours or of the whole platform (None); returns how many.

    One statement whatever the number of people; a second call finds nothing. Whoever opens such a reason calls it in the same transaction.
    """
    retenues = conn.execute(
        query("silences.retenir"),
        {
            "plateforme": lieu.plateforme_id,
            "parcours": parcours_id,
            "motifs": list(MOTIFS_CONTACT),
            "jour": lieu.jour(maintenant),
            "fuseau": str(lieu.fuseau),
            "heure": FIN_DE_JOURNEE,
            "maintenant": maintenant,
            "par": auteur.id,
        },
    ).all()
    for tache in retenues:
        suite = {"issue": tache.raison} if tache.au is None else {"raison": RAISON, "jusqu_a": tache.au}
        donnees = {"motif": tache.motif, **suite}
        _record(conn, "tache_fermee" if tache.au is None else "tache_reportee", lieu, tache.parcours_id, donnees)
    return len(retenues)


def release_taches(
    conn: Connection, lieu: Lieu, silence_id: UUID, raison: str, maintenant: datetime, *, au_plus_tot: datetime | None
) -> int:
    """Undo `hold_taches` for a lifted silence; ``au_plus_tot`` None gives the first deadlines back, even past. Returns how many."""
    parametres = {"silence": silence_id, "au_plus_tot": au_plus_tot}
    rendues = list(conn.execute(query("silences.rendre"), parametres))
    rendues += list(conn.execute(query("silences.rouvrir"), {**parametres, "raison": raison}))
    for tache in rendues:
        _record(conn, "tache_rendue", lieu, tache.parcours_id, {"motif": tache.motif})
    return len(rendues)


def _record(conn: Connection, evenement: str, lieu: Lieu, parcours_id: UUID, donnees: dict[str, object]) -> None:
    journal.record(conn, evenement, plateforme_id=lieu.plateforme_id, parcours_id=parcours_id, donnees=donnees)
