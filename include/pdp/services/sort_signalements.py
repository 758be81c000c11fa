"""Tri: a signalement is oriented by a médecin-conseil, or by delegation of a signed document d'orientation local."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.domain.dol import CIBLES, Faits, Regle, choose_regle, fingerprint
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.services.delais import get_lieu
from pdp.services.follow_suivi_medical import open_manquants, open_suivi
from pdp.services.propose_reouverture import propose_reouverture
from pdp.storage import journal
from pdp.storage.sql import query


def sort_par_delegation(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """Orient what the version in force delegates; the rest stays with the médecin-conseil.

    No signed version today, or one whose rules differ from what was signed: nothing is delegated. Files given to the infirmier or
    convoked that have no follow-up yet get one.
    """
    open_manquants(conn, plateforme_id, maintenant)
    jour = get_lieu(conn, plateforme_id).jour(maintenant)
    version = conn.execute(query("tri.lire_dol"), {"plateforme": plateforme_id, "jour": jour}).one_or_none()
    attente = conn.execute(query("tri.verrouiller_a_trier"), {"plateforme": plateforme_id, "jour": jour}).all()
    if version is None:
        return Bilan(ignores=len(attente), detail={"sans_delegation": len(attente)})
    regles = [
        Regle(str(r.id), r.rang, r.libelle, r.conditions, r.cible) for r in conn.execute(query("tri.lire_regles"), {"version": version.id})
    ]
    if fingerprint(regles) != bytes(version.empreinte):
        return Bilan(echoues=len(attente), detail={"dol_altere": len(attente)})
    bilan = Bilan()
    for ligne in attente:
        faits = Faits(ligne.palier, ligne.motif_categorie, ligne.risque, ligne.ald, ligne.age, ligne.priorite)
        regle = choose_regle(regles, faits)
        if regle is None:
            bilan += Bilan(ignores=1, detail={"au_medecin_conseil": 1})
            continue
        write_decision(
            conn, auteur, ligne.id, regle.cible, regle.libelle, maintenant, decide_par=version.signe_par, version=version.id, regle=regle.id
        )
        bilan += Bilan(traites=1, detail={regle.cible: 1})
    return bilan


def decide_signalement(conn: Connection, auteur: Auteur, signalement_id: UUID, cible: str, motif: str, maintenant: datetime) -> UUID | None:
    """Decision of a médecin-conseil; returns the parcours when one is opened or already open, None when her coordinator is asked first.

    Raises :class:`Conflit` when somebody decided meanwhile: the first decision stands.
    """
    if cible not in CIBLES or cible == "medecin_conseil":
        raise DonneeInvalide("Choisissez une orientation dans la liste.", code="unknown_target")
    ligne = conn.execute(query("tri.verrouiller_un"), {"signalement": signalement_id}).one_or_none()
    if ligne is None:
        raise Introuvable
    if ligne.statut != "a_trier":
        raise Conflit("Ce signalement a déjà été orienté. La première décision est gardée.")
    return write_decision(conn, auteur, signalement_id, cible, motif.strip(), maintenant, decide_par=UUID(auteur.id))


def write_decision(
    conn: Connection,
    auteur: Auteur,
    signalement_id: UUID,
    cible: str,
    motif: str,
    maintenant: datetime,
    *,
    decide_par: UUID,
    version: UUID | None = None,
    regle: str | None = None,
) -> UUID | None:
    """Write one decision and open what it opens; the caller holds the lock of the file. ``version`` and ``regle`` go together:
    both for a delegated decision, neither for one of a médecin-conseil. Returns as :func:`decide_signalement`."""
    ligne = conn.execute(
        query("tri.decider"),
        {
            "signalement": signalement_id,
            "statut": cible,
            "mode": "mc" if version is None else "delegue",
            "par": decide_par,
            "version": version,
            "regle": regle,
            "motif": motif,
            "maintenant": maintenant,
        },
    ).one()
    cible_journal = {"plateforme_id": ligne.plateforme_id, "assure_id": ligne.assure_id}
    donnees = {
        "cible": cible,
        "mode": ligne.mode_decision,
        "signalement_id": signalement_id,
        "dol_version_id": version,
        "dol_regle_id": regle,
    }
    if cible != "oriente_csam":
        open_suivi(conn, ligne.plateforme_id, signalement_id, cible, maintenant)
        journal.record(conn, "signalement_decide", **cible_journal, donnees=donnees)
        return None
    propose = propose_reouverture(conn, auteur, ligne.plateforme_id, signalement_id, maintenant)
    if propose is not None:
        journal.record(conn, "signalement_decide", **cible_journal, parcours_id=propose, donnees=donnees)
        return None
    ouvert = conn.execute(query("parcours.ouvrir"), {"signalement": signalement_id, "maintenant": maintenant}).scalar()
    parcours = ouvert or conn.execute(query("parcours.trouver_ouvert"), {"assure": ligne.assure_id}).scalar()
    journal.record(conn, "signalement_decide", **cible_journal, parcours_id=parcours, donnees=donnees)
    if ouvert is not None:
        journal.record(conn, "parcours_ouvert", **cible_journal, parcours_id=ouvert, donnees={"signalement_id": signalement_id})
    return parcours
