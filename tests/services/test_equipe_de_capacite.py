"""The team that a simulation starts from is the one that works: who leaves, by a list or by a manager, is in it until the last day."""

from __future__ import annotations

from datetime import timedelta

from fabrique import MAINTENANT, agent, auteur_agent, lot, socle, text
from pdp.domain.capacite_passe import build_situation
from pdp.services.delais import get_lieu
from pdp.services.read_capacite import read_faits
from pdp.services.redistribute_parcours import redistribute_parcours
from pdp.storage import db

JOUR = MAINTENANT.date()


def test_who_leaves_is_in_the_team_until_the_last_day(base: str) -> None:
    with lot() as conn:
        socle(conn)
        chef = auteur_agent(agent(conn, "responsable"), "responsable")
        reste, part, liste = agent(conn), agent(conn), agent(conn)
        conn.execute(text("UPDATE pdp.agent SET quotite = 1, actif_au = NULL"))
        conn.execute(text("UPDATE pdp.agent SET actif_au = :j WHERE id = :a"), {"j": JOUR, "a": liste})
    with db.begin_as(chef) as conn:
        redistribute_parcours(conn, chef, agent_id=part, du=JOUR + timedelta(days=1), au=None, maintenant=MAINTENANT)
    with lot() as conn:
        situation = build_situation(read_faits(conn, get_lieu(conn, "PF35"), JOUR), JOUR, 2)
    assert reste
    assert (situation.effectif, situation.presents) == ((3.0, 1.0), (3.0, 1.0))
