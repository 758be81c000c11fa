"""Open reasons to act: opened once per cause, closed with an issue, put off with a reason."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.silence import MOTIFS_CONTACT
from pdp.domain.tache import MOTIFS, MOTIFS_ATTENTE
from pdp.errors import DonneeInvalide, Introuvable
from pdp.services.delais import due_at, get_lieu
from pdp.services.hold_taches import hold_taches
from pdp.storage import journal
from pdp.storage.sql import query


def open_tache(
    conn: Connection,
    *,
    plateforme_id: str,
    parcours_id: UUID,
    motif: str,
    cause: str,
    maintenant: datetime,
    auteur: Auteur,
    echeance_at: datetime | None = None,
    note: str | None = None,
    manuelle: bool = False,
) -> UUID | None:
    """Open a reason; None when it is already open for the same cause.

    Without ``echeance_at`` the deadline is the policy delay of the motif, counted from ``maintenant``; a reason that speaks to a
    person in silence waits for its end.
    """
    journal.live_at(conn, maintenant)
    definition = MOTIFS[motif]
    if echeance_at is None:
        if definition.delai is None:
            raise DonneeInvalide(f"Il faut une date pour « {definition.libelle} ».", code="missing_deadline")
        echeance_at = due_at(get_lieu(conn, plateforme_id), definition.delai, maintenant)
    tache = conn.execute(
        query("taches.ouvrir"),
        {
            "plateforme": plateforme_id,
            "parcours": parcours_id,
            "motif": motif,
            "balle": definition.balle,
            "echeance": echeance_at,
            "note": note,
            "cause": cause,
            "origine": "manuelle" if manuelle else "automatique",
            "maintenant": maintenant,
            "par": auteur.id,
        },
    ).scalar()
    if tache is not None:
        journal.record(
            conn,
            "tache_ouverte",
            plateforme_id=plateforme_id,
            parcours_id=parcours_id,
            donnees={"motif": motif, "echeance_at": echeance_at},
        )
        if motif in MOTIFS_CONTACT and auteur.role != "responsable":  # a manager does not read silences: the next watch holds it
            hold_taches(conn, get_lieu(conn, plateforme_id), auteur, maintenant, parcours_id)
    return tache


def close_taches(
    conn: Connection, *, parcours_id: UUID, motifs: Collection[str] | None, maintenant: datetime, auteur: Auteur, issue: str
) -> int:
    """Close the open reasons of these motifs (None = all) and return how many; closing none is no error."""
    fermees = conn.execute(
        query("taches.fermer_motifs"),
        {
            "parcours": parcours_id,
            "motifs": list(motifs) if motifs is not None else None,
            "maintenant": maintenant,
            "par": auteur.id,
            "issue": issue,
        },
    ).all()
    for ligne in fermees:
        journal.record(
            conn, "tache_fermee", plateforme_id=ligne.plateforme_id, parcours_id=parcours_id, donnees={"motif": ligne.motif, "issue": issue}
        )
    return len(fermees)


def close_tache(conn: Connection, auteur: Auteur, tache_id: UUID, issue: str, maintenant: datetime) -> None:
    """Close one reason by hand; closing it twice changes nothing, an unknown one raises :class:`Introuvable`."""
    ligne = conn.execute(query("taches.verrouiller"), {"tache": tache_id}).one_or_none()
    if ligne is None:
        raise Introuvable
    if ligne.fermee_at is not None:
        return
    conn.execute(query("taches.fermer"), {"tache": tache_id, "maintenant": maintenant, "par": auteur.id, "issue": issue})
    journal.record(
        conn,
        "tache_fermee",
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        donnees={"motif": ligne.motif, "issue": issue},
    )


def snooze_tache(conn: Connection, auteur: Auteur, tache_id: UUID, motif_attente: str, jusqu_a: date, maintenant: datetime) -> None:
    """Put a reason off to a later day, with a closed reason. It comes back on the list that day by its deadline alone."""
    if motif_attente not in MOTIFS_ATTENTE:
        raise DonneeInvalide("Choisissez la raison de l'attente dans la liste.", code="unknown_wait_reason")
    ligne = conn.execute(query("taches.verrouiller"), {"tache": tache_id}).one_or_none()
    if ligne is None or ligne.fermee_at is not None:
        raise Introuvable("Cette tâche est déjà faite.")
    lieu = get_lieu(conn, ligne.plateforme_id)
    if jusqu_a <= lieu.jour(maintenant):
        raise DonneeInvalide("La date de reprise doit être à venir.", code="date_not_future")
    conn.execute(query("taches.reporter"), {"tache": tache_id, "echeance": lieu.fin_de_journee(jusqu_a), "balle": "csam"})
    journal.record(
        conn,
        "tache_reportee",
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        donnees={"motif": ligne.motif, "raison": motif_attente, "jusqu_a": jusqu_a, "par": auteur.id},
    )


def add_tache_personnelle(
    conn: Connection, auteur: Auteur, parcours_id: UUID, echeance_le: date, note: str, maintenant: datetime
) -> UUID | None:
    """A reason of the coordinator's own, dated. The same note for the same day is opened once."""
    if not note.strip():
        raise DonneeInvalide("Écrivez ce qui est à faire.", code="empty_note")
    parcours = conn.execute(query("parcours.verrouiller"), {"parcours": parcours_id}).one_or_none()
    if parcours is None or parcours.clos_at is not None:
        raise Introuvable
    lieu = get_lieu(conn, parcours.plateforme_id)
    return open_tache(
        conn,
        plateforme_id=parcours.plateforme_id,
        parcours_id=parcours_id,
        motif="tache_personnelle",
        cause=f"{echeance_le}:{note.strip()[:80]}",
        maintenant=maintenant,
        auteur=auteur,
        echeance_at=lieu.fin_de_journee(echeance_le),
        note=note.strip(),
        manuelle=True,
    )
