"""FHIR with a partner, over real HTTP and PostgreSQL: sent once, read once, whatever is lost, repeated, late or a lie."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp import clock
from pdp.fhir import systemes
from pdp.partners.simulateur_fhir_registre import output
from pdp.services.apply_reponses import apply_reponses
from pdp.services.collect_reponses import poll_partenaires
from pdp.services.orient_parcours import cancel_orientation
from pdp.services.send_outbox import send_due
from pdp.storage import db
from relais import SECRET_B64
from relais_fhir import Serveur, later, relais_fhir, serveur_fhir
from relais_lecture import count, events, ligne

COLLECTE = fabrique.systeme("collect_reponses")
REFUS = {"status": "rejected", "statusReason": {"coding": [{"system": systemes.MOTIF_REFUS, "code": "capacite"}]}}


@pytest.fixture
def monde(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serveur]:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    monkeypatch.setattr(clock, "now", lambda: MAINTENANT)
    with lot() as conn:
        fabrique.socle(conn)
    with serveur_fhir(tmp_path) as serveur:
        yield serveur


def apply() -> dict[str, int]:
    with lot(COLLECTE) as conn:
        return apply_reponses(conn, "PF35", COLLECTE, MAINTENANT).detail


def orientation(admin: psycopg.Connection[Any]) -> tuple[Any, ...]:
    return admin.execute("SELECT statut, refus_motif, compte_rendu FROM pdp.orientation").fetchone() or ()


def poll_again(admin: psycopg.Connection[Any], heures: int) -> Any:
    """A reading some hours later: never before its turn."""
    return poll_partenaires(later(hours=heures))


def test_hand_over_is_one_transaction_sent_once(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    cas, lieu = relais_fhir(monde.url)
    assert (send_due(MAINTENANT).traites, send_due(MAINTENANT).traites) == (1, 0)
    assert monde.registre.count() == {"recues": 1, "creees": 4, "doublons": 0, "jetons": 0, "taches": 1}
    tache = monde.tache(lieu)
    assert {(i["system"], i["value"]) for i in tache["identifier"]} == {(systemes.ORIENTATION, str(cas.orientation))}
    assert tache["focus"]["reference"].startswith("ServiceRequest/")  # resolved by the server
    assert (ligne(admin, cas.orientation)["etat"], ligne(admin, cas.orientation)["dernier_code"]) == ("livre", "http_200")
    assert events(admin, "orientation_envoyee") == 1


def test_answer_lost_then_repeated_makes_one_task(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    cas, lieu = relais_fhir(monde.url)
    monde.pannes.plan("perdue")
    assert send_due(MAINTENANT).traites == 0
    assert ligne(admin, cas.orientation)["etat"] == "a_envoyer"
    assert send_due(later(hours=1)).traites == 1
    assert monde.registre.count() == {"recues": 2, "creees": 4, "doublons": 4, "jetons": 0, "taches": 1}
    assert monde.tache(lieu)["meta"]["versionId"] == "1"


@pytest.mark.parametrize(
    ("panne", "etat"),
    [
        ("429", "a_envoyer"),
        ("500", "a_envoyer"),
        ("503", "a_envoyer"),
        ("menteur", "a_envoyer"),
        ("tronque", "a_envoyer"),
        ("302", "rebut"),
        ("401", "rebut"),
        ("404", "rebut"),
        ("422", "rebut"),
    ],
)
def test_each_misbehaviour_has_its_class(monde: Serveur, admin: psycopg.Connection[Any], panne: str, etat: str) -> None:
    cas, _ = relais_fhir(monde.url)
    monde.pannes.plan(panne)
    assert send_due(MAINTENANT).traites == 0
    assert ligne(admin, cas.orientation)["etat"] == etat
    taches = count(admin, "SELECT count(*) FROM pdp.tache WHERE motif = 'message_en_echec' AND fermee_at IS NULL")
    assert taches == (1 if etat == "rebut" else 0)


def test_token_is_asked_for_and_used_until_it_is_refused(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    _, lieu = relais_fhir(monde.url, jeton=True)
    assert send_due(MAINTENANT).traites == 1
    monde.change(lieu, {"status": "accepted"})
    assert poll_partenaires(later(hours=1)).traites == 1
    assert monde.registre.count()["jetons"] == 1
    monde.pannes.plan("401")
    assert poll_partenaires(later(hours=2)).detail == {"partenaires_muets": 1}
    assert poll_partenaires(later(hours=3)).echoues == 0
    assert monde.registre.count()["jetons"] == 2


def test_token_refused_waits_for_another(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    cas, _ = relais_fhir(monde.url, jeton=True)
    monde.pannes.plan("401")
    assert send_due(MAINTENANT).traites == 0
    assert (ligne(admin, cas.orientation)["etat"], ligne(admin, cas.orientation)["dernier_code"]) == ("a_envoyer", "token_refused")
    assert send_due(later(hours=1)).traites == 1


def test_polled_twice_is_read_once_and_applied_once(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    _, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    monde.change(lieu, {"status": "received"})
    monde.change(lieu, {"status": "accepted"})
    assert poll_partenaires(later(hours=1)).traites == 1
    assert poll_partenaires(later(hours=2)).traites == 0
    assert apply() == {"appliquee": 1}
    assert apply() == {}
    assert orientation(admin) == ("acceptee", None, None)
    assert count(admin, "SELECT count(*) FROM pdp.inbox WHERE transport = 'fhir'") == 1


def test_never_read_before_its_turn_even_after_a_failure(monde: Serveur) -> None:
    _, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    monde.change(lieu, {"status": "accepted"})
    monde.pannes.plan("503")
    assert poll_partenaires(later(hours=1)).echoues == 1
    assert poll_partenaires(later(hours=1, minutes=59)) == poll_partenaires(later(hours=1, minutes=20))  # nobody is called: nothing is told
    assert poll_partenaires(later(hours=1, minutes=59)).echoues == 0
    assert poll_partenaires(later(hours=2)).traites == 1


def test_at_night_and_on_sunday_seldom(monde: Serveur) -> None:
    _, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    dimanche = later(days=4)
    assert poll_partenaires(dimanche).traites == 0
    monde.change(lieu, {"status": "accepted"}, maj_at=dimanche)
    assert poll_partenaires(dimanche.replace(hour=11)).traites == 0
    assert poll_partenaires(dimanche.replace(hour=12)).traites == 1


@pytest.mark.parametrize("panne", ["tronque", "menteur", "401", "500"])
def test_unreadable_answers_of_a_server_lose_nothing(monde: Serveur, panne: str) -> None:
    _, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    monde.change(lieu, {"status": "accepted"})
    monde.pannes.plan(panne)
    assert poll_partenaires(later(hours=1)).detail == {"partenaires_muets": 1}
    assert poll_partenaires(later(hours=2)).traites == 1


def test_several_pages_newest_first_and_doubled_end_the_same(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    cas, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    modele = monde.tache(lieu)
    for rang in range(45):  # hand-overs of another time, unknown here: they wait, they do not stop the others
        autre = json.loads(json.dumps(modele).replace(str(cas.orientation), f"00000000-0000-4000-8000-{rang:012d}"))
        condition = f"identifier={systemes.ORIENTATION}|{autre['identifier'][0]['value']}"
        demande = {"method": "POST", "url": "Task", "ifNoneExist": condition}
        entree = {"fullUrl": f"urn:uuid:{rang}", "resource": {**autre, "status": "accepted"}, "request": demande}
        monde.registre.transact(lieu, {"resourceType": "Bundle", "type": "transaction", "entry": [entree]})
    monde.registre.change(lieu, modele["id"], REFUS)
    monde.pannes.plan("desordre", nombre=10)
    assert poll_partenaires(later(hours=1)).traites == 46
    assert poll_partenaires(later(hours=2)).traites == 0
    apply()
    assert orientation(admin) == ("refusee", "capacite", None)


def test_versions_out_of_order_never_go_back(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    _, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    monde.change(lieu, {"status": "accepted"})
    monde.change(lieu, {"status": "in-progress"})
    poll_partenaires(later(hours=1))
    apply()
    monde.change(lieu, {"status": "received"}, version=2)  # an old update arrives after a newer one
    poll_partenaires(later(hours=2))
    apply()
    assert orientation(admin)[0] == "en_cours"


def test_same_version_with_another_content_is_set_aside(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    _, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    monde.change(lieu, {"status": "accepted"})
    poll_partenaires(later(hours=1))
    apply()
    monde.change(lieu, REFUS, version=2)
    assert poll_partenaires(later(hours=2)).traites == 1
    assert apply() == {"quarantaine": 1}
    assert orientation(admin)[0] == "acceptee"


def test_task_of_another_person_is_counted_and_never_guessed(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    _, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    monde.change(lieu, {"status": "accepted"})
    monde.pannes.plan("autre_personne")
    bilan = poll_partenaires(later(hours=1))
    assert (bilan.traites, bilan.detail) == (0, {"illisibles": 1})
    donnees = admin.execute("SELECT donnees ->> 'codes' FROM journal.evenement WHERE evenement = 'reponse_illisible'").fetchone()
    assert donnees == ('["another_person"]',)
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 0


def test_extensions_of_the_partner_are_kept_for_it_alone(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    _, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    extension = [{"url": "https://spst.exemple.invalid/equipe", "valueString": "Equipe B"}]
    monde.change(lieu, {"status": "accepted", "extension": extension})
    poll_partenaires(later(hours=1))
    gardee = admin.execute("SELECT ressource FROM pdp.tache_fhir").fetchone()
    assert gardee is not None
    assert gardee[0]["extension"] == extension
    assert not {"for", "focus", "input", "owner"} & set(gardee[0])


def test_one_update_may_say_several_things(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    _, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    rencontre = "2026-11-25T09:30:00Z"
    question = {"extension": [{"url": systemes.NATURE_NOTE, "valueCode": "question"}], "text": "Quel horaire convient ?"}
    monde.change(lieu, {"status": "accepted", "output": [output("rendez_vous", "valueDateTime", rencontre)], "note": [question]})
    assert poll_partenaires(later(hours=1)).traites == 3
    natures = admin.execute("SELECT nature FROM pdp.inbox ORDER BY version").fetchall()
    assert natures == [("statut",), ("rendez_vous",), ("question",)]
    monde.change(lieu, {"status": "in-progress"})
    assert poll_partenaires(later(hours=2)).traites == 1  # what was said is not told again


def test_withdrawal_cancels_the_task_and_keeps_what_is_the_partners(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    cas, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    extension = [{"url": "https://spst.exemple.invalid/equipe", "valueString": "Equipe B"}]
    monde.change(lieu, {"status": "accepted", "extension": extension})
    auteur = auteur_agent(cas.dossier.csam)
    with db.begin_as(auteur) as conn:
        cancel_orientation(conn, auteur, cas.orientation, "erreur", MAINTENANT)
    assert send_due(later(minutes=1)).traites == 1
    tache = monde.tache(lieu)
    assert (tache["status"], tache["extension"], tache["meta"]["versionId"]) == ("cancelled", extension, "3")
    assert tache["statusReason"]["coding"][0]["system"] == systemes.MOTIF_RETRAIT
    assert poll_partenaires(later(hours=1)).traites == 0  # our own word coming back is no answer


def test_content_never_reaches_the_log(monde: Serveur, admin: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    _, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    monde.change(lieu, {"status": "accepted"})
    poll_partenaires(later(hours=1))
    (nom,) = admin.execute("SELECT nom FROM identite.assure LIMIT 1").fetchone() or ("",)
    assert nom
    assert nom not in caplog.text
