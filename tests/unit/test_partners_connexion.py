"""Where a partner's address may lead: https or this machine, no name in it, never to the inside of a cloud, whatever a name answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from pdp.config import settings
from pdp.partners import connexion
from pdp.partners.connexion import AdresseRefusee, PartenaireMuet, check_adresse, exchange


@pytest.fixture(autouse=True)
def hors_demonstration(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("PDP_DEMONSTRATION", raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(
    "adresse",
    ["https://spst.exemple.invalid/fhir", "https://spst.exemple.invalid:8443", "http://127.0.0.1:8120/fhir", "http://localhost:1"],
)
def test_addresses_taken(adresse: str) -> None:
    assert check_adresse(adresse + "/") == adresse


@pytest.mark.parametrize(
    ("adresse", "code"),
    [
        (None, "address_missing"),
        ("", "address_missing"),
        ("http://spst.exemple.invalid", "address_not_secure"),
        ("http://127.0.0.1.exemple.invalid", "address_not_secure"),
        ("http://0x7f000001", "address_not_secure"),
        ("http://2130706433", "address_not_secure"),
        ("http://169.254.169.254/latest", "address_not_secure"),
        ("http://0.0.0.0:80", "address_not_secure"),
        ("file:///etc/passwd", "address_not_secure"),
        ("gopher://127.0.0.1:25", "address_not_secure"),
        ("ftp://127.0.0.1", "address_not_secure"),
        ("//127.0.0.1", "address_not_secure"),
        ("https://", "address_not_secure"),
        ("https://moi:secret@spst.exemple.invalid", "address_invalid"),
        ("http://moi@127.0.0.1", "address_invalid"),
        ("https://spst.exemple.invalid?x=1", "address_invalid"),
        ("https://spst.exemple.invalid#x", "address_invalid"),
        ("https://spst.exemple.invalid:99999", "address_invalid"),
        ("https://[::1", "address_invalid"),
    ],
)
def test_addresses_refused(adresse: str | None, code: str) -> None:
    with pytest.raises(AdresseRefusee) as refus:
        check_adresse(adresse)
    assert refus.value.code == code


@pytest.mark.parametrize("pair", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "224.0.0.1", "::"])
def test_name_that_leads_inside_is_left_before_a_byte_is_written(pair: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What DNS rebinding does: the name was checked, the address connected to is another. The kernel is asked, not the name."""
    recus: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as ecoute:

        def servir() -> None:
            prise, _ = ecoute.accept()
            with prise:
                recus.append(prise.recv(65536))

        fil = threading.Thread(target=servir, daemon=True)
        fil.start()
        monkeypatch.setattr(connexion, "_pair_of", lambda _: pair)
        with pytest.raises(PartenaireMuet) as muet:
            exchange("POST", f"http://127.0.0.1:{ecoute.getsockname()[1]}/", {}, b"CANARI", 1000, 5.0)
        fil.join(5)
    assert (muet.value.code, recus) == ("connection", [b""])
