"""A morning does not cost more with every parcours ever closed: searches start from what is open, or from what was decided lately."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from veille_dossiers import JOUR, JOURS, MAINTENANT, VEILLE

import fabrique
from fabrique import lot, text
from pdp.services.delais import get_lieu
from pdp.services.sweep_veille import load_parametres
from pdp.storage.sql import query

CLOS = 3000
CLORE = """
INSERT INTO pdp.parcours (plateforme_id, assure_id, signalement_id, statut, csam_id, survenu_le, connu_at, decide_at, dernier_evenement_at,
    clos_at, cloture_motif)
SELECT p.plateforme_id, gen_random_uuid(), p.signalement_id, 'cloture', p.csam_id, p.survenu_le, p.connu_at, p.decide_at, p.decide_at,
    %(m)s::timestamptz - make_interval(days => 400, hours => n), 'injoignable'
FROM pdp.parcours p, generate_series(1, %(n)s) n WHERE p.id = %(p)s
"""
DIRE = """
INSERT INTO pdp.alerte (plateforme_id, assure_id, parcours_id, type, cause, phrase, survenu_at, connu_at, decide_at, decide_par, decision)
SELECT plateforme_id, assure_id, id, 'parcours_termine', 'cloture:' || to_char(clos_at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISSUS'), 'x',
    clos_at, clos_at, clos_at, csam_id, 'prise_en_compte'
FROM pdp.parcours WHERE clos_at IS NOT NULL
"""


@pytest.fixture
def histoire(base: str, admin: psycopg.Connection[Any]) -> None:
    """Three years of closed parcours, each end told and decided, their coordinator gone since; one of them still open."""
    with lot() as conn:
        fabrique.socle(conn)
        dossier = fabrique.parcours(conn)
        conn.execute(text("UPDATE pdp.agent SET actif_au = :j WHERE id = :a"), {"j": JOUR - JOURS, "a": dossier.csam})
    cles = {"p": dossier.parcours, "n": CLOS, "m": MAINTENANT}
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(CLORE, cles)
        admin.execute(DIRE)
    admin.execute("ANALYZE")


def list_noeuds(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for fils in plan.get("Plans", ()):
        yield from list_noeuds(fils)


@pytest.mark.parametrize("requete", ["veille.restes_de_clos", "veille.termines_sans_alerte"])
def test_a_morning_does_not_read_the_closed_parcours_again(histoire: None, requete: str) -> None:
    with lot(VEILLE) as conn:
        parametres = load_parametres(get_lieu(conn, "PF35"), MAINTENANT)
        explique = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {query(requete).text}")
        [plan] = conn.execute(explique, parametres).scalar_one()
    lus = sum(
        (noeud["Actual Rows"] + noeud.get("Rows Removed by Filter", 0)) * noeud["Actual Loops"]
        for noeud in list_noeuds(plan["Plan"])
        if noeud.get("Relation Name") in ("parcours", "alerte")
    )
    assert lus < CLOS / 10
