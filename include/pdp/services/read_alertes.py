"""What a médecin-conseil reads of the alerts: cards to decide, the digest of the day, what became of them per quarter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.domain.alerte import DECISIONS, TYPES, Decision, describe_faits, list_decisions
from pdp.domain.calendrier import add_mois
from pdp.domain.parcours import LIBELLES as STATUTS_PARCOURS
from pdp.domain.parcours import Statut as StatutParcours
from pdp.domain.releve import FAMILLES
from pdp.services.delais import get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.storage.lignes import find_ligne, list_lignes
from pdp.storage.sql import query

ACTIONS = sorted(cle for cle, decision in DECISIONS.items() if decision.action)


@dataclass(frozen=True)
class Fait:
    """One alert of a card."""

    id: UUID
    type: str
    phrase: str
    connu_le: date
    faits: Sequence[tuple[str, str]]

    @property
    def libelle(self) -> str:
        return TYPES[self.type].libelle


@dataclass(frozen=True)
class CarteAlerte:
    """What one decision settles: the open alerts of one person and theme, the latest first."""

    famille: str
    connue_at: datetime
    echeance_le: date | None
    alertes: Sequence[Mapping[str, Any]]
    nom: str
    prenom: str
    date_naissance: date
    parcours_statut: str | None
    clos: bool
    signalement_id: UUID | None
    csam_nom: str | None
    csam_prenom: str | None

    @property
    def faits(self) -> list[Fait]:
        return [
            Fait(UUID(a["id"]), a["type"], a["phrase"], jour_local(datetime.fromisoformat(a["connu_at"])), describe_faits(a["faits"]))
            for a in self.alertes
        ]

    @property
    def id(self) -> UUID:
        """Alert under which the card is decided."""
        return UUID(self.alertes[0]["id"])

    @property
    def urgente(self) -> bool:
        return self.famille == "securite"

    @property
    def theme(self) -> str:
        return FAMILLES[self.famille]

    @property
    def decisions(self) -> tuple[Decision, ...]:
        sans_parcours = self.parcours_statut is None  # nothing to remind of, nothing to close
        return list_decisions(*dict.fromkeys(a["type"] for a in self.alertes), clos=self.clos or sans_parcours)

    @property
    def statut_libelle(self) -> str | None:
        return STATUTS_PARCOURS[StatutParcours(self.parcours_statut)] if self.parcours_statut else None

    def age_jours(self, jour: date) -> int:
        return (jour - jour_local(self.connue_at)).days


@dataclass(frozen=True)
class CompteAlertes:
    """``situations``: cards; ``du_jour``: those of the doctor's digest of the day that are still open."""

    ouvertes: int
    situations: int
    du_jour: int
    plus_ancienne_at: datetime | None
    decidees: int


@dataclass(frozen=True)
class AlerteDecidee:
    """An alert decided lately, kept in sight."""

    id: UUID
    type: str
    phrase: str
    decision: str
    decision_note: str | None
    decide_at: datetime
    nom: str
    prenom: str
    medecin_nom: str | None
    medecin_prenom: str | None


@dataclass(frozen=True)
class ReleveDuJour:
    """What this doctor was told this morning; ``lu_at`` None = unread."""

    id: UUID
    a_decider: int
    urgentes: int
    echeances: int
    relayees: int
    en_attente: int
    compose_at: datetime
    lu_at: datetime | None


@dataclass(frozen=True)
class Suite:
    """What became of the alerts of one kind raised in one quarter."""

    trimestre: date
    type: str
    recues: int
    decidees: int
    actions: int
    sans_objet: int
    delai_median_jours: float | None

    @property
    def libelle(self) -> str:
        return TYPES[self.type].libelle

    @property
    def taux(self) -> int | None:
        """Percentage of decided alerts that something followed; None before any decision."""
        return round(100 * self.actions / self.decidees) if self.decidees else None


@dataclass(frozen=True)
class Lecture:
    """Digests of one quarter."""

    trimestre: date
    composes: int
    lus: int
    relayees: int


@dataclass(frozen=True)
class Trimestre:
    """One quarter of the screen."""

    debut: date
    suites: Sequence[Suite]
    lecture: Lecture | None

    @property
    def libelle(self) -> str:
        rang = (self.debut.month - 1) // 3 + 1
        return f"{rang}{'er' if rang == 1 else 'e'} trimestre {self.debut.year}"


def count_alertes(conn: Connection, agent_id: UUID, maintenant: datetime) -> CompteAlertes:
    compte = find_ligne(conn, "alertes_cartes.count_alertes", CompteAlertes, agent=agent_id, maintenant=maintenant)
    return compte or CompteAlertes(0, 0, 0, None, 0)


def list_cartes(
    conn: Connection, plateforme_id: str, agent_id: UUID, maintenant: datetime, *, du_jour: bool, limite: int
) -> list[CarteAlerte]:
    """Open cards: safety, then near legal deadlines, then the oldest. ``du_jour``: those of this doctor's digest only."""
    return list_lignes(
        conn,
        "alertes_cartes.list_cartes",
        CarteAlerte,
        agent=agent_id,
        maintenant=maintenant,
        proche=get_echeance_jours(jour_local(maintenant), plateforme_id),
        du_jour=du_jour,
        limite=limite,
    )


def get_echeance_jours(jour: date, plateforme_id: str) -> int:
    """Days before a legal deadline within which an alert is never left for another day."""
    return referentiel().entier("releve_echeance_legale_jours", jour, plateforme_id)


def get_budget(jour: date, plateforme_id: str) -> int:
    """Cards of a digest, safety and near legal deadlines aside."""
    return referentiel().entier("releve_budget_jour", jour, plateforme_id)


def list_alertes_decidees(conn: Connection, maintenant: datetime) -> list[AlerteDecidee]:
    """Alerts decided since this morning."""
    return list_lignes(conn, "alertes_cartes.list_decidees", AlerteDecidee, maintenant=maintenant)


def find_releve(conn: Connection, agent_id: UUID, maintenant: datetime) -> ReleveDuJour | None:
    return find_ligne(conn, "releves.trouver_du_jour", ReleveDuJour, agent=agent_id, maintenant=maintenant)


def count_non_lus(conn: Connection, agent_id: UUID) -> int:
    """Digests told to this doctor and not read, urgent ones included."""
    return conn.execute(query("releves.compter_non_lus"), {"agent": agent_id}).scalar_one()


def list_trimestres(conn: Connection, plateforme_id: str, maintenant: datetime, nombre: int = 4) -> list[Trimestre]:
    """The last ``nombre`` quarters that had alerts, the present one first."""
    lieu = get_lieu(conn, plateforme_id)
    jour = lieu.jour(maintenant)
    depuis = add_mois(date(jour.year, (jour.month - 1) // 3 * 3 + 1, 1), -3 * (nombre - 1))
    suites = list_lignes(conn, "alertes_cartes.list_suites", Suite, depuis=depuis, fuseau=str(lieu.fuseau), actions=ACTIONS)
    lectures = {ligne.trimestre: ligne for ligne in list_lignes(conn, "alertes_cartes.list_lectures", Lecture, depuis=depuis)}
    return [Trimestre(debut, list(groupe), lectures.get(debut)) for debut, groupe in groupby(suites, key=attrgetter("trimestre"))]
