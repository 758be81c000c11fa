"""Named SQL: every statement lives in ``sql/queries/<subject>.sql`` under a ``-- name:`` line."""

from __future__ import annotations

import re
from functools import cache

from sqlalchemy import TextClause, text

from pdp.config import RACINE

REQUETES = RACINE / "sql" / "queries"
_NOM = re.compile(r"^-- name: (?P<nom>[a-z0-9_]+)\s*$", re.MULTILINE)


@cache
def _load(sujet: str) -> dict[str, str]:
    contenu = (REQUETES / f"{sujet}.sql").read_text(encoding="utf-8")
    morceaux = _NOM.split(contenu)[1:]
    requetes = dict(zip(morceaux[::2], morceaux[1::2], strict=True))
    if len(requetes) != len(morceaux) // 2:
        raise ValueError(f"duplicate query name in {sujet}.sql")
    return requetes


@cache
def query(nom: str) -> TextClause:
    """Statement ``<subject>.<name>`` with bound parameters ``:param``; ``KeyError`` when it does not exist."""
    sujet, _, requete = nom.partition(".")
    return text(_load(sujet)[requete].strip().rstrip(";"))
