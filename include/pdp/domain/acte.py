"""Acts of a person on a case, as people read them when they take one back."""

from __future__ import annotations

GENRES: dict[str, str] = {
    "contact": "Tentative de contact",
    "contact_annule": "Appel marqué comme erreur",
    "demandes": "Demandes de la personne",
    "risque": "Alerte au médecin-conseil",
    "entretien_planifie": "Télé-échange planifié",
    "entretien_annule": "Télé-échange annulé",
    "entretien_renseigne": "Télé-échange renseigné",
    "accord": "Réponse de la personne sur un accord",
    "accord_retire": "Retrait d'un accord",
    "orientation": "Orientation vers un partenaire",
    "orientation_retiree": "Retrait d'une orientation",
    "envoi_verifie": "Envoi vérifié auprès d'un partenaire",
    "question_repondue": "Réponse à la question d'un partenaire",
    "question_posee": "Question à un partenaire",
    "partenaire_relance": "Relance d'un partenaire",
    "soutien_psy": "Mon soutien psy",
    "seance_psy": "Mon soutien psy : séance ajoutée",
    "seance_psy_retiree": "Mon soutien psy : séance retirée",
    "soutien_psy_arret": "Mon soutien psy : séances arrêtées",
    "cloture": "Clôture du parcours",
    "erreur_declaree": "Saisie déclarée faite par erreur",
    "reouverture": "Réouverture du parcours",
    "rechute": "Réponse à une rechute",
    "issue": "Situation de la personne",
    "silence": "Mise en silence",
    "silence_leve": "Levée du silence",
    "tache_ajoutee": "Tâche ajoutée",
    "tache_faite": "Tâche faite",
    "tache_reportee": "Mise en attente",
    "tache_reprise": "Fin d'une attente",
    "echeance": "Échéance changée",
    "promesse": "Rappel promis",
    "verdict": "Avis sur la détection",
    "verdict_retire": "Retrait de l'avis sur la détection",
    "alerte_decidee": "Décision sur une alerte",
    "tri": "Orientation d'un dossier",
    "derogation": "Changement d'une orientation déléguée",
    "suivi_reporte": "Suivi médical reporté",
    "suivi_clos": "Suivi médical clos",
    "affectation": "Affectation",
    "message": "Message à la personne",
    "invitation": "Invitation à choisir un rendez-vous",
}
INDEPENDANTS = frozenset({"verdict", "verdict_retire"})
"""Opinions: nothing of a case follows from them, so they neither stop an undo nor are stopped by a later act."""


def describe_genre(genre: str) -> str:
    """French name of an act; an unknown code is shown rather than hidden."""
    return GENRES.get(genre, genre.replace("_", " ").capitalize())
