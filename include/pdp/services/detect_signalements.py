"""One night of one platform: facts become states, absences signalements, counters alerts. Nothing is decided about a person here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.domain.calendrier import add_mois
from pdp.services.compute_etats import compute_etats
from pdp.services.delais import get_lieu
from pdp.services.reglages_signalement import get_empreinte, get_reglages
from pdp.storage import detection_repository as depot


def detect_signalements(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime, *, complet: bool = False) -> Bilan:
    """Look again at the people touched: those of whom something was learnt, those who fall due today, everybody when `complet` or when a
    rule or a value changed.

    One signalement per absence and highest threshold, with its motives; alerts on rights of people followed; then the next day each of
    them falls due. A second call on the same day finds nobody and writes nothing.
    `auteur` is the author of the transaction, whom the journal reads from its signed context.
    ``detail``: counts of `compute_etats`, then candidats, signalements, a_trier, veille, rattaches, depasses (by a higher threshold),
    rouverts, completes, deplaces, doublons, partis (their facts left the row), sous_palier, sans_arret_en_cours, exclus_<reason>, alertes,
    echeances. Raises ReferentielIncomplet, DroitNonCompte.
    """
    lieu = get_lieu(conn, plateforme_id)
    jour = lieu.jour(maintenant)
    reglages = get_reglages(jour, plateforme_id)
    etats = compute_etats(conn, plateforme_id, maintenant, complet=complet, reglages=get_empreinte(reglages))
    if not etats.detail["personnes"]:
        return etats
    nuit = depot.open_nuit(
        conn,
        plateforme_id,
        jour=jour,
        maintenant=maintenant,
        fuseau=lieu.fuseau.key,
        repetition_depuis=add_mois(jour, -reglages.repetition_mois),
        reglages=reglages,
    )
    places = depot.attach_signalements(nuit)
    signalements = depot.insert_signalements(nuit)
    alertes = 0 if reglages.silence else depot.insert_alertes(nuit)
    detail = {**places, **signalements, "alertes": alertes, "echeances": depot.write_echeances(nuit)}
    ecrits = alertes + sum(detail[nom] for nom in ("signalements", "rouverts", "completes", "deplaces", "doublons", "partis"))
    return etats + Bilan(traites=ecrits, detail=detail)
