"""Answers of partners as they arrive, whatever the transport: kept once, applied later by the collect service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection

from pdp.storage.sql import query

MARQUE_AUTRE_CONTENU = "#"


def deposit(
    conn: Connection,
    *,
    plateforme_id: str,
    partenaire_id: UUID,
    evenement_id: str,
    orientation_id: UUID,
    version: int,
    statut: str | None,
    motif: str | None,
    compte_rendu: str | None,
    survenu_at: datetime,
    empreinte: bytes,
    maintenant: datetime,
    transport: str,
    nature: str = "statut",
    rendez_vous_at: datetime | None = None,
    seances: Sequence[date] | None = None,
) -> str:
    """Keep one answer: ``nouvelle``, ``connue`` (same id, same content) or ``autre_contenu`` (same id, another content).

    The other content is not kept here: the caller keeps it under a marked id, or refuses it. ``nature`` is one of
    ``domain.orientation.NATURES``: only ``statut`` carries a status, only ``rendez_vous`` an instant; ``seances`` carries dates.
    """
    ecrite = conn.execute(
        query("inbox.deposer" if seances is None else "inbox.deposer_seances"),
        {
            "id": uuid4(),
            "plateforme": plateforme_id,
            "partenaire": partenaire_id,
            "evenement": evenement_id,
            "orientation": orientation_id,
            "version": version,
            "nature": nature,
            "statut": statut,
            "motif": motif,
            "compte_rendu": compte_rendu,
            "rendez_vous_at": rendez_vous_at,
            **({} if seances is None else {"seances": list(seances)}),
            "transport": transport,
            "survenu_at": survenu_at,
            "empreinte": empreinte,
            "maintenant": maintenant,
        },
    ).scalar()
    if ecrite is not None:
        return "nouvelle"
    connue = conn.execute(query("inbox.trouver_evenement"), {"partenaire": partenaire_id, "evenement": evenement_id}).one()
    return "connue" if bytes(connue.empreinte) == empreinte else "autre_contenu"
