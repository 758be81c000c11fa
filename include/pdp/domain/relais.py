"""Why a partner may help this person: said from what she told us, never decided. A person chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pdp.domain.tele_echange import BLOCS

_CHOIX = {q.cle: q.choix for bloc in BLOCS for q in bloc.questions}
GENERALES = {
    "service_social": "Utile en cas de difficultés sociales ou de revenus.",
    "spst": "Utile pour préparer le retour au poste avec la santé au travail.",
    "cap_emploi": "Utile si un aménagement, un autre poste ou une reconversion est en vue.",
    "psychologue": "Utile si la personne souhaite parler de soutien psychologique.",
    "medecin_traitant": "Utile pour demander une visite de préreprise et préparer la reprise avec le médecin qui suit la personne.",
}


@dataclass(frozen=True)
class Raison:
    """A French sentence; ``dite`` = it rests on an answer of the person, who then comes first in the list."""

    phrase: str
    dite: bool


def explain_relais(type_partenaire: str, emploi: Mapping[str, Any], social: Mapping[str, Any]) -> Raison:
    """Reason to think of this kind of partner, from the answers of the télé-échange; a general one when nothing was said.

    Declared health is not looked at: it belongs to the medical class.
    """
    dites = _dites(type_partenaire, emploi, social)
    if not dites:
        return Raison(GENERALES[type_partenaire], dite=False)
    return Raison(f"La personne dit : {', '.join(dites)}.", dite=True)


def _dites(type_partenaire: str, emploi: Mapping[str, Any], social: Mapping[str, Any]) -> list[str]:
    if type_partenaire == "service_social":
        return [_CHOIX["difficultes"][code].lower() for code in social.get("difficultes", [])]
    if type_partenaire == "spst":
        contraintes = [_CHOIX["contraintes"][code].lower() for code in emploi.get("contraintes", [])]
        souhait = ["souhait d'un poste aménagé"] if emploi.get("souhait") == "poste_amenage" else []
        return contraintes + souhait
    if type_partenaire == "cap_emploi":
        souhait = emploi.get("souhait")
        voulu = [f"souhait : {_CHOIX['souhait'][souhait].lower()}"] if souhait in ("autre_poste", "autre_employeur", "reconversion") else []
        return voulu + (["reconnaissance RQTH"] if emploi.get("rqth") == "oui" else [])
    return []
