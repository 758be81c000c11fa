"""What a manager sees of partners who let their turn pass: late on any step, reminded, expired; never a paused clock."""

from __future__ import annotations

from datetime import datetime

import psycopg
from horloge_dossiers import ACCUSE, JOURS, delivered, say, sweep
from horloge_dossiers import apply as apply_answers

import fabrique
from fabrique import MAINTENANT, lot
from pdp.services.delais import get_lieu
from pdp.services.read_partenaires_muets import list_partenaires_muets
from pdp.storage import db


def seen(le: datetime) -> list[tuple[int, str | None, int, int]]:
    with lot() as conn:
        responsable = fabrique.auteur_agent(fabrique.agent(conn, "responsable"), "responsable")
    with db.begin_as(responsable, lecture=True) as conn:
        muets = list_partenaires_muets(conn, get_lieu(conn, "PF35"), le)
    return [(m.nombre, str(m.plus_ancienne_le) if m.plus_ancienne_le else None, m.relances, m.expirees) for m in muets]


def test_late_reminded_then_expired(base: str, admin: psycopg.Connection) -> None:
    delivered()
    sweep(MAINTENANT)
    assert seen(ACCUSE - JOURS) == []
    sweep(ACCUSE)
    assert seen(ACCUSE) == [(1, "2026-11-25", 1, 0)]
    for jours in (13, 33):
        sweep(ACCUSE + jours * JOURS)
    assert seen(ACCUSE + 33 * JOURS) == [(0, None, 0, 1)]
    assert seen(ACCUSE + 400 * JOURS) == []


def test_news_that_do_not_come_are_late_too_a_question_is_not(base: str, admin: psycopg.Connection) -> None:
    cas = delivered()
    say(cas, "statut", 1, MAINTENANT, statut="acceptee")
    apply_answers(MAINTENANT)
    assert [m[0] for m in seen(MAINTENANT + 40 * JOURS)] == [1]
    say(cas, "question", 2, MAINTENANT, texte="Joignable quand ?")
    apply_answers(MAINTENANT)
    assert seen(MAINTENANT + 40 * JOURS) == []
