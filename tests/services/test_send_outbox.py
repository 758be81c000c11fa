"""The sender on real PostgreSQL with a real HTTP partner: one effect, whatever is killed or repeated."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
import requests

import fabrique
from fabrique import MAINTENANT, lot
from pdp.partners.simulateur_registre import Registre
from pdp.services import send_outbox
from pdp.services.send_outbox import send_due
from relais import relais
from relais_lecture import claim, count, events, finish, ligne, open_taches

MORT = "http://127.0.0.1:9"  # nothing listens on the discard port


def test_orientation_reaches_the_partner_once(monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
    url, registre = monde
    cas = relais(url)
    premier, second = send_due(MAINTENANT), send_due(MAINTENANT)
    assert (premier.traites, premier.ignores, premier.echoues) == (1, 0, 0)
    assert (second.traites, second.ignores, second.echoues) == (0, 0, 0)
    assert registre.count() == {"recues": 1, "uniques": 1, "doublons": 0, "annulations": 0}
    assert (ligne(admin, cas.orientation)["etat"], ligne(admin, cas.orientation)["dernier_code"]) == ("livre", "http_201")
    assert count(admin, "SELECT count(*) FROM pdp.orientation WHERE envoyee_at = %s", MAINTENANT) == 1
    assert events(admin, "orientation_envoyee") == 1


def test_eight_senders_on_the_same_rows_make_one_effect_each(monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
    url, registre = monde
    for _ in range(5):
        relais(url)
    depart = threading.Barrier(8)

    def envoyer(_: int) -> int:
        depart.wait()
        return send_due(MAINTENANT).traites

    with ThreadPoolExecutor(8) as fils:
        assert sum(fils.map(envoyer, range(8))) == 5
    assert registre.count() == {"recues": 5, "uniques": 5, "doublons": 0, "annulations": 0}
    assert count(admin, "SELECT count(*) FROM pdp.outbox WHERE etat = 'livre' AND essais = 1") == 5
    assert events(admin, "orientation_envoyee") == 5


def test_worker_killed_after_the_call_is_healed_and_the_partner_deduplicates(
    monde: tuple[str, Registre], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, registre = monde
    cas = relais(url)

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as mort:
        mort.setattr(send_outbox, "record_remise", kill)
        mort.setattr(send_outbox, "BAIL_S", 0)
        with pytest.raises(KeyboardInterrupt):
            send_due(MAINTENANT)
    assert ligne(admin, cas.orientation)["etat"] == "en_cours"
    assert send_due(MAINTENANT).traites == 1
    assert registre.count() == {"recues": 2, "uniques": 1, "doublons": 1, "annulations": 0}
    assert (ligne(admin, cas.orientation)["etat"], ligne(admin, cas.orientation)["essais"]) == ("livre", 2)
    assert events(admin, "orientation_envoyee") == 1


def test_a_lease_still_running_is_left_alone(monde: tuple[str, Registre]) -> None:
    relais(monde[0])
    assert claim() is not None
    assert claim() is None
    assert send_due(MAINTENANT + timedelta(hours=1)).traites == 0  # the lease is on the clock of the database, not on the business instant
    assert monde[1].count()["recues"] == 0


@pytest.mark.parametrize("repreneur_a_fini", [True, False])
def test_late_worker_writes_nothing(
    monde: tuple[str, Registre], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, repreneur_a_fini: bool
) -> None:
    cas = relais(monde[0])
    monkeypatch.setattr(send_outbox, "BAIL_S", 0)
    lent, repreneur = claim(), claim()
    assert lent is not None
    assert repreneur is not None
    assert repreneur.jeton == lent.jeton + 1
    if repreneur_a_fini:
        assert finish(repreneur, "repreneur") == "livre"
    avant = ligne(admin, cas.orientation)
    assert finish(lent, "lent") is None
    assert ligne(admin, cas.orientation) == avant
    assert events(admin, "orientation_envoyee") == int(repreneur_a_fini)


ATTENDUS = [
    # status given by the partner, state of the row, a person is told
    (408, "a_envoyer", False),
    (425, "a_envoyer", False),
    (429, "a_envoyer", False),
    (500, "a_envoyer", False),
    (503, "a_envoyer", False),
    (200, "a_envoyer", False),  # acted, but the answer was lost
    (301, "rebut", True),
    (307, "rebut", True),
    (400, "rebut", True),
    (401, "rebut", True),
    (404, "rebut", True),
    (409, "a_envoyer", False),  # a conflict that is not signed proves nothing
    (422, "rebut", True),
]


@pytest.mark.parametrize(("status", "etat", "tache"), ATTENDUS)
def test_each_class_of_answer(monde: tuple[str, Registre], admin: psycopg.Connection, status: int, etat: str, tache: bool) -> None:
    url, _ = monde
    cas = relais(url)
    corps = {"status": status, "nombre": 1, "signee": status != 409}
    assert requests.post(f"{url}/pannes", json=corps, timeout=5).status_code == 200
    assert send_due(MAINTENANT, alea=lambda: 0.5).echoues == 1
    ecrite = ligne(admin, cas.orientation)
    assert ecrite["etat"] == etat
    assert bool(open_taches(admin, cas)) is tache
    attente = 120 if status in (429, 503) else 15  # Retry-After of the partner, else half of the first 30 s
    assert ecrite["prochain_essai_at"] == MAINTENANT + timedelta(seconds=attente if etat == "a_envoyer" else 0)
    suite = send_due(MAINTENANT + timedelta(hours=7))
    assert suite.traites == (1 if etat == "a_envoyer" else 0)
    assert monde[1].count()["uniques"] == (1 if etat == "a_envoyer" else 0)


@pytest.mark.parametrize(("avance", "etat"), [(timedelta(days=6, hours=23, minutes=59), "a_envoyer"), (timedelta(days=7), "rebut")])
def test_after_the_horizon_a_person_takes_over(
    monde: tuple[str, Registre], admin: psycopg.Connection, avance: timedelta, etat: str
) -> None:
    cas = relais(MORT)
    send_due(MAINTENANT, alea=lambda: 0.0)
    send_due(MAINTENANT + avance, alea=lambda: 0.0)
    assert ligne(admin, cas.orientation)["etat"] == etat
    assert bool(open_taches(admin, cas)) is (etat == "rebut")
    assert events(admin, "message_en_echec") == int(etat == "rebut")


def test_a_dead_partner_is_left_alone_after_five_failures_and_the_others_go_on(
    monde: tuple[str, Registre], admin: psycopg.Connection
) -> None:
    with lot() as conn:
        mort = fabrique.partenaire(conn, "service_social", "api", url=MORT)
    for _ in range(8):
        relais(MORT, partenaire=mort)
    vivant = relais(monde[0])
    bilan = send_due(MAINTENANT, alea=lambda: 0.9)
    assert (bilan.traites, bilan.echoues) == (1, 5)
    assert ligne(admin, vivant.orientation)["etat"] == "livre"
    assert count(admin, "SELECT count(*) FROM pdp.outbox WHERE partenaire_id = %s AND essais = 0", mort) == 3


def test_logs_hold_no_personal_data(monde: tuple[str, Registre], admin: psycopg.Connection, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    cas, _ = relais(monde[0]), relais(MORT)
    send_due(MAINTENANT)
    nom, telephone = admin.execute("SELECT nom, telephone FROM identite.assure WHERE id = %s", (cas.dossier.assure,)).fetchone()
    assert "http_201" in caplog.text
    for interdit in (nom, telephone, "Dominique", "Aide aux démarches", "Bearer"):
        assert interdit not in caplog.text
