"""The HTTP transport against a socket that answers what it wants: classes of answer, total time, nothing in clear, no redirect."""

from __future__ import annotations

import base64
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from pdp.config import settings
from pdp.partners import http, signature
from pdp.partners.contrat import Classe, Destinataire, Envoi

SECRET = b"s" * 32
CLE = UUID("11111111-2222-5333-8444-555555555555")
MAINTENANT = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
CORPS = {"orientation_id": str(uuid4()), "contenu": {"identite": {"nom": "CANARI"}}}
ACCUSE = json.dumps({"recu_id": "r", "statut": "recue"}).encode()
Repondre = Callable[[socket.socket, str], None]


@pytest.fixture(autouse=True)
def reglages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", base64.urlsafe_b64encode(SECRET).decode())
    monkeypatch.delenv("PDP_DEMONSTRATION", raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


@contextmanager
def partenaire(repondre: Repondre) -> Iterator[tuple[str, list[str]]]:
    """A server of one call at a time; ``repondre`` gets the connection and the request. Gives its address and the requests seen."""
    recues: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as ecoute:
        ecoute.settimeout(20)

        def servir() -> None:
            while True:
                try:
                    prise, _ = ecoute.accept()
                except OSError:
                    return
                with prise:
                    recues.append(read_request(prise))
                    try:
                        repondre(prise, recues[-1])
                    except OSError:
                        continue  # the client had enough

        fil = threading.Thread(target=servir, daemon=True)
        fil.start()
        yield f"http://127.0.0.1:{ecoute.getsockname()[1]}", recues
        ecoute.shutdown(socket.SHUT_RDWR)
        fil.join(5)


def read_request(prise: socket.socket) -> str:
    recu = b""
    while b"\r\n\r\n" not in recu:
        recu += prise.recv(65536)
    longueur = int(found[1]) if (found := re.search(rb"(?i)content-length: (\d+)", recu)) else 0
    while len(recu.partition(b"\r\n\r\n")[2]) < longueur:
        recu += prise.recv(65536)
    return recu.decode()


def answer(statut: int, corps: bytes = ACCUSE, *, signee: bool = True, entetes: str = "") -> Repondre:
    def repondre(prise: socket.socket, demande: str) -> None:
        ligne_signature = ""
        if signee:
            jeton = signature.token_of(SECRET, "PF35", "SST-01")
            signee_demande = re.search(rf"{signature.ENTETE}: (\S+)", demande)[1]
            ligne_signature = f"{signature.ENTETE}: {signature.sign(jeton, signature.answer_parts(signee_demande, statut), corps)}\r\n"
        prise.sendall(f"HTTP/1.1 {statut} X\r\nContent-Length: {len(corps)}\r\n{ligne_signature}{entetes}\r\n".encode() + corps)

    return repondre


def deliver(url: str | None, type: str = "orientation", total_s: float = 5.0) -> tuple[Classe, str, float | None]:
    remise = http.deliver(Destinataire("PF35", "SST-01", url), Envoi(CLE, type, CORPS), MAINTENANT, total_s=total_s)
    return remise.classe, remise.code, remise.reprise_apres_s


CLASSES = [
    (answer(201), Classe.LIVRE, "http_201", None),
    (answer(200), Classe.LIVRE, "http_200", None),
    (answer(409, json.dumps({"cle": str(CLE)}).encode()), Classe.LIVRE, "http_409", None),
    (answer(409, json.dumps({"cle": str(uuid4())}).encode()), Classe.REFUSE, "http_409", None),
    (answer(409, b"{}"), Classe.REFUSE, "http_409", None),
    (answer(201, signee=False), Classe.REESSAYER, "invalid_body:signature", None),
    (answer(409, json.dumps({"cle": str(CLE)}).encode(), signee=False), Classe.REESSAYER, "invalid_body:signature", None),
    (answer(200, b"<html>"), Classe.REESSAYER, "invalid_body:json", None),
    (answer(200, b'{"recu_id": "x"}'), Classe.REESSAYER, "invalid_body:statut", None),
    (answer(204, b""), Classe.REESSAYER, "invalid_body:json", None),
    (answer(200, b"x" * 70_000), Classe.REESSAYER, "invalid_body:too_long", None),
    *[(answer(s), Classe.REESSAYER, f"http_{s}", None) for s in (408, 425, 429, 500, 502, 503, 504, 599)],
    (answer(503, entetes="Retry-After: 90\r\n"), Classe.REESSAYER, "http_503", 90.0),
    (answer(429, entetes="Retry-After: 99999999\r\n"), Classe.REESSAYER, "http_429", 6 * 3600.0),
    (answer(429, entetes="Retry-After: -1\r\n"), Classe.REESSAYER, "http_429", None),
    *[(answer(s), Classe.REFUSE, f"http_{s}", None) for s in (400, 401, 403, 404, 410, 413, 422)],
]


@pytest.mark.parametrize(("repondre", "classe", "code", "reprise"), CLASSES, ids=range(len(CLASSES)))
def test_class_of_each_answer(repondre: Repondre, classe: Classe, code: str, reprise: float | None) -> None:
    with partenaire(repondre) as (url, recues):
        assert deliver(url) == (classe, code, reprise)
        assert len(recues) == 1


@pytest.mark.parametrize("statut", [301, 302, 303, 307, 308])
def test_redirect_is_never_followed(statut: int) -> None:
    with partenaire(answer(201)) as (ailleurs, suivies), partenaire(answer(statut, entetes=f"Location: {ailleurs}/x\r\n")) as (url, _):
        assert deliver(url) == (Classe.REFUSE, f"http_{statut}", None)
        assert suivies == []


@pytest.mark.parametrize(("type", "classe"), [("annulation", Classe.LIVRE), ("orientation", Classe.REFUSE)])
def test_unknown_at_the_partner_is_enough_for_a_withdrawal_only(type: str, classe: Classe) -> None:
    with partenaire(answer(404)) as (url, _):
        assert deliver(url, type)[0] is classe


def test_request_says_who_calls_with_which_key_and_keeps_the_content_out_of_the_address() -> None:
    with partenaire(answer(201)) as (url, recues):
        deliver(url + "/")
    demande = recues[0]
    jeton = signature.token_of(SECRET, "PF35", "SST-01")
    assert demande.startswith("POST /orientations HTTP/1.1\r\n")
    for entete in (f"Idempotency-Key: {CLE}", f"Authorization: Bearer {jeton}", "X-PDP-Plateforme: PF35", "X-PDP-Partenaire: SST-01"):
        assert f"\r\n{entete}\r\n" in demande
    entetes, _, corps = demande.partition("\r\n\r\n")
    signee = re.search(rf"{signature.ENTETE}: (\S+)", entetes)[1]
    assert signature.is_valid(jeton, signature.request_parts("POST", "/orientations", str(CLE)), corps.encode(), signee)
    assert "CANARI" not in entetes
    assert json.loads(corps) == CORPS


def _drip(prise: socket.socket, debut: bytes, goutte: bytes) -> None:
    prise.sendall(debut)
    for _ in range(200):
        prise.sendall(goutte)
        time.sleep(0.05)  # the slowness is what is tested


LENTEURS: list[tuple[str, Repondre]] = [
    ("silence", lambda prise, _: time.sleep(3)),
    ("one header byte at a time", lambda prise, _: _drip(prise, b"HTTP/1.1 200 OK\r\nX: ", b"x")),
    ("headers that never end", lambda prise, _: _drip(prise, b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n")),
    ("one body byte at a time", lambda prise, _: _drip(prise, b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", b"x")),
]


@pytest.mark.parametrize("repondre", [r for _, r in LENTEURS], ids=[nom for nom, _ in LENTEURS])
def test_total_time_is_kept_whatever_the_partner_does(repondre: Repondre) -> None:
    with partenaire(repondre) as (url, _):
        debut = time.monotonic()
        assert deliver(url, total_s=0.5)[0] is Classe.REESSAYER
        assert time.monotonic() - debut < 2


COUPURES: list[Repondre] = [
    lambda prise, _: None,
    lambda prise, _: prise.sendall(b"HTTP/1.1 201 "),
    lambda prise, _: prise.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"),
    lambda prise, _: prise.sendall(b"bonjour\r\n\r\n"),
    lambda prise, _: prise.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
]


@pytest.mark.parametrize("repondre", COUPURES, ids=range(len(COUPURES)))
def test_cut_or_garbled_answer_is_tried_later(repondre: Repondre) -> None:
    with partenaire(repondre) as (url, _):
        assert deliver(url)[0] is Classe.REESSAYER


@pytest.mark.parametrize(
    ("url", "classe", "code"),
    [
        ("http://partenaire.exemple.invalid", Classe.REFUSE, "address_not_secure"),
        ("http://127.0.0.1.exemple.invalid", Classe.REFUSE, "address_not_secure"),
        ("ftp://127.0.0.1", Classe.REFUSE, "address_not_secure"),
        ("http://[::1", Classe.REFUSE, "address_invalid"),
        ("", Classe.REFUSE, "address_missing"),
        (None, Classe.REFUSE, "address_missing"),
        ("http://127.0.0.1:9", Classe.REESSAYER, "connection"),
        ("https://partenaire.exemple.invalid", Classe.REESSAYER, "connection"),
    ],
)
def test_address(url: str | None, classe: Classe, code: str) -> None:
    assert deliver(url) == (classe, code, None)


def test_nothing_is_sent_to_a_server_that_does_not_speak_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as ecoute:
        recu: list[bytes] = []

        def servir() -> None:
            prise, _ = ecoute.accept()
            with prise:
                recu.append(prise.recv(65536))
                prise.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

        fil = threading.Thread(target=servir, daemon=True)
        fil.start()
        assert deliver(f"https://127.0.0.1:{ecoute.getsockname()[1]}")[:2] == (Classe.REESSAYER, "tls")
        fil.join(5)
    assert recu
    assert b"CANARI" not in recu[0]
    assert b"Bearer" not in recu[0]


def page(*evenements: object, curseur: str = "c2") -> bytes:
    return json.dumps({"curseur": curseur, "evenements": list(evenements)}).encode()


def test_events_are_read_from_the_cursor() -> None:
    with partenaire(answer(200, page())) as (url, recues):
        assert http.fetch_evenements(Destinataire("PF35", "SST-01", url), "a|b&c=d").curseur == "c2"
        http.fetch_evenements(Destinataire("PF35", "SST-01", url), None)
    assert recues[0].startswith("GET /evenements?depuis=a%7Cb%26c%3Dd HTTP/1.1\r\n")
    assert recues[1].startswith("GET /evenements HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("repondre", "code"),
    [
        (answer(200, page(), signee=False), "invalid_body:signature"),
        (answer(200, b"[]"), "invalid_body:json"),
        (answer(200, b'{"curseur": "c", "evenements": {}}'), "invalid_body:evenements"),
        (answer(404), "http_404"),
        (answer(503), "http_503"),
        (answer(302, entetes="Location: /x\r\n"), "http_302"),
        (answer(200, b" " * 3_000_000), "invalid_body:too_long"),
    ],
)
def test_events_that_cannot_be_read(repondre: Repondre, code: str) -> None:
    with partenaire(repondre) as (url, _), pytest.raises(http.PartenaireMuet) as muet:
        http.fetch_evenements(Destinataire("PF35", "SST-01", url), None)
    assert muet.value.code == code
