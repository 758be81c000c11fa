"""Absence of an agent, entered by the manager: no assignment and no slot on those days."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.errors import DonneeInvalide, Introuvable
from pdp.storage import journal
from pdp.storage.sql import query

MOTIFS = {"conge": "Congé", "maladie": "Maladie", "formation": "Formation", "autre": "Autre"}


def record_absence(conn: Connection, auteur: Auteur, *, agent_id: UUID, du: date, au: date, motif: str) -> bool:
    """Keep an absence, both days included; the same first day again corrects it. False when nothing changed.

    Appointments already taken are left as they are: the screen lists them, and people move them.
    """
    if motif not in MOTIFS:
        raise DonneeInvalide("Choisissez le motif de l'absence dans la liste.", code="unknown_absence_reason")
    if au < du:
        raise DonneeInvalide("Le dernier jour d'absence précède le premier. Rien n'a été enregistré.", code="reversed_dates")
    if conn.execute(query("responsable.find_agent"), {"agent_id": agent_id}).one_or_none() is None:
        raise Introuvable("Cet agent n'existe pas ou n'est pas de votre équipe.")
    lignes = conn.execute(query("responsable.upsert_absence"), {"agent_id": agent_id, "du": du, "au": au, "motif": motif}).rowcount
    if lignes == 0:
        return False
    journal.record(
        conn, "absence_enregistree", plateforme_id=auteur.plateforme_id, donnees={"agent_id": agent_id, "du": du, "au": au, "motif": motif}
    )
    return True
