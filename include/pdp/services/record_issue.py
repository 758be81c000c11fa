"""What became of the person, at closing and at the follow-ups: said by somebody, kept side by side when sources disagree."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.calendrier import add_mois
from pdp.domain.issue import JALONS, check_cloture, check_issue
from pdp.errors import DonneeInvalide, Introuvable
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import close_taches
from pdp.services.move_parcours import lock_parcours
from pdp.services.publish_referentiel import referentiel
from pdp.storage import journal
from pdp.storage.sql import query

POLITIQUE = {"m6": "devenir_m6_mois", "m12": "devenir_m12_mois"}


def record_issue(
    conn: Connection,
    auteur: Auteur,
    parcours_id: UUID,
    *,
    jalon: str,
    situation: str,
    survenu_le: date | None,
    provenance: str,
    maintenant: datetime,
) -> UUID:
    """Record the situation at a milestone of a closed parcours and close its follow-up; « inconnu » is an answer.

    The same answer again returns the same row. Another answer of the same source replaces it (the row stays, annulled); another
    source is kept beside it. A follow-up is not recorded before its milestone, less the tolerance of the policy.
    """
    if jalon not in JALONS:
        raise DonneeInvalide("Choisissez le moment du suivi dans la liste.", code="unknown_milestone")
    parcours = lock_parcours(conn, parcours_id)
    cloture = conn.execute(query("issues.lire_cloture"), {"parcours": parcours_id}).one_or_none()
    if cloture is None:
        raise Introuvable
    if cloture.clos_at is None:
        raise DonneeInvalide("Le parcours est encore ouvert : clôturez-le pour enregistrer ce qu'il est advenu.", code="parcours_open")
    lieu = get_lieu(conn, parcours.plateforme_id)
    jour = lieu.jour(maintenant)
    check_issue(situation, survenu_le, provenance, jour, par_une_personne=auteur.type == "agent")
    if jalon == "cloture":
        check_cloture(cloture.cloture_motif, situation)
    else:
        _check_jalon(jalon, lieu.jour(cloture.clos_at), jour, parcours.plateforme_id)
    connue = conn.execute(query("issues.trouver"), {"parcours": parcours_id, "jalon": jalon, "provenance": provenance}).one_or_none()
    if connue is not None and (connue.situation, connue.survenu_le) == (situation, survenu_le):
        return connue.id
    if connue is not None:
        conn.execute(query("issues.annuler"), {"issue": connue.id, "maintenant": maintenant})
    issue: UUID = conn.execute(
        query("issues.enregistrer"),
        {
            "plateforme": parcours.plateforme_id,
            "parcours": parcours_id,
            "jalon": jalon,
            "situation": situation,
            "survenu": survenu_le,
            "provenance": provenance,
            "confirme_par": UUID(auteur.id) if auteur.type == "agent" else None,
            "maintenant": maintenant,
        },
    ).scalar_one()
    journal.record(
        conn,
        "issue_enregistree",
        plateforme_id=parcours.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours_id,
        donnees={"jalon": jalon, "situation": situation, "provenance": provenance, "remplace": connue.id if connue else None},
    )
    if jalon in POLITIQUE:
        close_taches(conn, parcours_id=parcours_id, motifs=(f"suivi_{jalon}",), maintenant=maintenant, auteur=auteur, issue=situation)
    return issue


def _check_jalon(jalon: str, clos_le: date, jour: date, plateforme_id: str) -> None:
    politique = referentiel()
    tolerance = timedelta(days=politique.entier("devenir_tolerance_jours", jour, plateforme_id))
    ouvre_le = add_mois(clos_le, politique.entier(POLITIQUE[jalon], jour, plateforme_id)) - tolerance
    if jour < ouvre_le:
        raise DonneeInvalide(f"Ce suivi s'enregistre à partir du {ouvre_le:%d/%m/%Y}.", code="milestone_not_reached")
