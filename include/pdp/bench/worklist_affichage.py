"""What is on the screen, however it was read: the product and its peers are compared on this, row for row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from pdp.services.filtres_liste import Filtres

Facettes = dict[str, dict[str, tuple[int, int]]]


@dataclass(frozen=True)
class Demande:
    """Whose list, with which filters and order."""

    csam_id: UUID
    plateforme_id: str
    filtres: Filtres = field(default_factory=Filtres)


@dataclass(frozen=True)
class Ligne:
    """One person; ``taches`` as (motif, ball, deadline, note, put by hand, day of return), ``pourquoi`` as (palier, decision…)."""

    parcours_id: UUID
    statut: str
    nom: str
    prenom: str
    date_naissance: date
    arret: tuple[date, date] | None
    taches: tuple[tuple[str, str, datetime, str | None, bool, date | None], ...]
    essais: int
    dernier: tuple[str, datetime] | None
    entretien: tuple[datetime, datetime] | None
    message_en_echec: bool
    silence: tuple[str, date | None] | None
    retard_detection: int | None
    attente: tuple[bool, bool]
    partenaires: frozenset[str]
    pourquoi: tuple[int, date, str | None, str | None, str | None, tuple[str, ...]]


@dataclass(frozen=True)
class Affichage:
    """The page: rows shown in order, counters, choices of each family as (with the other filters, in all), what was done today."""

    total: int
    filtrees: int
    compteurs: dict[str, int]
    facettes: Facettes
    lignes: tuple[Ligne, ...]
    faits: tuple[tuple[UUID, str | None, str | None, datetime], ...]
    fraicheur: tuple[datetime | None, datetime | None, tuple[tuple[datetime, datetime], ...]]
