"""Messages of an appointment (confirmation, reminders, cancellation, no-show): planned as rows, checked again and written when due.

A row is never « of today »: whatever is due and not settled is taken, however late, and dropped when too late. Moving or cancelling
recalls what was written and has not left; what is only planned finds by itself that it has no object any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from pdp.domain.agenda import departement_de_la_commune, describe_fuseau, fuseau_de_la_personne, jour_de_rappel
from pdp.domain.auteur import Auteur
from pdp.domain.bilan import A_SUIVRE, Bilan
from pdp.errors import ErreurPdp
from pdp.services.delais import Lieu, get_lieu
from pdp.services.invite_assure import add_lien, ensure_lien
from pdp.services.publish_referentiel import referentiel
from pdp.services.write_message import recall_messages, write_message
from pdp.storage.sql import query

CONFIRMATION, RAPPEL_J2, RAPPEL_J1, ANNULATION, MANQUE = "confirmation", "rappel_j2", "rappel_j1", "annulation", "manque"
A_VENIR = (CONFIRMATION, RAPPEL_J2, RAPPEL_J1)
MODELES = {
    CONFIRMATION: "confirmation_rendez_vous",
    RAPPEL_J2: "rappel_rendez_vous",
    RAPPEL_J1: "rappel_rendez_vous",
    ANNULATION: "annulation_rendez_vous",
    MANQUE: "rendez_vous_manque",
}
STATUTS = {
    CONFIRMATION: ("planifie", "confirme"),
    RAPPEL_J2: ("planifie", "confirme"),
    RAPPEL_J1: ("planifie", "confirme"),
    ANNULATION: ("annule_assure", "annule_service"),
    MANQUE: ("absent",),
}
"""What the appointment must be when the message is written; otherwise it has no object any more."""
MOYENS = {"telephone": "par téléphone", "visio": "en visio", "presentiel": "dans nos locaux"}
JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MOIS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre")
LOT = 200
SUITES = timedelta(days=3)
"""A cancellation or a no-show told later than this would only surprise."""


def plan_confirmation(conn: Connection, lieu: Lieu, tele_echange_id: UUID, debut_at: datetime, maintenant: datetime) -> None:
    """Confirmation now, reminders on their day; a reminder that would follow the confirmation too closely is not planned."""
    politique, jour = referentiel(), lieu.jour(maintenant)

    def entier(cle: str) -> int:
        return politique.entier(f"rappel_rendez_vous_{cle}", jour, lieu.plateforme_id)

    trop_tard = debut_at - timedelta(hours=entier("trop_tard_heures"))
    minutes, garde = entier("heure_minutes"), timedelta(hours=entier("garde_heures"))
    _plan(conn, tele_echange_id, CONFIRMATION, maintenant, debut_at)
    pris: list[datetime] = [maintenant]
    for genre, cle in ((RAPPEL_J2, "premier_jours"), (RAPPEL_J1, "dernier_jours")):
        le = jour_de_rappel(lieu.jour(debut_at), entier(cle), lieu.zone)
        due = datetime.combine(le, time(minutes // 60, minutes % 60), lieu.fuseau)
        if due < trop_tard and all(due - autre >= garde for autre in pris):
            _plan(conn, tele_echange_id, genre, due, trop_tard)
            pris.append(due)


def plan_annulation(conn: Connection, parcours_id: UUID, tele_echange_id: UUID, debut_at: datetime, maintenant: datetime) -> None:
    """What was written and has not left is recalled; the person is told, unless the appointment is already past."""
    recall_ecrits(conn, parcours_id, tele_echange_id, maintenant)
    if maintenant < debut_at:
        _plan(conn, tele_echange_id, ANNULATION, maintenant, min(debut_at, maintenant + SUITES))


def plan_manque(conn: Connection, tele_echange_id: UUID, maintenant: datetime) -> None:
    """A kind word after a no-show, with the way to another appointment."""
    _plan(conn, tele_echange_id, MANQUE, maintenant, maintenant + SUITES)


def recall_ecrits(conn: Connection, parcours_id: UUID, tele_echange_id: UUID, maintenant: datetime) -> int:
    """Recall the messages of an appointment that have not left; returns how many."""
    genres = conn.execute(query("rendez_vous.lister_ecrits"), {"tele_echange": tele_echange_id}).scalars().all()
    return sum(
        recall_messages(
            conn, parcours_id=parcours_id, cause=_cause(tele_echange_id, genre), maintenant=maintenant, motif="rendez_vous_change"
        )
        for genre in genres
    )


def send_dus(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime, lot: int = LOT) -> Bilan:
    """Write what is due, however late; a second call finds nothing. Whoever may not be written to gets nothing, and the row says why."""
    lieu = get_lieu(conn, plateforme_id)
    dus = conn.execute(query("rendez_vous.prendre_dus"), {"plateforme": plateforme_id, "maintenant": maintenant, "lot": lot}).all()
    resultats = [_settle(conn, lieu, auteur, message, maintenant) for message in dus]
    return Bilan(traites=len(dus), detail=_count(resultats) | ({A_SUIVRE: 1} if len(dus) == lot else {}))


def _settle(conn: Connection, lieu: Lieu, auteur: Auteur, message: Row[Any], maintenant: datetime) -> str:
    if message.statut not in STATUTS[message.genre] or message.clos_at is not None:
        resultat = "sans_objet"
    elif maintenant >= message.trop_tard_at:
        resultat = "trop_tard"
    else:
        resultat = _write(conn, lieu, auteur, message, maintenant)
        if resultat == "ecrit" and message.genre == CONFIRMATION:  # what was told as missing is there, only late
            cause = {"parcours": message.parcours_id, "cause": f"confirmation:{message.tele_echange_id}", "maintenant": maintenant}
            conn.execute(query("taches.fermer_cause"), {**cause, "par": auteur.id})
    conn.execute(query("rendez_vous.regler_message"), {"message": message.id, "maintenant": maintenant, "resultat": resultat})
    return resultat


def _write(conn: Connection, lieu: Lieu, auteur: Auteur, message: Row[Any], maintenant: datetime) -> str:
    fuseau = fuseau_de_la_personne(departement_de_la_commune(message.commune_insee), lieu.fuseau)
    debut = message.debut_at
    meme_heure = debut.astimezone(fuseau).utcoffset() == debut.astimezone(lieu.fuseau).utcoffset()
    ailleurs = "" if meme_heure else f" ({describe_fuseau(fuseau)})"
    valeurs = {"jour": format_jour(debut, fuseau), "heure": format_heure(debut, fuseau) + ailleurs}
    if message.genre in A_VENIR:
        valeurs["moyen"] = MOYENS[message.canal]
    try:
        with conn.begin_nested():
            lien = message.invitation_id
            if lien is None and message.genre in A_VENIR:
                lien = ensure_lien(conn, lieu, message.parcours_id, message.planifie_at, debut, maintenant)
            if lien is not None:
                valeurs["lien"] = add_lien(conn, lieu, lien, maintenant)
            write_message(
                conn,
                auteur,
                message.parcours_id,
                modele=MODELES[message.genre],
                cause=_cause(message.tele_echange_id, message.genre),
                maintenant=maintenant,
                valeurs=valeurs,
                trop_tard_at=message.trop_tard_at,
            )
    except ErreurPdp as erreur:  # silence, no way to reach the person: the row says so, the person is not lost for it
        return f"refuse:{erreur.code}"
    return "ecrit"


def format_jour(instant: datetime, fuseau: ZoneInfo) -> str:
    """mardi 24 novembre 2026, where the person lives."""
    jour = instant.astimezone(fuseau).date()
    return f"{JOURS[jour.weekday()]} {'1er' if jour.day == 1 else jour.day} {MOIS[jour.month - 1]} {jour.year}"


def format_heure(instant: datetime, fuseau: ZoneInfo) -> str:
    """10 h 30, where the person lives."""
    local = instant.astimezone(fuseau)
    return f"{local.hour} h {local.minute:02}"


def _plan(conn: Connection, tele_echange_id: UUID, genre: str, due: datetime, trop_tard: datetime) -> None:
    conn.execute(
        query("rendez_vous.planifier_message"), {"tele_echange": tele_echange_id, "genre": genre, "due": due, "trop_tard": trop_tard}
    )


def _cause(tele_echange_id: UUID, genre: str) -> str:
    return f"{tele_echange_id}:{genre}"


def _count(resultats: Sequence[str]) -> dict[str, int]:
    codes = [f"messages_{r.split(':')[0]}" for r in resultats]
    return {code: codes.count(code) for code in sorted(set(codes))}
