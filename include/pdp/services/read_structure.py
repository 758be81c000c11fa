"""What is known of one partner: its configuration, its ways through time, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.orientation import CANAUX, DISPOSITIFS
from pdp.domain.routage import FaitsPartenaire, describe_zones, tell_capacite
from pdp.errors import Introuvable
from pdp.services.configure_partenaire import REGLAGES
from pdp.storage.lignes import find_ligne, list_lignes
from pdp.storage.sql import query


@dataclass(frozen=True)
class Partenaire:
    """A partner as configured."""

    id: UUID
    plateforme_id: str
    id_source: str
    type: str
    nom: str
    canal: str
    url: str | None
    jeton_url: str | None
    courriel: str | None
    adresse_securisee: str | None
    telephone: str | None
    delai_reponse_jours: int | None
    horaires: str | None
    actif_du: date
    actif_au: date | None
    annonce: dict[str, Any]
    configure_at: datetime | None

    @property
    def type_libelle(self) -> str:
        return DISPOSITIFS[self.type]

    @property
    def canal_libelle(self) -> str:
        return CANAUX[self.canal]


@dataclass(frozen=True)
class Transport:
    """A way by which a partner was reached, from then until then."""

    canal: str
    url: str | None
    depuis_at: datetime
    jusqu_at: datetime | None

    @property
    def libelle(self) -> str:
        return CANAUX[self.canal]


@dataclass(frozen=True)
class Capacite:
    """Places said and taken in the period."""

    places: int | None
    periode: str | None
    pris: int
    complet_jusqu_au: date | None
    ferme_jusqu_au: date | None
    relais: str | None

    def tell(self, jour: date) -> str:
        """In words, as the coordinators read it."""
        return tell_capacite(FaitsPartenaire(UUID(int=0), "", "", **{c: getattr(self, c) for c in self.__dataclass_fields__}), jour)[0]


@dataclass(frozen=True)
class Contact:
    """Somebody of a partner; away until ``absent_jusqu_au``, ``relais`` answers meanwhile."""

    id: UUID
    nom: str
    fonction: str | None
    courriel: str | None
    telephone: str | None
    rappels: bool
    absent_jusqu_au: date | None
    relais: str | None


@dataclass(frozen=True)
class Absence:
    """Days without an answer; ``qui`` None = the whole structure."""

    id: UUID
    du: date
    au: date
    qui: str | None
    relais: str | None


@dataclass(frozen=True)
class Demande:
    """A change of address that waits for a manager."""

    id: UUID
    champ: str
    valeur: str
    demandee_at: datetime


@dataclass(frozen=True)
class Structure:
    """Everything a partner says of itself, with what waits."""

    partenaire: Partenaire
    capacite: Capacite
    contacts: list[Contact]
    absences: list[Absence]
    demandes: list[Demande]
    desserte: dict[str, list[str]]

    @property
    def dessert(self) -> str:
        return describe_zones(self.desserte["zone"])


def get_partenaire(conn: Connection, partenaire_id: UUID) -> Partenaire:
    """Raises :class:`Introuvable` when absent or of another platform."""
    partenaire = find_ligne(conn, "partenaires.trouver", Partenaire, partenaire=partenaire_id)
    if partenaire is None:
        raise Introuvable("Ce partenaire n'existe pas ou n'est pas accessible.")
    return partenaire


def read_structure(conn: Connection, partenaire_id: UUID, jour: date) -> Structure:
    """What a partner says of itself that day; raises :class:`Introuvable`."""
    partenaire = get_partenaire(conn, partenaire_id)
    desserte: dict[str, list[str]] = {"zone": [], "spst": [], "employeur": []}
    for ligne in conn.execute(query("partenaires.lister_desserte"), {"partenaire": partenaire_id}):
        desserte[ligne.genre].append(ligne.code)
    capacite = find_ligne(conn, "partenaires.lire_capacite", Capacite, partenaire=partenaire_id, jour=jour)
    assert capacite is not None
    return Structure(
        partenaire,
        capacite,
        list_lignes(conn, "partenaires.lister_contacts", Contact, partenaire=partenaire_id, jour=jour),
        list_lignes(conn, "partenaires.lister_absences", Absence, partenaire=partenaire_id, jour=jour),
        list_lignes(conn, "partenaires.lister_adresses", Demande, partenaire=partenaire_id),
        desserte,
    )


def list_contacts(conn: Connection, partenaire_id: UUID, jour: date) -> list[Contact]:
    """People of a partner, and who is away that day."""
    return list_lignes(conn, "partenaires.lister_contacts", Contact, partenaire=partenaire_id, jour=jour)


def list_transports(conn: Connection, partenaire_id: UUID) -> list[Transport]:
    """Ways by which a partner was reached, the present one first."""
    return list_lignes(conn, "partenaires.lister_transports", Transport, partenaire=partenaire_id)


def read_ecarts(structure: Structure) -> dict[str, tuple[Any, Any]]:
    """What the last list says otherwise than here: field -> (list, here). Empty for a partner that no list names."""
    partenaire, annonce = structure.partenaire, structure.partenaire.annonce
    ecarts = {c: (annonce[c], getattr(partenaire, c)) for c in REGLAGES if c in annonce and annonce[c] != getattr(partenaire, c)}
    for cle, genre in (("zones", "zone"), ("spst", "spst")):
        if cle in annonce and annonce[cle] != structure.desserte[genre]:
            ecarts[cle] = (", ".join(annonce[cle]), ", ".join(structure.desserte[genre]))
    return ecarts
