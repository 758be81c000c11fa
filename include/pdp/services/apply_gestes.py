"""What follows from an act of the insured through a link: status, reasons, messages. The appointment itself is already taken or left.

The database decided who has the slot when the person clicked; this draws the consequences, in the order of the acts, each once, by the
sweep or by the coordinator who acts on the case before it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.domain.auteur import Auteur
from pdp.errors import ErreurPdp
from pdp.services.delais import due_at, get_lieu
from pdp.services.invite_assure import invite_assure, revoke_invitation
from pdp.services.manage_taches import close_taches, open_tache
from pdp.services.move_parcours import LigneParcours, apply_acte, lock_parcours
from pdp.services.remind_rendez_vous import plan_annulation, plan_confirmation, recall_ecrits
from pdp.storage.sql import query

ACTIFS = ("planifie", "confirme")
A_CHOISIR = (
    "planifier_tele_echange",
    "premier_appel",
    "nouvel_appel",
    "rappel_promis",
    "faire_le_point",
    "renseigner_tele_echange",
    "reponse_courrier",
    "reponse_invitation",
    "ouvrir_creneaux",
    "tele_echange",
)
NOTES = {
    "rappelez_moi": "La personne demande à être appelée (depuis le lien de rendez-vous).",
    "bloque": "Lien de rendez-vous bloqué : date de naissance fausse plusieurs fois. Appelez la personne.",
    "nouveau_lien": "La personne demande un nouveau lien de rendez-vous ; il n'a pas pu être renvoyé.",
}
LOT = 200
EN_ECHEC = "gestes_en_echec"
_log = logging.getLogger(__name__)


def apply_gestes(
    conn: Connection,
    auteur: Auteur,
    maintenant: datetime,
    *,
    parcours_id: UUID | None = None,
    plateforme_id: str | None = None,
    lot: int = LOT,
) -> dict[str, int]:
    """Draw the consequences of the acts not settled yet, of one parcours or of a platform; returns counts by kind. Twice is once."""
    if parcours_id is None and plateforme_id is None:
        raise ValueError("name a parcours or a platform")
    gestes = conn.execute(query("rendez_vous.lister_gestes"), {"parcours": parcours_id, "plateforme": plateforme_id, "lot": lot}).all()
    comptes: dict[str, int] = {}
    for geste in gestes:
        parcours = lock_parcours(conn, geste.parcours_id)
        if parcours.clos_at is None and parcours.csam_id is None:
            continue  # it waits for whoever will follow her, and stops nobody else
        try:
            with conn.begin_nested():
                utile = parcours.clos_at is None and SUITES[geste.genre](conn, auteur, parcours, geste, maintenant)
                resultat = "applique" if utile else "sans_objet"
                conn.execute(query("rendez_vous.regler_geste"), {"geste": geste.id, "maintenant": maintenant, "resultat": resultat})
        except ErreurPdp as erreur:  # left for the next sweep, and counted: the others do not wait for it
            _log.warning("act_left kind=%s code=%s", geste.genre, erreur.code)
            comptes[EN_ECHEC] = comptes.get(EN_ECHEC, 0) + 1
            continue
        if utile:
            comptes[f"geste_{geste.genre}"] = comptes.get(f"geste_{geste.genre}", 0) + 1
    return comptes


def _choose(conn: Connection, auteur: Auteur, parcours: LigneParcours, geste: Row[Any], maintenant: datetime) -> bool:
    rendez_vous = conn.execute(query("rendez_vous.lire_tele_echange"), {"tele_echange": geste.tele_echange_id}).one()
    ancien = conn.execute(query("rendez_vous.dernier_reporte"), {"tele_echange": geste.tele_echange_id}).scalar()
    if ancien is not None:
        recall_ecrits(conn, parcours.id, ancien, maintenant)
    if rendez_vous.statut not in ACTIFS:
        return False
    apply_acte(conn, parcours.id, "planifier", maintenant)
    plan_confirmation(conn, get_lieu(conn, parcours.plateforme_id), rendez_vous.id, rendez_vous.debut_at, maintenant)
    close_taches(conn, parcours_id=parcours.id, motifs=A_CHOISIR, maintenant=maintenant, auteur=auteur, issue="planifie")
    _open(conn, auteur, parcours, "tele_echange", str(rendez_vous.id), maintenant, echeance_at=rendez_vous.debut_at)
    return True


def _cancel(conn: Connection, auteur: Auteur, parcours: LigneParcours, geste: Row[Any], maintenant: datetime) -> bool:
    rendez_vous = conn.execute(query("rendez_vous.lire_tele_echange"), {"tele_echange": geste.tele_echange_id}).one()
    if rendez_vous.statut != "annule_assure":
        return False
    autre = conn.execute(query("tele_echanges.trouver_a_venir"), {"parcours": parcours.id}).one_or_none()
    plan_annulation(conn, parcours.id, rendez_vous.id, rendez_vous.debut_at, maintenant)
    if autre is not None:  # another one was taken since: its own act says the rest
        return True
    if parcours.statut == "entretien_planifie":
        apply_acte(conn, parcours.id, "annuler_entretien", maintenant)
    close_taches(
        conn,
        parcours_id=parcours.id,
        motifs=("tele_echange", "renseigner_tele_echange"),
        maintenant=maintenant,
        auteur=auteur,
        issue="annule_assure",
    )
    _open(conn, auteur, parcours, "planifier_tele_echange", str(rendez_vous.id), maintenant)
    return True


def _call_back(conn: Connection, auteur: Auteur, parcours: LigneParcours, geste: Row[Any], maintenant: datetime) -> bool:
    lieu = get_lieu(conn, parcours.plateforme_id)
    _open(
        conn,
        auteur,
        parcours,
        "rappel_promis",
        f"{geste.genre}:{geste.invitation_id}",  # asked again, it is the same call to make
        maintenant,
        echeance_at=due_at(lieu, "planification_delai_jours_ouvres", maintenant),
        note=NOTES[geste.genre],
    )
    return True


def _unlock(conn: Connection, auteur: Auteur, parcours: LigneParcours, geste: Row[Any], maintenant: datetime) -> bool:
    if _is_remplacee(conn, geste):
        return False
    revoke_invitation(conn, parcours.id, "annulee", maintenant)
    close_taches(conn, parcours_id=parcours.id, motifs=("reponse_invitation",), maintenant=maintenant, auteur=auteur, issue="lien_bloque")
    return _call_back(conn, auteur, parcours, geste, maintenant)


def _renew(conn: Connection, auteur: Auteur, parcours: LigneParcours, geste: Row[Any], maintenant: datetime) -> bool:
    """The link leaves again, to the same coordinates only; when it cannot, a person takes over.

    A former link never stops the one sent since: whoever still holds it would take it away from the person.
    """
    if _is_remplacee(conn, geste):
        return False
    revoke_invitation(conn, parcours.id, "expiree", maintenant)
    try:
        with conn.begin_nested():
            invitation = invite_assure(conn, auteur, parcours.id, maintenant)
    except ErreurPdp:
        return _call_back(conn, auteur, parcours, geste, maintenant)
    return invitation.id is not None


def _is_remplacee(conn: Connection, geste: Row[Any]) -> bool:
    """Whether another link is open since."""
    ouverte = conn.execute(query("rendez_vous.trouver_invitation"), {"parcours": geste.parcours_id}).one_or_none()
    return ouverte is not None and ouverte.id != geste.invitation_id


def _open(
    conn: Connection,
    auteur: Auteur,
    parcours: LigneParcours,
    motif: str,
    cause: str,
    maintenant: datetime,
    *,
    echeance_at: datetime | None = None,
    note: str | None = None,
) -> None:
    open_tache(
        conn,
        plateforme_id=parcours.plateforme_id,
        parcours_id=parcours.id,
        motif=motif,
        cause=cause,
        maintenant=maintenant,
        auteur=auteur,
        echeance_at=echeance_at,
        note=note,
    )


SUITES: dict[str, Callable[[Connection, Auteur, LigneParcours, Row[Any], datetime], bool]] = {
    "choisi": _choose,
    "deplace": _choose,
    "annule": _cancel,
    "rappelez_moi": _call_back,
    "bloque": _unlock,
    "nouveau_lien": _renew,
}
