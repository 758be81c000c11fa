"""Follow-ups at 6 and 12 months: at the boundary, once, and never for those nobody is to be asked about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from veille_dossiers import actions, sweep, taches_ouvertes

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot
from pdp.domain.auteur import systeme
from pdp.domain.bilan import Bilan
from pdp.services.close_parcours import close_parcours
from pdp.services.record_issue import record_issue
from pdp.services.reopen_parcours import reopen_parcours
from pdp.services.sweep_suivis import open_suivis
from pdp.storage import db

SUIVIS = systeme("open_suivis")


@pytest.fixture
def dossier(base: str) -> Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn, statut="entretien_realise")


def close(d: Dossier, motif: str = "injoignable", situation: str = "inconnu", le: datetime = MAINTENANT) -> None:
    qui = auteur_agent(d.csam)
    with db.begin_as(qui) as conn:
        close_parcours(conn, qui, d.parcours, motif=motif, situation=situation, survenu_le=None, provenance="declare_assure", maintenant=le)


def run(le: datetime) -> Bilan:
    with lot(SUIVIS) as conn:
        return open_suivis(conn, "PF35", SUIVIS, le)


def at(jour: date) -> datetime:
    return datetime(jour.year, jour.month, jour.day, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("jour", "attendues"),
    [
        (date(2027, 5, 17), []),
        (date(2027, 5, 18), ["suivi_m6"]),
        (date(2027, 11, 17), ["suivi_m6"]),
        (date(2027, 11, 18), ["suivi_m12", "suivi_m6"]),
        (date(2029, 1, 1), ["suivi_m12", "suivi_m6"]),
    ],
)
def test_due_on_the_day_and_after_an_outage(dossier: Dossier, admin: psycopg.Connection, jour: date, attendues: list[str]) -> None:
    close(dossier)
    assert run(at(jour)).traites == len(attendues)
    assert taches_ouvertes(admin, dossier) == attendues
    assert run(at(jour)).traites == 0


def test_the_deadline_is_the_milestone_plus_the_tolerance(dossier: Dossier, admin: psycopg.Connection) -> None:
    close(dossier)
    run(at(date(2027, 5, 18)))
    (echeance,) = admin.execute("SELECT echeance_at FROM pdp.tache WHERE motif = 'suivi_m6'").fetchone()
    assert echeance.astimezone(UTC).date() == date(2027, 6, 17)


def test_a_late_closing_evening_counts_in_local_days(dossier: Dossier, admin: psycopg.Connection) -> None:
    close(dossier, le=datetime(2026, 11, 18, 23, 30, tzinfo=UTC))  # the 19th in Paris
    assert run(at(date(2027, 5, 18))).traites == 0
    assert run(at(date(2027, 5, 19))).traites == 1


@pytest.mark.parametrize(("motif", "situation"), [("deces", "decede"), ("doublon", "inconnu"), ("erreur", "inconnu")])
def test_never_for_a_death_a_duplicate_or_an_error(dossier: Dossier, motif: str, situation: str) -> None:
    close(dossier, motif, situation)
    assert run(at(date(2028, 1, 1))).traites == 0


def test_answered_is_not_asked_again_and_a_death_ends_it(dossier: Dossier, admin: psycopg.Connection) -> None:
    close(dossier)
    run(at(date(2027, 5, 18)))
    qui = auteur_agent(dossier.csam)
    with db.begin_as(qui) as conn:
        record_issue(
            conn,
            qui,
            dossier.parcours,
            jalon="m6",
            situation="decede",
            survenu_le=None,
            provenance="declare_assure",
            maintenant=at(date(2027, 5, 20)),
        )
    assert run(at(date(2027, 6, 1))).traites == 0
    assert run(at(date(2028, 1, 1))).traites == 0


def test_a_reason_closed_without_an_answer_is_not_reopened_but_a_new_closing_is_asked(dossier: Dossier, admin: psycopg.Connection) -> None:
    close(dossier)
    run(at(date(2027, 5, 18)))
    qui = auteur_agent(dossier.csam)
    with db.begin_as(qui) as conn:
        reopen_parcours(conn, qui, dossier.parcours, "nouvel_arret", at(date(2027, 5, 20)))
    assert run(at(date(2027, 6, 1))).traites == 0
    close(dossier, le=at(date(2027, 6, 2)))
    assert run(at(date(2027, 6, 3))).traites == 0
    assert run(at(date(2027, 12, 2))).traites == 1


def test_a_follow_up_is_no_leftover_of_a_closed_parcours(dossier: Dossier, admin: psycopg.Connection) -> None:
    close(dossier)
    run(at(date(2027, 5, 18)))
    assert sweep(at(date(2027, 5, 18)) + timedelta(hours=1)).detail["S12"] == 0
    assert taches_ouvertes(admin, dossier) == ["suivi_m6"]
    assert actions(sweep(at(date(2027, 5, 18)) + timedelta(hours=1))).get("S12") is None
