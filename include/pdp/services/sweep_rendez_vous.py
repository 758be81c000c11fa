"""Appointments, every quarter of an hour: acts of the insured, messages due, unanswered invitations, links with no object, slots to open.

Each step takes whatever is due and not settled, however late; run twice, it does nothing more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.errors import ErreurPdp
from pdp.services.apply_gestes import EN_ECHEC, apply_gestes
from pdp.services.delais import Lieu, get_lieu
from pdp.services.invite_assure import CAUSE_CRENEAUX, MOTIF_CRENEAUX, add_lien, list_creneaux_assure, revoke_invitation
from pdp.services.manage_taches import close_tache, close_taches, open_tache
from pdp.services.move_parcours import lock_parcours
from pdp.services.publish_referentiel import referentiel
from pdp.services.remind_rendez_vous import send_dus
from pdp.services.write_message import write_message
from pdp.storage import journal
from pdp.storage.sql import query

LOT = 200
CAUSE_INVITES = "invite_sans_creneau"


def sweep_rendez_vous(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """One sweep of a platform; ``detail`` counts what was done, by kind."""
    journal.live_at(conn, maintenant)
    lieu = get_lieu(conn, plateforme_id)
    _lock_dus(conn, lieu, maintenant)
    gestes = apply_gestes(conn, auteur, maintenant, plateforme_id=plateforme_id)
    en_echec = gestes.get(EN_ECHEC, 0)
    bilan = Bilan(traites=sum(gestes.values()) - en_echec, echoues=en_echec, detail=dict(gestes))
    for etape in (_close_links, _remind_unanswered, _watch_slots):
        faits = etape(conn, lieu, auteur, maintenant)
        bilan += Bilan(traites=sum(faits.values()), detail=faits)
    return bilan + send_dus(conn, plateforme_id, auteur, maintenant)


def _lock_dus(conn: Connection, lieu: Lieu, maintenant: datetime) -> None:
    """Whoever acts on several cases takes them in the order of their ids: the sweep too, or each would wait for the other."""
    parametres = {"plateforme": lieu.plateforme_id, "maintenant": maintenant}
    liens = conn.execute(query("rendez_vous.lister_a_fermer"), {**parametres, "jour": lieu.jour(maintenant), "lot": LOT}).all()
    conn.execute(query("rendez_vous.verrouiller_dus"), {**parametres, "aussi": [lien.parcours_id for lien in liens]}).all()


def _close_links(conn: Connection, lieu: Lieu, auteur: Auteur, maintenant: datetime) -> dict[str, int]:
    """A link with no object stops; unanswered, it comes back to the coordinator as a reason to act."""
    parametres = {"plateforme": lieu.plateforme_id, "maintenant": maintenant, "jour": lieu.jour(maintenant), "lot": LOT}
    comptes: dict[str, int] = {}
    for lien in conn.execute(query("rendez_vous.lister_a_fermer"), parametres).all():
        parcours = lock_parcours(conn, lien.parcours_id)
        if not revoke_invitation(conn, lien.parcours_id, lien.motif, maintenant):
            continue
        journal.record(
            conn,
            "invitation_fermee",
            plateforme_id=lieu.plateforme_id,
            assure_id=parcours.assure_id,
            parcours_id=parcours.id,
            donnees={"invitation_id": lien.id, "motif": lien.motif},
        )
        attendue = close_taches(
            conn, parcours_id=parcours.id, motifs=("reponse_invitation",), maintenant=maintenant, auteur=auteur, issue=f"lien_{lien.motif}"
        )
        if attendue and lien.motif in ("expiree", "silence") and not lien.planifie:
            open_tache(
                conn,
                plateforme_id=lieu.plateforme_id,
                parcours_id=parcours.id,
                motif="planifier_tele_echange",
                cause=str(lien.id),
                maintenant=maintenant,
                auteur=auteur,
                note="Invitée par lien, sans réponse." if lien.motif == "expiree" else None,
            )
        comptes[f"liens_{lien.motif}"] = comptes.get(f"liens_{lien.motif}", 0) + 1
    return comptes


def _remind_unanswered(conn: Connection, lieu: Lieu, auteur: Auteur, maintenant: datetime) -> dict[str, int]:
    """One reminder of an unanswered invitation, unless the link is too near its end to be of use."""
    minimum = timedelta(days=referentiel().entier("invitation_relance_validite_min_jours", lieu.jour(maintenant), lieu.plateforme_id))
    parametres = {"plateforme": lieu.plateforme_id, "maintenant": maintenant, "lot": LOT}
    relancees = 0
    for lien in conn.execute(query("rendez_vous.lister_relances_dues"), parametres).all():
        lock_parcours(conn, lien.parcours_id)  # first, as whoever acts on the case does: the two never wait for each other
        etat = conn.execute(query("rendez_vous.trouver_invitation"), {"parcours": lien.parcours_id}).one_or_none()
        if etat is None or etat.id != lien.id or etat.relance_at is not None:
            continue
        if etat.repondue_at is None and etat.bloquee_at is None and maintenant + minimum <= etat.expire_at:
            relancees += _remind(conn, lieu, auteur, lien, maintenant)
        conn.execute(query("rendez_vous.regler_relance"), {"invitation": lien.id, "maintenant": maintenant})
    return {"invitations_relancees": relancees} if relancees else {}


def _remind(conn: Connection, lieu: Lieu, auteur: Auteur, lien: Row[Any], maintenant: datetime) -> int:
    try:
        with conn.begin_nested():
            message = write_message(
                conn,
                auteur,
                lien.parcours_id,
                modele="invitation_rendez_vous",
                cause=f"{lien.id}:relance",
                maintenant=maintenant,
                valeurs={"lien": add_lien(conn, lieu, lien.id, maintenant), "expire_le": f"{lieu.jour(lien.expire_at):%d/%m/%Y}"},
                trop_tard_at=lien.expire_at,
            )
    except ErreurPdp:  # silence, no way to reach her: the row is settled, the expiry brings the case back
        return 0
    return int(message.etat == "a_envoyer")


def _watch_slots(conn: Connection, lieu: Lieu, auteur: Auteur, maintenant: datetime) -> dict[str, int]:
    """S09: invited without any slot left, the manager is asked to open some; once there are, who waited can be invited."""

    @cache
    def has_slots(parcours_id: UUID) -> bool:
        return has_creneaux(conn, parcours_id, maintenant)

    demandees = rendues = 0
    for invite in list_invites_en_attente(conn, lieu.plateforme_id, maintenant):
        if not has_slots(invite.parcours_id):
            demandees += _ask_for_slots(conn, lieu, auteur, invite.parcours_id, maintenant)
    for attente in conn.execute(query("rendez_vous.lister_attentes_creneaux"), {"plateforme": lieu.plateforme_id}).all():
        if not has_slots(attente.parcours_id):
            continue
        lock_parcours(conn, attente.parcours_id)
        close_tache(conn, auteur, attente.id, "creneaux_ouverts", maintenant)
        if attente.cause == CAUSE_CRENEAUX:
            open_tache(
                conn,
                plateforme_id=lieu.plateforme_id,
                parcours_id=attente.parcours_id,
                motif="planifier_tele_echange",
                cause=f"{CAUSE_CRENEAUX}:{attente.id}",
                maintenant=maintenant,
                auteur=auteur,
                note="Des créneaux sont ouverts : la personne peut être invitée.",
            )
        rendues += 1
    return {nom: n for nom, n in (("creneaux_demandes", demandees), ("creneaux_ouverts", rendues)) if n}


def _ask_for_slots(conn: Connection, lieu: Lieu, auteur: Auteur, parcours_id: UUID, maintenant: datetime) -> int:
    ouverte = open_tache(
        conn,
        plateforme_id=lieu.plateforme_id,
        parcours_id=parcours_id,
        motif=MOTIF_CRENEAUX,
        cause=CAUSE_INVITES,
        maintenant=maintenant,
        auteur=auteur,
    )
    return int(ouverte is not None)


def has_creneaux(conn: Connection, parcours_id: UUID, maintenant: datetime) -> bool:
    """Whether the person of a parcours could choose a slot now."""
    parcours = conn.execute(query("rendez_vous.lire_parcours"), {"parcours": parcours_id}).one_or_none()
    if parcours is None or parcours.csam_id is None:
        return False
    _, libres = list_creneaux_assure(conn, parcours, maintenant)
    return bool(libres)


def list_invites_en_attente(conn: Connection, plateforme_id: str, maintenant: datetime) -> list[Row[Any]]:
    """People invited who have not chosen yet, by the end of their link."""
    return list(conn.execute(query("rendez_vous.lister_invites_en_attente"), {"plateforme": plateforme_id, "maintenant": maintenant}).all())
