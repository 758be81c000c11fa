"""A closed parcours opened again: by a relapse, a return that did not hold, a wrong closing. It always has a next action."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pdp.domain.auteur import Auteur
from pdp.domain.issue import MOTIFS_REOUVERTURE
from pdp.domain.silence import DECES
from pdp.errors import Conflit, DonneeInvalide
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import close_taches, open_tache
from pdp.services.move_parcours import LigneParcours, apply_acte, lock_parcours
from pdp.services.record_silence import find_silence, lift_silence
from pdp.storage import journal
from pdp.storage.sql import query

PAR_ERREUR = "cloture_par_erreur"


def reopen_parcours(conn: Connection, auteur: Auteur, parcours_id: UUID, motif: str, maintenant: datetime) -> None:
    """Open again: the outcome at closing no longer stands and a call is asked for.

    ``motif`` is a code of ``MOTIFS_REOUVERTURE``. A closing made by error is undone with what it closed: open reasons at their former
    deadlines, appointments still to come whose slot is free; what a partner was told to drop is not sent again.
    Raises :class:`Conflit` when the person has another open parcours, :class:`TransitionInterdite` when this one is not closed.
    """
    if motif not in MOTIFS_REOUVERTURE:
        raise DonneeInvalide("Choisissez la raison de la réouverture dans la liste.", code="unknown_reopening_reason")
    parcours = lock_parcours(conn, parcours_id)
    cloture = conn.execute(query("issues.lire_cloture"), {"parcours": parcours_id}).one()
    if cloture.cloture_motif == "doublon":
        raise Conflit(
            "Ce parcours a été fusionné avec celui de la même personne : continuez celui-là, ou annulez la fusion. Rien n'a été changé."
        )
    autre = conn.execute(query("issues.trouver_autre_ouvert"), {"assure": parcours.assure_id, "parcours": parcours_id}).scalar()
    if autre is not None:
        raise Conflit("Cette personne a déjà un autre parcours ouvert : continuez celui-là. Rien n'a été changé.")
    apply_acte(conn, parcours_id, "rouvrir", maintenant)
    try:
        with conn.begin_nested():
            conn.execute(query("issues.rouvrir"), {"parcours": parcours_id})
    except IntegrityError as erreur:  # another parcours was opened between the check and the write
        raise Conflit("Un autre parcours vient d'être ouvert pour cette personne. Rien n'a été changé.") from erreur
    conn.execute(query("issues.annuler_jalon"), {"parcours": parcours_id, "jalon": "cloture", "maintenant": maintenant})
    close_taches(conn, parcours_id=parcours_id, motifs=None, maintenant=maintenant, auteur=auteur, issue="parcours_rouvert")
    _lift_deces(conn, auteur, parcours, maintenant)
    _tell(conn, "parcours_rouvert", parcours, {"motif": motif})
    if motif == PAR_ERREUR:
        _give_back(conn, parcours, maintenant)
    else:  # what the end of a silence brought back belongs to the parcours as it was
        close_taches(conn, parcours_id=parcours_id, motifs=None, maintenant=maintenant, auteur=auteur, issue="parcours_rouvert")
    if conn.execute(query("taches.prochaine_echeance"), {"parcours": parcours_id}).scalar() is None:
        open_tache(
            conn,
            plateforme_id=parcours.plateforme_id,
            parcours_id=parcours_id,
            motif="nouvel_appel",
            cause=f"reouverture:{parcours.version}",
            maintenant=maintenant,
            auteur=auteur,
            note=MOTIFS_REOUVERTURE[motif],
        )


def _give_back(conn: Connection, parcours: LigneParcours, maintenant: datetime) -> None:
    """What the closing closed at its very instant."""
    cle = {"parcours": parcours.id, "clos_at": parcours.clos_at, "maintenant": maintenant}
    try:
        with conn.begin_nested():
            rendez_vous = conn.execute(query("issues.rendre_tele_echanges"), cle).scalars().all()
    except IntegrityError:  # the slot was given to somebody else: the reason to plan comes back without it
        rendez_vous = []
    for tele_echange in rendez_vous:
        conn.execute(query("issues.replanifier"), {"parcours": parcours.id})
        _tell(conn, "tele_echange_planifie", parcours, {"tele_echange_id": tele_echange})
    rendues = conn.execute(query("issues.rendre_taches"), {**cle, "rendez_vous": [str(r) for r in rendez_vous]}).all()
    for tache in rendues:
        _tell(conn, "tache_rendue", parcours, {"motif": tache.motif, "raison": PAR_ERREUR})


def _tell(conn: Connection, evenement: str, parcours: LigneParcours, donnees: dict[str, object]) -> None:
    cible = {"plateforme_id": parcours.plateforme_id, "assure_id": parcours.assure_id, "parcours_id": parcours.id}
    journal.record(conn, evenement, **cible, donnees=donnees)


def _lift_deces(conn: Connection, auteur: Auteur, parcours: LigneParcours, maintenant: datetime) -> None:
    """A parcours is not reopened for a dead person: reopening says that the death was an error."""
    silence = find_silence(conn, parcours.assure_id, get_lieu(conn, parcours.plateforme_id).jour(maintenant))
    if silence is not None and silence.motif == DECES:
        lift_silence(conn, auteur, silence.id, maintenant)
