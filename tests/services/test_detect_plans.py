"""The stock is never joined whole: people are looked up one by one, however many the night has and whatever the planner believes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from fabrique import lot, socle
from fabrique_detection import JOUR, avis, insert_one, run

LONGTEMPS = timedelta(days=400)
STOCK = {"assure", "droits_ij", "parcours", "episode", "arret_prescrit"}
ENTIERES = {"Hash Join", "Merge Join"}
"""Nodes that join two inputs by reading each of them to its end."""


@pytest.fixture
def conn(base: str) -> Any:
    with lot() as ouverte:
        socle(ouverte)
        yield ouverte


def list_joined_whole(noeud: dict[str, Any], entiere: bool = False) -> Iterator[str]:
    """Tables of the stock that a join reads to the end. What a nested loop asks for, it asks for one person: not looked at."""
    if entiere and noeud.get("Relation Name") in STOCK:
        yield noeud["Relation Name"]
    for enfant in noeud.get("Plans", ()):
        if not (noeud["Node Type"] == "Nested Loop" and enfant["Parent Relationship"] == "Inner"):
            yield from list_joined_whole(enfant, entiere or noeud["Node Type"] in ENTIERES)


@pytest.mark.parametrize(
    ("debut", "sujet"),
    [
        ("CREATE TEMPORARY TABLE episode_regarde", "absences of the people touched"),
        ("CREATE TEMPORARY TABLE absence", "what is known of each absence"),
        ("WITH franchi", "alerts on rights"),
        ("INSERT INTO pdp.echeance_detection", "due days"),
    ],
    ids=lambda valeur: valeur.replace(" ", "_"),
)
def test_a_large_night_does_not_join_the_whole_stock(conn: Connection, debut: str, sujet: str) -> None:
    """As for a night of so many people that the planner would rather read the tables from end to end: loops are forbidden to it."""
    insert_one(conn, avis(JOUR - timedelta(days=58), JOUR + LONGTEMPS))
    plans: list[Any] = []

    def explain(_conn: Connection, _curseur: Any, requete: str, parametres: Any, *_autres: Any) -> None:
        if debut in requete:
            brute = conn.connection.driver_connection
            assert brute is not None
            brute.execute("SELECT set_config('enable_nestloop', 'off', true)")
            ligne = brute.execute(f"EXPLAIN (FORMAT JSON) {requete}", parametres).fetchone()
            brute.execute("SELECT set_config('enable_nestloop', 'on', true)")
            plans.append(ligne[0][0]["Plan"])

    event.listen(conn, "before_cursor_execute", explain)
    run(conn)
    event.remove(conn, "before_cursor_execute", explain)
    assert len(plans) == 1, sujet
    assert sorted(set(list_joined_whole(plans[0]))) == []
