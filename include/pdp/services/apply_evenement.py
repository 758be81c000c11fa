"""What a partner says beside a step: a meeting set or missed, news, a question; kept whatever the order."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.orientation import ACTIVES
from pdp.domain.soutien_psy import SEANCES
from pdp.services.declare_seances import apply_seances
from pdp.services.lignes_reponse import LigneOrientation, LigneReponse
from pdp.services.manage_taches import open_tache
from pdp.services.move_parcours import LigneParcours
from pdp.storage import journal
from pdp.storage.sql import query

_NOTES = {
    "rendez_vous_manque": "La personne n'est pas venue au rendez-vous du partenaire : voir avec elle.",
    "nouvelles": "Le partenaire donne des nouvelles.",
}
_NOTE_FIN = "Le partenaire a écrit alors que l'orientation est terminée : lire son message."


def apply_evenement(
    conn: Connection, auteur: Auteur, reponse: LigneReponse, orientation: LigneOrientation, parcours: LigneParcours, maintenant: datetime
) -> str:
    """Keep it; the caller holds the locks, and reads the clock again afterwards. Never changes the status of the hand-over."""
    if reponse.nature == SEANCES:
        return _keep_seances(conn, auteur, reponse, parcours, maintenant)
    if reponse.nature == "question":
        conn.execute(
            query("horloge.recevoir_question"),
            {"orientation": orientation.id, "texte": reponse.compte_rendu, "posee_at": reponse.dite_at, "inbox": reponse.id},
        )
    elif reponse.nature == "nouvelles" and reponse.compte_rendu:
        conn.execute(
            query("horloge.recevoir_reponse"),
            {
                "orientation": orientation.id,
                "texte": reponse.compte_rendu,
                "dite_at": reponse.dite_at,
                "recu_at": reponse.recu_at,
                "inbox": reponse.id,
            },
        )
    _journal(conn, reponse, parcours)
    if orientation.statut not in ACTIVES:
        open_lecture(conn, auteur, parcours, reponse, _NOTE_FIN, maintenant)
    elif reponse.nature == "nouvelles" or (reponse.nature == "rendez_vous_manque" and _is_last(conn, reponse)):
        open_lecture(conn, auteur, parcours, reponse, _NOTES[reponse.nature], maintenant)
    return "appliquee"


def open_lecture(
    conn: Connection, auteur: Auteur, parcours: LigneParcours, reponse: LigneReponse, note: str | None, maintenant: datetime
) -> None:
    """A reason to read what the partner said; none on a closed parcours."""
    if parcours.clos_at is None:
        open_tache(
            conn,
            plateforme_id=parcours.plateforme_id,
            parcours_id=parcours.id,
            motif="lire_reponse",
            cause=str(reponse.id),
            maintenant=maintenant,
            auteur=auteur,
            note=note,
        )


def _journal(conn: Connection, reponse: LigneReponse, parcours: LigneParcours) -> None:
    nature = reponse.nature
    journal.record(
        conn,
        "question_recue"
        if nature == "question"
        else "nouvelles_recues"
        if nature == "nouvelles"
        else ("rendez_vous_partenaire" if nature == "rendez_vous" else "rendez_vous_partenaire_manque"),
        plateforme_id=reponse.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours.id,
        donnees={"orientation_id": reponse.orientation_id, "version": reponse.version, "reponse_id": reponse.id},
    )


def _keep_seances(conn: Connection, auteur: Auteur, reponse: LigneReponse, parcours: LigneParcours, maintenant: datetime) -> str:
    """Dates of sessions, only while the person agrees to hear them back."""
    if not apply_seances(conn, auteur, parcours, reponse.orientation_id, reponse.id, maintenant):
        return "quarantaine"
    journal.record(
        conn,
        "seances_recues",
        plateforme_id=reponse.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours.id,
        donnees={"orientation_id": reponse.orientation_id, "version": reponse.version, "reponse_id": reponse.id},
    )
    return "appliquee"


def _is_last(conn: Connection, reponse: LigneReponse) -> bool:
    """A missed meeting told after another one was set is no news."""
    cle = {"orientation": reponse.orientation_id, "partenaire": reponse.partenaire_id, "version": reponse.version}
    return not conn.execute(query("inbox.compter_rendez_vous_suivants"), cle).scalar_one()
