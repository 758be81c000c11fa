"""A médecin-conseil changes what a rule of the delegation decided: the new orientation takes its effects, and the rule is judged by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.domain.auteur import Auteur
from pdp.domain.dol import CIBLES
from pdp.domain.rechute import build_cause
from pdp.errors import AccesRefuse, Conflit, DonneeInvalide, Introuvable
from pdp.services.close_parcours import close_parcours
from pdp.services.manage_taches import close_tache
from pdp.services.sort_signalements import write_decision
from pdp.storage import journal
from pdp.storage.sql import query

MOTIF_MAX = 500


@dataclass(frozen=True)
class Derogation:
    """What was done. ``parcours_clos``: the case that the rule had opened is closed; ``parcours_garde``: it goes on, somebody had begun."""

    id: UUID
    parcours_clos: UUID | None
    parcours_garde: UUID | None
    parcours_ouvert: UUID | None


def override_delegation(conn: Connection, auteur: Auteur, signalement_id: UUID, cible: str, motif: str, maintenant: datetime) -> Derogation:
    """Give a delegated file another orientation, with its reason.

    The parcours that the rule had opened is closed when nobody has begun with the person, or for « sans suite »; otherwise it goes on
    beside the infirmier or the convocation. Raises :class:`Conflit` when the file is no longer delegated (a second call finds it so) or
    its follow-up was ended by a médecin-conseil, :class:`DonneeInvalide` for the same orientation or no reason.
    """
    if auteur.role != "medecin_conseil":
        raise AccesRefuse("Seul un médecin-conseil change une orientation donnée par délégation. Rien n'a été enregistré.")
    raison = motif.strip()
    if cible not in CIBLES or cible == "medecin_conseil":
        raise DonneeInvalide("Choisissez une orientation dans la liste. Rien n'a été enregistré.", code="unknown_target")
    if not raison or len(raison) > MOTIF_MAX:
        raise DonneeInvalide(
            f"Dites pourquoi vous changez cette orientation, en {MOTIF_MAX} caractères au plus : la règle sera revue avec votre raison."
            " Rien n'a été enregistré.",
            code="missing_reason",
        )
    dossier = _lock(conn, signalement_id)
    if dossier.statut == cible:
        raise DonneeInvalide("Ce dossier a déjà cette orientation. Rien n'a été enregistré.", code="same_target")
    journal.live_at(conn, maintenant)
    _end_suivis(conn, auteur, dossier, maintenant)
    clos = _end_parcours(conn, auteur, dossier, cible, maintenant)
    ouvert = write_decision(conn, auteur, signalement_id, cible, raison, maintenant, decide_par=UUID(auteur.id))
    derogation = _record(conn, auteur, dossier, cible, raison, maintenant)
    return Derogation(derogation, clos, None if clos else dossier.parcours_id, ouvert)


def _lock(conn: Connection, signalement_id: UUID) -> Row[Any]:
    dossier = conn.execute(query("dol.verrouiller_delegue"), {"signalement": signalement_id}).one_or_none()
    if dossier is None:
        raise Introuvable
    if dossier.mode_decision != "delegue":
        raise Conflit("Ce dossier n'est pas, ou plus, orienté par délégation : la décision d'un médecin-conseil est gardée.")
    return dossier


def _end_suivis(conn: Connection, auteur: Auteur, dossier: Row[Any], maintenant: datetime) -> None:
    """The follow-up that the rule opened ends; one that a médecin-conseil has ended is his decision, which stands."""
    for suivi in conn.execute(query("dol.verrouiller_suivis"), {"signalement": dossier.id}).all():
        if suivi.clos_at is not None:
            raise Conflit("Un médecin-conseil a déjà conclu le suivi de ce dossier : sa décision est gardée. Rien n'a été changé.")
        conn.execute(query("dol.retirer_suivi"), {"suivi": suivi.id, "par": UUID(auteur.id), "maintenant": maintenant})


def _end_parcours(conn: Connection, auteur: Auteur, dossier: Row[Any], cible: str, maintenant: datetime) -> UUID | None:
    cause = {"assure": dossier.assure_id, "cause": build_cause("signalement", dossier.id)}
    for tache in conn.execute(query("dol.lister_rechutes"), cause).scalars().all():
        close_tache(conn, auteur, tache, "decision_mc", maintenant)
    if dossier.statut != "oriente_csam" or dossier.parcours_id is None or (dossier.commence and cible != "sans_suite"):
        return None
    close_parcours(
        conn,
        auteur,
        dossier.parcours_id,
        motif="decision_mc",
        situation="inconnu",
        survenu_le=None,
        provenance="donnee_administrative",
        maintenant=maintenant,
    )
    clos: UUID = dossier.parcours_id
    return clos


def _record(conn: Connection, auteur: Auteur, dossier: Row[Any], cible: str, motif: str, maintenant: datetime) -> UUID:
    derogation: UUID = conn.execute(
        query("dol.creer_derogation"),
        {
            "plateforme": dossier.plateforme_id,
            "assure": dossier.assure_id,
            "signalement": dossier.id,
            "version": dossier.dol_version_id,
            "regle": dossier.dol_regle_id,
            "avant": dossier.statut,
            "apres": cible,
            "motif": motif,
            "par": UUID(auteur.id),
            "maintenant": maintenant,
        },
    ).scalar_one()
    journal.record(
        conn,
        "delegation_ecartee",
        plateforme_id=dossier.plateforme_id,
        assure_id=dossier.assure_id,
        parcours_id=dossier.parcours_id,
        donnees={
            "signalement_id": dossier.id,
            "dol_version_id": dossier.dol_version_id,
            "dol_regle_id": dossier.dol_regle_id,
            "avant": dossier.statut,
            "apres": cible,
        },
    )
    return derogation
