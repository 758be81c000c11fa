"""A contact attempt: recorded once, with the next step it opens; taken back when entered in error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.contact import NUMERO_FAUX, RESULTATS, Etape, next_etape
from pdp.domain.silence import DECES
from pdp.domain.tache import MOTIFS
from pdp.errors import DonneeInvalide, Introuvable
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import PROMESSE, close_taches, open_tache, promise
from pdp.services.move_parcours import LigneParcours, apply_acte, lock_parcours
from pdp.services.read_essais import weigh_parcours
from pdp.services.record_parole import mark_numero_faux
from pdp.services.record_silence import check_silence_du_jour, find_silence, lift_silence, set_silence
from pdp.services.relay_contact import list_canaux_ecrits
from pdp.storage import journal
from pdp.storage.sql import query

RESULTAT_DECES, PROMIS = "decede", "joint_rappel_demande"
APPEL_REFUSE = "aucun appel à la personne (si c'est elle qui a appelé, cochez-le)"
APPELS = (
    "premier_appel",
    "nouvel_appel",
    "rappel_promis",
    "autre_canal",
    "courrier_injoignable",
    "reponse_courrier",
    "faire_le_point",
    "planifier_tele_echange",
)


@dataclass(frozen=True)
class Suite:
    """What the CSAM reads after a click: the sentence, and the reason now open (None when nothing is left to do)."""

    phrase: str
    tache_motif: str | None
    echeance_at: datetime | None


def record_contact(
    conn: Connection,
    auteur: Auteur,
    parcours_id: UUID,
    *,
    resultat: str,
    canal: str,
    note: str,
    cle_saisie: UUID,
    maintenant: datetime,
    rappel_at: datetime | None = None,
    entrant: bool = False,
    script_version: str | None = None,
) -> Suite:
    """Record an attempt and open what follows.

    The same ``cle_saisie`` again (double click, resend) changes nothing and gives the same answer.
    ``rappel_at`` is the promised instant, required for a promised call back and for a hospitalised person. ``entrant``: the person
    called us, the only contact that a silence lets in; otherwise :class:`SilenceEnCours`. A death sets a silence without end; a wrong
    number is marked wrong. ``script_version``: wording on screen during the call.
    """
    if resultat not in RESULTATS:
        raise DonneeInvalide("Choisissez le résultat de l'appel dans la liste.", code="unknown_result")
    if entrant and resultat in ("messagerie", "non_reponse", "numero_faux"):
        raise DonneeInvalide("Un appel reçu de la personne n'est pas sans réponse. Rien n'a été enregistré.", code="answered_by_caller")
    if resultat in ("joint_rappel_demande", "hospitalise") and (rappel_at is None or rappel_at <= maintenant):
        raise DonneeInvalide("Indiquez la date du rappel, à venir.", code="missing_callback")
    if not entrant:
        _check_silence(conn, parcours_id, cle_saisie, maintenant)
    avant = apply_acte(conn, parcours_id, "contacter", maintenant)
    contact = conn.execute(
        query("contacts.enregistrer"),
        {
            "parcours": parcours_id,
            "agent": UUID(auteur.id),
            "maintenant": maintenant,
            "canal": canal,
            "resultat": resultat,
            "note": note.strip() or None,
            "cle": cle_saisie,
            "entrant": entrant,
            "script": script_version,
        },
    ).scalar()
    if contact is None:
        return _last_suite(conn, parcours_id)
    if resultat == NUMERO_FAUX:
        mark_numero_faux(conn, auteur, avant, cle_saisie, maintenant)
    etape = _find_etape(conn, avant, resultat, maintenant)
    journal.record(
        conn,
        "contact_enregistre",
        plateforme_id=avant.plateforme_id,
        assure_id=avant.assure_id,
        parcours_id=parcours_id,
        donnees={"contact_id": contact, "resultat": resultat, "canal": canal, "entrant": entrant},
    )
    close_taches(conn, parcours_id=parcours_id, motifs=APPELS, maintenant=maintenant, auteur=auteur, issue=resultat)
    if resultat == RESULTAT_DECES:
        set_silence(conn, auteur, avant.assure_id, motif=DECES, maintenant=maintenant)  # asks for the closing by itself
    elif resultat == PROMIS and rappel_at is not None:
        promise(conn, auteur, parcours_id, rappel_at, None, maintenant)
    elif etape.tache is not None:
        open_tache(
            conn,
            plateforme_id=avant.plateforme_id,
            parcours_id=parcours_id,
            motif=etape.tache,
            cause=str(contact),
            maintenant=maintenant,
            auteur=auteur,
            echeance_at=rappel_at if MOTIFS[etape.tache].delai is None else None,
        )
    return Suite(etape.phrase, etape.tache, _echeance(conn, parcours_id))


def _find_etape(conn: Connection, parcours: LigneParcours, resultat: str, maintenant: datetime) -> Etape:
    """What follows the attempt just written."""
    lieu = get_lieu(conn, parcours.plateforme_id)
    tentatives = weigh_parcours(conn, parcours.id, lieu, maintenant)
    compte = any(e.le == maintenant for e in tentatives.comptes)
    return next_etape(resultat, tentatives, list_canaux_ecrits(conn, parcours.id), compte)


def cancel_contact(conn: Connection, auteur: Auteur, contact_id: UUID, maintenant: datetime) -> None:
    """Mark an attempt as entered in error: what it opened is closed, and a call is to be made again.

    Only its author may; a second call changes nothing.
    """
    contact = conn.execute(query("contacts.verrouiller"), {"contact": contact_id}).one_or_none()
    if contact is None or str(contact.agent_id) != auteur.id:
        raise Introuvable("Cette saisie n'existe pas, ou n'est pas la vôtre.")
    if contact.saisie_par_erreur_at is not None:
        return
    conn.execute(query("contacts.annuler"), {"contact": contact_id, "maintenant": maintenant})
    if contact.resultat == PROMIS:
        close_taches(conn, parcours_id=contact.parcours_id, motifs=(PROMESSE,), maintenant=maintenant, auteur=auteur, issue="annulee")
    if contact.resultat == RESULTAT_DECES:
        _lift_deces(conn, auteur, contact.parcours_id, maintenant)
    conn.execute(
        query("taches.fermer_cause"),
        {"parcours": contact.parcours_id, "cause": str(contact_id), "maintenant": maintenant, "par": auteur.id},
    )
    journal.record(
        conn,
        "contact_annule",
        plateforme_id=contact.plateforme_id,
        parcours_id=contact.parcours_id,
        donnees={"contact_id": contact_id, "resultat": contact.resultat},
    )
    open_tache(
        conn,
        plateforme_id=contact.plateforme_id,
        parcours_id=contact.parcours_id,
        motif="nouvel_appel",
        cause=f"annulation:{contact_id}",
        maintenant=maintenant,
        auteur=auteur,
        echeance_at=maintenant,
    )


def is_enregistre(conn: Connection, cle_saisie: UUID) -> bool:
    """Whether a call was recorded with this form."""
    return conn.execute(query("contacts.est_connu"), {"cle": cle_saisie}).scalar() is not None


def _check_silence(conn: Connection, parcours_id: UUID, cle_saisie: UUID, maintenant: datetime) -> None:
    """An attempt already recorded, then sent again, is not refused by a silence set since."""
    parcours = lock_parcours(conn, parcours_id)
    if not is_enregistre(conn, cle_saisie):
        jour = get_lieu(conn, parcours.plateforme_id).jour(maintenant)
        check_silence_du_jour(conn, parcours.assure_id, jour, APPEL_REFUSE)


def _lift_deces(conn: Connection, auteur: Auteur, parcours_id: UUID, maintenant: datetime) -> None:
    parcours = lock_parcours(conn, parcours_id)
    silence = find_silence(conn, parcours.assure_id, get_lieu(conn, parcours.plateforme_id).jour(maintenant))
    if silence is not None and silence.motif == DECES:
        lift_silence(conn, auteur, silence.id, maintenant)


def _echeance(conn: Connection, parcours_id: UUID) -> datetime | None:
    return conn.execute(query("taches.prochaine_echeance"), {"parcours": parcours_id}).scalar()


def _last_suite(conn: Connection, parcours_id: UUID) -> Suite:
    return Suite("Cet appel était déjà enregistré : rien n'a été ajouté.", None, _echeance(conn, parcours_id))
