"""The télé-échange: what is asked, as data. No clinical scale, no diagnosis; answers are codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pdp.errors import DonneeInvalide

OUI_NON = {"oui": "Oui", "non": "Non", "ne_sait_pas": "Ne sait pas"}


SALARIES = ("cdi", "cdd", "interim", "fonctionnaire")


@dataclass(frozen=True)
class Question:
    """One question: ``multiple`` answers are lists of codes of ``choix``.

    ``si``: asked only when a former question of the same class has one of these answers; None = always.
    """

    cle: str
    libelle: str
    choix: Mapping[str, str]
    multiple: bool = False
    si: tuple[str, tuple[str, ...]] | None = None

    def is_posee(self, reponses: Mapping[str, object]) -> bool:
        """Whether the question has an object, given the answers of its class."""
        if self.si is None:
            return True
        cle, codes = self.si
        donnee = reponses.get(cle)
        return any(code in codes for code in (donnee if isinstance(donnee, list) else [donnee]))


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
                "metier",
                "Métier",
                {
                    "bureau": "Bureau",
                    "production": "Production, atelier",
                    "batiment": "Bâtiment",
                    "logistique": "Conduite, logistique",
                    "commerce": "Commerce, restauration",
                    "aide_soin": "Aide à la personne, soin",
                    "enseignement": "Enseignement, enfance",
                    "nettoyage": "Nettoyage, entretien",
                    "autre": "Autre",
                },
            ),
            Question(
                "anciennete",
                "Depuis combien de temps à ce poste ?",
                {"moins_1": "Moins d'un an", "1_5": "Un à cinq ans", "5_15": "Cinq à quinze ans", "plus_15": "Plus de quinze ans"},
            ),
            Question(
                "taille_employeur",
                "Taille de l'entreprise",
                {"moins_11": "Moins de 11 salariés", "11_49": "11 à 49", "50_249": "50 à 249", "250_plus": "250 et plus"},
                si=("contrat", SALARIES),
            ),
            Question("contact_employeur", "Un contact avec l'employeur depuis l'arrêt ?", OUI_NON, si=("contrat", SALARIES)),
            Question(
                "aide_contact", "Souhaite de l'aide pour reprendre contact avec l'employeur ?", OUI_NON, si=("contact_employeur", ("non",))
            ),
            Question("spst_connu", "Connaît son service de santé au travail ?", OUI_NON),
            Question("prereprise", "Visite de préreprise faite ou prévue ?", OUI_NON),
            Question("liaison", "Rendez-vous de liaison proposé ?", OUI_NON, si=("contrat", SALARIES)),
            Question("rqth", "Reconnaissance de la qualité de travailleur handicapé ?", OUI_NON),
            Question("rqth_demande", "Une demande de reconnaissance est en cours, ou souhaitée ?", OUI_NON, si=("rqth", ("non",))),
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
            Question(
                "crainte_objet",
                "Ce qui inquiète dans la reprise",
                {
                    "charge": "La charge de travail",
                    "relations": "Les relations au travail",
                    "regard": "Le regard des autres",
                    "ne_plus_arriver": "Ne plus y arriver",
                },
                multiple=True,
                si=("crainte", ("un_peu", "beaucoup")),
            ),
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
            Question(
                "deux_ans",
                "Pense pouvoir faire ce travail dans deux ans ?",
                {"oui": "Oui, sans doute", "incertain": "Incertain", "non": "Sans doute pas"},
                si=("souhait", ("meme_poste", "poste_amenage")),
            ),
            Question("formation", "Une idée de formation ou de métier ?", OUI_NON, si=("souhait", ("autre_employeur", "reconversion"))),
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
            Question(
                "aide_sociale",
                "Déjà en lien avec un service social ?",
                OUI_NON,
                si=("difficultes", ("revenus", "dettes", "logement", "isolement", "aidant", "transport", "langue")),
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
            Question("operation", "Une opération est-elle prévue ?", OUI_NON, si=("soins", ("oui",))),
            Question("sommeil", "Comment la personne dit-elle dormir ?", {"bien": "Bien", "moyen": "Moyennement", "mal": "Mal"}),
            Question("suivi_psy", "Souhaite parler de soutien psychologique ?", OUI_NON),
        ),
    ),
)


def list_questions(classe: str) -> tuple[Question, ...]:
    """Questions of one data class, in the order they are asked."""
    return tuple(q for bloc in BLOCS if bloc.classe == classe for q in bloc.questions)


def drop_sans_objet(classe: str, reponses: Mapping[str, object]) -> dict[str, object]:
    """Answers without those of questions that the other answers make void (the size of the employer of a self-employed person)."""
    gardees: dict[str, object] = {}
    for question in list_questions(classe):
        if question.cle in reponses and question.is_posee(gardees):
            gardees[question.cle] = reponses[question.cle]
    return gardees


def check_reponses(classe: str, reponses: Mapping[str, object]) -> dict[str, object]:
    """Answers of one data class, limited to known questions and codes; raises :class:`DonneeInvalide` otherwise."""
    questions = {q.cle: q for q in list_questions(classe)}
    valides: dict[str, object] = {}
    for cle, valeur in reponses.items():
        question = questions.get(cle)
        codes = valeur if isinstance(valeur, list) else [valeur]
        if question is None or (not question.multiple and len(codes) > 1) or any(code not in question.choix for code in codes):
            raise DonneeInvalide("Une réponse du questionnaire n'est pas reconnue. Rien n'a été enregistré.", code=f"unknown_answer:{cle}")
        valides[cle] = codes if question.multiple else codes[0]
    return drop_sans_objet(classe, valides)
