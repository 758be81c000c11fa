"""The database of a benchmark: our own PostgreSQL, durable, set as the platform sets it; one business database per size of stock."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.embedded.postgres import EmbeddedPostgres
from pdp.embedded.roles import LOGIN_ROLES, ensure_roles_and_databases
from pdp.services.publish_referentiel import publish_referentiel
from pdp.storage import db
from pdp.storage.migrate import migrate

URL = "PDP_BENCH_URL"
ADMIN = "PDP_BENCH_ADMIN"
AUTEUR = systeme("bench")
_ROLES = {
    "PDP_DATABASE_URL_MIGRATION": "pdp_owner",
    "PDP_DATABASE_URL": "pdp_app",
    "PDP_DATABASE_URL_PORTAIL": "pdp_portail",
    "PDP_DATABASE_URL_EXPEDITEUR": "pdp_expediteur",
}
_CLES = ("NIR", "EMPREINTE", "CONTEXTE", "PSEUDONYME")


@dataclass(frozen=True)
class Serveur:
    """A server that may be filled and thrown away."""

    admin: str
    mots_de_passe: dict[str, str]
    cles: dict[str, str]

    def dsn(self, base: str) -> str:
        """Administrator's URL of one database: loading, the peers that are plain SQL, and looking behind row level security."""
        return make_url(self.admin).set(drivername="postgresql", database=base).render_as_string(hide_password=False)

    def environment(self, base: str) -> dict[str, str]:
        """Settings of the platform for one database."""
        url = make_url(self.admin).set(drivername="postgresql+psycopg", database=base)
        urls = {
            nom: url.set(username=role, password=self.mots_de_passe[role]).render_as_string(hide_password=False)
            for nom, role in _ROLES.items()
        }
        return {**self.cles, **urls, ADMIN: self.dsn(base)}

    def use(self, base: str) -> None:
        """Settings of this process point to `base`."""
        os.environ.update(self.environment(base))
        settings.cache_clear()
        db.engine.cache_clear()

    def create_base(self, base: str) -> None:
        """A migrated business database with its referential; nobody in it."""
        ensure_roles_and_databases(self.dsn("postgres"), self.mots_de_passe, base)
        self.use(base)
        migrate()
        with db.begin(settings().url_app, AUTEUR) as conn:
            publish_referentiel(conn)

    def drop_base(self, base: str) -> None:
        db.engine.cache_clear()
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(base)))


@contextmanager
def open_serveur(dossier: Path) -> Iterator[Serveur]:
    """Ours, in `dossier`, unless PDP_BENCH_URL names another (administrator's URL of a server without any platform on it)."""
    cles = {f"PDP_CLE_{nom}": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() for nom in _CLES}
    mots_de_passe = {role: secrets.token_urlsafe(12) for role in LOGIN_ROLES}
    url = os.environ.get(URL)
    if url:
        _refuse_platform(url)
        yield Serveur(url, mots_de_passe, cles)
        return
    postgres = EmbeddedPostgres(dossier / "pg").start()
    try:
        with psycopg.connect(postgres.superuser_dsn(), autocommit=True) as admin:
            for reglage, valeur in (("max_wal_size", "8GB"), ("checkpoint_timeout", "15min")):
                admin.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(reglage), sql.Literal(valeur)))
            admin.execute("SELECT pg_reload_conf()")
        yield Serveur(postgres.superuser_dsn(), mots_de_passe, cles)
    finally:
        postgres.destroy()  # the data may lie outside `dossier`, where the account of the server reaches them


def _refuse_platform(url: str) -> None:
    """The roles are given new passwords: never on a server where a platform lives."""
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = 'pdp'").fetchone():
            raise RuntimeError(f"{URL} names a server that holds a platform (database pdp): give a server of its own")
