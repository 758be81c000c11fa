"""The SMS gateway: its contract as the platform reads it, and the one played for demonstrations."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import requests

from pdp.embedded.ports import find_free_port
from pdp.partners import passerelle_sms, sms
from pdp.partners.contrat import Classe, Remise
from pdp.partners.http import PartenaireMuet
from pdp.partners.passerelle_sms import Messages
from relais import SECRET_B64

CLE = UUID("11111111-2222-5333-8444-555555555555")
M = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
RECU = b'{"recu_id": "r", "statut": "accepte"}'
REPONSES = [
    # status, Retry-After, body, outcome
    (201, None, RECU, Remise(Classe.LIVRE, "http_201")),
    (200, None, RECU, Remise(Classe.LIVRE, "http_200")),
    (200, None, b"", Remise(Classe.REESSAYER, "invalid_body:json")),
    (409, None, f'{{"cle": "{CLE}"}}'.encode(), Remise(Classe.LIVRE, "http_409")),
    (409, None, b'{"cle": "autre"}', Remise(Classe.REFUSE, "http_409")),
    (422, None, b'{"erreur": "numero_inexistant"}', Remise(Classe.REFUSE, "numero_inexistant")),
    (422, None, b'{"erreur": "<script>"}', Remise(Classe.REFUSE, "http_422")),
    (422, None, b"[]", Remise(Classe.REFUSE, "http_422")),
    (429, "120", b"", Remise(Classe.REESSAYER, "http_429", 120.0)),
    (503, None, b"", Remise(Classe.REESSAYER, "http_503", None)),
    (302, None, b"", Remise(Classe.REFUSE, "http_302")),
    (401, None, b"", Remise(Classe.REFUSE, "http_401")),
]


@pytest.mark.parametrize(("statut", "retry", "corps", "attendue"), REPONSES)
def test_what_an_answer_means(statut: int, retry: str | None, corps: bytes, attendue: Remise) -> None:
    assert sms.classify(CLE, statut, retry, corps, M) == attendue


def test_an_installation_without_a_gateway_keeps_its_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PDP_SMS_URL", raising=False)
    assert sms.deliver("PF35", CLE, "+33639980000", "Bonjour", M) == Remise(Classe.REESSAYER, "no_gateway")
    with pytest.raises(PartenaireMuet, match="no_gateway"):
        sms.fetch_accuses("PF35", None)


def test_in_clear_on_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    monkeypatch.setenv("PDP_SMS_URL", "http://passerelle.exemple")
    monkeypatch.delenv("PDP_DEMONSTRATION", raising=False)
    assert sms.deliver("PF35", CLE, "+33639980000", "Bonjour", M) == Remise(Classe.REESSAYER, "address_not_secure")


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    instant = [M]
    monkeypatch.setattr(passerelle_sms.clock, "now", lambda: instant[0])
    return instant


def test_one_message_per_key_and_the_fate_of_numbers(tmp_path: Path, instant: list[datetime]) -> None:
    messages = Messages(tmp_path / "s.sqlite", delai_s=60)
    assert messages.take("PF35", "c0", "+33639980099", "t") == (422, {"erreur": "numero_inexistant"})
    for rang, numero in enumerate(("+33639980001", "+33639980098", "+33639980097")):
        assert [messages.take("PF35", f"k{rang}", numero, "t")[0] for _ in range(2)] == [201, 200]
        assert messages.take("PF35", f"k{rang}", numero, "autre")[0] == 400
    assert messages.count() == {"recus": 9, "uniques": 3, "doublons": 6}
    assert messages.list_accuses("PF35", None) == ("0", [])
    instant[0] = M + timedelta(seconds=60)
    assert [(a["cle"], a["etat"]) for a in messages.list_accuses("PF35", None)[1]] == [
        ("k0", "remis"),
        ("k1", "echec_definitif"),
        ("k2", "echec_temporaire"),
    ]
    assert messages.list_accuses("PF57", None)[1] == [], "a platform reads its own receipts"
    messages.close()
    relue = Messages(tmp_path / "s.sqlite", delai_s=60)
    instant[0] = M + timedelta(seconds=120)
    curseur, accuses = relue.list_accuses("PF35", "3")
    assert [(a["cle"], a["etat"]) for a in accuses] == [("k2", "remis")]
    assert relue.list_accuses("PF35", curseur)[1] == []
    relue.close()


def test_it_starts_as_a_program_and_stops_on_a_signal(tmp_path: Path) -> None:
    port = find_free_port()
    env = {
        **os.environ,
        "PDP_ETAT": str(tmp_path),
        "PDP_SMS_PORT": str(port),
        "PDP_SECRET_PARTENAIRES": SECRET_B64,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    adresse = f"http://127.0.0.1:{port}"
    with subprocess.Popen([sys.executable, "-m", "pdp.partners.passerelle_sms"], env=env, stderr=subprocess.PIPE) as programme:
        limite = time.monotonic() + 30
        while not _healthy(adresse):
            assert time.monotonic() < limite
            assert programme.poll() is None, programme.stderr.read()
            time.sleep(0.05)  # it tells that it is ready by answering only
        assert requests.get(f"{adresse}/compteurs", timeout=5).json() == {"recus": 0, "uniques": 0, "doublons": 0}
        assert requests.post(f"{adresse}/pannes", json={}, timeout=5).status_code == 404
        assert requests.post(f"{adresse}/messages", json={}, timeout=5).status_code == 401
        assert requests.get(f"{adresse}/accuses", timeout=5).status_code == 401
        programme.send_signal(signal.SIGTERM)
        programme.wait(15)


def _healthy(adresse: str) -> bool:
    try:
        return requests.get(f"{adresse}/sante", timeout=2).json() == {"ok": True}
    except requests.ConnectionError:
        return False
