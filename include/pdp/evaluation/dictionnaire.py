"""The data dictionary: comments of the database, as Table Schema and as a page to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from pdp.errors import DonneeInvalide
from pdp.storage.sql import query

_TYPES = {"text": "string", "integer": "integer", "bigint": "integer", "boolean": "boolean"}
_MOTS = {"string": "texte", "integer": "entier", "number": "nombre", "boolean": "oui/non"}


@dataclass(frozen=True)
class Colonne:
    """A published column; ``type`` is a type of Table Schema."""

    nom: str
    type: str
    sens: str
    obligatoire: bool
    cle: bool


@dataclass(frozen=True)
class TableDecrite:
    """A published table and the meaning of its columns."""

    nom: str
    sens: str
    colonnes: tuple[Colonne, ...]

    def as_schema(self) -> dict[str, Any]:
        """Table Schema (Frictionless v1)."""
        champs = [
            {"name": c.nom, "type": c.type, "description": c.sens, **({"constraints": {"required": True}} if c.obligatoire else {})}
            for c in self.colonnes
        ]
        return {"fields": champs, "primaryKey": [c.nom for c in self.colonnes if c.cle], "missingValues": [""]}


def describe(conn: Connection, nom: str, relation: str) -> TableDecrite:
    """Dictionary of ``relation`` under the published name ``nom``; a column nobody explained is refused."""
    lignes = conn.execute(query("evaluation.list_colonnes"), {"relation": relation}).all()
    muettes = [ligne.nom for ligne in lignes if not ligne.sens]
    if not lignes or muettes or not lignes[0].table_sens:
        raise DonneeInvalide(f"La table « {nom} » n'est pas entièrement décrite : rien n'est publié.", code=f"undescribed_table:{nom}")
    colonnes = tuple(Colonne(c.nom, _TYPES.get(c.type, "number"), c.sens, c.obligatoire, c.cle) for c in lignes)
    return TableDecrite(nom, lignes[0].table_sens, colonnes)


def render_markdown(tables: Sequence[TableDecrite]) -> str:
    """The dictionary as a page."""
    presentation = Path(__file__).with_name("presentation.md").read_text(encoding="utf-8")
    lignes = ["# Dictionnaire des tables d'évaluation", "", presentation]
    for table in tables:
        lignes += [
            f"## {table.nom}",
            "",
            f"{table.sens}.",
            "",
            "| Colonne | Type | Clé | Vide possible | Sens |",
            "| --- | --- | --- | --- | --- |",
        ]
        lignes += [
            f"| `{c.nom}` | {_MOTS[c.type]} | {'oui' if c.cle else ''} | {'' if c.obligatoire else 'oui'} | {c.sens} |"
            for c in table.colonnes
        ]
        lignes.append("")
    return "\n".join(lignes)
