"""The agreement of a hand-over under way is over: its partner no longer sees it, and its coordinator asks the person again."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.services.manage_taches import open_tache
from pdp.storage.sql import query


def cause_of(orientation_id: UUID, fin: date) -> str:
    """One end of one agreement (``horloge.lister_accords_finis`` writes the same)."""
    return f"fin_accord:{orientation_id}:{fin}"


def ask_accords_finis(conn: Connection, plateforme_id: str, auteur: Auteur, jour: date, maintenant: datetime, lot: int) -> int:
    """Open one reason per agreement over on ``jour``, once, and return how many. Given again, the hand-over is seen and its clock runs."""
    finis = conn.execute(query("horloge.lister_accords_finis"), {"plateforme": plateforme_id, "jour": jour, "lot": lot}).all()
    for fini in finis:
        fin = (
            f"L'accord donné pour {fini.partenaire} a pris fin le {fini.accord_jusqu_au:%d/%m/%Y} : ce partenaire ne voit plus la demande."
        )
        open_tache(
            conn,
            plateforme_id=fini.plateforme_id,
            parcours_id=fini.parcours_id,
            motif="demander_accord",
            cause=cause_of(fini.id, fini.accord_jusqu_au),
            maintenant=maintenant,
            auteur=auteur,
            note=f"{fin} Recueillez l'accord de nouveau, ou retirez l'orientation.",
        )
    return len(finis)
