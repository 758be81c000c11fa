"""Receipts of the gateway: late, repeated, out of order, contradictory, unknown."""

from __future__ import annotations

import itertools
from datetime import timedelta
from uuid import uuid4

import pytest
import requests

import fabrique
from fabrique import MAINTENANT
from passerelle import Admin, ecrire, envoi, poser, taches
from pdp.partners.passerelle_sms import Messages
from pdp.partners.sms import parse_accuses
from pdp.services.collect_accuses import collect_accuses
from pdp.services.read_destinataire import get_joignabilite, get_personne
from pdp.services.send_outbox import send_due
from relais_lecture import count, events

M = MAINTENANT + timedelta(seconds=30)
Sms = tuple[str, Messages]
FINALES = [
    # receipts in the order they are read, state kept
    (("remis",), "remis"),
    (("remis", "lu"), "lu"),
    (("lu", "remis"), "lu"),
    (("echec_temporaire", "remis"), "remis"),
    (("remis", "echec_temporaire"), "remis"),
    (("echec_temporaire", "echec_definitif"), "echec_definitif"),
    (("echec_definitif", "remis"), "echec_definitif"),
    (("remis", "echec_definitif"), "remis"),
]


@pytest.fixture
def cle(sms: Sms, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> str:
    """Key of a message taken by a gateway that says nothing by itself."""
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn)
    poser(admin, dossier, courriel="d@exemple.invalid")
    ecrire(dossier)
    with monkeypatch.context() as muet:
        muet.setattr(sms[1], "_write", lambda *_: None)
        assert send_due(M).traites == 1
    return str(envoi(admin)["cle"])


def say(sms: Sms, cle: str, etat: str, code: str | None = None, evenement: str | None = None) -> None:
    sms[1].script("PF35", cle, etat, code, evenement or f"e-{etat}", MAINTENANT + timedelta(minutes=1))


@pytest.mark.parametrize(("recus", "garde"), FINALES)
def test_forward_only_whatever_the_order(sms: Sms, cle: str, admin: Admin, recus: tuple[str, ...], garde: str) -> None:
    for etat in recus:
        say(sms, cle, etat)
        collect_accuses(M)
    assert (envoi(admin)["remise"], envoi(admin)["etat"]) == (garde, "livre")
    assert count(admin, "SELECT count(*) FROM pdp.accuse") == len(recus)
    contraire = {"remis", "echec_definitif"} <= set(recus)
    assert count(admin, "SELECT count(*) FROM pdp.accuse WHERE resultat = 'quarantaine'") == int(contraire)


def test_repeats_are_one(sms: Sms, cle: str, admin: Admin) -> None:
    for _ in range(3):
        say(sms, cle, "remis", evenement="meme")
    assert (collect_accuses(M).traites, collect_accuses(M).traites) == (1, 0)
    assert (events(admin, "message_accuse"), count(admin, "SELECT count(*) FROM pdp.accuse")) == (1, 1)


def test_the_same_id_with_another_content_changes_nothing(sms: Sms, cle: str, admin: Admin) -> None:
    say(sms, cle, "remis", evenement="meme")
    say(sms, cle, "echec_definitif", "numero_resilie", evenement="meme")
    bilan = collect_accuses(M)
    assert (bilan.traites, bilan.echoues) == (1, 1)
    assert (envoi(admin)["remise"], taches(admin)) == ("remis", [])


def test_an_unknown_message_is_kept_apart(sms: Sms, cle: str, admin: Admin) -> None:
    say(sms, str(uuid4()), "remis")
    assert collect_accuses(M).echoues == 1
    assert count(admin, "SELECT count(*) FROM pdp.accuse WHERE resultat = 'inconnu' AND outbox_id IS NULL") == 1


@pytest.mark.parametrize(("code", "mort"), [("numero_resilie", 1), ("refuse_operateur", 0), ("boite_pleine", 0)])
def test_a_failure_for_good_tells_a_coordinator_once(sms: Sms, cle: str, admin: Admin, code: str, mort: int) -> None:
    for rang in range(2):
        say(sms, cle, "echec_definitif", code, evenement=f"e{rang}")
    for _ in range(2):
        collect_accuses(M)
    assert [note.rpartition(". Proposé")[2] for note in taches(admin)] == [" : e-mail."]
    assert count(admin, "SELECT count(*) FROM identite.coordonnee_morte") == mort


def test_a_late_receipt_says_nothing_of_the_new_number(sms: Sms, cle: str, admin: Admin) -> None:
    admin.execute("SET session_replication_role = replica")
    admin.execute("UPDATE identite.assure SET telephone = '+33639980055'")
    admin.execute("SET session_replication_role = origin")
    say(sms, cle, "echec_definitif", "numero_resilie")
    collect_accuses(M)
    (parcours,) = admin.execute("SELECT parcours_id FROM pdp.outbox").fetchone()
    with fabrique.lot() as conn:
        assert "sms" not in get_joignabilite(conn, get_personne(conn, parcours)).morts


def test_a_receipt_proves_a_message_whose_answer_was_lost(sms: Sms, admin: Admin) -> None:
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn)
    ecrire(dossier)
    requests.post(f"{sms[0]}/pannes", json={"status": 200, "nombre": 1}, timeout=5)
    send_due(M, alea=lambda: 0.99)
    assert envoi(admin)["etat"] == "a_envoyer"
    sms[1].script("PF35", str(envoi(admin)["cle"]), "remis", None, "tardif", MAINTENANT)
    collect_accuses(M)
    assert (envoi(admin)["etat"], envoi(admin)["remise"]) == ("livre", "remis")
    assert send_due(M + timedelta(hours=7)).traites == 0


def test_a_silent_gateway_changes_nothing_and_is_read_again_from_the_same_place(
    sms: Sms, cle: str, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(sms, cle, "remis")
    with monkeypatch.context() as coupe:
        coupe.setenv("PDP_SMS_URL", "http://127.0.0.1:9")
        assert (collect_accuses(M).traites, collect_accuses(M).echoues) == (0, 1)
    assert collect_accuses(M).traites == 1


def test_nothing_is_asked_when_nothing_is_awaited(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDP_SMS_URL", "http://127.0.0.1:9")
    with fabrique.lot() as conn:
        fabrique.socle(conn)
    assert collect_accuses(M).echoues == 0


BON = '{"evenement_id":"e","cle":"11111111-2222-5333-8444-555555555555","etat":"remis","survenu_at":"2026-11-18T08:00:00+00:00"}'
FAUX = [
    BON.replace('"remis"', '"peut-etre"'),
    BON.replace('"e"', '""'),
    BON.replace('"e"', "3"),
    BON.replace("11111111-2222-5333-8444-555555555555", "x"),
    BON.replace("+00:00", ""),
    BON.replace('"etat"', '"code":"inconnu","etat"'),
    "null",
    "[]",
]


@pytest.mark.parametrize("faux", FAUX)
def test_a_receipt_outside_the_contract_is_counted_and_the_others_are_kept(faux: str) -> None:
    for ordre in itertools.permutations((faux, BON)):
        page = parse_accuses(f'{{"curseur":"1","accuses":[{",".join(ordre)}]}}'.encode())
        assert (len(page.accuses), page.illisibles) == (1, 1)
