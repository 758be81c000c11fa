"""Law, policy and platforms: from the files of the referential to the tables that decisions point to."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from sqlalchemy import Connection

from pdp.domain.partage import Partages
from pdp.domain.referentiel import Referentiel, ReferentielInvalide
from pdp.domain.regles import Regles
from pdp.referentiel import load_partages, load_referentiel, load_regles
from pdp.services.found_organisation import found_organisation
from pdp.storage.sql import query

PLATEFORMES = Path(__file__).resolve().parents[1] / "referentiel" / "plateformes.toml"


def referentiel() -> Referentiel:
    """Law and policy of this version, read once per process."""
    return load_referentiel()


def regles() -> Regles:
    """Rules of the signalement of this version, read once per process."""
    return load_regles()


def partages() -> Partages:
    """What each recipient may see in this version, with the words of its agreement, read once per process."""
    return load_partages()


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
    publish_textes(conn)
    plateformes = tomllib.loads(PLATEFORMES.read_text(encoding="utf-8"))["plateforme"]
    conn.execute(query("referentiel.publier_plateforme"), plateformes)
    found_organisation(conn)
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


def publish_textes(conn: Connection) -> None:
    """Add the texts of agreements that are new, close those that end. Raises ReferentielInvalide when a published one was rewritten."""
    publies = {ligne.version: ligne for ligne in conn.execute(query("referentiel.lister_textes"))}
    for p in partages().partages:
        connu = publies.get(p.version)
        if connu is None:
            classes = json.dumps({classe.cle: list(classe.champs) for classe in p.classes})
            ligne = {"version": p.version, "plateforme": p.plateforme, "destinataire": p.destinataire, "texte": p.lu, "finalite": p.pour}
            periode = {"partage": classes, "du": p.du, "au": p.au, "empreinte": p.empreinte}
            conn.execute(query("referentiel.publier_texte"), {**ligne, **periode})
        elif bytes(connu.empreinte) != p.empreinte:
            raise ReferentielInvalide(f"Le texte « {p.version} » a déjà été publié avec d'autres mots : donnez-lui une autre version.")
        elif connu.au != p.au:
            conn.execute(query("referentiel.fermer_texte"), {"version": p.version, "au": p.au})
    conn.execute(query("referentiel.rattacher_accords"))


def list_plateformes(conn: Connection) -> list[str]:
    """Ids of the platforms, in order; DAG tasks are mapped over them."""
    return list(conn.execute(query("referentiel.lister_plateformes")).scalars())
