"""The simulated partners: once per key, the same after a restart, the same answers for the same orientation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import requests

from pdp.config import settings
from pdp.domain.orientation import MOTIFS_REFUS, can_partenaire
from pdp.embedded.ports import find_free_port
from pdp.partners import http, simulateur_registre
from pdp.partners.contrat import Classe, Destinataire, Envoi, Page
from pdp.partners.simulateur_registre import Etape, Registre, script_of
from relais import SECRET_B64, simulateur

MAINTENANT = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    settings.cache_clear()
    yield
    settings.cache_clear()


def orientation(cle: UUID | None = None, **change: object) -> Envoi:
    corps = {"orientation_id": str(uuid4()), "dispositif": "spst", "motif": "m", "contenu": {}, "emise_at": "2026-11-18T08:00:00+00:00"}
    return Envoi(cle or uuid4(), "orientation", {**corps, **change})


def test_one_effect_per_key(tmp_path: Path) -> None:
    envoi = orientation()
    with simulateur(tmp_path) as (url, registre):
        cible = Destinataire("PF35", "SST-01", url)
        codes = [http.deliver(cible, envoi, MAINTENANT).code for _ in range(3)]
        autre = http.deliver(cible, orientation(envoi.cle), MAINTENANT)
        assert codes == ["http_201", "http_200", "http_200"]
        assert (autre.classe, autre.code) == (Classe.REFUSE, "http_409")
        assert registre.count()["uniques"] == 1


def test_memory_survives_a_restart(tmp_path: Path) -> None:
    envoi = orientation()
    for attendu in ("http_201", "http_200"):
        with simulateur(tmp_path) as (url, registre):
            assert http.deliver(Destinataire("PF35", "SST-01", url), envoi, MAINTENANT).code == attendu
    with simulateur(tmp_path) as (_, registre):
        assert registre.count() == {"recues": 2, "uniques": 1, "doublons": 1, "annulations": 0}


@pytest.mark.parametrize(
    ("plateforme", "partenaire", "chemin", "lus"),
    [("PF35", "SST-01", "", 1), ("PF35", "SST-01", "/p/SST-01", 1), ("PF35", "SST-02", "", 0), ("PF57", "SST-01", "", 0)],
)
def test_a_partner_reads_its_own_events_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plateforme: str, partenaire: str, chemin: str, lus: int
) -> None:
    monkeypatch.setattr(simulateur_registre, "script_of", lambda _: (Etape("acceptee"),))
    with simulateur(tmp_path) as (url, _):
        http.deliver(Destinataire("PF35", "SST-01", url), orientation(), MAINTENANT)
        assert len(http.fetch_evenements(Destinataire(plateforme, partenaire, url + chemin), None).evenements) == lus


def test_cursor_gives_each_event_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulateur_registre, "script_of", lambda _: (Etape("acceptee"), Etape("en_cours")))
    with simulateur(tmp_path) as (url, _):
        cible = Destinataire("PF35", "SST-01", url)
        http.deliver(cible, orientation(), MAINTENANT)
        premiere = http.fetch_evenements(cible, None)
        http.deliver(cible, orientation(), MAINTENANT)
        seconde = http.fetch_evenements(cible, premiere.curseur)
        assert [len(premiere.evenements), len(seconde.evenements)] == [2, 2]
        assert http.fetch_evenements(cible, seconde.curseur) == Page(seconde.curseur, ())


def test_nobody_gets_in_without_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with simulateur(tmp_path) as (url, registre):
        assert requests.post(f"{url}/orientations", json={}, timeout=5).status_code == 401
        assert requests.get(f"{url}/evenements", timeout=5).status_code == 401
        assert http.deliver(Destinataire("PF35", "SST-01", f"{url}/p/SST-02"), orientation(), MAINTENANT).code == "http_401"
        monkeypatch.setenv("PDP_SECRET_PARTENAIRES", "A" * 43 + "=")
        assert http.deliver(Destinataire("PF35", "SST-01", url), orientation(), MAINTENANT).code == "http_401"
        assert registre.count()["recues"] == 0


def test_malformed_orientation_is_refused(tmp_path: Path) -> None:
    with simulateur(tmp_path) as (url, _):
        assert http.deliver(Destinataire("PF35", "SST-01", url), orientation(contenu="texte"), MAINTENANT).code == "http_422"


def test_faults_are_closed_unless_asked_for(tmp_path: Path) -> None:
    with simulateur(tmp_path, pannes=False) as (url, _):
        assert requests.post(f"{url}/pannes", json={"status": 500, "nombre": 1}, timeout=5).status_code == 404


def test_scripts_are_possible_lives_and_always_the_same() -> None:
    sorts: Counter[str] = Counter()
    for rang in range(2000):
        identifiant = str(UUID(int=rang))
        script = script_of(identifiant)
        assert script == script_of(identifiant)
        for avant, apres in zip(["envoyee", *[e.statut for e in script]], [e.statut for e in script], strict=False):
            assert can_partenaire(avant, apres)
        for etape in script:
            assert (etape.statut == "refusee") == (etape.motif in MOTIFS_REFUS)
            assert (etape.statut == "realisee") == bool(etape.compte_rendu)
        sorts[script[-1].statut] += 1
    attendus = {"acceptee": 0.50, "realisee": 0.25, "refusee": 0.20, "recue": 0.05}
    assert set(sorts) == set(attendus)
    assert max(abs(sorts[statut] / 2000 - part) for statut, part in attendus.items()) < 0.03


def test_delay_spaces_the_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulateur_registre, "script_of", lambda _: (Etape("acceptee"), Etape("en_cours")))
    instant = [MAINTENANT]
    monkeypatch.setattr(simulateur_registre.clock, "now", lambda: instant[0])
    registre = Registre(tmp_path / "r.sqlite", delai_s=60)
    registre.receive("PF35", "S", "orientation", "c1", {"orientation_id": "o"}, b"{}")
    vus = []
    for secondes in (0, 59, 60, 120):
        instant[0] = MAINTENANT + timedelta(seconds=secondes)
        vus.append(len(registre.list_evenements("PF35", "S", None)[1]))
    assert vus == [0, 0, 1, 2]
    instant[0] = MAINTENANT + timedelta(seconds=70)
    assert registre.receive("PF35", "S", "annulation", "c2", {"orientation_id": "o"}, b"{}")[0] == 201
    assert registre.receive("PF35", "S", "annulation", "c3", {"orientation_id": "x"}, b"{}")[0] == 404
    instant[0] = MAINTENANT + timedelta(days=1)
    assert len(registre.list_evenements("PF35", "S", None)[1]) == 1  # nothing more is said after a withdrawal
    registre.close()


def test_it_starts_as_a_program_and_stops_on_a_signal(tmp_path: Path) -> None:
    port = find_free_port()
    env = {**os.environ, "PDP_ETAT": str(tmp_path), "PDP_PARTENAIRE_PORT": str(port), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-m", "pdp.partners.simulateur"], env=env, stderr=subprocess.PIPE) as programme:
        limite = time.monotonic() + 30
        while not _healthy(port):
            assert time.monotonic() < limite
            assert programme.poll() is None, programme.stderr.read()
            time.sleep(0.05)  # it tells that it is ready by answering only
        assert requests.get(f"http://127.0.0.1:{port}/compteurs", timeout=5).json()["recues"] == 0
        assert requests.post(f"http://127.0.0.1:{port}/pannes", json={}, timeout=5).status_code == 404
        programme.send_signal(signal.SIGTERM)
        programme.wait(15)


def _healthy(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/sante", timeout=2).json() == {"ok": True}
    except requests.ConnectionError:
        return False
