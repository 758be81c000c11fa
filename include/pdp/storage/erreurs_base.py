"""What the database says when it refuses, without the values it was given: an error ends in a log, where no name, NIR or motif may be."""

from __future__ import annotations

import psycopg
from sqlalchemy.exc import DBAPIError

_DONNEE_FAUSSE = "22"
"""Class of the SQLSTATE whose first sentence quotes the value ("invalid input syntax for type date: …")."""


def hide_donnees(erreur: BaseException) -> None:
    """Shorten, in place, an error of the database and those it comes from; a second call changes nothing.

    Kept: its class, its SQLSTATE, the name of the constraint, the statement. Lost: values, and the lines DETAIL and CONTEXT, where COPY
    quotes the line it was reading.
    """
    vues: set[int] = set()
    suite: BaseException | None = erreur
    while suite is not None and id(suite) not in vues:
        vues.add(id(suite))
        if isinstance(suite, DBAPIError):
            if isinstance(suite.orig, psycopg.Error):
                hide_donnees(suite.orig)
                suite.args = (f"({type(suite.orig).__name__}) {suite.orig}",)
        elif isinstance(suite, psycopg.Error):
            suite.args = (_describe(suite),)
        suite = suite.__cause__ or suite.__context__


def _describe(erreur: psycopg.Error) -> str:
    """An error that does not come from the server (connection lost…) quotes nothing: it is left as it is."""
    if erreur.sqlstate is None:
        return str(erreur)
    if erreur.sqlstate.startswith(_DONNEE_FAUSSE):
        return f"value refused by the database (SQLSTATE {erreur.sqlstate})"
    return f"{erreur.diag.message_primary or type(erreur).__name__} (SQLSTATE {erreur.sqlstate})"
