"""Forward-only numbered migrations: plain SQL files, one subject each, one transaction each."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import Connection, create_engine, text

from pdp.config import RACINE, settings
from pdp.errors import ErreurPdp

MIGRATIONS = RACINE / "sql" / "migrations"
_VERROU = 7_240_912  # one migration at a time, whoever starts it
_IPAD, _OPAD = 0x36, 0x5C


class MigrationModifiee(ErreurPdp):
    """A migration already applied was edited: write a new one instead."""

    code = "migration_modifiee"


def list_migrations(jusqu_a: str | None = None) -> list[tuple[str, str]]:
    """(name, SQL) in order; ``jusqu_a`` stops after that name, to test upgrades from an older version."""
    fichiers = [f for f in sorted(MIGRATIONS.glob("[0-9]*.sql")) if jusqu_a is None or f.stem <= jusqu_a]
    return [(f.stem, f.read_text(encoding="utf-8")) for f in fichiers]


def _store_key(conn: Connection, cle: bytes) -> None:
    """HMAC pads of the context key: the definer function signs with them, no role can read them."""
    bloc = cle.ljust(64, b"\0")
    conn.execute(
        text(
            "INSERT INTO securite.cle_contexte (unique_ligne, interne, externe) VALUES (true, :i, :o)"
            " ON CONFLICT (unique_ligne) DO UPDATE SET interne = excluded.interne, externe = excluded.externe"
        ),
        {"i": bytes(b ^ _IPAD for b in bloc), "o": bytes(b ^ _OPAD for b in bloc)},
    )


def migrate(url: str | None = None, *, jusqu_a: str | None = None) -> list[str]:
    """Apply what is missing and return its names; a second call applies nothing.

    Raises :class:`MigrationModifiee` when the text of an applied migration changed.
    """
    moteur = create_engine(url or settings().url_migration)
    try:
        with moteur.connect() as conn:
            conn.execute(text("SELECT pg_advisory_lock(:v)"), {"v": _VERROU})
            appliquees = _apply(conn, jusqu_a)
            conn.execute(text("SELECT pg_advisory_unlock(:v)"), {"v": _VERROU})
            conn.commit()
    finally:
        moteur.dispose()
    return appliquees


def _apply(conn: Connection, jusqu_a: str | None) -> list[str]:
    conn.execute(
        text(
            "CREATE TABLE IF NOT EXISTS public.migration"
            " (nom text PRIMARY KEY, empreinte text NOT NULL, appliquee_at timestamptz NOT NULL DEFAULT now())"
        )
    )
    conn.commit()
    appliquees = []
    deja = dict(conn.execute(text("SELECT nom, empreinte FROM public.migration")).tuples().all())
    for nom, contenu in list_migrations(jusqu_a):
        empreinte = sha256(contenu.encode()).hexdigest()
        if nom in deja:
            if deja[nom] != empreinte:
                raise MigrationModifiee(f"La migration {nom} a été modifiée après coup.", code=f"migration_changed:{nom}")
            continue
        conn.connection.driver_connection.execute(contenu)  # no parameters: psycopg then takes several statements at once
        conn.execute(text("INSERT INTO public.migration (nom, empreinte) VALUES (:n, :e)"), {"n": nom, "e": empreinte})
        conn.commit()
        appliquees.append(nom)
    _store_key(conn, settings().cle_contexte)
    conn.commit()
    return appliquees
