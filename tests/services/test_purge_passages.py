"""Traces of runs go after their delay; not those that lead to somebody, nor what the watch measures silence from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from fabrique import MAINTENANT, lot, socle, text
from pdp.services.purge_passages import purge_passages

DELAI = timedelta(days=400)
SECONDE = timedelta(seconds=1)
VIEUX = MAINTENANT - DELAI - SECONDE
CITER = (
    "INSERT INTO journal.evenement (auteur_type, auteur_id, auteur_role, evenement, passage_id) VALUES ('systeme', 'x', 'x', 'x', 'cite')"
)
PREVOIR = "INSERT INTO pdp.apercu_passage (plateforme_id, passage_id, demande_at, demande_par) VALUES ('PF35', 'prevu', now(), 'x')"
OUVRIR = (
    "INSERT INTO pdp.passage (id, dag, tache, instant_metier, debut_at, fin_at, detail)"
    " VALUES (%s, %s, 'envoyer', %s, %s, %s, jsonb_strip_nulls(jsonb_build_object('plateforme', %s::text)))"
)


def add(
    admin: psycopg.Connection[Any],
    nom: str,
    instant: datetime,
    *,
    dag: str = "pdp_envoi",
    fin: bool = True,
    plateforme: str | None = None,
    debut: datetime | None = None,
) -> None:
    commence = debut or instant
    admin.execute(OUVRIR, (nom, dag, instant, commence, commence if fin else None, plateforme))


def purge() -> int:
    with lot() as conn:
        return purge_passages(conn, MAINTENANT).detail["passages_purges"]


def list_passages(admin: psycopg.Connection[Any]) -> set[str]:
    return {nom for (nom,) in admin.execute("SELECT id FROM pdp.passage")}


@pytest.fixture
def passages(base: str, admin: psycopg.Connection[Any]) -> set[str]:
    """Names of what must stay; « vieux », « tue » and « vieux-PF35 » may go."""
    with lot() as conn:
        socle(conn)
    add(admin, "vieux", VIEUX)
    add(admin, "tue", VIEUX, fin=False)
    add(admin, "limite", MAINTENANT - DELAI)
    add(admin, "jour", MAINTENANT)
    add(admin, "cite", VIEUX)
    add(admin, "prevu", VIEUX)
    admin.execute(CITER)
    with lot() as conn:
        conn.execute(text(PREVOIR))
    add(admin, "vieux-PF35", VIEUX - SECONDE, dag="pdp_veille", plateforme="PF35")
    add(admin, "dernier-PF35", VIEUX, dag="pdp_veille", plateforme="PF35")
    add(admin, "dernier-PF57", VIEUX - SECONDE, dag="pdp_veille", plateforme="PF57")
    add(admin, "refait", VIEUX, debut=datetime.now(UTC))
    return {"limite", "jour", "cite", "prevu", "dernier-PF35", "dernier-PF57", "refait"}


def test_old_traces_that_lead_nowhere_go_and_nothing_else(passages: set[str], admin: psycopg.Connection[Any]) -> None:
    assert purge() == 3
    assert list_passages(admin) == passages
    assert purge() == 0
    compte = admin.execute("SELECT donnees FROM journal.evenement WHERE evenement = 'passages_purges'").fetchall()
    assert compte == [({"passages_purges": 3},)]
