"""Quiet mode of one person: asked for, lifted, and the reasons that wait, at their bounds."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.errors import DonneeInvalide, Introuvable
from pdp.services.assign_parcours import assign_en_attente
from pdp.services.manage_taches import open_tache
from pdp.services.record_silence import find_silence, lift_silence, list_silences, set_silence
from pdp.services.sweep_veille import sweep_veille
from pdp.services.wait_taches import snooze_tache
from pdp.storage import db
from portal.donnees import add_tache
from silence import JOUR, TACHES, Admin, a_18h, ask, call, le, lift, open_taches


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


class TestTaches:
    @pytest.mark.parametrize(("du", "n", "attendu"), [(0, -1, 6), (0, 0, 6), (0, 5, 6), (0, 6, 6), (0, 7, 7), (2, 1, 1), (2, 2, 6)])
    def test_a_call_due_around_the_silence(self, dossier: fabrique.Dossier, admin: Admin, du: int, n: int, attendu: int) -> None:
        """Due on day `n`, silence from `du` to day 5: late or due within it, it comes back the day after; otherwise it stays."""
        with lot() as conn:
            add_tache(conn, dossier.parcours, "nouvel_appel", a_18h(n))
            add_tache(conn, dossier.parcours, "attendre_partenaire", a_18h(2), balle="partenaire")
        ask(dossier, du=du)
        assert open_taches(admin, dossier) == {"nouvel_appel": a_18h(attendu), "attendre_partenaire": a_18h(2)}

    def test_undone_the_same_day_everything_is_as_before(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        with lot() as conn:
            add_tache(conn, dossier.parcours, "nouvel_appel", a_18h(-1))
        lift(dossier, ask(dossier))
        assert open_taches(admin, dossier) == {"nouvel_appel": a_18h(-1)}

    @pytest.mark.parametrize(("echeance", "attendu"), [(-1, 3), (2, 3), (4, 4)])
    def test_lifted_early_nobody_is_late_by_the_silence(self, dossier: fabrique.Dossier, admin: Admin, echeance: int, attendu: int) -> None:
        with lot() as conn:
            add_tache(conn, dossier.parcours, "nouvel_appel", a_18h(echeance))
        pose = ask(dossier)
        for _ in range(2):
            lift(dossier, pose, 3)
        assert open_taches(admin, dossier) == {"nouvel_appel": a_18h(attendu)}
        assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'silence_leve'").fetchone() == (1,)

    def test_what_a_person_put_off_herself_is_left(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        with lot() as conn:
            tache = add_tache(conn, dossier.parcours, "nouvel_appel", a_18h(1))
        pose = ask(dossier)
        auteur = auteur_agent(dossier.csam)
        with db.begin_as(auteur) as conn:
            snooze_tache(conn, auteur, tache, "autre", le(12), MAINTENANT)
        lift(dossier, pose)
        assert open_taches(admin, dossier) == {"nouvel_appel": a_18h(12)}

    @pytest.mark.parametrize(("motif", "issue"), [("deces", "deces"), ("refus", "refus")])
    def test_without_an_end_calls_are_closed_and_a_closing_is_proposed(
        self, dossier: fabrique.Dossier, admin: Admin, motif: str, issue: str
    ) -> None:
        with lot() as conn:
            add_tache(conn, dossier.parcours, "nouvel_appel", a_18h(1))
            add_tache(conn, dossier.parcours, "lire_reponse", a_18h(2))
        pose = ask(dossier, motif, au=None)
        lignes = {m: i for m, _, f, i in admin.execute(TACHES, (dossier.parcours,)) if f is not None}
        assert lignes == {"nouvel_appel": issue}
        assert set(open_taches(admin, dossier)) == {"lire_reponse", "cloture_a_confirmer"}
        assert admin.execute("SELECT clos_at FROM pdp.parcours").fetchone() == (None,), "a person closes, never the machine"
        lift(dossier, pose)
        assert set(open_taches(admin, dossier)) == {"lire_reponse", "nouvel_appel"}

    def test_reason_opened_during_the_silence_waits_too(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        ask(dossier, au=9)
        auteur = auteur_agent(dossier.csam)
        with db.begin_as(auteur) as conn:
            reste = {"plateforme_id": "PF35", "parcours_id": dossier.parcours, "maintenant": MAINTENANT, "auteur": auteur}
            open_tache(conn, motif="faire_le_point", cause="a", **reste)
            open_tache(conn, motif="lire_reponse", cause="b", **reste)
        ouvertes = open_taches(admin, dossier)
        assert ouvertes["faire_le_point"] == a_18h(10)
        assert ouvertes["lire_reponse"] < a_18h(9)

    @pytest.mark.parametrize(("n", "attendu"), [(1, 1), (2, 6), (5, 6), (6, 1)])
    def test_watch_holds_what_was_due_before_a_silence_to_come(self, dossier: fabrique.Dossier, admin: Admin, n: int, attendu: int) -> None:
        """Not done before the silence began: once it runs, the next watch puts it off. Twice is once."""
        with lot() as conn:
            add_tache(conn, dossier.parcours, "nouvel_appel", a_18h(1))
        ask(dossier, du=2)
        for _ in range(2):
            with lot() as conn:
                sweep_veille(conn, "PF35", fabrique.TEST, MAINTENANT + timedelta(days=n))
        assert open_taches(admin, dossier)["nouvel_appel"] == a_18h(attendu)

    @pytest.mark.parametrize(("motif", "alertes"), [("deces", 0), ("refus", 0), (None, 1)])
    def test_watch_leaves_the_dead_and_takes_no_closed_reason_for_a_letter_sent(
        self, dossier: fabrique.Dossier, admin: Admin, motif: str | None, alertes: int
    ) -> None:
        """Three calls in vain, then the letter: sent, or closed by a silence; two months later the watch alerts in the first case only."""
        for n in range(3):
            call(dossier, n=n, heures=4 * (n % 2))
        assert set(open_taches(admin, dossier)) == {"autre_canal"}
        with lot() as conn:
            conn.execute(text("UPDATE pdp.tache SET motif = 'courrier_injoignable' WHERE motif = 'autre_canal'"))
        if motif is not None:
            ask(dossier, motif, au=None, pose=3)
        else:
            with lot() as conn:
                conn.execute(text("UPDATE pdp.tache SET fermee_at = :m, fermee_par = 't', issue = 'envoye'"), {"m": a_18h(3)})
        for _ in range(2):
            with lot() as conn:
                sweep_veille(conn, "PF35", fabrique.TEST, MAINTENANT + timedelta(days=60))
        assert admin.execute("SELECT count(*) FROM pdp.alerte WHERE type = 'parcours_interrompu'").fetchone() == (alertes,)
        if motif == "deces":
            assert admin.execute("SELECT count(*) FROM pdp.alerte").fetchone() == (0,)
            assert set(open_taches(admin, dossier)) == {"cloture_a_confirmer"}

    def test_first_call_of_an_assignment_waits(self, base: str, admin: Admin) -> None:
        with lot() as conn:
            fabrique.socle(conn)
            dossier = fabrique.parcours(conn)
            conn.execute(text("UPDATE pdp.parcours SET csam_id = NULL, statut = 'a_affecter'"))
        ask(dossier, au=9)
        with lot() as conn:
            assert assign_en_attente(conn, "PF35", fabrique.TEST, MAINTENANT).traites == 1
        assert open_taches(admin, dossier) == {"premier_appel": a_18h(10)}


class TestAct:
    def test_twice_is_once(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        assert ask(dossier) == ask(dossier) == ask(dossier, pose=2), "the next days too"
        assert admin.execute("SELECT count(*) FROM pdp.mise_en_silence").fetchone() == (1,)
        assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'silence_pose'").fetchone() == (1,)

    def test_another_takes_its_place(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        with lot() as conn:
            add_tache(conn, dossier.parcours, "nouvel_appel", a_18h(1))
        ask(dossier)
        suite = ask(dossier, au=9)
        assert open_taches(admin, dossier) == {"nouvel_appel": a_18h(10)}
        ask(dossier, "deces", au=None)
        with lot() as conn:
            histoire = list_silences(conn, dossier.assure)
        assert [(s.motif, s.levee_at is None) for s in histoire if s.levee_at is None] == [("deces", True)]
        assert len(histoire) == 3
        lift(dossier, suite)
        assert set(open_taches(admin, dossier)) == {"cloture_a_confirmer"}, "lifting a silence already replaced is nothing"

    def test_after_one_that_ended_a_new_one_begins(self, dossier: fabrique.Dossier) -> None:
        ancien = ask(dossier)
        nouveau = ask(dossier, "deuil", au=20, pose=6)
        lift(dossier, ancien, 7)
        with lot() as conn:
            assert {s.id: s.levee_at for s in list_silences(conn, dossier.assure)} == {ancien: None, nouveau: None}
            assert [getattr(find_silence(conn, dossier.assure, le(n)), "id", None) for n in (5, 6, 20, 21)] == [
                ancien,
                nouveau,
                nouveau,
                None,
            ]

    def test_at_the_same_instant_one_stands(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        with lot() as conn:
            add_tache(conn, dossier.parcours, "nouvel_appel", a_18h(1))
        depart = threading.Barrier(6)

        def act(rang: int) -> UUID:
            depart.wait()
            return ask(dossier, au=5 if rang % 2 else 7)

        with ThreadPoolExecutor(6) as fils:
            list(fils.map(act, range(6)))
        [(fin,)] = admin.execute("SELECT au FROM pdp.mise_en_silence WHERE courante").fetchall()
        assert admin.execute("SELECT count(*) FROM pdp.mise_en_silence WHERE levee_at IS NULL").fetchone() == (1,)
        assert open_taches(admin, dossier) == {"nouvel_appel": a_18h((fin - JOUR).days + 1)}

    def test_end_is_asked_for_and_writes_nothing_when_missing(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        with pytest.raises(DonneeInvalide):
            ask(dossier, au=None)
        assert admin.execute("SELECT count(*) FROM pdp.mise_en_silence").fetchone() == (0,)

    def test_another_platform_sees_and_lifts_nothing(self, dossier: fabrique.Dossier) -> None:
        pose = ask(dossier)
        with lot() as conn:
            etranger = auteur_agent(fabrique.agent(conn, plateforme="PF57"), plateforme="PF57")
        with db.begin_as(etranger) as conn:
            assert (list_silences(conn, dossier.assure), find_silence(conn, dossier.assure, JOUR)) == ([], None)
            for acte in (
                lambda: lift_silence(conn, etranger, pose, MAINTENANT),
                lambda: set_silence(conn, etranger, dossier.assure, motif="deces", maintenant=MAINTENANT),
            ):
                with pytest.raises(Introuvable):
                    acte()

    def test_sender_reads_the_days_not_the_words(self, dossier: fabrique.Dossier) -> None:
        ask(dossier)
        with db.begin(settings().url_expediteur, systeme("send_outbox")) as conn:
            assert find_silence(conn, dossier.assure, JOUR) is not None
            with pytest.raises(Exception, match="permission denied"):
                conn.execute(text("SELECT note FROM pdp.mise_en_silence"))
