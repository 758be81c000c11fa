"""Probable duplicates: why two rows look alike, where a pair stands, and why two people may look alike.

Who may compare them: comparing needs names, birth dates and numbers, which a manager never reads. The coordinator of either case already
knows one of the two people and may read the identity of the platform's insured; so he or she compares and decides, and the manager only
follows pairs by their opaque cases. Nothing is ever merged by the machine.
"""

from __future__ import annotations

RAISONS = {
    "meme_identite": "Même nom, même prénom, même naissance",
    "noms_inverses": "Nom et prénom inversés, même naissance",
    "nir_partage": "Même numéro de sécurité sociale",
    "nir_provisoire": "L'un des deux numéros de sécurité sociale est provisoire",
    "identifiant_remplace": "La caisse a remplacé un identifiant par l'autre",
}
ETATS = {
    "a_comparer": "À comparer",
    "ecarte": "Deux personnes différentes",
    "demande": "Fusion demandée",
    "fusionne": "Dossiers réunis",
    "annulation_demandee": "Annulation de la fusion demandée",
    "annule": "Fusion annulée",
}
ECARTS = {
    "jumeaux": "Jumeaux ou même famille",
    "homonymes": "Homonymes nés le même jour",
    "autre": "Autre raison",
}
REFUS = {
    "agi_depuis": "Quelqu'un a agi depuis sur le dossier réuni : l'annuler effacerait ce qui en dépend.",
    "fusionne_ailleurs": "L'un des deux dossiers a déjà été réuni avec un autre.",
}
COMPARABLES = frozenset({"a_comparer", "annule", "ecarte"})
"""States from which a merge may be asked for."""
