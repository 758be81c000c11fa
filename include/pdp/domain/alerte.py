"""Alerts to the médecin-conseil: what each kind says, what he or she may decide, and what the decision does.

A sentence never holds a name, a diagnosis or a free text: the screen adds the identity it is allowed to show.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pdp.domain.orientation import DISPOSITIFS
from pdp.domain.parcours import MOTIFS_CLOTURE, SITUATIONS
from pdp.errors import DonneeInvalide


@dataclass(frozen=True, slots=True)
class Decision:
    """One button: code, French label, and the French sentence that says what a click does.

    ``action``: something follows for the person; knowing and setting aside are decisions, not actions. ``ouvert``: only possible while
    the parcours is open.
    """

    cle: str
    libelle: str
    effet: str
    action: bool = True
    ouvert: bool = False


DECISIONS: dict[str, Decision] = {
    d.cle: d
    for d in (
        Decision("relancer_parcours", "Relancer le parcours", "Le parcours reprend ; un nouvel appel est demandé au CSAM."),
        Decision("convoquer", "Convoquer la personne", "Une tâche datée vous rappelle la convocation ; l'alerte est fermée.", ouvert=True),
        Decision(
            "contacter_medecin_traitant",
            "Contacter le médecin traitant",
            "Une tâche datée vous rappelle ce contact ; l'alerte est fermée. Rien n'est envoyé par la plateforme.",
            ouvert=True,
        ),
        Decision(
            "cloturer",
            "Clôturer le parcours",
            "Le parcours est clos sur votre décision, avec la situation que vous indiquez ; les messages non partis sont retirés.",
            ouvert=True,
        ),
        Decision("prise_en_compte", "Prendre connaissance", "L'alerte est fermée ; le CSAM garde la main sur le parcours.", action=False),
        Decision("sans_objet", "Sans objet", "L'alerte est fermée comme non fondée ; rien d'autre ne change.", action=False),
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


def list_decisions(*types: str, clos: bool = False) -> tuple[Decision, ...]:
    """Decisions of one card, in the order of the buttons: those that every kind on it offers and, once the parcours is closed (``clos``),
    those that still mean something. ``KeyError`` for an unknown kind.
    """
    premier, *autres = types
    communes = [cle for cle in TYPES[premier].decisions if all(cle in TYPES[autre].decisions for autre in autres)]
    decisions = [DECISIONS[cle] for cle in communes if not (clos and DECISIONS[cle].ouvert)]
    if clos or "parcours_termine" in types:
        return tuple(ROUVRIR if d.cle == ROUVRIR.cle else d for d in decisions)
    return tuple(decisions)


def check_decision(types: Collection[str], decision: str, *, clos: bool = False) -> None:
    """Raises :class:`DonneeInvalide` when the card does not offer the decision."""
    if decision in {d.cle for d in list_decisions(*types, clos=clos)}:
        return
    libelles = ", ".join(TYPES[type_alerte].libelle for type_alerte in types)
    sujet = "une fois le parcours clos" if clos else f"pour une alerte « {libelles} »"
    raise DonneeInvalide(
        f"Cette décision n'est pas possible {sujet}. Rien n'a été enregistré.",
        code=f"forbidden_decision:{'+'.join(types)}:{decision}",
    )


_FAITS: dict[str, str] = {
    "essais": "Appels sans réponse",
    "jours": "Jours écoulés",
    "absences": "Rendez-vous manqués",
    "dispositif": "Partenaire",
    "motif": "Motif de clôture",
    "situation": "Situation déclarée",
    "ij_utilisees": "Indemnités utilisées sur trois ans",
    "ij_restantes": "Indemnités restantes",
    "epuisement_projete_le": "Fin des droits, avec les avis reçus",
    "duree_jours": "Durée de l'arrêt, en jours",
    "seuil": "Seuil",
    "au": "Compté au",
}
_VALEURS: dict[str, Mapping[str, str]] = {"dispositif": DISPOSITIFS, "motif": MOTIFS_CLOTURE, "situation": SITUATIONS}


def describe_faits(faits: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Facts of an alert in French, label and value; ids and what has no word for people are left out. Values may be ISO dates."""
    dits = []
    for cle, libelle in _FAITS.items():
        valeur = faits.get(cle)
        if valeur is None or (cle == "seuil" and "jours_avant_j180" in faits):  # said by the sentence
            continue
        if cle in _VALEURS:
            valeur = _VALEURS[cle].get(str(valeur), str(valeur))
        elif cle in ("au", "epuisement_projete_le"):
            valeur = date.fromisoformat(str(valeur)[:10]).strftime("%d/%m/%Y")
        dits.append((libelle, str(valeur)))
    return dits


def build_phrase(type_alerte: str, circonstance: str, /, **faits: Any) -> str:
    """The sentence shown to the médecin-conseil. ``KeyError`` for an unknown circumstance or a missing fact."""
    return TYPES[type_alerte].phrases[circonstance].format(**faits)
