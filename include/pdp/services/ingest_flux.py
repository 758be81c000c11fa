"""Feeds in: every line of every file is either taken or put in quarantine with its reason, whatever the order and number of deliveries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.domain.flux import FLUX, Anomalie, LigneValide
from pdp.errors import FluxRefuse
from pdp.storage import flux_repository as depot_flux
from pdp.storage import journal
from pdp.storage.flux_csv import LectureFlux, LigneLue, parse_contenu, read_flux, split_cells
from pdp.storage.flux_repository import LigneEcartee
from pdp.storage.sql import query

Etat = Literal["charge", "refuse", "deja_charge", "deja_refuse"]

_NOM = re.compile(rf"({'|'.join(FLUX)})_[A-Za-z0-9_.-]+\.csv")
_PAQUET = 20_000
_LISTES_COMPLETES = frozenset({"agents", "partenaires"})
_INDICES = {"assures": "departement", "arrets_prescrits": "id_assure", "agents": "plateforme", "partenaires": "departements"}
MESSAGES = {
    "assure_inconnu": "Cet arrêt cite un assuré qui n'est pas encore connu : il sera repris dès que l'assuré arrivera.",
    "departement_hors_plateforme": "Aucune plateforme de cette installation ne couvre ce département.",
    "plateforme_inconnue": "Cette plateforme n'existe pas dans cette installation.",
    "agent_autre_plateforme": "Cet agent est déjà connu dans une autre plateforme : son changement doit être fait par un responsable.",
}


@dataclass(frozen=True, slots=True)
class BilanFlux:
    """What became of a file; ``lignes`` = ``admises`` + ``inchangees`` + ``rejetees`` unless it was refused as a whole.

    ``rejouees``: quarantined prescriptions that this file of insured people set free.
    """

    fichier_id: UUID
    flux: str
    etat: Etat
    lignes: int = 0
    admises: int = 0
    rejetees: int = 0
    inchangees: int = 0
    rejouees: int = 0
    motif_code: str | None = None
    motif: str | None = None


@dataclass(frozen=True, slots=True)
class BilanDepot:
    """What became of the files of a folder; ``en_attente`` are those left in place: unknown name, or still being written."""

    fichiers: tuple[tuple[str, BilanFlux], ...]
    en_attente: tuple[str, ...]

    def as_bilan(self) -> Bilan:
        """Counts of lines for Airflow."""
        nouveaux = [bilan for _, bilan in self.fichiers if bilan.etat in ("charge", "refuse")]
        detail = {
            "fichiers": len(nouveaux),
            "fichiers_refuses": sum(bilan.etat == "refuse" for bilan in nouveaux),
            "fichiers_deja_vus": len(self.fichiers) - len(nouveaux),
            "fichiers_en_attente": len(self.en_attente),
            "rejouees": sum(bilan.rejouees for bilan in nouveaux),
        }
        charges = [bilan for bilan in nouveaux if bilan.etat == "charge"]
        return Bilan(sum(b.admises for b in charges), sum(b.inchangees for b in charges), sum(b.rejetees for b in charges), detail)


def ingest_depot(
    ouvrir: Callable[[], AbstractContextManager[Connection]], dossier: Path, auteur: Auteur, maintenant: datetime
) -> BilanDepot:
    """Take every file of the folder: people and resources before prescriptions, older names first; one transaction per file.

    ``ouvrir`` opens that transaction. The file is moved to ``traites/`` or ``refuses/`` after the commit; after a crash in between, the
    next call finds its content already taken and only moves it. Files still being written and files of unknown names stay where they are.
    """
    faits: list[tuple[str, BilanFlux]] = []
    attente: list[str] = []
    for chemin in _list_files(dossier):
        if chemin.suffix != ".csv" or flux_of(chemin) is None:
            attente.append(chemin.name)
            continue
        with ouvrir() as conn:
            bilan = ingest_fichier(conn, chemin, auteur, maintenant)
        move_file(chemin, dossier / ("refuses" if bilan.etat in ("refuse", "deja_refuse") else "traites"))
        faits.append((chemin.name, bilan))
    return BilanDepot(tuple(faits), tuple(attente))


def ingest_fichier(conn: Connection, chemin: Path, auteur: Auteur, maintenant: datetime) -> BilanFlux:
    """Take one file in the caller's transaction. The same content again changes nothing (``deja_charge``, ``deja_refuse``).

    The feed is told by the name, ``<flux>_<date>.csv``. A file refused as a whole leaves one row with its reason and nothing else.
    """
    flux = flux_of(chemin)
    if flux is None:
        raise FluxRefuse(f"« {chemin.name} » ne porte pas le nom d'un flux ({', '.join(FLUX)}).", code="flux_inconnu")
    conn.execute(query("flux.verrouiller"))
    try:
        lecture = read_flux(chemin, flux)
        with conn.begin_nested():
            return _load(conn, lecture, maintenant)
    except FluxRefuse as refus:
        return _refuse(conn, chemin, flux, refus, maintenant)


def flux_of(chemin: Path) -> str | None:
    """Feed named by a file, None when it names none."""
    nom = _NOM.fullmatch(chemin.name)
    return nom.group(1) if nom else None


def move_file(chemin: Path, destination: Path) -> Path:
    """Move out of the drop folder; another content already there under the same name is kept beside."""
    destination.mkdir(exist_ok=True)
    cible = destination / chemin.name
    if cible.exists() and _digest(cible) != (empreinte := _digest(chemin)):
        cible = destination / f"{chemin.stem}.{empreinte.hex()[:12]}{chemin.suffix}"
    return chemin.replace(cible)


def _digest(chemin: Path) -> bytes:
    with chemin.open("rb") as fichier:
        return file_digest(fichier, "sha256").digest()


def _list_files(dossier: Path) -> list[Path]:
    """Prescriptions last; a name that is no feed goes first and is left alone."""
    fichiers = [chemin for chemin in dossier.iterdir() if chemin.is_file()]
    rangs = {flux: rang for rang, flux in enumerate(FLUX)}
    return sorted(fichiers, key=lambda chemin: (rangs.get(flux_of(chemin) or "", -1), chemin.name))


def _load(conn: Connection, lecture: LectureFlux, maintenant: datetime) -> BilanFlux:
    flux = lecture.schema.nom
    identite = {"flux": flux, "nom": lecture.chemin.name, "empreinte": bytes.fromhex(lecture.empreinte.sha256), "maintenant": maintenant}
    fichier_id = conn.execute(query("flux.ouvrir_fichier"), {**identite, "taille": lecture.empreinte.taille}).scalar()
    if fichier_id is None:
        return _already(conn, flux, identite["empreinte"])
    depot_flux.create_lu(conn, flux)
    lignes, rejetees = _stage(conn, lecture, fichier_id, maintenant)
    rejetees += _set_aside(conn, lecture, fichier_id, maintenant)
    depassee = flux in _LISTES_COMPLETES and conn.execute(query("flux.est_depasse"), {**identite, "fichier": fichier_id}).scalar_one()
    admises = 0 if depassee else depot_flux.apply_lignes(conn, flux, fichier_id, maintenant)
    bilan = BilanFlux(fichier_id, flux, "charge", lignes, admises, rejetees, lignes - admises - rejetees)
    comptes = {"lignes": lignes, "admises": admises, "inchangees": bilan.inchangees, "rejetees": rejetees}
    conn.execute(query("flux.fermer_fichier"), {**comptes, "fichier": fichier_id})
    journal.record(conn, "fichier_charge", plateforme_id=None, donnees={"flux": flux, "fichier_id": fichier_id, **comptes})
    return replace(bilan, rejouees=replay_en_attente(conn, maintenant)) if flux == "assures" and admises else bilan


def _stage(conn: Connection, lecture: LectureFlux, fichier_id: UUID, maintenant: datetime) -> tuple[int, int]:
    """Copy the valid lines and put the others in quarantine, a packet at a time: memory does not grow with the file."""
    flux, lignes, rejetees = lecture.schema.nom, 0, 0
    for paquet in _packets(lecture.lignes()):
        mauvaises = [_rejected(lecture, ligne) for ligne in paquet if isinstance(ligne.resultat, list)]
        depot_flux.copy_lignes(
            conn,
            flux,
            (
                depot_flux.build_rangee(flux, ligne.resultat.valeurs, ligne.numero, fichier_id)
                for ligne in paquet
                if isinstance(ligne.resultat, LigneValide)
            ),
        )
        depot_flux.add_quarantaine(conn, flux, fichier_id, mauvaises, maintenant)
        lignes += len(paquet)
        rejetees += len(mauvaises)
    return lignes, rejetees


def _packets(lignes: Iterator[LigneLue]) -> Iterator[list[LigneLue]]:
    while paquet := list(islice(lignes, _PAQUET)):
        yield paquet


def _rejected(lecture: LectureFlux, ligne: LigneLue) -> LigneEcartee:
    """The first anomaly gives the code; the message tells them all."""
    anomalies: list[Anomalie] = ligne.resultat if isinstance(ligne.resultat, list) else []
    premiere = anomalies[0]
    return LigneEcartee(
        ligne.numero,
        premiere.champ or None,
        premiere.code,
        " ".join(anomalie.message for anomalie in anomalies),
        f"{lecture.entete}\n{ligne.texte}",
        indice=_hint(lecture, ligne.texte),
    )


def _hint(lecture: LectureFlux, texte: str) -> str | None:
    """The cell that tells the platform, when the line still has its columns."""
    cellules = split_cells(texte, lecture.delimiteur)
    if isinstance(cellules, Anomalie) or len(cellules) != len(lecture.ordre):
        return None
    schema = lecture.schema
    cellule = cellules[lecture.ordre[schema.colonnes.index(_INDICES[schema.nom])]].strip()
    return cellule.partition("|")[0] or None


def _set_aside(conn: Connection, lecture: LectureFlux, fichier_id: UUID, maintenant: datetime) -> int:
    """Lines that are right in themselves and that the database cannot place."""
    flux = lecture.schema.nom
    ecartees = depot_flux.set_aside(conn, flux)
    if not ecartees:
        return 0
    textes = lecture.textes({numero for numero, *_ in ecartees})
    depot_flux.add_quarantaine(
        conn,
        flux,
        fichier_id,
        [
            LigneEcartee(
                numero, champ, code, MESSAGES[code], f"{lecture.entete}\n{textes[numero]}", cle=cle, indice=_hint(lecture, textes[numero])
            )
            for numero, champ, code, cle in ecartees
        ],
        maintenant,
    )
    return len(ecartees)


def replay_en_attente(conn: Connection, maintenant: datetime) -> int:
    """Take the quarantined prescriptions of people who have just become known, as if they arrived now, under their own file."""
    rejouables = depot_flux.claim_rejouables(conn)
    if not rejouables:
        return 0
    flux = "arrets_prescrits"
    depot_flux.create_lu(conn, flux)
    rangees, repris = [], []
    for rejouable in rejouables:
        resultat = parse_contenu(rejouable.contenu, flux)
        if isinstance(resultat, LigneValide):
            rangees.append(depot_flux.build_rangee(flux, resultat.valeurs, rejouable.numero, rejouable.fichier_id))
            repris.append(rejouable.id)
    depot_flux.copy_lignes(conn, flux, rangees)
    depot_flux.apply_lignes(conn, flux, None, maintenant)
    depot_flux.resolve_rejouables(conn, repris, maintenant)
    journal.record(conn, "ligne_rejouee", plateforme_id=None, donnees={"flux": flux, "lignes": len(repris)})
    return len(repris)


def _refuse(conn: Connection, chemin: Path, flux: str, refus: FluxRefuse, maintenant: datetime) -> BilanFlux:
    cle = {"flux": flux, "empreinte": _digest(chemin)}
    motif = {"code": refus.code, "motif": refus.message}
    fichier_id = conn.execute(
        query("flux.refuser_fichier"), {**cle, **motif, "nom": chemin.name, "taille": chemin.stat().st_size, "maintenant": maintenant}
    ).scalar()
    if fichier_id is None:
        return _already(conn, flux, cle["empreinte"])
    journal.record(conn, "fichier_refuse", plateforme_id=None, donnees={"flux": flux, "fichier_id": fichier_id, "code": refus.code})
    return BilanFlux(fichier_id, flux, "refuse", motif_code=refus.code, motif=refus.message)


def _already(conn: Connection, flux: str, empreinte: bytes) -> BilanFlux:
    """What was said of the same content the first time."""
    vu = conn.execute(query("flux.trouver_fichier"), {"flux": flux, "empreinte": empreinte}).one()
    etat: Etat = "deja_refuse" if vu.etat == "refuse" else "deja_charge"
    return BilanFlux(vu.id, flux, etat, vu.lignes, vu.admises, vu.rejetees, vu.inchangees, motif_code=vu.motif_code, motif=vu.motif)
