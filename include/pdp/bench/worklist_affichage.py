"""What is on the screen, however it was read: the product and its peers are compared on this, row for row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True)
class Demande:
    """Whose list, with which filters: one of the counters, some reasons (none = all)."""

    csam_id: UUID
    plateforme_id: str
    vue: str = "tous"
    motifs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Ligne:
    """One person; ``taches`` as (motif, holder of the ball, deadline, note, put by hand), ``pourquoi`` as (palier, decision, sentences)."""

    parcours_id: UUID
    statut: str
    nom: str
    prenom: str
    date_naissance: date
    arret: tuple[date, date] | None
    taches: tuple[tuple[str, str, datetime, str | None, bool], ...]
    essais: int
    dernier: tuple[str, datetime] | None
    entretien: tuple[datetime, datetime] | None
    message_en_echec: bool
    silence: tuple[str, date | None] | None
    pourquoi: tuple[int, date, str | None, str | None, str | None, tuple[str, ...]]


@dataclass(frozen=True)
class Affichage:
    """The page: rows shown in order, counters, how many match, what was done today."""

    total: int
    filtrees: int
    compteurs: dict[str, int]
    motifs: dict[str, int]
    lignes: tuple[Ligne, ...]
    faits: tuple[tuple[UUID, str, datetime], ...]
