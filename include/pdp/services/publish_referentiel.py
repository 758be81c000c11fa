"""Law, policy and platforms: from the files of the referential to the tables that decisions point to."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from sqlalchemy import Connection

from pdp.domain.referentiel import Referentiel
from pdp.referentiel import load_referentiel
from pdp.storage.sql import query

PLATEFORMES = Path(__file__).resolve().parents[1] / "referentiel" / "plateformes.toml"


def referentiel() -> Referentiel:
    """Law and policy of this version, read once per process."""
    return load_referentiel()


def publish_referentiel(conn: Connection) -> int:
    """Copy values and platforms into the database; returns the number of values. A second call changes nothing.

    A value that left the files is removed unless it is the past of its key: decisions keep their text in their own rows.
    """
    conn.execute(query("referentiel.vider_parametres"))
    lignes = [
        {
            "identifiant": p.identifiant,
            "cle": p.cle,
            "tiroir": p.tiroir,
            "plateforme": p.plateforme,
            "valeur": None if p.valeur is None else json.dumps(p.valeur),
            "unite": p.unite,
            "comparateur": p.comparateur,
            "date_reference": p.date_reference,
            "du": p.du,
            "au": p.au,
            "source": p.source,
            "confiance": p.confiance,
            "verifie_le": p.verifie_le,
            "verifie_par": p.verifie_par,
            "note": p.note,
        }
        for p in referentiel()
    ]
    conn.execute(query("referentiel.inserer_parametre"), lignes)
    plateformes = tomllib.loads(PLATEFORMES.read_text(encoding="utf-8"))["plateforme"]
    conn.execute(query("referentiel.publier_plateforme"), plateformes)
    return len(lignes)


def list_plateformes(conn: Connection) -> list[str]:
    """Ids of the platforms, in order; DAG tasks are mapped over them."""
    return list(conn.execute(query("referentiel.lister_plateformes")).scalars())
