"""Rows read to apply the answers of partners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class LigneReponse:
    """An answer not applied yet; ``statut`` None: it says something else (``nature``)."""

    id: UUID
    plateforme_id: str
    partenaire_id: UUID
    evenement_id: str
    orientation_id: UUID
    version: int
    nature: str
    statut: str | None
    motif: str | None
    compte_rendu: str | None
    rendez_vous_at: datetime | None
    survenu_at: datetime
    recu_at: datetime

    @property
    def dite_at(self) -> datetime:
        """When true, never after it was known here."""
        return min(self.survenu_at, self.recu_at)


@dataclass(frozen=True)
class LigneOrientation:
    """The hand-over answered."""

    id: UUID
    parcours_id: UUID
    statut: str
    version_partenaire: int
    compte_rendu: str | None
