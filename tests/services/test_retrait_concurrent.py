"""Agreements and hand-overs at the awkward moments: together, during a call, after expiry."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.auteur import systeme
from pdp.errors import Conflit
from pdp.partners.simulateur_registre import Registre
from pdp.services.manage_dol import draft_dol, sign_dol
from pdp.services.orient_parcours import cancel_orientation, orient_parcours
from pdp.services.plan_tele_echange import cancel_tele_echange, list_creneaux, plan_tele_echange
from pdp.services.record_accord import record_accord, withdraw_accord
from pdp.services.record_tele_echange import record_tele_echange
from pdp.services.send_outbox import send_due
from pdp.services.suggest_partenaires import suggest
from pdp.services.sweep_veille import sweep_veille
from pdp.storage import db
from relais import Relais, consent, relais
from relais_lecture import claim, count, events, finish, ligne, update

REGLE = {"libelle": "Tous les dossiers", "conditions": {}, "cible": "oriente_csam"}


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn, statut="accord_demande")


def decide(dossier: fabrique.Dossier, destinataire: str, decision: str, le: object = MAINTENANT) -> UUID:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        return record_accord(conn, auteur, dossier.parcours, destinataire=destinataire, decision=decision, modalite="oral", maintenant=le)


def together(admin: psycopg.Connection, dossier: fabrique.Dossier, acte: Callable[[], object], nombre: int = 1) -> list[Future[object]]:
    """Start ``acte`` in ``nombre`` threads while the parcours is locked; release it once all of them wait."""
    fils = ThreadPoolExecutor(nombre)
    with lot() as conn:
        conn.exec_driver_sql("SELECT 1 FROM pdp.parcours WHERE id = %s FOR UPDATE", (dossier.parcours,))
        futurs = [fils.submit(acte) for _ in range(nombre)]
        limite = time.monotonic() + 4
        while (
            count(admin, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") < nombre
        ):
            assert time.monotonic() < limite, "nobody waits for the parcours"
            time.sleep(0.02)  # PostgreSQL tells who waits by this view only
        conn.exec_driver_sql("SELECT 1 FROM pdp.accord WHERE parcours_id = %s FOR SHARE NOWAIT", (dossier.parcours,))
        conn.exec_driver_sql("SELECT 1 FROM pdp.tele_echange WHERE parcours_id = %s FOR UPDATE NOWAIT", (dossier.parcours,))
        conn.exec_driver_sql("SELECT 1 FROM pdp.orientation WHERE parcours_id = %s FOR UPDATE NOWAIT", (dossier.parcours,))
    fils.shutdown(wait=True)
    return futurs


def test_two_browsers_make_one_hand_over(dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
    with lot() as conn:
        partenaire = fabrique.partenaire(conn)
        consent(conn, dossier)
    auteur = auteur_agent(dossier.csam)

    def orient() -> UUID:
        with db.begin_as(auteur) as conn:
            return orient_parcours(conn, auteur, dossier.parcours, partenaire, "Aide aux démarches.", MAINTENANT)

    assert len({futur.result() for futur in together(admin, dossier, orient, 2)}) == 1
    assert [count(admin, f"SELECT count(*) FROM pdp.{table}") for table in ("orientation", "outbox")] == [1, 1]


def test_two_clicks_make_one_agreement(dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
    futurs = together(admin, dossier, lambda: decide(dossier, "spst", "accorde"), 2)
    assert len({futur.result() for futur in futurs}) == 1
    assert count(admin, "SELECT count(*) FROM pdp.accord") == 1


def test_withdrawal_and_hand_over_never_wait_for_each_other(dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
    """The withdrawal holds neither the agreement nor the hand-over while it waits for the parcours: no deadlock."""
    accord = decide(dossier, "service_social", "accorde")
    auteur = auteur_agent(dossier.csam)

    def withdraw() -> None:
        with db.begin_as(auteur) as conn:
            withdraw_accord(conn, auteur, accord, "telephone", MAINTENANT)

    together(admin, dossier, withdraw)[0].result()
    assert count(admin, "SELECT count(*) FROM pdp.accord WHERE retire_at IS NULL") == 0


def test_taking_back_and_an_answer_never_wait_for_each_other(dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
    with lot() as conn:
        partenaire = fabrique.partenaire(conn)
        consent(conn, dossier)
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        orientation = orient_parcours(conn, auteur, dossier.parcours, partenaire, "Aide aux démarches.", MAINTENANT)

    def cancel() -> None:
        with db.begin_as(auteur) as conn:
            cancel_orientation(conn, auteur, orientation, "erreur", MAINTENANT)

    together(admin, dossier, cancel)[0].result()
    assert count(admin, "SELECT count(*) FROM pdp.orientation WHERE statut = 'annulee'") == 1


@pytest.mark.parametrize("acte", ["annuler", "renseigner"])
def test_an_appointment_and_a_closing_never_wait_for_each_other(dossier: fabrique.Dossier, admin: psycopg.Connection, acte: str) -> None:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        conn.exec_driver_sql("UPDATE pdp.parcours SET statut = 'contact_en_cours'")
        creneau = list_creneaux(conn, dossier.csam, MAINTENANT)[0]
        rendez_vous = plan_tele_echange(conn, auteur, dossier.parcours, creneau.debut, "telephone", MAINTENANT)

    def act() -> None:
        with db.begin_as(auteur) as conn:
            if acte == "annuler":
                cancel_tele_echange(conn, auteur, rendez_vous, "annule_assure", MAINTENANT)
            else:
                record_tele_echange(
                    conn, auteur, rendez_vous, statut="absent", emploi={}, social={}, sante={}, synthese="", maintenant=creneau.fin
                )

    together(admin, dossier, act)[0].result()
    assert count(admin, "SELECT count(*) FROM pdp.tele_echange WHERE statut IN ('annule_assure', 'absent')") == 1


class TestPendantUnAppel:
    def test_withdrawal_is_told_after_the_call_in_progress(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        """Told before, the partner would answer that it never had it, then receive it, and keep it for ever."""
        cas = relais(monde[0])
        reclamee = claim()
        assert reclamee is not None
        _withdraw(cas, admin)
        assert ligne(admin, cas.orientation, "annulation")["etat"] == "a_envoyer"
        assert send_due(MAINTENANT).traites == 0, "the withdrawal waits for the call in progress"
        assert finish(reclamee, "201") == "livre"
        assert send_due(MAINTENANT).traites == 1
        assert ligne(admin, cas.orientation, "annulation")["etat"] == "livre"

    def test_withdrawal_is_told_when_the_caller_died(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        cas = relais(monde[0])
        assert claim() is not None
        _withdraw(cas, admin)
        update(
            "UPDATE pdp.outbox SET bail_jusqu_a = now() - interval '1 second' WHERE etat = 'en_cours' AND orientation_id = :o",
            o=cas.orientation,
        )
        send_due(MAINTENANT)
        assert [ligne(admin, cas.orientation, t)["etat"] for t in ("orientation", "annulation")] == ["rappele", "a_envoyer"]
        send_due(MAINTENANT + timedelta(minutes=1, seconds=59))
        assert ligne(admin, cas.orientation, "annulation")["essais"] == 1, "what was on its way is given the time to arrive"
        echecs = admin.execute("SELECT coalesce(sum(echecs), 0) FROM pdp.circuit_partenaire WHERE partenaire_id = %s", (cas.partenaire,))
        assert echecs.fetchone() == (0,), "a partner that says it has nothing answers: its circuit counts no failure"
        send_due(MAINTENANT + timedelta(minutes=2))
        send_due(MAINTENANT + timedelta(minutes=10))
        assert ligne(admin, cas.orientation, "annulation")["etat"] == "livre", "said three times, it is believed"
        assert monde[1].count()["uniques"] == 0

    def test_a_hand_over_late_in_the_wire_is_taken_back(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        """The caller died, its request lived on: the partner has it after it said that it had nothing to take back."""
        cas = relais(monde[0])
        assert claim() is not None
        _withdraw(cas, admin)
        update(
            "UPDATE pdp.outbox SET bail_jusqu_a = now() - interval '1 second' WHERE etat = 'en_cours' AND orientation_id = :o",
            o=cas.orientation,
        )
        send_due(MAINTENANT)
        qui = admin.execute("SELECT plateforme_id, id_source FROM pdp.partenaire WHERE id = %s", (cas.partenaire,)).fetchone()
        monde[1].receive(*qui, "orientation", str(uuid4()), {"orientation_id": str(cas.orientation)}, b"{}")
        send_due(MAINTENANT + timedelta(minutes=10))
        retrait = ligne(admin, cas.orientation, "annulation")
        assert (retrait["etat"], monde[1].find_recu(*qui, str(retrait["cle"])) is not None) == ("livre", True)


def _withdraw(cas: Relais, admin: psycopg.Connection) -> None:
    auteur = auteur_agent(cas.dossier.csam)
    with db.begin_as(auteur) as conn:
        withdraw_accord(conn, auteur, count(admin, "SELECT id FROM pdp.accord"), "telephone", MAINTENANT)


def test_refusing_the_accompaniment_takes_back_what_no_agreement_to_it_preceded(
    monde: tuple[str, Registre], admin: psycopg.Connection
) -> None:
    cas = relais(monde[0])
    decide(cas.dossier, "accompagnement", "refuse")
    assert count(admin, "SELECT count(*) FROM pdp.orientation WHERE statut = 'annulee'") == 1
    assert send_due(MAINTENANT).traites == 0
    assert monde[1].count()["recues"] == 0


class TestExpiration:
    def test_an_expired_agreement_is_given_again(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        premier = decide(dossier, "spst", "accorde")
        dernier_jour = admin.execute("SELECT expire_le FROM pdp.accord").fetchone()[0]
        le_soir = MAINTENANT.replace(year=dernier_jour.year, month=dernier_jour.month, day=dernier_jour.day)
        assert decide(dossier, "spst", "accorde", le_soir) == premier, "its last day still counts"
        second = decide(dossier, "spst", "accorde", le_soir + timedelta(days=1))
        assert second != premier
        assert events(admin, "accord_retire") == 0, "nobody withdrew anything"
        assert events(admin, "accord_recueilli") == 2

    def test_renewing_leaves_a_hand_over_going_on(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        cas = relais(monde[0], expire_le="2026-11-18")
        send_due(MAINTENANT)
        demain = MAINTENANT + timedelta(days=1)
        decide(cas.dossier, "service_social", "accorde", demain)
        with lot() as conn:
            sweep_veille(conn, "PF35", systeme("sweep_veille"), demain)
        assert count(admin, "SELECT count(*) FROM pdp.orientation WHERE statut = 'annulee'") == 0


class TestDelegation:
    @pytest.mark.parametrize("second_jour", [date(2026, 12, 1), date(2026, 11, 25)])
    def test_a_version_that_overlaps_a_signed_one_is_refused(self, dossier: fabrique.Dossier, second_jour: date) -> None:
        with lot() as conn:
            medecin = auteur_agent(fabrique.agent(conn, "medecin_conseil"), "medecin_conseil")
        with db.begin_as(medecin) as conn:
            versions = [draft_dol(conn, medecin, "PF35", jour, [REGLE]) for jour in (date(2026, 12, 1), second_jour)]
            sign_dol(conn, medecin, versions[0], MAINTENANT)
        with db.begin_as(medecin) as conn:
            with pytest.raises(Conflit) as refus:
                sign_dol(conn, medecin, versions[1], MAINTENANT)
            assert "Rien n'a été signé" in refus.value.message
            assert conn.exec_driver_sql("SELECT count(*) FROM pdp.dol_version WHERE signe_at IS NOT NULL AND au IS NULL").scalar_one() == 1


@pytest.mark.parametrize(("heure", "vus"), [("2026-11-18T22:59:00+00:00", 1), ("2026-11-18T23:01:00+00:00", 0)])
def test_a_partnership_ends_with_the_day_of_the_platform(dossier: fabrique.Dossier, heure: str, vus: int) -> None:
    with lot() as conn:
        fabrique.partenaire(conn)
        conn.exec_driver_sql("UPDATE pdp.partenaire SET actif_au = '2026-11-18'")
        assert len(suggest(conn, dossier.parcours, MAINTENANT.fromisoformat(heure))) == vus
