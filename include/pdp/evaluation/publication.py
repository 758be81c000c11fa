"""The data package: one CSV per table and ``datapackage.json`` (Data Package v1), written aside then put in place."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pdp.config import RACINE
from pdp.evaluation.dictionnaire import TableDecrite
from pdp.evaluation.marts import AGREGATS, MARTS

POPULATION = (
    "Personnes ayant au moins un signalement transmis au tri (les signalements en veille ou remplacés ne comptent pas), "
    "toutes plateformes, vues à leur premier signalement."
)


@dataclass(frozen=True)
class TableExportee:
    """One written file."""

    decrite: TableDecrite
    lignes: int
    cases_supprimees: int
    empreinte: str
    octets: int


def write_table(dossier: Path, decrite: TableDecrite, lignes: Iterable[Sequence[Any]], escape: Callable[[Any], Any]) -> TableExportee:
    """CSV in UTF-8, header first; ``escape`` makes a text harmless for spreadsheets."""
    chemin = dossier / f"{decrite.nom}.csv"
    drapeau = next((rang for rang, c in enumerate(decrite.colonnes) if c.nom in ("supprime", "regroupe")), None)
    nombre = supprimees = 0
    with chemin.open("w", encoding="utf-8", newline="") as fichier:
        ecrivain = csv.writer(fichier, lineterminator="\n")
        ecrivain.writerow([c.nom for c in decrite.colonnes])
        for ligne in lignes:
            ecrivain.writerow([str(v).lower() if isinstance(v, bool) else escape(v) for v in ligne])
            nombre += 1
            supprimees += drapeau is not None and bool(ligne[drapeau])
    contenu = chemin.read_bytes()
    return TableExportee(decrite, nombre, supprimees, sha256(contenu).hexdigest(), len(contenu))


def write_datapackage(dossier: Path, exportees: Sequence[TableExportee], *, maintenant: datetime, etude: str, seuil: int) -> None:
    """Description of the package; depends on the facts and on ``maintenant`` only, never on the clock."""
    paquet = {
        "profile": "tabular-data-package",
        "name": "pdp-evaluation",
        "title": "Prévention de la désinsertion professionnelle : tables d'évaluation",
        "description": "Tables individuelles pseudonymisées, à accès restreint, et agrégats, seuls diffusables.",
        "version": code_version(),
        "created": maintenant.isoformat(),
        "pdp:instant_extraction": maintenant.isoformat(),
        "pdp:population": POPULATION,
        "pdp:etude": etude,
        "pdp:seuil_petites_cellules": seuil,
        "resources": [_resource(e) for e in exportees],
    }
    (dossier / "datapackage.json").write_text(json.dumps(paquet, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _resource(exportee: TableExportee) -> dict[str, Any]:
    nom = exportee.decrite.nom
    return {
        "profile": "tabular-data-resource",
        "name": nom.replace("_", "-"),
        "path": f"{nom}.csv",
        "description": exportee.decrite.sens,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": exportee.octets,
        "hash": f"sha256:{exportee.empreinte}",
        "pdp:lignes": exportee.lignes,
        "pdp:cases_supprimees": exportee.cases_supprimees,
        "pdp:diffusion": "diffusable" if nom in AGREGATS else "acces_restreint",
        "schema": exportee.decrite.as_schema(),
    }


def code_version() -> str:
    """Version of the package and a digest of what computes the tables, so that two extracts made differently can be told apart."""
    try:
        numero = version("pdp")
    except PackageNotFoundError:  # run from the source tree, without installation
        numero = "0.1.0"
    sources = sorted([*MARTS.glob("*.sql"), *Path(__file__).parent.glob("*.py"), RACINE / "sql" / "queries" / "evaluation.sql"])
    somme = sha256(b"".join(sha256(s.read_bytes()).digest() for s in sources)).hexdigest()
    return f"{numero}+{somme[:12]}"


def prepare_dossier(exports: Path, jour: date) -> Path:
    """Empty folder beside the one to publish; what a crashed run left there is removed."""
    dossier = exports / "evaluation" / f".{jour.isoformat()}.nouveau"
    shutil.rmtree(dossier, ignore_errors=True)
    dossier.mkdir(parents=True)
    return dossier


def publish_dossier(dossier: Path, jour: date) -> Path:
    """Put the prepared folder in place of the one of that day and return it; files are on disk before their name is."""
    for fichier in dossier.iterdir():
        with fichier.open("rb") as ouvert:
            os.fsync(ouvert.fileno())
    publie, ancien = dossier.with_name(jour.isoformat()), dossier.with_name(f".{jour.isoformat()}.ancien")
    shutil.rmtree(ancien, ignore_errors=True)
    if publie.exists():
        publie.rename(ancien)
    dossier.rename(publie)
    shutil.rmtree(ancien, ignore_errors=True)
    return publie
