"""Acts on several people: the rehearsal changes nothing and says what the confirmation does; each person apart; once; taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.errors import DonneeInvalide, Introuvable
from pdp.services import gestes_lot, run_lot
from pdp.services.manage_taches import close_tache
from pdp.services.read_lot import PageLot, read_lot
from pdp.services.run_lot import confirm_lot, create_lot, rehearse_lot, undo_lot
from pdp.services.wait_taches import snooze_tache
from pdp.storage import db
from portal.donnees import add_tache

JOUR = MAINTENANT.date()
PHOTO = (
    "SELECT p.id, p.csam_id, p.statut, t.motif, t.echeance_at, t.attente_jusqu_au, t.fermee_at"
    " FROM pdp.parcours p LEFT JOIN pdp.tache t ON t.parcours_id = p.id"
)


def le(jours: int) -> date:
    return JOUR + timedelta(days=jours)


def a(jours: int = 0, minutes: int = 0) -> datetime:
    return MAINTENANT + timedelta(days=jours, minutes=minutes)


class Journee:
    """A coordinator, her colleague, and four people: a first call, a point to make, a promise in two days, a closed case of a colleague."""

    def __init__(self) -> None:
        with lot() as conn:
            fabrique.socle(conn)
            self.csam, self.collegue = fabrique.agent(conn), fabrique.agent(conn)
            self.cas = [fabrique.parcours(conn, csam=self.csam).parcours for _ in range(3)]
            self.ailleurs = fabrique.parcours(conn, csam=self.collegue).parcours
            self.taches = [
                add_tache(conn, parcours, motif, a(2))
                for parcours, motif in zip(self.cas, ("premier_appel", "faire_le_point", "rappel_promis"), strict=True)
            ]

    def choisir(self, geste: str, parcours: list[UUID] | None = None) -> UUID:
        auteur = auteur_agent(self.csam)
        with db.begin_as(auteur) as conn:
            return create_lot(conn, auteur, geste, parcours if parcours is not None else [*self.cas, self.ailleurs], MAINTENANT)

    def repeter(self, lot_id: UUID, maintenant: datetime = MAINTENANT, **parametres: Any) -> dict[UUID, tuple[str, str]]:
        auteur = auteur_agent(self.csam)
        with db.begin_as(auteur) as conn:
            rehearse_lot(conn, auteur, lot_id, maintenant, **parametres)
        return self.etats(lot_id)

    def confirmer(self, lot_id: UUID, maintenant: datetime = MAINTENANT) -> bool:
        auteur = auteur_agent(self.csam)
        with db.begin_as(auteur) as conn:
            return confirm_lot(conn, auteur, lot_id, maintenant)

    def annuler(self, lot_id: UUID, maintenant: datetime = MAINTENANT) -> bool:
        auteur = auteur_agent(self.csam)
        with db.begin_as(auteur) as conn:
            return undo_lot(conn, auteur, lot_id, maintenant)

    def lire(self, lot_id: UUID, maintenant: datetime = MAINTENANT) -> PageLot:
        with db.begin_as(auteur_agent(self.csam), lecture=True) as conn:
            return read_lot(conn, lot_id, "csam", maintenant)

    def etats(self, lot_id: UUID) -> dict[UUID, tuple[str, str]]:
        return {p.parcours_id: (p.etat, p.phrase or "") for p in self.lire(lot_id).personnes}

    def etat(self, lot_id: UUID) -> list[str]:
        etats = self.etats(lot_id)
        return [etats[p][0] for p in (*self.cas, self.ailleurs) if p in etats]


@pytest.fixture
def journee(base: str) -> Journee:
    return Journee()


def photo(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return sorted(admin.execute(PHOTO).fetchall(), key=str)


ATTENTE = {"raison": "soins_en_cours", "jour": le(10)}


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


def test_case_passed_on_and_back(journee: Journee, admin: psycopg.Connection[Any]) -> None:
    acte = journee.choisir("passation")
    journee.repeter(acte, vers=journee.collegue, note="Elle préfère être appelée l'après-midi.")
    assert journee.etat(acte) == ["prevue", "prevue", "prevue", "refusee"]
    journee.confirmer(acte)
    mains = "SELECT csam_id FROM pdp.parcours WHERE id = %s"
    assert [admin.execute(mains, (p,)).fetchone() for p in journee.cas] == [(journee.collegue,)] * 3
    ligne = admin.execute(
        "SELECT de_csam_id, csam_id, note, relais, par_id FROM pdp.affectation WHERE parcours_id = %s AND au IS NULL", (journee.cas[2],)
    ).fetchone()
    assert ligne is not None
    assert ligne[:3] == (journee.csam, journee.collegue, "Elle préfère être appelée l'après-midi.")
    assert "promis : rappeler avant le 20/11/2026" in ligne[3]
    assert journee.lire(acte).a_reprendre == [], "what is no longer hers is not offered again"
    journee.annuler(acte, a(minutes=5))
    assert [admin.execute(mains, (p,)).fetchone() for p in journee.cas] == [(journee.csam,)] * 3
    assert journee.etat(acte) == ["annulee"] * 3 + ["refusee"]


@pytest.mark.parametrize("absent", ["away", "gone", "unknown", "full"])
def test_only_somebody_present_with_room_receives(journee: Journee, admin: psycopg.Connection[Any], absent: str) -> None:
    vers = journee.collegue
    with lot() as conn:
        if absent == "away":
            conn.execute(
                text("INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES ('PF35', :a, :d, :d)"), {"a": vers, "d": JOUR}
            )
        elif absent == "gone":
            conn.execute(text("UPDATE pdp.agent SET actif_au = :h WHERE id = :a"), {"a": vers, "h": le(-1)})
        elif absent == "unknown":
            vers = fabrique.agent(conn, plateforme="PF57")
        else:
            conn.execute(text("UPDATE pdp.agent SET quotite = 0.01 WHERE id = :a"), {"a": vers})
    acte = journee.choisir("passation", journee.cas)
    with pytest.raises(DonneeInvalide):
        journee.repeter(acte, vers=vers)


def test_cap_of_the_colleague_is_shared_by_the_lot(journee: Journee) -> None:
    """At 3 % of full time the cap of 80 leaves two places, one of them taken."""
    with lot() as conn:
        conn.execute(text("UPDATE pdp.agent SET quotite = 0.03 WHERE id = :a"), {"a": journee.collegue})
    acte = journee.choisir("passation", journee.cas)
    etats = journee.repeter(acte, vers=journee.collegue)
    assert sorted(etat for etat, _ in etats.values()) == ["prevue", "refusee", "refusee"]
    assert all("plafond" in phrase for etat, phrase in etats.values() if etat == "refusee")


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


def test_a_coordinator_passes_on_only_what_is_hers(journee: Journee) -> None:
    """The database refuses, not only the screen."""
    with pytest.raises(DBAPIError, match="case_of_another_coordinator"), db.begin_as(auteur_agent(journee.csam)) as conn:
        conn.execute(text("UPDATE pdp.parcours SET csam_id = :m WHERE id = :p"), {"m": journee.csam, "p": journee.ailleurs})
    with pytest.raises(DBAPIError, match="row-level security"), db.begin_as(auteur_agent(journee.csam)) as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.affectation (plateforme_id, parcours_id, csam_id, du, motif, par_type, par_id)"
                " VALUES ('PF35', :p, :c, now(), 'x', 'agent', :autre)"
            ),
            {"p": journee.ailleurs, "c": journee.csam, "autre": str(journee.collegue)},
        )
