"""French words for the codes of a file, as médecins-conseils and the help page read them."""

from __future__ import annotations

CATEGORIES = {"tms": "Trouble musculo-squelettique", "psychique": "Psychique", "autre": "Autre", "non_renseigne": "Non renseignée"}
RISQUES = {
    "maladie": "Maladie",
    "at": "Accident du travail",
    "mp": "Maladie professionnelle",
    "trajet": "Accident de trajet",
    "maternite": "Maternité",
    "paternite": "Paternité",
}
CONTRATS = {"salarie": "Salarié", "independant": "Indépendant", "sans_emploi": "Sans emploi"}
SOURCES = {
    "requete_arret_long": "Repérage automatique des arrêts longs",
    "medecin_traitant": "Médecin traitant",
    "medecin_conseil": "Médecin-conseil",
    "spst": "Service de prévention et de santé au travail",
    "service_social": "Service social",
    "accueil_cpam": "Accueil de la caisse",
    "employeur": "Employeur",
    "cap_emploi": "Cap emploi",
    "assure": "La personne elle-même",
    "ism_tsm": "Service médical",
}
STATUTS_SIGNALEMENT = {
    "veille": "En veille",
    "a_trier": "À orienter",
    "oriente_csam": "Orienté vers un conseiller (CSAM)",
    "oriente_ism": "Orienté vers un infirmier du service médical",
    "convocation_mc": "Convocation par le médecin-conseil",
    "sans_suite": "Sans suite",
    "rattache": "Rattaché au parcours ouvert",
    "remplace": "Remplacé par un seuil plus haut",
}
