"""Invitation of the insured to choose an appointment through a link. Slots are checked first: nobody is invited to an empty page."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from pdp.config import settings
from pdp.domain.agenda import Agenda, departement_de_la_commune, fuseau_de_la_personne, is_heure_decente
from pdp.domain.auteur import Auteur
from pdp.domain.calendrier import Creneau
from pdp.domain.parcours import next_statut
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.services.delais import Lieu
from pdp.services.load_agenda import load_agenda
from pdp.services.manage_taches import close_taches, open_tache
from pdp.services.move_parcours import lock_parcours
from pdp.services.publish_referentiel import referentiel
from pdp.services.record_silence import check_silence_du_jour
from pdp.services.write_message import recall_messages, write_message
from pdp.storage import journal
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query

MOTIF_CRENEAUX = "ouvrir_creneaux"
CAUSE_CRENEAUX = "sans_creneau"
INVITES = ("planifier_tele_echange", MOTIF_CRENEAUX)
CHEMIN = "/rendez-vous"
GARDE = timedelta(hours=24)  # the guard of the messages: a second click the same day sends nothing
OCTETS_JETON = 16  # 128 bits at random: nobody guesses it, and the address fits in a text message


@dataclass(frozen=True)
class Invitation:
    """The link sent; ``id`` is None when nobody was invited for want of a slot, and ``phrase`` says so."""

    id: UUID | None
    phrase: str
    expire_at: datetime | None


@dataclass(frozen=True)
class LienOuvert:
    """A link that its holder may still use."""

    id: UUID
    invitee_at: datetime
    expire_at: datetime
    relance_at: datetime | None
    bloquee_at: datetime | None
    repondue_at: datetime | None


def invite_assure(conn: Connection, auteur: Auteur, parcours_id: UUID, maintenant: datetime) -> Invitation:
    """Send a link by which the person chooses a slot; a former link stops. The same call twice within the day sends one message.

    Without a free slot in ``invitation_horizon_jours`` nobody is invited: a reason asks the manager to open slots (S09), and the result
    says it. Raises :class:`DonneeInvalide` without a coordinator, :class:`SilenceEnCours`, :class:`Conflit` when an appointment is already
    planned or the person refused to be followed, what ``write_message`` raises when nothing can reach her.
    """
    avant = lock_parcours(conn, parcours_id)
    parcours = conn.execute(query("rendez_vous.lire_parcours"), {"parcours": parcours_id}).one_or_none()
    if parcours is None:
        raise Introuvable
    next_statut("planifier", avant.statut)
    if parcours.csam_id is None:
        raise DonneeInvalide("Ce parcours n'a pas encore de conseiller.", code="unassigned")
    if parcours.refuse:
        raise Conflit("La personne a refusé l'accompagnement ou retiré son accord : elle n'est pas invitée. Rien n'a été envoyé.")
    if conn.execute(query("tele_echanges.trouver_a_venir"), {"parcours": parcours_id}).one_or_none() is not None:
        raise Conflit("Un télé-échange est déjà prévu : la personne n'est pas invitée à en choisir un autre.")
    lieu, libres = list_creneaux_assure(conn, parcours, maintenant)
    check_silence_du_jour(conn, parcours.assure_id, lieu.jour(maintenant), "aucune invitation")
    ouverte = conn.execute(query("rendez_vous.trouver_invitation"), {"parcours": parcours_id}).one_or_none()
    if ouverte is not None and ouverte.bloquee_at is None and maintenant < min(ouverte.expire_at, ouverte.invitee_at + GARDE):
        phrase = f"Déjà invitée : le lien est valable jusqu'au {lieu.jour(ouverte.expire_at):%d/%m/%Y}. Rien de plus n'est parti."
        return Invitation(ouverte.id, phrase, ouverte.expire_at)
    journal.live_at(conn, maintenant)
    if not libres:
        return _wait_for_slots(conn, auteur, parcours, maintenant)
    invitation = _open(conn, auteur, lieu, parcours, maintenant)
    if invitation.id is None:
        return invitation
    close_taches(conn, parcours_id=parcours_id, motifs=INVITES, maintenant=maintenant, auteur=auteur, issue="invitation")
    open_tache(
        conn,
        plateforme_id=lieu.plateforme_id,
        parcours_id=parcours_id,
        motif="reponse_invitation",
        cause=str(invitation.id),
        maintenant=maintenant,
        auteur=auteur,
        echeance_at=invitation.expire_at,
    )
    return invitation


def list_creneaux_assure(conn: Connection, parcours: Row[Any], maintenant: datetime) -> tuple[Lieu, list[Creneau]]:
    """Slots that the person of a parcours may be offered."""
    jour = maintenant.date()
    lieu, agenda = load_agenda(conn, parcours.csam_id, jour, jour + timedelta(days=_horizon(parcours.plateforme_id, maintenant) + 1))
    return lieu, filter_creneaux(lieu, agenda, departement_de_la_commune(parcours.commune_insee), maintenant)


def get_fuseau_personne(conn: Connection, parcours_id: UUID, lieu: Lieu) -> ZoneInfo:
    """Clock of the person of a parcours."""
    parcours = conn.execute(query("rendez_vous.lire_parcours"), {"parcours": parcours_id}).one()
    return fuseau_de_la_personne(departement_de_la_commune(parcours.commune_insee), lieu.fuseau)


def filter_creneaux(lieu: Lieu, agenda: Agenda, departement: str | None, maintenant: datetime) -> list[Creneau]:
    """Free slots within the horizon, with notice, at decent hours where the person lives; earliest first."""
    politique, jour = referentiel(), lieu.jour(maintenant)

    def entier(cle: str) -> int:
        return politique.entier(cle, jour, lieu.plateforme_id)

    fuseau = fuseau_de_la_personne(departement, lieu.fuseau)
    heures = entier("rendez_vous_heure_min_minutes"), entier("rendez_vous_heure_max_minutes")
    au_plus_tot = get_au_plus_tot(lieu, maintenant)
    return [
        c
        for decalage in range(entier("invitation_horizon_jours") + 1)
        for c in agenda.list_creneaux(jour + timedelta(days=decalage))
        if c.debut >= au_plus_tot and is_heure_decente(c, fuseau, *heures)
    ]


def get_au_plus_tot(lieu: Lieu, maintenant: datetime) -> datetime:
    """First instant that may be chosen through a link."""
    return maintenant + timedelta(hours=referentiel().entier("invitation_preavis_heures", lieu.jour(maintenant), lieu.plateforme_id))


def ensure_lien(
    conn: Connection, lieu: Lieu, parcours_id: UUID, planifie_at: datetime, debut_at: datetime, maintenant: datetime
) -> UUID | None:
    """A link for who was given an appointment by telephone: to see, move or cancel it until it begins.

    None when one was locked, or stopped by a person since the appointment was planned.
    """
    if conn.execute(query("rendez_vous.lien_refuse_depuis"), {"parcours": parcours_id, "depuis": planifie_at}).scalar_one():
        return None
    invitation_id = uuid4()
    conn.execute(
        query("rendez_vous.inviter"),
        {
            "id": invitation_id,
            "plateforme": lieu.plateforme_id,
            "parcours": parcours_id,
            "par": None,
            "maintenant": maintenant,
            "expire": debut_at,
            "relance": None,
            "essais_max": referentiel().entier("invitation_essais_max", lieu.jour(maintenant), lieu.plateforme_id),
        },
    )
    return invitation_id


def add_lien(conn: Connection, lieu: Lieu, invitation_id: UUID, maintenant: datetime) -> str:
    """A new address for an open link; only the hash of its token is kept, so each message carries its own."""
    jeton = secrets.token_urlsafe(OCTETS_JETON)
    conn.execute(
        query("rendez_vous.ajouter_jeton"),
        {"empreinte": hash_jeton(jeton), "plateforme": lieu.plateforme_id, "invitation": invitation_id, "maintenant": maintenant},
    )
    return f"{settings().portail_url.rstrip('/')}{CHEMIN}/{jeton}"


def hash_jeton(jeton: str) -> bytes:
    return sha256(jeton.encode()).digest()


def revoke_invitation(conn: Connection, parcours_id: UUID, motif: str, maintenant: datetime) -> int:
    """The open link of a parcours stops at once and its unsent message is recalled; returns how many links stopped (0 or 1)."""
    fermees = conn.execute(
        query("rendez_vous.fermer_invitations"), {"parcours": parcours_id, "motif": motif, "maintenant": maintenant}
    ).scalars()
    nombre = 0
    for invitation_id in fermees.all():
        nombre += 1
        for cause in (str(invitation_id), f"{invitation_id}:relance"):
            recall_messages(conn, parcours_id=parcours_id, cause=cause, maintenant=maintenant, motif="invitation_fermee")
    return nombre


def stop_invitation(conn: Connection, auteur: Auteur, parcours_id: UUID, maintenant: datetime) -> bool:
    """A person stops the link: the case comes back to the coordinator as a slot to propose. False when there was none."""
    parcours = lock_parcours(conn, parcours_id)
    if not revoke_invitation(conn, parcours_id, "annulee", maintenant):
        return False
    journal.live_at(conn, maintenant)
    journal.record(
        conn,
        "invitation_fermee",
        plateforme_id=parcours.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours_id,
        donnees={"motif": "annulee"},
    )
    if close_taches(
        conn, parcours_id=parcours_id, motifs=("reponse_invitation",), maintenant=maintenant, auteur=auteur, issue="lien_ferme"
    ):
        open_tache(
            conn,
            plateforme_id=parcours.plateforme_id,
            parcours_id=parcours_id,
            motif="planifier_tele_echange",
            cause="lien_ferme",
            maintenant=maintenant,
            auteur=auteur,
        )
    return True


def find_invitation(conn: Connection, parcours_id: UUID, maintenant: datetime) -> LienOuvert | None:
    """The open link of a parcours as its coordinator sees it; None without one."""
    lien = find_ligne(conn, "rendez_vous.trouver_invitation", LienOuvert, parcours=parcours_id)
    return lien if lien is not None and lien.expire_at > maintenant else None


def _open(conn: Connection, auteur: Auteur, lieu: Lieu, parcours: Row[Any], maintenant: datetime) -> Invitation:
    politique, jour = referentiel(), lieu.jour(maintenant)

    def entier(cle: str) -> int:
        return politique.entier(cle, jour, lieu.plateforme_id)

    revoke_invitation(conn, parcours.id, "remplacee", maintenant)
    invitation_id, expire_at = uuid4(), lieu.fin_de_journee(jour + timedelta(days=entier("invitation_validite_jours")))
    relance = lieu.fin_de_journee(jour + timedelta(days=entier("invitation_relance_jours"))).replace(hour=10)
    conn.execute(
        query("rendez_vous.inviter"),
        {
            "id": invitation_id,
            "plateforme": lieu.plateforme_id,
            "parcours": parcours.id,
            "par": UUID(auteur.id) if auteur.type == "agent" else None,
            "maintenant": maintenant,
            "expire": expire_at,
            "relance": relance if relance < expire_at else None,
            "essais_max": entier("invitation_essais_max"),
        },
    )
    message = write_message(
        conn,
        auteur,
        parcours.id,
        modele="invitation_rendez_vous",
        cause=str(invitation_id),
        maintenant=maintenant,
        valeurs={"lien": add_lien(conn, lieu, invitation_id, maintenant), "expire_le": f"{lieu.jour(expire_at):%d/%m/%Y}"},
        trop_tard_at=expire_at,
    )
    if message.id is None:  # no way to write to her: a link that nobody has would only mislead
        revoke_invitation(conn, parcours.id, "annulee", maintenant)
        return Invitation(None, message.phrase, None)
    journal.record(
        conn,
        "invitation_envoyee",
        plateforme_id=lieu.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours.id,
        donnees={"invitation_id": invitation_id, "expire_at": expire_at},
    )
    phrase = f"Invitation à choisir un rendez-vous. {message.phrase} Le lien est valable jusqu'au {lieu.jour(expire_at):%d/%m/%Y}."
    return Invitation(invitation_id, phrase, expire_at)


def _wait_for_slots(conn: Connection, auteur: Auteur, parcours: Row[Any], maintenant: datetime) -> Invitation:
    open_tache(
        conn,
        plateforme_id=parcours.plateforme_id,
        parcours_id=parcours.id,
        motif=MOTIF_CRENEAUX,
        cause=CAUSE_CRENEAUX,
        maintenant=maintenant,
        auteur=auteur,
    )
    horizon = _horizon(parcours.plateforme_id, maintenant)
    return Invitation(
        None,
        f"Personne n'a été invité : aucun créneau libre dans les {horizon} jours. Le responsable est prévenu ; vous pouvez aussi ouvrir des"
        " créneaux dans votre agenda.",
        None,
    )


def _horizon(plateforme_id: str, maintenant: datetime) -> int:
    return referentiel().entier("invitation_horizon_jours", maintenant.date(), plateforme_id)
