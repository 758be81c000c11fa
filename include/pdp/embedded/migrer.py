"""``pdp migrate``: roles and databases with an administrator's URL, then the migrations. A job of the distributed form."""

from __future__ import annotations

import argparse
import os
import sys

from sqlalchemy import make_url

from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.embedded.roles import ensure_roles_and_databases
from pdp.services.publish_referentiel import publish_referentiel
from pdp.storage import db
from pdp.storage.migrate import migrate

ADMIN = "PDP_DATABASE_URL_ADMIN"
_URLS = (
    "PDP_DATABASE_URL_MIGRATION",
    "PDP_DATABASE_URL",
    "PDP_DATABASE_URL_PORTAIL",
    "PDP_DATABASE_URL_EXPEDITEUR",
    "PDP_DATABASE_URL_EVALUATEUR",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--roles-only", action="store_true", help=f"roles and databases only (needs {ADMIN})")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")


def passwords_of_environment() -> dict[str, str]:
    """Password of each login role, taken from the URLs that the services will use: one source, no mismatch."""
    urls = (make_url(os.environ[nom]) for nom in _URLS if os.environ.get(nom))
    return {str(url.username): str(url.password) for url in urls if url.username and url.password}


def prepare_database() -> list[str]:
    """Migrations, then law, policy and platforms as this version has them. Twice gives the same database."""
    appliquees = migrate(settings().url_migration)
    with db.begin(settings().url_app, systeme("publish_referentiel")) as conn:
        publish_referentiel(conn)
    return appliquees


def run(arguments: argparse.Namespace) -> dict[str, object] | int:
    """Twice gives the same database. Without the administrator's URL the roles must exist already."""
    administrateur = os.environ.get(ADMIN)
    if arguments.roles_only and not administrateur:
        raise RuntimeError(f"{ADMIN} is not set")
    if administrateur:
        base = make_url(settings().url_migration).database or "pdp"
        dsn = make_url(administrateur).set(drivername="postgresql").render_as_string(hide_password=False)
        ensure_roles_and_databases(dsn, passwords_of_environment(), base)
    appliquees = [] if arguments.roles_only else prepare_database()
    print(f"pdp migrate: {len(appliquees)} migration(s) applied", file=sys.stderr)
    return {"ok": True, "migrations": appliquees} if arguments.json else 0
