"""Sessions of Mon soutien psy: declared by their dates by the person or, with her agreement, by the psychologist; stopped with a reason."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.soutien_psy import MOTIFS_ARRET, SEANCES, is_ouvert
from pdp.errors import AccordManquant, Conflit, DonneeInvalide, Introuvable
from pdp.services.delais import get_lieu
from pdp.services.move_parcours import LigneParcours, lock_parcours
from pdp.services.publish_referentiel import referentiel
from pdp.storage import inbox, journal
from pdp.storage.sql import query

DATES_MAX = 20
"""Dates that a psychologist may send at once."""


@dataclass(frozen=True)
class Retour:
    """What a psychologist may say of a hand-over: ``accordees`` = the person agreed to it; ``dites`` = said so far."""

    accordees: bool
    dites: list[date]


def declare_seance(conn: Connection, auteur: Auteur, parcours_id: UUID, le: date, maintenant: datetime) -> bool:
    """A session that the person says she had, by its day; False when that day was known.

    Raises :class:`DonneeInvalide` for a day to come, before the scheme, or after the sessions stopped.
    """
    parcours = lock_parcours(conn, parcours_id)
    _check_date(le, get_lieu(conn, parcours.plateforme_id).jour(maintenant))
    suivi = conn.execute(query("soutien_psy.trouver"), {"parcours": parcours_id}).one_or_none()
    if suivi is not None and suivi.arrete_le is not None and le > suivi.arrete_le:
        raise DonneeInvalide(
            f"Les séances sont notées arrêtées depuis le {suivi.arrete_le:%d/%m/%Y} : notez d'abord qu'elles reprennent."
            " Rien n'a été enregistré.",
            code="sessions_stopped",
        )
    return _write(conn, auteur, parcours, le, "personne", None, maintenant)


def remove_seance(conn: Connection, auteur: Auteur, parcours_id: UUID, seance_id: UUID, maintenant: datetime) -> None:
    """A session that did not take place. Twice is once; raises :class:`Introuvable` for one of another parcours or already removed."""
    parcours = lock_parcours(conn, parcours_id)
    cle = {"seance": seance_id, "parcours": parcours_id, "maintenant": maintenant}
    if conn.execute(query("soutien_psy.retirer_seance"), cle).scalar() is None:
        raise Introuvable("Cette séance n'est plus dans la liste. Rien n'a été changé.")
    _journal(conn, "seance_psy_retiree", parcours, {"seance_id": seance_id})


def stop_seances(conn: Connection, auteur: Auteur, parcours_id: UUID, motif: str, le: date, maintenant: datetime) -> None:
    """The sessions stopped that day, with a reason of the closed list; again with the same words changes nothing."""
    if motif not in MOTIFS_ARRET:
        raise DonneeInvalide("Choisissez pourquoi les séances s'arrêtent dans la liste.", code="unknown_stop_reason")
    parcours = lock_parcours(conn, parcours_id)
    suivi = conn.execute(query("soutien_psy.trouver"), {"parcours": parcours_id}).one_or_none()
    if suivi is None or suivi.resultat not in ("proposee", "deja_suivie"):
        raise DonneeInvalide("Notez d'abord que le dispositif est proposé, ou la personne déjà suivie.", code="no_sessions")
    _check_date(le, get_lieu(conn, parcours.plateforme_id).jour(maintenant))
    if (suivi.arrete_le, suivi.arret_motif) == (le, motif):
        return
    conn.execute(query("soutien_psy.arreter"), {"parcours": parcours_id, "le": le, "motif": motif})
    _journal(conn, "soutien_psy_arrete", parcours, {"motif_arret": motif})


def find_retour(conn: Connection, orientation_id: UUID) -> Retour:
    """What the partner of the signed context may say of this hand-over."""
    ligne = conn.execute(query("soutien_psy.lire_retour"), {"orientation": orientation_id}).one_or_none()
    return Retour(False, []) if ligne is None else Retour(bool(ligne.accordees), list(ligne.dites))


def deposit_seances(
    conn: Connection,
    auteur: Auteur,
    orientation_id: UUID,
    *,
    dates: Collection[date],
    evenement_id: str | UUID,
    transport: str,
    maintenant: datetime,
) -> None:
    """Dates that a psychologist says, kept like any answer and applied by the collect; the same form twice is one.

    Raises :class:`AccordManquant` when the person did not agree to hear them back, :class:`Introuvable` for another's hand-over.
    """
    conn.execute(query("inbox.prendre_son_tour"), {"orientation": str(orientation_id)})
    orientation = conn.execute(query("inbox.lire_pour_repondre"), {"orientation": orientation_id}).one_or_none()
    if orientation is None or str(orientation.partenaire_id) != auteur.partenaire_id:
        raise Introuvable("Cette demande n'existe pas, a été retirée, ou ne vous est pas adressée.")
    if not find_retour(conn, orientation_id).accordees:
        raise AccordManquant("La personne n'a pas donné son accord pour que vous nous disiez ces dates. Rien n'a été enregistré.")
    jour = get_lieu(conn, orientation.plateforme_id).jour(maintenant)
    voulues = sorted(set(dates))
    if not 1 <= len(voulues) <= DATES_MAX:
        raise DonneeInvalide(f"Donnez entre une et {DATES_MAX} dates.", code="bad_dates")
    for le in voulues:
        _check_date(le, jour)
    empreinte = sha256("\x1f".join((str(orientation_id), SEANCES, *(d.isoformat() for d in voulues))).encode()).digest()
    sort = inbox.deposit(
        conn,
        plateforme_id=orientation.plateforme_id,
        partenaire_id=orientation.partenaire_id,
        evenement_id=f"{transport}:{evenement_id}",
        orientation_id=orientation_id,
        version=orientation.version + 1,
        statut=None,
        motif=None,
        compte_rendu=None,
        survenu_at=maintenant,
        empreinte=empreinte,
        maintenant=maintenant,
        transport=transport,
        nature=SEANCES,
        seances=voulues,
    )
    if sort == "autre_contenu":
        raise Conflit("Ces dates ont déjà été enregistrées autrement. Rien n'a été écrasé : rechargez la page.")


def apply_seances(
    conn: Connection, auteur: Auteur, parcours: LigneParcours, orientation_id: UUID, reponse_id: UUID, maintenant: datetime
) -> bool:
    """Dates kept in the inbox become sessions when the agreement still covers them; False when it does not, and nothing is kept of them."""
    jour = get_lieu(conn, parcours.plateforme_id).jour(maintenant)
    cle = {"orientation": orientation_id, "jour": jour}
    if not conn.execute(query("soutien_psy.lire_accord_retour"), cle).scalar_one():
        conn.execute(query("inbox.vider_seances"), {"id": reponse_id})
        return False
    for le in conn.execute(query("inbox.lire_seances"), {"id": reponse_id}).scalar_one():
        _write(conn, auteur, parcours, le, "psychologue", orientation_id, maintenant)
    return True


def _write(
    conn: Connection, auteur: Auteur, parcours: LigneParcours, le: date, source: str, orientation_id: UUID | None, maintenant: datetime
) -> bool:
    seance = conn.execute(
        query("soutien_psy.declarer_seance"),
        {
            "plateforme": parcours.plateforme_id,
            "parcours": parcours.id,
            "le": le,
            "source": source,
            "orientation": orientation_id,
            "par": auteur.id,
            "maintenant": maintenant,
        },
    ).scalar()
    if seance is not None:
        _journal(conn, "seance_psy_declaree", parcours, {"seance_id": seance, "source": source})
    return seance is not None


def _check_date(le: date, jour: date) -> None:
    if le > jour:
        raise DonneeInvalide("Cette date est à venir : notez une séance une fois qu'elle a eu lieu.", code="session_to_come")
    if not is_ouvert(le, referentiel()):
        raise DonneeInvalide("Vérifiez l'année : le dispositif n'existait pas encore à cette date.", code="before_scheme")


def _journal(conn: Connection, code: str, parcours: LigneParcours, donnees: dict[str, object]) -> None:
    journal.record(conn, code, plateforme_id=parcours.plateforme_id, assure_id=parcours.assure_id, parcours_id=parcours.id, donnees=donnees)
