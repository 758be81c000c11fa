"""Words as people read them."""

from __future__ import annotations

import pytest

from pdp.portal.affichage import nom_de_compte


@pytest.mark.parametrize(
    ("cle", "lu"),
    [
        ("a_lire", "À lire"),
        ("fichiers_deja_vus", "Fichiers déjà vus"),
        ("au_medecin_conseil", "Au médecin conseil"),
        ("parcours_clos", "Parcours clos"),
        ("reponses", "Réponses"),
    ],
)
def test_counts_of_a_run_are_written_in_french(cle: str, lu: str) -> None:
    assert nom_de_compte(cle) == lu
