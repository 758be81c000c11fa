"""Mails that come back, good and broken: each nature recognised, no bytes make the reading fall, no word of a person is kept."""

from __future__ import annotations

import base64
import email
import random
import time
from datetime import UTC, datetime
from uuid import UUID

import pytest

from pdp.partners.accuses_courriel import TAILLE_MAX, describe_adresse, parse_courriel
from pdp.partners.simulateur_reponses import REPONSES, Reponse, absence, accuse, accuse_malforme, erreur_operateur, humaine, rebond, retard

CLE = UUID("11111111-2222-5333-8444-555555555555")
ID = f"<{CLE}@pro.mssante.invalid>"
M = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
ORIGINAL = email.message_from_string(f"From: plateforme@pro.mssante.invalid\nMessage-ID: {ID}\nSubject: Demande\n\nx")
ADRESSE = "medecin@pro.mssante.invalid"


def lu(contenu: bytes) -> tuple[str, str | None, str | None]:
    resultat = parse_courriel(contenu)
    assert resultat.cles == (CLE,)
    return resultat.nature, resultat.etat, resultat.code


SIMULES = [
    (accuse, ("accuse", "lu", "mdn_displayed")),
    (accuse_malforme, ("accuse", "remis", "mdn_processed")),
    (rebond, ("rebond", "echec_definitif", "dsn_5.1.1")),
    (retard, ("rebond", "echec_temporaire", "dsn_4.2.2")),
    (erreur_operateur, ("erreur_operateur", "echec_definitif", "operator_ko")),
    (absence, ("automatique", None, "auto_reply")),
    (humaine, ("humaine", None, None)),
]


@pytest.mark.parametrize(("ecrire", "attendu"), SIMULES, ids=[e.__name__ for e, _ in SIMULES])
def test_what_the_simulated_operator_writes(ecrire: Reponse, attendu: tuple[str, str | None, str | None]) -> None:
    assert lu(ecrire(ORIGINAL, ADRESSE, M)) == attendu


MDN = (
    "From: m@x\r\nSubject: Lu\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain\r\n\r\nlu\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
    f"Original-Message-ID: {ID}\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n"
)
BROKEN = [
    (MDN, ("accuse", "lu", "mdn_displayed")),
    (MDN.replace("\r\n", "\n"), ("accuse", "lu", "mdn_displayed")),
    (MDN.replace("\r\n", "\r"), ("accuse", "lu", "mdn_displayed")),
    (MDN.replace("--b--\r\n", ""), ("accuse", "lu", "mdn_displayed")),
    (MDN.replace("boundary=b", "boundary=autre"), ("accuse", "lu", "mdn_displayed")),
    (MDN.replace("boundary=b", "boundary="), ("accuse", "lu", "mdn_displayed")),
    (MDN.replace("message/disposition-notification\r\n\r\n", "message/disposition-notification\r\n"), ("accuse", "lu", "mdn_displayed")),
    (
        MDN.replace("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", "X: y"),
        ("accuse", "lu", "mdn_displayed"),
    ),
    (
        MDN.replace("Disposition:", "disposition :").replace("Original-Message-ID:", "ORIGINAL-MESSAGE-ID:"),
        ("accuse", "lu", "mdn_displayed"),
    ),
    (MDN.replace(ID, ID.strip("<>")), ("accuse", "lu", "mdn_displayed")),
    (MDN.replace(f"ID: {ID}", f"ID:\r\n  {ID}"), ("accuse", "lu", "mdn_displayed")),
    (MDN.replace("; displayed", ";displayed"), ("accuse", "lu", "mdn_displayed")),
    (MDN.replace("manual-action/MDN-sent-manually; displayed", "displayed"), ("accuse", "lu", "mdn_displayed")),
    (MDN.replace("; displayed", "; processed/Error: 902^Patient inconnu"), ("erreur_operateur", "echec_definitif", "mdn_error_902")),
    (MDN.replace("; displayed", "; processed/error\r\nError: 915 illisible"), ("erreur_operateur", "echec_definitif", "mdn_error_915")),
    (MDN.replace("; displayed", "; denied"), ("erreur_operateur", "echec_definitif", "mdn_error")),
    (MDN.replace("; displayed", "; deleted"), ("accuse", "remis", "mdn_deleted")),
    (MDN.replace("; displayed", "; dispatched"), ("accuse", "remis", "mdn_dispatched")),
    (MDN.replace("Subject: Lu", "Subject: =?utf-8?B?////?=\r\nX-Faux: =?inconnu?Q?=E9?="), ("accuse", "lu", "mdn_displayed")),
]


@pytest.mark.parametrize(("texte", "attendu"), BROKEN, ids=range(len(BROKEN)))
def test_receipts_as_they_are(texte: str, attendu: tuple[str, str | None, str | None]) -> None:
    assert lu(texte.encode("latin-1")) == attendu


def test_a_receipt_hidden_by_its_encoding() -> None:

    corps = base64.b64encode(f"Original-Message-ID: {ID}\r\nDisposition: automatic-action/MDN-sent-automatically; processed\r\n".encode())
    entetes = b"From: m@x\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    assert lu(entetes + corps) == ("accuse", "remis", "mdn_processed")


BOUNCES = [
    # a text without any report, as old servers write it
    (f"From: MAILER-DAEMON@x\nSubject: Undelivered Mail Returned to Sender\n\n<a@b>: 550 5.1.1 unknown\n\nMessage-ID: {ID}\n", "dsn_5.1.1"),
    (f"From: postmaster@x\nSubject: failure notice\n\n550 no such user\n\nMessage-ID: {ID}\n", "dsn_5.1.1"),
    (f"From: postmaster@x\nSubject: Message non remis\n\n552 boite pleine\n\nMessage-ID: {ID}\n", "dsn_5.0.0"),
    (f"Return-Path: <>\nFrom: x@y\nSubject: =?utf-8?Q?=C3=89chec_de_remise?=\n\n#5.7.1 refus\n\nMessage-ID: {ID}\n", "dsn_5.7.1"),
    (
        f"From: x@y\nContent-Type: multipart/report; report-type=delivery-status\n\nAction: failed\nStatus: 4.4.7\nMessage-ID: {ID}\n",
        "dsn_4.4.7",
    ),
]


@pytest.mark.parametrize(("texte", "code"), BOUNCES)
def test_bounces_without_a_proper_report(texte: str, code: str) -> None:
    assert lu(texte.encode()) == ("rebond", "echec_definitif", code)


@pytest.mark.parametrize(
    ("action", "etat"), [("failed", "echec_definitif"), ("delayed", "echec_temporaire"), ("relayed", "remis"), ("delivered", "remis")]
)
def test_the_action_rules_over_the_status(action: str, etat: str) -> None:
    texte = f"From: x\nSubject: y\nContent-Type: multipart/report; report-type=delivery-status\n\nAction: {action}\nStatus: 4.0.0\n\n{ID}"
    assert lu(texte.encode())[1] == etat


ADRESSES = [
    ("dsn_5.1.1", "smtp_550"),
    ("dsn_5.1.3", "smtp_553"),
    ("dsn_5.2.2", "boite_pleine"),
    ("dsn_5.7.1", "refuse_operateur"),
    (None, "refuse_operateur"),
]


@pytest.mark.parametrize(("code", "mot"), ADRESSES)
def test_only_some_statuses_say_that_an_address_is_dead(code: str | None, mot: str) -> None:
    assert describe_adresse(code) == mot


HUMAINES = [
    f"From: m@x\nIn-Reply-To: {ID}\nSubject: Re: Demande\n\nJe refuse.",
    f"From: m@x\nReferences: <a@b> {ID}\nSubject: Re\n\n> Disposition: displayed\n> Original-Message-ID: <a@b>\nMerci",
    f"From: m@x\nSubject: TR\n\nVoir votre message {CLE}@pro.mssante.invalid",
]


@pytest.mark.parametrize("texte", HUMAINES)
def test_somebody_who_writes_is_only_known_to_have_written(texte: str) -> None:
    resultat = parse_courriel(texte.encode())
    assert (resultat.nature, resultat.etat, resultat.code, resultat.cles) == ("humaine", None, None, (CLE,))


AUTOMATIQUES = [
    "Auto-Submitted: auto-replied",
    "Precedence: bulk",
    "X-Autoreply: yes",
    "Subject: Réponse automatique : absente",
    "Subject: Out of office",
]


@pytest.mark.parametrize("entete", AUTOMATIQUES)
def test_automatic_replies(entete: str) -> None:
    assert lu(f"From: m@x\n{entete}\nIn-Reply-To: {ID}\n\nabsent".encode())[0] == "automatique"


INCONNUS = [(b"", "unreadable"), (b"\x00\xff\xfe", "unreadable"), (b"From: a@b\nSubject: bonjour\n\nsalut", "no_reference")]


@pytest.mark.parametrize(("contenu", "raison"), INCONNUS)
def test_what_is_not_understood_says_why(contenu: bytes, raison: str) -> None:
    assert (parse_courriel(contenu).nature, parse_courriel(contenu).raison) == ("inconnue", raison)


def test_no_bytes_make_the_reading_fall() -> None:
    hasard = random.Random(8098)
    bases = [ecrire(ORIGINAL, ADRESSE, M) for suite in REPONSES.values() for ecrire in suite] + [MDN.encode()]
    natures = {"accuse", "rebond", "erreur_operateur", "automatique", "humaine", "inconnue"}
    for tour in range(1500):
        abime = bytearray(bases[tour % len(bases)])
        for _ in range(hasard.randrange(1, 30)):
            rang = hasard.randrange(len(abime) or 1)
            match hasard.randrange(4):
                case 0 if abime:
                    abime[rang] = hasard.randrange(256)
                case 1:
                    del abime[rang : rang + hasard.randrange(40)]
                case 2:
                    abime[rang:rang] = hasard.choice(
                        [b"=?utf-8?B?", b"\r\n", b";boundary=", b"\x00", b'"', b"(", b"\xff", b"--b", b"Content-Type: "]
                    )
                case _:
                    abime[rang:rang] = abime[: hasard.randrange(60)]
        resultat = parse_courriel(bytes(abime))
        assert resultat.nature in natures
        assert (resultat.nature == "inconnue") == (resultat.raison is not None)
        assert len(resultat.code or "") <= 60
    for _ in range(300):
        assert parse_courriel(hasard.randbytes(hasard.randrange(2000))).nature in natures


@pytest.mark.parametrize(
    "motif", [b" ", b"\t", b"Disposition:\n ", b"(", b"--b\n", b"a:b\n ", b"<", b"Content-Type: multipart/mixed; boundary=x\n\n--x\n"]
)
def test_a_mail_made_to_be_slow_is_not(motif: bytes) -> None:

    debut = time.process_time()
    parse_courriel(b"Subject: x\n\n" + motif * (TAILLE_MAX // len(motif)))
    assert time.process_time() - debut < 5
