"""Status of a parcours recomputed from what was told of it: the acts that remain, played again in their order.

An act that is no longer possible, because the one it followed was an error, is left out: it changes nothing of the status.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pdp.domain.orientation import ACTIVES
from pdp.domain.parcours import TRANSITIONS, Statut

PIECES = {"contact_id": "contact", "tele_echange_id": "tele_echange", "accord_id": "accord", "orientation_id": "orientation"}
"""Key of an event -> table of the row it tells."""
_SIMPLES = {
    "parcours_affecte": "affecter",
    "contact_enregistre": "contacter",
    "tele_echange_planifie": "planifier",
    "tele_echange_choisi": "planifier",
    "tele_echange_realise": "realiser",
    "tele_echange_manque": "manquer",
    "tele_echange_annule": "annuler_entretien",
    "accord_recueilli": "recueillir_accord",
    "accord_refuse": "recueillir_accord",
    "orientation_proposee": "orienter",
    "parcours_interrompu": "interrompre",
    "parcours_clos": "cloturer",
    "parcours_rouvert": "rouvrir",
}
_ACCEPTEES = frozenset({"acceptee", "en_cours"})
_FINIES = frozenset({"refusee", "realisee", "sans_suite"})


@dataclass(frozen=True)
class Conte:
    """One event of the journal."""

    code: str
    donnees: Mapping[str, Any]

    def names(self, erreurs: Collection[str]) -> bool:
        """Whether it tells a row entered in error, given as opaque ids."""
        return any(str(self.donnees.get(cle)) in erreurs for cle in PIECES)


def replay(depart: Statut, contes: Iterable[Conte], erreurs: Collection[str] = ()) -> Statut:
    """Status after these events, oldest first, without what was entered in error. Acts taken back are left out by the caller."""
    statut, relais = depart, dict[str, str]()
    for conte in contes:
        if not conte.names(erreurs):
            acte = _acte(conte, relais)
            statut = TRANSITIONS.get((acte, statut), statut)
    return statut


def _acte(conte: Conte, relais: dict[str, str]) -> str:
    """Act told by an event, "" when it moves nothing; ``relais``: status of each hand-over so far, brought up to date."""
    orientation = str(conte.donnees.get("orientation_id"))
    if conte.code == "alerte_decidee":
        return "relancer" if conte.donnees.get("decision") == "relancer_parcours" else ""
    if conte.code == "orientation_proposee":
        relais[orientation] = "envoyee"
    elif conte.code == "orientation_retiree":
        relais[orientation] = "annulee"
    elif conte.code == "orientation_expiree":
        relais[orientation] = "expiree"
        return "" if _active(relais) else "relais_termine"
    elif conte.code == "orientation_repondue":
        return _answer(conte, relais, orientation)
    return _SIMPLES.get(conte.code, "")


def _answer(conte: Conte, relais: dict[str, str], orientation: str) -> str:
    avant, apres = relais.get(orientation), str(conte.donnees.get("statut"))
    relais[orientation] = apres
    if apres in _FINIES:
        return "" if avant == apres or _active(relais) else "relais_termine"
    return "relais_accepte" if apres in _ACCEPTEES and avant not in _ACCEPTEES else ""


def _active(relais: Mapping[str, str]) -> bool:
    return any(statut in ACTIVES for statut in relais.values())
