"""Sessions of Mon soutien psy as declared: dates, their count of the civil year, what is left of the quota; never their content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.soutien_psy import CompteAnnee, Seance, count_annee, number_seances
from pdp.services.publish_referentiel import referentiel
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

SOURCES = {"personne": "dite par la personne", "psychologue": "dite par le psychologue"}


@dataclass(frozen=True)
class LigneSeance:
    """One declared session."""

    id: UUID
    parcours_id: UUID
    seance_le: date
    source: str
    declaree_at: datetime

    @property
    def source_libelle(self) -> str:
        return SOURCES[self.source]


@dataclass(frozen=True)
class SuiviPsy:
    """Sessions of a person: ``lignes`` each with its rank, ``compte`` of the civil year of the day asked for."""

    lignes: list[tuple[LigneSeance, Seance]]
    compte: CompteAnnee

    @property
    def premiere(self) -> date | None:
        return self.lignes[0][0].seance_le if self.lignes else None

    @property
    def derniere(self) -> date | None:
        return self.lignes[-1][0].seance_le if self.lignes else None


def list_dates(conn: Connection, parcours_id: UUID) -> list[date]:
    """Days of the sessions declared for the person of a parcours, on any of her parcours."""
    return [ligne.seance_le for ligne in conn.execute(query("soutien_psy.lister_seances"), {"parcours": parcours_id})]


def read_seances(conn: Connection, parcours_id: UUID, jour: date) -> SuiviPsy:
    """Sessions of the person, oldest first, one a day; those of the year of ``jour`` against its quota."""
    lignes = {x.seance_le: x for x in reversed(list_lignes(conn, "soutien_psy.lister_seances", LigneSeance, parcours=parcours_id))}
    rangs = number_seances(lignes, referentiel())
    return SuiviPsy([(lignes[s.le], s) for s in rangs], count_annee(list(lignes), jour, referentiel()))
