"""The document d'orientation local as médecins-conseils read it: versions, what each rule decided, what was changed of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.dol import CIBLES, Regle, fingerprint
from pdp.domain.dol_redaction import Changement, compare_tables
from pdp.errors import Introuvable
from pdp.services.libelles_dol import tell_conditions
from pdp.services.libelles_dossier import STATUTS_SIGNALEMENT
from pdp.storage.lignes import find_ligne, list_lignes


@dataclass(frozen=True)
class VersionDol:
    """One version; without a signature it delegates nothing."""

    id: UUID
    version: int
    du: date
    au: date | None
    signe_at: datetime | None
    empreinte: str | None
    signataire_nom: str | None
    signataire_prenom: str | None


@dataclass(frozen=True)
class RegleDol:
    """One rule; ``appliquee`` counts the files it oriented, those that a médecin-conseil changed (``ecartee``) included."""

    id: UUID
    rang: int
    libelle: str
    conditions: Mapping[str, Any]
    cible: str
    appliquee: int
    ecartee: int
    derniere_at: datetime | None

    @property
    def cible_libelle(self) -> str:
        return CIBLES[self.cible]

    @property
    def phrases(self) -> list[str]:
        return tell_conditions(self.conditions)

    @property
    def taux(self) -> int | None:
        """Percentage of its files that a médecin-conseil changed; None when it oriented none."""
        return round(100 * self.ecartee / self.appliquee) if self.appliquee else None

    def as_regle(self) -> Regle:
        return Regle(str(self.id), self.rang, self.libelle, self.conditions, self.cible)


@dataclass(frozen=True)
class CompteDecisions:
    mode_decision: str | None
    statut: str
    nombre: int

    @property
    def mode(self) -> str:
        return {"mc": "Médecin-conseil", "delegue": "Par délégation", "systeme": "Automatique, sans décision"}.get(
            self.mode_decision or "", "Autre"
        )

    @property
    def statut_libelle(self) -> str:
        return STATUTS_SIGNALEMENT[self.statut]


@dataclass(frozen=True)
class Delegue:
    """A file that a rule oriented."""

    id: UUID
    statut: str
    decide_at: datetime
    palier: int
    nom: str
    prenom: str
    date_naissance: date
    regle_libelle: str
    version: int

    @property
    def cible_libelle(self) -> str:
        return CIBLES[self.statut]


@dataclass(frozen=True)
class DerogationDol:
    """A delegated orientation that a médecin-conseil changed; ``annulee_at`` when its author took it back."""

    id: UUID
    signalement_id: UUID
    cible_avant: str
    cible_apres: str
    motif: str
    fait_at: datetime
    annulee_at: datetime | None
    medecin_nom: str
    medecin_prenom: str
    regle_libelle: str
    version: int

    @property
    def avant(self) -> str:
        return CIBLES[self.cible_avant]

    @property
    def apres(self) -> str:
        return CIBLES[self.cible_apres]


def find_dol(conn: Connection, jour: date) -> VersionDol | None:
    """The signed version in force on a day, on the platform of who asks."""
    return find_ligne(conn, "dol.find_en_vigueur", VersionDol, jour=jour)


def list_regles_dol(conn: Connection, version_id: UUID) -> list[RegleDol]:
    return list_lignes(conn, "dol.list_regles", RegleDol, version_id=version_id)


def is_intacte(version: VersionDol, regles: list[RegleDol]) -> bool:
    """Whether these rules are those that were signed; a version that is not delegates nothing."""
    return fingerprint([r.as_regle() for r in regles]).hex() == version.empreinte


def list_versions_dol(conn: Connection) -> list[VersionDol]:
    """Every version, latest first."""
    return list_lignes(conn, "dol.list_versions", VersionDol)


def get_version_dol(conn: Connection, numero: int) -> tuple[VersionDol, VersionDol | None]:
    """One version by its number, with the signed one before it. Raises :class:`Introuvable`."""
    versions = list_versions_dol(conn)
    version = next((v for v in versions if v.version == numero), None)
    if version is None:
        raise Introuvable("Cette version n'existe pas sur votre plateforme.")
    return version, next((v for v in versions if v.version < numero and v.signe_at), None)


def compare_versions(avant: list[RegleDol], apres: list[RegleDol]) -> list[Changement]:
    """What changed from one version to the other, rule by rule."""
    return compare_tables([r.as_regle() for r in avant], [r.as_regle() for r in apres])


def count_decisions(conn: Connection) -> list[CompteDecisions]:
    return list_lignes(conn, "dol.count_decisions", CompteDecisions)


def list_delegues(conn: Connection, regle_id: UUID | None, limite: int) -> list[Delegue]:
    """Files oriented by delegation (by one rule when given), latest first."""
    return list_lignes(conn, "dol.list_delegues", Delegue, regle=regle_id, limite=limite)


def list_derogations(conn: Connection, limite: int) -> list[DerogationDol]:
    """What médecins-conseils changed, latest first."""
    return list_lignes(conn, "dol.list_derogations", DerogationDol, limite=limite)
