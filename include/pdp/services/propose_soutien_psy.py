"""Mon soutien psy: what the dated rules say for a person, and what came of the proposal. No scale, no score; sessions as declared."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.referentiel import Referentiel
from pdp.domain.soutien_psy import RESULTATS, FaitsSoutienPsy, Verdict, count_connues, dernier_jour_fenetre, eligibilite, resume_statut
from pdp.errors import AccesRefuse, DonneeInvalide, Introuvable
from pdp.services.move_parcours import lock_parcours
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_seances import list_dates
from pdp.storage import journal
from pdp.storage.sql import query

__all__ = ["RESULTATS", "Proposition", "evaluate_soutien_psy", "record_soutien_psy"]


@dataclass(frozen=True)
class Proposition:
    """``eligibilite``: eligible, a_verifier or non_eligible. ``fenetre_au``: last day before J180, None without a current arrêt."""

    eligibilite: str
    verdicts: tuple[Verdict, ...]
    fenetre_au: date | None


def evaluate_soutien_psy(conn: Connection, parcours_id: UUID, jour: date) -> Proposition:
    """What the rules in force on ``jour`` say for a first session that day. Reads only; what is unknown is « à vérifier »."""
    regles = referentiel()
    marge = regles.entier("fin_arret_marge_jours", jour)
    ligne = conn.execute(query("soutien_psy.lire_faits"), {"parcours": parcours_id, "jour": jour, "marge_jours": marge}).one_or_none()
    if ligne is None:
        raise Introuvable
    faits = FaitsSoutienPsy(
        arret_debut=ligne.arret_debut,
        motif_categorie=ligne.motif_categorie or "non_renseigne",
        seances_annee=count_connues(list_dates(conn, parcours_id), jour),
        naissance_le=ligne.date_naissance,
        arret_psy_long_fini_le=_find_arret_long(conn, ligne.assure_id, ligne.arret_debut or jour, jour, regles),
    )
    verdicts = tuple(eligibilite(faits, jour, regles))
    fenetre = dernier_jour_fenetre(ligne.arret_debut, jour, regles, ligne.plateforme_id) if ligne.arret_debut else None
    return Proposition(resume_statut(verdicts), verdicts, fenetre)


def record_soutien_psy(conn: Connection, auteur: Auteur, parcours_id: UUID, resultat: str, jour: date, maintenant: datetime) -> None:
    """Record what came of it, with the rules as they stood; one row per parcours, its earlier answers stay in the journal.

    The same answer again changes nothing, unless the sessions had stopped: they go on. Proposing when the law excludes is refused with
    the rule that excludes.
    """
    if resultat not in RESULTATS:
        raise DonneeInvalide("Choisissez la réponse dans la liste.", code="unknown_result")
    if auteur.type != "agent":
        raise AccesRefuse("Une proposition est faite par une personne.", code="proposal_without_person")
    parcours = lock_parcours(conn, parcours_id)
    if parcours.clos_at is not None:
        raise DonneeInvalide("Le parcours est clos. Rien n'a été enregistré.", code="parcours_closed")
    proposition = evaluate_soutien_psy(conn, parcours_id, jour)
    if resultat == "proposee" and proposition.eligibilite == "non_eligible":
        raison = next(v.motif for v in proposition.verdicts if v.statut == "non_eligible")
        raise DonneeInvalide(f"Le dispositif ne peut pas être proposé. {raison} Rien n'a été enregistré.", code="not_eligible")
    connue = conn.execute(query("soutien_psy.trouver"), {"parcours": parcours_id}).one_or_none()
    nouvelle = (resultat, proposition.eligibilite, proposition.fenetre_au)
    if connue is not None and connue.arrete_le is None and (connue.resultat, connue.eligibilite, connue.fenetre_au) == nouvelle:
        return
    conn.execute(
        query("soutien_psy.enregistrer"),
        {
            "plateforme": parcours.plateforme_id,
            "parcours": parcours_id,
            "resultat": resultat,
            "eligibilite": proposition.eligibilite,
            "motifs": json.dumps([asdict(v) for v in proposition.verdicts], ensure_ascii=False),
            "fenetre": proposition.fenetre_au,
            "par": UUID(auteur.id),
            "maintenant": maintenant,
        },
    )
    journal.record(
        conn,
        "soutien_psy_enregistre",
        plateforme_id=parcours.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours_id,
        donnees={
            "resultat": resultat,
            "avant": connue.resultat if connue else None,
            "eligibilite": proposition.eligibilite,
            "parametres": [v.parametre for v in proposition.verdicts],
        },
    )


def _find_arret_long(conn: Connection, assure_id: UUID, avant: date, jour: date, regles: Referentiel) -> date | None:
    """Last day of the latest psychic absence begun before ``avant`` and as long as the one that excludes under the rule of ``jour``."""
    limite = regles.find_parametre("psy_exclusion_arret_psy", jour)
    if limite is None:
        return None
    lignes = conn.execute(query("soutien_psy.lister_arrets_psychiques"), {"assure": assure_id, "avant": avant})
    return next((ligne.fin for ligne in lignes if limite.premier_jour(ligne.debut) <= ligne.fin), None)
