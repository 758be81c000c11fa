"""Calendar of a coordinator as facts: hours of the platform, weekly patterns, one-day ranges, absences, appointments."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.agenda import Agenda, Plage, load_datees, load_semaines
from pdp.errors import Introuvable
from pdp.services.delais import Lieu, get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.storage.sql import query


def load_agenda(conn: Connection, agent_id: UUID, du: date, au: date) -> tuple[Lieu, Agenda]:
    """Calendar of an agent over days, both included; raises :class:`Introuvable` for an agent who is not visible."""
    agent = conn.execute(query("agenda.lire_agent"), {"agent": agent_id}).one_or_none()
    if agent is None:
        raise Introuvable
    lieu = get_lieu(conn, agent.plateforme_id)
    debut = datetime.combine(du, time.min, lieu.fuseau)
    brut = conn.execute(
        query("agenda.lire_contraintes"),
        {"agent": agent_id, "du": du, "au": au, "debut": debut, "fin": debut + timedelta(days=(au - du).days + 1)},
    ).one()
    return lieu, build_agenda(lieu, brut._mapping, du, agent.actif_du, agent.actif_au)


def build_agenda(lieu: Lieu, brut: Any, jour: date, actif_du: date | None = None, actif_au: date | None = None) -> Agenda:
    """From what the database tells in JSON, to whoever asks: a coordinator, or the holder of a link. Policy is that of ``jour``."""
    return Agenda(
        zone=lieu.zone,
        fuseau=lieu.fuseau,
        horaires=get_horaires(lieu, jour),
        duree_minutes=referentiel().entier("tele_echange_duree_minutes", jour, lieu.plateforme_id),
        semaines=load_semaines(brut["semaines"]),
        datees=load_datees(brut["plages"]),
        absences=tuple((date.fromisoformat(a), date.fromisoformat(b)) for a, b in brut["absences"]),
        occupes=tuple((datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in brut["occupes"]),
        actif_du=actif_du,
        actif_au=actif_au,
    )


def get_horaires(lieu: Lieu, jour: date) -> tuple[Plage, Plage]:
    """Hours of the platform, in minutes since midnight."""

    def minutes(cle: str) -> int:
        return referentiel().entier(f"horaires_{cle}_minutes", jour, lieu.plateforme_id)

    return (minutes("matin_debut"), minutes("matin_fin")), (minutes("apres_midi_debut"), minutes("apres_midi_fin"))
