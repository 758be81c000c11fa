"""The journal: when it was true and when it was written, by whom, and nobody can rewrite it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy.exc import ProgrammingError

import fabrique
from fabrique import lot
from pdp.config import settings
from pdp.services.manage_taches import open_tache
from pdp.storage import db, journal

REECRITURES = ("UPDATE journal.evenement SET evenement = 'x'", "DELETE FROM journal.evenement", "TRUNCATE journal.evenement")
PASSE = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def events(admin: psycopg.Connection) -> list[tuple]:
    return admin.execute("SELECT evenement, survenu_at, consigne_at FROM journal.evenement ORDER BY id").fetchall()


def test_an_event_bears_the_instant_of_the_act_and_that_of_the_write(base: str, admin: psycopg.Connection) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        cas = fabrique.parcours(conn)
        open_tache(
            conn, plateforme_id="PF35", parcours_id=cas.parcours, motif="faire_le_point", cause="x", maintenant=PASSE, auteur=fabrique.TEST
        )
    [(evenement, survenu_at, consigne_at)] = events(admin)
    assert (evenement, survenu_at) == ("tache_ouverte", PASSE)
    assert abs(consigne_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_without_a_business_instant_an_event_bears_the_clock(base: str, admin: psycopg.Connection) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        journal.record(conn, "fichier_charge", plateforme_id=None)
    [(_, survenu_at, consigne_at)] = events(admin)
    assert abs(survenu_at - consigne_at) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "acte", ["UPDATE journal.evenement SET evenement = 'x'", "DELETE FROM journal.evenement", "TRUNCATE journal.evenement"]
)
@pytest.mark.parametrize("qui", ["lot", "csam", "medecin_conseil", "responsable"])
def test_nobody_rewrites_the_journal(base: str, acte: str, qui: str) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        agent = fabrique.agent(conn, "csam" if qui == "lot" else qui)
    ouvrir = lot() if qui == "lot" else db.begin_as(fabrique.auteur_agent(agent, qui))
    with pytest.raises(ProgrammingError, match="permission denied"), ouvrir as conn:
        conn.execute(fabrique.text(acte))


def test_an_event_needs_its_author(base: str) -> None:
    with pytest.raises(ProgrammingError, match="event_without_author"), db.engine(settings().url_app).begin() as conn:
        journal.record(conn, "fichier_charge", plateforme_id=None)
