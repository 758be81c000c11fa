"""A partner that fails is left alone between runs, tried one message at a time, and gets everything in order when it answers again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest
import requests

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.config import settings
from pdp.partners.simulateur_registre import Registre
from pdp.services import send_outbox
from pdp.services.read_blocages import read_blocages
from pdp.services.send_outbox import claim_suivant, send_due
from pdp.storage import db
from relais import relais
from relais_lecture import EXPEDITEUR, count, events, lapse, ligne, update

MORT = "http://127.0.0.1:9"  # nothing listens on the discard port
MINUTE = timedelta(minutes=1)


def a_partner(url: str, nombre: int) -> tuple[UUID, list[UUID]]:
    with lot() as conn:
        partenaire = fabrique.partenaire(conn, "service_social", "api", url=url)
    return partenaire, [relais(url, partenaire=partenaire).orientation for _ in range(nombre)]


def circuit(admin: psycopg.Connection, partenaire: UUID) -> dict[str, object]:
    with admin.cursor(row_factory=psycopg.rows.dict_row) as curseur:
        trouve = curseur.execute("SELECT * FROM pdp.circuit_partenaire WHERE partenaire_id = %s", (partenaire,)).fetchone()
    assert trouve is not None
    return trouve


def revive(partenaire: UUID, url: str) -> None:
    """The partner answers again."""
    update("UPDATE pdp.partenaire SET url = :u WHERE id = :p", u=url, p=partenaire)


def test_the_cut_lasts_beyond_the_run_and_one_try_reopens_it(monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
    partenaire, orientations = a_partner(MORT, 8)
    assert send_due(MAINTENANT, alea=lambda: 0.9).echoues == 5
    coupe = circuit(admin, partenaire)
    assert (coupe["echecs"], coupe["coupe_at"], coupe["reprise_at"]) == (5, MAINTENANT, MAINTENANT + 5 * MINUTE)
    assert send_due(MAINTENANT + 4 * MINUTE) == send_outbox.Bilan(), "another run of another process leaves it alone"
    assert send_due(MAINTENANT + 5 * MINUTE, alea=lambda: 0.9).echoues == 1, "one message, not one for each row waiting"
    assert circuit(admin, partenaire)["reprise_at"] == MAINTENANT + 15 * MINUTE, "each cut in a row is longer"
    revive(partenaire, monde[0])
    assert send_due(MAINTENANT + 15 * MINUTE).traites == 8, "what waited for a later attempt leaves now"
    assert circuit(admin, partenaire)["coupe_at"] is None
    assert monde[1].count() == {"recues": 8, "uniques": 8, "doublons": 0, "annulations": 0}
    assert (events(admin, "partenaire_coupe"), events(admin, "partenaire_retabli")) == (1, 1)
    assert count(admin, "SELECT count(*) FROM pdp.outbox WHERE etat = 'livre' AND orientation_id = ANY (%s)", orientations) == 8


def test_two_workers_make_one_try(monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
    a_partner(MORT, 8)
    send_due(MAINTENANT, alea=lambda: 0.9)
    plus_tard = MAINTENANT + 5 * MINUTE

    def claim(_: int) -> bool:
        with db.begin(settings().url_expediteur, EXPEDITEUR) as conn:
            return claim_suivant(conn, plus_tard, []) is not None

    with ThreadPoolExecutor(4) as fils:
        assert sum(fils.map(claim, range(4))) == 1
    lapse(admin)
    with db.begin(settings().url_expediteur, EXPEDITEUR) as conn:
        assert claim_suivant(conn, plus_tard, []) is not None, "the worker that tried died: another one tries when its lease is over"


def test_the_others_are_not_touched(monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
    mort, _ = a_partner(MORT, 6)
    send_due(MAINTENANT, alea=lambda: 0.9)
    vivant = relais(monde[0])
    assert send_due(MAINTENANT + MINUTE).traites == 1
    assert ligne(admin, vivant.orientation)["essais"] == 1
    assert circuit(admin, mort)["echecs"] == 5
    assert count(admin, "SELECT count(*) FROM pdp.circuit_partenaire") == 1, "who answers has no row"


@pytest.mark.parametrize(("status", "minutes"), [(429, 2), (503, 2)])
def test_retry_after_is_honoured_for_the_whole_partner(
    monde: tuple[str, Registre], admin: psycopg.Connection, status: int, minutes: int
) -> None:
    url, registre = monde
    partenaire, _ = a_partner(url, 3)
    assert requests.post(f"{url}/pannes", json={"status": status, "nombre": 1}, timeout=5).status_code == 200
    assert send_due(MAINTENANT).echoues == 1, "the first one is told to wait, the others are not tried"
    assert circuit(admin, partenaire)["reprise_at"] == MAINTENANT + minutes * MINUTE
    assert send_due(MAINTENANT + minutes * MINUTE - timedelta(seconds=1)).traites == 0
    assert send_due(MAINTENANT + minutes * MINUTE).traites == 3
    assert registre.count()["recues"] == 3


def test_an_outage_of_a_day_is_drained_in_order_and_without_a_herd(
    monde: tuple[str, Registre], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every two minutes for 24 hours: few calls reach a dead partner; then everything leaves, each case in order, one at a time."""
    partenaire, orientations = a_partner(MORT, 30)
    appels: list[datetime] = []
    vrai = send_outbox.transports.TRANSPORTS["api"]

    def compter(destinataire: object, envoi: object, maintenant: datetime) -> object:
        appels.append(maintenant)
        return vrai(destinataire, envoi, maintenant)

    monkeypatch.setitem(send_outbox.transports.TRANSPORTS, "api", compter)
    for passe in range(0, 24 * 60, 10):
        send_due(MAINTENANT + passe * MINUTE, lot=200)
    assert 5 <= len(appels) <= 5 + 24 + 5, "five failures, then about one try an hour"
    revive(partenaire, monde[0])
    retour = MAINTENANT + timedelta(days=1, hours=1)
    appels.clear()
    assert send_due(retour, lot=200).traites == 30
    assert (len(appels), monde[1].count()["doublons"]) == (30, 0)
    recues = [o for (o,) in monde[1]._base.execute("SELECT orientation_id FROM recu ORDER BY rowid")]
    assert sorted(recues) == sorted(str(o) for o in orientations)
    assert count(admin, "SELECT count(*) FROM pdp.outbox WHERE etat <> 'livre'") == 0


def test_the_manager_sees_it(monde: tuple[str, Registre]) -> None:
    a_partner(MORT, 6)
    send_due(MAINTENANT, alea=lambda: 0.9)
    with lot() as conn:
        responsable, ailleurs = fabrique.agent(conn, "responsable"), fabrique.agent(conn, "responsable", "PF57")
    with db.begin_as(auteur_agent(responsable, "responsable"), lecture=True) as conn:
        coupes = read_blocages(conn, "PF35", MAINTENANT).coupes
    assert [(c.en_attente, c.reprise_at) for c in coupes] == [(6, MAINTENANT + 5 * MINUTE)]
    with db.begin_as(auteur_agent(ailleurs, "responsable", "PF57"), lecture=True) as conn:
        assert read_blocages(conn, "PF57", MAINTENANT).coupes == []
