"""Gates of the rare mass acts: the act asks, a person decides in the portal or in Airflow, the row is the decision."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.clock import jour_local
from pdp.domain.auteur import Auteur
from pdp.domain.porte import DECISIONS, GENRES, Genre, describe_comptes
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.storage import journal
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query


@dataclass(frozen=True)
class Porte:
    """One gate as a manager reads it; ``plateforme_id`` None = the whole installation."""

    id: UUID
    plateforme_id: str | None
    genre: str
    objet: str
    detail: Mapping[str, Any]
    demandee_at: datetime
    demandee_par: str
    decision: str | None
    decidee_at: datetime | None
    decidee_ou: str | None
    utilisee_at: datetime | None
    perimee_at: datetime | None
    partenaire: str | None
    demandeur: str | None
    decideur: str | None

    @property
    def sorte(self) -> Genre:
        return GENRES[self.genre]

    @property
    def comptes(self) -> list[str]:
        return describe_comptes(self.detail)


Couverture = Callable[[Mapping[str, Any]], bool]
"""Whether the counts that a person agreed to still cover the act."""


def require_porte(
    conn: Connection,
    auteur: Auteur,
    genre: str,
    objet: str,
    plateforme_id: str | None,
    detail: Mapping[str, int],
    maintenant: datetime,
    couvre: Couverture | None = None,
) -> bool:
    """True when somebody accepted; otherwise the act must not happen, and the question is asked (once).

    It is asked anew when ``couvre`` says that the agreement was for much less than this, and the day after a refusal for the whole
    installation: nothing else could change that one.
    """
    connue = conn.execute(query("portes.trouver"), {"genre": genre, "objet": objet}).one_or_none()
    if connue is not None and not _is_a_reposer(connue, plateforme_id, couvre, maintenant):
        return bool(connue.decision == "acceptee")
    if connue is not None:
        conn.execute(query("portes.perimer"), {"porte": connue.id, "maintenant": maintenant})
    parametres = {"plateforme": plateforme_id, "genre": genre, "objet": objet, "detail": json.dumps(dict(detail))}
    if conn.execute(query("portes.demander"), {**parametres, "maintenant": maintenant, "par": auteur.id}).scalar() is not None:
        journal.record(conn, "porte_demandee", plateforme_id=plateforme_id, donnees={"genre": genre, "objet": objet, **detail})
    return False


def _is_a_reposer(connue: Row[Any], plateforme_id: str | None, couvre: Couverture | None, maintenant: datetime) -> bool:
    if connue.decision == "refusee":
        return plateforme_id is None and jour_local(connue.decidee_at) < jour_local(maintenant)
    return connue.decision == "acceptee" and couvre is not None and not couvre(connue.detail)


def is_retenue(conn: Connection, genre: str, objet: str) -> bool:
    """True when this act was stopped and nobody accepted it; an act that was never stopped is not."""
    connue = conn.execute(query("portes.trouver"), {"genre": genre, "objet": objet}).one_or_none()
    return connue is not None and connue.decision != "acceptee"


def is_acceptee(conn: Connection, genre: str, objet: str, couvre: Couverture) -> bool:
    """True when somebody accepted this act, for counts that cover it, and it was not done yet."""
    connue = conn.execute(query("portes.trouver"), {"genre": genre, "objet": objet}).one_or_none()
    return connue is not None and connue.decision == "acceptee" and couvre(connue.detail)


def mark_utilisee(conn: Connection, genre: str, objet: str, maintenant: datetime) -> None:
    """The accepted act was done; the next one asks again."""
    conn.execute(query("portes.marquer_utilisee"), {"genre": genre, "objet": objet, "maintenant": maintenant})


def decide_porte(conn: Connection, auteur: Auteur, porte_id: UUID, choix: str, maintenant: datetime, *, ou: str = "portail") -> bool:
    """Write a decision; False when it was already this one. A refusal may be turned into an agreement until the act is done.

    From Airflow (``ou``), only a gate that still waits is decided: what a manager decided meanwhile stays. Raises :class:`Conflit`
    for the person who asked, where somebody else must look; :class:`Introuvable` for what the role may not decide.
    """
    decision = DECISIONS.get(choix)
    if decision is None:
        raise DonneeInvalide("Choisissez Accepter ou Refuser. Rien n'a été décidé.", code="bad_decision")
    porte = conn.execute(query("portes.verrouiller"), {"porte": porte_id}).one_or_none()
    if porte is None:
        raise Introuvable(
            "Cette décision n'existe pas, ou n'est pas de votre plateforme : celles de toute l'installation se prennent dans Airflow."
        )
    if porte.perimee_at is not None:
        raise Conflit("Cette question a été posée à nouveau depuis : rechargez la page pour répondre à la plus récente.")
    if porte.decision == decision or (ou == "airflow" and porte.decision is not None):
        return False
    if porte.utilisee_at is not None or porte.decision == "acceptee":
        raise Conflit("Cette décision a déjà été acceptée : elle ne se reprend pas ici.")
    genre = GENRES[porte.genre]
    if decision == "acceptee" and genre.autre_personne and porte.demandee_par == auteur.id:
        raise Conflit("Vous avez demandé cet acte : un autre responsable, ou l'exploitation, doit l'accepter.")
    conn.execute(query("portes.decider"), {"porte": porte_id, "decision": decision, "maintenant": maintenant, "par": auteur.id, "ou": ou})
    donnees = {"genre": porte.genre, "objet": porte.objet, "decision": decision, "ou": ou}
    journal.record(conn, "porte_decidee", plateforme_id=porte.plateforme_id, donnees=donnees)
    return True


def list_portes(conn: Connection, limite: int = 50) -> list[Porte]:
    """Waiting first, then the latest decided; those of the platform and of the whole installation."""
    return list_lignes(conn, "portes.lister", Porte, limite=limite)
