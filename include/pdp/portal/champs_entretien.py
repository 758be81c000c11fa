"""Fields of the questionnaire: what it shows, what was typed, and the answers read from the form."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from pdp.domain.bilan_entretien import LEVIERS, MOTIVATIONS, OBSTACLES, SUITES, URGENCES, Proposition, propose_bilan
from pdp.domain.tele_echange import BLOCS, list_questions
from pdp.portal import formulaires
from pdp.services.read_entretien import Entretien

Champs = dict[str, list[str]]
CLASSES = ("emploi", "social", "sante")
MULTIPLES = {"obstacles": OBSTACLES, "leviers": LEVIERS, "suites": SUITES}
UNIQUES = {"motivation": MOTIVATIONS, "urgence": URGENCES}
NOMS = frozenset(
    {f"{bloc.classe}.{q.cle}" for bloc in BLOCS for q in bloc.questions} | {f"bilan.{cle}" for cle in (*MULTIPLES, *UNIQUES)} | {"synthese"}
)
_LIBELLES = {
    "obstacles": "Ce qui freine",
    "leviers": "Ce qui aide",
    "suites": "Suites retenues",
    "motivation": "Envie de reprendre",
    "urgence": "Urgence",
}


def read_typed(request: Request) -> Champs:
    """Fields of the questionnaire as they were sent."""
    return {nom: formulaires.values(request, nom) for nom in formulaires.names(request) if nom in NOMS}


def initial_fields(entretien: Entretien) -> Champs:
    """What was recorded; the declared health is never shown again."""
    champs = {f"{classe}.{cle}": _as_list(v) for classe in ("emploi", "social") for cle, v in getattr(entretien, classe).items()}
    champs |= {f"bilan.{cle}": _as_list(v) for cle, v in entretien.bilan.items() if cle != "proposees"}
    return champs | ({"synthese": [entretien.synthese]} if entretien.synthese else {})


def sort_reponses(champs: Champs) -> dict[str, dict[str, Any]]:
    """Answers by data class, as the rules read them; unknown codes are left out, a draft is never trusted."""
    reponses: dict[str, dict[str, Any]] = {}
    for classe in CLASSES:
        dites = ((q, [code for code in champs.get(f"{classe}.{q.cle}", []) if code in q.choix]) for q in list_questions(classe))
        reponses[classe] = {q.cle: codes if q.multiple else codes[0] for q, codes in dites if codes}
    return reponses


def propose(champs: Champs) -> Proposition | None:
    """None as long as nothing was answered."""
    reponses = sort_reponses(champs)
    return propose_bilan(**reponses) if any(reponses.values()) else None


def fill_bilan(champs: Champs) -> Champs:
    """The proposal written where the person in charge wrote nothing; next steps are never ticked by the machine."""
    proposition = propose(champs)
    if proposition is None:
        return champs
    proposes = {
        "bilan.obstacles": list(proposition.obstacles),
        "bilan.leviers": list(proposition.leviers),
        "bilan.urgence": [proposition.urgence],
        "synthese": [proposition.texte],
    }
    return champs | {nom: v for nom, v in proposes.items() if not any(champs.get(nom, []))}


def read_reponses(request: Request, classe: str) -> dict[str, Any]:
    """Answers of one data class; a question not asked leaves no answer."""
    reponses: dict[str, Any] = {}
    for question in list_questions(classe):
        nom = f"{classe}.{question.cle}"
        if question.multiple:
            choisis = formulaires.choix_multiples(request, nom, question.choix, libelle=question.libelle)
            if choisis:
                reponses[question.cle] = choisis
        else:
            choisi = formulaires.choix(request, nom, question.choix, libelle=question.libelle, obligatoire=False)
            if choisi is not None:
                reponses[question.cle] = choisi
    return reponses


def read_bilan(request: Request) -> dict[str, Any]:
    """The conclusion kept, beside what the machine proposed."""
    bilan: dict[str, Any] = {
        cle: formulaires.choix_multiples(request, f"bilan.{cle}", codes, libelle=_LIBELLES[cle]) for cle, codes in MULTIPLES.items()
    }
    for cle, codes in UNIQUES.items():
        bilan[cle] = formulaires.choix(request, f"bilan.{cle}", codes, libelle=_LIBELLES[cle], obligatoire=False)
    proposition = propose(read_typed(request))
    return bilan | {"proposees": [s.cle for s in proposition.suites] if proposition else []}


def _as_list(valeur: Any) -> list[str]:
    return [str(v) for v in valeur] if isinstance(valeur, list) else [str(valeur)]
