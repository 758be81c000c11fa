"""Open reasons to act: opened once per cause, closed with an issue; promises, and reminders of the coordinator's own.

To put one off, take it up again or move its deadline: ``wait_taches``.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.calendrier import is_jour_ouvre
from pdp.domain.silence import MOTIFS_CONTACT, describe_fin
from pdp.domain.tache import MOTIFS, SUJETS
from pdp.errors import Conflit, DonneeInvalide, Introuvable, SilenceEnCours
from pdp.services.delais import Lieu, due_at, get_lieu
from pdp.services.hold_taches import hold_taches
from pdp.services.move_parcours import LigneParcours, lock_parcours
from pdp.services.publish_referentiel import referentiel
from pdp.storage import journal
from pdp.storage.sql import query

PROMESSE, PERSONNELLE = "rappel_promis", "tache_personnelle"
HEURES = ("horaires_matin_debut_minutes", "horaires_apres_midi_fin_minutes")


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
    sujet: str | None = None,
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
            "sujet": sujet,
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


def add_tache_personnelle(
    conn: Connection, auteur: Auteur, parcours_id: UUID, echeance_le: date, note: str, maintenant: datetime, sujet: str = "autre"
) -> UUID:
    """A reminder of the coordinator's own, dated: one open per person and ``sujet`` (code of :data:`SUJETS`).

    The same again returns the one that is open; the same ``sujet`` with another day or note raises :class:`Conflit`.
    """
    if sujet not in SUJETS:
        raise DonneeInvalide("Choisissez ce qui est à faire dans la liste. Rien n'a été enregistré.", code="unknown_subject")
    texte = note.strip()
    if sujet == "autre" and not texte:
        raise DonneeInvalide("Écrivez ce qui est à faire. Rien n'a été enregistré.", code="empty_note")
    parcours = _lock_ouvert(conn, parcours_id)
    lieu = get_lieu(conn, parcours.plateforme_id)
    _check_jour(lieu, echeance_le, maintenant, "tache_personnelle_max_jours")
    echeance = lieu.fin_de_journee(echeance_le)
    deja = conn.execute(
        query("taches.trouver_cause"), {"parcours": parcours_id, "motif": PERSONNELLE, "cause": f"personnelle:{sujet}"}
    ).one_or_none()
    if deja is not None:
        if (deja.echeance_at, deja.note or "") == (echeance, texte):
            return UUID(str(deja.id))
        raise Conflit(
            f"« {SUJETS[sujet]} » est déjà prévu pour le {lieu.jour(deja.echeance_at):%d/%m/%Y}. Rien n'a été ajouté :"
            " notez-le comme fait, ou changez son échéance."
        )
    tache = open_tache(
        conn,
        plateforme_id=parcours.plateforme_id,
        parcours_id=parcours_id,
        motif=PERSONNELLE,
        cause=f"personnelle:{sujet}",
        maintenant=maintenant,
        auteur=auteur,
        echeance_at=echeance,
        note=texte or None,
        manuelle=True,
        sujet=sujet,
    )
    if tache is None:  # the parcours is locked: nobody can have opened it since
        raise Conflit
    return tache


def promise(conn: Connection, auteur: Auteur, parcours_id: UUID, quand: datetime, note: str | None, maintenant: datetime) -> UUID:
    """« Je vous rappelle jeudi à 10 h »: a dated call, on the list that day. Returns the reason; the same promise again is the same one.

    One promise at a time: another one takes the place of the first, which is closed as replaced. Raises :class:`DonneeInvalide` when
    the instant is past, too far (policy), on a day or at an hour when nobody calls, :class:`SilenceEnCours` on a day of silence.
    """
    parcours = _lock_ouvert(conn, parcours_id)
    lieu = get_lieu(conn, parcours.plateforme_id)
    _check_promesse(conn, lieu, parcours.assure_id, quand, maintenant)
    for deja in conn.execute(query("taches.trouver_promesses"), {"parcours": parcours_id}).all():
        if deja.echeance_at == quand:
            return UUID(str(deja.id))
    journal.live_at(conn, maintenant)
    close_taches(conn, parcours_id=parcours_id, motifs=(PROMESSE,), maintenant=maintenant, auteur=auteur, issue="remplacee")
    tache = open_tache(
        conn,
        plateforme_id=parcours.plateforme_id,
        parcours_id=parcours_id,
        motif=PROMESSE,
        cause=f"promesse:{quand.astimezone(lieu.fuseau):%Y-%m-%dT%H:%M}",
        maintenant=maintenant,
        auteur=auteur,
        echeance_at=quand,
        note=(note or "").strip() or None,
        manuelle=True,
    )
    if tache is None:  # every promise of the person was just closed, under lock
        raise Conflit
    return tache


def _lock_ouvert(conn: Connection, parcours_id: UUID) -> LigneParcours:
    parcours = lock_parcours(conn, parcours_id)
    if parcours.clos_at is not None:
        raise Introuvable("Ce parcours est clos : rouvrez-le avant d'y prévoir une suite. Rien n'a été enregistré.")
    return parcours


def _check_jour(lieu: Lieu, le: date, maintenant: datetime, cle: str) -> None:
    """Today at the earliest, and not so far that a mistyped year would lose somebody."""
    jour = lieu.jour(maintenant)
    dernier = jour + timedelta(days=referentiel().entier(cle, jour, lieu.plateforme_id))
    if le < jour:
        raise DonneeInvalide("La date est passée. Rien n'a été enregistré.", code="date_past")
    if le > dernier:
        raise DonneeInvalide(f"La date est au plus tard le {dernier:%d/%m/%Y}. Rien n'a été enregistré.", code="date_too_far")


def _check_promesse(conn: Connection, lieu: Lieu, assure_id: UUID, quand: datetime, maintenant: datetime) -> None:
    if quand <= maintenant:
        raise DonneeInvalide("La date du rappel doit être à venir. Rien n'a été enregistré.", code="date_past")
    local = quand.astimezone(lieu.fuseau)
    _check_jour(lieu, local.date(), maintenant, "rappel_promis_max_jours")
    if not is_jour_ouvre(local.date(), lieu.zone):
        raise DonneeInvalide(
            f"Le {local:%d/%m/%Y} n'est pas un jour ouvré : promettez un autre jour. Rien n'a été enregistré.", code="not_a_working_day"
        )
    jour = lieu.jour(maintenant)
    debut, fin = (referentiel().entier(cle, jour, lieu.plateforme_id) for cle in HEURES)
    if not debut <= local.hour * 60 + local.minute <= fin:
        raise DonneeInvalide(
            f"Promettez une heure entre {_heure(debut)} et {_heure(fin)}, où la personne se trouve. Rien n'a été enregistré.",
            code="not_a_working_hour",
        )
    silence = conn.execute(query("silences.du_jour"), {"assure": assure_id, "jour": local.date()}).one_or_none()
    if silence is not None:
        raise SilenceEnCours(f"{describe_fin(silence.motif, silence.au)} : aucun rappel ce jour-là. Rien n'a été enregistré.")


def _heure(minutes: int) -> str:
    return f"{minutes // 60} h {minutes % 60:02}" if minutes % 60 else f"{minutes // 60} h"
