"""Decisions of managers about refused lines, applied by the reception: each line ends taken, unchanged, abandoned or still refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import psycopg
from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from pdp.domain.bilan import Bilan
from pdp.domain.flux import FLUX, LigneValide
from pdp.errors import FluxRefuse
from pdp.services import ingest_flux
from pdp.services.champs_quarantaine import MODIFIABLES
from pdp.storage import flux_repository as depot_flux
from pdp.storage.chiffrement import decrypt
from pdp.storage.flux_lignes import load_schema, parse_contenu
from pdp.storage.sql import query

LOT = 2_000
_REFUS_BASE = (IntegrityError, DataError, psycopg.DataError)  # the last one comes from COPY, which SQLAlchemy does not wrap
_MESSAGES = {
    "autre_plateforme": "Cette personne est suivie par une autre plateforme : la ligne est à renvoyer depuis la source.",
    "contenu_illisible": "Le contenu gardé de cette ligne ne peut plus être lu : elle est à renvoyer depuis la source.",
    "flux_non_rejouable": "Les lignes de ce flux ne se rejouent pas une à une : la source renvoie le fichier.",
    "refus_base": "La base a refusé cette ligne : elle contredit ce qui est déjà connu. Elle est à renvoyer depuis la source.",
}
_journal = logging.getLogger(__name__)


@dataclass(frozen=True)
class Demande:
    """One decision to apply; ``contenu`` is still encrypted."""

    id: UUID
    quarantaine_id: UUID
    plateforme_id: str
    decision: str
    contenu: bytes
    fichier_id: UUID
    flux: str


@dataclass(frozen=True)
class Sort:
    """What came of one decision; the last four only when the line is still refused."""

    resultat: str
    champ: str | None = None
    code: str | None = None
    message: str | None = None
    cle: str | None = None


def replay_demandes(ouvrir: Callable[[], AbstractContextManager[Connection]], maintenant: datetime) -> Bilan:
    """Apply every decision that waits, one transaction per batch. Again at once: nothing is left to apply.

    ``traites``: lines taken; ``ignores``: unchanged or abandoned; ``echoues``: still refused, they stay in quarantine.
    """
    total = Bilan()
    while True:
        with ouvrir() as conn:
            demandes = _claim(conn)
            sorts = _apply(conn, demandes, maintenant) if demandes else {}
            if demandes:
                _conclude(conn, demandes, sorts, maintenant)
        resultats = [sort.resultat for sort in sorts.values()]
        pris, refuses = resultats.count("pris"), resultats.count("encore_refuse")
        total += Bilan(pris, len(resultats) - pris - refuses, refuses, {"decisions_appliquees": len(resultats)} if resultats else {})
        if len(demandes) < LOT:
            return total


def attach_depots(conn: Connection) -> int:
    """Give refused lines that name no platform to the platform of the manager who sent their file; how many."""
    return conn.execute(query("quarantaine.rattacher_depots")).rowcount


def _claim(conn: Connection) -> list[Demande]:
    """Lock a batch: feeds one at a time like files, in the order of a delivery (people before the facts that cite them)."""
    conn.execute(query("flux.verrouiller"))
    lignes = conn.execute(query("quarantaine.reserver_demandes"), {"limite": LOT})
    rangs = {flux: rang for rang, flux in enumerate(FLUX)}
    demandes = [Demande(**{**ligne._mapping, "contenu": bytes(ligne.contenu)}) for ligne in lignes]
    return sorted(demandes, key=lambda d: (rangs.get(d.flux, len(rangs)), d.fichier_id, d.plateforme_id))


def _apply(conn: Connection, demandes: Sequence[Demande], maintenant: datetime) -> dict[UUID, Sort]:
    sorts = {d.id: Sort("abandonne") for d in demandes if d.decision == "abandonner"}
    rejouees = [d for d in demandes if d.decision != "abandonner"]
    personnes = 0
    for (flux, fichier_id, _), groupe in groupby(rejouees, key=lambda d: (d.flux, d.fichier_id, d.plateforme_id)):
        faits = _replay_group(conn, flux, fichier_id, list(groupe), maintenant)
        sorts |= faits
        personnes += sum(sort.resultat == "pris" for sort in faits.values()) if flux == "assures" else 0
    if personnes:
        ingest_flux.replay_en_attente(conn, maintenant)
    return sorts


def _replay_group(conn: Connection, flux: str, fichier_id: UUID, demandes: Sequence[Demande], maintenant: datetime) -> dict[UUID, Sort]:
    """Lines of one feed, file and platform: together, else one by one, so that a line that the database refuses stops no other."""
    sorts, valides = {}, []
    for demande in demandes:
        lue = _read(demande)
        if isinstance(lue, Sort):
            sorts[demande.id] = lue
        else:
            valides.append((demande, lue))
    sorts |= _set_aside_others(conn, valides)
    valides = [(demande, lue) for demande, lue in valides if demande.id not in sorts]
    try:
        with conn.begin_nested():
            return sorts | _load(conn, flux, fichier_id, valides, maintenant)
    except _REFUS_BASE as erreur:
        _journal.warning("replay of %d line(s) refused as a batch: %s", len(valides), type(erreur).__name__)
    for paire in valides:
        try:
            with conn.begin_nested():
                sorts |= _load(conn, flux, fichier_id, [paire], maintenant)
        except _REFUS_BASE:
            sorts[paire[0].id] = _refused("refus_base")
    return sorts


def _read(demande: Demande) -> LigneValide | Sort:
    """The line, or why it cannot even be tried."""
    if demande.flux not in MODIFIABLES:
        return _refused("flux_non_rejouable")
    try:
        resultat = parse_contenu(decrypt(demande.contenu), demande.flux)
    except (InvalidTag, ValueError, FluxRefuse):
        return _refused("contenu_illisible")
    if isinstance(resultat, LigneValide):
        return resultat
    premiere = resultat[0]
    return Sort("encore_refuse", premiere.champ or None, premiere.code, " ".join(anomalie.message for anomalie in resultat))


def _set_aside_others(conn: Connection, valides: Sequence[tuple[Demande, LigneValide]]) -> dict[UUID, Sort]:
    """A correction may not write to somebody of another platform."""
    cites = {d.id: lue.valeurs["id_assure"] for d, lue in valides if d.decision == "corriger" and "id_assure" in lue.valeurs}
    if not cites:
        return {}
    parametres = {"ids": list(set(cites.values())), "plateforme": valides[0][0].plateforme_id}
    ailleurs = set(conn.execute(query("quarantaine.lister_hors_plateforme"), parametres).scalars())
    return {ident: _refused("autre_plateforme", "id_assure") for ident, cite in cites.items() if cite in ailleurs}


def _load(
    conn: Connection, flux: str, fichier_id: UUID, valides: Sequence[tuple[Demande, LigneValide]], maintenant: datetime
) -> dict[UUID, Sort]:
    """The same steps as a file; a line is known by its rank."""
    if not valides:
        return {}
    depot_flux.create_lu(conn, flux)
    depot_flux.copy_lignes(
        conn, flux, (depot_flux.build_rangee(flux, lue.valeurs, rang, fichier_id) for rang, (_, lue) in enumerate(valides))
    )
    ecartees = {rang: _aside(*raison) for rang, *raison in depot_flux.set_aside(conn, flux)}
    depot_flux.apply_lignes(conn, flux, fichier_id, maintenant)
    prises = set(conn.execute(query(f"quarantaine.lister_pris_{flux}")).scalars())
    depot_flux.close_reparees(conn, flux, maintenant)
    return {demande.id: ecartees.get(rang) or Sort("pris" if rang in prises else "inchange") for rang, (demande, _) in enumerate(valides)}


def _aside(champ: str, code: str, cle: str | None) -> Sort:
    return Sort("encore_refuse", champ, code, ingest_flux.MESSAGES[code], cle)


def _refused(code: str, champ: str | None = None) -> Sort:
    return Sort("encore_refuse", champ, code, _MESSAGES[code])


def _conclude(conn: Connection, demandes: Sequence[Demande], sorts: dict[UUID, Sort], maintenant: datetime) -> None:
    """State of the decisions, then of the lines, then one event each."""
    parametres: list[dict[str, Any]] = [
        {
            "id": d.id,
            "maintenant": maintenant,
            "resultat": (sort := sorts[d.id]).resultat,
            "champ": sort.champ,
            "code": sort.code,
            "message": sort.message,
            "cle": sort.cle,
        }
        for d in demandes
    ]
    conn.execute(query("quarantaine.conclure_demande"), parametres)
    cles = {flux: list(load_schema(flux).cle) for flux in MODIFIABLES}
    conn.execute(
        query("quarantaine.conclure_ligne"), [{"id": d.id, "cle": sorts[d.id].cle, "cles": cles.get(d.flux, [])} for d in demandes]
    )
    conn.execute(query("quarantaine.consigner_demandes"), {"ids": [p["id"] for p in parametres]})
