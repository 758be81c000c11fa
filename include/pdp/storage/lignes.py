"""Rows of a named query as frozen dataclasses: the columns of the query are the fields of the class."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Connection

from pdp.storage.sql import query

T = TypeVar("T")


def list_lignes(conn: Connection, requete: str, classe: type[T], **parametres: Any) -> list[T]:
    """Every row of ``<subject>.<name>``; ``TypeError`` when columns and fields differ."""
    return [classe(**ligne._mapping) for ligne in conn.execute(query(requete), parametres)]


def find_ligne(conn: Connection, requete: str, classe: type[T], **parametres: Any) -> T | None:
    """The only row, None when there is none."""
    ligne = conn.execute(query(requete), parametres).one_or_none()
    return None if ligne is None else classe(**ligne._mapping)
