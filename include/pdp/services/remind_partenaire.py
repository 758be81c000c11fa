"""A reminder to a partner: neutral, to the structure, then to its colleagues too; by a person's hand or when the clock says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.domain.auteur import Auteur
from pdp.errors import Conflit, Introuvable
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import close_tache, open_tache
from pdp.services.move_parcours import lock_parcours
from pdp.services.publish_referentiel import referentiel
from pdp.services.refresh_horloge import RELANCER, Etat, LigneFaits, list_etats, list_taches, refresh_horloge
from pdp.storage import journal, outbox
from pdp.storage.sql import query

PAR_LEUR_TRANSPORT = frozenset({"lien", "messagerie"})
"""Transports whose reminder leaves by the transport itself; the others are told by an ordinary mail."""
HORIZON, REPENTIR = "boite_envoi_horizon_jours", "annulation_message_secondes"


def remind(conn: Connection, auteur: Auteur, etat: Etat, rang: int, due_at: datetime, maintenant: datetime, nature: str) -> int | None:
    """Make reminder number ``rang`` since this deadline and return how many messages were written; None when it was already made.

    ``nature``: automatique, a_la_main or appel (no message). After the last one, or when nobody can be written to, the coordinator is
    asked to call. The caller holds the lock of the parcours and reads the clock again afterwards.
    """
    ligne, horloge = etat.ligne, etat.horloge
    messages = [] if nature == "appel" else _list_messages(conn, ligne, rang, maintenant)
    parametres = {
        "plateforme": ligne.plateforme_id,
        "orientation": ligne.id,
        "etape": horloge.etape,
        "echeance": horloge.echeance_at,
        "rang": len(etat.relances) + 1,
        "nature": nature,
        "due": due_at,
        "maintenant": maintenant,
        "retard": max(0, int((maintenant - due_at).total_seconds() // 60)),
        "messages": len(messages),
        "par": UUID(auteur.id) if auteur.type == "agent" else None,
    }
    if conn.execute(query("horloge.consigner_relance"), parametres).scalar() is None:
        return None
    for canal, contact_id in messages:
        cle = (horloge.etape, str(horloge.echeance_at), str(rang), *([str(maintenant)] if nature == "a_la_main" else []))
        _enqueue(conn, ligne, canal, contact_id, cle, maintenant, _repentir(ligne, maintenant) if nature == "a_la_main" else timedelta(0))
    journal.record(
        conn,
        "partenaire_relance",
        plateforme_id=ligne.plateforme_id,
        assure_id=ligne.assure_id,
        parcours_id=ligne.parcours_id,
        donnees={
            "orientation_id": ligne.id,
            "etape": horloge.etape,
            "rang": rang,
            "nature": nature,
            "retard_minutes": parametres["retard"],
        },
    )
    if nature != "a_la_main" and (not messages or rang >= etat.regles.relances_max):
        _ask_to_call(conn, auteur, ligne, maintenant)
    return len(messages)


def remind_now(conn: Connection, auteur: Auteur, parcours_id: UUID, orientation_id: UUID, maintenant: datetime) -> int:
    """« Relancer » by hand: one more reminder now, and the time to answer it; returns how many messages were written.

    A second click the same day changes nothing. Raises :class:`Conflit` when the partner does not have the ball.
    """
    lock_parcours(conn, parcours_id)
    etat = next(iter(list_etats(conn, parcours_id, maintenant, orientation_id)), None)
    if etat is None:
        raise Introuvable
    if etat.horloge.balle != "partenaire" or etat.horloge.echeance_at is None:
        raise Conflit("La balle n'est pas chez le partenaire : il n'y a rien à lui rappeler. Rien n'est parti.")
    if any(etat.jours.jour(faite) == etat.jours.jour(maintenant) for faite in etat.relances):
        return 0
    journal.live_at(conn, maintenant)
    ecrits = remind(conn, auteur, etat, len(etat.relances) + 1, maintenant, maintenant, "a_la_main") or 0
    for tache in list_taches(conn, etat.ligne):
        if tache.motif == RELANCER:
            close_tache(conn, auteur, tache.id, "relance", maintenant)
    refresh_horloge(conn, auteur, parcours_id, orientation_id, maintenant)
    return ecrits


def _list_messages(conn: Connection, ligne: LigneFaits, rang: int, maintenant: datetime) -> list[tuple[str, str | None]]:
    """(transport, colleague) of each message: the structure, who answers while it is closed, colleagues from the second reminder."""
    jour = get_lieu(conn, ligne.plateforme_id).jour(maintenant)
    collegues = conn.execute(query("horloge.lister_collegues"), {"partenaire": ligne.partenaire_id, "jour": jour}).all()
    structure: list[tuple[str, str | None]] = []
    if ligne.canal in PAR_LEUR_TRANSPORT:
        structure = [(ligne.canal, None)]
    elif ligne.courriel:
        structure = [("courriel", None)]
    return structure + [("courriel", str(c.id)) for c in collegues if c.relais or rang > 1 or not structure]


def _enqueue(
    conn: Connection,
    ligne: LigneFaits,
    canal: str,
    contact_id: str | None,
    parties: tuple[str, ...],
    maintenant: datetime,
    repentir: timedelta,
) -> None:
    charge: dict[str, object] = {"orientation_id": str(ligne.id)} | ({"contact_id": contact_id} if contact_id else {})
    if canal == "courriel" and ligne.canal != "portail":
        charge["sans_portail"] = True
    jour = get_lieu(conn, ligne.plateforme_id).jour(maintenant)
    outbox.enqueue(
        conn,
        cle_parts=(str(ligne.id), "rappel", *parties, contact_id or "structure"),
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        orientation_id=ligne.id,
        partenaire_id=ligne.partenaire_id,
        canal=canal,
        type="rappel_partenaire",
        charge=charge,
        accord_destinataire=None,
        maintenant=maintenant,
        horizon_jours=referentiel().entier(HORIZON, jour, ligne.plateforme_id),
        pas_avant=maintenant + repentir,
    )


def _repentir(ligne: LigneFaits, maintenant: datetime) -> timedelta:
    """Time left to take back a reminder asked for by hand."""
    return timedelta(seconds=referentiel().entier(REPENTIR, jour_local(maintenant), ligne.plateforme_id))


def _ask_to_call(conn: Connection, auteur: Auteur, ligne: LigneFaits, maintenant: datetime) -> None:
    if ligne.clos_at is None:
        open_tache(
            conn,
            plateforme_id=ligne.plateforme_id,
            parcours_id=ligne.parcours_id,
            motif=RELANCER,
            cause=str(ligne.id),
            maintenant=maintenant,
            auteur=auteur,
        )
