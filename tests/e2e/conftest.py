"""One whole platform for the end-to-end tests: real PostgreSQL, real Airflow, portal, partner and mail simulators."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from pdp.config import settings
from pdp.embedded.etat import Etat
from pdp.embedded.stack import Stack
from pdp.simulation.scenario import run_scenario
from pdp.storage import db
from plateforme_e2e import Plateforme, aujourdhui


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes minutes of a machine of its own runs only when it is asked for."""
    if "long" not in str(config.option.markexpr):
        longs = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=longs)
        items[:] = [item for item in items if item not in longs]


def _say(message: str) -> None:
    print(message, flush=True)


@pytest.fixture(scope="package")
def plateforme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plateforme]:
    """Started once for all end-to-end tests; the environment of the test process is given back at the end."""
    avant = dict(os.environ)
    os.environ["PDP_COHORTE"] = "petite"
    racine = tmp_path_factory.mktemp("plateforme")
    for parent in (racine, *racine.parents[:2]):
        parent.chmod(0o711)  # as root, the database runs under another account, which must traverse pytest's own folders
    stack = Stack(Etat(racine / "etat"), _say)
    try:
        stack.up()
        client = stack.airflow_client()
        jour = aujourdhui()
        plateforme = Plateforme(stack, client, run_scenario(stack.env, client, _say), jour)
        plateforme.follow_jour()
        _close_connections(stack)
        yield plateforme
    finally:
        _close_connections(stack)
        stack.down()
        stack.etat.wipe()
        settings.cache_clear()
        os.environ.clear()
        os.environ.update(avant)


@pytest.fixture
def reglages(plateforme: Plateforme, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings of the running platform, for tests that come after one with its own database."""
    for nom, valeur in plateforme.stack.env.items():
        monkeypatch.setenv(nom, valeur)
    settings.cache_clear()
    yield
    _close_connections(plateforme.stack)
    settings.cache_clear()


def _close_connections(stack: Stack) -> None:
    """Engines of this platform, before anybody forgets them: another test's database clears the cache they are kept in."""
    for url in stack.env.values():
        if url.startswith("postgresql+psycopg://pdp_"):
            db.engine(url).dispose()
