"""What follows the outcome of a message to a partner: the hand-over is marked, a notice is written, a person is called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.partners.contrat import Destinataire, Lien
from pdp.services import send_message
from pdp.services.manage_taches import open_tache
from pdp.storage import journal, outbox
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query

DECIDES = frozenset({"orientation_retiree", "silence", "trop_tard", "parcours_clos"})
"""Obstacles that a person decided, or that time settled: nobody is asked to send the message another way."""
_NOTES = {
    "incertain": "Envoyé peut-être : sans réponse, rien n'est renvoyé. Demandez au partenaire s'il l'a reçue, puis notez-le.",
    "interrompu": "L'envoi s'est interrompu plusieurs fois : mis de côté. Demandez au partenaire s'il l'a reçue, puis notez-le.",
}


class Suivie(send_message.Ligne, Protocol):
    """A message to a partner as those who follow it know it (``send_outbox.LigneReclamee``)."""

    @property
    def orientation_id(self) -> UUID | None: ...
    @property
    def partenaire_id(self) -> UUID | None: ...
    @property
    def horizon_at(self) -> datetime: ...
    @property
    def cree_at(self) -> datetime: ...
    @property
    def cause(self) -> str | None: ...


@dataclass(frozen=True)
class LigneDestinataire:
    """Where a message goes."""

    id_source: str | None
    nom: str | None
    partenaire_type: str | None
    url: str | None
    courriel: str | None
    adresse_securisee: str | None
    plateforme: str
    telephone: str | None
    jeton_url: str | None

    def as_destinataire(self, plateforme_id: str, partenaire_id: UUID | None, lien: Lien | None = None) -> Destinataire:
        """As a transport needs it; only for a partner known by an id of both sides. ``lien``: for the transport that mails links."""
        assert self.id_source is not None
        return Destinataire(
            plateforme_id,
            self.id_source,
            self.url,
            partenaire_id,
            self.nom or "",
            self.partenaire_type or "",
            self.courriel,
            self.adresse_securisee,
            self.plateforme,
            self.telephone,
            lien=lien,
            jeton_url=self.jeton_url,
        )


def find_destinataire(
    conn: Connection, plateforme_id: str, partenaire_id: UUID | None, contact_id: str | None = None, canal: str | None = None
) -> LigneDestinataire | None:
    """``contact_id``: the colleague of the partner who is written to; no address at all once this colleague has left.

    ``canal``: the transport of the message. One that began by a former transport of the partner ends at the address it had then.
    """
    return find_ligne(
        conn,
        "outbox.lire_destinataire",
        LigneDestinataire,
        plateforme=plateforme_id,
        partenaire=partenaire_id,
        contact=contact_id,
        canal=canal,
    )


def follow_delivery(conn: Connection, ligne: Suivie, maintenant: datetime) -> None:
    """The partner has the hand-over: said once, and a partner who reads the portal is told to look there."""
    if ligne.type != "orientation":
        return
    dispositif = conn.execute(query("outbox.marquer_envoyee"), {"orientation": ligne.orientation_id, "maintenant": maintenant}).scalar()
    if dispositif is None:
        return
    journal.record(
        conn,
        "orientation_envoyee",
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        donnees={"orientation_id": ligne.orientation_id, "dispositif": dispositif, "canal": ligne.canal, "essais": ligne.essais},
    )
    if ligne.canal == "portail":
        _enqueue_avis(conn, ligne, maintenant)


def set_aside(conn: Connection, auteur: Auteur, ligne: Suivie, maintenant: datetime) -> None:
    """The claim found that the row may not leave: written down, and a person told unless a person decided it."""
    if ligne.cause is not None:
        send_message.set_aside(conn, auteur, ligne, maintenant, decide=ligne.obstacle in DECIDES)
        return
    journal.record(
        conn,
        "message_rappele" if ligne.etat == "rappele" else "message_en_echec",
        **describe(ligne, motif=ligne.obstacle, essais=ligne.essais),
    )
    if ligne.obstacle not in DECIDES:
        _open_echec(conn, auteur, ligne, maintenant, _NOTES.get(ligne.obstacle or "") or _NOTES.get(ligne.etat))


def call_a_person(conn: Connection, auteur: Auteur, ligne: Suivie, etat: str, code: str, maintenant: datetime) -> None:
    """It did not arrive, or nobody knows: a coordinator chooses what to do."""
    journal.record(conn, "message_en_echec", **describe(ligne, code=code, essais=ligne.essais))
    _open_echec(conn, auteur, ligne, maintenant, _NOTES.get(etat))


def describe(ligne: Suivie, **suite: Any) -> dict[str, Any]:
    """What the journal says of a message to a partner: codes, counts and opaque ids."""
    return {
        "plateforme_id": ligne.plateforme_id,
        "parcours_id": ligne.parcours_id,
        "donnees": {"orientation_id": ligne.orientation_id, "type": ligne.type, **suite},
    }


def _open_echec(conn: Connection, auteur: Auteur, ligne: Suivie, maintenant: datetime, note: str | None) -> None:
    if ligne.charge.get("genre") == "code":  # who asked for it is in front of the page, and asks again
        return
    if ligne.parcours_id is None:  # mail to staff: what it counts is on the screen, and what nobody reads goes to a colleague
        return
    open_tache(
        conn,
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        motif="message_en_echec",
        cause=str(ligne.cle),
        maintenant=maintenant,
        auteur=auteur,
        note=note,
    )


def _enqueue_avis(conn: Connection, ligne: Suivie, maintenant: datetime) -> None:
    """A neutral notice tells the partner to look at its inbox; a partner without an address is told nothing."""
    cible = find_destinataire(conn, ligne.plateforme_id, ligne.partenaire_id)
    if cible is None or not cible.courriel:
        return
    outbox.enqueue(
        conn,
        cle_parts=(str(ligne.cle), "avis_partenaire"),
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        orientation_id=ligne.orientation_id,
        partenaire_id=ligne.partenaire_id,
        canal="courriel",
        type="avis_partenaire",
        charge={},
        accord_destinataire=None,
        maintenant=maintenant,
        horizon_jours=max(1, (ligne.horizon_at - ligne.cree_at).days),
    )
