"""Relapse: whether a person who is off work again, or still, belongs to the parcours that was closed for her.

The machine proposes to the coordinator who knows the person; a person decides. Two situations: a new absence begun after the closing
(``nouvel_arret``), and the absence of the closing that goes on (``poursuite``), which the detection never signals again once its last
threshold was signalled. Nothing is proposed by the machine alone where the person asked to be left in peace, or where the absence that
goes on is what the closing said; a signalement that a médecin-conseil oriented is always proposed.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pdp.domain.calendrier import add_mois
from pdp.domain.parcours import MOTIFS_CLOTURE, MOTIFS_REPRISE
from pdp.domain.referentiel import Referentiel

Retour = Literal["nouvel_arret", "poursuite"]
Genre = Literal["nouvel_arret", "poursuite", "signalement"]

MOTIFS_JAMAIS = frozenset({"deces", "doublon", "erreur", "mutation_caisse"})
"""Closed for these reasons: there is no parcours to go on with."""
MOTIFS_SANS_PROPOSITION = MOTIFS_JAMAIS | {"refus_assure", "retrait_accord", "hors_perimetre", "retraite", "retraite_inaptitude"}
"""Closed for these reasons: nothing is proposed before a médecin-conseil orients a new signalement."""
MOTIFS_POURSUITE = MOTIFS_REPRISE | {"formation_reconversion", "injoignable"}
"""Closed for these reasons: an absence that goes on belies the closing, or gives another chance to reach the person."""
MOTIFS_SANS_SUITE = {
    "sans_lien": "Arrêt court ou sans lien avec le précédent",
    "deja_suivie": "Un autre professionnel accompagne déjà la personne",
    "refus_connu": "La personne ne souhaite plus être contactée",
    "donnee_fausse": "L'arrêt affiché n'est pas réel",
}
"""Why a proposal without a signalement is left there."""
_CAUSE = "rechute:"


def find_retour(motif: str, clos_le: date, debut: date, jour: date, ref: Referentiel, plateforme: str | None = None) -> Retour | None:
    """How an absence begun on `debut` goes with a closing, on `jour`; None outside the window (``reouverture_fenetre_mois``, included)."""
    limite = add_mois(clos_le, ref.entier("reouverture_fenetre_mois", jour, plateforme))
    if motif in MOTIFS_JAMAIS or (debut if debut > clos_le else jour) > limite:
        return None
    return "nouvel_arret" if debut > clos_le else "poursuite"


def is_a_proposer(motif: str, clos_le: date, debut: date, fin: date, jour: date, ref: Referentiel, plateforme: str | None = None) -> bool:
    """Whether the machine proposes without waiting for a signalement.

    A new absence must have lasted ``rechute_arret_min_jours``; one that goes on, ``rechute_poursuite_jours`` after the closing.
    """
    retour = find_retour(motif, clos_le, debut, jour, ref, plateforme)
    dernier = min(jour, fin)
    if retour is None or motif in MOTIFS_SANS_PROPOSITION:
        return False
    if retour == "nouvel_arret":
        return ref.get_parametre("rechute_arret_min_jours", jour, plateforme).satisfait((dernier - debut).days + 1)
    return motif in MOTIFS_POURSUITE and ref.get_parametre("rechute_poursuite_jours", jour, plateforme).satisfait((dernier - clos_le).days)


def build_cause(genre: Genre, reference: object) -> str:
    """Key of a proposal: the same facts propose once."""
    return f"{_CAUSE}{genre}:{reference}"


def read_cause(cause: str) -> tuple[str, str]:
    """Kind of a proposal, and what it is about: the id of the signalement or of the absence, or the day of the closing."""
    genre, _, reference = cause.removeprefix(_CAUSE).partition(":")
    return genre, reference


def build_phrase(genre: str, motif: str, clos_le: date, debut: date) -> str:
    """Why the question is asked, in French."""
    clos = f"parcours clos le {clos_le:%d/%m/%Y} ({MOTIFS_CLOTURE[motif].lower()})"
    if debut <= clos_le:
        return f"L'arrêt commencé le {debut:%d/%m/%Y} continue, {clos}."
    quoi = "Nouveau signalement" if genre == "signalement" else "Nouvel arrêt"
    return f"{quoi} : en arrêt depuis le {debut:%d/%m/%Y}, {clos}."
