"""Acts a person may still take back: her own, of the window, with what stops an undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.acte import INDEPENDANTS, describe_genre
from pdp.services.annulation import get_fenetre
from pdp.storage.lignes import find_ligne, list_lignes

LIMITE = 200


@dataclass(frozen=True)
class LigneSaisie:
    """One act of the person signed in, on one case; ``suivie``: another act of the case came after it and stands."""

    id: UUID
    genre: str
    fait_at: datetime
    parcours_id: UUID | None
    nom: str
    prenom: str
    annule_at: datetime | None
    erreur_motif: str | None
    mien: bool
    suivie: bool

    @property
    def libelle(self) -> str:
        return describe_genre(self.genre)

    @property
    def annulable(self) -> bool:
        """Whether the button is shown; the refusal is said when it is pressed, since things may change meanwhile."""
        return self.annule_at is None and self.mien and not self.suivie


def list_saisies(
    conn: Connection, agent_id: UUID, plateforme_id: str, maintenant: datetime, parcours_id: UUID | None = None, limite: int = LIMITE
) -> list[LigneSaisie]:
    """Own acts of the undo window, latest first; of one case, or of all."""
    depuis = maintenant - timedelta(days=get_fenetre(conn, plateforme_id, maintenant))
    return list_lignes(
        conn,
        "annulation.lister",
        LigneSaisie,
        agent=agent_id,
        depuis=depuis,
        parcours=parcours_id,
        independants=sorted(INDEPENDANTS),
        limite=limite,
    )


@dataclass(frozen=True)
class ParcoursActe:
    """The case of an act, and whether it still is in the hands of whoever acted."""

    id: UUID
    mien: bool


def find_parcours(conn: Connection, agent_id: UUID, acte_id: UUID) -> ParcoursActe | None:
    """None for an act without a case, or that is not this person's."""
    return find_ligne(conn, "annulation.trouver_parcours", ParcoursActe, acte=acte_id, agent=agent_id)
