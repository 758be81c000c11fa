"""Alerts to the médecin-conseil: what each kind says, what he or she may decide, and what the decision does.

A sentence never holds a name, a diagnosis or a free text: the screen adds the identity it is allowed to show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pdp.errors import DonneeInvalide


@dataclass(frozen=True, slots=True)
class Decision:
    """One button: code, French label, and the French sentence that says what a click does."""

    cle: str
    libelle: str
    effet: str


DECISIONS: dict[str, Decision] = {
    d.cle: d
    for d in (
        Decision("relancer_parcours", "Relancer le parcours", "Le parcours reprend ; un nouvel appel est demandé au CSAM."),
        Decision("convoquer", "Convoquer la personne", "Une tâche datée vous rappelle la convocation ; l'alerte est fermée."),
        Decision(
            "contacter_medecin_traitant",
            "Contacter le médecin traitant",
            "Une tâche datée vous rappelle ce contact ; l'alerte est fermée. Rien n'est envoyé par la plateforme.",
        ),
        Decision(
            "cloturer",
            "Clôturer le parcours",
            "Le parcours est clos sur votre décision, avec la situation que vous indiquez ; les messages non partis sont retirés.",
        ),
        Decision("prise_en_compte", "Prendre connaissance", "L'alerte est fermée ; le CSAM garde la main sur le parcours."),
        Decision("sans_objet", "Sans objet", "L'alerte est fermée comme non fondée ; rien d'autre ne change."),
    )
}
ROUVRIR = Decision("relancer_parcours", "Rouvrir le parcours", "La clôture est annulée ; un nouvel appel est demandé au CSAM.")
_SUIVI = ("relancer_parcours", "convoquer", "contacter_medecin_traitant", "cloturer", "prise_en_compte", "sans_objet")
_INFORMATION = ("prise_en_compte", "convoquer", "contacter_medecin_traitant", "sans_objet")


@dataclass(frozen=True, slots=True)
class TypeAlerte:
    """Kind of alert: French label, sentence templates by circumstance, keys of the decisions allowed, most usual first."""

    libelle: str
    phrases: dict[str, str]
    decisions: tuple[str, ...]


TYPES: dict[str, TypeAlerte] = {
    "parcours_interrompu": TypeAlerte(
        "Parcours interrompu",
        {
            "injoignable": "Personne injoignable : {essais} appels sans réponse et courrier resté sans réponse depuis {jours} jours.",
            "absences": "{absences} télé-échanges manqués : la personne n'était pas au rendez-vous.",
            "sans_relais": "Le partenaire n'a pas donné suite ({dispositif}) et aucun relais n'a été trouvé depuis {jours} jours.",
        },
        _SUIVI,
    ),
    "accord_retire": TypeAlerte(
        "Accompagnement refusé ou accord retiré",
        {
            "refus": "La personne refuse l'accompagnement.",
            "retrait": "La personne a retiré son accord à l'accompagnement.",
        },
        _SUIVI,
    ),
    "enlisement": TypeAlerte("Parcours enlisé", {"sans_evenement": "Aucun événement depuis {jours} jours, sans échéance à venir."}, _SUIVI),
    "partenaire_sans_reponse": TypeAlerte(
        "Partenaire sans réponse",
        {"expiree": "Le partenaire ({dispositif}) n'a pas répondu : l'orientation a expiré, {jours} jours après la date attendue."},
        _SUIVI,
    ),
    "parcours_termine": TypeAlerte(
        "Parcours terminé",
        {"cloture": "Parcours clos : {motif}. Situation : {situation}."},
        ("prise_en_compte", "relancer_parcours", "sans_objet"),
    ),
    "seuil_ij_270": TypeAlerte("Seuil de 270 indemnités", {"seuil": "{ij} indemnités utilisées sur trois ans."}, _INFORMATION),
    "seuil_ij_330": TypeAlerte("Seuil de 330 indemnités", {"seuil": "{ij} indemnités utilisées : fin de droits proche."}, _INFORMATION),
    "j180_approche": TypeAlerte("J180 approche", {"approche": "L'arrêt atteint J180 le {jour}."}, _INFORMATION),
    "risque_suicidaire": TypeAlerte(
        "Risque suicidaire",
        {"signale": "Risque suicidaire signalé par téléphone : à traiter tout de suite."},
        ("convoquer", "contacter_medecin_traitant", "prise_en_compte"),
    ),
    "reprise_echec": TypeAlerte("Échec de la reprise", {"rechute": "Nouvel arrêt {jours} jours après la reprise."}, _SUIVI),
    "consolidation_proche": TypeAlerte("Consolidation proche", {"proche": "Consolidation prévue le {jour}."}, _INFORMATION),
}


def list_decisions(type_alerte: str) -> tuple[Decision, ...]:
    """Decisions allowed for a kind of alert, in the order of the buttons. ``KeyError`` for an unknown kind."""
    decisions = (DECISIONS[cle] for cle in TYPES[type_alerte].decisions)
    if type_alerte == "parcours_termine":
        return tuple(ROUVRIR if d.cle == ROUVRIR.cle else d for d in decisions)
    return tuple(decisions)


def check_decision(type_alerte: str, decision: str) -> None:
    """Raises :class:`DonneeInvalide` when this kind of alert does not offer the decision."""
    if decision not in TYPES[type_alerte].decisions:
        raise DonneeInvalide(
            f"Cette décision n'est pas possible pour une alerte « {TYPES[type_alerte].libelle} ». Rien n'a été enregistré.",
            code=f"forbidden_decision:{type_alerte}:{decision}",
        )


def build_phrase(type_alerte: str, circonstance: str, /, **faits: Any) -> str:
    """The sentence shown to the médecin-conseil. ``KeyError`` for an unknown circumstance or a missing fact."""
    return TYPES[type_alerte].phrases[circonstance].format(**faits)
