"""Télé-échange: free slots of the coordinator, planned, cancelled or put off. The database refuses a double booking."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pdp.domain.auteur import Auteur
from pdp.domain.calendrier import Creneau
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.services.apply_gestes import apply_gestes
from pdp.services.delais import get_lieu
from pdp.services.load_agenda import load_agenda
from pdp.services.manage_taches import close_taches, open_tache
from pdp.services.move_parcours import apply_acte, lock_parcours
from pdp.services.publish_referentiel import referentiel
from pdp.services.record_silence import check_silence_du_jour
from pdp.services.remind_rendez_vous import plan_annulation, plan_confirmation, recall_ecrits
from pdp.storage import journal
from pdp.storage.sql import query

PLANIFIER = (
    "planifier_tele_echange",
    "premier_appel",
    "nouvel_appel",
    "rappel_promis",
    "faire_le_point",
    "renseigner_tele_echange",
    "reponse_courrier",
    "reponse_invitation",
    "ouvrir_creneaux",
)


def list_creneaux(conn: Connection, csam_id: UUID, maintenant: datetime, nombre: int = 12) -> list[Creneau]:
    """The next free slots of a coordinator, earliest first: own hours, closed ranges, absences, holidays and appointments considered."""
    jour = maintenant.date() - timedelta(days=1)  # the calendar day may be the one before, overseas
    horizon = referentiel().entier("creneaux_horizon_jours", maintenant.date())
    lieu, agenda = load_agenda(conn, csam_id, jour, jour + timedelta(days=horizon + 2))
    au_plus_tot = maintenant + timedelta(hours=referentiel().entier("creneaux_preavis_heures", lieu.jour(maintenant), lieu.plateforme_id))
    libres: list[Creneau] = []
    for decalage in range(horizon):
        libres += [c for c in agenda.list_creneaux(lieu.jour(maintenant) + timedelta(days=decalage)) if c.debut >= au_plus_tot]
        if len(libres) >= nombre:
            break
    return libres[:nombre]


def plan_tele_echange(conn: Connection, auteur: Auteur, parcours_id: UUID, debut_at: datetime, canal: str, maintenant: datetime) -> UUID:
    """Book a slot; an earlier one still to come is put off. Planning the same slot again returns it unchanged.

    Raises :class:`Conflit` when the slot was taken meanwhile, :class:`DonneeInvalide` when it is not a free slot,
    :class:`SilenceEnCours` when the person is in silence that day.
    """
    lock_parcours(conn, parcours_id)
    apply_gestes(conn, auteur, maintenant, parcours_id=parcours_id)
    avant = apply_acte(conn, parcours_id, "planifier", maintenant)
    if avant.csam_id is None:
        raise DonneeInvalide("Ce parcours n'a pas encore de conseiller.", code="unassigned")
    deja = conn.execute(query("tele_echanges.trouver_a_venir"), {"parcours": parcours_id}).one_or_none()
    if deja is not None and deja.debut_at == debut_at:
        return deja.id
    lieu = get_lieu(conn, avant.plateforme_id)
    check_silence_du_jour(conn, avant.assure_id, lieu.jour(debut_at), "aucun télé-échange ce jour-là")
    creneau = next((c for c in list_creneaux(conn, avant.csam_id, maintenant, nombre=1000) if c.debut == debut_at), None)
    if creneau is None:
        raise Conflit("Ce créneau n'est plus libre. Choisissez-en un autre ; rien d'autre n'a changé.")
    if deja is not None:
        conn.execute(query("tele_echanges.finir"), {"tele_echange": deja.id, "statut": "reporte", "maintenant": maintenant})
        recall_ecrits(conn, parcours_id, deja.id, maintenant)
    try:
        with conn.begin_nested():
            tele_echange = conn.execute(
                query("tele_echanges.planifier"),
                {
                    "parcours": parcours_id,
                    "csam": avant.csam_id,
                    "debut": creneau.debut,
                    "fin": creneau.fin,
                    "canal": canal,
                    "maintenant": maintenant,
                    "deplace": deja.id if deja is not None else None,
                },
            ).scalar_one()
    except IntegrityError as erreur:
        raise Conflit("Ce créneau vient d'être pris. Choisissez-en un autre ; rien d'autre n'a changé.") from erreur
    donnees = {"tele_echange_id": tele_echange, "debut_at": creneau.debut, "canal": canal}
    journal.record(
        conn,
        "tele_echange_planifie",
        plateforme_id=avant.plateforme_id,
        assure_id=avant.assure_id,
        parcours_id=parcours_id,
        donnees=donnees,
    )
    plan_confirmation(conn, lieu, tele_echange, creneau.debut, maintenant)
    close_taches(conn, parcours_id=parcours_id, motifs=(*PLANIFIER, "tele_echange"), maintenant=maintenant, auteur=auteur, issue="planifie")
    open_tache(
        conn,
        plateforme_id=avant.plateforme_id,
        parcours_id=parcours_id,
        motif="tele_echange",
        cause=str(tele_echange),
        maintenant=maintenant,
        auteur=auteur,
        echeance_at=creneau.debut,
    )
    return tele_echange


def cancel_tele_echange(conn: Connection, auteur: Auteur, tele_echange_id: UUID, statut: str, maintenant: datetime) -> None:
    """Cancel an appointment to come (annule_assure, annule_service, reporte); a new slot is then to be proposed."""
    if statut not in ("annule_assure", "annule_service", "reporte"):
        raise DonneeInvalide("Dites qui annule le télé-échange.", code="unknown_cancellation")
    parcours_id = conn.execute(query("tele_echanges.trouver_parcours"), {"tele_echange": tele_echange_id}).scalar()
    if parcours_id is None:
        raise Introuvable
    lock_parcours(conn, parcours_id)  # before the appointment, as the closing does: the two never wait for each other
    apply_gestes(conn, auteur, maintenant, parcours_id=parcours_id)
    ligne = conn.execute(query("tele_echanges.verrouiller"), {"tele_echange": tele_echange_id}).one()
    if ligne.statut == statut:
        return
    if ligne.statut not in ("planifie", "confirme"):
        raise Conflit("Ce télé-échange n'est plus à venir. Rien n'a été changé.")
    avant = apply_acte(conn, ligne.parcours_id, "annuler_entretien", maintenant)
    conn.execute(query("tele_echanges.finir"), {"tele_echange": tele_echange_id, "statut": statut, "maintenant": maintenant})
    if statut != "reporte":
        plan_annulation(conn, avant.id, tele_echange_id, ligne.debut_at, maintenant)
    journal.record(
        conn,
        "tele_echange_annule",
        plateforme_id=avant.plateforme_id,
        assure_id=avant.assure_id,
        parcours_id=avant.id,
        donnees={"tele_echange_id": tele_echange_id, "statut": statut},
    )
    close_taches(
        conn, parcours_id=avant.id, motifs=("tele_echange", "renseigner_tele_echange"), maintenant=maintenant, auteur=auteur, issue=statut
    )
    open_tache(
        conn,
        plateforme_id=avant.plateforme_id,
        parcours_id=avant.id,
        motif="planifier_tele_echange",
        cause=str(tele_echange_id),
        maintenant=maintenant,
        auteur=auteur,
    )
