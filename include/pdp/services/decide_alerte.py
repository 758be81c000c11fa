"""Alerts to the médecin-conseil: raised once per cause, decided once, each decision with its effect."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, Row
from sqlalchemy.exc import ProgrammingError

from pdp.domain.alerte import DECISIONS, TYPES, check_decision
from pdp.domain.auteur import Auteur
from pdp.domain.parcours import Statut
from pdp.errors import AccesRefuse, Conflit, DonneeInvalide, Introuvable
from pdp.services.close_parcours import close_parcours
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import close_tache, close_taches, open_tache
from pdp.services.move_parcours import apply_acte, lock_parcours
from pdp.services.raise_alerte import raise_alerte
from pdp.services.reopen_parcours import reopen_parcours
from pdp.storage import journal
from pdp.storage.sql import query

__all__ = ["decide_alerte", "raise_alerte"]
NOTE_MAX = 500


def decide_alerte(
    conn: Connection,
    auteur: Auteur,
    alerte_id: UUID,
    decision: str,
    note: str | None,
    maintenant: datetime,
    *,
    echeance_le: date | None = None,
    situation: str | None = None,
    survenu_le: date | None = None,
    provenance: str = "donnee_administrative",
) -> None:
    """Record the decision and do what it says; the list of effects is in ``domain/alerte.py``.

    ``echeance_le`` dates the reminder of « convoquer » and « contacter_medecin_traitant » (default: policy delay).
    ``situation`` is required to close (« inconnu » is an answer), with ``survenu_le`` and ``provenance`` for a return to work.
    Raises :class:`Conflit` when the alert was already decided, :class:`AccesRefuse` when the database refuses the role.
    """
    texte = (note or "").strip()
    if len(texte) > NOTE_MAX:
        raise DonneeInvalide(f"La note dépasse {NOTE_MAX} caractères. Rien n'a été enregistré.", code="note_too_long")
    alerte = _lock_alerte(conn, alerte_id)
    if alerte.decide_at is not None:
        raise Conflit("Cette alerte a déjà été décidée. La première décision est gardée ; rechargez la page.")
    check_decision(alerte.type, decision)
    if decision == "cloturer" and situation is None:
        raise DonneeInvalide("Indiquez la situation de la personne ; « inconnue » est une réponse.", code="missing_situation")
    conn.execute(
        query("alertes.decider"),
        {"alerte": alerte_id, "maintenant": maintenant, "par": UUID(auteur.id), "decision": decision, "note": texte or None},
    )
    journal.record(
        conn,
        "alerte_decidee",
        plateforme_id=alerte.plateforme_id,
        assure_id=alerte.assure_id,
        parcours_id=alerte.parcours_id,
        donnees={"alerte_id": alerte_id, "type": alerte.type, "decision": decision},
    )
    if alerte.parcours_id is None:
        return
    attente = {"parcours": alerte.parcours_id, "cause": alerte.cause}
    for tache in conn.execute(query("alertes.lister_taches_decision"), attente).scalars().all():
        close_tache(conn, auteur, tache, decision, maintenant)
    if decision == "relancer_parcours":
        _relaunch(conn, auteur, alerte, maintenant)
    elif decision == "cloturer":
        close_parcours(
            conn,
            auteur,
            alerte.parcours_id,
            motif="decision_mc",
            situation=str(situation),
            survenu_le=survenu_le,
            provenance=provenance,
            maintenant=maintenant,
        )
    elif decision in ("convoquer", "contacter_medecin_traitant"):
        _open_rappel(conn, auteur, alerte, decision, texte, echeance_le, maintenant)


def _lock_alerte(conn: Connection, alerte_id: UUID) -> Row[Any]:
    """The lock asks the right to update: the database itself refuses other roles than the médecin-conseil."""
    try:
        ligne = conn.execute(query("alertes.verrouiller"), {"alerte": alerte_id}).one_or_none()
    except ProgrammingError as erreur:
        if isinstance(erreur.orig, InsufficientPrivilege):
            message = "Seul le médecin-conseil décide d'une alerte. Rien n'a été enregistré."
            raise AccesRefuse(message, code="alert_decision_refused") from erreur
        raise
    if ligne is None:
        raise Introuvable("Cette alerte n'existe pas ou ne vous est pas accessible.")
    return ligne


def _relaunch(conn: Connection, auteur: Auteur, alerte: Row[Any], maintenant: datetime) -> None:
    """A closed parcours is reopened, an interrupted one starts again; a stalled one only gets its call."""
    parcours = lock_parcours(conn, alerte.parcours_id)
    if parcours.clos_at is not None:
        reopen_parcours(conn, auteur, parcours.id, "decision_mc", maintenant)
        return
    if parcours.statut == Statut.INTERROMPU:
        apply_acte(conn, parcours.id, "relancer", maintenant)
    close_taches(
        conn,
        parcours_id=parcours.id,
        motifs=("faire_le_point", "autre_canal", "courrier_injoignable", "reponse_courrier"),
        maintenant=maintenant,
        auteur=auteur,
        issue="relance",
    )
    open_tache(
        conn,
        plateforme_id=parcours.plateforme_id,
        parcours_id=parcours.id,
        motif="nouvel_appel",
        cause=f"relance:{alerte.id}",
        maintenant=maintenant,
        auteur=auteur,
    )


def _open_rappel(
    conn: Connection, auteur: Auteur, alerte: Row[Any], decision: str, texte: str, echeance_le: date | None, maintenant: datetime
) -> None:
    parcours = lock_parcours(conn, alerte.parcours_id)
    if parcours.clos_at is not None:
        raise Conflit("Le parcours a été clos depuis : prenez connaissance de l'alerte, ou rouvrez le parcours.")
    lieu = get_lieu(conn, alerte.plateforme_id)
    if echeance_le is not None and echeance_le < lieu.jour(maintenant):
        raise DonneeInvalide("La date du rappel est passée : choisissez un jour à venir.", code="date_not_future")
    libelle = DECISIONS[decision].libelle
    open_tache(
        conn,
        plateforme_id=alerte.plateforme_id,
        parcours_id=alerte.parcours_id,
        motif="decision_medecin",
        cause=f"{decision}:{alerte.id}",
        maintenant=maintenant,
        auteur=auteur,
        echeance_at=lieu.fin_de_journee(echeance_le) if echeance_le is not None else None,
        note=f"{libelle} ({TYPES[alerte.type].libelle.lower()}). {texte}".strip()[:NOTE_MAX],
    )
