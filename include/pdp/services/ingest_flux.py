"""Feeds in: every line of every file is either taken or put in quarantine with its reason, whatever the order and number of deliveries."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from hashlib import file_digest
from pathlib import Path

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan_flux import BilanDepot, BilanFlux
from pdp.domain.flux import FLUX
from pdp.errors import FluxRefuse
from pdp.services.load_flux import MESSAGES, find_deja_vu, load_lecture, replay_en_attente
from pdp.storage import journal
from pdp.storage.flux_csv import is_en_ecriture, read_flux
from pdp.storage.sql import query

__all__ = ["MESSAGES", "BilanDepot", "BilanFlux", "flux_of", "ingest_depot", "ingest_fichier", "move_file", "replay_en_attente"]

_NOM = re.compile(rf"({'|'.join(FLUX)})_[A-Za-z0-9_.-]+\.(?:csv|parquet)|(dsn)_[A-Za-z0-9_.-]+\.dsn")
_journal = logging.getLogger(__name__)
_RANGS = {flux: rang for rang, flux in enumerate((*FLUX, "dsn"))}


def ingest_depot(
    ouvrir: Callable[[], AbstractContextManager[Connection]], dossier: Path, auteur: Auteur, maintenant: datetime
) -> BilanDepot:
    """Take every file of the folder: people and resources before facts, older names first; one transaction per file.

    ``ouvrir`` opens that transaction. The file is moved to ``traites/`` or ``refuses/`` after the commit; after a crash in between, the
    next call finds its content already taken and only moves it. Files still being written and files of unknown names stay where they are,
    and so does one that fails (unreadable, refused by the database): it does not hold the others, whose people would wait. The caller
    raises what is in ``echecs``.
    """
    faits: list[tuple[str, BilanFlux]] = []
    attente: list[str] = []
    echecs: list[Exception] = []
    for chemin in _list_files(dossier):
        try:
            bilan = _ingest_pret(ouvrir, chemin, auteur, maintenant)
        except Exception as erreur:
            _journal.error("a file of the feed %s could not be taken: %s", flux_of(chemin), type(erreur).__name__)
            echecs.append(erreur)
            continue
        if bilan is None:
            attente.append(chemin.name)
            continue
        move_file(chemin, dossier / ("refuses" if bilan.etat in ("refuse", "deja_refuse") else "traites"), maintenant)
        faits.append((chemin.name, bilan))
    return BilanDepot(tuple(faits), tuple(attente), tuple(echecs))


def ingest_fichier(conn: Connection, chemin: Path, auteur: Auteur, maintenant: datetime) -> BilanFlux:
    """Take one file in the caller's transaction. The same content again changes nothing (``deja_charge``, ``deja_refuse``).

    The feed is told by the name, ``<flux>_<date>.csv``, ``.parquet`` or ``dsn_<date>.dsn``. A file refused as a whole leaves one row with
    its reason and nothing else. Raises :class:`FluxRefuse` for a name that is no feed, and for a file written to while it was read.
    """
    flux = flux_of(chemin)
    if flux is None:
        raise FluxRefuse(f"« {chemin.name} » ne porte pas le nom d'un flux ({', '.join(_RANGS)}).", code="flux_inconnu")
    if flux == "dsn":
        from pdp.services.ingest_dsn import ingest_dsn_fichier  # another norm, another reader: loaded for those who send it

        return ingest_dsn_fichier(conn, chemin, auteur, maintenant)
    conn.execute(query("flux.verrouiller"))
    try:
        lecture = read_flux(chemin, flux)
        with conn.begin_nested():
            return load_lecture(conn, lecture, maintenant)
    except FluxRefuse as refus:
        if refus.code == "en_cours_d_ecriture":
            raise
        return _refuse(conn, chemin, flux, refus, maintenant)


def flux_of(chemin: Path) -> str | None:
    """Feed named by a file, None when it names none."""
    nom = _NOM.fullmatch(chemin.name)
    return nom.group(1) or nom.group(2) if nom else None


def move_file(chemin: Path, destination: Path, maintenant: datetime) -> Path:
    """Move out of the drop folder, dated by its reception; another content already there under the same name is kept beside."""
    destination.mkdir(exist_ok=True)
    cible = destination / chemin.name
    if cible.exists() and _digest(cible) != (empreinte := _digest(chemin)):
        cible = destination / f"{chemin.stem}.{empreinte.hex()[:12]}{chemin.suffix}"
    deplace = chemin.replace(cible)
    os.utime(deplace, (maintenant.timestamp(), maintenant.timestamp()))
    return deplace


def _ingest_pret(
    ouvrir: Callable[[], AbstractContextManager[Connection]], chemin: Path, auteur: Auteur, maintenant: datetime
) -> BilanFlux | None:
    """None when the file must be left where it is."""
    if flux_of(chemin) is None or is_en_ecriture(chemin):
        return None
    try:
        with ouvrir() as conn:
            return ingest_fichier(conn, chemin, auteur, maintenant)
    except FluxRefuse as refus:
        if refus.code == "en_cours_d_ecriture":
            return None
        raise


def _digest(chemin: Path) -> bytes:
    with chemin.open("rb") as fichier:
        return file_digest(fichier, "sha256").digest()


def _list_files(dossier: Path) -> list[Path]:
    """Facts last; a name that is no feed goes first and is left alone."""
    fichiers = [chemin for chemin in dossier.iterdir() if chemin.is_file()]
    return sorted(fichiers, key=lambda chemin: (_RANGS.get(flux_of(chemin) or "", -1), chemin.name))


def _refuse(conn: Connection, chemin: Path, flux: str, refus: FluxRefuse, maintenant: datetime) -> BilanFlux:
    cle = {"flux": flux, "empreinte": _digest(chemin)}
    motif = {"code": refus.code, "motif": refus.message}
    fichier_id = conn.execute(
        query("flux.refuser_fichier"), {**cle, **motif, "nom": chemin.name, "taille": chemin.stat().st_size, "maintenant": maintenant}
    ).scalar()
    if fichier_id is None:
        return find_deja_vu(conn, flux, cle["empreinte"])
    journal.record(conn, "fichier_refuse", plateforme_id=None, donnees={"flux": flux, "fichier_id": fichier_id, "code": refus.code})
    return BilanFlux(fichier_id, flux, "refuse", motif_code=refus.code, motif=refus.message)
