"""Fixtures: one real PostgreSQL per session, one fresh migrated database per test that asks for it."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from xdist.scheduler import LoadScopeScheduling

from pdp.config import settings
from pdp.embedded.postgres import EmbeddedPostgres
from pdp.embedded.roles import LOGIN_ROLES, ensure_roles_and_databases
from pdp.storage import db
from pdp.storage.migrate import migrate

MOTS_DE_PASSE = {role: secrets.token_urlsafe(12) for role in LOGIN_ROLES}
CLES = {
    f"PDP_CLE_{nom}": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() for nom in ("NIR", "EMPREINTE", "CONTEXTE", "PSEUDONYME")
}
URLS = {
    "PDP_DATABASE_URL_MIGRATION": "pdp_owner",
    "PDP_DATABASE_URL": "pdp_app",
    "PDP_DATABASE_URL_PORTAIL": "pdp_portail",
    "PDP_DATABASE_URL_EXPEDITEUR": "pdp_expediteur",
}


class ParFichier(LoadScopeScheduling):
    """Several workers: the tests of a file stay together, and those of the whole platform, which they share."""

    def _split_scope(self, nodeid: str) -> str:
        fichier = nodeid.partition("::")[0]
        return "tests/e2e" if fichier.startswith("tests/e2e/") else fichier


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ParFichier:
    return ParFichier(config, log)


def _environment(port: int, base: str) -> dict[str, str]:
    urls = {nom: f"postgresql+psycopg://{role}:{MOTS_DE_PASSE[role]}@127.0.0.1:{port}/{base}" for nom, role in URLS.items()}
    return {**CLES, **urls}


@pytest.fixture(scope="session")
def pg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server with the roles of the platform and a migrated template database."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("pg") / "data", durable=False) as serveur:
        ensure_roles_and_databases(serveur.superuser_dsn(), MOTS_DE_PASSE, base="pdp_modele")
        with pytest.MonkeyPatch.context() as env:
            for nom, valeur in _environment(serveur.port, "pdp_modele").items():
                env.setenv(nom, valeur)
            migrate()
        yield serveur


@pytest.fixture(scope="session")
def mots_de_passe() -> dict[str, str]:
    """Password of each role that signs in. A fixture: importing this file a second time would draw others."""
    return MOTS_DE_PASSE


@pytest.fixture(scope="session")
def reglages_des_roles() -> dict[str, str]:
    """Setting that holds the address of each role."""
    return dict(URLS)


class Bases:
    """Fresh databases, the next one made while a test works on the current one: a copy costs as much as many tests.

    One connection for all: opening one reads the environment of the process, which the fixtures of the main thread are changing meanwhile
    (getenv beside setenv reads freed memory).
    """

    def __init__(self, dsn: str) -> None:
        self._admin = psycopg.connect(dsn, autocommit=True)
        self._atelier = ThreadPoolExecutor(1)
        self._suivante = self._atelier.submit(self._create)

    def take(self) -> str:
        """Name of a database that nobody has used."""
        nom = self._suivante.result()
        self._suivante = self._atelier.submit(self._create)
        return nom

    def drop(self, nom: str) -> None:
        """Drop it some time later."""
        self._atelier.submit(self._execute, "DROP DATABASE {} WITH (FORCE)", nom)

    def close(self) -> None:
        self._atelier.shutdown()
        self._admin.close()

    def _create(self) -> str:
        nom = f"pdp_{secrets.token_hex(6)}"
        self._execute("CREATE DATABASE {} TEMPLATE pdp_modele STRATEGY file_copy OWNER pdp_owner", nom)  # wal_log takes twice as long
        return nom

    def _execute(self, requete: str, nom: str) -> None:
        self._admin.execute(sql.SQL(requete).format(sql.Identifier(nom)))


@pytest.fixture(scope="session")
def bases(pg: EmbeddedPostgres) -> Iterator[Bases]:
    """Where fresh databases come from."""
    atelier = Bases(pg.superuser_dsn())
    yield atelier
    atelier.close()


@pytest.fixture
def base(pg: EmbeddedPostgres, bases: Bases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Name of a fresh database; settings, keys and folders of the process point to it."""
    nom = bases.take()
    for variable, valeur in _environment(pg.port, nom).items():
        monkeypatch.setenv(variable, valeur)
    for variable, dossier in (("PDP_DEPOT", "depot"), ("PDP_EXPORTS", "exports")):
        (tmp_path / dossier).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / dossier))
    if "PDP_SMTP_PORT" not in os.environ:  # the mail sink of a platform that runs beside is not the one of this test
        monkeypatch.setenv("PDP_SMTP_PORT", "9")
    settings.cache_clear()
    yield nom
    for url in _environment(pg.port, nom).values():
        if url.startswith("postgresql"):
            db.engine(url).dispose()
    db.engine.cache_clear()
    bases.drop(nom)


@pytest.fixture
def admin(pg: EmbeddedPostgres, base: str) -> Iterator[psycopg.Connection[Any]]:
    """Superuser connection to the test's database: to look behind row level security, never to do the work."""
    with psycopg.connect(pg.superuser_dsn(base), autocommit=True) as conn:
        yield conn
