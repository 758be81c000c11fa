"""French words of the quarantine: states, decisions, results and reasons, for its screens and its services alike."""

from __future__ import annotations

ETATS = {"a_traiter": "À traiter", "en_attente": "En attente de réception", "traitees": "Traitées", "sans_plateforme": "Sans plateforme"}
RESOLUTIONS = {"rejouee": "Rejouée et prise", "corrigee": "Corrigée et prise", "abandonnee": "Abandonnée"}
RESULTATS = {
    "pris": "Prise",
    "inchange": "Inchangée : déjà connue, ou plus ancienne que ce qui est connu",
    "encore_refuse": "Encore refusée",
    "abandonne": "Abandonnée",
}
DECISIONS = {"corriger": "Corriger et rejouer", "rejouer": "Rejouer telle quelle", "abandonner": "Abandonner"}
MOTIFS = {
    "doublon": "Déjà chargée par une autre ligne",
    "renvoi_demande": "Renvoi demandé à la source",
    "hors_perimetre": "Personne ou période hors du périmètre",
    "inexploitable": "Inexploitable, la source ne peut pas la corriger",
}
RAISONS = {
    "agent_autre_plateforme": "Agent d'une autre plateforme",
    "assure_inconnu": "Assuré pas encore connu",
    "autre_plateforme": "Personne d'une autre plateforme",
    "caractere_interdit": "Caractère interdit",
    "champ_requis": "Case obligatoire vide",
    "code_inconnu": "Code inconnu",
    "contenu_illisible": "Contenu illisible",
    "courriel_invalide": "Courriel impossible",
    "date_hors_bornes": "Date hors des dates possibles",
    "date_invalide": "Date impossible ou mal écrite",
    "date_invraisemblable": "Date invraisemblable",
    "dates_inversees": "Dates inversées",
    "departement_hors_plateforme": "Département d'aucune plateforme",
    "duree_invraisemblable": "Durée invraisemblable",
    "flux_non_rejouable": "Flux qui ne se rejoue pas",
    "format": "Forme inattendue",
    "guillemets": "Guillemets mal placés",
    "jours_hors_periode": "Plus de jours que la période",
    "ligne_trop_longue": "Ligne trop longue",
    "mojibake": "Accents abîmés",
    "nir_cle": "Clé du NIR fausse",
    "nir_longueur": "NIR incomplet ou trop long",
    "nir_partage": "NIR de plusieurs personnes",
    "nombre_de_colonnes": "Nombre de colonnes faux",
    "plateforme_inconnue": "Plateforme inconnue",
    "precedent_deja_repris": "Identifiant déjà repris",
    "refus_base": "Contredit ce qui est connu",
    "rpps_cle": "Clé du RPPS fausse",
    "rpps_format": "RPPS incomplet",
    "telephone_impossible": "Téléphone impossible",
    "trop_long": "Texte trop long",
    "valeurs_identiques": "Deux valeurs identiques",
}


def describe_raison(code: str) -> str:
    """Short French name of a reason; a code without one is shown as it is rather than hidden."""
    return RAISONS.get(code, code.replace("_", " ").capitalize())
