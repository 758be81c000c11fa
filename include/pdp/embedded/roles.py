"""Roles and databases of the cluster: the only step that needs an administrator's connection."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

LOGIN_ROLES = ("pdp_owner", "pdp_app", "pdp_portail", "pdp_expediteur", "pdp_evaluateur_sql")
FUNCTION_ROLES = (
    "pdp_role_csam",
    "pdp_role_medecin",
    "pdp_role_partenaire",
    "pdp_role_responsable",
    "pdp_role_evaluateur",
    "pdp_role_assure",
    "pdp_role_lien",
    "pdp_role_mesure",
)
GRANTS = (*((role, "pdp_portail") for role in FUNCTION_ROLES), ("pdp_role_evaluateur", "pdp_evaluateur_sql"))
_LOGIN = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOINHERIT NOREPLICATION PASSWORD {}")
_NOLOGIN = sql.SQL("NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOINHERIT NOREPLICATION")


def ensure_roles_and_databases(superuser_dsn: str, passwords: Mapping[str, str], base: str = "pdp") -> None:
    """Create or bring in line every role and both databases; a second call changes nothing but the passwords given.

    ``passwords`` maps each of ``LOGIN_ROLES`` to its password (``KeyError`` when one is missing). With an ``airflow`` entry
    the role and database of Airflow's own metadata are made too. ``base`` names the business database.
    """
    with psycopg.connect(superuser_dsn, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(7240911)")  # several starters on one cluster take turns
        for role in LOGIN_ROLES:
            _ensure_role(conn, role, _login_options(conn, role, passwords[role]))
        for role in FUNCTION_ROLES:
            _ensure_role(conn, role, _NOLOGIN)
        for role, membre in GRANTS:
            conn.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(membre)))
        _ensure_database(conn, base, "pdp_owner", (*LOGIN_ROLES,))
        if "airflow" in passwords:
            _ensure_role(conn, "airflow", _login_options(conn, "airflow", passwords["airflow"]))
            _ensure_database(conn, "airflow", "airflow", ("airflow",))


def _login_options(conn: psycopg.Connection, role: str, mot_de_passe: str) -> sql.Composed:
    """The password leaves as a SCRAM verifier, so that no server log can ever hold it."""
    verificateur = conn.pgconn.encrypt_password(mot_de_passe.encode(), role.encode(), b"scram-sha-256").decode()
    return _LOGIN.format(sql.Literal(verificateur))


def _ensure_role(conn: psycopg.Connection, role: str, options: sql.Composable) -> None:
    existe = conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    verbe = sql.SQL("ALTER ROLE {} WITH " if existe else "CREATE ROLE {} WITH ").format(sql.Identifier(role))
    conn.execute(sql.SQL("{}{}").format(verbe, options))


def _ensure_database(conn: psycopg.Connection, base: str, proprietaire: str, visiteurs: tuple[str, ...]) -> None:
    """Only the named roles may connect: Airflow's role cannot even open the business database."""
    nom = sql.Identifier(base)
    if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (base,)).fetchone() is None:
        modele = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'")
        conn.execute(modele.format(nom, sql.Identifier(proprietaire)))
    conn.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(nom))
    for visiteur in visiteurs:
        conn.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(nom, sql.Identifier(visiteur)))
    # in PostgreSQL 15 a role without INHERIT does not hold what owning the database should give it in this schema
    with psycopg.connect(conn.info.dsn, password=conn.info.password, dbname=base, autocommit=True) as dans:
        dans.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(proprietaire)))
