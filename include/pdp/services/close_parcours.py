"""End of a parcours: everything still open is closed or taken back in the same transaction."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.alerte import build_phrase
from pdp.domain.auteur import Auteur
from pdp.domain.issue import MOTIFS_RELAIS, MOTIFS_SANS_ALERTE, check_cloture, check_issue
from pdp.domain.parcours import MOTIFS_CLOTURE, SITUATIONS
from pdp.domain.silence import DECES
from pdp.errors import AccesRefuse
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import close_taches
from pdp.services.move_parcours import LigneParcours, apply_acte, lock_parcours
from pdp.services.orient_parcours import cancel_orientation
from pdp.services.raise_alerte import raise_alerte
from pdp.services.record_silence import set_silence
from pdp.storage import journal
from pdp.storage.sql import query


def close_parcours(
    conn: Connection,
    auteur: Auteur,
    parcours_id: UUID,
    *,
    motif: str,
    situation: str,
    survenu_le: date | None,
    provenance: str,
    maintenant: datetime,
) -> UUID:
    """Close a parcours and return its outcome at closing.

    The reason must go with the situation; a return to work needs its day and somebody who says so (``domain/issue.py``).
    Raises :class:`TransitionInterdite` when already closed, :class:`AccesRefuse` when a decision of the médecin-conseil is not his.
    """
    check_cloture(motif, situation)
    if motif == "decision_mc" and auteur.role != "medecin_conseil":
        raise AccesRefuse("Ce motif est réservé au médecin-conseil. Rien n'a été enregistré.", code="closing_reason_refused")
    parcours = lock_parcours(conn, parcours_id)
    jour = get_lieu(conn, parcours.plateforme_id).jour(maintenant)
    check_issue(situation, survenu_le, provenance, jour, par_une_personne=auteur.type == "agent")
    apply_acte(conn, parcours_id, "cloturer", maintenant)
    cause = conn.execute(query("issues.clore"), {"parcours": parcours_id, "maintenant": maintenant, "motif": motif}).scalar_one()
    journal.record(
        conn,
        "parcours_clos",
        plateforme_id=parcours.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours_id,
        donnees={"motif": motif, "situation": situation, "provenance": provenance},
    )
    issue = _write_issue(conn, auteur, parcours, situation, survenu_le, provenance, maintenant)
    if motif == DECES:
        set_silence(conn, auteur, parcours.assure_id, motif=DECES, maintenant=maintenant)
    close_restes(conn, auteur, parcours, motif, maintenant)
    if motif not in MOTIFS_SANS_ALERTE:
        raise_termine(conn, parcours.plateforme_id, parcours.assure_id, parcours_id, cause, motif, situation, maintenant, maintenant)
    return issue


def close_restes(conn: Connection, auteur: Auteur, parcours: LigneParcours, motif: str, maintenant: datetime) -> None:
    """Close what a closed parcours may not hold: appointments, hand-overs (but an accepted relay), open reasons. Twice is once."""
    annules = conn.execute(query("issues.finir_tele_echanges"), {"parcours": parcours.id, "maintenant": maintenant}).scalars().all()
    for tele_echange in annules:
        journal.record(
            conn,
            "tele_echange_annule",
            plateforme_id=parcours.plateforme_id,
            assure_id=parcours.assure_id,
            parcours_id=parcours.id,
            donnees={"tele_echange_id": tele_echange, "statut": "annule_service"},
        )
    restes = {"parcours": parcours.id, "relais": motif in MOTIFS_RELAIS}
    for orientation in conn.execute(query("issues.lister_orientations_a_retirer"), restes).scalars().all():
        cancel_orientation(conn, auteur, orientation, "parcours_clos", maintenant)
    close_taches(conn, parcours_id=parcours.id, motifs=None, maintenant=maintenant, auteur=auteur, issue="parcours_clos")


def raise_termine(
    conn: Connection,
    plateforme_id: str,
    assure_id: UUID,
    parcours_id: UUID,
    cause: str,
    motif: str,
    situation: str,
    survenu_at: datetime,
    maintenant: datetime,
) -> UUID | None:
    """Tell the médecin-conseil that a parcours ended; None when already told or when an earlier end waits for a decision."""
    phrase = build_phrase("parcours_termine", "cloture", motif=MOTIFS_CLOTURE[motif].lower(), situation=SITUATIONS[situation].lower())
    return raise_alerte(
        conn,
        plateforme_id=plateforme_id,
        assure_id=assure_id,
        parcours_id=parcours_id,
        type="parcours_termine",
        cause=cause,
        phrase=phrase,
        faits={"motif": motif, "situation": situation},
        survenu_at=survenu_at,
        maintenant=maintenant,
    )


def _write_issue(
    conn: Connection,
    auteur: Auteur,
    parcours: LigneParcours,
    situation: str,
    survenu_le: date | None,
    provenance: str,
    maintenant: datetime,
) -> UUID:
    issue: UUID = conn.execute(
        query("issues.enregistrer"),
        {
            "plateforme": parcours.plateforme_id,
            "parcours": parcours.id,
            "jalon": "cloture",
            "situation": situation,
            "survenu": survenu_le,
            "provenance": provenance,
            "confirme_par": UUID(auteur.id) if auteur.type == "agent" else None,
            "maintenant": maintenant,
        },
    ).scalar_one()
    return issue
