"""The conclusion of a télé-échange: proposed from the answers, decided by the person in charge. Codes only; no health in what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pdp.domain.relais import GENERALES, explain_relais
from pdp.domain.tele_echange import list_questions
from pdp.errors import DonneeInvalide

OBSTACLES = {
    "poste": "Poste trop exigeant",
    "horaires": "Horaires",
    "tensions": "Tensions au travail",
    "apprehension": "Appréhension de la reprise",
    "projection": "Reprise lointaine ou pas envisagée",
    "employeur_absent": "Pas de contact avec l'employeur",
    "revenus": "Revenus, dettes ou logement",
    "isolement": "Isolement ou proche à aider",
    "transport": "Transport",
    "langue": "Langue",
}
LEVIERS = {
    "reprise_proche": "Reprise envisagée bientôt",
    "souhait_meme_poste": "Souhaite retrouver son poste",
    "employeur_present": "Contact gardé avec l'employeur",
    "prereprise": "Préreprise faite ou prévue",
    "projet": "Projet de formation ou de métier",
    "prevoyance": "Prévoyance",
    "accompagnee": "Déjà en lien avec un service social",
}
URGENCES = {"basse": "Peut attendre", "normale": "Normale", "haute": "À faire vite"}
MOTIVATIONS = {str(n): f"{n} sur 5" for n in range(1, 6)}
SUITES = {
    "service_social": "Service social de l'Assurance Maladie",
    "spst": "Service de santé au travail",
    "cap_emploi": "Cap emploi",
    "psychologue": "Mon soutien psy",
    "medecin_traitant": "Médecin traitant",
    "point": "Refaire le point plus tard, sans relais",
    "medecin_conseil": "En parler au médecin-conseil",
}
SANTE_SEULE = frozenset({"psychologue"})
"""Suites that a health answer proposes: the proposal is shown, never kept outside the medical class."""
_SYNTHESE_MAX = 500

Reponses = Mapping[str, Any]


@dataclass(frozen=True)
class Suite:
    """A next step proposed, with the reason in French; a person keeps it or not."""

    cle: str
    raison: str

    @property
    def libelle(self) -> str:
        return SUITES[self.cle]


@dataclass(frozen=True)
class Proposition:
    """What the machine reads in the answers; nothing of it is kept until a person does."""

    obstacles: tuple[str, ...]
    leviers: tuple[str, ...]
    urgence: str
    suites: tuple[Suite, ...]
    texte: str


def propose_bilan(emploi: Reponses, social: Reponses, sante: Reponses) -> Proposition:
    """Conclusion drawn from codes alone. ``texte`` holds no health answer: the person may ask to read it, and colleagues do."""
    obstacles = tuple(cle for cle in OBSTACLES if cle in _find_obstacles(emploi, social))
    leviers = tuple(cle for cle in LEVIERS if cle in _find_leviers(emploi, social))
    return Proposition(
        obstacles, leviers, _find_urgence(emploi, social), _find_suites(emploi, social, sante), _write(emploi, social, obstacles, leviers)
    )


def _find_obstacles(emploi: Reponses, social: Reponses) -> set[str]:
    contraintes, difficultes = set(emploi.get("contraintes", ())), set(social.get("difficultes", ()))
    vus = {
        "poste": bool(contraintes & {"charges", "postures"}) or emploi.get("deux_ans") == "non",
        "horaires": "nuit" in contraintes,
        "tensions": bool(contraintes & {"pression", "conflit"}) or "relations" in emploi.get("crainte_objet", ()),
        "apprehension": emploi.get("crainte") == "beaucoup",
        "projection": emploi.get("duree_attendue") in ("plus_3_mois", "jamais"),
        "employeur_absent": emploi.get("contact_employeur") == "non",
        "revenus": bool(difficultes & {"revenus", "dettes", "logement"}),
        "isolement": bool(difficultes & {"isolement", "aidant"}),
        "transport": "transport" in difficultes,
        "langue": "langue" in difficultes,
    }
    return {cle for cle, vu in vus.items() if vu}


def _find_leviers(emploi: Reponses, social: Reponses) -> set[str]:
    vus = {
        "reprise_proche": emploi.get("duree_attendue") == "moins_1_mois",
        "souhait_meme_poste": emploi.get("souhait") in ("meme_poste", "poste_amenage"),
        "employeur_present": emploi.get("contact_employeur") == "oui",
        "prereprise": emploi.get("prereprise") == "oui",
        "projet": emploi.get("formation") == "oui",
        "prevoyance": social.get("prevoyance") == "oui",
        "accompagnee": social.get("aide_sociale") == "oui",
    }
    return {cle for cle, vu in vus.items() if vu}


def _find_urgence(emploi: Reponses, social: Reponses) -> str:
    difficultes = set(social.get("difficultes", ()))
    if difficultes & {"dettes", "logement"} or emploi.get("duree_attendue") == "moins_1_mois":
        return "haute"
    return "normale"


def _find_suites(emploi: Reponses, social: Reponses, sante: Reponses) -> tuple[Suite, ...]:
    suites = []
    for cle in GENERALES:
        raison = explain_relais(cle, emploi, social)
        if raison.dite:
            suites.append(Suite(cle, raison.phrase))
    if sante.get("suivi_psy") == "oui":
        suites.append(Suite("psychologue", "La personne souhaite en parler : vérifiez avec elle si c'est possible."))
    if emploi.get("souhait") == "arreter" or emploi.get("duree_attendue") == "jamais":
        suites.append(Suite("medecin_conseil", "La personne ne pense pas reprendre : sa situation est à regarder avec le médecin-conseil."))
    if not suites:
        suites.append(Suite("point", "Rien de ce qu'elle a dit n'appelle un relais aujourd'hui."))
    return tuple(suites)


def _write(emploi: Reponses, social: Reponses, obstacles: tuple[str, ...], leviers: tuple[str, ...]) -> str:
    mots = {q.cle: q.choix for classe in ("emploi", "social") for q in list_questions(classe)}
    phrases = []
    if souhait := emploi.get("souhait"):
        phrases.append(f"Souhait : {_low(mots['souhait'][souhait])}.")
    if duree := emploi.get("duree_attendue"):
        jamais = "La personne ne pense pas reprendre."
        phrases.append(jamais if duree == "jamais" else f"Reprise envisagée : {_low(mots['duree_attendue'][duree])}.")
    if obstacles:
        phrases.append(f"Ce qui freine : {', '.join(_low(OBSTACLES[o]) for o in obstacles)}.")
    if leviers:
        phrases.append(f"Ce qui aide : {', '.join(_low(LEVIERS[cle]) for cle in leviers)}.")
    return " ".join(phrases)[:_SYNTHESE_MAX]


def _low(mot: str) -> str:
    return mot if mot[:2].isupper() else mot[0].lower() + mot[1:]


def check_bilan(bilan: Mapping[str, Any]) -> dict[str, Any]:
    """The conclusion to keep, empty parts left out; raises :class:`DonneeInvalide` for an unknown code."""
    listes = {"obstacles": OBSTACLES, "leviers": LEVIERS, "suites": SUITES, "proposees": SUITES}
    uniques = {"urgence": URGENCES, "motivation": MOTIVATIONS}
    faux = [cle for cle, codes in listes.items() if not set(bilan.get(cle, ())) <= set(codes)]
    faux += [cle for cle, codes in uniques.items() if bilan.get(cle) is not None and bilan[cle] not in codes]
    if faux or not set(bilan) <= {*listes, *uniques}:
        raise DonneeInvalide("Une partie du bilan n'est pas reconnue. Rien n'a été enregistré.", code="unknown_conclusion")
    garde = {cle: list(bilan[cle]) for cle in listes if bilan.get(cle)} | {cle: bilan[cle] for cle in uniques if bilan.get(cle)}
    if "proposees" in garde:
        garde["proposees"] = [cle for cle in garde["proposees"] if cle not in SANTE_SEULE]
    return garde
