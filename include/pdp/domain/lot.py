"""Acts on several people at once, as people read them, and which open reasons of one person such an act may move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pdp.domain.attente import NE_PEUVENT_ATTENDRE
from pdp.domain.tache import MOTIFS
from pdp.errors import TransitionInterdite

PROMESSE = "rappel_promis"
A_RENSEIGNER = "renseigner_tele_echange"


@dataclass(frozen=True, slots=True)
class Geste:
    """``verbe``: the button; ``titre``: the page; ``precise``: whether a date, a reason or a colleague is asked before the rehearsal."""

    verbe: str
    titre: str
    precise: bool = True


GESTES: dict[str, Geste] = {
    "attente": Geste("Mettre en attente", "Mise en attente"),
    "echeance": Geste("Changer l'échéance", "Changement d'échéance"),
    "invitation": Geste("Inviter à choisir un rendez-vous", "Invitation à choisir un rendez-vous", precise=False),
    "passation": Geste("Passer à un collègue", "Passation à un collègue"),
    "affectation": Geste("Affecter", "Affectation"),
}
DU_CSAM = ("attente", "echeance", "invitation", "passation")


@dataclass(frozen=True, slots=True)
class Ouverte:
    """An open reason to act: ``le`` = day of its deadline."""

    id: object
    motif: str
    le: date


def choose_a_mettre_en_attente(taches: Sequence[Ouverte], jusqu_a: date) -> list[Ouverte]:
    """What a wait until ``jusqu_a`` puts off: everything that would come before. Raises when something may not wait, or nothing would."""
    _check_passe(taches)
    avant = [t for t in taches if t.le <= jusqu_a and t.motif not in NE_PEUVENT_ATTENDRE]
    promise = next((t for t in avant if t.motif == PROMESSE), None)
    if promise is not None:
        raise TransitionInterdite(f"Un rappel est promis pour le {promise.le:%d/%m/%Y} : tenez-le, ou déplacez-le avec la personne.")
    if not avant:
        raise TransitionInterdite("Rien n'est à faire avant cette date : il n'y a rien à mettre en attente.")
    return avant


def choose_a_deplacer(taches: Sequence[Ouverte]) -> Ouverte:
    """The next reason to act, earliest first: the one whose deadline moves."""
    _check_passe(taches)
    prochaine = next((t for t in taches if t.motif not in NE_PEUVENT_ATTENDRE), None)
    if prochaine is None:
        raise TransitionInterdite("Aucune tâche dont l'échéance soit à vous : rien à changer.")
    if prochaine.motif == PROMESSE:
        raise TransitionInterdite(f"Un rappel est promis pour le {prochaine.le:%d/%m/%Y} : il ne se déplace qu'avec la personne.")
    return prochaine


def describe_taches(taches: Sequence[Ouverte]) -> str:
    """« Premier appel, Faire le point avec la personne »."""
    return ", ".join(dict.fromkeys(MOTIFS[t.motif].libelle for t in taches))


def _check_passe(taches: Sequence[Ouverte]) -> None:
    if any(t.motif == A_RENSEIGNER for t in taches):
        raise TransitionInterdite("Un télé-échange passé est à renseigner d'abord.")
