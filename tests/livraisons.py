"""Feed files for tests: lines, files, and what the database holds after them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psycopg

from fabrique import MAINTENANT, TEST, lot
from pdp.domain.nir import build_nir_synthetique
from pdp.services.ingest_flux import BilanFlux, ingest_fichier
from pdp.storage.flux_csv import load_schema


def nir(rang: int) -> str:
    return build_nir_synthetique(sexe="F", annee=1980, mois=4, departement="35", rang=rang)


def ligne_assure(rang: int, maj: str = "2026-09-01T07:00:00Z", telephone: str = "0639980000", departement: str = "35") -> str:
    commune = f"{departement}238" if departement == "35" else f"{departement}463"
    return f"351-{rang};{nir(rang)};NOM{rang};Zoé;1980-04-12;F;{commune};{departement};{telephone};;telephone;;fr;salarie;{maj}"


def ligne_arret(
    avis: str, assure: int = 1, fin: str = "2026-09-15", recu: str = "2026-09-02T08:00:00Z", annule: str = "non", motif: str = "F32"
) -> str:
    return f"{avis};351-{assure};2026-09-01;{fin};initiale;maladie;non;{motif};non;;non;{recu};e_aat;{annule}"


def write_fichier(dossier: Path, flux: str, lignes: list[str], jour: str = "2026-10-01", fin: str | None = None) -> Path:
    chemin = dossier / f"{flux}_{jour}.csv"
    contenu = [";".join(load_schema(flux).colonnes), *lignes, fin or f"#FIN;{len(lignes)}", ""]
    chemin.write_text("\n".join(contenu), encoding="utf-8")
    return chemin


def age(chemin: Path, secondes: int = 3600) -> Path:
    """As if nobody had written to the file for a while: a cut file is then a cut file, and no longer one that is being written."""
    etat = chemin.stat()
    os.utime(chemin, (etat.st_atime - secondes, etat.st_mtime - secondes))
    return chemin


def ingest(dossier: Path, flux: str, lignes: list[str], jour: str = "2026-10-01") -> BilanFlux:
    chemin = write_fichier(dossier, flux, lignes, jour)
    with lot() as conn:
        bilan = ingest_fichier(conn, chemin, TEST, MAINTENANT)
    chemin.unlink()
    return bilan


def counts(bilan: BilanFlux) -> tuple[int, int, int, int]:
    return bilan.lignes, bilan.admises, bilan.inchangees, bilan.rejetees


def list_arrets(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """Current prescriptions and their motif, without the ids that chance decides."""
    return admin.execute(
        """SELECT p.id_avis, a.id_source, p.date_fin, p.annule, p.motif_categorie, m.code_cim10, p.recu_source_at, p.version_empreinte
           FROM pdp.arret_prescrit p JOIN identite.assure a ON a.id = p.assure_id LEFT JOIN medical.motif_arret m ON m.arret_id = p.id
           ORDER BY p.id_avis"""
    ).fetchall()


def count(admin: psycopg.Connection[Any], table: str) -> int:
    ligne = admin.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert ligne is not None
    return ligne[0]


def list_quarantaine(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return admin.execute(
        "SELECT numero_ligne, champ, code, plateforme_id, resolution FROM identite.quarantaine ORDER BY connu_at, numero_ligne"
    ).fetchall()
