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


def ligne_identite(
    rang: int, numero_nir: str, maj: str, *, precedent: str = "", departement: str = "35", telephone: str = "0639980000"
) -> str:
    """Line of a file of insured people that has the optional column (see :data:`ENTETE_IDENTITE`)."""
    commune = f"{departement}238" if departement == "35" else f"{departement}463"
    return f"351-{rang};{numero_nir};NOM;Zoé;1980-04-12;F;{commune};{departement};{telephone};;telephone;;fr;salarie;{maj};{precedent}"


ENTETE_IDENTITE = ";".join((*load_schema("assures").colonnes, *load_schema("assures").optionnelles))


def ligne_arret(
    avis: str,
    assure: int = 1,
    fin: str = "2026-09-15",
    recu: str = "2026-09-02T08:00:00Z",
    annule: str = "non",
    motif: str = "F32",
    risque: str = "maladie",
) -> str:
    return f"{avis};351-{assure};2026-09-01;{fin};initiale;{risque};non;{motif};non;;non;{recu};e_aat;{annule}"


def ligne_versement(
    versement: str,
    assure: int = 1,
    jours: int = 12,
    traite: str = "2026-09-20",
    nature: str = "6110",
    assurance: str = "10",
    annule: str = "non",
    fin: str = "2026-09-15",
) -> str:
    """Paid from the fourth of September on."""
    return f"{versement};351-{assure};{nature};2026-09-04;{fin};{jours};{jours};{assurance};PDPFICTIF00001;{traite};01351;{annule}"


def ligne_droit(
    droit: str,
    assure: int = 1,
    numero: str = "23",
    nature: str = "41",
    fin: str = "",
    code: str = "F32",
    maj: str = "2026-09-05T08:00:00Z",
    annule: str = "non",
) -> str:
    return f"{droit};351-{assure};{numero};{nature};2026-01-10;{fin};{code};{maj};{annule}"


def write_fichier(
    dossier: Path, flux: str, lignes: list[str], jour: str = "2026-10-01", fin: str | None = None, entete: str | None = None
) -> Path:
    chemin = dossier / f"{flux}_{jour}.csv"
    contenu = [entete or ";".join(load_schema(flux).colonnes), *lignes, fin or f"#FIN;{len(lignes)}", ""]
    chemin.write_text("\n".join(contenu), encoding="utf-8")
    return chemin


def age(chemin: Path, secondes: int = 3600) -> Path:
    """As if nobody had written to the file for a while: a cut file is then a cut file, and no longer one that is being written."""
    etat = chemin.stat()
    os.utime(chemin, (etat.st_atime - secondes, etat.st_mtime - secondes))
    return chemin


def ingest(dossier: Path, flux: str, lignes: list[str], jour: str = "2026-10-01", entete: str | None = None) -> BilanFlux:
    chemin = write_fichier(dossier, flux, lignes, jour, entete=entete)
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


def list_faits(admin: psycopg.Connection[Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the feeds leave about people, by the keys of the source and without what chance or the order of arrival decides."""
    requetes = {
        "arrets": """SELECT p.id_avis, a.id_source, a.plateforme_id, p.plateforme_id, p.date_fin, p.risque, p.annule, p.motif_categorie,
                m.code_cim10, m.plateforme_id, m.assure_id = a.id, p.recu_source_at, p.version_empreinte
            FROM pdp.arret_prescrit p JOIN identite.assure a ON a.id = p.assure_id
            LEFT JOIN medical.motif_arret m ON m.arret_id = p.id ORDER BY 1""",
        "versements": """SELECT v.id_versement, a.id_source, v.plateforme_id, v.risque, v.temps_partiel, v.debut, v.fin, v.jours,
                v.traite_le, v.annule, v.version_empreinte
            FROM pdp.ij_versee v JOIN identite.assure a ON a.id = v.assure_id ORDER BY 1""",
        "droits": """SELECT d.id_droit, a.id_source, d.plateforme_id, d.nature, d.affection, d.motif_categorie, d.debut, d.fin, d.annule,
                m.ald_numero, m.code_cim10, m.plateforme_id, m.assure_id = a.id, d.version_empreinte
            FROM pdp.affection d JOIN identite.assure a ON a.id = d.assure_id
            JOIN medical.affection m ON m.affection_id = d.id ORDER BY 1""",
        "personnes": """SELECT a.id_source, a.plateforme_id, a.telephone, a.nir_empreinte, a.nir_provisoire, a.mis_a_jour_source_at,
                ARRAY(SELECT n.nir_empreinte FROM identite.nir_ancien n
                      WHERE n.assure_id = a.id AND n.nir_empreinte <> a.nir_empreinte ORDER BY 1),
                EXISTS (SELECT FROM identite.nir_partage n WHERE n.assure_id = a.id AND n.leve_at IS NULL)
            FROM identite.assure a
            WHERE NOT EXISTS (SELECT FROM identite.id_source_ancien s WHERE s.ancien = a.id_source) ORDER BY 1, 2""",
    }
    return {nom: admin.execute(requete).fetchall() for nom, requete in requetes.items()}


def count(admin: psycopg.Connection[Any], table: str) -> int:
    ligne = admin.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert ligne is not None
    return ligne[0]


def list_quarantaine(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return admin.execute(
        "SELECT numero_ligne, champ, code, plateforme_id, resolution FROM identite.quarantaine ORDER BY connu_at, numero_ligne"
    ).fetchall()
