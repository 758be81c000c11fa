"""Law, policy and platforms: from the files of the referential to the tables that decisions point to."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from sqlalchemy import Connection

from pdp.domain.referentiel import Referentiel
from pdp.domain.regles import Regles
from pdp.referentiel import load_referentiel, load_regles
from pdp.storage.sql import query

PLATEFORMES = Path(__file__).resolve().parents[1] / "referentiel" / "plateformes.toml"


def referentiel() -> Referentiel:
    """Law and policy of this version, read once per process."""
    return load_referentiel()


def regles() -> Regles:
    """Rules of the signalement of this version, read once per process."""
    return load_regles()


def publish_referentiel(conn: Connection) -> int:
    """Copy values, rules and platforms into the database; returns the number of values. A second call changes nothing.

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
    publish_regles(conn)
    plateformes = tomllib.loads(PLATEFORMES.read_text(encoding="utf-8"))["plateforme"]
    conn.execute(query("referentiel.publier_plateforme"), plateformes)
    return len(lignes)


def publish_regles(conn: Connection) -> None:
    """Copy the rules; a motive keeps its own sentence and lever, so that a rule may leave."""
    conn.execute(query("referentiel.vider_regles"))
    lignes = [
        {
            "identifiant": r.identifiant,
            "cle": r.cle,
            "version": r.version,
            "plateforme": r.plateforme,
            "du": r.du,
            "au": r.au,
            "phrase": r.phrase,
            "levier": r.levier,
            "source": r.source,
            "observation": r.observation,
            "parametre": r.parametre,
            "points": r.points,
            "fenetre": r.fenetre,
            "motif_categorie": r.motif_categorie,
            "groupe": r.groupe,
            "rang": r.rang,
        }
        for r in regles()
    ]
    conn.execute(query("referentiel.inserer_regle"), lignes)


def list_plateformes(conn: Connection) -> list[str]:
    """Ids of the platforms, in order; DAG tasks are mapped over them."""
    return list(conn.execute(query("referentiel.lister_plateformes")).scalars())
