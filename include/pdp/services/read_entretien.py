"""One télé-échange with its answers, for the coordinator who follows the case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.errors import Introuvable
from pdp.storage.lignes import find_ligne


@dataclass(frozen=True)
class Entretien:
    """One appointment with its answers; the declared health is never shown again here, only whether it was collected."""

    id: UUID
    parcours_id: UUID
    debut_at: datetime
    fin_at: datetime
    canal: str
    statut: str
    emploi: dict[str, Any]
    social: dict[str, Any]
    bilan: dict[str, Any]
    synthese: str | None
    renseigne_at: datetime | None
    nom: str
    prenom: str
    date_naissance: date
    telephone: str | None
    sante_recueillie: bool


def get_entretien(conn: Connection, csam_id: UUID, tele_echange_id: UUID) -> Entretien:
    """Raises :class:`Introuvable` unless this coordinator follows the case."""
    entretien = find_ligne(conn, "fiche.lire_tele_echange", Entretien, tele_echange=tele_echange_id, csam=csam_id)
    if entretien is None:
        raise Introuvable
    return entretien
