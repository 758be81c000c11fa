"""What a worker thinks of a detection: closed answers, the measure of each rule. It judges the rule, never the person."""

from __future__ import annotations

PERTINENTE, NON_PERTINENTE = "pertinente", "non_pertinente"
VERDICTS = {PERTINENTE: "Détection pertinente", NON_PERTINENTE: "Détection non pertinente"}
MOTIFS = {
    "deja_repris": "La personne a déjà repris",
    "reprise_imminente": "La reprise est déjà prévue",
    "deja_suivi": "Elle est déjà suivie ailleurs",
    "donnees_fausses": "Les données sont fausses",
    "situation_exclue": "Sa situation ne relève pas de ce repérage",
    "autre": "Autre raison",
}
