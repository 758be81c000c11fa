"""Sign-in and sessions of the portal: everything is on the server, revocable at once, and known by hashes only.

A try is counted before it is evaluated, an unknown account costs the same work as a known one, and both get the same answer.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.services.manage_comptes import hash_password, is_password
from pdp.storage.sql import query

ESSAIS_MAX = 10
BLOCAGE = timedelta(minutes=15)
INACTIVITE_MAX = timedelta(minutes=30)
DUREE_MAX = timedelta(hours=8)
_TOUCHER_APRES = timedelta(minutes=1)
_LEURRE = hash_password(secrets.token_urlsafe(24))


@dataclass(frozen=True)
class Essai:
    """A try that may be evaluated; ``compte_id`` None = nobody, evaluated all the same."""

    compte_id: UUID | None
    mot_de_passe: str


@dataclass(frozen=True)
class Session:
    """An open session and its account."""

    empreinte: bytes
    compte_id: UUID
    csrf: str
    login: str
    role: str
    plateforme_id: str
    plateforme: str
    agent_id: UUID | None
    partenaire_id: UUID | None
    nom_affiche: str
    preferences: dict[str, Any] = field(default_factory=dict)

    @property
    def auteur(self) -> Auteur:
        """Who acts, as the database will verify it."""
        if self.role == "partenaire":
            return Auteur("partenaire", str(self.partenaire_id), self.role, self.plateforme_id, str(self.partenaire_id))
        return Auteur("agent", str(self.agent_id), self.role, self.plateforme_id)


def reserve_essai(conn: Connection, login: str, maintenant: datetime) -> Essai:
    """Count one try of this account; commit before evaluating. A blocked, closed or unknown account gives a decoy."""
    ligne = conn.execute(
        query("comptes.reserve_essai"),
        {"login": login.strip().lower(), "maximum": ESSAIS_MAX, "maintenant": maintenant, "bloque_jusqu_a": maintenant + BLOCAGE},
    ).one_or_none()
    return Essai(ligne.id, ligne.mot_de_passe) if ligne else Essai(None, _LEURRE)


def is_essai_juste(essai: Essai, mot_de_passe: str) -> bool:
    """Evaluate a try; the same work for a decoy."""
    juste = is_password(mot_de_passe, essai.mot_de_passe)
    return juste and essai.compte_id is not None


def open_session(conn: Connection, essai: Essai, maintenant: datetime, ancien_jeton: str | None = None) -> str:
    """New session after a right password: returns the cookie, whose hash alone is kept; the former session is closed."""
    if ancien_jeton:
        close_session(conn, ancien_jeton, maintenant)
    jeton = secrets.token_urlsafe(32)
    conn.execute(query("comptes.reset_essais"), {"compte_id": essai.compte_id})
    conn.execute(
        query("comptes.open_session"),
        {
            "empreinte": hash_jeton(jeton),
            "compte_id": essai.compte_id,
            "csrf": secrets.token_urlsafe(24),
            "maintenant": maintenant,
            "expire_at": maintenant + DUREE_MAX,
        },
    )
    return jeton


def hash_jeton(jeton: str) -> bytes:
    return sha256(jeton.encode()).digest()


def find_session(conn: Connection, jeton: str, maintenant: datetime) -> Session | None:
    """Session of a cookie, or None when it is closed, idle for 30 minutes, older than 8 hours, or its account is closed."""
    ligne = conn.execute(
        query("comptes.find_session"),
        {"empreinte": hash_jeton(jeton), "maintenant": maintenant, "inactif_depuis": maintenant - INACTIVITE_MAX},
    ).one_or_none()
    if ligne is None:
        return None
    if not ligne.actif:  # closed for good: opening the account again does not bring its sessions back
        close_session(conn, jeton, maintenant)
        return None
    if ligne.vue_at < maintenant - _TOUCHER_APRES:
        conn.execute(query("comptes.touch_session"), {"empreinte": ligne.jeton_empreinte, "maintenant": maintenant})
    champs = {c: getattr(ligne, c) for c in ("login", "role", "plateforme_id", "plateforme", "agent_id", "partenaire_id", "nom_affiche")}
    return Session(bytes(ligne.jeton_empreinte), ligne.compte_id, ligne.csrf, preferences=ligne.preferences, **champs)


def close_session(conn: Connection, jeton: str, maintenant: datetime) -> None:
    """Revoke a session; a second call does nothing."""
    conn.execute(query("comptes.close_session"), {"empreinte": hash_jeton(jeton), "maintenant": maintenant})


def push_flash(conn: Connection, session: Session, message: dict[str, Any]) -> None:
    """Add a message shown once on the next page."""
    conn.execute(query("comptes.push_flash"), {"empreinte": session.empreinte, "message": json.dumps(message, ensure_ascii=False)})


def clear_flash(conn: Connection, session: Session) -> None:
    conn.execute(query("comptes.clear_flash"), {"empreinte": session.empreinte})


def claim_cle(conn: Connection, session: Session, cle: UUID) -> str | None:
    """Take the key of a form. None = taken now; otherwise the address the first submission led to ("" while it runs)."""
    parametres = {"empreinte": session.empreinte, "cle": str(cle)}
    if conn.execute(query("comptes.claim_cle"), {**parametres, "adresse": ""}).rowcount:
        return None
    return conn.execute(query("comptes.find_cle"), parametres).scalar_one_or_none() or ""


def keep_cle(conn: Connection, session: Session, cle: UUID, adresse: str) -> None:
    """Remember where the submission led."""
    conn.execute(query("comptes.keep_cle"), {"empreinte": session.empreinte, "cle": str(cle), "adresse": adresse})


def release_cle(conn: Connection, session: Session, cle: UUID) -> None:
    """The submission failed: the same form may be sent again."""
    conn.execute(query("comptes.release_cle"), {"empreinte": session.empreinte, "cle": str(cle)})


def check_base(conn: Connection) -> None:
    """Raises when the database does not answer."""
    conn.execute(query("comptes.check_base")).one()
