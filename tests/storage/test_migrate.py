"""Migrations: forward only, once, and a schema that documents and protects itself."""

from __future__ import annotations

import psycopg
import pytest

from pdp.storage import migrate as module
from pdp.storage.migrate import MigrationModifiee, list_migrations, migrate

SCHEMAS = ("pdp", "identite", "medical", "securite", "referentiel", "journal")


def test_second_migration_applies_nothing(base: str) -> None:
    assert migrate() == []


def test_edited_migration_is_refused(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    modifiees = [(nom, contenu + "\n-- edited") for nom, contenu in list_migrations()]
    monkeypatch.setattr(module, "list_migrations", lambda jusqu_a=None: modifiees)
    with pytest.raises(MigrationModifiee):
        migrate()


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_table_and_column_is_commented(admin: psycopg.Connection, schema: str) -> None:
    muettes = admin.execute(
        """SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum >= 0 AND NOT a.attisdropped
           WHERE n.nspname = %s AND c.relkind = 'r'
             AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)""",
        (schema,),
    ).fetchall()
    assert muettes == []


def test_row_level_security_is_forced_on_every_business_table(admin: psycopg.Connection) -> None:
    ouvertes = admin.execute(
        """SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'plateforme_id'
           WHERE n.nspname IN ('pdp', 'identite', 'medical', 'journal') AND c.relkind = 'r'
             AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"""
    ).fetchall()
    assert ouvertes == []
    sans_plateforme = admin.execute(
        """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname IN ('pdp', 'identite', 'medical') AND c.relkind = 'r'
             AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'plateforme_id')"""
    ).fetchall()
    assert {nom for (nom,) in sans_plateforme} == {
        "plateforme", "flux_fichier", "passage", "annulation_dsn", "boite",  # the partition itself, files, runs, hashes of employers,
        # mailboxes of the installation: no person
    }  # fmt: skip


def test_no_view_bypasses_row_level_security(admin: psycopg.Connection) -> None:
    vues = admin.execute(
        """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname IN ('pdp', 'identite', 'medical', 'journal') AND (c.relkind = 'm'
             OR (c.relkind = 'v' AND NOT coalesce(c.reloptions @> ARRAY['security_invoker=true'], false)))"""
    ).fetchall()
    assert vues == []
