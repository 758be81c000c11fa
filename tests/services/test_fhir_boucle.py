"""The closed loop by FHIR, without a browser: oriented, sent, received, accepted, a meeting, a report, and the case moves. By reading
the partner's server, and by the partner calling us: the same end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp import clock
from pdp.fhir import systemes
from pdp.partners.simulateur_fhir_pousse import Pousseur
from pdp.partners.simulateur_fhir_registre import Objet, output
from pdp.portal.app import create_app
from pdp.services.answer_question import answer_question
from pdp.services.apply_reponses import apply_reponses
from pdp.services.collect_reponses import poll_partenaires
from pdp.services.send_outbox import send_due
from pdp.storage import db
from relais import SECRET_B64, Relais
from relais_fhir import Serveur, later, listening, open_client, relais_fhir, serveur_fhir
from relais_lecture import count

COLLECTE = fabrique.systeme("collect_reponses")
RAPPORT = "Visite faite. Un aménagement du poste est convenu."
A_LIRE = "SELECT count(*) FROM pdp.tache WHERE parcours_id = %s AND motif = 'lire_reponse' AND fermee_at IS NULL"
RENDEZ_VOUS = "2026-11-25T09:30:00+00:00"
ETAPES: list[tuple[Objet, str]] = [
    ({"status": "received"}, "recue"),
    ({"status": "accepted"}, "acceptee"),
    ({"output": [output("rendez_vous", "valueDateTime", RENDEZ_VOUS)]}, "acceptee"),
    ({"status": "in-progress"}, "en_cours"),
    ({"status": "completed", "output": [output("compte_rendu", "valueString", RAPPORT)]}, "realisee"),
]


@pytest.fixture
def serveur(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serveur]:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    with lot() as conn:
        fabrique.socle(conn)
    with serveur_fhir(tmp_path) as serveur:
        yield serveur


def play(cas: Relais, admin: psycopg.Connection[Any], horloge: Callable[[datetime], None], tell: Callable[[Objet, datetime], None]) -> None:
    """Each step told by the partner, then applied; the case as it must be at the end."""
    for rang, (change, attendu) in enumerate(ETAPES, start=1):
        instant = later(hours=rang)  # all in the working hours of one day
        horloge(instant)
        tell(change, instant)
        with lot(COLLECTE) as conn:
            assert apply_reponses(conn, "PF35", COLLECTE, instant).echoues == 0
        assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == (attendu,), change
    orientation = admin.execute("SELECT statut, compte_rendu FROM pdp.orientation").fetchone()
    assert orientation == ("realisee", RAPPORT)
    recues = admin.execute("SELECT nature, statut, transport, resultat FROM pdp.inbox ORDER BY version").fetchall()
    assert recues == [
        ("statut", "recue", "fhir", "appliquee"),
        ("statut", "acceptee", "fhir", "appliquee"),
        ("rendez_vous", None, "fhir", "appliquee"),
        ("statut", "en_cours", "fhir", "appliquee"),
        ("statut", "realisee", "fhir", "appliquee"),
    ]
    rendez_vous = admin.execute("SELECT rendez_vous_at FROM pdp.inbox WHERE nature = 'rendez_vous'").fetchone()
    assert rendez_vous == (datetime.fromisoformat(RENDEZ_VOUS),)
    assert count(admin, A_LIRE, cas.dossier.parcours) == 1


@pytest.fixture
def horloge(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    def set_now(instant: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: instant)

    set_now(MAINTENANT)
    return set_now


def test_closed_loop_by_reading_the_partner(serveur: Serveur, admin: psycopg.Connection[Any], horloge: Callable[[datetime], None]) -> None:
    cas, lieu = relais_fhir(serveur.url)
    assert send_due(MAINTENANT).traites == 1

    def tell(change: Objet, instant: datetime) -> None:
        serveur.change(lieu, change)
        assert poll_partenaires(instant).traites == 1

    play(cas, admin, horloge, tell)


def test_closed_loop_by_the_partner_calling_us(
    serveur: Serveur, admin: psycopg.Connection[Any], horloge: Callable[[datetime], None]
) -> None:
    cas, _ = relais_fhir(serveur.url)
    assert send_due(MAINTENANT).traites == 1
    with listening(create_app()) as adresse:
        logiciel = Pousseur(f"{adresse}/fhir", *open_client(cas.partenaire))

        def tell(change: Objet, _: datetime) -> None:
            logiciel.connect()  # tokens live fifteen minutes, the steps are hours apart
            (tache,) = logiciel.list_taches()
            ajout = {"output": [*tache.get("output", []), *change["output"]]} if "output" in change else {}
            reponse = logiciel.update(tache, {**change, **ajout})
            assert reponse.status_code == 200, reponse.text

        play(cas, admin, horloge, tell)


def test_both_ways_at_once_say_the_same_thing_once(
    serveur: Serveur, admin: psycopg.Connection[Any], horloge: Callable[[datetime], None]
) -> None:
    """A partner that calls us and whose server is read too: each step is told twice, the case moves once."""
    cas, lieu = relais_fhir(serveur.url)
    assert send_due(MAINTENANT).traites == 1
    with listening(create_app()) as adresse:
        logiciel = Pousseur(f"{adresse}/fhir", *open_client(cas.partenaire))
        for rang, statut in enumerate(("received", "accepted", "in-progress"), start=1):
            instant = later(hours=2 * rang)
            horloge(instant)
            serveur.change(lieu, {"status": statut})
            logiciel.connect()
            (tache,) = logiciel.list_taches()
            assert logiciel.update(tache, {"status": statut}).status_code == 200
            poll_partenaires(instant)
            with lot(COLLECTE) as conn:
                assert apply_reponses(conn, "PF35", COLLECTE, instant).echoues == 0
    assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == ("en_cours",)
    assert admin.execute("SELECT count(*) FROM pdp.inbox WHERE resultat = 'quarantaine'").fetchone() == (0,)
    assert systemes.ORIENTATION in str(serveur.tache(lieu)["identifier"])


def test_refusal_closes_and_its_reason_is_read(
    serveur: Serveur, admin: psycopg.Connection[Any], horloge: Callable[[datetime], None]
) -> None:
    cas, lieu = relais_fhir(serveur.url)
    send_due(MAINTENANT)
    raison = {"coding": [{"system": systemes.MOTIF_REFUS, "code": "hors_territoire"}], "text": "Hors de notre territoire"}
    serveur.change(lieu, {"status": "rejected", "statusReason": raison})
    assert poll_partenaires(later(hours=2)).traites == 1
    with lot(COLLECTE) as conn:
        apply_reponses(conn, "PF35", COLLECTE, later(hours=2))
    assert admin.execute("SELECT statut, refus_motif FROM pdp.orientation").fetchone() == ("refusee", "hors_territoire")
    assert count(admin, A_LIRE, cas.dossier.parcours) == 1


def test_question_of_the_partner_and_its_answer_travel_both_ways(
    serveur: Serveur, admin: psycopg.Connection[Any], horloge: Callable[[datetime], None]
) -> None:
    cas, lieu = relais_fhir(serveur.url)
    send_due(MAINTENANT)
    note = {"extension": [{"url": systemes.NATURE_NOTE, "valueCode": "question"}], "text": "Quel créneau convient ?"}
    serveur.change(lieu, {"status": "received", "note": [note]})
    assert poll_partenaires(later(hours=1)).traites == 2
    with lot(COLLECTE) as conn:
        assert apply_reponses(conn, "PF35", COLLECTE, later(hours=1)).echoues == 0
    csam = auteur_agent(cas.dossier.csam)
    with db.begin_as(csam) as conn:
        answer_question(conn, csam, cas.orientation, "Le mardi matin.", uuid4(), later(hours=2))
    with listening(create_app()) as adresse:
        logiciel = Pousseur(f"{adresse}/fhir", *open_client(cas.partenaire))
        logiciel.connect()
        (tache,) = logiciel.list_taches()
        assert [n["text"] for n in tache["note"]] == ["Le mardi matin.", "Quel créneau convient ?"]
        horloge(later(hours=2))
        logiciel.connect()
        serveur.change(lieu, {"status": "accepted"})
        assert logiciel.update(tache, {"status": "accepted"}).status_code == 200
    assert send_due(later(hours=3)).traites == 1
    notes = serveur.tache(lieu)["note"]
    assert [n["text"] for n in notes] == ["Quel créneau convient ?", "Le mardi matin."]
    assert notes[1]["extension"] == [{"url": systemes.NATURE_NOTE, "valueCode": "reponse"}]
    assert poll_partenaires(later(hours=4)).traites == 0  # our own words coming back are no news
    assert send_due(later(hours=5)).traites == 0
