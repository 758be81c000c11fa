"""Who followed a case, when and why, and the other cases of the same person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.services.read_historique import AUTOMATIQUE
from pdp.storage.lignes import list_lignes


@dataclass(frozen=True)
class Suivi:
    """One period in the hands of one coordinator; ``motif`` is the sentence written then."""

    du: datetime
    au: datetime | None
    motif: str
    retour_le: date | None
    relais: str | None
    note: str | None
    prenom: str
    nom: str
    par_type: str
    par_prenom: str | None
    par_nom: str | None

    @property
    def automatique(self) -> bool:
        return self.par_type == "systeme"

    @property
    def par(self) -> str:
        """Who decided it."""
        if self.par_nom:
            return f"{self.par_prenom} {self.par_nom}"
        return AUTOMATIQUE if self.automatique else "Un agent"


@dataclass(frozen=True)
class AutreParcours:
    """Another case of the person; ``mien``: the same coordinator may open it."""

    id: UUID
    statut: str
    decide_at: datetime
    clos_at: datetime | None
    cloture_motif: str | None
    prenom: str | None
    nom: str | None
    mien: bool


def list_suivis(conn: Connection, parcours_id: UUID) -> list[Suivi]:
    """Latest first."""
    return list_lignes(conn, "fiche.lister_affectations", Suivi, parcours=parcours_id)


def list_autres_parcours(conn: Connection, parcours_id: UUID, csam_id: UUID) -> list[AutreParcours]:
    """Latest first; entered in error or merged ones are not followed cases."""
    return list_lignes(conn, "fiche.lister_autres_parcours", AutreParcours, parcours=parcours_id, csam=csam_id)
