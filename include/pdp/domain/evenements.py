"""Events of the journal, as people read them in the history of a case."""

from __future__ import annotations

# code -> (type tag, French label)
LIBELLES: dict[str, tuple[str, str]] = {
    "fichier_charge": ("Données", "Fichier chargé"),
    "fichier_refuse": ("Données", "Fichier refusé"),
    "arret_corrige": ("Arrêt", "Avis d'arrêt corrigé par la caisse"),
    "arret_annule": ("Arrêt", "Avis d'arrêt annulé par la caisse"),
    "assure_mis_a_jour": ("Données", "Coordonnées mises à jour par la caisse"),
    "ligne_rejouee": ("Données", "Ligne de quarantaine rejouée"),
    "episode_calcule": ("Arrêt", "Épisode d'arrêt recalculé"),
    "compteurs_calcules": ("Données", "Indemnités journalières recomptées"),
    "signalement_detecte": ("Signalement", "Signalement détecté"),
    "signalement_rattache": ("Signalement", "Nouveau seuil franchi, rattaché au parcours ouvert"),
    "signalement_remplace": ("Signalement", "Signalement remplacé par un seuil plus haut"),
    "signalement_decide": ("Signalement", "Signalement orienté"),
    "parcours_ouvert": ("Parcours", "Parcours ouvert"),
    "parcours_affecte": ("Parcours", "Parcours affecté"),
    "parcours_clos": ("Parcours", "Parcours clos"),
    "parcours_rouvert": ("Parcours", "Parcours rouvert"),
    "parcours_interrompu": ("Parcours", "Parcours interrompu"),
    "contact_enregistre": ("Appel", "Tentative de contact enregistrée"),
    "contact_annule": ("Appel", "Tentative de contact annulée (saisie par erreur)"),
    "tele_echange_planifie": ("Télé-échange", "Télé-échange planifié"),
    "tele_echange_realise": ("Télé-échange", "Télé-échange réalisé"),
    "tele_echange_manque": ("Télé-échange", "Absence au télé-échange"),
    "tele_echange_annule": ("Télé-échange", "Télé-échange annulé ou reporté"),
    "accord_recueilli": ("Accord", "Accord recueilli"),
    "accord_refuse": ("Accord", "Refus de la personne"),
    "accord_retire": ("Accord", "Accord retiré"),
    "orientation_proposee": ("Orientation", "Orientation proposée"),
    "orientation_envoyee": ("Orientation", "Orientation remise au partenaire"),
    "orientation_repondue": ("Orientation", "Réponse du partenaire"),
    "reponse_recue": ("Orientation", "Réponse du partenaire reçue"),
    "reponse_mise_de_cote": ("Orientation", "Réponse du partenaire mise de côté, à vérifier"),
    "reponse_illisible": ("Orientation", "Réponse illisible d'un partenaire"),
    "orientation_retiree": ("Orientation", "Orientation retirée"),
    "orientation_expiree": ("Orientation", "Orientation expirée sans réponse"),
    "message_rappele": ("Message", "Message non parti, rappelé"),
    "message_en_echec": ("Message", "Message non remis"),
    "tache_ouverte": ("Tâche", "À faire"),
    "tache_fermee": ("Tâche", "Fait"),
    "tache_reportee": ("Tâche", "Mis en attente"),
    "alerte_ouverte": ("Alerte", "Médecin-conseil alerté"),
    "alerte_decidee": ("Alerte", "Décision du médecin-conseil"),
    "issue_enregistree": ("Issue", "Situation enregistrée"),
    "soutien_psy_enregistre": ("Mon soutien psy", "Mon soutien psy : proposition enregistrée"),
    "medical_consulte": ("Accès", "Données médicales consultées par un médecin-conseil"),
    "avis_rendu": ("Avis", "Avis du médecin-conseil rendu"),
    "absence_enregistree": ("Équipe", "Absence d'un agent enregistrée"),
    "compte_ouvert": ("Équipe", "Compte d'accès ouvert"),
    "compte_ferme": ("Équipe", "Compte d'accès fermé"),
    "dol_prepare": ("Délégation", "Document d'orientation local préparé"),
    "dol_signe": ("Délégation", "Document d'orientation local signé"),
    "evaluation_publiee": ("Évaluation", "Tables des évaluateurs publiées"),
    "enlisement_repare": ("Veille", "Suite manquante rétablie par la veille"),
}


def describe(code: str) -> tuple[str, str]:
    """Type tag and label; an unknown code is shown as it is rather than hidden."""
    return LIBELLES.get(code, ("Autre", code.replace("_", " ").capitalize()))
