"""Accounts of the portal: created by the platform, never by the portal itself (its database role cannot)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

from sqlalchemy import Connection

from pdp.errors import DonneeInvalide, Introuvable
from pdp.storage import journal
from pdp.storage.sql import query

LONGUEUR_MINIMALE = 12
# OWASP's scrypt setting of 16 MiB: about 0.2 s per try on one core.
_N, _R, _P = 2**14, 8, 5


def _derive(mot_de_passe: str, sel: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(mot_de_passe.encode(), salt=sel, n=n, r=r, p=p, maxmem=64 * 2**20, dklen=32)


def hash_password(mot_de_passe: str) -> str:
    """``scrypt$n$r$p$salt$hash``; the cost is in the text, so that it can grow without breaking old accounts."""
    sel = secrets.token_bytes(16)
    code = [base64.b64encode(octets).decode() for octets in (sel, _derive(mot_de_passe, sel, _N, _R, _P))]
    return f"scrypt${_N}${_R}${_P}${code[0]}${code[1]}"


def is_password(mot_de_passe: str, enregistre: str) -> bool:
    """Whether the password is the one that was hashed; takes the same time whatever the answer."""
    _, n, r, p, sel, attendu = enregistre.split("$")
    calcule = _derive(mot_de_passe, base64.b64decode(sel), int(n), int(r), int(p))
    return hmac.compare_digest(calcule, base64.b64decode(attendu))


def create_compte(
    conn: Connection,
    *,
    login: str,
    mot_de_passe: str,
    role: str,
    plateforme_id: str,
    nom_affiche: str,
    agent_id: UUID | None = None,
    partenaire_id: UUID | None = None,
) -> UUID:
    """Create an account, or reset the password of the one that has this login; a second call makes no second account.

    Raises :class:`DonneeInvalide` when the password is too short or the login belongs to another function.
    """
    if len(mot_de_passe) < LONGUEUR_MINIMALE:
        raise DonneeInvalide(f"Le mot de passe doit compter au moins {LONGUEUR_MINIMALE} caractères.", code="short_password")
    ligne = conn.execute(
        query("comptes.create_compte"),
        {
            "login": login.strip().lower(),
            "mot_de_passe": hash_password(mot_de_passe),
            "role": role,
            "plateforme_id": plateforme_id,
            "agent_id": agent_id,
            "partenaire_id": partenaire_id,
            "nom_affiche": nom_affiche,
        },
    ).one()
    if ligne.role != role:
        raise DonneeInvalide("Cet identifiant existe déjà pour une autre fonction : choisissez-en un autre.", code="login_taken")
    journal.record(conn, "compte_ouvert", plateforme_id=plateforme_id, donnees={"compte_id": ligne.id, "role": role})
    return ligne.id


def set_compte_actif(conn: Connection, login: str, actif: bool) -> None:
    """Open or close an account; sessions already open are refused at their next request."""
    ligne = conn.execute(query("comptes.set_actif"), {"login": login, "actif": actif}).one_or_none()
    if ligne is None:
        raise Introuvable("Aucun compte n'a cet identifiant.")
    journal.record(conn, "compte_ouvert" if actif else "compte_ferme", plateforme_id=ligne.plateforme_id, donnees={"compte_id": ligne.id})
