"""Promises to a person and reminders of the coordinator's own: one open of each kind, dated, on days when they can be kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.errors import Conflit, DonneeInvalide, ErreurPdp, Introuvable, SilenceEnCours
from pdp.services.manage_taches import add_tache_personnelle, close_tache, promise
from pdp.services.record_silence import set_silence
from pdp.storage import db

JOUR = MAINTENANT.date()
PARIS = ZoneInfo("Europe/Paris")


def le(jours: int) -> date:
    return JOUR + timedelta(days=jours)


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


def promettre(d: fabrique.Dossier, quand: datetime, note: str | None = "Rappeler après son rendez-vous") -> UUID:
    auteur = auteur_agent(d.csam)
    with db.begin_as(auteur) as conn:
        return promise(conn, auteur, d.parcours, quand, note, MAINTENANT)


def instant(jours: int, heure: int, minute: int = 0) -> datetime:
    return datetime(JOUR.year, JOUR.month, JOUR.day, heure, minute, tzinfo=PARIS) + timedelta(days=jours)


def test_promise_is_a_dated_call_once(dossier: fabrique.Dossier, admin: psycopg.Connection[Any]) -> None:
    quand = instant(1, 10)
    premiere = promettre(dossier, quand)
    assert promettre(dossier, quand) == premiere
    autre = promettre(dossier, instant(2, 15))
    lignes = admin.execute(
        "SELECT id, echeance_at, origine, issue FROM pdp.tache WHERE motif = 'rappel_promis' ORDER BY echeance_at"
    ).fetchall()
    assert lignes == [(premiere, quand, "manuelle", "remplacee"), (autre, instant(2, 15), "manuelle", None)]


@pytest.mark.parametrize(
    ("quand", "code"),
    [
        pytest.param(instant(0, 8), "date_past", id="an hour ago"),
        pytest.param(instant(3, 10), "not_a_working_day", id="Saturday"),
        pytest.param(instant(4, 10), "not_a_working_day", id="Sunday"),
        pytest.param(datetime(2026, 12, 25, 10, tzinfo=PARIS), "not_a_working_day", id="Christmas"),
        pytest.param(instant(1, 6), "not_a_working_hour", id="before anybody is up"),
        pytest.param(instant(1, 21), "not_a_working_hour", id="in the evening"),
        pytest.param(instant(61, 10), "date_too_far", id="beyond the policy"),
    ],
)
def test_promise_that_nobody_could_keep_is_refused(
    dossier: fabrique.Dossier, admin: psycopg.Connection[Any], quand: datetime, code: str
) -> None:
    with pytest.raises(ErreurPdp, match=code):
        promettre(dossier, quand)
    assert admin.execute("SELECT count(*) FROM pdp.tache").fetchone() == (0,)


def test_nothing_is_promised_on_a_day_of_silence(dossier: fabrique.Dossier) -> None:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        set_silence(conn, auteur, dossier.assure, motif="deuil", au=le(7), maintenant=MAINTENANT)
    with pytest.raises(SilenceEnCours):
        promettre(dossier, instant(7, 10))
    promettre(dossier, instant(8, 10))


def rappeler(d: fabrique.Dossier, jours: int, sujet: str, note: str = "") -> UUID:
    auteur = auteur_agent(d.csam)
    with db.begin_as(auteur) as conn:
        return add_tache_personnelle(conn, auteur, d.parcours, le(jours), note, MAINTENANT, sujet)


def test_one_reminder_per_person_and_subject(dossier: fabrique.Dossier, admin: psycopg.Connection[Any]) -> None:
    premier = rappeler(dossier, 5, "contacter_employeur")
    assert rappeler(dossier, 5, "contacter_employeur") == premier
    with pytest.raises(Conflit, match="conflit"):
        rappeler(dossier, 6, "contacter_employeur")
    rappeler(dossier, 6, "preparer_rendez_vous")
    lignes = admin.execute("SELECT sujet, origine FROM pdp.tache WHERE fermee_at IS NULL ORDER BY sujet").fetchall()
    assert lignes == [("contacter_employeur", "manuelle"), ("preparer_rendez_vous", "manuelle")]
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        close_tache(conn, auteur, premier, "fait", MAINTENANT)
    assert rappeler(dossier, 6, "contacter_employeur") != premier


@pytest.mark.parametrize(
    ("jours", "sujet", "note", "permis"),
    [
        (0, "autre", "Relire le bilan", True),
        (5, "autre", "  ", False),
        (-1, "contacter_personne", "", False),
        (365, "contacter_personne", "", True),
        (366, "contacter_personne", "", False),
        (5, "inconnu", "", False),
    ],
)
def test_reminder_has_a_subject_and_a_date(dossier: fabrique.Dossier, jours: int, sujet: str, note: str, permis: bool) -> None:
    if permis:
        rappeler(dossier, jours, sujet, note)
    else:
        with pytest.raises(DonneeInvalide):
            rappeler(dossier, jours, sujet, note)


def test_closed_case_takes_no_promise_and_no_reminder(dossier: fabrique.Dossier, admin: psycopg.Connection[Any]) -> None:
    admin.execute("SET session_replication_role = replica")
    admin.execute("UPDATE pdp.parcours SET statut = 'cloture', clos_at = now(), cloture_motif = 'erreur'")
    with pytest.raises(Introuvable):
        promettre(dossier, instant(1, 10))
    with pytest.raises(Introuvable):
        rappeler(dossier, 5, "autre", "x")
