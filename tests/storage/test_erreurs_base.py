"""An error of the database ends in a log: it says what was refused, never with which values."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from fabrique import auteur_agent, lot, socle
from pdp.storage import db
from pdp.storage import flux_repository as depot_flux
from pdp.storage.erreurs_base import hide_donnees

SECRET = "Kervella"
_SANS_COMMUNE = text(
    "INSERT INTO identite.assure (plateforme_id, id_source, nir_chiffre, nir_empreinte, nom, prenom, date_naissance, sexe,"
    " mis_a_jour_source_at, connu_at) VALUES ('PF35', 'A1', '', '', :nom, 'Anne', '1980-01-01', 'F', now(), now())"
)


def insert_incomplet(conn: Connection) -> None:
    conn.execute(_SANS_COMMUNE, {"nom": SECRET})


def cast_faux(conn: Connection) -> None:
    conn.execute(text("SELECT cast(:nom AS date)"), {"nom": SECRET})


def copy_fausse(conn: Connection) -> None:
    depot_flux.create_lu(conn, "arrets_prescrits")
    with conn.connection.cursor().copy("COPY lu_arrets_prescrits FROM STDIN") as copie:
        copie.write(f"00000000-0000-0000-0000-000000000000\t1\t{SECRET}\t{SECRET}\t{SECRET}\n".encode())


@pytest.mark.parametrize(
    ("geste", "classe", "reste"),
    [
        (insert_incomplet, DBAPIError, 'null value in column "commune_insee"'),
        (cast_faux, DBAPIError, "SQLSTATE 22007"),
        (copy_fausse, psycopg.Error, "SQLSTATE 22007"),
    ],
)
def test_an_error_says_no_value(base: str, geste: Callable[[Connection], None], classe: type[Exception], reste: str) -> None:
    with lot() as conn:
        socle(conn)
    with pytest.raises(classe) as prise, lot() as conn:
        geste(conn)
    trace = "".join(traceback.format_exception(prise.value))
    assert reste in str(prise.value)
    assert SECRET not in trace
    hide_donnees(prise.value)
    assert reste in str(prise.value)


def test_an_error_carried_by_another_says_none_either(base: str) -> None:
    with lot() as conn:
        socle(conn)

    def fail() -> None:
        with db.begin_as(auteur_agent(UUID(int=1))) as conn:
            try:
                cast_faux(conn)
            except DBAPIError as erreur:
                raise RuntimeError("refused") from erreur

    with pytest.raises(RuntimeError) as prise:
        fail()
    assert SECRET not in "".join(traceback.format_exception(prise.value))
