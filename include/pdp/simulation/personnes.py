"""Simulated people of the demonstration: doctors, coordinators and partners calling the real services under their own roles.

Each act of a person is one transaction that happens wholly or not at all, and is skipped when its trace is already there:
a demonstration killed anywhere and started again goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.services.decide_alerte import decide_alerte
from pdp.services.manage_dol import draft_dol, sign_dol
from pdp.services.record_reponse import record_reponse
from pdp.services.sort_signalements import decide_signalement
from pdp.simulation.profils import PREMIERS_DOSSIERS, Dossier, Jours, Profil, cle_saisie, close
from pdp.simulation.profils_du_jour import DERNIERS_JOURS
from pdp.storage import db
from pdp.storage.sql import query

DELEGATION: list[dict[str, Any]] = [
    {"libelle": "À partir de 62 ans : le médecin-conseil décide", "conditions": {"age_min": 62}, "cible": "medecin_conseil"},
    {"libelle": "À partir de 180 jours d'arrêt : le médecin-conseil décide", "conditions": {"palier_min": 180}, "cible": "medecin_conseil"},
    {
        "libelle": "Arrêt de 90 jours pour TMS ou motif psychique : conseiller",
        "conditions": {"palier_min": 90, "categories": ["tms", "psychique"]},
        "cible": "oriente_csam",
    },
    {
        "libelle": "Arrêt de 60 jours, TMS ou motif psychique, priorité forte : conseiller",
        "conditions": {"palier_min": 60, "categories": ["tms", "psychique"], "priorite_min": 50},
        "cible": "oriente_csam",
    },
]
PREMIERS = 70
TOUS = 5000
DECISIONS_MC = 12
ISSUES = 12


def sign_delegation(jours: Jours) -> None:
    """Each platform's médecin-conseil signs one document d'orientation local."""
    for plateforme, medecin in _medecins():
        with db.begin_as(medecin) as conn:
            if not conn.execute(query("simulation.is_delegation_signee"), {"plateforme": plateforme}).scalar():
                version = draft_dol(conn, medecin, plateforme, jours.matin_premier.date(), DELEGATION)
                sign_dol(conn, medecin, version, jours.matin_premier)


def decide_signalements(jours: Jours) -> None:
    """Médecins-conseils orient a few files by hand."""
    cibles = ("oriente_csam", "oriente_csam", "convocation_mc", "oriente_ism")
    for plateforme, medecin in _medecins():
        with db.begin_as(medecin) as conn:
            attente = list(conn.execute(query("simulation.lister_a_decider"), {"plateforme": plateforme, "nombre": DECISIONS_MC}).scalars())
            for rang, signalement in enumerate(attente):
                decide_signalement(conn, medecin, signalement, cibles[rang % len(cibles)], "", jours.matin_premier)


def decide_alertes(maintenant: datetime) -> None:
    """Médecins-conseils answer their first alerts."""
    for plateforme, medecin in _medecins():
        with db.begin_as(medecin) as conn:
            for alerte in conn.execute(query("simulation.lister_alertes"), {"plateforme": plateforme}).all():
                decide_alerte(conn, medecin, alerte.id, "prise_en_compte", "", maintenant)


def play_premiers_dossiers(jours: Jours) -> int:
    """The first files, each after one of the profiles; returns how many were worked."""
    return _play(_dossiers(jours.matin_premier, PREMIERS), PREMIERS_DOSSIERS, jours)


def play_journee(jours: Jours) -> int:
    """What coordinators did in the last days on the following files: their lists are then as on an ordinary morning."""
    return _play(_dossiers(jours.matin_premier, TOUS)[PREMIERS:], DERNIERS_JOURS, jours)


def answer_portail(maintenant: datetime) -> None:
    """Partners without an API answer in their inbox: Cap emploi has no room, the others accept and report."""
    with db.begin(settings().url_app, systeme("simulation")) as conn:
        boites = conn.execute(query("simulation.lister_boites")).all()
    for boite in boites:
        partenaire = Auteur("partenaire", str(boite.partenaire_id), "partenaire", boite.plateforme_id, str(boite.partenaire_id))
        refuse = boite.dispositif == "cap_emploi"
        etapes = (
            [("refusee", "capacite", None)]
            if refuse
            else [("acceptee", None, None), ("realisee", None, "Poste aménagé convenu avec l'employeur.")]
        )
        with db.begin_as(partenaire) as conn:
            for statut, motif, compte_rendu in etapes:
                record_reponse(
                    conn,
                    partenaire,
                    boite.id,
                    statut=statut,
                    motif=motif,
                    compte_rendu=compte_rendu,
                    evenement_id=str(cle_saisie(boite.id, statut)),
                    maintenant=maintenant,
                )


def close_dossiers(jours: Jours) -> int:
    """Coordinators read reports, call, and record the return confirmed by the person."""
    with db.begin(settings().url_app, systeme("simulation")) as conn:
        lignes = conn.execute(query("simulation.lister_reponses_a_lire"), {"plafond": ISSUES}).all()
    for ligne in lignes[:ISSUES]:
        csam = Auteur("agent", str(ligne.csam_id), "csam", ligne.plateforme_id)
        with db.begin_as(csam) as conn:
            close(conn, csam, ligne.id, "reprise_amenagee", "poste_amenage", jours.jour_ouvre(20))
    return len(lignes[:ISSUES])


def _play(dossiers: Iterable[Dossier], profils: tuple[Profil, ...], jours: Jours) -> int:
    faits = 0
    for dossier in dossiers:
        if dossier.contacte or dossier.clos:
            continue
        with db.begin_as(dossier.csam) as conn:
            profils[dossier.rang % len(profils)](conn, dossier, jours)
        faits += 1
    return faits


def _dossiers(jusqu_a: datetime, nombre: int) -> list[Dossier]:
    with db.begin(settings().url_app, systeme("simulation")) as conn:
        lignes = conn.execute(query("simulation.lister_dossiers"), {"jusqu_a": jusqu_a, "nombre": nombre}).all()
    return [Dossier(**ligne._mapping) for ligne in lignes]


def _medecins() -> list[tuple[str, Auteur]]:
    with db.begin(settings().url_app, systeme("simulation")) as conn:
        lignes = conn.execute(query("simulation.lister_medecins")).all()
    return [(r.plateforme_id, Auteur("agent", str(r.id), "medecin_conseil", r.plateforme_id)) for r in lignes]
