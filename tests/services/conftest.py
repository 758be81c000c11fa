"""The outside of the exchange tests (simulated partners and a mail sink, on free ports) and the people of the evaluation tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import fabrique
from fabrique import lot
from lien_partenaire import Courriels
from passerelle import passerelle
from pdp.partners.passerelle_sms import Messages
from pdp.partners.simulateur_registre import Registre
from population import Plantes, plant_population
from relais import SECRET_B64, boite, simulateur


@pytest.fixture
def monde(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Registre]]:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    with lot() as conn:
        fabrique.socle(conn)
    with simulateur(tmp_path) as (url, registre):
        yield url, registre


@pytest.fixture
def courriels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with boite(tmp_path) as (port, dossier):
        monkeypatch.setenv("PDP_SMTP_PORT", str(port))
        yield dossier


@pytest.fixture
def mails(base: str, courriels: Path, monkeypatch: pytest.MonkeyPatch) -> Courriels:
    """Mailbox of the partners reached by a link; the platforms are in place."""
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    with lot() as conn:
        fabrique.socle(conn)
    return Courriels.open(courriels)


@pytest.fixture
def plantes(base: str) -> Plantes:
    """Enough people for every published table to have rows."""
    with lot() as conn:
        fabrique.socle(conn)
        medecins = {p: fabrique.agent(conn, "medecin_conseil", p) for p in ("PF35", "PF57")}
    regles = {p: fabrique.delegation(medecin, p) for p, medecin in medecins.items()}
    with lot() as conn:
        return plant_population(conn, regles)


@pytest.fixture
def petite(base: str) -> fabrique.Dossier:
    """One parcours: the least there can be."""
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


@pytest.fixture
def sms(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Messages]]:
    """The simulated SMS gateway, known to the sender."""
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    with lot() as conn:
        fabrique.socle(conn)
    with passerelle(tmp_path) as (url, messages):
        monkeypatch.setenv("PDP_SMS_URL", url)
        yield url, messages
