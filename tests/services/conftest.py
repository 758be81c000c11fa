"""The outside of the exchange tests: simulated partners and a mail sink, on free ports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import fabrique
from fabrique import lot
from pdp.partners.simulateur_registre import Registre
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
