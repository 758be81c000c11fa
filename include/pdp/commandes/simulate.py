"""``pdp simulate``: play months with simulated people, on a PostgreSQL of its own thrown away at the end."""

from __future__ import annotations

import argparse
import base64
import json
import logging
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from pdp.config import settings
from pdp.dags_joues import Traitements
from pdp.domain.auteur import systeme
from pdp.embedded.postgres import EmbeddedPostgres
from pdp.embedded.roles import LOGIN_ROLES, ensure_roles_and_databases
from pdp.services.publish_referentiel import publish_referentiel
from pdp.simulation.annee import GRAINE, Annee, Plan, folders
from pdp.storage import db
from pdp.storage.migrate import migrate

BASE = "pdp_annee"
_URLS = {
    "PDP_DATABASE_URL_MIGRATION": "pdp_owner",
    "PDP_DATABASE_URL": "pdp_app",
    "PDP_DATABASE_URL_PORTAIL": "pdp_portail",
    "PDP_DATABASE_URL_EXPEDITEUR": "pdp_expediteur",
}
_CLES = ("PDP_CLE_NIR", "PDP_CLE_EMPREINTE", "PDP_CLE_CONTEXTE", "PDP_CLE_PSEUDONYME", "PDP_SECRET_PARTENAIRES")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--months", type=int, default=12, metavar="N", help="how many months, ending on a fixed day (12)")
    parser.add_argument("--people", type=int, default=0, metavar="N", help="people with a long absence (0: a whole average département)")
    parser.add_argument("--seed", type=int, default=GRAINE, metavar="S", help="same seed, same people and same faults")
    parser.add_argument("--outage-day", type=int, metavar="D", help="rank of the day on which nothing runs (the middle one; 0: none)")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")


def run(arguments: argparse.Namespace) -> dict[str, Any] | int:
    """Play on a PostgreSQL of its own, thrown away at the end."""
    debut = time.monotonic()
    plan = Plan.of_mois(arguments.months, graine=arguments.seed, personnes=arguments.people, panne=arguments.outage_day)
    with tempfile.TemporaryDirectory(prefix="pdp-annee-") as dossier, open_monde(Path(dossier)):
        resultat = Annee(plan, Traitements.load(), lambda mot: _say(mot, time.monotonic() - debut)).play()
    if arguments.json:
        return resultat
    for nom, valeur in resultat.items():
        print(f"{nom:28} {json.dumps(valeur, ensure_ascii=False) if isinstance(valeur, dict | list) else valeur}")
    return 0 if resultat["ok"] else 1


def _say(mot: str, secondes: float) -> None:
    print(f"[{secondes:6.1f} s] {mot}", file=sys.stderr, flush=True)


@contextmanager
def open_monde(dossier: Path) -> Iterator[None]:
    """A migrated database with its referential in ``dossier``; the settings of this process point to it until the end of the block."""
    avant = dict(os.environ)
    logging.getLogger("pdp").setLevel(logging.CRITICAL)  # partners that fail are played on purpose
    mots_de_passe = {role: secrets.token_urlsafe(12) for role in LOGIN_ROLES}
    postgres = EmbeddedPostgres(dossier / "pg", durable=False).start()
    try:
        admin = postgres.superuser_dsn()
        ensure_roles_and_databases(admin, mots_de_passe, base=BASE)
        url = make_url(admin).set(drivername="postgresql+psycopg", database=BASE)
        for nom, role in _URLS.items():
            os.environ[nom] = url.set(username=role, password=mots_de_passe[role]).render_as_string(hide_password=False)
        os.environ |= {nom: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() for nom in _CLES} | folders(dossier)
        settings.cache_clear()
        db.engine.cache_clear()
        migrate()
        with db.begin(settings().url_app, systeme("simulation")) as conn:
            publish_referentiel(conn)
        yield
    finally:
        db.engine.cache_clear()
        postgres.destroy()
        os.environ.clear()
        os.environ.update(avant)
        settings.cache_clear()
