"""The period of the manager's page ends on the day it is where the platform is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from fabrique import agent, auteur_agent, lot, socle
from pdp.services.read_pilotage import read_pilotage
from pdp.storage import db


def test_a_period_ends_on_the_day_of_the_platform(base: str, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        socle(conn)
        chef = auteur_agent(agent(conn, "responsable"), "responsable")
    admin.execute("UPDATE pdp.plateforme SET fuseau = 'Indian/Reunion' WHERE id = 'PF35'")
    with db.begin_as(chef, lecture=True) as conn:
        equite = read_pilotage(conn, "PF35", 3, datetime(2026, 11, 18, 22, 0, tzinfo=UTC)).equite
    assert equite.au == date(2026, 11, 19) - timedelta(days=equite.jours)
