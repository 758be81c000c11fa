"""Outcome of a télé-échange: held, partly held or missed; answers go to the drawer of their data class."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan_entretien import check_bilan
from pdp.domain.tele_echange import check_reponses
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.services.apply_gestes import apply_gestes
from pdp.services.delais import due_at, get_lieu
from pdp.services.manage_taches import close_taches, open_tache
from pdp.services.move_parcours import LigneParcours, apply_acte, lock_parcours
from pdp.services.remind_rendez_vous import plan_manque
from pdp.storage import journal
from pdp.storage.sql import query

RENSEIGNER = ("tele_echange", "renseigner_tele_echange")
ATTENTE_ABSENCE = "tele_echange_absence_attente_jours_ouvres"


def record_tele_echange(
    conn: Connection,
    auteur: Auteur,
    tele_echange_id: UUID,
    *,
    statut: str,
    emploi: dict[str, Any],
    social: dict[str, Any],
    sante: dict[str, Any],
    synthese: str,
    maintenant: datetime,
    bilan: dict[str, Any] | None = None,
) -> None:
    """Record what came of an appointment (realise, realise_partiel, absent); ``bilan``: conclusion of ``domain/bilan_entretien.py``.

    Recording the same words again changes nothing; other ones raise :class:`Conflit`, so that they are not thought recorded. An
    appointment cannot be held before it begins. After an absence the person gets a kind word, and some days to come forward before
    another slot is proposed.
    """
    if statut not in ("realise", "realise_partiel", "absent"):
        raise DonneeInvalide("Dites si le télé-échange a eu lieu.", code="unknown_outcome")
    parcours_id = conn.execute(query("tele_echanges.trouver_parcours"), {"tele_echange": tele_echange_id}).scalar()
    if parcours_id is None:
        raise Introuvable
    lock_parcours(conn, parcours_id)  # before the appointment, as the closing does: the two never wait for each other
    apply_gestes(conn, auteur, maintenant, parcours_id=parcours_id)
    ligne = conn.execute(query("tele_echanges.verrouiller"), {"tele_echange": tele_echange_id}).one()
    if ligne.statut == statut and (statut == "absent" or _is_meme(ligne, emploi, social, synthese, bilan or {})):
        return
    if ligne.statut not in ("planifie", "confirme"):
        raise Conflit("Ce télé-échange est déjà renseigné. La première saisie est gardée.")
    if maintenant < ligne.debut_at:
        raise DonneeInvalide("Le télé-échange n'a pas encore commencé.", code="not_started")
    avant = apply_acte(conn, ligne.parcours_id, "manquer" if statut == "absent" else "realiser", maintenant)
    if statut == "absent":
        conn.execute(query("tele_echanges.finir"), {"tele_echange": tele_echange_id, "statut": statut, "maintenant": maintenant})
        plan_manque(conn, tele_echange_id, maintenant)
    else:
        _write_reponses(conn, auteur, ligne, statut, emploi, social, sante, synthese, bilan or {}, maintenant)
    journal.record(
        conn,
        "tele_echange_manque" if statut == "absent" else "tele_echange_realise",
        plateforme_id=avant.plateforme_id,
        assure_id=avant.assure_id,
        parcours_id=avant.id,
        donnees={"tele_echange_id": tele_echange_id, "statut": statut},
    )
    close_taches(conn, parcours_id=avant.id, motifs=RENSEIGNER, maintenant=maintenant, auteur=auteur, issue=statut)
    _open_suite(conn, avant, statut, tele_echange_id, maintenant, auteur)


def _is_meme(ligne: Any, emploi: dict[str, Any], social: dict[str, Any], synthese: str, bilan: dict[str, Any]) -> bool:
    """Whether what is sent again is what was recorded; declared health is not read back for it."""
    dit = (check_reponses("emploi", emploi), check_reponses("social", social), check_bilan(bilan), synthese.strip() or None)
    return dit == (ligne.emploi, ligne.social, ligne.bilan, ligne.synthese)


def _write_reponses(
    conn: Connection,
    auteur: Auteur,
    ligne: Any,
    statut: str,
    emploi: dict[str, Any],
    social: dict[str, Any],
    sante: dict[str, Any],
    synthese: str,
    bilan: dict[str, Any],
    maintenant: datetime,
) -> None:
    """Declared health is of who writes it: a colleague who took the parcours over may record an appointment held before."""
    conn.execute(
        query("tele_echanges.renseigner"),
        {
            "tele_echange": ligne.id,
            "statut": statut,
            "emploi": json.dumps(check_reponses("emploi", emploi)),
            "social": json.dumps(check_reponses("social", social)),
            "bilan": json.dumps(check_bilan(bilan)),
            "synthese": synthese.strip() or None,
            "maintenant": maintenant,
        },
    )
    reponses = check_reponses("sante", sante)
    if reponses:
        conn.execute(
            query("tele_echanges.ecrire_sante"),
            {
                "tele_echange": ligne.id,
                "plateforme": ligne.plateforme_id,
                "parcours": ligne.parcours_id,
                "csam": UUID(auteur.id),
                "reponses": json.dumps(reponses),
                "maintenant": maintenant,
            },
        )


def _open_suite(conn: Connection, parcours: LigneParcours, statut: str, cause: UUID, maintenant: datetime, auteur: Auteur) -> None:
    absente = statut == "absent"
    attente = due_at(get_lieu(conn, parcours.plateforme_id), ATTENTE_ABSENCE, maintenant) if absente else None
    open_tache(
        conn,
        plateforme_id=parcours.plateforme_id,
        parcours_id=parcours.id,
        motif="planifier_tele_echange" if absente else "demander_accord",
        cause=str(cause),
        maintenant=maintenant,
        auteur=auteur,
        echeance_at=attente,
    )
