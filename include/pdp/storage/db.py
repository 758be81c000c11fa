"""Connections and transactions: one engine per role, one signed context per transaction.

A person's transaction runs under the PostgreSQL role of his or her function (``SET LOCAL ROLE``) and carries a context
signed with a key that SQL cannot read: row level security believes that context only. A forged context shows no row.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256

from sqlalchemy import Connection, Engine, create_engine, text

from pdp import clock
from pdp.config import settings
from pdp.domain.auteur import Auteur
from pdp.errors import AccesRefuse
from pdp.storage.erreurs_base import hide_donnees

ROLES_SQL = {
    "csam": "pdp_role_csam",
    "medecin_conseil": "pdp_role_medecin",
    "partenaire": "pdp_role_partenaire",
    "responsable": "pdp_role_responsable",
    "evaluateur": "pdp_role_evaluateur",
    "assure": "pdp_role_assure",
    "lien": "pdp_role_lien",
    "mesure": "pdp_role_mesure",
}
_SET_ROLE = {role: text(f"SET LOCAL ROLE {role}") for role in ROLES_SQL.values()}
_SET_CONTEXTE = text(
    "SELECT set_config('pdp.contexte', :contexte, true), set_config('pdp.passage', :passage, true),"
    " set_config('pdp.instant', :instant, true)"
)
_READ_ONLY = text("SET TRANSACTION READ ONLY")
_OPTIONS = "-c timezone=UTC -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"


@lru_cache(maxsize=8)
def engine(url: str) -> Engine:
    """Engine of a role; connections are checked before use so that a database restart heals by itself."""
    return create_engine(
        url,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=10,
        hide_parameters=True,  # an error ends in a log
        connect_args={"options": _OPTIONS, "connect_timeout": 2},
    )


os.register_at_fork(after_in_child=engine.cache_clear)


def sign_contexte(auteur: Auteur) -> str:
    """``type|id|role|plateforme|partenaire|signature`` as ``securite.contexte()`` verifies it."""
    message = "|".join((auteur.type, auteur.id, auteur.role, auteur.plateforme_id or "", auteur.partenaire_id or ""))
    signature = hmac.new(settings().cle_contexte, message.encode(), sha256).hexdigest()
    return f"{message}|{signature}"


@contextmanager
def _transaction(moteur: Engine) -> Iterator[Connection]:
    """One transaction; an error of the database leaves it without the values that were given."""
    try:
        with moteur.begin() as conn:
            yield conn
    except Exception as erreur:
        hide_donnees(erreur)
        raise


@contextmanager
def begin(url: str, auteur: Auteur, passage: str | None = None, *, instantane: bool = False) -> Iterator[Connection]:
    """One transaction of the batch side (``pdp_app`` or ``pdp_expediteur``), committed at the end, rolled back on error.

    ``passage`` is the opaque id of the DAG run; journal rows carry it, so that a run leads to the people it touched.
    ``instantane``: every statement sees the facts of one same instant (REPEATABLE READ), for what must add up.
    """
    moteur = engine(url)
    with _transaction(moteur.execution_options(isolation_level="REPEATABLE READ") if instantane else moteur) as conn:
        conn.execute(_SET_CONTEXTE, {"contexte": sign_contexte(auteur), "passage": passage or "", "instant": clock.now().isoformat()})
        yield conn


@contextmanager
def begin_as(auteur: Auteur, *, lecture: bool = False) -> Iterator[Connection]:
    """One transaction of a person signed in to the portal, under the role of his or her function.

    ``lecture`` makes it read-only: a page that is only looked at cannot write, whatever its code does.
    """
    role = ROLES_SQL.get(auteur.role)
    if role is None:
        raise AccesRefuse("Votre fonction ne donne pas accès à cet écran.", code="unknown_role")
    with _transaction(engine(settings().url_portail)) as conn:
        if lecture:
            conn.execute(_READ_ONLY)
        conn.execute(_SET_CONTEXTE, {"contexte": sign_contexte(auteur), "passage": "", "instant": clock.now().isoformat()})
        conn.execute(_SET_ROLE[role])
        yield conn


@contextmanager
def begin_portail() -> Iterator[Connection]:
    """One transaction of the portal itself (sign-in, sessions): sees no case."""
    with _transaction(engine(settings().url_portail)) as conn:
        yield conn
