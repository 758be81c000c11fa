"""Agreement of the insured: the wording read, its version, and the data it covers, per recipient.

Two notions never mixed: the legal ground of the processing is not consent; this agreement is the condition for being
followed and for any transfer (CSS L.315-4, CSP L.1110-4). Wording is versioned: what was read is what is stored.
"""

from __future__ import annotations

from dataclasses import dataclass

CLASSES = {
    "identite": "votre nom, votre prénom et votre date de naissance",
    "contact": "votre téléphone et votre adresse électronique",
    "arret": "les dates de votre arrêt de travail",
    "emploi": "ce que vous nous avez dit de votre emploi et de vos souhaits",
    "social": "ce que vous nous avez dit de votre situation sociale",
}


@dataclass(frozen=True)
class Texte:
    """Wording for one recipient: ``texte`` is read aloud; ``classes`` bounds what may be sent."""

    version: str
    destinataire: str
    libelle: str
    texte: str
    finalite: str
    classes: tuple[str, ...]


def _texte(destinataire: str, libelle: str, qui: str, pour: str, classes: tuple[str, ...]) -> Texte:
    donnees = " ; ".join(CLASSES[c] for c in classes)
    return Texte(
        version=f"{destinataire}-2026.1",
        destinataire=destinataire,
        libelle=libelle,
        texte=(
            f"Acceptez-vous que nous transmettions à {qui} : {donnees} ? {pour} "
            "Aucune information médicale n'est transmise. Vous pouvez refuser, ou changer d'avis à tout moment : "
            "cela n'a aucune conséquence sur vos indemnités journalières."
        ),
        finalite=pour,
        classes=classes,
    )


TEXTES: dict[str, Texte] = {
    "accompagnement": Texte(
        version="accompagnement-2026.1",
        destinataire="accompagnement",
        libelle="Accompagnement par la plateforme",
        texte=(
            "Acceptez-vous d'être accompagné par un conseiller de l'Assurance Maladie pour préparer votre retour au travail ? "
            "Ce n'est pas un contrôle. Vous pouvez refuser, ou changer d'avis à tout moment : "
            "cela n'a aucune conséquence sur vos indemnités journalières."
        ),
        finalite="Préparer le retour au travail avec la personne.",
        classes=(),
    ),
    "service_social": _texte(
        "service_social",
        "Service social de l'Assurance Maladie",
        "le service social de l'Assurance Maladie",
        "Une assistante sociale pourra vous aider dans vos démarches.",
        ("identite", "contact", "arret", "emploi", "social"),
    ),
    "spst": _texte(
        "spst",
        "Service de prévention et de santé au travail",
        "votre service de prévention et de santé au travail",
        "Sa cellule de prévention pourra préparer votre retour avec vous.",
        ("identite", "contact", "arret", "emploi"),
    ),
    "cap_emploi": _texte(
        "cap_emploi",
        "Cap emploi",
        "Cap emploi",
        "Un conseiller pourra chercher avec vous des aménagements ou une autre voie.",
        ("identite", "contact", "emploi"),
    ),
    "psychologue": _texte(
        "psychologue",
        "Psychologue conventionné",
        "un psychologue conventionné du dispositif Mon soutien psy",
        "Il pourra vous proposer un premier rendez-vous.",
        ("identite", "contact"),
    ),
}

MODALITES = {"oral": "À l'oral, au téléphone", "ecrit": "Par écrit", "ameli": "Par le compte ameli"}
CANAUX_RETRAIT = {
    "telephone": "Par téléphone",
    "courrier": "Par courrier",
    "ameli": "Par le compte ameli",
    "partenaire": "Auprès du partenaire",
}
CANAL_EXPIRATION = "expiration"  # the agreement ran out and was given again: not a withdrawal of the person
