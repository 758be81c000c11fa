"""Software of a partner that may call our FHIR endpoint: opened and revoked by a manager, its secret shown once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.errors import DonneeInvalide, Introuvable
from pdp.storage import journal
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

OUVERTS_MAX = 2
"""One in use and its successor: a secret is changed without a minute of silence."""


@dataclass(frozen=True)
class Client:
    """One client of a partner; ``revoque_at`` None = it may call."""

    id: str
    cree_at: datetime
    revoque_at: datetime | None


def hash_secret(secret: str) -> bytes:
    """SHA-256: enough for 256 random bits, which nobody guesses."""
    return sha256(secret.encode()).digest()


def create_client(conn: Connection, auteur: Auteur, partenaire_id: UUID, maintenant: datetime) -> tuple[str, str]:
    """Open a client: its id and its secret, which exists nowhere else after this call.

    Raises :class:`Introuvable` for a partner of another platform, :class:`DonneeInvalide` when two clients are already open.
    """
    if conn.execute(query("fhir_clients.compter_ouverts"), {"partenaire": partenaire_id}).scalar_one() >= OUVERTS_MAX:
        raise DonneeInvalide(
            "Ce partenaire a déjà deux accès ouverts : fermez l'ancien avant d'en ouvrir un autre. Rien n'a changé.",
            code="too_many_clients",
        )
    client_id, secret = f"pdp-{secrets.token_hex(10)}", secrets.token_urlsafe(32)
    plateforme = conn.execute(
        query("fhir_clients.creer"),
        {"id": client_id, "partenaire": partenaire_id, "empreinte": hash_secret(secret), "maintenant": maintenant, "par": auteur.id},
    ).scalar()
    if plateforme is None:
        raise Introuvable("Ce partenaire n'existe pas ou n'est pas accessible.")
    _record(conn, "client_fhir_ouvert", plateforme, partenaire_id, client_id)
    return client_id, secret


def revoke_client(conn: Connection, auteur: Auteur, client_id: str, maintenant: datetime) -> None:
    """Close a client, its tokens with it; a second call does nothing. Raises :class:`Introuvable` for one of another platform."""
    ferme = conn.execute(query("fhir_clients.revoquer"), {"id": client_id, "maintenant": maintenant, "par": auteur.id}).one_or_none()
    if ferme is not None:
        _record(conn, "client_fhir_revoque", ferme.plateforme_id, ferme.partenaire_id, client_id)
    elif conn.execute(query("fhir_clients.trouver"), {"id": client_id}).one_or_none() is None:
        raise Introuvable("Cet accès n'existe pas ou n'est pas accessible.")


def list_clients(conn: Connection, partenaire_id: UUID) -> list[Client]:
    """Every client of a partner, the last one first."""
    return list_lignes(conn, "fhir_clients.lister", Client, partenaire=partenaire_id)


def _record(conn: Connection, evenement: str, plateforme_id: str, partenaire_id: UUID, client_id: str) -> None:
    journal.record(conn, evenement, plateforme_id=plateforme_id, donnees={"partenaire_id": partenaire_id, "client_id": client_id})
