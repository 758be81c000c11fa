"""Agreement of the insured, per recipient: collected, refused, withdrawn. A withdrawal acts at once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.accord import CANAL_EXPIRATION, CANAUX_RETRAIT, MODALITES, TEXTES
from pdp.domain.auteur import Auteur
from pdp.domain.calendrier import add_mois
from pdp.errors import DonneeInvalide, Introuvable
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import open_tache
from pdp.services.move_parcours import LigneParcours, apply_acte, lock_parcours
from pdp.services.orient_parcours import revoke_orientations
from pdp.services.publish_referentiel import referentiel
from pdp.services.raise_alerte import raise_alerte
from pdp.storage import journal
from pdp.storage.sql import query


def record_accord(
    conn: Connection, auteur: Auteur, parcours_id: UUID, *, destinataire: str, decision: str, modalite: str, maintenant: datetime
) -> UUID:
    """Record an agreement (accorde) or a refusal (refuse) with the version of the wording read.

    An agreement in force for the same recipient is returned unchanged; one that expired is renewed by a new row. A refusal of one
    recipient does not close the case; a refusal of the accompagnement itself takes every hand-over back and alerts the
    médecin-conseil. A refusal withdraws the earlier agreement.
    """
    texte = TEXTES.get(destinataire)
    if texte is None or decision not in ("accorde", "refuse") or modalite not in MODALITES:
        raise DonneeInvalide("Précisez le destinataire, la décision et la manière dont elle a été donnée.", code="bad_consent")
    avant = lock_parcours(conn, parcours_id)  # first, so that a double click finds the agreement of the first one
    jour = get_lieu(conn, avant.plateforme_id).jour(maintenant)
    actif = conn.execute(query("accords.trouver_actif"), {"parcours": parcours_id, "destinataire": destinataire}).one_or_none()
    if actif is not None and decision == "accorde":
        if actif.expire_le is None or jour <= actif.expire_le:
            return actif.id
        conn.execute(query("accords.retirer"), {"accord": actif.id, "maintenant": maintenant, "canal": CANAL_EXPIRATION})
    elif actif is not None:
        withdraw_accord(conn, auteur, actif.id, "telephone", maintenant)
    elif destinataire == "accompagnement" and decision == "refuse":
        revoke_orientations(conn, auteur, parcours_id, None, maintenant)
    apply_acte(conn, parcours_id, "recueillir_accord", maintenant)
    validite = referentiel().entier("accord_validite_mois", jour, avant.plateforme_id)
    accord = conn.execute(
        query("accords.enregistrer"),
        {
            "plateforme": avant.plateforme_id,
            "parcours": parcours_id,
            "destinataire": destinataire,
            "decision": decision,
            "finalite": texte.finalite,
            "classes": list(texte.classes),
            "modalite": modalite,
            "version": texte.version,
            "par": UUID(auteur.id),
            "maintenant": maintenant,
            "expire": add_mois(jour, validite) if decision == "accorde" else None,
        },
    ).scalar_one()
    journal.record(
        conn,
        "accord_recueilli" if decision == "accorde" else "accord_refuse",
        plateforme_id=avant.plateforme_id,
        assure_id=avant.assure_id,
        parcours_id=parcours_id,
        donnees={"accord_id": accord, "destinataire": destinataire, "texte_version": texte.version},
    )
    if decision == "refuse" and destinataire == "accompagnement":
        _alert_refus(conn, avant, accord, "La personne refuse l'accompagnement.", maintenant, auteur)
    return accord


def withdraw_accord(conn: Connection, auteur: Auteur, accord_id: UUID, canal: str, maintenant: datetime) -> None:
    """Withdraw an agreement: what has not left is recalled, what the partner holds is taken back. Twice is once."""
    if canal not in CANAUX_RETRAIT:
        raise DonneeInvalide("Précisez par quel moyen l'accord est retiré.", code="unknown_channel")
    parcours_id = conn.execute(query("accords.trouver_parcours"), {"accord": accord_id}).scalar()
    if parcours_id is None:
        raise Introuvable
    parcours = lock_parcours(conn, parcours_id)  # before the agreement, as the hand-over does: the two never wait for each other
    accord = conn.execute(query("accords.verrouiller"), {"accord": accord_id}).one()
    if accord.retire_at is not None or accord.decision != "accorde":
        return
    conn.execute(query("accords.retirer"), {"accord": accord_id, "maintenant": maintenant, "canal": canal})
    journal.record(
        conn,
        "accord_retire",
        plateforme_id=accord.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=accord.parcours_id,
        donnees={"accord_id": accord_id, "destinataire": accord.destinataire, "canal": canal},
    )
    if accord.destinataire == "accompagnement":
        revoke_orientations(conn, auteur, accord.parcours_id, None, maintenant)
        _alert_refus(conn, parcours, accord_id, "La personne a retiré son accord à l'accompagnement.", maintenant, auteur)
    else:
        revoke_orientations(conn, auteur, accord.parcours_id, accord.destinataire, maintenant)


def _alert_refus(conn: Connection, parcours: LigneParcours, accord_id: UUID, phrase: str, maintenant: datetime, auteur: Auteur) -> None:
    raise_alerte(
        conn,
        plateforme_id=parcours.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours.id,
        type="accord_retire",
        cause=str(accord_id),
        phrase=phrase,
        faits={"accord_id": str(accord_id)},
        survenu_at=maintenant,
        maintenant=maintenant,
    )
    open_tache(
        conn,
        plateforme_id=parcours.plateforme_id,
        parcours_id=parcours.id,
        motif="decision_medecin",
        cause=str(accord_id),
        maintenant=maintenant,
        auteur=auteur,
    )
