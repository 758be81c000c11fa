"""FHIR with a partner when something is wrong: text that cannot be kept, a former server, doubt, a link that leads elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, lot
from pdp import clock
from pdp.partners import fhir, simulateur_fhir
from pdp.partners.contrat import Destinataire, Envoi
from pdp.services.apply_reponses import apply_reponses
from pdp.services.collect_reponses import poll_partenaires
from pdp.services.heal_incertains import heal_incertains
from pdp.services.send_outbox import send_due
from relais import SECRET_B64
from relais_fhir import Serveur, later, relais_fhir, serveur_fhir
from relais_lecture import ligne

COLLECTE = fabrique.systeme("collect_reponses")


@pytest.fixture
def monde(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serveur]:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    monkeypatch.setattr(clock, "now", lambda: MAINTENANT)
    with lot() as conn:
        fabrique.socle(conn)
    with serveur_fhir(tmp_path) as serveur:
        yield serveur


def apply() -> None:
    with lot(COLLECTE) as conn:
        apply_reponses(conn, "PF35", COLLECTE, MAINTENANT)


def test_half_a_character_stops_nothing(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    _, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    monde.change(lieu, {"status": "accepted", "note": [{"text": "a\ud800b"}]})
    assert poll_partenaires(later(hours=1)).detail == {"illisibles": 1}
    assert poll_partenaires(later(hours=2)).echoues == 0


def test_partner_that_left_fhir_is_read_there_until_its_hand_overs_end(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    _, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    with lot() as conn:
        conn.exec_driver_sql("UPDATE pdp.partenaire SET canal = 'portail', url = NULL WHERE canal = 'fhir'")
    monde.change(lieu, {"status": "accepted"})
    assert poll_partenaires(later(hours=1)).traites == 1
    apply()
    assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == ("acceptee",)
    monde.change(lieu, {"status": "failed"})
    assert poll_partenaires(later(hours=2)).traites == 1
    apply()
    monde.change(lieu, {"status": "completed"})
    assert poll_partenaires(later(hours=3)).traites == 0


@pytest.mark.parametrize(("panne", "constat", "etat"), [("perdue", "retrouves", "livre"), ("503", "absents", "rebut")])
def test_doubtful_message_is_looked_for_at_the_partner(
    monde: Serveur, admin: psycopg.Connection[Any], panne: str, constat: str, etat: str
) -> None:
    cas, _ = relais_fhir(monde.url)
    monde.pannes.plan(panne)
    send_due(MAINTENANT)
    admin.execute("SET session_replication_role = replica")  # as the claim leaves a row whose workers died
    admin.execute("UPDATE pdp.outbox SET etat = 'incertain', dernier_code = 'interrompu', prochain_essai_at = cree_at")
    admin.execute("SET session_replication_role = origin")
    assert heal_incertains(later(hours=1)).detail == {constat: 1}
    assert ligne(admin, cas.orientation)["etat"] == etat


@pytest.mark.parametrize(
    "suite", ["http://169.254.169.254/fhir/Task?x", "https://ailleurs.exemple.invalid/fhir/Task", "/ailleurs?x", "//x/Task"]
)
def test_link_to_the_next_page_leads_nowhere_else(
    monde: Serveur, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, suite: str
) -> None:
    _, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    monde.change(lieu, {"status": "accepted"})
    page = {"resourceType": "Bundle", "type": "searchset", "link": [{"relation": "next", "url": suite}]}
    monkeypatch.setattr(simulateur_fhir, "_searchset", lambda *_: page)
    assert poll_partenaires(later(hours=1)).detail == {"partenaires_muets": 1}
    assert monde.tache(lieu)["status"] == "accepted"


def test_slow_partner_is_left_in_time_and_the_repeat_makes_no_second_task(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    _, lieu = relais_fhir(monde.url)
    (charge, cle) = admin.execute("SELECT charge, cle FROM pdp.outbox").fetchone() or ({}, None)
    cible, envoi = Destinataire("PF35", lieu.partition("/")[2], monde.url), Envoi(cle, "orientation", charge)
    monde.pannes.plan("lent", duree_s=1.5)
    debut = time.monotonic()
    assert fhir.deliver(cible, envoi, MAINTENANT, total_s=0.5).code in ("timeout", "connection")  # a socket shut while it waits
    assert time.monotonic() - debut < 1.4
    fins = [fhir.deliver(cible, envoi, MAINTENANT, total_s=8.0).code for _ in range(2)]
    assert fins == ["http_200", "http_200"]
    assert monde.registre.count()["taches"] == 1


def test_delay_asked_by_the_partner_is_kept(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    cas, _ = relais_fhir(monde.url)
    monde.pannes.plan("429")
    send_due(MAINTENANT)
    (reprise,) = admin.execute("SELECT prochain_essai_at FROM pdp.outbox WHERE orientation_id = %s", (cas.orientation,)).fetchone() or (
        None,
    )
    assert reprise is not None
    assert reprise >= later(seconds=120)
