"""Ten times the data, whatever the tables: every row of the business schemas copied under other ids, then more rows on each case.

Nothing here knows a table by its name but those that are the place itself (platforms, people who work, partners, rules, accounts), so
that a table made tomorrow grows too.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

SCHEMAS = ["pdp", "identite", "medical", "journal"]
LIEU = frozenset({"pdp.plateforme", "pdp.dol_version", "pdp.dol_regle"})
GARDES = (
    "SELECT id FROM pdp.agent UNION SELECT id FROM pdp.partenaire UNION SELECT id FROM pdp.dol_version UNION SELECT id FROM pdp.dol_regle"
)
_TABLES = """
SELECT n.nspname || '.' || c.relname, array_agg(ARRAY[a.attname, format_type(a.atttypid, NULL), a.attidentity::text,
        (EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey))
            AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)))::text
    ] ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p') AND NOT c.relispartition GROUP BY 1 ORDER BY 1
"""
# Words of closed lists that no constraint of the table lists: a copy keeps them, even in a key.
_CODES = frozenset({"plateforme_id", "motif", "regle", "modele", "code"})
Admin = psycopg.Connection[Any]


def grow(admin: Admin, fois: int) -> None:
    """``fois`` times as many cases, then about as many rows on each; constraints that forbid a copy are obeyed by leaving it out."""
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")  # keys of the copies lead to copies: nothing to check, nobody to tell
        admin.execute(sql.SQL("CREATE TEMPORARY TABLE garde ON COMMIT DROP AS {}").format(sql.SQL(GARDES)))
        tables = [(nom, colonnes) for nom, colonnes in admin.execute(_TABLES, (SCHEMAS,)).fetchall() if nom not in LIEU]
        for nom, colonnes in tables:
            _copy(admin, nom, colonnes, fois, dans_le_cas=True)
        for nom, colonnes in tables:
            _copy(admin, nom, colonnes, fois, dans_le_cas=False)
    admin.execute("ANALYZE")


def _copy(admin: Admin, table: str, colonnes: list[list[str]], fois: int, *, dans_le_cas: bool) -> None:
    """``dans_le_cas``: more rows for the same parcours and people, else other parcours and other people."""
    noms = {nom for nom, *_ in colonnes}
    if dans_le_cas and (not noms & {"parcours_id", "assure_id"} or table == "pdp.parcours"):
        return
    cibles = [sql.Identifier(nom) for nom, _, identite, _ in colonnes if not identite]
    valeurs = [
        _other(nom, type_, unique == "true", table, dans_le_cas=dans_le_cas) for nom, type_, identite, unique in colonnes if not identite
    ]
    admin.execute(
        sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} t, generate_series(1, %s) k ON CONFLICT DO NOTHING").format(
            sql.Identifier(*table.split(".")), sql.SQL(", ").join(cibles), sql.SQL(", ").join(valeurs), sql.Identifier(*table.split("."))
        ),
        (fois - 1,),
    )


def _other(nom: str, type_: str, unique: bool, table: str, *, dans_le_cas: bool) -> sql.Composable:
    """Value of the copy: another id, another text where it must be unique, a later hour, else the same."""
    colonne = sql.Identifier("t", nom)
    propre = nom in ("id", "cle", "cle_saisie")
    if type_ == "uuid" and (propre or not dans_le_cas):
        autre = sql.SQL("md5({0}::text || '/' || k)::uuid").format(colonne)
        if table in ("pdp.agent", "pdp.partenaire"):
            return autre
        return sql.SQL("CASE WHEN {0} IN (SELECT id FROM garde) THEN {0} ELSE {1} END").format(colonne, autre)
    if type_ == "text" and (nom == "cause" or (unique and nom not in _CODES)):
        return sql.SQL("{} || '/' || k").format(colonne)
    if type_ == "bytea" and unique:
        return sql.SQL("sha256({} || k::text::bytea)").format(colonne)
    if type_ == "timestamp with time zone" and nom in ("debut_at", "fin_at"):
        return sql.SQL("{} + k * interval '1 day'").format(colonne)
    return colonne
