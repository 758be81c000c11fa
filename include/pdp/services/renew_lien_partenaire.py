"""The link in use of a hand-over: made by the sender just before its first mail, renewed on request, stopped with the hand-over.

A link that leaves again changes nothing at the partner: it may be renewed safely even when nobody knows what became of a former mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.orientation import ACTIVES, LIBELLES, Statut
from pdp.errors import Introuvable, TransitionInterdite
from pdp.partners.contrat import Envoi, Lien
from pdp.partners.lien_textes import SANS_PAGE, genre_of
from pdp.services.delais import Lieu, get_lieu
from pdp.services.follow_envoi import Suivie
from pdp.services.publish_referentiel import referentiel
from pdp.storage import journal, outbox
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query


@dataclass(frozen=True)
class LienCourant:
    """The link in use as the coordinator sees it; ``ouvert_at`` = first time a right code opened it."""

    id: UUID
    generation: int
    cree_at: datetime
    expire_at: datetime
    ouvert_at: datetime | None


def prepare_lien(conn: Connection, ligne: Suivie, maintenant: datetime) -> Lien | None:
    """The link that a message of the outbox carries; None when it carries none, or once the hand-over is taken back."""
    if ligne.canal != "lien" or ligne.orientation_id is None or genre_of(Envoi(ligne.cle, ligne.type, ligne.charge)) in SANS_PAGE:
        return None
    return ensure_lien(conn, ligne.orientation_id, maintenant)


def ensure_lien(conn: Connection, orientation_id: UUID, maintenant: datetime) -> Lien | None:
    """The link in use, made when there is none or when it has expired; None once the hand-over is taken back.

    Called by the sender, in a transaction of its own before the mail: a worker that dies in between leaves a link nobody holds, and
    the next attempt uses it.
    """
    ligne = conn.execute(query("lien_partenaire.trouver_valable"), {"orientation": orientation_id}).one_or_none()
    if ligne is None:
        return None
    if ligne.id is not None and ligne.expire_at > maintenant:
        return Lien(ligne.id, ligne.expire_at)
    lieu = get_lieu(conn, ligne.plateforme_id)
    if ligne.id is not None:
        conn.execute(query("lien_partenaire.remplacer_perime"), {"lien": ligne.id, "maintenant": maintenant})
    creee = conn.execute(
        query("lien_partenaire.creer"),
        {
            "plateforme": ligne.plateforme_id,
            "orientation": orientation_id,
            "partenaire": ligne.partenaire_id,
            "generation": ligne.generation + 1,
            "maintenant": maintenant,
            "expire": _expire_at(lieu, maintenant),
        },
    ).one_or_none()
    if creee is not None:
        return Lien(creee.id, creee.expire_at)
    courant = find_lien(conn, orientation_id)
    return None if courant is None else Lien(courant.id, courant.expire_at)


def find_lien(conn: Connection, orientation_id: UUID) -> LienCourant | None:
    """The link in use of a hand-over, expired or not; None before its first mail, or when it was stopped."""
    return find_ligne(conn, "lien_partenaire.trouver_courant", LienCourant, orientation=orientation_id)


def renew_lien(conn: Connection, auteur: Auteur, orientation_id: UUID, maintenant: datetime) -> UUID:
    """Stop the link in use and mail another to the address configured; returns the row of the outbox.

    For the coordinator, the reminders and the healing pass. A second call while the mail waits is the same mail. Raises
    :class:`Introuvable` for a hand-over that was never mailed a link, :class:`TransitionInterdite` once it is over.
    """
    ligne = conn.execute(query("lien_partenaire.lire_pour_renouveler"), {"orientation": orientation_id}).one_or_none()
    if ligne is None or not (ligne.parti_par_lien or ligne.canal == "lien"):
        raise Introuvable("Cette orientation ne passe pas par un lien.")
    if ligne.statut not in ACTIVES:
        raise TransitionInterdite(
            f"L'orientation est « {LIBELLES[Statut(ligne.statut)]} » : aucun lien n'est envoyé.", code=f"forbidden:{ligne.statut}:lien"
        )
    if ligne.en_attente is not None:
        return ligne.en_attente
    lieu = get_lieu(conn, ligne.plateforme_id)
    conn.execute(query("lien_partenaire.remplacer"), {"orientation": orientation_id, "maintenant": maintenant})
    message = outbox.enqueue(
        conn,
        cle_parts=(str(orientation_id), "nouveau_lien", str(ligne.demandes + 1)),
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        orientation_id=orientation_id,
        partenaire_id=ligne.partenaire_id,
        canal="lien",
        type="avis_partenaire",
        charge={"genre": "nouveau_lien", "orientation_id": str(orientation_id)},
        accord_destinataire=None,
        maintenant=maintenant,
        horizon_jours=referentiel().entier("boite_envoi_horizon_jours", lieu.jour(maintenant), lieu.plateforme_id),
    )
    journal.record(
        conn,
        "lien_partenaire_renouvele",
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        donnees={"orientation_id": orientation_id, "par": auteur.role},
    )
    return message


def _expire_at(lieu: Lieu, maintenant: datetime) -> datetime:
    jour = lieu.jour(maintenant)
    return lieu.fin_de_journee(jour + timedelta(days=referentiel().entier("lien_partenaire_validite_jours", jour, lieu.plateforme_id)))
