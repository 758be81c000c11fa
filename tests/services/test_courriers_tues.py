"""Processes killed (SIGKILL) at the points where a file or a mail is half done: the next passage ends with one effect."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

import fabrique
from courriers import partenaire, relais, relais_messagerie
from fabrique import MAINTENANT, lot
from messagerie import BOITE, connect, operateur
from pdp.config import settings
from pdp.partners.simulateur_csv import answer_lots
from pdp.services.exchange_csv import export_lots
from pdp.services.read_boite import read_boites
from pdp.services.send_outbox import send_due
from pdp.services.take_reponses_csv import take_reponses
from relais_lecture import count, events, ligne

Admin = psycopg.Connection[Any]
PROGRAMME = """
import importlib, os, sys
from datetime import datetime
module, attribut, service, fonction, instant = sys.argv[1:]
cible = importlib.import_module(module)
*chemin, nom = attribut.split(".")
for etape in chemin:
    cible = getattr(cible, etape)
setattr(cible, nom, lambda *a, **k: os.kill(os.getpid(), 9))
getattr(importlib.import_module(service), fonction)(datetime.fromisoformat(instant))
"""


def kill_at(module: str, attribut: str, service: str, fonction: str) -> None:
    """Run a service in a process of its own that dies, without a word, at its call of ``attribut``."""
    arguments = [module, attribut, f"pdp.services.{service}", fonction, MAINTENANT.isoformat()]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    fini = subprocess.run([sys.executable, "-c", PROGRAMME, *arguments], env=env, capture_output=True, check=False, timeout=60)
    assert fini.returncode == -signal.SIGKILL, fini.stderr.decode()[-2000:]


def expire(admin: Admin) -> None:
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("UPDATE pdp.outbox SET bail_jusqu_a = clock_timestamp() - interval '1 second' WHERE etat = 'en_cours'")


@pytest.fixture
def echanges(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PDP_ECHANGES", str(tmp_path / "echanges"))
    settings.cache_clear()
    with lot() as conn:
        fabrique.socle(conn)
    return tmp_path / "echanges"


EXPORT = [
    ("pdp.partners.lot_csv", "write_whole"),  # claimed, nothing written
    ("pdp.partners.lot_csv", "Path.replace"),  # written beside, not named
    ("pdp.services.exchange_csv", "record_fichier"),  # in the folder, not recorded
]


@pytest.mark.parametrize(("module", "attribut"), EXPORT, ids=[a for _, a in EXPORT])
def test_a_batch_killed_half_way_is_one_file(echanges: Path, admin: Admin, module: str, attribut: str) -> None:
    cible = partenaire("csv")
    cas = [relais(cible), relais(cible)]
    kill_at(module, attribut, "exchange_csv", "export_lots")
    vus = {f.name: f.read_bytes() for f in echanges.rglob("envois/*.csv")}
    assert export_lots(MAINTENANT).traites == 0  # the lease of the dead still runs
    expire(admin)
    assert export_lots(MAINTENANT).traites == 2
    ecrits = {f.name: f.read_bytes() for f in echanges.rglob("envois/*.csv")}
    assert len(ecrits) == 1
    assert vus in ({}, ecrits)
    assert {ligne(admin, c.orientation)["etat"] for c in cas} == {"livre"}
    assert events(admin, "orientation_envoyee") == 2


@pytest.mark.parametrize("attribut", ["_conclude", "_settle", "os.replace"])
def test_an_answer_file_killed_half_way_is_taken_once(echanges: Path, admin: Admin, attribut: str) -> None:
    relais(partenaire("csv"))
    export_lots(MAINTENANT)
    assert answer_lots(echanges, MAINTENANT) == 1
    kill_at("pdp.services.take_reponses_csv", attribut, "take_reponses_csv", "take_reponses")
    take_reponses(MAINTENANT)
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 2  # accepted, and a meeting
    assert count(admin, "SELECT count(*) FROM pdp.echange_fichier WHERE etat = 'lu'") == 1
    assert len(list(echanges.rglob("reponses/traites/*.csv"))) == 1


@pytest.mark.parametrize("attribut", ["_keep", "_mark", "Boite.mark_seen"])
def test_a_mail_killed_half_way_is_applied_once(
    base: str, admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attribut: str
) -> None:
    with lot() as conn:
        fabrique.socle(conn)
    with operateur(tmp_path) as (boites, smtp, imap):
        connect(monkeypatch, smtp, imap)
        relais_messagerie("humain")
        send_due(MAINTENANT)
        kill_at("pdp.services.read_boite", attribut, "read_boite", "read_boites")
        assert boites.list_vus(BOITE) == []
        read_boites(MAINTENANT)
        assert boites.list_vus(BOITE) == [1]  # the receipt; what somebody wrote stays to be read
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 1
    assert count(admin, "SELECT count(*) FROM pdp.tache WHERE motif = 'lire_reponse'") == 1
