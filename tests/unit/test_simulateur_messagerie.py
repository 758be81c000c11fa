"""The simulated operator as a process: it answers, keeps what it has over a restart, and stops when it is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from messagerie import DOMAINE, connect
from pdp.config import settings
from pdp.embedded.ports import find_free_port, is_free
from pdp.partners.accuses_courriel import parse_courriel
from pdp.partners.boite import BoiteMuette, open_boite
from pdp.partners.contrat import Classe, Destinataire, Envoi
from pdp.partners.messagerie import deliver

CLE = UUID("11111111-2222-5333-8444-555555555555")
M = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


def _start(env: dict[str, str], port: int) -> subprocess.Popen[bytes]:
    processus = subprocess.Popen([sys.executable, "-m", "pdp.partners.simulateur_messagerie"], env=env, stderr=subprocess.PIPE)
    limite = time.monotonic() + 20
    while is_free(port):
        assert processus.poll() is None, processus.stderr and processus.stderr.read()
        assert time.monotonic() < limite
        time.sleep(0.05)  # a server tells that it is ready by answering only
    return processus


def _stop(processus: subprocess.Popen[bytes]) -> None:
    processus.send_signal(signal.SIGTERM)
    _, erreurs = processus.communicate(timeout=20)
    assert processus.returncode == 0, erreurs


def _read() -> list[str]:
    with open_boite(settings().boites["messagerie"]) as boite:
        return [parse_courriel(boite.read(uid) or b"").nature for uid in boite.list_uids(0, 10)]


def test_it_runs_as_the_demonstration_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smtp, imap = find_free_port(), find_free_port()
    connect(monkeypatch, smtp, imap)
    for nom, valeur in {"PDP_ETAT": str(tmp_path), "PDP_MSS_DELAI_S": "0", "PDP_ECHANGES": str(tmp_path / "echanges")}.items():
        monkeypatch.setenv(nom, valeur)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    cible = Destinataire("PF35", "N1", nom="Cabinet", adresse_securisee=f"humain@{DOMAINE}", plateforme="Plateforme")
    corps = {"orientation_id": str(CLE), "motif": "Aide.", "contenu": {"nom": "Zoé"}, "emise_at": M.isoformat()}
    processus = _start(env, imap)
    try:
        assert deliver(cible, Envoi(CLE, "orientation", corps), M).classe is Classe.LIVRE
        assert _read() == ["accuse", "humaine"]
    finally:
        _stop(processus)
    with pytest.raises(BoiteMuette):
        _read()
    processus = _start(env, imap)
    try:
        assert _read() == ["accuse", "humaine"]
    finally:
        _stop(processus)
