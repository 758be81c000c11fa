"""« Détection non pertinente »: what a worker thinks of a signalement. Counted per rule; nothing changes for the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.domain.auteur import Auteur
from pdp.domain.verdict import MOTIFS, NON_PERTINENTE, VERDICTS
from pdp.errors import AccesRefuse, DonneeInvalide, Introuvable
from pdp.storage import journal
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

NOTE_MAX = 300


@dataclass(frozen=True)
class Verdict:
    """A verdict that holds."""

    id: UUID
    verdict: str
    motif: str | None
    note: str | None
    rendu_at: datetime
    agent_id: UUID
    agent_prenom: str
    agent_nom: str

    @property
    def phrase(self) -> str:
        """French: the verdict and its reason."""
        return VERDICTS[self.verdict] + (f" : {MOTIFS[self.motif].lower()}" if self.motif else "")


def record_verdict(
    conn: Connection,
    auteur: Auteur,
    signalement_id: UUID,
    verdict: str,
    motif: str | None,
    maintenant: datetime,
    note: str | None = None,
) -> UUID:
    """Keep the verdict of this agent and return its id; the same again changes nothing, another one takes the place of the first.

    A CSAM judges the people he or she follows, a médecin-conseil any signalement of the platform; anything else is Introuvable.
    Raises :class:`DonneeInvalide` without a reason for « non pertinente ».
    """
    _check_reponse(verdict, motif, note)
    agent = _agent_of(auteur)
    signalement = _get_signalement(conn, auteur, signalement_id)
    garde = {"motif": motif if verdict == NON_PERTINENTE else None, "note": note}
    actuel = conn.execute(query("verdicts.find_verdict"), {"signalement": signalement_id, "agent": agent}).one_or_none()
    if actuel is not None:
        if (actuel.verdict, actuel.motif, actuel.note) == (verdict, garde["motif"], garde["note"]):
            return UUID(str(actuel.id))
        conn.execute(query("verdicts.cancel_verdict"), {"signalement": signalement_id, "agent": agent, "maintenant": maintenant})
    identifiant = conn.execute(
        query("verdicts.insert_verdict"),
        {
            "plateforme": signalement.plateforme_id,
            "signalement": signalement_id,
            "agent": agent,
            "verdict": verdict,
            "maintenant": maintenant,
            **garde,
        },
    ).scalar_one()
    _record(conn, "verdict_rendu", signalement, {"verdict_id": identifiant, "verdict": verdict, "raison": garde["motif"]})
    return UUID(str(identifiant))


def cancel_verdict(conn: Connection, auteur: Auteur, signalement_id: UUID, maintenant: datetime) -> bool:
    """Take back the verdict of this agent; False when there was none (a second call)."""
    agent = _agent_of(auteur)
    signalement = _get_signalement(conn, auteur, signalement_id)
    parametres = {"signalement": signalement_id, "agent": agent, "maintenant": maintenant}
    identifiant = conn.execute(query("verdicts.cancel_verdict"), parametres).scalar()
    if identifiant is None:
        return False
    _record(conn, "verdict_annule", signalement, {"verdict_id": identifiant})
    return True


def list_verdicts(conn: Connection, signalement_id: UUID) -> list[Verdict]:
    """Verdicts that hold, latest first."""
    return list_lignes(conn, "verdicts.list_verdicts", Verdict, signalement=signalement_id)


def _check_reponse(verdict: str, motif: str | None, note: str | None) -> None:
    if verdict not in VERDICTS:
        raise DonneeInvalide("Dites si la détection est pertinente ou non. Rien n'a été enregistré.", code="unknown_verdict")
    if verdict == NON_PERTINENTE and motif not in MOTIFS:
        raise DonneeInvalide("Choisissez pourquoi la détection n'est pas pertinente. Rien n'a été enregistré.", code="missing_reason")
    if note is not None and len(note) > NOTE_MAX:
        raise DonneeInvalide(f"La note dépasse {NOTE_MAX} caractères. Rien n'a été enregistré.", code="note_length")


def _agent_of(auteur: Auteur) -> UUID:
    if auteur.type != "agent" or auteur.role not in ("csam", "medecin_conseil"):
        raise AccesRefuse("Une détection est jugée par un conseiller ou un médecin-conseil.", code="verdict_role")
    return UUID(auteur.id)


def _get_signalement(conn: Connection, auteur: Auteur, signalement_id: UUID) -> Row[Any]:
    """The signalement, locked for this purpose; Introuvable when it is not this agent's to judge."""
    conn.execute(query("verdicts.lock_signalement"), {"signalement": signalement_id})
    ligne = conn.execute(query("verdicts.find_signalement"), {"signalement": signalement_id, "agent": UUID(auteur.id)}).one_or_none()
    if ligne is None or (auteur.role == "csam" and not ligne.suivi_par_lui):
        raise Introuvable
    return ligne


def _record(conn: Connection, code: str, signalement: Row[Any], donnees: dict[str, Any]) -> None:
    journal.record(
        conn,
        code,
        plateforme_id=signalement.plateforme_id,
        assure_id=signalement.assure_id,
        parcours_id=signalement.parcours_id,
        donnees={"signalement_id": signalement.id, **donnees},
    )
