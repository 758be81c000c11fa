"""What is to leave, written in the transaction of the change that causes it; the sender service is the only reader that acts.

Works under every role that may propose or withdraw a hand-over (``pdp_role_csam``, ``pdp_role_medecin``) and under ``pdp_app``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection

from pdp.domain.contenu import list_classes
from pdp.errors import ErreurPdp
from pdp.storage import journal
from pdp.storage.sql import query

ESPACE_CLES = UUID("5b0f8a3e-9c1d-5e57-8a44-2f6d1c7be901")
CHAMPS_ORIENTATION = frozenset({"orientation_id", "dispositif", "motif", "contenu", "emise_at"})


class CleDejaUtilisee(ErreurPdp):
    """The same key was used for another content: a new content needs a new revision."""

    code = "outbox_key_reused"

    def __init__(self) -> None:
        super().__init__(
            "Cette orientation a déjà été préparée avec un autre contenu. Rien n'est parti : rechargez la page et recommencez."
        )


def key_of(cle_parts: tuple[str, ...]) -> UUID:
    """UUIDv5 of case, dispositif, recipient and revision: the same facts always give the same key, on every attempt."""
    return uuid5(ESPACE_CLES, json.dumps([str(partie) for partie in cle_parts]))


def fingerprint(charge: Mapping[str, Any]) -> bytes:
    """SHA-256 of the canonical JSON (sorted keys, no spaces, UTF-8)."""
    return sha256(_canonical(charge).encode()).digest()


def enqueue(
    conn: Connection,
    *,
    cle_parts: tuple[str, ...],
    plateforme_id: str,
    parcours_id: UUID,
    orientation_id: UUID | None,
    partenaire_id: UUID | None,
    canal: str,
    type: str,
    charge: Mapping[str, Any],
    accord_destinataire: str | None,
    maintenant: datetime,
    horizon_jours: int,
    pas_avant: datetime | None = None,
) -> UUID:
    """Write one message to leave and return its row id; the same key and content twice is one message.

    ``charge`` is exactly what is written on the wire (``partners/contrat.py``); a mail needs none. ``canal`` is api, portail or
    courriel. An orientation always names the agreement that covers it: the sender checks it again when it claims the row.
    The classes of data it holds are read from its content, and checked again at claim; a field of no class is refused (``KeyError``).
    ``pas_avant``: time left to take the act back before the message leaves. Another content under the same key raises
    :class:`CleDejaUtilisee`.
    """
    if type == "orientation" and (accord_destinataire is None or set(charge) != CHAMPS_ORIENTATION):
        raise ValueError("an orientation carries the fields of the contract and names the agreement that covers it")
    cle, empreinte = key_of(cle_parts), fingerprint(charge)
    ecrite = conn.execute(
        query("outbox.inserer"),
        {
            "cle": cle,
            "plateforme": plateforme_id,
            "parcours": parcours_id,
            "orientation": orientation_id,
            "partenaire": partenaire_id,
            "canal": canal,
            "type": type,
            "charge": _canonical(charge),
            "empreinte": empreinte,
            "destinataire": accord_destinataire,
            "classes": list(list_classes(charge["contenu"])) if type == "orientation" else None,
            "maintenant": maintenant,
            "pas_avant": pas_avant or maintenant,
            "horizon": maintenant + timedelta(days=horizon_jours),
        },
    ).scalar()
    if ecrite is not None:
        return ecrite
    connue = conn.execute(query("outbox.trouver_par_cle"), {"cle": cle}).one_or_none()
    if connue is None or bytes(connue.empreinte) != empreinte:
        raise CleDejaUtilisee
    return connue.id


def enqueue_interne(
    conn: Connection,
    *,
    cle_parts: tuple[str, ...],
    plateforme_id: str,
    agent_id: UUID,
    modele: str,
    valeurs: Mapping[str, int | str],
    maintenant: datetime,
    horizon_jours: int,
) -> UUID:
    """Write one mail to a member of staff and return its row id; the same key twice is one mail.

    ``modele`` is one of ``messages.render.INTERNES``; ``valeurs`` are counts and labels of the platform: never a name, nothing about a
    person followed. Another content under the same key raises :class:`CleDejaUtilisee`.
    """
    charge = {"modele": modele, "valeurs": dict(valeurs)}
    cle, empreinte = key_of(cle_parts), fingerprint(charge)
    ecrite = conn.execute(
        query("outbox.inserer_interne"),
        {
            "cle": cle,
            "plateforme": plateforme_id,
            "agent": agent_id,
            "charge": _canonical(charge),
            "empreinte": empreinte,
            "maintenant": maintenant,
            "horizon": maintenant + timedelta(days=horizon_jours),
        },
    ).scalar()
    if ecrite is not None:
        return ecrite
    connue = conn.execute(query("outbox.trouver_par_cle"), {"cle": cle}).one_or_none()
    if connue is None or bytes(connue.empreinte) != empreinte:
        raise CleDejaUtilisee
    return connue.id


def recall(conn: Connection, orientation_id: UUID, maintenant: datetime) -> int:
    """Take back what has not left yet for this orientation, and return how many messages were taken back.

    A message in the hands of the sender is not taken back (its lease is 30 seconds): the sender drops it at the next
    attempt, since it checks the agreement and the orientation at each claim. Ask :func:`may_have_left` to know whether the
    partner must be told. A second call returns 0.
    """
    rappeles = conn.execute(query("outbox.rappeler"), {"orientation": orientation_id}).all()
    for ligne in rappeles:
        journal.record(
            conn,
            "message_rappele",
            plateforme_id=ligne.plateforme_id,
            parcours_id=ligne.parcours_id,
            donnees={"orientation_id": orientation_id, "type": ligne.type, "motif": "rappel", "rappele_at": maintenant},
        )
    return len(rappeles)


def may_have_left(conn: Connection, orientation_id: UUID) -> bool:
    """True when the partner has, or may have, received the orientation: delivered, in flight, or attempted with an unknown outcome."""
    return bool(conn.execute(query("outbox.compter_partis"), {"orientation": orientation_id}).scalar_one())


def is_waiting(conn: Connection, orientation_id: UUID) -> bool:
    """True when a message of this hand-over is still to leave, tried or not."""
    return bool(conn.execute(query("outbox.compter_en_attente"), {"orientation": orientation_id}).scalar_one())


def _canonical(charge: Mapping[str, Any]) -> str:
    return json.dumps(charge, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
