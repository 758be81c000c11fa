"""Lines of one readable file: each is taken, found unchanged, or put in quarantine with its reason; those that waited are taken then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import groupby, islice
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.bilan_flux import BilanFlux, EtatFichier
from pdp.domain.flux import Anomalie, LigneValide, Schema
from pdp.storage import flux_repository as depot_flux
from pdp.storage import journal
from pdp.storage.flux_csv import Lecture, LigneLue, check_inchange, parse_contenu
from pdp.storage.flux_lignes import arrange_line
from pdp.storage.flux_repository import LigneEcartee, Rejouable
from pdp.storage.sql import query

_PAQUET = 20_000
_LISTES_COMPLETES = frozenset({"agents", "partenaires"})
_INDICES = {"assures": "departement", "agents": "plateforme", "partenaires": "departements"}
MESSAGES = {
    "assure_inconnu": "Cette ligne cite un assuré qui n'est pas encore connu : elle sera reprise dès que l'assuré arrivera.",
    "departement_hors_plateforme": "Aucune plateforme de cette installation ne couvre ce département.",
    "plateforme_inconnue": "Cette plateforme n'existe pas dans cette installation.",
    "agent_autre_plateforme": "Cet agent est déjà connu dans une autre plateforme : son changement doit être fait par un responsable.",
    "precedent_deja_repris": "L'identifiant précédent de cet assuré a déjà été repris par un autre : la caisse doit dire qui est qui.",
}


def load_lecture(conn: Connection, lecture: Lecture, maintenant: datetime) -> BilanFlux:
    """Take what a file says; the same content again changes nothing. Raises :class:`FluxRefuse` when the file moves under the reader."""
    flux = lecture.schema.nom
    identite = {"flux": flux, "nom": lecture.chemin.name, "empreinte": bytes.fromhex(lecture.empreinte.sha256), "maintenant": maintenant}
    fichier_id = conn.execute(query("flux.ouvrir_fichier"), {**identite, "taille": lecture.empreinte.taille}).scalar()
    if fichier_id is None:
        return find_deja_vu(conn, flux, identite["empreinte"])
    depot_flux.create_lu(conn, flux)
    lignes, rejetees = _stage(conn, lecture, fichier_id, maintenant)
    check_inchange(lecture)
    rejetees += _set_aside(conn, lecture, fichier_id, maintenant)
    depassee = flux in _LISTES_COMPLETES and conn.execute(query("flux.est_depasse"), {**identite, "fichier": fichier_id}).scalar_one()
    admises = 0 if depassee else depot_flux.apply_lignes(conn, flux, fichier_id, maintenant)
    comptes = {"lignes": lignes, "admises": admises, "inchangees": lignes - admises - rejetees, "rejetees": rejetees}
    conn.execute(query("flux.fermer_fichier"), {**comptes, "fichier": fichier_id})
    journal.record(conn, "fichier_charge", plateforme_id=None, donnees={"flux": flux, "fichier_id": fichier_id, **comptes})
    bilan = BilanFlux(fichier_id, flux, "charge", **comptes, reparees=depot_flux.close_reparees(conn, flux, maintenant))
    if flux != "assures":
        return bilan
    # Even a file that changes nobody may have told under which former id somebody was known.
    return replace(bilan, nir_partages=depot_flux.count_nir_partages(conn), rejouees=replay_en_attente(conn, maintenant))


def find_deja_vu(conn: Connection, flux: str, empreinte: bytes) -> BilanFlux:
    """What was said of the same content the first time."""
    vu = conn.execute(query("flux.trouver_fichier"), {"flux": flux, "empreinte": empreinte}).one()
    etat: EtatFichier = "deja_refuse" if vu.etat == "refuse" else "deja_charge"
    return BilanFlux(vu.id, flux, etat, vu.lignes, vu.admises, vu.rejetees, vu.inchangees, motif_code=vu.motif_code, motif=vu.motif)


def replay_en_attente(conn: Connection, maintenant: datetime) -> int:
    """Take the quarantined facts of people who have just become known, as if they arrived now, under their own file; how many."""
    rejouables = sorted(depot_flux.claim_rejouables(conn), key=lambda rejouable: rejouable.flux)
    repris = 0
    for flux, groupe in groupby(rejouables, key=lambda rejouable: rejouable.flux):
        repris += _replay_flux(conn, flux, list(groupe), maintenant)
    from pdp.services.ingest_dsn import replay_dsn  # it needs this module

    return repris + replay_dsn(conn, maintenant)


def _replay_flux(conn: Connection, flux: str, rejouables: list[Rejouable], maintenant: datetime) -> int:
    rangees, repris = [], []
    for rejouable in rejouables:
        resultat = parse_contenu(rejouable.contenu, flux)
        if isinstance(resultat, LigneValide):
            rangees.append(depot_flux.build_rangee(flux, resultat.valeurs, rejouable.numero, rejouable.fichier_id))
            repris.append(rejouable.id)
    depot_flux.create_lu(conn, flux)
    depot_flux.copy_lignes(conn, flux, rangees)
    depot_flux.set_aside(conn, flux)  # only names the people: everybody here is known
    depot_flux.apply_lignes(conn, flux, None, maintenant)
    depot_flux.resolve_rejouables(conn, repris, maintenant)
    depot_flux.close_reparees(conn, flux, maintenant)
    journal.record(conn, "ligne_rejouee", plateforme_id=None, donnees={"flux": flux, "lignes": len(repris)})
    return len(repris)


def _stage(conn: Connection, lecture: Lecture, fichier_id: UUID, maintenant: datetime) -> tuple[int, int]:
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


def _rejected(lecture: Lecture, ligne: LigneLue) -> LigneEcartee:
    """The first anomaly gives the code; the message tells them all."""
    anomalies: list[Anomalie] = ligne.resultat if isinstance(ligne.resultat, list) else []
    message = " ".join(anomalie.message for anomalie in anomalies)
    return _aside(lecture, ligne.numero, ligne.texte, anomalies[0].champ or None, anomalies[0].code, message)


def _set_aside(conn: Connection, lecture: Lecture, fichier_id: UUID, maintenant: datetime) -> int:
    """Lines that are right in themselves and that the database cannot place."""
    flux = lecture.schema.nom
    ecartees = {numero: raison for numero, *raison in depot_flux.set_aside(conn, flux)}
    textes = lecture.textes(ecartees)
    while ecartees and (paquet := list(islice(textes, _PAQUET))):
        lignes = []
        for numero, texte in paquet:
            champ, code, cle = ecartees[numero]
            lignes.append(replace(_aside(lecture, numero, texte, champ, code, MESSAGES[code]), cle=cle))
        depot_flux.add_quarantaine(conn, flux, fichier_id, lignes, maintenant)
    return len(ecartees)


def _aside(lecture: Lecture, numero: int, texte: str, champ: str | None, code: str, message: str) -> LigneEcartee:
    """A line for the quarantine, with what can still be read of it: the cell that tells the platform, its key and its version."""
    ecartee = LigneEcartee(numero, champ, code, message, f"{lecture.entete}\n{texte}")
    cellules = arrange_line(texte, lecture.entete, lecture.delimiteur, lecture.ordre)
    if isinstance(cellules, Anomalie):
        return ecartee
    schema = lecture.schema
    indice = cellules[schema.colonnes.index(_INDICES.get(schema.nom, "id_assure"))].strip().partition("|")[0]
    cle_ligne, version = _read_cle(schema, cellules)
    return replace(ecartee, indice=indice or None, cle_ligne=cle_ligne, version=version)


def _read_cle(schema: Schema, cellules: list[str]) -> tuple[str | None, datetime | None]:
    """Key and version date of a line; a day is its first instant in UTC, as the database compares it."""
    lues = schema.read_cle(cellules)
    cle, version = lues[0], lues[1] if len(lues) > 1 else None
    if isinstance(version, date) and not isinstance(version, datetime):
        version = datetime.combine(version, time.min, UTC)
    return cle, version
