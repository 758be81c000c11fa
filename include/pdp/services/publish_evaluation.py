"""Evaluators' tables: pseudonymised, small cells hidden, made aside and swapped in whole, exported as a data package."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.config import settings
from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.domain.porte import is_perte
from pdp.errors import ErreurPdp
from pdp.evaluation import marts
from pdp.evaluation.anonymat import REGROUPE, regroup
from pdp.evaluation.dictionnaire import TableDecrite, describe
from pdp.evaluation.indicateurs import RECULS, Mesure, build_delais, build_entonnoir, build_indicateurs
from pdp.evaluation.precision import build_precisions
from pdp.evaluation.pseudonyme import Pseudonymes
from pdp.evaluation.publication import TableExportee, prepare_dossier, publish_dossier, write_datapackage, write_table
from pdp.services.decide_porte import Couverture, is_acceptee, mark_utilisee, require_porte
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_evaluation import escape_formule
from pdp.storage import db, journal
from pdp.storage.sql import query

ETUDE = "suivi_pdp"


class PublicationEnCours(ErreurPdp):
    """Another publication runs; it will give the same tables."""

    code = "publication_en_cours"


class PublicationRetenue(ErreurPdp):
    """Much fewer lines than last time: the former publication stays until a person accepts."""

    code = "publication_retenue"

    def __init__(self, avant: int, apres: int, couvre: Couverture) -> None:
        super().__init__("La nouvelle publication perd beaucoup de lignes : elle attend l'accord d'une personne. Rien n'a été changé.")
        self.detail = {"lignes_avant": avant, "lignes_apres": apres}
        self.couvre = couvre


def publish_evaluation(
    url: str, auteur: Auteur, maintenant: datetime, exports: Path, *, etude: str = ETUDE, passage: str | None = None
) -> Bilan:
    """Publish, or hold a version that lost much and ask a person (``publication_retenue`` in the detail); see :func:`_publish`."""
    try:
        return _publish(url, auteur, maintenant, exports, etude=etude, passage=passage)
    except PublicationRetenue as retenue:
        with db.begin(url, auteur, passage) as conn:
            require_porte(conn, auteur, "publication", etude, None, retenue.detail, maintenant, retenue.couvre)
        return Bilan(detail={"publication_retenue": 1, **retenue.detail})


def _publish(url: str, auteur: Auteur, maintenant: datetime, exports: Path, *, etude: str = ETUDE, passage: str | None = None) -> Bilan:
    """Publish every table from the facts of one same instant; owns its transaction.

    All or nothing: until the commit readers see the previous publication, and a crash leaves it as it was. The files are written
    before the commit and named after it; a crash between the two is healed by the next call. The same facts and instant give the
    same files. ``etude`` names the study: the codes of two studies cannot be joined.

    Raises :class:`PublicationEnCours`, ``PublicationRetardee`` (long readers), ``ReferentielIncomplet`` (no threshold).
    """
    jour = jour_local(maintenant)
    seuil = referentiel().entier("petite_cellule_min", jour)
    with db.begin(url, auteur, passage, instantane=True) as conn:
        if not conn.execute(query("evaluation.claim_publication")).scalar():
            raise PublicationEnCours("Une publication est déjà en cours. Rien n'a été changé ; attendez qu'elle se termine.")
        _stage_population(conn, Pseudonymes(settings().cle_pseudonyme, etude), maintenant, seuil)
        _build_tables(conn, jour, seuil, maintenant)
        dossier = prepare_dossier(exports, jour)
        exportees = [_export(conn, nom, dossier) for nom in marts.TABLES]
        write_datapackage(dossier, exportees, maintenant=maintenant, etude=etude, seuil=seuil)
        _check_perte(conn, exportees, etude, jour)
        _record(conn, exportees, maintenant, etude)
        marts.swap(conn)
        mark_utilisee(conn, "publication", etude, maintenant)
    publish_dossier(dossier, jour)
    return Bilan(
        traites=len(exportees),
        detail={"lignes": sum(e.lignes for e in exportees), "cases_supprimees": sum(e.cases_supprimees for e in exportees)},
    )


def _stage_population(conn: Connection, codes: Pseudonymes, maintenant: datetime, seuil: int) -> None:
    """People, parcours and episodes of the population with their codes, in tables that end with the transaction."""
    marts.run_script(conn, "cohorte", "creer")
    personnes = conn.execute(query("evaluation.list_personnes"), {"maintenant": maintenant}).all()
    publiees = regroup(Counter((p.plateforme_id, p.tranche_age, p.sexe, p.motif_categorie) for p in personnes), seuil)
    marts.copy(conn, "cohorte_personne", (_person(p, codes, publiees) for p in personnes))
    identifiants = conn.execute(query("evaluation.list_identifiants"), {"maintenant": maintenant}).all()
    marts.copy(conn, "cohorte_code", ((i.id, codes.code(i.type, i.id)) for i in identifiants))
    conn.execute(query("evaluation.stage_parcours"))


def _person(p: Any, codes: Pseudonymes, publiees: dict[tuple[str, ...], tuple[str, ...]]) -> tuple[Any, ...]:
    publiee = publiees[p.plateforme_id, p.tranche_age, p.sexe, p.motif_categorie]
    return (
        p.assure_id,
        codes.code("personne", p.assure_id),
        p.plateforme_id,
        p.motif_categorie,
        p.j0,
        p.signal_le,
        f"{p.signal_le:%Y-%m}",
        *publiee,
        REGROUPE in publiee,
    )


def _build_tables(conn: Connection, jour: date, seuil: int, maintenant: datetime) -> None:
    for nom in marts.TABLES:
        marts.run_script(conn, nom, "creer")
    for nom in marts.INDIVIDUELLES:
        marts.execute(conn, nom, "remplir", {"jour": jour} if ":jour" in marts.sql_of(nom, "remplir") else None)
    conn.execute(query("evaluation.stage_suivi"), RECULS)
    _fill(conn, "entonnoir", build_entonnoir(marts.execute(conn, "entonnoir", "calculer").all(), seuil))
    mesures = [Mesure(**m._mapping) for m in marts.execute(conn, "indicateurs", "calculer", {"jour": jour, **RECULS})]
    delais, medianes = build_delais(marts.execute(conn, "indicateurs", "durees"))
    _fill(conn, "indicateurs", build_indicateurs([*mesures, *delais], medianes, seuil, jour))
    avis = marts.execute(conn, "precision_regles", "calculer", {"maintenant": maintenant})
    _fill(conn, "precision_regles", build_precisions(avis, seuil))


def _fill(conn: Connection, nom: str, lignes: Sequence[dict[str, Any]]) -> None:
    if lignes:
        marts.execute(conn, nom, "remplir", lignes)


def _check_perte(conn: Connection, exportees: Sequence[TableExportee], etude: str, jour: date) -> None:
    """Raises :class:`PublicationRetenue` for an unusual loss that nobody accepted."""
    avant, apres = conn.execute(query("evaluation.compter_publiees"), {"etude": etude}).scalar_one(), sum(e.lignes for e in exportees)
    baisse, minimum = (referentiel().entier(cle, jour) for cle in ("porte_publication_baisse_pct", "porte_publication_lignes_min"))

    def couvre(vu: Mapping[str, Any]) -> bool:
        """Somebody agreed to keep about as few lines: a new loss from there on is another question."""
        return not is_perte(vu["lignes_apres"], apres, baisse)

    if avant >= minimum and is_perte(avant, apres, baisse) and not is_acceptee(conn, "publication", etude, couvre):
        raise PublicationRetenue(avant, apres, couvre)


def _export(conn: Connection, nom: str, dossier: Path) -> TableExportee:
    return write_table(dossier, _describe(conn, nom), marts.execute(conn, nom, "lire"), escape_formule)


def _describe(conn: Connection, nom: str) -> TableDecrite:
    return describe(conn, nom, f"evaluation.{nom}_nouvelle")


def _record(conn: Connection, exportees: Sequence[TableExportee], maintenant: datetime, etude: str) -> None:
    lignes = [
        {
            "table_nom": e.decrite.nom,
            "lignes": e.lignes,
            "cases_supprimees": e.cases_supprimees,
            "empreinte": e.empreinte,
            "maintenant": maintenant,
            "etude": etude,
        }
        for e in exportees
    ]
    conn.execute(query("evaluation.record_publication"), lignes)
    journal.record(
        conn, "evaluation_publiee", plateforme_id=None, donnees={"tables": len(exportees), "lignes": sum(e.lignes for e in exportees)}
    )
