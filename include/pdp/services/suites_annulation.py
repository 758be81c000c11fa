"""What sweeps drew from an act before it was taken back: a message written and not left, a link and reminders dropped meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.services.invite_assure import revoke_invitation
from pdp.services.photo_dossier import LigneActe
from pdp.services.refresh_horloge import list_etats, refresh_horloge
from pdp.services.remind_rendez_vous import recall_ecrits
from pdp.storage.sql import query


def recall_suites(
    conn: Connection, auteur: Auteur, parcours_id: UUID | None, fait_at: datetime, lignes: Sequence[LigneActe], maintenant: datetime
) -> int:
    """Messages of an appointment that the sweep wrote and nobody has yet are recalled, and are to be written again; how many.

    The rest is left: the refusal that follows says what left. The caller takes all this back when the undo is refused.
    """
    planifies = [ligne.id for ligne in lignes if ligne.table == "message_rendez_vous" and ligne.avant is None]
    if auteur.role != "csam" or parcours_id is None or not planifies:
        return 0
    rappeles = 0
    for tele_echange in conn.execute(query("annulation.lister_ecrits_non_partis"), {"ids": planifies}).scalars().all():
        rappeles += recall_ecrits(conn, parcours_id, tele_echange, maintenant)
        conn.execute(query("annulation.remettre_a_ecrire"), {"ids": planifies, "tele_echange": tele_echange})
    lien = {"parcours": parcours_id, "depuis": fait_at}
    if rappeles and conn.execute(query("annulation.lien_de_confirmation"), lien).scalar_one():
        revoke_invitation(conn, parcours_id, "annulee", maintenant)
    return rappeles


def reopen_suites(
    conn: Connection, auteur: Auteur, parcours_id: UUID | None, fait_at: datetime, lignes: Sequence[LigneActe], maintenant: datetime
) -> None:
    """A case open again, or an appointment to be held again: its link and its reminders, dropped since for want of an object, too.

    The clocks of the hand-overs that the act had touched are read again.
    """
    if auteur.role != "csam":
        return
    rouverts = [x.id for x in lignes if x.table == "parcours" and x.avant is not None and x.apres["clos_at"] and not x.avant["clos_at"]]
    tenus = [x.id for x in lignes if x.table == "tele_echange" and x.avant is not None and x.avant["statut"] in ("planifie", "confirme")]
    if rouverts:
        conn.execute(query("annulation.rouvrir_liens"), {"parcours": rouverts, "depuis": fait_at})
    if parcours_id is not None and any(x.table in ("orientation", "question", "relance") for x in lignes):
        for etat in list_etats(conn, parcours_id, maintenant):
            refresh_horloge(conn, auteur, parcours_id, etat.ligne.id, maintenant)
    if tenus:
        conn.execute(query("annulation.rendre_messages"), {"tele_echanges": tenus, "depuis": fait_at})
