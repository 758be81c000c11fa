"""Refused lines and files sent by hand, as a manager reads them: where, why, what was decided, what came of it. Never what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.errors import Introuvable
from pdp.services.libelles_quarantaine import describe_raison
from pdp.services.read_passages import FLUX
from pdp.storage.lignes import find_ligne, list_lignes
from pdp.storage.sql import query


@dataclass(frozen=True)
class Groupe:
    """Lines of one feed refused for one reason."""

    flux: str
    code: str
    exemple: str
    a_traiter: int
    en_attente: int
    derniere_at: datetime

    @property
    def flux_libelle(self) -> str:
        return FLUX.get(self.flux, self.flux)

    @property
    def raison(self) -> str:
        return describe_raison(self.code)


@dataclass(frozen=True)
class LigneRefusee:
    """One line; ``en_attente`` is the decision that waits for the next reception, None when there is none."""

    id: UUID
    flux: str
    fichier: str
    numero_ligne: int
    champ: str | None
    code: str
    message: str
    connu_at: datetime
    resolue_at: datetime | None
    resolution: str | None
    en_attente: str | None

    @property
    def flux_libelle(self) -> str:
        return FLUX.get(self.flux, self.flux)


@dataclass(frozen=True)
class Decision:
    """What somebody decided about a line, and what came of it."""

    decision: str
    champs: list[str]
    motif: str | None
    demandee_at: datetime
    annulee_at: datetime | None
    traitee_at: datetime | None
    resultat: str | None
    resultat_message: str | None
    nom: str
    prenom: str


@dataclass(frozen=True)
class Depot:
    """A file sent by hand; what follows ``fichier_id`` is None until a reception took it."""

    id: UUID
    flux: str
    nom: str
    taille_octets: int
    depose_at: datetime
    deja_recu: bool
    agent_nom: str
    agent_prenom: str
    fichier_id: UUID | None
    recu_sous: str | None
    etat: str | None
    motif: str | None
    lignes: int | None
    admises: int | None
    inchangees: int | None
    rejetees: int | None
    recu_at: datetime | None

    @property
    def flux_libelle(self) -> str:
        return FLUX.get(self.flux, self.flux)


@dataclass(frozen=True)
class Raison:
    """Refused lines of one file for one reason."""

    code: str
    exemple: str
    nombre: int
    ouvertes: int


def list_groupes(conn: Connection, *, sans_plateforme: bool = False) -> list[Groupe]:
    """Most frequent reason first: lines of the manager's platform, or those that name no platform."""
    return list_lignes(conn, "quarantaine.compter_groupes", Groupe, sans_plateforme=sans_plateforme)


def count_etats(conn: Connection) -> dict[str, int]:
    """How many lines in each state of :data:`~pdp.services.libelles_quarantaine.ETATS`."""
    return dict(conn.execute(query("quarantaine.compter_etats")).one()._mapping)


def list_refusees(
    conn: Connection, etat: str, limite: int, *, flux: str | None = None, code: str | None = None, fichier: UUID | None = None
) -> list[LigneRefusee]:
    """Latest first."""
    return list_lignes(conn, "quarantaine.lister_lignes", LigneRefusee, etat=etat, limite=limite, flux=flux, code=code, fichier=fichier)


def get_ligne(conn: Connection, ligne_id: UUID) -> LigneRefusee:
    """Raises ``Introuvable`` for a line of another platform, or of none, as for one that does not exist."""
    ligne = find_ligne(conn, "quarantaine.trouver_ligne", LigneRefusee, ligne=ligne_id)
    if ligne is None:
        raise Introuvable("Cette ligne n'existe pas ou n'est pas de votre plateforme.")
    return ligne


def list_decisions(conn: Connection, ligne_id: UUID) -> list[Decision]:
    """Latest first, those taken back included."""
    return list_lignes(conn, "quarantaine.lister_decisions", Decision, ligne=ligne_id)


def list_depots(conn: Connection, limite: int) -> list[Depot]:
    return list_lignes(conn, "quarantaine.lister_depots", Depot, limite=limite, depot=None)


def get_depot(conn: Connection, depot_id: UUID) -> Depot:
    depot = find_ligne(conn, "quarantaine.lister_depots", Depot, limite=1, depot=depot_id)
    if depot is None:
        raise Introuvable("Cet envoi n'existe pas ou n'est pas de votre plateforme.")
    return depot


def list_raisons(conn: Connection, fichier_id: UUID) -> list[Raison]:
    """Why lines of a file were refused, those of the manager's platform."""
    return list_lignes(conn, "quarantaine.compter_raisons", Raison, fichier=fichier_id)


@dataclass(frozen=True)
class NirPartages:
    """People of the platform whose NIR somebody else also bears; ``depuis`` None when there is none."""

    personnes: int
    depuis: datetime | None


def count_nir_partages(conn: Connection, plateforme_id: str) -> NirPartages:
    return NirPartages(**conn.execute(query("flux_identite.compter_nir_partages"), {"plateforme": plateforme_id}).one()._mapping)
