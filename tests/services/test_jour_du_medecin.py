"""The day of a doctor is the one it is where the platform is: overseas, the evening is still the day of the morning's digest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Connection
from test_send_digest import LUNDI, alert, doctor, sweep

from fabrique import lot, signalement, socle, text
from pdp.domain.auteur import Auteur
from pdp.services.decide_alerte import decide_alerte
from pdp.services.read_alertes import count_alertes, find_releve, list_alertes_decidees, list_cartes
from pdp.services.read_medecin import count_signalements
from pdp.services.watch_retards import note, tell_retards
from pdp.storage import db

SOIR = LUNDI.replace(hour=23, minute=30)
"""19:30 in Guadeloupe, after midnight in metropolitan France."""
PARTIR = "UPDATE pdp.agent SET actif_au = :j WHERE id = :a"


def read(conn: Connection, medecin: Auteur) -> tuple[Any, ...]:
    agent = UUID(medecin.id)
    compte, releve = count_alertes(conn, agent, SOIR), find_releve(conn, agent, SOIR)
    cartes = list_cartes(conn, "PF35", agent, SOIR, du_jour=True, limite=50)
    decidees, orientes = list_alertes_decidees(conn, SOIR), count_signalements(conn, SOIR).decides_mc
    return compte.du_jour, compte.decidees, releve and releve.a_decider, len(cartes), len(decidees), orientes


def test_the_evening_is_still_the_day_of_the_digest(base: str, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        socle(conn)
    admin.execute("UPDATE pdp.plateforme SET fuseau = 'America/Guadeloupe' WHERE id = 'PF35'")
    anne = doctor()
    decidee, _ = alert(2)
    sweep()
    with db.begin_as(anne) as conn:
        decide_alerte(conn, anne, decidee, "prise_en_compte", None, LUNDI + timedelta(hours=6))
    with lot() as conn:
        dossier = signalement(conn, admin.execute("SELECT id FROM identite.assure LIMIT 1").fetchone()[0], palier=60)
        traite = "UPDATE pdp.signalement SET statut = 'sans_suite', decide_at = :m, mode_decision = 'mc', decide_par = :a WHERE id = :s"
        conn.execute(text(traite), {"m": LUNDI + timedelta(hours=6), "a": anne.id, "s": dossier})
    with db.begin_as(anne, lecture=True) as conn:
        assert read(conn, anne) == (1, 1, 2, 1, 1, 1)


def test_a_manager_is_written_to_until_the_end_of_the_last_day_there(base: str, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        socle(conn)
    admin.execute("UPDATE pdp.plateforme SET fuseau = 'America/Guadeloupe' WHERE id = 'PF35'")
    chef = doctor(role="responsable")
    with lot() as conn:
        conn.execute(text(PARTIR), {"j": LUNDI.date(), "a": chef.id})
        note(conn, "pdp_veille", "essai", LUNDI, SOIR, "passages")
        assert tell_retards(conn, SOIR) == 1
