"""Code lists of the DSN that the product reads (norms P25V01 and P26V01 agree on them), with French labels for people.

A code absent from a list is reported as an anomaly and never refused: employers' software is ahead of, or behind, the norm.
"""

from __future__ import annotations

NATURES: dict[str, str] = {
    "01": "DSN mensuelle",
    "04": "signalement d'arrêt de travail",
    "05": "signalement de reprise après arrêt",
    "07": "signalement de fin de contrat",
    "08": "amorçage des données variables",
    "09": "DSN de substitution",
    "10": "déclaration préalable à l'embauche",
}
NATURES_LUES = frozenset({"01", "04", "05", "07"})

TYPES: dict[str, str] = {
    "01": "normale",
    "02": "normale sans individu",
    "03": "annule et remplace",
    "04": "annule",
    "05": "annule et remplace sans individu",
}
TYPE_REMPLACE = "03"
TYPE_ANNULE = "04"
TYPES_REMPLACANTS = frozenset({"03", "04", "05"})
"""What was declared before for the same establishment, month and fraction no longer stands."""

MOTIFS_ARRET: dict[str, str] = {
    "01": "maladie",
    "02": "maternité",
    "03": "paternité ou accueil de l'enfant",
    "04": "accident de trajet",
    "05": "maladie professionnelle",
    "06": "accident du travail ou de service",
    "07": "femme enceinte dispensée de travail",
    "09": "adoption",
    "10": "maladie imputable au service (fonction publique)",
    "11": "victime ou réformé de guerre (fonction publique)",
    "12": "congé de longue durée (fonction publique)",
    "13": "congé de longue maladie (fonction publique)",
    "14": "invalidité temporaire imputable au service (fonction publique)",
    "15": "temps partiel thérapeutique (maladie)",
    "16": "temps partiel thérapeutique (accident du travail)",
    "17": "temps partiel thérapeutique (accident de trajet)",
    "18": "temps partiel thérapeutique (maladie professionnelle)",
    "19": "deuil d'un enfant",
    "20": "motif réservé A",
    "21": "motif réservé B",
    "22": "motif réservé C",
    "23": "motif réservé D",
    "24": "motif réservé E",
    "99": "annulation",
}
MOTIF_ANNULATION = "99"
MOTIFS_TEMPS_PARTIEL = frozenset({"15", "16", "17", "18"})
MOTIFS_ACCIDENT = frozenset({"04", "06"})
"""The day of the accident was worked: the first day off is the next one at the earliest."""

MOTIFS_REPRISE: dict[str, str] = {
    "01": "reprise normale",
    "02": "reprise à temps partiel thérapeutique",
    "03": "reprise à temps partiel pour raison personnelle",
}

FINS_CONTRAT: dict[str, str] = {
    "011": "licenciement après liquidation ou redressement judiciaire",
    "012": "licenciement pour fermeture définitive de l'établissement",
    "014": "licenciement économique",
    "015": "licenciement pour fin de chantier ou d'opération",
    "020": "licenciement pour un autre motif",
    "025": "autre fin de contrat pour motif économique",
    "026": "rupture économique avec contrat de sécurisation professionnelle",
    "031": "fin de contrat à durée déterminée",
    "032": "fin de mission d'intérim",
    "033": "rupture anticipée d'un CDD ou d'une mission pour inaptitude physique",
    "034": "fin de période d'essai par l'employeur",
    "035": "fin de période d'essai par le salarié",
    "036": "rupture anticipée par l'employeur (CDD, alternance, mission)",
    "037": "rupture anticipée par le salarié (CDD, alternance, mission)",
    "038": "mise à la retraite",
    "039": "départ à la retraite",
    "043": "rupture conventionnelle",
    "058": "prise d'acte de la rupture",
    "059": "démission",
    "065": "décès ou internement de l'employeur",
    "066": "décès de la personne",
    "070": "révocation pour abandon de poste (fonction publique)",
    "071": "révocation après sanction pénale (fonction publique)",
    "081": "fin de contrat d'apprentissage",
    "082": "résiliation judiciaire",
    "083": "force majeure ou fait du prince",
    "084": "rupture d'un commun accord (CDD, alternance, mission)",
    "085": "fin de mandat",
    "086": "licenciement convention CATS",
    "087": "licenciement pour faute grave",
    "088": "licenciement pour faute lourde",
    "089": "licenciement pour force majeure",
    "091": "licenciement pour inaptitude d'origine non professionnelle",
    "092": "licenciement pour inaptitude d'origine professionnelle",
    "093": "licenciement sur décision d'une autorité administrative",
    "094": "rupture pour arrêt de tournage",
    "095": "rupture anticipée pour faute grave",
    "096": "rupture anticipée pour faute lourde",
    "097": "rupture anticipée pour fermeture de l'établissement",
    "098": "retrait d'enfant",
    "099": "annulation",
    "100": "mutation sans rupture du contrat",
    "110": "rupture conventionnelle collective",
    "111": "rupture amiable pendant un congé de mobilité",
    "112": "rupture dans un accord de performance collective",
    "113": "licenciement pour motif spécifique (Code du travail, L. 2254-2)",
    "114": "rupture d'un commun accord pour un parcours d'accompagnement personnalisé",
    "115": "licenciement (loi du 15 septembre 2017, articles 18 et 19)",
    "116": "fin de ligne de service",
    "117": "licenciement économique après refus du contrat de sécurisation professionnelle",
    "118": "fin de contrat d'appui au projet d'entreprise",
    "119": "fin d'affectation",
    "998": "transfert du contrat sans rupture",
    "999": "fin de relation avec l'employeur hors contrat",
}
FIN_ANNULATION = "099"
FINS_INAPTITUDE = frozenset({"033", "091", "092"})

NATURES_CONTRAT: dict[str, str] = {
    "01": "CDI de droit privé",
    "02": "CDD de droit privé",
    "03": "mission d'intérim",
    "07": "CDI intermittent",
    "08": "CDI intérimaire",
    "09": "CDI de droit public",
    "10": "CDD de droit public",
    "20": "détachement avec pension (fonction publique)",
    "21": "détachement sans pension (fonction publique)",
    "29": "convention de stage",
    "32": "contrat d'appui au projet d'entreprise",
    "50": "nomination dans la fonction publique",
    "51": "collaborateur occasionnel du service public",
    "52": "cumul d'activité accessoire (fonction publique)",
    "53": "emploi pénitentiaire",
    "54": "emploi pénitentiaire en apprentissage",
    "60": "engagement éducatif",
    "70": "soutien et aide par le travail",
    "80": "mandat social",
    "81": "mandat d'élu",
    "82": "CDI de chantier ou d'opération",
    "89": "service civique",
    "90": "autre contrat, convention ou mandat",
    "91": "engagement maritime à durée indéterminée",
    "92": "engagement maritime à durée déterminée",
    "93": "ligne de service",
}
