"""A reason to act waits with a reason and a day: limits, return, taking up again, what cannot wait; promises and own reminders."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.attente import RAISONS, Attente
from pdp.domain.tache import SUJETS
from pdp.errors import DonneeInvalide, Introuvable, TransitionInterdite
from pdp.services.annulation import acte, undo_acte
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import close_tache
from pdp.services.wait_taches import change_echeance, describe_dates_legales, list_attentes, list_dates_legales, resume_tache, snooze_tache
from pdp.storage import db
from portal.donnees import add_tache

JOUR = MAINTENANT.date()
PARIS = ZoneInfo("Europe/Paris")


def le(jours: int) -> date:
    return JOUR + timedelta(days=jours)


def a(jours: int) -> datetime:
    return MAINTENANT + timedelta(days=jours)


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


def ouvrir(d: fabrique.Dossier, motif: str = "faire_le_point", jours: int = 2) -> UUID:
    with lot() as conn:
        return add_tache(conn, d.parcours, motif, a(jours))


def attendre(d: fabrique.Dossier, tache: UUID, raison: str, jours: int, maintenant: datetime = MAINTENANT) -> Attente:
    auteur = auteur_agent(d.csam)
    with db.begin_as(auteur) as conn:
        return snooze_tache(conn, auteur, tache, raison, (maintenant + timedelta(days=jours)).date(), maintenant)


def lire(admin: psycopg.Connection[Any], tache: UUID) -> tuple[Any, ...] | None:
    return admin.execute(
        "SELECT (echeance_at AT TIME ZONE 'Europe/Paris')::date, balle, attente_raison, attente_jusqu_au, attente_cumul_jours"
        " FROM pdp.tache WHERE id = %s",
        (tache,),
    ).fetchone()


@pytest.mark.parametrize(("jours", "permis"), [(-1, False), (0, False), (1, True), (60, True), (61, False)])
def test_wait_is_within_the_policy(dossier: fabrique.Dossier, admin: psycopg.Connection[Any], jours: int, permis: bool) -> None:
    tache = ouvrir(dossier)
    if permis:
        attendre(dossier, tache, "soins_en_cours", jours)
        assert lire(admin, tache) == (le(jours), "csam", "soins_en_cours", le(jours), 0)
    else:
        with pytest.raises(DonneeInvalide):
            attendre(dossier, tache, "soins_en_cours", jours)
        assert lire(admin, tache) == (le(2), "csam", None, None, 0)


def test_unknown_reason_is_refused(dossier: fabrique.Dossier) -> None:
    with pytest.raises(DonneeInvalide):
        attendre(dossier, ouvrir(dossier), "vacances", 3)


@pytest.mark.parametrize(
    ("raison", "chez"),
    [
        ("soins_en_cours", "assure"),
        ("reponse_employeur", "assure"),
        ("decision_mdph", "partenaire"),
        ("avis_medecin_conseil", "medecin_conseil"),
        ("autre", "csam"),
    ],
)
def test_ball_is_elsewhere_until_the_day_then_comes_back_by_itself(dossier: fabrique.Dossier, raison: str, chez: str) -> None:
    tache = ouvrir(dossier)
    attendre(dossier, tache, raison, 10)
    with db.begin_as(auteur_agent(dossier.csam), lecture=True) as conn:
        attente = list_attentes(conn, get_lieu(conn, "PF35"), [dossier.parcours])[tache]
    assert [attente.balle(le(n)) for n in (0, 9, 10, 30)] == [chez, chez, "csam", "csam"]
    assert [attente.is_revenue(le(n)) for n in (0, 9, 10, 30)] == [False, False, True, True]
    assert [attente.courante_jours(le(n)) for n in (0, 4, 10, 30)] == [0, 4, 10, 10]


def test_total_wait_and_current_wait_are_kept_apart(dossier: fabrique.Dossier, admin: psycopg.Connection[Any]) -> None:
    tache = ouvrir(dossier)
    attendre(dossier, tache, "soins_en_cours", 20)
    attendre(dossier, tache, "soins_en_cours", 20)
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'tache_reportee'").fetchone() == (1,), "twice is once"
    seconde = attendre(dossier, tache, "reponse_employeur", 15, a(12))
    assert (seconde.courante_jours(le(17)), seconde.totale_jours(le(17))) == (5, 17)
    troisieme = attendre(dossier, tache, "reponse_employeur", 15, a(40))
    assert (troisieme.courante_jours(le(43)), troisieme.totale_jours(le(43))) == (3, 12 + 15 + 3), "idle days after a return are no wait"


@pytest.mark.parametrize(("dernier", "permis"), [(60, True), (61, False)])
def test_waits_in_all_have_a_limit_too(dossier: fabrique.Dossier, dernier: int, permis: bool) -> None:
    """120 days in all: after 60 and 0, 60 more at most; then none."""
    tache = ouvrir(dossier)
    attendre(dossier, tache, "soins_en_cours", 60)
    if not permis:
        with pytest.raises(DonneeInvalide):
            attendre(dossier, tache, "soins_en_cours", dernier, a(60))
        return
    attendre(dossier, tache, "soins_en_cours", dernier, a(60))
    with pytest.raises(DonneeInvalide, match="waited_too_long"):
        attendre(dossier, tache, "autre", 1, a(120))


@pytest.mark.parametrize("motif", ["tele_echange", "renseigner_tele_echange", "attendre_partenaire", "decision_medecin"])
def test_clock_of_somebody_else_does_not_wait(dossier: fabrique.Dossier, admin: psycopg.Connection[Any], motif: str) -> None:
    tache = ouvrir(dossier, motif)
    with pytest.raises(TransitionInterdite):
        attendre(dossier, tache, "autre", 5)
    assert lire(admin, tache) == (le(2), "csam", None, None, 0)


def test_taken_up_again_at_once_and_once(dossier: fabrique.Dossier, admin: psycopg.Connection[Any]) -> None:
    tache = ouvrir(dossier)
    attendre(dossier, tache, "soins_en_cours", 30)
    auteur = auteur_agent(dossier.csam)
    for attendu in (True, False):
        with db.begin_as(auteur) as conn:
            assert resume_tache(conn, auteur, tache, a(7)) is attendu
    assert lire(admin, tache) == (le(7), "csam", None, None, 7)


@pytest.mark.parametrize(("jours", "permis"), [(-1, False), (0, True), (60, True), (61, False)])
def test_deadline_moved_by_hand(dossier: fabrique.Dossier, admin: psycopg.Connection[Any], jours: int, permis: bool) -> None:
    tache, auteur = ouvrir(dossier), auteur_agent(dossier.csam)
    if not permis:
        with pytest.raises(DonneeInvalide), db.begin_as(auteur) as conn:
            change_echeance(conn, auteur, tache, le(jours), MAINTENANT)
        return
    for attendu in (True, False):
        with db.begin_as(auteur) as conn:
            assert change_echeance(conn, auteur, tache, le(jours), MAINTENANT) is attendu
    assert lire(admin, tache) == (le(jours), "csam", None, None, 0)


def test_promise_moves_with_the_person_only(dossier: fabrique.Dossier) -> None:
    auteur, tache = auteur_agent(dossier.csam), ouvrir(dossier, "rappel_promis")
    with pytest.raises(TransitionInterdite), db.begin_as(auteur) as conn:
        change_echeance(conn, auteur, tache, le(3), MAINTENANT)


def test_what_is_done_no_longer_waits(dossier: fabrique.Dossier) -> None:
    auteur, tache = auteur_agent(dossier.csam), ouvrir(dossier)
    with db.begin_as(auteur) as conn:
        close_tache(conn, auteur, tache, "fait", MAINTENANT)
    with pytest.raises(Introuvable):
        attendre(dossier, tache, "autre", 5)


def test_legal_dates_within_the_wait_are_said(dossier: fabrique.Dossier) -> None:
    """The absence of the tests began 90 days ago: its 180th day is in 89 days, hence within 90, not within 60."""
    with db.begin_as(auteur_agent(dossier.csam), lecture=True) as conn:
        lieu = get_lieu(conn, "PF35")
        longue = list_dates_legales(conn, lieu, dossier.parcours, JOUR, le(100))
        courte = list_dates_legales(conn, lieu, dossier.parcours, JOUR, le(19))
        fin = list_dates_legales(conn, lieu, dossier.parcours, JOUR, le(20))
    assert "J180 : des droits" in describe_dates_legales(longue)
    assert [d.le for d in longue] == sorted(d.le for d in longue)
    assert (courte, describe_dates_legales(courte)) == ([], "")
    assert describe_dates_legales(fin) == "Attention, pendant cette attente : le 08/12/2026, fin de l'arrêt prescrit."


def test_undo_gives_the_wait_back_as_it_was(dossier: fabrique.Dossier, admin: psycopg.Connection[Any]) -> None:
    tache, auteur = ouvrir(dossier), auteur_agent(dossier.csam)
    attendre(dossier, tache, "soins_en_cours", 20)
    avant = lire(admin, tache)
    for geste in ("reprendre", "attendre"):
        with db.begin_as(auteur) as conn, acte(conn, auteur, dossier.parcours, "tache_reportee", a(3)) as fait:
            if geste == "reprendre":
                resume_tache(conn, auteur, tache, a(3))
            else:
                snooze_tache(conn, auteur, tache, "autre", le(9), a(3))
        assert lire(admin, tache) != avant
        assert fait.id is not None
        with db.begin_as(auteur) as conn:
            undo_acte(conn, auteur, fait.id, a(3))
        assert lire(admin, tache) == avant


def test_database_knows_the_reasons_and_the_ball_of_the_domain(dossier: fabrique.Dossier, admin: psycopg.Connection[Any]) -> None:
    """Lists and counts of a coordinator read the ball where the row is."""
    tache = ouvrir(dossier)
    for raison, attendue in RAISONS.items():
        attendre(dossier, tache, raison, 10)
        assert admin.execute("SELECT attente_balle FROM pdp.tache WHERE id = %s", (tache,)).fetchone() == (attendue.balle,)
    admin.execute("SET session_replication_role = replica")
    for sujet in SUJETS:
        admin.execute("UPDATE pdp.tache SET motif = 'tache_personnelle', sujet = %s WHERE id = %s", (sujet, tache))
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute("UPDATE pdp.tache SET sujet = 'inconnu'")
