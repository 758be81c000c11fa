"""Life of a hand-over, common to every transport, and who may set which status."""

from __future__ import annotations

from enum import StrEnum

from pdp.errors import TransitionInterdite


class Statut(StrEnum):
    """Where a hand-over stands."""

    ENVOYEE = "envoyee"
    RECUE = "recue"
    ACCEPTEE = "acceptee"
    REFUSEE = "refusee"
    EN_COURS = "en_cours"
    REALISEE = "realisee"
    SANS_SUITE = "sans_suite"
    ANNULEE = "annulee"
    EXPIREE = "expiree"


ACTIVES = frozenset({Statut.ENVOYEE, Statut.RECUE, Statut.ACCEPTEE, Statut.EN_COURS})
LIBELLES = {
    Statut.ENVOYEE: "Envoyée",
    Statut.RECUE: "Reçue par le partenaire",
    Statut.ACCEPTEE: "Acceptée",
    Statut.REFUSEE: "Refusée",
    Statut.EN_COURS: "Accompagnement en cours",
    Statut.REALISEE: "Accompagnement terminé",
    Statut.SANS_SUITE: "Sans suite",
    Statut.ANNULEE: "Retirée",
    Statut.EXPIREE: "Expirée sans réponse",
}
MOTIFS_REFUS = {
    "hors_perimetre": "Hors de notre périmètre",
    "hors_territoire": "Hors de notre territoire",
    "capacite": "Plus de place actuellement",
    "deja_suivie": "Personne déjà suivie ailleurs",
    "injoignable": "Personne injoignable",
    "refus_personne": "La personne ne souhaite pas donner suite",
    "autre": "Autre raison",
}
DISPOSITIFS = {
    "service_social": "Service social de l'Assurance Maladie",
    "spst": "Service de prévention et de santé au travail (cellule PDP)",
    "cap_emploi": "Cap emploi",
    "psychologue": "Psychologue conventionné",
    "medecin_traitant": "Médecin traitant",
}

NATURES = {
    "statut": "Étape",
    "rendez_vous": "Rendez-vous fixé avec la personne",
    "rendez_vous_manque": "La personne n'est pas venue",
    "nouvelles": "Nouvelles de l'accompagnement",
    "question": "Question à la plateforme",
    "seances": "Dates de séances",
}
CANAUX = {
    "portail": "Boîte de demandes sur le portail",
    "fhir": "Échange FHIR",
    "api": "Échange par interface",
    "lien": "Lien envoyé par courriel",
    "messagerie": "Messagerie sécurisée de santé",
    "csv": "Fichiers échangés par lots",
}

_S = Statut
# from -> statuses a partner may set.
PAR_PARTENAIRE: dict[Statut, frozenset[Statut]] = {
    _S.ENVOYEE: frozenset({_S.RECUE, _S.ACCEPTEE, _S.REFUSEE}),
    _S.RECUE: frozenset({_S.ACCEPTEE, _S.REFUSEE}),
    _S.ACCEPTEE: frozenset({_S.EN_COURS, _S.REALISEE, _S.SANS_SUITE}),
    _S.EN_COURS: frozenset({_S.REALISEE, _S.SANS_SUITE}),
}
# from -> statuses the platform may set.
PAR_PLATEFORME: dict[Statut, frozenset[Statut]] = {s: frozenset({_S.ANNULEE, _S.EXPIREE}) for s in ACTIVES}


def can_partenaire(avant: str, apres: str) -> bool:
    """Whether a partner may move a hand-over from ``avant`` to ``apres``; repeating the current status is no move."""
    return Statut(apres) in PAR_PARTENAIRE.get(Statut(avant), frozenset())


def check_plateforme(avant: str, apres: str) -> None:
    """Raises :class:`TransitionInterdite` when the platform may not make this move."""
    if Statut(apres) not in PAR_PLATEFORME.get(Statut(avant), frozenset()):
        raise TransitionInterdite(
            f"L'orientation est « {LIBELLES[Statut(avant)]} » : elle ne peut plus être retirée.", code=f"forbidden:{avant}:{apres}"
        )
