"""The watch: finds every parcours left with nobody to move it, repairs what is safe, alerts the médecin-conseil of the rest.

Each step is one set-based search, then one repair per row: the parcours is locked, the search run again on it alone, and
nothing is done when the facts changed meanwhile. A row that fails is left for the next sweep and counted. A transaction repairs a
lot at most, so that after an outage no case is held longer than a person waits: the caller commits and calls again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import A_SUIVRE, Bilan
from pdp.domain.calendrier import add_jours_ouvres, add_mois
from pdp.domain.contact import RESULTATS
from pdp.domain.enlisement import REPARES_PAR_LA_VEILLE
from pdp.domain.issue import MOTIFS_SANS_ALERTE
from pdp.domain.rechute import MOTIFS_POURSUITE, MOTIFS_SANS_PROPOSITION
from pdp.domain.silence import SANS_FIN
from pdp.errors import ErreurPdp
from pdp.services.adopt_clos import adopt_clos
from pdp.services.assign_parcours import assign_en_attente
from pdp.services.delais import Lieu, get_lieu
from pdp.services.hold_taches import hold_taches
from pdp.services.keep_brouillon import purge_brouillons
from pdp.services.move_parcours import lock_parcours
from pdp.services.propose_reouverture import release_abandonnees
from pdp.services.publish_referentiel import referentiel
from pdp.services.record_blocages import Trouve, record_regards, record_reparation
from pdp.services.relay_contact import MESSAGE_ENVOYE
from pdp.services.repair_enlisement import (
    Constat,
    Passe,
    Reparation,
    clean_clos,
    close_question,
    close_refus,
    interrupt,
    propose,
    repair_by_tache,
    stall,
    tell_end,
    tell_refus,
    withdraw,
)
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

_log = logging.getLogger(__name__)
LOT = 100
"""Repairs of one transaction."""
FINS_REVUES = timedelta(days=366)
"""How long after the decision on an end the later ends of the same person, which it kept from being told, are looked for: far more than a
watch ever stops, so that nothing is missed, and no more than a year of decisions is read each morning."""
ISSUES_SANS_COURRIER = (
    *RESULTATS,
    *SANS_FIN,
    MESSAGE_ENVOYE,
    "annulee",
    "planifie",
    "relance",
    "parcours_clos",
    "parcours_rouvert",
    "parcours_interrompu",
)
"""A letter reason closed with one of these was not sent: another act made it useless."""
_DELAIS = {
    "essais": "contact_tentatives_max",
    "midi": "contact_moment_midi_heure",
    "fin_apres_midi": "contact_moment_fin_apres_midi_heure",
    "courrier_jours": "contact_lettre_reponse_jours",
    "absences": "tele_echange_absences_max",
    "sans_relais_jours": "partenaire_sans_relais_jours",
    "inactivite_jours": "enlisement_sans_evenement_jours",
    "marge_jours": "fin_arret_marge_jours",
    "point_jours": "suivi_periodicite_jours",
    "fenetre_mois": "reouverture_fenetre_mois",
    "rechute_arret_jours": "rechute_arret_min_jours",
    "rechute_poursuite_jours": "rechute_poursuite_jours",
    "tolerance_jours": "tolerance_horloge_risque_jours",
    "attente_max_jours": "attente_max_jours",
    "attente_totale_max_jours": "attente_totale_max_jours",
}


def sweep_veille(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime, lot: int = LOT) -> Bilan:
    """One watch of a platform; ``detail`` counts repairs by stall, alerts by kind, what still waits for a person, and the reasons that a
    silence begun since puts off.

    At most ``lot`` repairs: when more remain ``detail`` holds ``a_suivre``, and the caller commits and calls again. A second sweep at
    once gives way (``deja_en_cours``); a second sweep afterwards finds nothing more. The last one says what is still stuck, by whom it
    is to be moved, and that every detector of the catalogue looked.
    """
    if not conn.execute(query("veille.verrouiller"), {"plateforme": plateforme_id}).scalar_one():
        return Bilan(detail={"deja_en_cours": 1})
    lieu = get_lieu(conn, plateforme_id)
    passe = Passe(conn, auteur, maintenant, lieu, load_parametres(lieu, maintenant))
    retenues = hold_taches(conn, lieu, auteur, maintenant)
    purge_brouillons(conn, maintenant)
    bilan = Bilan(detail=dict.fromkeys(REPARES_PAR_LA_VEILLE, 0) | ({"mises_en_silence": retenues} if retenues else {}))
    restes: list[tuple[str, Trouve]] = []
    for recherche, reparation in ETAPES:
        bilan += _run_etape(passe, recherche, reparation, lot - bilan.traites, restes)
        if bilan.detail.get(A_SUIVRE):
            return bilan
    record_regards(conn, passe.parametres, restes)
    return bilan


def load_parametres(lieu: Lieu, maintenant: datetime) -> dict[str, Any]:
    """What every search of the watch is given: delays of the policy on that day, and the limits they make."""
    jour, politique = lieu.jour(maintenant), referentiel()
    delais = {nom: politique.entier(cle, jour, lieu.plateforme_id) for nom, cle in _DELAIS.items()}
    return {
        **delais,
        # a new absence begun within the window may itself have begun long ago
        "rechute_depuis": add_mois(jour, -2 * delais["fenetre_mois"]),
        "motifs_sans_proposition": sorted(MOTIFS_SANS_PROPOSITION),
        "motifs_poursuite": sorted(MOTIFS_POURSUITE),
        "plateforme": lieu.plateforme_id,
        "parcours": None,
        "fuseau": str(lieu.fuseau),
        "maintenant": maintenant,
        "jour": jour,
        "limite_affectation": _last_overdue(lieu, jour, "affectation_delai_jours_ouvres"),
        "limite_decision": _last_overdue(lieu, jour, "alerte_mc_prise_en_compte_jours_ouvres"),
        "issues_sans_courrier": list(ISSUES_SANS_COURRIER),
        "sans_alerte": sorted(MOTIFS_SANS_ALERTE),
        "fins_depuis": maintenant - FINS_REVUES,
    }


def _last_overdue(lieu: Lieu, jour: date, cle: str) -> date:
    """Latest day whose delay in working days is over on ``jour``."""
    delai = referentiel().entier(cle, jour, lieu.plateforme_id)
    candidat = jour - timedelta(days=1)
    while add_jours_ouvres(candidat, delai, lieu.zone) >= jour:
        candidat -= timedelta(days=1)
    return candidat


def find_constats(passe: Passe, recherche: str, parcours_id: UUID | None = None) -> list[Constat]:
    """What one search finds, on the whole platform or on one parcours."""
    return list_lignes(
        passe.conn, f"{SUJETS.get(recherche, 'veille')}.{recherche}", Constat, **passe.parametres | {"parcours": parcours_id}
    )


def _run_etape(passe: Passe, recherche: str, reparation: Reparation | None, reste: int, restes: list[tuple[str, Trouve]]) -> Bilan:
    if reparation is None:
        return ETAPES_GLOBALES[recherche](passe)
    bilan = Bilan()
    for constat in find_constats(passe, recherche):
        if bilan.traites >= reste:
            return bilan + Bilan(detail={A_SUIVRE: 1})
        try:
            with passe.conn.begin_nested():
                compteurs = repair_constat(passe, recherche, reparation, constat)
        except (ErreurPdp, DBAPIError) as erreur:
            if isinstance(erreur, DBAPIError) and erreur.connection_invalidated:
                raise
            _log.warning("veille %s: parcours %s left for the next sweep (%s)", recherche, constat.parcours_id, type(erreur).__name__)
            bilan += Bilan(echoues=1)
            if recherche in CODES:
                restes.append((CODES[recherche], _trouve(constat)))
            continue
        bilan += Bilan(traites=1, detail=dict.fromkeys(compteurs, 1)) if compteurs else Bilan(ignores=1)
    return bilan


def repair_constat(passe: Passe, recherche: str, reparation: Reparation, constat: Constat) -> Collection[str]:
    """Repair one row, searched again once its parcours is locked; the counters it moves, none when the facts changed meanwhile."""
    parcours = lock_parcours(passe.conn, constat.parcours_id)
    actuel = next((c for c in find_constats(passe, recherche, constat.parcours_id) if c.cause == constat.cause), None)
    compteurs = () if actuel is None else reparation(passe, parcours, actuel)
    if CODES.get(recherche) in compteurs and passe.auteur.type == "systeme":
        record_reparation(passe.conn, parcours.plateforme_id, CODES[recherche], _trouve(constat), passe.maintenant)
    return compteurs


def _trouve(constat: Constat) -> Trouve:
    return Trouve(constat.parcours_id, constat.cause, constat.survenu_at)


def _assign_late(passe: Passe) -> Bilan:
    """S05: try again to assign; what remains is for the manager, who sees the count."""
    avant = passe.conn.execute(query("veille.compter_non_affectes"), passe.parametres).scalar_one()
    if avant == 0:
        return Bilan()
    assign_en_attente(passe.conn, passe.lieu.plateforme_id, passe.auteur, passe.maintenant)
    restants = passe.conn.execute(query("veille.compter_non_affectes"), passe.parametres).scalar_one()
    return Bilan(traites=avant - restants, ignores=restants, detail={"S05": avant - restants, "S05_restants": restants})


def _count_alertes(passe: Passe) -> Bilan:
    """What the manager sees: alerts undecided beyond the delay, reminded or not."""
    return Bilan(detail={"S16_restants": passe.conn.execute(query("veille.compter_alertes_en_retard"), passe.parametres).scalar_one()})


def _release(passe: Passe) -> Bilan:
    """S15: nobody waits for the answer of a coordinator who is not there."""
    return release_abandonnees(passe.conn, passe.lieu.plateforme_id, passe.auteur, passe.maintenant)


def _adopt(passe: Passe) -> Bilan:
    """S04: what is due on the closed parcours of a coordinator who left."""
    return adopt_clos(passe.conn, passe.lieu.plateforme_id, passe.auteur, passe.maintenant)


ETAPES_GLOBALES: dict[str, Callable[[Passe], Bilan]] = {
    "rechutes_abandonnees": _release,
    "clos_orphelins": _adopt,
    "compter_non_affectes": _assign_late,
    "compter_alertes_en_retard": _count_alertes,
}
# (search, repair of one row; None = handled as a whole). Rights of the person first, then what breaks a parcours, precise
# repairs, and last the general net: a repair that gives a date to come makes the general searches find nothing.
ETAPES: tuple[tuple[str, Reparation | None], ...] = (
    ("accords_perdus", withdraw),
    ("restes_de_clos", clean_clos),
    ("termines_sans_alerte", tell_end),
    ("accompagnements_refuses", interrupt("accord_retire", None)),
    ("absences_repetees", interrupt("parcours_interrompu", "absences")),
    ("injoignables", interrupt("parcours_interrompu", "injoignable")),
    ("sans_relais", interrupt("parcours_interrompu", "sans_relais")),
    ("entretiens_passes", repair_by_tache("S08")),
    ("arrets_prolonges", close_question),
    ("envois_refuses", tell_refus),
    ("envois_permis", close_refus),
    ("arrets_finis", repair_by_tache("S14")),
    ("rechutes", propose),
    ("rechutes_abandonnees", None),
    ("clos_orphelins", None),
    ("compter_non_affectes", None),
    ("alertes_sans_decision", repair_by_tache("S16")),
    ("compter_alertes_en_retard", None),
    ("sans_evenement", stall),
    ("attentes_echues", repair_by_tache("S03")),
    ("sans_tache", repair_by_tache("S01")),
)
SUJETS = dict.fromkeys(("accompagnements_refuses", "absences_repetees", "injoignables", "sans_relais"), "ruptures")
"""File of queries of the searches about parcours that break."""
CODES = {
    "accords_perdus": "S13",
    "restes_de_clos": "S12",
    "entretiens_passes": "S08",
    "arrets_finis": "S14",
    "rechutes": "S15",
    "alertes_sans_decision": "S16",
    "sans_evenement": "S11",
    "attentes_echues": "S03",
    "sans_tache": "S01",
}
"""Stall that each search finds; the other searches are about parcours that break, which the médecin-conseil is told."""
