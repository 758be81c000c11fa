"""Named SQL: every statement lives in ``sql/queries/<subject>.sql`` under a ``-- name:`` line."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from sqlalchemy import TextClause, text

from pdp.config import RACINE

REQUETES = RACINE / "sql" / "queries"
_NOM = re.compile(r"^-- name: (?P<nom>[a-z0-9_]+)\s*$", re.MULTILINE)


@cache
def load_fichier(chemin: Path) -> dict[str, str]:
    """Statements of one file by name; ``ValueError`` when a name is given twice."""
    morceaux = _NOM.split(chemin.read_text(encoding="utf-8"))[1:]
    requetes = dict(zip(morceaux[::2], morceaux[1::2], strict=True))
    if len(requetes) != len(morceaux) // 2:
        raise ValueError(f"duplicate query name in {chemin.name}")
    return requetes


@cache
def query(nom: str) -> TextClause:
    """Statement ``<subject>.<name>`` with bound parameters ``:param``; ``KeyError`` when it does not exist."""
    sujet, _, requete = nom.partition(".")
    return text(load_fichier(REQUETES / f"{sujet}.sql")[requete].strip().rstrip(";"))
