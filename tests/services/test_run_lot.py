"""Acts on several people: the rehearsal changes nothing and says what the confirmation does; each person apart; once; taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fabrique import MAINTENANT, auteur_agent, lot
from journee_lots import ATTENTE, Journee, a, le, photo
from pdp.errors import DonneeInvalide, Introuvable
from pdp.services import gestes_lot, run_lot
from pdp.services.invite_assure import invite_assure
from pdp.services.manage_taches import close_tache
from pdp.services.read_lot import read_lot
from pdp.services.wait_taches import snooze_tache
from pdp.storage import db


@pytest.fixture
def journee(base: str) -> Journee:
    return Journee()


def test_rehearsal_changes_nothing_and_says_who_and_why(journee: Journee, admin: psycopg.Connection[Any]) -> None:
    avant = photo(admin)
    acte = journee.choisir("attente")
    etats = journee.repeter(acte, **ATTENTE)
    assert journee.etat(acte) == ["prevue", "prevue", "refusee", "refusee"]
    assert etats[journee.cas[0]][1].startswith("Premier appel : en attente jusqu'au 28/11/2026 (soins ou opération en cours).")
    assert etats[journee.cas[2]][1].startswith("Un rappel est promis pour le 20/11/2026")
    assert etats[journee.ailleurs][1] == "Ce dossier n'est plus dans votre liste."
    assert photo(admin) == avant
    assert admin.execute("SELECT count(*) FROM pdp.acte").fetchone() == (0,)
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement LIKE 'tache_%'").fetchone() == (0,)


def test_confirmation_does_what_was_rehearsed_once_and_undo_gives_it_back(journee: Journee, admin: psycopg.Connection[Any]) -> None:
    avant = photo(admin)
    acte = journee.choisir("attente")
    journee.repeter(acte, **ATTENTE)
    assert journee.confirmer(acte) is True
    assert journee.etat(acte) == ["faite", "faite", "refusee", "refusee"]
    apres = photo(admin)
    assert apres != avant
    assert journee.confirmer(acte) is False, "a second submit does nothing"
    journee.repeter(acte, raison="autre", jour=le(20))
    assert photo(admin) == apres, "nor does a rehearsal once confirmed"
    assert [p.parcours_id for p in journee.lire(acte).a_reprendre] == [journee.cas[2]], "failed ones stay selected, those of others do not"
    assert journee.annuler(acte) is True
    assert journee.etat(acte) == ["annulee", "annulee", "refusee", "refusee"]
    assert photo(admin) == avant
    assert journee.annuler(acte) is False


def test_whoever_somebody_acted_on_meanwhile_is_left_alone(journee: Journee, admin: psycopg.Connection[Any]) -> None:
    acte = journee.choisir("attente")
    journee.repeter(acte, **ATTENTE)
    auteur = auteur_agent(journee.csam)
    with db.begin_as(auteur) as conn:
        close_tache(conn, auteur, journee.taches[0], "fait", MAINTENANT)
    journee.confirmer(acte)
    etats = journee.etats(acte)
    assert etats[journee.cas[0]] == ("refusee", run_lot.CHANGE)
    assert etats[journee.cas[1]][0] == "faite"


@pytest.mark.parametrize("genre", ["refusal", "database"])
def test_one_that_fails_midway_stops_nobody(
    journee: Journee, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, genre: str
) -> None:
    acte = journee.choisir("attente", journee.cas[:2])
    journee.repeter(acte, **ATTENTE)
    malchance = min(journee.cas[:2])
    vraie = gestes_lot.snooze_tache

    def fail(conn: Any, auteur: Any, tache: UUID, *reste: Any) -> Any:
        attente = vraie(conn, auteur, tache, *reste)
        if tache == journee.taches[journee.cas.index(malchance)]:
            if genre == "refusal":
                raise DonneeInvalide("Non. Rien n'a été enregistré.")
            conn.execute(text("SELECT 1 / 0"))
        return attente

    monkeypatch.setattr(gestes_lot, "snooze_tache", fail)
    journee.confirmer(acte)
    etats = journee.etats(acte)
    autre = next(p for p in journee.cas[:2] if p != malchance)
    assert etats[malchance] == (("refusee", "Non.") if genre == "refusal" else ("echouee", run_lot.PANNE))
    assert etats[autre][0] == "faite"
    attentes = dict(admin.execute("SELECT parcours_id, attente_jusqu_au FROM pdp.tache").fetchall())
    assert (attentes[malchance], attentes[autre]) == (None, le(10)), "what it had begun is not half done"


def test_lost_connection_confirms_nothing(journee: Journee, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    acte = journee.choisir("attente", journee.cas[:2])
    journee.repeter(acte, **ATTENTE)
    avant = photo(admin)

    def cut(conn: Any, *_: Any) -> Any:
        admin.execute("SELECT pg_terminate_backend(%s)", (conn.execute(text("SELECT pg_backend_pid()")).scalar(),))
        conn.execute(text("SELECT 1"))

    with monkeypatch.context() as mp:
        mp.setattr(gestes_lot, "snooze_tache", cut)
        with pytest.raises(DBAPIError):
            journee.confirmer(acte)
    assert photo(admin) == avant
    assert journee.confirmer(acte) is True, "and may be confirmed again"


def _ensemble(*gestes: Callable[[], Any]) -> list[Any]:
    barriere = threading.Barrier(len(gestes))

    def run(geste: Callable[[], Any]) -> Any:
        barriere.wait()
        return geste()

    with ThreadPoolExecutor(len(gestes)) as executeur:
        return [f.result() for f in [executeur.submit(run, g) for g in gestes]]


def test_two_confirmations_at_once_make_one(journee: Journee, admin: psycopg.Connection[Any]) -> None:
    acte = journee.choisir("attente")
    journee.repeter(acte, **ATTENTE)
    assert sorted(_ensemble(lambda: journee.confirmer(acte), lambda: journee.confirmer(acte))) == [False, True]
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'tache_reportee'").fetchone() == (2,)


def test_two_lots_on_the_same_people_at_once_lose_nothing(journee: Journee, admin: psycopg.Connection[Any]) -> None:
    """In opposite orders, so that locks taken in the order chosen would cross."""
    premier, second = journee.choisir("attente", journee.cas[:2]), journee.choisir("echeance", journee.cas[:2][::-1])
    journee.repeter(premier, **ATTENTE)
    journee.repeter(second, jour=le(5))
    _ensemble(lambda: journee.confirmer(premier), lambda: journee.confirmer(second))
    for parcours in journee.cas[:2]:
        etats = sorted(journee.etats(x)[parcours][0] for x in (premier, second))
        assert etats == ["faite", "refusee"], "one acts, the other is told that the case changed"


def test_deadline_of_the_next_reason_moves(journee: Journee, admin: psycopg.Connection[Any]) -> None:
    acte = journee.choisir("echeance", journee.cas)
    etats = journee.repeter(acte, jour=le(5))
    assert journee.etat(acte) == ["prevue", "prevue", "refusee"]
    assert etats[journee.cas[0]][1] == "Premier appel : échéance du 20/11/2026 portée au 23/11/2026."
    journee.confirmer(acte)
    dates = admin.execute("SELECT (echeance_at AT TIME ZONE 'Europe/Paris')::date FROM pdp.tache ORDER BY 1").fetchall()
    assert dates == [(le(2),), (le(5),), (le(5),)]


@pytest.mark.parametrize(
    ("geste", "parametres"),
    [
        ("attente", {"raison": "soins_en_cours", "jour": le(61)}),
        ("attente", {"raison": "soins_en_cours", "jour": le(0)}),
        ("attente", {"raison": "vacances", "jour": le(5)}),
        ("attente", {"raison": "autre"}),
        ("echeance", {}),
        ("passation", {}),
    ],
)
def test_wrong_for_everybody_is_said_once(journee: Journee, geste: str, parametres: dict[str, Any]) -> None:
    acte = journee.choisir(geste, journee.cas)
    with pytest.raises(DonneeInvalide):
        journee.repeter(acte, **parametres)
    assert journee.etat(acte) == ["choisie"] * 3
    with pytest.raises(DonneeInvalide):
        journee.confirmer(acte)


def test_too_late_to_take_back(journee: Journee) -> None:
    acte = journee.choisir("attente", journee.cas[:2])
    journee.repeter(acte, **ATTENTE)
    journee.confirmer(acte)
    assert journee.lire(acte, a(200)).annulable_jusqu_a is None
    journee.annuler(acte, a(200))
    assert journee.etat(acte) == ["faite", "faite"]


def test_what_followed_stops_the_undo_of_that_person_only(journee: Journee) -> None:
    acte = journee.choisir("attente", journee.cas[:2])
    journee.repeter(acte, **ATTENTE)
    journee.confirmer(acte)
    auteur = auteur_agent(journee.csam)
    with db.begin_as(auteur) as conn:
        snooze_tache(conn, auteur, journee.taches[0], "autre", le(20), a(minutes=5))
    journee.annuler(acte, a(minutes=10))
    assert journee.etat(acte) == ["faite", "annulee"]


def test_a_lot_is_seen_by_its_author_alone(journee: Journee) -> None:
    acte = journee.choisir("attente", journee.cas)
    for agent, role in ((journee.collegue, "csam"), (journee.csam, "responsable")):
        with pytest.raises(Introuvable), db.begin_as(auteur_agent(agent), lecture=True) as conn:
            read_lot(conn, acte, role, MAINTENANT)


@pytest.mark.parametrize("parcours", [[], [uuid4()], None])
def test_nobody_somebody_unknown_or_too_many(journee: Journee, parcours: list[UUID] | None) -> None:
    with pytest.raises((DonneeInvalide, Introuvable)):
        journee.choisir("attente", parcours if parcours is not None else [uuid4() for _ in range(201)])


def test_invitation_leaves_only_once_confirmed_and_is_recalled(journee: Journee, admin: psycopg.Connection[Any]) -> None:
    """A person invited already, and one of a colleague, are refused; the others get one message each."""
    auteur = auteur_agent(journee.csam)
    with db.begin_as(auteur) as conn:
        assert invite_assure(conn, auteur, journee.cas[1], MAINTENANT).id is not None
    acte = journee.choisir("invitation")
    etats = journee.repeter(acte)
    assert journee.etat(acte) == ["prevue", "refusee", "prevue", "refusee"]
    assert etats[journee.cas[1]][1].startswith("Déjà invitée")
    envois = "SELECT etat, count(*) FROM pdp.outbox WHERE type = 'invitation_rendez_vous' GROUP BY etat ORDER BY etat"
    assert admin.execute(envois).fetchall() == [("a_envoyer", 1)], "a rehearsal sends nothing"
    journee.confirmer(acte)
    journee.confirmer(acte)
    assert admin.execute(envois).fetchall() == [("a_envoyer", 3)]
    journee.annuler(acte)
    assert journee.etat(acte) == ["annulee", "refusee", "annulee", "refusee"]
    assert admin.execute(envois).fetchall() == [("a_envoyer", 1), ("rappele", 2)]


def test_nobody_is_invited_without_a_slot(journee: Journee, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        conn.execute(
            text("INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES ('PF35', :a, :d, :f)"),
            {"a": journee.csam, "d": le(0), "f": le(60)},
        )
    acte = journee.choisir("invitation", journee.cas)
    etats = journee.repeter(acte)
    assert {etat for etat, _ in etats.values()} == {"refusee"}
    assert all("créneau" in phrase for _, phrase in etats.values())
    assert admin.execute("SELECT count(*) FROM pdp.tache WHERE motif = 'ouvrir_creneaux'").fetchone() == (0,)
