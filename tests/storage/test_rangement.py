"""Weekly order of the stock: what lies where changes, what is known does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from fabrique import lot, socle
from fabrique_detection import JOUR, Personne, avis, insert_personnes, insert_prescriptions
from pdp.storage.rangement import arrange_stock

ORDRE = text("SELECT assure_id, date_debut FROM pdp.arret_prescrit ORDER BY ctid")
CONTENU = text("SELECT * FROM pdp.arret_prescrit ORDER BY plateforme_id, id")


def read_stock() -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Where each prescription lies, then what they say."""
    with lot() as conn:
        return [tuple(ligne) for ligne in conn.execute(ORDRE)], [tuple(ligne) for ligne in conn.execute(CONTENU)]


def test_prescriptions_of_a_person_end_side_by_side_and_nothing_else_changes(base: str) -> None:
    personnes = [Personne([]) for _ in range(20)]
    with lot() as conn:
        socle(conn)
        insert_personnes(conn, personnes)
        for n in (3, 1, 2):
            du = JOUR - timedelta(days=30 * n)
            insert_prescriptions(conn, [(p.id, avis(du, du + timedelta(days=9))) for p in personnes])
    places, contenu = read_stock()
    assert places != sorted(places)
    for _ in range(2):
        arrange_stock()
        rangees, relu = read_stock()
        assert rangees == sorted(places)
        assert relu == contenu
