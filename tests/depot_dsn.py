"""DSN files given to a real database, and what it holds after them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

import dsn_fabrique as f
from fabrique import MAINTENANT, TEST, lot, socle
from livraisons import ingest, ligne_assure, nir
from pdp.domain.bilan_flux import BilanFlux
from pdp.services.ingest_dsn import ingest_dsn_fichier

Table = list[tuple[Any, ...]]


def installer(dossier: Path) -> Path:
    """Drop folder of a migrated installation with three people: NOM1 to NOM3, born on 12/04/1980."""
    with lot() as conn:
        socle(conn)
    ingest(dossier, "assures", [ligne_assure(n) for n in (1, 2, 3)])
    return dossier


def prendre(depot: Path, octets: bytes, nom: str = "dsn_1.dsn", jours: int = 0) -> BilanFlux:
    chemin = depot / nom
    chemin.write_bytes(octets)
    with lot() as conn:
        return ingest_dsn_fichier(conn, chemin, TEST, MAINTENANT + timedelta(days=jours))


def elle(rang: int, *blocs: list[f.Rubrique], **reglages: str) -> list[f.Rubrique]:
    """One of the known people."""
    return f.personne(rang, *blocs, **{"nir": nir(rang)[:13], **reglages})


def faits(admin: psycopg.Connection[Any]) -> Table:
    """Current facts without what depends on chance or on the order of arrival."""
    return admin.execute(
        """SELECT a.id_source, d.genre, d.code, d.neutre, d.debut::text, d.fin::text, d.reprise_le::text, d.valeur, d.annule
           FROM pdp.fait_dsn d JOIN identite.assure a ON a.id = d.assure_id ORDER BY 1, 2, 5, 3"""
    ).fetchall()


def tout(admin: psycopg.Connection[Any]) -> str:
    """The whole state that must not depend on the order of arrival."""
    return str(
        admin.execute(
            """SELECT a.id_source, replace(d.cle, a.id::text, ''), d.genre, d.code, d.neutre, d.debut, d.fin, d.reprise_le, d.reprise_code,
                   d.valeur, d.siret, d.nature_declaration, d.annule, d.emis_at, d.ordre, d.serie, d.remplace_at, d.remplace_ordre,
                   d.remplace_fin, d.version_empreinte
               FROM pdp.fait_dsn d JOIN identite.assure a ON a.id = d.assure_id ORDER BY 1, 2"""
        ).fetchall()
    )


def quarantaine(admin: psycopg.Connection[Any]) -> Table:
    return admin.execute(
        "SELECT numero_ligne, champ, code, plateforme_id, resolution FROM identite.quarantaine ORDER BY connu_at, numero_ligne"
    ).fetchall()
