"""Absence or departure of a colleague: preview, effect, undo, return, on real PostgreSQL and under the manager's own role."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest

import fabrique
from equipe_redistribuee import BALAYAGE, Equipe, a, absenter, annuler, balayer, confirmer, le, mains
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.services.assign_parcours import assign_en_attente
from pdp.services.plan_redistribution import plan_redistribution
from pdp.storage import db
from portal.donnees import add_tache, add_tele_echange


@pytest.fixture
def equipe(base: str) -> Equipe:
    """Three cases of the colleague away: one with an appointment in two days, one with a promise in three, one where nothing falls due."""
    with lot() as conn:
        fabrique.socle(conn)
        responsable = fabrique.agent(conn, "responsable")
        absente, proche = fabrique.agent(conn, territoire=("35",)), fabrique.agent(conn, territoire=("35",))
        loin = fabrique.agent(conn, territoire=("22",))
        cas = [fabrique.parcours(conn, csam=absente, statut=s) for s in ("entretien_planifie", "contact_en_cours", "en_accompagnement")]
        for c in cas:
            conn.execute(
                fabrique.text(
                    "INSERT INTO pdp.affectation (plateforme_id, parcours_id, csam_id, du, motif, par_type, par_id)"
                    " VALUES ('PF35', :p, :c, :m, 'Territoire', 'systeme', 'essai')"
                ),
                {"p": c.parcours, "c": absente, "m": MAINTENANT - timedelta(days=30)},
            )
        add_tele_echange(conn, cas[0], a(2))
        add_tache(conn, cas[0].parcours, "tele_echange", a(2), balle="assure")
        add_tache(conn, cas[1].parcours, "rappel_promis", a(3))
        add_tache(conn, cas[2].parcours, "faire_le_point", a(40))
    return Equipe(responsable, absente, proche, loin, cas)


@pytest.mark.parametrize(
    ("du", "au", "bougent", "restent"),
    [
        pytest.param(5, 6, [], 3, id="short, nothing falls due: nothing moves"),
        pytest.param(0, 1, [], 3, id="the day before the first deadline"),
        pytest.param(0, 2, [0], 2, id="the day of the appointment"),
        pytest.param(0, 3, [0, 1], 1, id="the day of the promise too"),
        pytest.param(0, 20, [0, 1], 1, id="three weeks exactly: what falls due only"),
        pytest.param(0, 21, [0, 1, 2], 0, id="one day more: everything"),
        pytest.param(0, None, [0, 1, 2], 0, id="departure: everything"),
    ],
)
def test_preview_says_what_moves_and_writes_nothing(
    equipe: Equipe, admin: psycopg.Connection[Any], du: int, au: int | None, bougent: list[int], restent: int
) -> None:
    auteur = auteur_agent(equipe.responsable, "responsable")
    with db.begin_as(auteur, lecture=True) as conn:
        plan = plan_redistribution(conn, "PF35", equipe.absente, le(du), None if au is None else le(au), MAINTENANT)
    assert {c.parcours_id for c in plan.confies} == {equipe.cas[i].parcours for i in bougent}
    assert (plan.restent, plan.sans_place) == (restent, [])
    if bougent:
        [collegue] = plan.collegues
        assert (collegue.id, collegue.recoit, collegue.dossiers_avant) == (equipe.proche, len(bougent), 0)
        assert collegue.dossiers_apres == len(bougent)
        assert collegue.points_avant < collegue.points_apres
    assert mains(admin, equipe) == [equipe.absente] * 3


def test_absence_that_began_moves_at_once_and_says_why(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    absenter(equipe.absente, 0, 5)
    premiere = confirmer(equipe, 0, 5)
    assert confirmer(equipe, 0, 5) == premiere, "a double click or a resend acts once"
    assert mains(admin, equipe) == [equipe.proche, equipe.proche, equipe.absente]
    assert admin.execute("SELECT csam_id FROM pdp.tele_echange").fetchone() == (equipe.proche,), "kept at the same instant"
    histoire = admin.execute(
        "SELECT csam_id, au IS NULL, retour_le, motif, relais FROM pdp.affectation WHERE parcours_id = %s ORDER BY du",
        (equipe.cas[1].parcours,),
    ).fetchall()
    assert histoire[0][:3] == (equipe.absente, False, None)
    assert histoire[1][:3] == (equipe.proche, True, le(6))
    assert histoire[1][3].startswith(
        "Remplacement d'un collègue absent jusqu'au 23/11/2026. Conseiller du territoire ; charge avant : 0 dossier"
    )
    assert "promis : rappeler avant le 21/11/2026 à 09:00" in histoire[1][4]
    assert "état : contact en cours" in histoire[1][4].lower()
    evenements = admin.execute(
        "SELECT evenement, count(*), min(auteur_role) FROM journal.evenement GROUP BY evenement ORDER BY evenement"
    ).fetchall()
    assert evenements == [("parcours_redistribue", 2, "responsable"), ("redistribution_prevue", 1, "responsable")]


def test_absence_ahead_takes_effect_on_its_day_and_comes_back_on_the_day(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    absenter(equipe.absente, 2, 10)
    confirmer(equipe, 2, 10)
    assert mains(admin, equipe) == [equipe.absente] * 3, "planned only"
    assert balayer(a(1)) == (0, {})
    assert balayer(a(2, -2)) == (2, {"parcours_confies": 2})
    assert mains(admin, equipe) == [equipe.proche, equipe.proche, equipe.absente]
    assert balayer(a(10)) == (0, {}), "last day away"
    assert balayer(a(11)) == (2, {"parcours_rendus": 2})
    assert balayer(a(11)) == (0, {})
    assert mains(admin, equipe) == [equipe.absente] * 3
    assert admin.execute("SELECT rendue_at IS NOT NULL FROM pdp.redistribution").fetchone() == (True,)


def test_return_waits_while_the_colleague_is_still_away(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    confirmer(equipe, 0, 5)
    absenter(equipe.absente, 0, 8)
    assert balayer(a(6)) == (0, {})
    assert balayer(a(30)) == (2, {"parcours_rendus": 2}), "an outage of the sweep loses nobody"
    assert mains(admin, equipe) == [equipe.absente] * 3


def test_what_falls_due_during_the_absence_moves_too_and_comes_back(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    absenter(equipe.absente, 0, 9)
    confirmer(equipe, 0, 9)
    assert mains(admin, equipe)[2] == equipe.absente
    with lot() as conn:
        add_tache(conn, equipe.cas[2].parcours, "lire_reponse", a(4))
    assert balayer(a(1)) == (1, {"parcours_confies": 1})
    assert balayer(a(1)) == (0, {})
    assert mains(admin, equipe) == [equipe.proche] * 3
    assert balayer(a(10)) == (3, {"parcours_rendus": 3})
    assert mains(admin, equipe) == [equipe.absente] * 3


def test_absence_extended_since_goes_on(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    absenter(equipe.absente, 0, 5)
    confirmer(equipe, 0, 5)
    with lot() as conn:
        conn.execute(fabrique.text("UPDATE pdp.absence_agent SET au = :f"), {"f": le(12)})
        add_tache(conn, equipe.cas[2].parcours, "lire_reponse", a(9))
    assert balayer(a(7)) == (1, {"parcours_confies": 1})
    assert admin.execute("SELECT max(retour_le) FROM pdp.affectation WHERE au IS NULL").fetchone() == (le(13),)
    assert balayer(a(13)) == (3, {"parcours_rendus": 3})


def test_absence_shortened_since_comes_back_sooner(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    absenter(equipe.absente, 0, 9)
    confirmer(equipe, 0, 9)
    with lot() as conn:
        conn.execute(fabrique.text("UPDATE pdp.absence_agent SET au = :f"), {"f": le(4)})
    assert balayer(a(4)) == (0, {})
    assert balayer(a(5)) == (2, {"parcours_rendus": 2})


def test_closed_meanwhile_stays_closed(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    confirmer(equipe, 0, 5)
    admin.execute(
        "ALTER TABLE pdp.parcours DISABLE TRIGGER ALL; UPDATE pdp.parcours SET statut = 'cloture', clos_at = now(), cloture_motif = 'deces'"
        f" WHERE id = '{equipe.cas[0].parcours}'; ALTER TABLE pdp.parcours ENABLE TRIGGER ALL"
    )
    assert balayer(a(6)) == (1, {"parcours_rendus": 1})
    assert mains(admin, equipe) == [equipe.proche, equipe.absente, equipe.absente]
    assert admin.execute("SELECT etat, count(*) FROM pdp.redistribution_ligne GROUP BY etat ORDER BY etat").fetchall() == [
        ("rendue", 1),
        ("sans_objet", 1),
    ]


def test_appointment_at_an_hour_already_taken_asks_to_be_moved(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        for collegue in (equipe.proche, equipe.loin):
            add_tele_echange(conn, fabrique.parcours(conn, csam=collegue), a(2))
    redistribution = confirmer(equipe, 0, 5)
    taches = "SELECT motif, fermee_at IS NULL FROM pdp.tache WHERE parcours_id = %s AND motif = 'planifier_tele_echange'"
    assert admin.execute(taches, (equipe.cas[0].parcours,)).fetchall() == [("planifier_tele_echange", True)]
    ligne = admin.execute("SELECT rendez_vous FROM pdp.redistribution_ligne WHERE parcours_id = %s", (equipe.cas[0].parcours,)).fetchone()
    assert ligne == ("a_deplacer",)
    assert annuler(equipe, redistribution) == 2
    assert admin.execute(taches, (equipe.cas[0].parcours,)).fetchall() == [("planifier_tele_echange", False)]


def test_a_free_colleague_further_away_keeps_the_appointment(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        add_tele_echange(conn, fabrique.parcours(conn, csam=equipe.proche), a(2))
    confirmer(equipe, 0, 5)
    assert mains(admin, equipe)[0] == equipe.loin
    assert mains(admin, equipe)[1] == equipe.proche


@pytest.mark.parametrize(("jours", "permis"), [(0, True), (7, True), (8, False)])
def test_undo_within_the_window_only(equipe: Equipe, admin: psycopg.Connection[Any], jours: int, permis: bool) -> None:
    redistribution = confirmer(equipe, 0, None)
    if permis:
        assert annuler(equipe, redistribution, a(jours)) == 3
        assert annuler(equipe, redistribution, a(jours)) == 0
        assert mains(admin, equipe) == [equipe.absente] * 3
        assert admin.execute("SELECT csam_id FROM pdp.tele_echange").fetchone() == ((equipe.absente if jours < 2 else equipe.proche),)
        assert confirmer(equipe, 0, None, a(jours)) != redistribution, "may be confirmed again"
    else:
        with pytest.raises(Conflit):
            annuler(equipe, redistribution, a(jours))
        assert mains(admin, equipe) == [equipe.proche] * 3


def test_undo_before_effect_cancels_the_plan(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    redistribution = confirmer(equipe, 2, 10)
    assert annuler(equipe, redistribution) == 0
    assert balayer(a(3)) == (0, {})
    assert mains(admin, equipe) == [equipe.absente] * 3


def test_departure_never_comes_back_and_receives_nothing_more(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    confirmer(equipe, 0, None)
    assert mains(admin, equipe) == [equipe.proche] * 3
    assert balayer(a(400)) == (0, {})
    with lot() as conn:
        nouveau = fabrique.parcours(conn, csam=equipe.absente, statut="a_affecter")
        conn.execute(fabrique.text("UPDATE pdp.parcours SET csam_id = NULL WHERE id = :p"), {"p": nouveau.parcours})
        assert assign_en_attente(conn, "PF35", BALAYAGE, MAINTENANT).traites == 1
    assert admin.execute("SELECT csam_id FROM pdp.parcours WHERE id = %s", (nouveau.parcours,)).fetchone() == (equipe.proche,)


def test_replacement_of_a_replacement_comes_back_to_the_first(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    confirmer(equipe, 0, 5)
    confirmer(equipe, 1, 9, a(1), agent=equipe.proche)
    assert mains(admin, equipe)[1] == equipe.loin
    absenter(equipe.proche, 1, 9)
    assert balayer(a(6))[1] == {"parcours_rendus": 2}
    assert mains(admin, equipe) == [equipe.absente] * 3
    assert balayer(a(10)) == (0, {}), "nothing left for the one who replaced"
    assert mains(admin, equipe) == [equipe.absente] * 3


@pytest.mark.parametrize(
    ("du", "au", "erreur"),
    [(5, 6, Conflit), (3, 2, DonneeInvalide), (-9, -8, DonneeInvalide)],
)
def test_nothing_to_confirm_says_so(equipe: Equipe, admin: psycopg.Connection[Any], du: int, au: int, erreur: type[Exception]) -> None:
    with pytest.raises(erreur):
        confirmer(equipe, du, au)
    assert admin.execute("SELECT count(*) FROM pdp.redistribution").fetchone() == (0,)


def test_colleague_of_another_platform_is_unknown(equipe: Equipe) -> None:
    with lot() as conn:
        ailleurs = fabrique.agent(conn, plateforme="PF57")
    with pytest.raises(Introuvable):
        confirmer(equipe, 0, 5, agent=ailleurs)


def test_two_managers_and_a_sweep_at_once_make_one_redistribution(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    with ThreadPoolExecutor(3) as ensemble:
        actes = [ensemble.submit(confirmer, equipe, 0, None) for _ in range(2)]
        balayage = ensemble.submit(balayer, a(0, 1))
        assert actes[0].result() == actes[1].result()
        balayage.result()
    assert mains(admin, equipe) == [equipe.proche] * 3
    assert admin.execute("SELECT count(*) FROM pdp.affectation WHERE au IS NULL").fetchone() == (3,)
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'parcours_redistribue'").fetchone() == (3,)
