"""A coordinator compares two rows: two people, or one to merge; asked here, done by the sweep, which alone writes on both."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.domain.auteur import Auteur
from pdp.domain.doublon import COMPARABLES, ECARTS
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.services.annulation import get_fenetre
from pdp.storage import journal
from pdp.storage.sql import query

DEJA = "Quelqu'un d'autre vient de décider pour ces deux dossiers. Rien n'a été changé : rechargez la page."


def reject_doublon(conn: Connection, auteur: Auteur, doublon_id: UUID, motif: str, maintenant: datetime) -> None:
    """They are two people: never proposed again. A second call changes nothing; a merge may still be asked for later."""
    if motif not in ECARTS:
        raise DonneeInvalide("Dites pourquoi ce sont deux personnes. Rien n'a été enregistré.", code="unknown_reason")
    paire = _lock(conn, doublon_id)
    if paire.etat == "ecarte":
        return
    if paire.etat not in COMPARABLES:
        raise Conflit(DEJA)
    _decide(conn, auteur, paire, "ecarte", "doublon_ecarte", maintenant, motif)


def request_fusion(conn: Connection, auteur: Auteur, doublon_id: UUID, maintenant: datetime) -> None:
    """They are one person: both histories are joined at the next sweep. Asked for twice is once."""
    paire = _lock(conn, doublon_id)
    if paire.etat == "demande":
        return
    if paire.etat not in COMPARABLES:
        raise Conflit(DEJA)
    _decide(conn, auteur, paire, "demande", "fusion_demandee", maintenant)


def withdraw_fusion(conn: Connection, auteur: Auteur, doublon_id: UUID, maintenant: datetime) -> str:
    """Take a request back before the sweep, or ask for the merge to be undone, within the window; returns the French sentence."""
    paire = _lock(conn, doublon_id)
    if paire.etat == "demande":
        _decide(conn, auteur, paire, "a_comparer", "fusion_retiree", maintenant)
        return "La demande de fusion est retirée : rien n'a changé dans les dossiers."
    if paire.etat == "annulation_demandee":
        return "L'annulation était déjà demandée."
    if paire.etat != "fusionne":
        raise Conflit(DEJA)
    jours = get_fenetre(conn, paire.plateforme_id, maintenant)
    if maintenant > paire.applique_at + timedelta(days=jours):
        raise Conflit(
            f"La fusion date de plus de {jours} jours : elle ne s'annule plus. Rien n'a été changé. Prévenez votre responsable : la caisse"
            " peut corriger l'identité."
        )
    _decide(conn, auteur, paire, "annulation_demandee", "fusion_retiree", maintenant)
    return "L'annulation est demandée : les deux dossiers seront de nouveau séparés d'ici un quart d'heure."


def _lock(conn: Connection, doublon_id: UUID) -> Row[Any]:
    paire = conn.execute(query("doublons.verrouiller"), {"doublon": doublon_id}).one_or_none()
    if paire is None:
        raise Introuvable
    return paire


def _decide(
    conn: Connection, auteur: Auteur, paire: Row[Any], etat: str, evenement: str, maintenant: datetime, motif: str | None = None
) -> None:
    valeurs = {"doublon": paire.id, "etat": etat, "par": UUID(auteur.id), "maintenant": maintenant, "motif": motif}
    conn.execute(query("doublons.decider"), valeurs)
    journal.live_at(conn, maintenant)
    ouverts = conn.execute(query("doublons.lister_ouverts"), {"garde": paire.garde_id, "efface": paire.efface_id}).all()
    for parcours in ouverts:
        if etat != "a_comparer":
            fermeture = {"parcours": parcours.id, "cause": str(paire.id), "maintenant": maintenant, "par": auteur.id, "issue": etat}
            conn.execute(query("doublons.fermer_tache"), fermeture)
        journal.record(
            conn,
            evenement,
            plateforme_id=paire.plateforme_id,
            assure_id=parcours.assure_id,
            parcours_id=parcours.id,
            donnees={"doublon_id": paire.id, **({"raison": motif} if motif else {})},
        )
