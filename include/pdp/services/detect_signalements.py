"""Prescriptions become absences, absences become signalements, counters become alerts. Nothing is decided about a person here."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection

from pdp.domain.arret import RISQUES_ABSENCE
from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.domain.calendrier import add_mois, annees_avant
from pdp.domain.droits_ij import CLE_ALD
from pdp.domain.referentiel import Referentiel
from pdp.domain.signalement import PALIERS, REGLES, Regle, is_a_trier
from pdp.services.delais import Lieu, get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.services.reglages import DroitNonCompte, borne_haute, bornes, periodes
from pdp.storage import detection_repository as depot
from pdp.storage import journal
from pdp.storage.detection_repository import ReglesIJ, RegleSql, ReglesSignalement, SeuilIJ

PHRASE_IJ = "{utilisees} indemnités journalières consommées sur {fenetre} ans : il en reste {restantes} avant la limite de {plafond}."
PHRASE_J180 = "L'arrêt atteint {palier} jours dans {jours} jour{s} s'il se poursuit : des droits et des aides changent ce jour-là."
SEUILS_IJ = {"seuil_ij_270": "alerte_ij_270", "seuil_ij_330": "alerte_ij_330"}
HORIZON_ANNEES = 1
"""How far ahead of the day the values of the counter must be known, for the arrêts already prescribed."""


def rebuild_episodes(conn: Connection, plateforme_id: str, maintenant: datetime, depuis: datetime | None = None) -> Bilan:
    """Merge prescriptions into absences for people with a fact known at or after `depuis`; None = everybody.

    Only what changed is written; an absence that no longer exists becomes ``remplace``. A second call changes nothing.
    ``detail``: personnes, episodes, remplaces.
    """
    jour = get_lieu(conn, plateforme_id).jour(maintenant)
    tolerance = borne_haute("tolerance_horloge_risque_jours", jour, plateforme_id)
    depot.lock_plateforme(conn, plateforme_id)
    ligne = depot.rebuild_episodes(
        conn, plateforme_id, depuis=depuis, maintenant=maintenant, tolerance=tolerance, risques=sorted(RISQUES_ABSENCE)
    )
    return Bilan(
        traites=ligne.ecrits + ligne.remplaces,
        ignores=ligne.episodes - ligne.ecrits,
        detail={"personnes": ligne.personnes, "episodes": ligne.episodes, "remplaces": ligne.remplaces},
    )


def detect_signalements(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """Refresh the IJ counters, then signal absences that run on the day of the platform, then alert on rights.

    One signalement per absence and highest threshold, with its motives; a second call on the same day creates nothing.
    `auteur` is the author of the transaction, whom the journal reads from its signed context.
    ``detail``: candidats, a_trier, veille, rattaches, remplaces, compteurs, alertes. Raises ReferentielIncomplet, DroitNonCompte.
    """
    lieu = get_lieu(conn, plateforme_id)
    jour = lieu.jour(maintenant)
    depot.lock_plateforme(conn, plateforme_id)
    compteurs = refresh_compteurs(conn, plateforme_id, maintenant)
    regles = _regles_signalement(referentiel(), jour, plateforme_id)
    depot.list_arrets_en_cours(
        conn,
        plateforme_id,
        jour=jour,
        tolerance=borne_haute("tolerance_horloge_risque_jours", jour, plateforme_id),
        minimum_j180=regles.minimum_j180,
    )
    ligne = depot.insert_signalements(conn, plateforme_id, jour=jour, maintenant=maintenant, risques=sorted(RISQUES_ABSENCE), regles=regles)
    alertes = _alert(conn, lieu, maintenant)
    return Bilan(
        traites=ligne.crees + alertes,
        ignores=ligne.candidats - ligne.crees,
        detail={
            "candidats": ligne.candidats,
            "signalements": ligne.crees,
            "a_trier": ligne.a_trier,
            "veille": ligne.veille,
            "rattaches": ligne.rattaches,
            "remplaces": ligne.remplaces,
            "compteurs": compteurs.traites,
            "alertes": alertes,
        },
    )


def refresh_compteurs(conn: Connection, plateforme_id: str, maintenant: datetime) -> Bilan:
    """Count the IJ of people whose arrêt runs or whose parcours is open. Raises ReferentielIncomplet, DroitNonCompte."""
    jour = get_lieu(conn, plateforme_id).jour(maintenant)
    tolerance = borne_haute("tolerance_horloge_risque_jours", jour, plateforme_id)
    depot.lock_plateforme(conn, plateforme_id)
    regles = _regles_ij(referentiel(), jour, plateforme_id)
    ligne = depot.count_ij(conn, plateforme_id, jour=jour, maintenant=maintenant, tolerance=tolerance, regles=regles)
    if ligne.ecrits:
        journal.record(conn, "compteurs_calcules", plateforme_id=plateforme_id, donnees={"jour": jour, "compteurs": ligne.ecrits})
    return Bilan(traites=ligne.ecrits, ignores=ligne.personnes - ligne.ecrits)


def _alert(conn: Connection, lieu: Lieu, maintenant: datetime) -> int:
    jour, plateforme = lieu.jour(maintenant), lieu.plateforme_id
    regles = _regles_ij(referentiel(), jour, plateforme)
    creees = depot.insert_alertes_ij(
        conn,
        plateforme,
        jour=jour,
        maintenant=maintenant,
        fuseau=lieu.fuseau.key,
        fenetre=regles.fenetre,
        seuils=_seuils_ij(referentiel(), jour, plateforme),
        phrase=PHRASE_IJ.replace("{fenetre}", str(regles.fenetre)).replace("{plafond}", str(regles.plafond)),
    )
    approche = referentiel().get_parametre("alerte_j180_approche_jours", jour, plateforme)
    return creees + depot.insert_alertes_j180(
        conn,
        plateforme,
        jour=jour,
        maintenant=maintenant,
        fuseau=lieu.fuseau.key,
        approche_max=bornes(approche)[1] or 0,
        parametre_id=approche.identifiant,
        phrase=PHRASE_J180.replace("{palier}", str(PALIERS[-1])),
    )


def _regles_signalement(ref: Referentiel, jour: date, plateforme: str) -> ReglesSignalement:
    minima = [bornes(ref.get_parametre(f"palier_signalement_j{palier}", jour, plateforme))[0] or 0 for palier in PALIERS]
    age_min, age_max = bornes(ref.get_parametre("age_exclusion", jour, plateforme))
    return ReglesSignalement(
        paliers=PALIERS,
        minima=minima,
        paliers_a_trier=[palier for palier in PALIERS if is_a_trier(palier, jour, ref, plateforme)],
        minimum_j180=minima[-1],
        repetition_depuis=add_mois(jour, -ref.entier("repetition_fenetre_mois", jour, plateforme)),
        age_exclu_min=age_min,
        age_exclu_max=age_max,
        signaler_tpt_seul=bool(ref.valeur("signaler_tpt_seul", jour, plateforme)),
        regles=[_regle_sql(ordre, regle, ref, jour, plateforme) for ordre, regle in enumerate(REGLES)],
    )


def _regle_sql(ordre: int, regle: Regle, ref: Referentiel, jour: date, plateforme: str) -> RegleSql:
    parametre = ref.get_parametre(regle.parametre, jour, plateforme)
    mini, maxi = bornes(parametre)
    return RegleSql(
        ordre=ordre,
        cle=regle.cle,
        version=regle.version,
        phrase=regle.phrase.replace("{seuil}", parametre.en_mots),
        observation=regle.observation,
        mini=mini,
        maxi=maxi,
        seuil=parametre.nombre,
        parametre_id=parametre.identifiant,
        points=ref.entier(regle.points, jour, plateforme),
        motif_categorie=regle.motif_categorie,
        groupe=regle.groupe,
    )


def _seuils_ij(ref: Referentiel, jour: date, plateforme: str) -> list[SeuilIJ]:
    parametres = {type_alerte: ref.get_parametre(cle, jour, plateforme) for type_alerte, cle in SEUILS_IJ.items()}
    return [SeuilIJ(type_alerte, bornes(p)[0] or 0, p.identifiant) for type_alerte, p in parametres.items()]


def _regles_ij(ref: Referentiel, jour: date, plateforme: str) -> ReglesIJ:
    """Raises DroitNonCompte when the cap changes inside the window, or when L.324-1 enters it: the statement knows neither."""
    question = ref.find_parametre(CLE_ALD, jour)
    if question is not None and question.valeur is True:
        raise DroitNonCompte("Compter les affections de longue durée dans la limite n'est pas encore prévu.", code="ald_in_cap")
    fenetre = ref.entier("ij_fenetre_annees", jour)
    du, au = annees_avant(jour, 2 * fenetre), add_mois(jour, 12 * HORIZON_ANNEES)
    for cle in ("ij_plafond_trois_ans", "ij_fenetre_annees"):
        if len({p.valeur for p in periodes(ref, cle, du, au) if p.du <= au and du <= p.au}) > 1:
            raise DroitNonCompte(
                f"« {cle} » change pendant la période comptée : ce cas n'est pas encore prévu.", code="cap_changes_in_window"
            )
    plafond = ref.get_parametre("ij_plafond_trois_ans", jour)
    return ReglesIJ(
        carences=periodes(ref, "ij_carence_jours", du, au),
        reprises_sans_carence=periodes(ref, "ij_reprise_sans_carence_jours", du, au),
        plafond=int(plafond.nombre),
        fenetre=fenetre,
        parametre_plafond=plafond.identifiant,
        jours_utiles=min(int(plafond.nombre), *(seuil.mini for seuil in _seuils_ij(ref, jour, plateforme))),
    )
