"""Messages to people on real PostgreSQL with a real gateway that misbehaves: one effect, and nothing tried for ever."""

from __future__ import annotations

import email
import email.policy
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import requests

import fabrique
from fabrique import MAINTENANT
from passerelle import Admin, ecrire, envoi, poser, taches
from pdp.config import settings
from pdp.partners import sms as transport
from pdp.partners.passerelle_sms import Messages
from pdp.services import send_outbox
from pdp.services.send_outbox import send_due
from pdp.storage import db
from relais_lecture import EXPEDITEUR, count, events

M = MAINTENANT + timedelta(seconds=30)
Sms = tuple[str, Messages]


@pytest.fixture
def dossier(sms: Sms) -> fabrique.Dossier:
    with fabrique.lot() as conn:
        return fabrique.parcours(conn)


def break_gateway(sms: Sms, **panne: object) -> None:
    assert requests.post(f"{sms[0]}/pannes", json=panne, timeout=5).status_code == 200


def test_a_short_message_leaves_once_and_not_before_the_undo_window(sms: Sms, dossier: fabrique.Dossier, admin: Admin) -> None:
    ecrire(dossier)
    assert send_due(M - timedelta(seconds=1)).traites == 0
    assert [send_due(M).traites, send_due(M).traites] == [1, 0]
    assert sms[1].count() == {"recus": 1, "uniques": 1, "doublons": 0}
    ((numero, texte),) = sms[1].list_textes()
    assert (numero, "02 61 91 00 35" in texte) == ("+33639980000", True)
    ligne = envoi(admin)
    assert (ligne["etat"], ligne["dernier_code"], ligne["charge"]["texte"]) == ("livre", "http_201", texte)
    assert (events(admin, "message_ecrit"), events(admin, "message_parti")) == (1, 1)


def test_eight_senders_make_one_effect_each(sms: Sms, admin: Admin) -> None:
    for _ in range(5):
        with fabrique.lot() as conn:
            autre = fabrique.parcours(conn)
        ecrire(autre)
    depart = threading.Barrier(8)

    def envoyer(_: int) -> int:
        depart.wait()
        return send_due(M).traites

    with ThreadPoolExecutor(8) as fils:
        assert sum(fils.map(envoyer, range(8))) == 5
    assert sms[1].count() == {"recus": 5, "uniques": 5, "doublons": 0}
    assert events(admin, "message_parti") == 5


def test_a_worker_killed_after_the_call_is_healed_and_the_gateway_deduplicates(
    sms: Sms, dossier: fabrique.Dossier, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    ecrire(dossier)

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as mort:
        mort.setattr(send_outbox, "record_remise", kill)
        mort.setattr(send_outbox, "BAIL_S", 0)
        with pytest.raises(KeyboardInterrupt):
            send_due(M)
    assert envoi(admin)["etat"] == "en_cours"
    assert send_due(M).traites == 1
    assert sms[1].count() == {"recus": 2, "uniques": 1, "doublons": 1}
    assert (envoi(admin)["etat"], envoi(admin)["essais"], events(admin, "message_parti")) == ("livre", 2, 1)


def test_a_lost_lease_sends_nothing(sms: Sms, dossier: fabrique.Dossier, monkeypatch: pytest.MonkeyPatch) -> None:
    ecrire(dossier)
    monkeypatch.setattr(send_outbox, "BAIL_S", 0)
    with db.begin(settings().url_expediteur, EXPEDITEUR) as conn:
        lent = send_outbox.claim_suivant(conn, M, [])
    with db.begin(settings().url_expediteur, EXPEDITEUR) as conn:
        assert send_outbox.claim_suivant(conn, M, []) is not None
    assert lent is not None
    assert send_outbox._call(settings().url_expediteur, EXPEDITEUR, lent, M).code == "bail_expire"
    assert sms[1].count()["recus"] == 0


def test_a_mail_in_the_hands_of_a_dead_worker_is_not_sent_again(
    sms: Sms, dossier: fabrique.Dossier, admin: Admin, courriels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poser(admin, dossier, courriel="d@exemple.invalid")
    ecrire(dossier, canal="courriel")
    with monkeypatch.context() as mort:
        mort.setattr(send_outbox, "BAIL_S", 0)
        with db.begin(settings().url_expediteur, EXPEDITEUR) as conn:
            assert send_outbox.claim_suivant(conn, M, []) is not None
    bilan = send_due(M + timedelta(hours=12))  # at night too: nothing leaves, the doubt is said
    assert (bilan.traites, bilan.echoues) == (0, 1)
    assert list(courriels.glob("*")) == []
    assert (envoi(admin)["etat"], len(taches(admin))) == ("incertain", 1)


ATTENDUS = [
    # answer of the gateway, signed, state of the row, a coordinator is told, the number is dead
    (408, True, "a_envoyer", False, False),
    (429, True, "a_envoyer", False, False),
    (500, True, "a_envoyer", False, False),
    (503, True, "a_envoyer", False, False),
    (200, True, "a_envoyer", False, False),  # taken, but the answer was lost
    (422, False, "a_envoyer", False, False),  # not signed: it proves nothing of the number
    (422, True, "rebut", True, True),
    (400, True, "rebut", True, False),
    (401, False, "rebut", True, False),
    (302, True, "rebut", True, False),
]


@pytest.mark.parametrize(("status", "signee", "etat", "tache", "mort"), ATTENDUS)
def test_each_class_of_answer(
    sms: Sms, dossier: fabrique.Dossier, admin: Admin, status: int, signee: bool, etat: str, tache: bool, mort: bool
) -> None:
    ecrire(dossier)
    break_gateway(sms, status=status, nombre=1, signee=signee)
    assert send_due(M, alea=lambda: 0.5).echoues == 1
    assert envoi(admin)["etat"] == etat
    assert bool(taches(admin)) is tache
    assert count(admin, "SELECT count(*) FROM identite.coordonnee_morte") == int(mort)
    send_due(M + timedelta(hours=7))
    assert sms[1].count()["uniques"] == (1 if etat == "a_envoyer" else 0)


def test_a_slow_gateway_is_cut_and_tried_again(sms: Sms, dossier: fabrique.Dossier, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    ecrire(dossier)
    break_gateway(sms, status=0, nombre=1, lent_s=1.5)
    vrai = transport.deliver
    monkeypatch.setattr(transport, "deliver", lambda *a: vrai(*a, total_s=0.3))
    assert send_due(M, alea=lambda: 0.0).echoues == 1
    monkeypatch.undo()
    monkeypatch.setenv("PDP_SMS_URL", sms[0])
    assert envoi(admin)["etat"] == "a_envoyer"


def test_a_number_that_does_not_exist_is_never_tried_again_until_it_changes(sms: Sms, dossier: fabrique.Dossier, admin: Admin) -> None:
    poser(admin, dossier, telephone="+33639980099", courriel="d@exemple.invalid")
    ecrire(dossier)
    send_due(M)
    assert (envoi(admin)["etat"], envoi(admin)["dernier_code"]) == ("rebut", "numero_inexistant")
    assert taches(admin) == ["Rappelez-nous, SMS : numéro inexistant. Proposé : e-mail."]
    assert ecrire(dossier, "injoignable", "c2", canal=None).canal == "courrier"
    assert ecrire(dossier, "rendez_vous_manque", "c3", valeurs={"jour": "mardi 24 novembre", "heure": "10 h"}).canal == "courriel"
    poser(admin, dossier, telephone="+33639980012")
    assert ecrire(dossier, "rendez_vous_manque", "c4", valeurs={"jour": "jeudi 26 novembre", "heure": "10 h"}).canal == "sms"


def test_a_number_found_dead_after_writing_is_not_dialled(sms: Sms, dossier: fabrique.Dossier, admin: Admin) -> None:
    poser(admin, dossier, telephone="+33639980099")
    ecrire(dossier, cause="c1")
    plus_tard = timedelta(seconds=1)
    ecrire(
        dossier, "annulation_rendez_vous", "c2", maintenant=MAINTENANT + plus_tard, valeurs={"jour": "mardi 24 novembre", "heure": "10 h"}
    )
    bilan = send_due(M + plus_tard)
    assert sms[1].count()["recus"] == 0
    assert (bilan.detail["rebuts"], bilan.detail["rappeles"]) == (1, 1)
    assert envoi(admin, "c2")["dernier_code"] == "coordonnee_morte"
    assert len(taches(admin)) == 2


CHANGEMENTS = [
    # what the person says after the message was written: obstacle, a coordinator is told
    ({"contact_refus": ["sms"]}, "refus_canal", True),
    ({"telephone": None}, "coordonnee_absente", True),
]


@pytest.mark.parametrize(("champs", "code", "tache"), CHANGEMENTS)
def test_the_person_decides_until_the_last_instant(
    sms: Sms, dossier: fabrique.Dossier, admin: Admin, champs: dict[str, object], code: str, tache: bool
) -> None:
    ecrire(dossier)
    poser(admin, dossier, **champs)
    assert send_due(M).ignores == 1
    assert (envoi(admin)["etat"], envoi(admin)["dernier_code"], bool(taches(admin))) == ("rappele", code, tache)
    assert sms[1].count()["recus"] == 0


def test_a_reminder_not_sent_in_time_is_dropped_and_said(sms: Sms, dossier: fabrique.Dossier, admin: Admin) -> None:
    rdv = {"jour": "mercredi 18 novembre", "heure": "15 h"}
    ecrire(dossier, "rappel_rendez_vous", valeurs=rdv, trop_tard_at=M + timedelta(hours=2))
    break_gateway(sms, status=500, nombre=1)
    send_due(M, alea=lambda: 0.99)
    send_due(M + timedelta(hours=2))
    assert (envoi(admin)["etat"], envoi(admin)["dernier_code"]) == ("rappele", "trop_tard")
    assert (sms[1].count()["recus"], taches(admin)) == (0, [])
    assert events(admin, "message_rappele") == 1


@pytest.mark.parametrize(("retard", "parti"), [(timedelta(0), 1), (timedelta(hours=14), 0)])
def test_a_late_run_wakes_nobody(sms: Sms, dossier: fabrique.Dossier, retard: timedelta, parti: int) -> None:
    ecrire(dossier)
    assert send_due(M, reel=M + retard).traites == parti


def test_the_gateway_is_left_alone_after_five_failures_and_its_health_is_known(sms: Sms, admin: Admin) -> None:
    for _ in range(7):
        with fabrique.lot() as conn:
            autre = fabrique.parcours(conn)
        ecrire(autre)
    break_gateway(sms, status=500, nombre=5)
    assert send_due(M, alea=lambda: 0.5).echoues == 5
    assert count(admin, "SELECT echecs_suite FROM pdp.passerelle WHERE canal = 'sms'") == 5
    send_due(M + timedelta(minutes=5))
    assert sms[1].count()["uniques"] == 7
    assert count(admin, "SELECT echecs_suite FROM pdp.passerelle WHERE canal = 'sms'") == 0


def test_a_mail_says_what_was_previewed_in_her_language(sms: Sms, dossier: fabrique.Dossier, admin: Admin, courriels: Path) -> None:
    poser(admin, dossier, courriel="d@exemple.invalid", contact_prefere="courriel", langue="pt")
    assert (
        ecrire(dossier, "invitation_rendez_vous", valeurs={"lien": "https://portail.exemple/rdv/A", "expire_le": "04/12/2026"}).canal
        == "courriel"
    )
    assert send_due(M).traites == 1
    (fichier,) = courriels.glob("*")
    recu = email.message_from_bytes(fichier.read_bytes(), policy=email.policy.default)
    html = recu.get_body(("html",)).get_content()
    assert '<html lang="pt"' in html
    assert recu["Subject"] == "Escolha a hora da sua chamada"
    assert "Dominique" not in fichier.read_text()


def test_logs_hold_no_personal_data(sms: Sms, dossier: fabrique.Dossier, admin: Admin, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    poser(admin, dossier, telephone="+33639980099")
    ecrire(dossier)
    send_due(M)
    assert "numero_inexistant" in caplog.text
    for interdit in ("39980099", "Dominique", "rappeler", "Bearer"):
        assert interdit not in caplog.text
