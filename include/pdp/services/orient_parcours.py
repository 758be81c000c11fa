"""Orientation: a hand-over proposed by a person, covered by an agreement, written with its message in one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.domain.auteur import Auteur
from pdp.domain.calendrier import add_jours_ouvres
from pdp.domain.orientation import DISPOSITIFS, check_plateforme
from pdp.errors import AccordManquant, DonneeInvalide, Introuvable
from pdp.partners.transports import ANNONCENT_LE_RETRAIT
from pdp.services.delais import Lieu, get_lieu
from pdp.services.manage_taches import close_taches, open_tache
from pdp.services.move_parcours import LigneParcours, apply_acte, lock_parcours
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_contenu import find_accord, get_partage, lock_accord, read_contenu
from pdp.services.refresh_horloge import refresh_horloge
from pdp.storage import journal, outbox
from pdp.storage.sql import query


@dataclass(frozen=True)
class Retraits:
    """What taking hand-overs back did: how many, messages recalled, partners told."""

    orientations: int = 0
    rappeles: int = 0
    prevenus: int = 0


def preview_contenu(conn: Connection, parcours_id: UUID, partenaire_id: UUID, maintenant: datetime) -> dict[str, Any]:
    """Exactly what the partner would receive now, by the code that sends; before any agreement, what its text would let be sent."""
    partenaire = _get_partenaire(conn, partenaire_id)
    jour = get_lieu(conn, partenaire.plateforme_id).jour(maintenant)
    accord = find_accord(conn, parcours_id, partenaire.type, partenaire_id, jour)
    return read_contenu(conn, parcours_id, get_partage(partenaire.type, jour, partenaire.plateforme_id), accord)


def orient_parcours(conn: Connection, auteur: Auteur, parcours_id: UUID, partenaire_id: UUID, motif: str, maintenant: datetime) -> UUID:
    """Hand over to a partner; returns the orientation. One active hand-over per kind of service: the same again is the same one.

    Raises :class:`AccordManquant` without an active agreement for this kind of recipient, :class:`DonneeInvalide` without a reason.
    """
    if not motif.strip():
        raise DonneeInvalide("Dites en une phrase pourquoi vous orientez cette personne : le partenaire la lira.", code="missing_reason")
    partenaire = _get_partenaire(conn, partenaire_id)
    avant = apply_acte(conn, parcours_id, "orienter", maintenant)
    active = conn.execute(query("orientations.trouver_active"), {"parcours": parcours_id, "dispositif": partenaire.type}).scalar()
    if active is not None:
        return active
    lieu = get_lieu(conn, avant.plateforme_id)
    jour = lieu.jour(maintenant)
    accord = lock_accord(conn, parcours_id, partenaire.type, partenaire_id, jour)
    if accord is None:
        raise AccordManquant(
            f"La personne n'a pas donné son accord pour « {DISPOSITIFS[partenaire.type]} ». Rien n'est parti : recueillez-le d'abord."
        )
    contenu = read_contenu(conn, parcours_id, get_partage(partenaire.type, jour, avant.plateforme_id), accord)
    attendue = _reponse_attendue(lieu, partenaire, maintenant)
    ligne = conn.execute(
        query("orientations.proposer"),
        {
            "parcours": parcours_id,
            "partenaire": partenaire_id,
            "dispositif": partenaire.type,
            "accord": accord.id,
            "motif": motif.strip(),
            "contenu": json.dumps(contenu, ensure_ascii=False),
            "classes": accord.classes,
            "par": UUID(auteur.id),
            "maintenant": maintenant,
            "attendue": lieu.jour(attendue),
        },
    ).one()
    _enqueue(conn, avant, ligne, partenaire, motif.strip(), contenu, lieu, maintenant)
    donnees = {"orientation_id": ligne.id, "dispositif": partenaire.type, "partenaire_id": partenaire_id}
    journal.record(
        conn, "orientation_proposee", plateforme_id=avant.plateforme_id, assure_id=avant.assure_id, parcours_id=parcours_id, donnees=donnees
    )
    close_taches(
        conn,
        parcours_id=parcours_id,
        motifs=("demander_accord", "lire_reponse", "autre_relais"),
        maintenant=maintenant,
        auteur=auteur,
        issue="oriente",
    )
    refresh_horloge(conn, auteur, parcours_id, ligne.id, maintenant)  # whose turn, until when, and the reason to wait
    return ligne.id


def cancel_orientation(conn: Connection, auteur: Auteur, orientation_id: UUID, motif: str, maintenant: datetime) -> None:
    """Take a hand-over back: an unsent message is recalled, a delivered one is no longer visible to the partner. Twice is once."""
    parcours_id = conn.execute(query("orientations.trouver_parcours"), {"orientation": orientation_id}).scalar()
    if parcours_id is None:
        raise Introuvable
    lock_parcours(conn, parcours_id)  # before the hand-over, as the answers of partners do: the two never wait for each other
    ligne = conn.execute(query("orientations.verrouiller"), {"orientation": orientation_id}).one()
    if ligne.statut == "annulee":
        return
    check_plateforme(ligne.statut, "annulee")
    _annul(conn, auteur, ligne, motif, maintenant)


def revoke_orientations(
    conn: Connection, auteur: Auteur, parcours_id: UUID, dispositif: str | None, maintenant: datetime, *, partenaire_id: UUID | None = None
) -> Retraits:
    """Take back every active hand-over covered by a withdrawn agreement (None = all, every partner of the kind)."""
    cle = {"parcours": parcours_id, "dispositif": dispositif, "partenaire": partenaire_id}
    faits = [
        _annul(conn, auteur, ligne, "accord_retire", maintenant)
        for ligne in conn.execute(query("orientations.verrouiller_actives"), cle).all()
    ]
    return Retraits(len(faits), sum(rappeles for rappeles, _ in faits), sum(prevenu for _, prevenu in faits))


def resend_reduite(conn: Connection, ligne: Row[Any], contenu: dict[str, Any], retirees: Sequence[str], maintenant: datetime) -> None:
    """A hand-over that nobody tried to send leaves without the data taken back, as another message; its reprieve is not begun again."""
    lieu = get_lieu(conn, ligne.plateforme_id)
    outbox.enqueue(
        conn,
        # the instant too: taken back, given again, taken back once more are three messages, and the last one must leave
        cle_parts=(
            str(ligne.parcours_id),
            ligne.type,
            str(ligne.partenaire_id),
            str(ligne.revision),
            "sans",
            *sorted(retirees),
            str(maintenant),
        ),
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        orientation_id=ligne.id,
        partenaire_id=ligne.partenaire_id,
        canal=ligne.canal,
        type="orientation",
        charge=_charge(ligne.id, ligne.type, ligne.motif, contenu, ligne.proposee_at),
        accord_destinataire=ligne.type,
        maintenant=maintenant,
        horizon_jours=_horizon(lieu, maintenant),
        pas_avant=max(maintenant, ligne.proposee_at + _repentir(lieu, maintenant)),
    )


def _charge(orientation_id: UUID, dispositif: str, motif: str, contenu: dict[str, Any], emise_at: datetime) -> dict[str, Any]:
    """What is written on the wire."""
    return {
        "orientation_id": str(orientation_id),
        "dispositif": dispositif,
        "motif": motif,
        "contenu": contenu,
        "emise_at": emise_at.isoformat(),
    }


def _annul(conn: Connection, auteur: Auteur, ligne: Row[Any], motif: str, maintenant: datetime) -> tuple[int, bool]:
    """Messages recalled, and whether the partner is told."""
    conn.execute(query("orientations.annuler"), {"orientation": ligne.id, "maintenant": maintenant})
    rappeles = outbox.recall(conn, ligne.id, maintenant)
    prevenu = ligne.canal in ANNONCENT_LE_RETRAIT and outbox.may_have_left(conn, ligne.id)  # delivered, in flight, or nobody knows
    if prevenu:
        deja = conn.execute(query("outbox.compter_annulations"), {"orientation": ligne.id}).scalar_one()  # taken back, put back by an undo
        outbox.enqueue(
            conn,
            cle_parts=(str(ligne.id), "annulation", *([str(deja)] if deja else [])),
            plateforme_id=ligne.plateforme_id,
            parcours_id=ligne.parcours_id,
            orientation_id=ligne.id,
            partenaire_id=ligne.partenaire_id,
            canal=ligne.canal,
            type="annulation",
            charge={"orientation_id": str(ligne.id), "annulee_at": maintenant.isoformat()},
            accord_destinataire=None,
            maintenant=maintenant,
            horizon_jours=_horizon(get_lieu(conn, ligne.plateforme_id), maintenant),
        )
    journal.record(
        conn,
        "orientation_retiree",
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        donnees={"orientation_id": ligne.id, "motif": motif, "messages_rappeles": rappeles},
    )
    conn.execute(
        query("taches.fermer_cause"), {"parcours": ligne.parcours_id, "cause": str(ligne.id), "maintenant": maintenant, "par": auteur.id}
    )
    open_tache(
        conn,
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        motif="faire_le_point",
        cause=f"retrait:{ligne.id}",
        maintenant=maintenant,
        auteur=auteur,
    )
    return rappeles, prevenu


def _enqueue(
    conn: Connection,
    parcours: LigneParcours,
    ligne: Row[Any],
    partenaire: Row[Any],
    motif: str,
    contenu: dict[str, Any],
    lieu: Lieu,
    maintenant: datetime,
) -> None:
    outbox.enqueue(
        conn,
        cle_parts=(str(parcours.id), partenaire.type, str(partenaire.id), str(ligne.revision)),
        plateforme_id=parcours.plateforme_id,
        parcours_id=parcours.id,
        orientation_id=ligne.id,
        partenaire_id=partenaire.id,
        canal=partenaire.canal,
        type="orientation",
        charge=_charge(ligne.id, partenaire.type, motif, contenu, maintenant),
        accord_destinataire=partenaire.type,
        maintenant=maintenant,
        horizon_jours=_horizon(lieu, maintenant),
        pas_avant=maintenant + _repentir(lieu, maintenant),
    )


def _repentir(lieu: Lieu, maintenant: datetime) -> timedelta:
    """Time left to take a hand-over back before anything leaves."""
    return timedelta(seconds=referentiel().entier("annulation_message_secondes", lieu.jour(maintenant), lieu.plateforme_id))


def _horizon(lieu: Lieu, maintenant: datetime) -> int:
    return referentiel().entier("boite_envoi_horizon_jours", lieu.jour(maintenant), lieu.plateforme_id)


def _reponse_attendue(lieu: Lieu, partenaire: Row[Any], maintenant: datetime) -> datetime:
    jour = lieu.jour(maintenant)
    delai = partenaire.delai_reponse_jours or referentiel().entier("orientation_accuse_delai_jours_ouvres", jour, lieu.plateforme_id)
    return lieu.fin_de_journee(add_jours_ouvres(jour, delai, lieu.zone))


def _get_partenaire(conn: Connection, partenaire_id: UUID) -> Row[Any]:
    ligne = conn.execute(query("orientations.lire_partenaire"), {"partenaire": partenaire_id}).one_or_none()
    if ligne is None:
        raise Introuvable("Ce partenaire n'existe pas ou n'est pas accessible.")
    return ligne
