"""The organisation on a day, as a manager reads it: the tree, who works where with what, what was changed and what became of units."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.calendrier import add_mois
from pdp.domain.organisation import ACTES, FONCTIONS, Noeud, Unite, build_arbre
from pdp.services.delais import get_lieu
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

MOIS = 6


@dataclass(frozen=True)
class AgentPlace:
    """Somebody in a unit, with the open work held now."""

    id: UUID
    nom: str
    prenom: str
    role: str
    unite_id: UUID | None
    ouverts: int
    en_retard: int
    rendez_vous: int
    orientations: int

    @property
    def fonction(self) -> str:
        return FONCTIONS[self.role]


@dataclass(frozen=True)
class Lien:
    """A link that is not the hierarchy."""

    enfant_id: UUID
    nature: str
    parent: str


@dataclass(frozen=True)
class Acte:
    """An act of a manager; ``unite``: unit touched, ``vers``: unit that receives, ``nom``: name given."""

    id: UUID
    acte: str
    le: date
    agents: int
    parcours: int
    demandee_at: datetime
    annulee_at: datetime | None
    par_nom: str
    par_prenom: str
    unite: str | None
    vers: str | None
    nom: str | None

    @property
    def libelle(self) -> str:
        return ACTES[self.acte]


@dataclass(frozen=True)
class Succession:
    """``nationale``: of the referential, not an act of a manager."""

    le: date
    de: str
    vers: str
    nationale: bool


@dataclass(frozen=True)
class ParcoursUnite:
    """Parcours assigned in the last months to people of a unit: how many, and still open now."""

    libelle: str
    parcours: int
    ouverts: int


@dataclass(frozen=True)
class Organisation:
    """``par_unite``: as it was when each parcours was assigned; ``par_unite_actuelle``: in the organisation of today."""

    jour: date
    arbre: list[Noeud]
    agents: dict[UUID, list[AgentPlace]]
    liens: dict[UUID, list[Lien]]
    actes: list[Acte]
    successions: list[Succession]
    par_unite: list[ParcoursUnite]
    par_unite_actuelle: list[ParcoursUnite]
    depuis: date


def list_unites(conn: Connection, jour: date) -> list[Unite]:
    """Units in force that day."""
    return list_lignes(conn, "organisation.lister_unites", Unite, jour=jour)


def list_agents(conn: Connection, jour: date, maintenant: datetime) -> list[AgentPlace]:
    """People in activity that day, where they are that day, what they hold now."""
    return list_lignes(conn, "organisation.lister_agents", AgentPlace, jour=jour, maintenant=maintenant)


def read_organisation(conn: Connection, plateforme_id: str, jour: date, maintenant: datetime) -> Organisation:
    """The tree as it was, is or will be on ``jour``."""
    lieu = get_lieu(conn, plateforme_id)
    aujourd_hui = lieu.jour(maintenant)
    depuis = add_mois(aujourd_hui, -MOIS)
    agents: dict[UUID, list[AgentPlace]] = defaultdict(list)
    for a in list_agents(conn, jour, maintenant):
        if a.unite_id is not None:
            agents[a.unite_id].append(a)
    liens: dict[UUID, list[Lien]] = defaultdict(list)
    for lien in list_lignes(conn, "organisation.lister_liens", Lien, jour=jour):
        liens[lien.enfant_id].append(lien)
    alors, actuelles = _count_parcours(conn, str(lieu.fuseau), depuis, aujourd_hui)
    return Organisation(
        jour,
        build_arbre(list_unites(conn, jour)),
        dict(agents),
        dict(liens),
        list_lignes(conn, "organisation.lister_actes", Acte),
        list_lignes(conn, "organisation.lister_successions", Succession),
        alors,
        actuelles,
        depuis,
    )


def _count_parcours(conn: Connection, fuseau: str, depuis: date, jour: date) -> tuple[list[ParcoursUnite], list[ParcoursUnite]]:
    """The same parcours twice: both readings have the same total."""
    alors: list[ParcoursUnite] = []
    actuelles: dict[str, tuple[str, int, int]] = {}
    for x in conn.execute(query("organisation.compter_parcours"), {"fuseau": fuseau, "depuis": depuis, "jour": jour}):
        alors.append(ParcoursUnite(x.libelle_alors or "Sans unité", x.parcours, x.ouverts))
        _, parcours, ouverts = actuelles.get(str(x.aujourd_hui), ("", 0, 0))
        actuelles[str(x.aujourd_hui)] = (x.libelle_aujourd_hui or "Sans unité", parcours + x.parcours, ouverts + x.ouverts)
    return alors, sorted((ParcoursUnite(*v) for v in actuelles.values()), key=lambda p: (-p.parcours, p.libelle))
