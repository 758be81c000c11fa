"""Reasons of a relay: from what the person said, never from health, a general sentence otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from pdp.domain.orientation import DISPOSITIFS
from pdp.domain.relais import GENERALES, explain_relais


@pytest.mark.parametrize(
    ("partenaire", "emploi", "social", "phrase"),
    [
        ("service_social", {}, {"difficultes": ["revenus", "dettes"]}, "La personne dit : baisse de revenus, dettes."),
        (
            "spst",
            {"contraintes": ["charges"], "souhait": "poste_amenage"},
            {},
            "La personne dit : port de charges, souhait d'un poste aménagé.",
        ),
        ("cap_emploi", {"souhait": "reconversion", "rqth": "oui"}, {}, "La personne dit : souhait : reconversion, reconnaissance RQTH."),
    ],
)
def test_reason_says_what_the_person_said(partenaire: str, emploi: dict[str, Any], social: dict[str, Any], phrase: str) -> None:
    raison = explain_relais(partenaire, emploi, social)
    assert (raison.phrase, raison.dite) == (phrase, True)


@pytest.mark.parametrize("partenaire", sorted(DISPOSITIFS))
@pytest.mark.parametrize("emploi", [{}, {"souhait": "meme_poste", "rqth": "non"}])
def test_nothing_said_gives_the_general_reason(partenaire: str, emploi: dict[str, Any]) -> None:
    raison = explain_relais(partenaire, emploi, {"prevoyance": "non"})
    assert (raison.phrase, raison.dite) == (GENERALES[partenaire], False)
