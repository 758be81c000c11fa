"""A manager gives one unassigned case to a colleague who is present and has room, and takes it back as long as nothing was done."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.tache import MOTIFS
from pdp.errors import Conflit
from pdp.services.annulation import get_fenetre
from pdp.services.assign_parcours import APPEL
from pdp.services.delais import Lieu, due_at
from pdp.services.pass_parcours import Receveur
from pdp.storage import journal
from pdp.storage.sql import query


def assign_choisi(conn: Connection, lieu: Lieu, auteur: Auteur, parcours_id: UUID, vers: Receveur, maintenant: datetime) -> str:
    """Same act as the sweep's: coordinator, history with its reason, first call. Raises :class:`Conflit` when somebody has it already."""
    journal.live_at(conn, maintenant)
    fait = conn.execute(
        query("pool.affecter"),
        {
            "parcours": parcours_id,
            "csam": vers.id,
            "motif": f"Choisi par un responsable ; charge avant : {vers.dossiers} dossiers, {vers.points} points pour un temps plein.",
            "maintenant": maintenant,
            "type": auteur.type,
            "par": auteur.id,
            "appel": APPEL,
            "balle": MOTIFS[APPEL].balle,
            "echeance": due_at(lieu, MOTIFS[APPEL].delai or "", maintenant),
        },
    ).one()
    if not fait.affectes:
        raise Conflit("Ce parcours a déjà un conseiller, ou n'attend plus d'affectation.")
    return f"Affecté à {vers.prenom} {vers.nom}."


def unassign(conn: Connection, lieu: Lieu, auteur: Auteur, parcours_id: UUID, fait_at: datetime, maintenant: datetime) -> str:
    """Back to the pool, within the undo window. Raises :class:`Conflit` once the coordinator has begun, or somebody else gave it."""
    if maintenant > fait_at + timedelta(days=get_fenetre(conn, lieu.plateforme_id, maintenant)):
        raise Conflit("Le délai d'annulation est passé : redistribuez plutôt. Rien n'a été changé.")
    conn.execute(query("parcours.verrouiller"), {"parcours": parcours_id}).one_or_none()
    cle = {"parcours": parcours_id, "par": auteur.id, "maintenant": maintenant, "fait_at": fait_at}
    csam = conn.execute(query("pool.clore_affectation"), cle).scalar()
    if csam is None or conn.execute(query("pool.rendre"), {"parcours": parcours_id, "csam": csam}).scalar() is None:
        raise Conflit("Le conseiller a déjà commencé, ou le parcours a été confié à un autre : il y reste. Rien n'a été changé.")
    conn.execute(query("pool.fermer_appel"), {"parcours": parcours_id, "maintenant": maintenant, "par": auteur.id, "appel": APPEL})
    journal.live_at(conn, maintenant)
    journal.record(conn, "affectation_retiree", plateforme_id=lieu.plateforme_id, parcours_id=parcours_id, donnees={"csam_id": csam})
    return "Revenu dans les parcours à affecter."
