"""The document d'orientation local as médecins-conseils read it: the version in force, its signature, and what it decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.dol import CIBLES, CONDITIONS
from pdp.services.libelles_dossier import CATEGORIES, RISQUES, STATUTS_SIGNALEMENT
from pdp.storage.lignes import find_ligne, list_lignes


@dataclass(frozen=True)
class VersionDol:
    """The signed version in force."""

    id: UUID
    version: int
    du: date
    au: date | None
    signe_at: datetime
    empreinte: str
    signataire_nom: str | None
    signataire_prenom: str | None


@dataclass(frozen=True)
class RegleDol:
    rang: int
    libelle: str
    conditions: Mapping[str, Any]
    cible: str
    appliquee: int
    derniere_at: datetime | None

    @property
    def cible_libelle(self) -> str:
        return CIBLES[self.cible]

    @property
    def phrases(self) -> list[str]:
        """Conditions in French; a condition outside the closed vocabulary is shown as it is."""
        return [f"{CONDITIONS.get(cle, cle)} : {_en_mots(valeur)}" for cle, valeur in self.conditions.items()]


@dataclass(frozen=True)
class AncienneVersionDol:
    version: int
    du: date
    au: date | None
    signe_at: datetime | None
    signataire_nom: str | None
    signataire_prenom: str | None


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


def find_dol(conn: Connection, jour: date) -> VersionDol | None:
    return find_ligne(conn, "medecin.find_dol_en_vigueur", VersionDol, jour=jour)


def list_regles_dol(conn: Connection, version_id: UUID) -> list[RegleDol]:
    return list_lignes(conn, "medecin.list_dol_regles", RegleDol, version_id=version_id)


def list_versions_dol(conn: Connection) -> list[AncienneVersionDol]:
    return list_lignes(conn, "medecin.list_dol_versions", AncienneVersionDol)


def count_decisions(conn: Connection) -> list[CompteDecisions]:
    return list_lignes(conn, "medecin.count_decisions", CompteDecisions)


def _en_mots(valeur: Any) -> str:
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    if isinstance(valeur, list):
        return " ou ".join(_en_mots(v) for v in valeur)
    return CATEGORIES.get(str(valeur)) or RISQUES.get(str(valeur)) or str(valeur)
