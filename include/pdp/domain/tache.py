"""Open reasons to act on a parcours: what is to be done, who holds the ball, within how long.

Delays are policy (``politique.toml``): each motif names its parameter.
"""

from __future__ import annotations

from dataclasses import dataclass

from pdp.domain.attente import RAISONS


@dataclass(frozen=True)
class Motif:
    """A reason: French label, holder of the ball, screen that completes it, policy key of its delay (None = date given by the caller)."""

    libelle: str
    balle: str
    ecran: str
    delai: str | None = None


MOTIFS: dict[str, Motif] = {
    "premier_appel": Motif("Premier appel", "csam", "appel", "contact_premier_delai_jours_ouvres"),
    "nouvel_appel": Motif("Rappeler : pas de réponse", "csam", "appel", "contact_nouvelle_tentative_jours_ouvres"),
    "rappel_promis": Motif("Rappeler : promis à la personne", "csam", "appel"),
    "autre_canal": Motif("Écrire à la personne : appels sans réponse", "csam", "appel", "contact_message_delai_jours_ouvres"),
    "courrier_injoignable": Motif("Envoyer un courrier : appels sans réponse", "csam", "appel", "courrier_envoi_delai_jours_ouvres"),
    "planifier_tele_echange": Motif("Proposer un télé-échange", "csam", "creneaux", "planification_delai_jours_ouvres"),
    "reponse_courrier": Motif("Réponse au courrier attendue", "assure", "appel", "contact_lettre_reponse_jours"),
    "reponse_invitation": Motif("Réponse à l'invitation attendue", "assure", "creneaux"),
    "ouvrir_creneaux": Motif("Ouvrir des créneaux : aucun n'est libre", "responsable", "creneaux", "ouvrir_creneaux_delai_jours_ouvres"),
    "tele_echange": Motif("Télé-échange prévu", "assure", "entretien"),
    "renseigner_tele_echange": Motif("Renseigner le télé-échange passé", "csam", "entretien", "tele_echange_cr_delai_jours_ouvres"),
    "demander_accord": Motif("Recueillir l'accord et proposer la suite", "csam", "fiche", "bilan_delai_jours_ouvres"),
    "attendre_partenaire": Motif("Réponse du partenaire attendue", "partenaire", "fiche"),
    "lire_reponse": Motif("Lire la réponse du partenaire", "csam", "fiche", "reponse_lecture_delai_jours_ouvres"),
    "repondre_question": Motif("Répondre à la question du partenaire", "csam", "relais", "question_reponse_delai_jours_ouvres"),
    "relancer_partenaire": Motif("Partenaire muet : l'appeler ou retirer", "csam", "fiche", "relance_delai_jours_ouvres"),
    "nouvelles_partenaire": Motif("Demander des nouvelles au partenaire", "partenaire", "fiche", "orientation_premier_rdv_delai_jours"),
    "autre_relais": Motif("Partenaire sans réponse : proposer un autre relais", "csam", "orientations", "autre_relais_delai_jours_ouvres"),
    "prevenir_partenaire": Motif("Demander au partenaire d'effacer une donnée", "csam", "fiche", "relance_delai_jours_ouvres"),
    "faire_le_point": Motif("Faire le point avec la personne", "csam", "appel", "point_delai_jours_ouvres"),
    "confirmer_issue": Motif("Arrêt terminé : confirmer la reprise ou l'issue", "csam", "cloture", "issue_confirmation_delai_jours_ouvres"),
    "cloture_a_confirmer": Motif("Clôture proposée : vérifier et confirmer", "csam", "cloture", "issue_confirmation_delai_jours_ouvres"),
    "message_en_echec": Motif("Message non remis : choisir un autre canal", "csam", "fiche", "message_en_echec_delai_jours_ouvres"),
    "decision_medecin": Motif("Décision du médecin-conseil attendue", "medecin_conseil", "fiche", "alerte_mc_prise_en_compte_jours_ouvres"),
    "suivi_m6": Motif("Situation à 6 mois", "csam", "issue"),
    "suivi_m12": Motif("Situation à 12 mois", "csam", "issue"),
    "rechute": Motif("Rechute : rouvrir ou nouveau parcours", "csam", "fiche", "rechute_decision_delai_jours_ouvres"),
    "comparer_doublon": Motif("Doublon probable : comparer les deux dossiers", "csam", "doublons", "doublon_comparaison_jours_ouvres"),
    "tache_personnelle": Motif("À faire", "csam", "fiche"),
}

MOTIFS_ATTENTE = {code: raison.libelle for code, raison in RAISONS.items()}

SUJETS = {
    "contacter_personne": "Contacter la personne",
    "contacter_employeur": "Contacter l'employeur, avec l'accord de la personne",
    "contacter_medecin": "Contacter le médecin traitant, avec l'accord de la personne",
    "preparer_rendez_vous": "Préparer un rendez-vous",
    "obtenir_document": "Obtenir un document",
    "autre": "Autre",
}
"""Closed reasons of a reminder of the coordinator's own."""
