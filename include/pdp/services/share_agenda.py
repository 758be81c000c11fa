"""Calendar feed of an agent behind a secret address, and the calendar file of one appointment: busy hours, neutral titles."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.ics import ANNULES, Evenement, build_calendrier
from pdp.services.book_rendez_vous import RendezVous
from pdp.services.delais import get_lieu
from pdp.storage import journal
from pdp.storage.sql import query

PASSE = timedelta(days=31)
TITRE_ASSURE = "Rendez-vous téléphonique"


def create_flux(conn: Connection, auteur: Auteur, maintenant: datetime) -> str:
    """Token of a new secret address, told once; the former address stops."""
    revoke_flux(conn, auteur, maintenant)
    jeton = secrets.token_urlsafe(32)
    conn.execute(query("agenda.poser_flux"), {"empreinte": _hash(jeton), "agent": UUID(auteur.id), "maintenant": maintenant})
    journal.live_at(conn, maintenant)
    journal.record(conn, "agenda_partage", plateforme_id=auteur.plateforme_id, donnees={"agent_id": auteur.id})
    return jeton


def revoke_flux(conn: Connection, auteur: Auteur, maintenant: datetime) -> bool:
    """The address stops at once; False when there was none."""
    parametres = {"agent": UUID(auteur.id), "maintenant": maintenant}
    if conn.execute(query("agenda.revoquer_flux"), parametres).rowcount == 0:
        return False
    journal.live_at(conn, maintenant)
    journal.record(conn, "agenda_revoque", plateforme_id=auteur.plateforme_id, donnees={"agent_id": auteur.id})
    return True


def find_flux(conn: Connection, agent_id: UUID) -> datetime | None:
    """Since when an agent has a secret address; None without one."""
    return conn.execute(query("agenda.lire_flux"), {"agent": agent_id}).scalar()


def read_flux(conn: Connection, jeton: str, maintenant: datetime) -> bytes | None:
    """The calendar behind a secret address; None when it is unknown or revoked. Under the portal's own role: no person is read."""
    lignes = conn.execute(query("agenda.lire_flux_public"), {"empreinte": _hash(jeton), "depuis": maintenant - PASSE}).all()
    if not lignes:
        return None
    lieu = get_lieu(conn, lignes[0].plateforme_id)
    evenements = [
        Evenement(ligne.ics_uid, ligne.ics_sequence, ligne.debut_at, ligne.fin_at, ligne.statut in ANNULES, ligne.change_at)
        for ligne in lignes
        if ligne.ics_uid is not None
    ]
    return build_calendrier(sorted(evenements, key=lambda e: (e.debut_at, e.uid)), lieu.fuseau)


def build_fichier(rendez_vous: RendezVous, fuseau: ZoneInfo, maintenant: datetime) -> bytes:
    """The file of one appointment, for the insured: moved later, the same file replaces it in the calendar."""
    evenement = Evenement(
        rendez_vous.ics_uid, rendez_vous.ics_sequence, rendez_vous.debut_at, rendez_vous.fin_at, annule=False, change_at=maintenant
    )
    return build_calendrier([evenement], fuseau, TITRE_ASSURE, TITRE_ASSURE)


def _hash(jeton: str) -> bytes:
    return sha256(jeton.encode()).digest()
