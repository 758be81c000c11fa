"""The télé-échange: what is asked, as data. No clinical scale, no diagnosis; answers are codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pdp.errors import DonneeInvalide

OUI_NON = {"oui": "Oui", "non": "Non", "ne_sait_pas": "Ne sait pas"}


@dataclass(frozen=True)
class Question:
    """One question: ``multiple`` answers are lists of codes of ``choix``."""

    cle: str
    libelle: str
    choix: Mapping[str, str]
    multiple: bool = False


@dataclass(frozen=True)
class Bloc:
    """Questions of one data class: emploi (QST_PRO), social (QST_SOC) or sante (QST_SAN, medical schema)."""

    cle: str
    titre: str
    classe: Literal["emploi", "social", "sante"]
    questions: tuple[Question, ...]


BLOCS: tuple[Bloc, ...] = (
    Bloc(
        "emploi",
        "Emploi",
        "emploi",
        (
            Question(
                "contrat",
                "Type de contrat",
                {"cdi": "CDI", "cdd": "CDD", "interim": "Intérim", "fonctionnaire": "Fonction publique", "independant": "Indépendant"},
            ),
            Question(
                "taille_employeur",
                "Taille de l'entreprise",
                {"moins_11": "Moins de 11 salariés", "11_49": "11 à 49", "50_249": "50 à 249", "250_plus": "250 et plus"},
            ),
            Question("contact_employeur", "Un contact avec l'employeur depuis l'arrêt ?", OUI_NON),
            Question("prereprise", "Visite de préreprise faite ou prévue ?", OUI_NON),
            Question("liaison", "Rendez-vous de liaison proposé ?", OUI_NON),
            Question("rqth", "Reconnaissance de la qualité de travailleur handicapé ?", OUI_NON),
        ),
    ),
    Bloc(
        "travail",
        "Travail",
        "emploi",
        (
            Question(
                "contraintes",
                "Contraintes du poste",
                {
                    "charges": "Port de charges",
                    "postures": "Postures pénibles",
                    "nuit": "Nuit ou horaires décalés",
                    "pression": "Pression forte",
                    "conflit": "Conflit",
                },
                multiple=True,
            ),
            Question("crainte", "Appréhension à l'idée de reprendre ?", {"aucune": "Aucune", "un_peu": "Un peu", "beaucoup": "Beaucoup"}),
        ),
    ),
    Bloc(
        "projection",
        "Projection",
        "emploi",
        (
            Question(
                "duree_attendue",
                "Selon la personne, dans combien de temps la reprise ?",
                {
                    "moins_1_mois": "Moins d'un mois",
                    "1_3_mois": "Un à trois mois",
                    "plus_3_mois": "Plus de trois mois",
                    "jamais": "Ne pense pas reprendre",
                },
            ),
            Question(
                "souhait",
                "Souhait",
                {
                    "meme_poste": "Même poste",
                    "poste_amenage": "Poste aménagé",
                    "autre_poste": "Autre poste, même employeur",
                    "autre_employeur": "Autre employeur",
                    "reconversion": "Reconversion",
                    "arreter": "Arrêter de travailler",
                },
            ),
        ),
    ),
    Bloc(
        "social",
        "Situation sociale",
        "social",
        (
            Question(
                "difficultes",
                "Difficultés dites par la personne",
                {
                    "revenus": "Baisse de revenus",
                    "dettes": "Dettes",
                    "logement": "Logement",
                    "isolement": "Isolement",
                    "aidant": "Aide un proche",
                    "transport": "Transport",
                    "langue": "Langue",
                },
                multiple=True,
            ),
            Question("prevoyance", "Une prévoyance complète les indemnités ?", OUI_NON),
        ),
    ),
    Bloc(
        "sante",
        "Santé, comme la personne la dit",
        "sante",
        (
            Question("ressenti", "Comment la personne se sent-elle ?", {"mieux": "Mieux", "pareil": "Pareil", "moins_bien": "Moins bien"}),
            Question("soins", "Soins en cours ou opération prévue ?", OUI_NON),
            Question("suivi_psy", "Souhaite parler de soutien psychologique ?", OUI_NON),
        ),
    ),
)


def check_reponses(classe: str, reponses: Mapping[str, object]) -> dict[str, object]:
    """Answers of one data class, limited to known questions and codes; raises :class:`DonneeInvalide` otherwise."""
    questions = {q.cle: q for bloc in BLOCS if bloc.classe == classe for q in bloc.questions}
    valides: dict[str, object] = {}
    for cle, valeur in reponses.items():
        question = questions.get(cle)
        codes = valeur if isinstance(valeur, list) else [valeur]
        if question is None or (not question.multiple and len(codes) > 1) or any(code not in question.choix for code in codes):
            raise DonneeInvalide("Une réponse du questionnaire n'est pas reconnue. Rien n'a été enregistré.", code=f"unknown_answer:{cle}")
        valides[cle] = codes if question.multiple else codes[0]
    return valides
