"""Working hours written by the agent or by the manager: the week from a day on, and ranges of one day closed or opened."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.agenda import DIMANCHE, FERMEE, OUVERTE, Plage, check_plage, check_semaine
from pdp.domain.auteur import Auteur
from pdp.domain.calendrier import is_jour_ferie
from pdp.errors import AccesRefuse, DonneeInvalide, Introuvable
from pdp.services.delais import Lieu, get_lieu
from pdp.services.load_agenda import load_agenda
from pdp.storage import journal
from pdp.storage.sql import query


def set_semaine(
    conn: Connection, auteur: Auteur, agent_id: UUID, du: date, jours: dict[int, tuple[Plage, ...]] | None, maintenant: datetime
) -> bool:
    """Weekly pattern from ``du`` on (None: hours of the platform again); the same first day again replaces it. False: nothing changed.

    Appointments already taken stay: the screen lists those that fall outside. Raises :class:`DonneeInvalide` for a past day, for ranges
    that overlap.
    """
    lieu = _check_agent(conn, auteur, agent_id)
    if du < lieu.jour(maintenant):
        raise DonneeInvalide("Le premier jour est déjà passé. Rien n'a été enregistré.", code="date_past")
    check_semaine(jours or {})
    _, avant = load_agenda(conn, agent_id, du, du)
    meme_jour = next((s for s in avant.semaines if s.du == du), None)
    if meme_jour is not None and meme_jour.jours == jours:
        return False
    journal.live_at(conn, maintenant)
    conn.execute(query("agenda.remplacer_semaine"), {"agent": agent_id, "du": du, "maintenant": maintenant})
    semaine = conn.execute(
        query("agenda.poser_semaine"),
        {"agent": agent_id, "du": du, "comme_plateforme": jours is None, "par": UUID(auteur.id), "maintenant": maintenant},
    ).one()
    lignes = [
        {"plateforme": semaine.plateforme_id, "semaine": semaine.id, "numero": semaine.numero, "jour": jour, "debut": debut, "fin": fin}
        for jour, plages in (jours or {}).items()
        for debut, fin in plages
    ]
    if lignes:
        conn.execute(query("agenda.poser_plage_semaine"), lignes)
    _tell(conn, "horaires_changes", lieu, {"agent_id": agent_id, "du": du, "comme_plateforme": jours is None})
    return True


def add_plage(conn: Connection, auteur: Auteur, agent_id: UUID, genre: str, jour: date, debut: int, fin: int, maintenant: datetime) -> bool:
    """Close or open a range of one day, minutes since midnight; the same again is the same one (False)."""
    if genre not in (FERMEE, OUVERTE):
        raise DonneeInvalide("Dites si la plage se ferme ou s'ouvre. Rien n'a été enregistré.", code="unknown_range_kind")
    lieu = _check_agent(conn, auteur, agent_id)
    check_plage(debut, fin)
    if jour < lieu.jour(maintenant):
        raise DonneeInvalide("Ce jour est déjà passé. Rien n'a été enregistré.", code="date_past")
    if genre == OUVERTE and (jour.weekday() == DIMANCHE or is_jour_ferie(jour, lieu.zone)):
        raise DonneeInvalide("Un dimanche ou un jour férié ne s'ouvre pas. Rien n'a été enregistré.", code="day_off")
    parametres = {
        "agent": agent_id,
        "genre": genre,
        "jour": jour,
        "debut": debut,
        "fin": fin,
        "par": UUID(auteur.id),
        "maintenant": maintenant,
    }
    if conn.execute(query("agenda.poser_plage"), parametres).one_or_none() is None:
        return False
    journal.live_at(conn, maintenant)
    _tell(conn, "plage_fermee" if genre == FERMEE else "plage_ouverte", lieu, {"agent_id": agent_id, "jour": jour})
    return True


def remove_plage(conn: Connection, auteur: Auteur, agent_id: UUID, plage_id: UUID, maintenant: datetime) -> bool:
    """Take a range of one day back; twice changes nothing (False)."""
    lieu = _check_agent(conn, auteur, agent_id)
    parametres = {"plage": plage_id, "agent": agent_id, "par": UUID(auteur.id), "maintenant": maintenant}
    ligne = conn.execute(query("agenda.retirer_plage"), parametres).one_or_none()
    if ligne is None:
        return False
    journal.live_at(conn, maintenant)
    _tell(conn, "plage_retiree", lieu, {"agent_id": agent_id, "jour": ligne.jour})
    return True


def _check_agent(conn: Connection, auteur: Auteur, agent_id: UUID) -> Lieu:
    """The agent, or the manager of the platform; the database refuses the others as well."""
    if auteur.role != "responsable" and auteur.id != str(agent_id):
        raise AccesRefuse("Vous ne pouvez changer que votre propre agenda.")
    agent = conn.execute(query("agenda.lire_agent"), {"agent": agent_id}).one_or_none()
    if agent is None:
        raise Introuvable
    return get_lieu(conn, agent.plateforme_id)


def _tell(conn: Connection, evenement: str, lieu: Lieu, donnees: dict[str, object]) -> None:
    journal.record(conn, evenement, plateforme_id=lieu.plateforme_id, donnees=donnees)
