"""After the calls: another channel, then a letter; each written once for the attempts that led to it, and told by its reason."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.contact import CANAUX_ECRITS
from pdp.domain.message import list_canaux
from pdp.errors import Conflit, DonneeInvalide
from pdp.messages.assure import Apercu
from pdp.services.delais import due_at, get_lieu
from pdp.services.manage_taches import close_taches, open_tache
from pdp.services.move_parcours import lock_parcours
from pdp.services.read_essais import weigh_parcours
from pdp.services.record_silence import check_silence_du_jour
from pdp.services.write_message import Message, get_joignabilite, get_personne, preview_message, write_message
from pdp.storage.sql import query

MODELES = {"message": "rappelez_nous", "courrier": "injoignable"}
MESSAGE_ENVOYE, COURRIER_ENVOYE = "message_envoye", "envoye"
"""Issues of the reasons once done; the watch counts from the second one."""
PARTENT = frozenset({"a_envoyer", "en_cours", "livre", "incertain"})
APPELS = ("premier_appel", "nouvel_appel", "autre_canal")


def list_canaux_ecrits(conn: Connection, parcours_id: UUID) -> tuple[str, ...]:
    """Short message and e-mail, when they can reach the person and she does not refuse them; her preferred one first."""
    joignabilite = get_joignabilite(conn, get_personne(conn, parcours_id))
    return tuple(canal for canal in list_canaux(MODELES["message"], joignabilite) if canal in CANAUX_ECRITS)


def preview_relais(conn: Connection, parcours_id: UUID, marche: str, canal: str | None = None) -> Apercu:
    """What would be written: ``marche`` is message or courrier."""
    return preview_message(conn, parcours_id, MODELES[marche], {}, canal)


def send_message(conn: Connection, auteur: Auteur, parcours_id: UUID, canal: str, maintenant: datetime) -> Message:
    """« Rappelez-nous » by SMS or e-mail, once the calls are done; the letter is asked for when the delay of the policy is over.

    A second call for the same attempts writes nothing. Raises :class:`DonneeInvalide`, :class:`Conflit`, :class:`SilenceEnCours`.
    """
    if canal not in CANAUX_ECRITS:
        raise DonneeInvalide("Choisissez SMS ou courriel. Rien n'est parti.", code="unknown_channel")
    message = _write(conn, auteur, parcours_id, "message", canal, maintenant)
    ouvert = close_taches(conn, parcours_id=parcours_id, motifs=APPELS, maintenant=maintenant, auteur=auteur, issue=MESSAGE_ENVOYE)
    if ouvert:
        parcours = lock_parcours(conn, parcours_id)
        open_tache(
            conn,
            plateforme_id=parcours.plateforme_id,
            parcours_id=parcours_id,
            motif="courrier_injoignable",
            cause=str(message.id),
            maintenant=maintenant,
            auteur=auteur,
            echeance_at=due_at(get_lieu(conn, parcours.plateforme_id), "contact_message_reponse_jours_ouvres", maintenant),
        )
    return message


def send_courrier(conn: Connection, auteur: Auteur, parcours_id: UUID, maintenant: datetime) -> Message:
    """The letter, then its answer is awaited; unanswered, the watch tells the médecin-conseil, who decides. Twice = once."""
    message = _write(conn, auteur, parcours_id, "courrier", "courrier", maintenant)
    motifs = (*APPELS, "courrier_injoignable")
    if close_taches(conn, parcours_id=parcours_id, motifs=motifs, maintenant=maintenant, auteur=auteur, issue=COURRIER_ENVOYE):
        open_tache(
            conn,
            plateforme_id=lock_parcours(conn, parcours_id).plateforme_id,
            parcours_id=parcours_id,
            motif="reponse_courrier",
            cause=str(message.id),
            maintenant=maintenant,
            auteur=auteur,
        )
    return message


def find_envois(conn: Connection, parcours_id: UUID, depuis: datetime | None) -> tuple[datetime | None, datetime | None]:
    """When the message and the letter of the attempts begun at ``depuis`` were asked for; None = not yet."""
    ligne = conn.execute(query("contacts.lire_envois"), {"parcours": parcours_id, "depuis": depuis}).one()
    return ligne.message_at, ligne.courrier_at


def _write(conn: Connection, auteur: Auteur, parcours_id: UUID, marche: str, canal: str, maintenant: datetime) -> Message:
    parcours = lock_parcours(conn, parcours_id)
    if parcours.clos_at is not None:
        raise Conflit("Ce parcours est clos : rien n'est parti.")
    lieu = get_lieu(conn, parcours.plateforme_id)
    check_silence_du_jour(conn, parcours.assure_id, lieu.jour(maintenant), "aucun message à la personne")
    tentatives = weigh_parcours(conn, parcours_id, lieu, maintenant)
    if tentatives.debut is None or not (tentatives.suffisantes or any(find_envois(conn, parcours_id, tentatives.debut))):
        raise Conflit("Les appels ne sont pas terminés, ou la personne a été jointe depuis : rien n'est parti. Rechargez la fiche appel.")
    message = write_message(
        conn,
        auteur,
        parcours_id,
        modele=MODELES[marche],
        cause=f"essais:{tentatives.debut.astimezone(UTC):%Y%m%dT%H%M%S}",
        maintenant=maintenant,
        canal=canal,
    )
    if message.etat not in PARTENT:
        raise Conflit(f"{message.phrase} Rien n'a été changé au dossier.")
    return message
