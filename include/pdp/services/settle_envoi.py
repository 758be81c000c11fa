"""A person asked the partner by telephone whether a hand-over arrived: it has it, or it is sent again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.errors import Conflit, Introuvable
from pdp.services.delais import get_lieu
from pdp.services.follow_envoi import describe, follow_delivery
from pdp.services.heal_incertains import close_echec
from pdp.services.move_parcours import lock_parcours
from pdp.services.publish_referentiel import referentiel
from pdp.services.send_outbox import LigneReclamee
from pdp.storage import journal
from pdp.storage.lignes import find_ligne, list_lignes
from pdp.storage.sql import query

HORIZON = "boite_envoi_horizon_jours"
MOTIFS = {
    "bail_expire": "l'envoi s'est interrompu",
    "interrompu": "l'envoi s'est interrompu plusieurs fois",
    "smtp_no_answer": "le serveur de messagerie n'a pas répondu",
    "horizon": "sept jours d'essais sans réponse",
    "timeout": "le partenaire n'a pas répondu à temps",
    "connection": "le partenaire est injoignable",
    "introuvable": "le partenaire, interrogé, ne l'a pas",
    "accord_absent": "l'accord de la personne a pris fin entre-temps",
    "no_recipient": "le partenaire n'est plus connu",
    "address_missing": "il manque l'adresse du partenaire",
}


@dataclass(frozen=True)
class EnvoiDouteux:
    """A message of a hand-over that did not surely arrive."""

    orientation_id: UUID
    id: UUID
    etat: str
    canal: str
    type: str
    essais: int
    dernier_code: str | None
    cree_at: datetime

    @property
    def retrait(self) -> bool:
        """The message tells that the hand-over was taken back."""
        return self.type == "annulation"

    @property
    def titre(self) -> str:
        if self.retrait:
            return "Retrait peut-être pas arrivé" if self.etat == "incertain" else "Retrait non remis"
        return "Demande peut-être pas arrivée" if self.etat == "incertain" else "Demande non remise"

    @property
    def phrase(self) -> str:
        if self.etat == "incertain":
            return "Le message est peut-être parti, mais rien ne dit s'il est arrivé. Rien n'est renvoyé sans vous."
        return "Le message n'a pas pu être remis, et la plateforme a cessé d'essayer."

    @property
    def motif(self) -> str:
        """Last answer in words; a technical code is shown as it is rather than hidden."""
        return MOTIFS.get(self.dernier_code or "", f"dernier code : {self.dernier_code}")


def list_douteux(conn: Connection, parcours_id: UUID) -> dict[UUID, EnvoiDouteux]:
    """By hand-over, the last message of each that a person should settle."""
    lignes = list_lignes(conn, "circuits.lister_a_regler", EnvoiDouteux, parcours=parcours_id)
    return {ligne.orientation_id: ligne for ligne in lignes}


def settle_envoi(conn: Connection, auteur: Auteur, parcours_id: UUID, message_id: UUID, *, recu: bool, maintenant: datetime) -> str:
    """Write down what the partner said and return the sentence for the coordinator; the same answer again changes nothing.

    ``recu`` false: the message leaves again under the same key, for another horizon, its agreement checked as at the first time.
    Raises :class:`Introuvable`, or :class:`Conflit` when the message is on its way again.
    """
    lock_parcours(conn, parcours_id)
    ligne = find_ligne(conn, "circuits.lire_a_regler", LigneReclamee, message=message_id, parcours=parcours_id)
    if ligne is None:
        raise Introuvable
    if ligne.etat == "livre" and recu:
        return "C'était déjà noté : le partenaire l'a reçue."
    if ligne.etat == "a_envoyer" and not recu:
        return "La demande est déjà prête à repartir."
    if ligne.etat not in ("incertain", "rebut"):
        raise Conflit("Cet envoi a changé entre-temps. Rien n'a été enregistré : rechargez la page.")
    journal.live_at(conn, maintenant)
    lieu = get_lieu(conn, ligne.plateforme_id)
    jours = referentiel().entier(HORIZON, lieu.jour(maintenant), ligne.plateforme_id)
    conn.execute(
        query("circuits.regler"),
        {
            "id": ligne.id,
            "etat": "livre" if recu else "a_envoyer",
            "code": "confirme" if recu else "a_renvoyer",
            "livre_at": maintenant if recu else None,
            "reprise": None if recu else maintenant,
            "horizon": None if recu else maintenant + timedelta(days=jours),
        },
    )
    suite = describe(ligne, avant=ligne.etat, essais=ligne.essais)
    journal.record(conn, "message_confirme" if recu else "message_a_renvoyer", **suite)
    if recu:
        follow_delivery(conn, ligne, maintenant)
    close_echec(conn, auteur, ligne, "confirme" if recu else "renvoye", maintenant)
    if recu:
        return "Noté : le partenaire l'a bien reçue. Sa réponse est attendue."
    return "La demande repart dans les prochaines minutes, si l'accord de la personne est toujours là."
