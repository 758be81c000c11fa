"""Alerts to the médecin-conseil: raised once per cause; those of a person and theme are decided together, once, with one effect."""

from __future__ import annotations

from collections.abc import Sequence
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
from pdp.services.send_digest import mark_lus
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
    vues: int | None = None,
) -> int:
    """Record the decision on every open alert of the card, do once what it says, and return how many alerts it settled.

    The list of effects is in ``domain/alerte.py``. ``vues``: alerts that the doctor saw on the card; one that came since is not settled
    unseen. The digests that told it are read by this act.

    ``echeance_le`` dates the reminder of « convoquer » and « contacter_medecin_traitant » (default: policy delay).
    ``situation`` is required to close (« inconnu » is an answer), with ``survenu_le`` and ``provenance`` for a return to work.
    Raises :class:`Conflit` when the alert was already decided, :class:`AccesRefuse` when the database refuses the role.
    """
    texte = (note or "").strip()
    if len(texte) > NOTE_MAX:
        raise DonneeInvalide(f"La note dépasse {NOTE_MAX} caractères. Rien n'a été enregistré.", code="note_too_long")
    carte = _lock_carte(conn, alerte_id)
    alerte = next(ligne for ligne in carte if ligne.id == alerte_id)
    if alerte.decide_at is not None:
        raise Conflit("Cette alerte a déjà été décidée. La première décision est gardée ; rechargez la page.")
    if vues is not None and len(carte) > vues:
        raise Conflit("Un fait s'est ajouté depuis l'affichage. Rien n'a été enregistré : rechargez la page pour le lire.")
    check_decision([ligne.type for ligne in carte], decision, clos=alerte.clos)
    if decision == "cloturer" and situation is None:
        raise DonneeInvalide("Indiquez la situation de la personne ; « inconnue » est une réponse.", code="missing_situation")
    _settle(conn, auteur, carte, decision, texte or None, maintenant)
    if alerte.parcours_id is None:
        return len(carte)
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
    return len(carte)


def _settle(conn: Connection, auteur: Auteur, carte: Sequence[Row[Any]], decision: str, note: str | None, maintenant: datetime) -> None:
    """The same decision on each alert, told in the journal; nobody waits for it any more, and the digests that told it are read."""
    cles = [ligne.id for ligne in carte]
    conn.execute(
        query("alertes.decider"),
        {"alertes": [str(cle) for cle in cles], "maintenant": maintenant, "par": UUID(auteur.id), "decision": decision, "note": note},
    )
    mark_lus(conn, auteur, maintenant, cles)
    for ligne in carte:
        journal.record(
            conn,
            "alerte_decidee",
            plateforme_id=ligne.plateforme_id,
            assure_id=ligne.assure_id,
            parcours_id=ligne.parcours_id,
            donnees={"alerte_id": ligne.id, "type": ligne.type, "decision": decision},
        )
        if ligne.parcours_id is not None:
            attente = {"parcours": ligne.parcours_id, "cause": ligne.cause}
            for tache in conn.execute(query("alertes.lister_taches_decision"), attente).scalars().all():
                close_tache(conn, auteur, tache, decision, maintenant)


def _lock_carte(conn: Connection, alerte_id: UUID) -> Sequence[Row[Any]]:
    """The lock asks the right to update: the database itself refuses other roles than the médecin-conseil."""
    try:
        lignes = conn.execute(query("alertes.verrouiller_carte"), {"alerte": alerte_id}).all()
    except ProgrammingError as erreur:
        if isinstance(erreur.orig, InsufficientPrivilege):
            message = "Seul le médecin-conseil décide d'une alerte. Rien n'a été enregistré."
            raise AccesRefuse(message, code="alert_decision_refused") from erreur
        raise
    if not lignes:
        raise Introuvable("Cette alerte n'existe pas ou ne vous est pas accessible.")
    return lignes


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
