"""The state machine of a referral Task: every pair of statuses, each actor."""

from __future__ import annotations

import pytest

from pdp.domain.orientation import ACTIVES, PAR_PARTENAIRE, Statut
from pdp.fhir.codes import TASK_STATUS
from pdp.fhir.transitions import ACTEURS, DEPUIS_PARTENAIRE, FINAUX, VERS_FHIR, Acteur, can_set, list_pairs, who_can_set

DU_PARTENAIRE = """
    requested>received requested>accepted requested>rejected received>accepted received>rejected
    accepted>in-progress accepted>on-hold accepted>completed accepted>failed accepted>cancelled
    in-progress>on-hold in-progress>completed in-progress>failed in-progress>cancelled
    on-hold>in-progress on-hold>completed on-hold>failed on-hold>cancelled
"""
DE_LA_PLATEFORME = """
    draft>requested draft>cancelled draft>entered-in-error
    requested>cancelled requested>entered-in-error received>cancelled received>entered-in-error
    ready>cancelled ready>entered-in-error accepted>cancelled accepted>entered-in-error
    in-progress>cancelled in-progress>entered-in-error on-hold>cancelled on-hold>entered-in-error
    rejected>entered-in-error cancelled>entered-in-error failed>entered-in-error completed>entered-in-error
"""
ACCORDEES = {"partenaire": set(DU_PARTENAIRE.split()), "plateforme": set(DE_LA_PLATEFORME.split())}


@pytest.mark.parametrize("acteur", ACTEURS)
@pytest.mark.parametrize("avant", TASK_STATUS)
@pytest.mark.parametrize("apres", TASK_STATUS)
def test_every_pair(acteur: Acteur, avant: str, apres: str) -> None:
    assert can_set(acteur, avant, apres) is (f"{avant}>{apres}" in ACCORDEES[acteur])


@pytest.mark.parametrize("acteur", ACTEURS)
@pytest.mark.parametrize(("avant", "apres"), [("requested", "finished"), ("x", "accepted"), ("", "")])
def test_unknown_status_moves_nothing(acteur: Acteur, avant: str, apres: str) -> None:
    assert not can_set(acteur, avant, apres)


def test_pairs_are_listed_once_with_who_may() -> None:
    paires = list_pairs()
    assert len({(a, b) for a, b, _ in paires}) == len(paires) == 132
    assert all(qui == who_can_set(a, b) for a, b, qui in paires)


def test_nothing_leaves_a_final_status_but_the_error_of_who_made_it() -> None:
    assert {apres for avant in FINAUX for apres in TASK_STATUS if who_can_set(avant, apres)} == {"entered-in-error"}
    assert not any(can_set("partenaire", avant, apres) for avant in FINAUX for apres in TASK_STATUS)


def test_every_status_is_mapped_both_ways() -> None:
    assert set(VERS_FHIR) == set(Statut)
    assert set(DEPUIS_PARTENAIRE) == set(TASK_STATUS)
    repondues = {Statut.RECUE, Statut.ACCEPTEE, Statut.REFUSEE, Statut.EN_COURS, Statut.REALISEE, Statut.SANS_SUITE}
    assert {s for s in repondues if DEPUIS_PARTENAIRE[VERS_FHIR[s]] is s} == repondues


def test_a_move_of_a_partner_is_a_move_of_our_life_cycle() -> None:
    """No move allowed on the wire is refused by the life cycle of the hand-over, whatever the transport."""
    depuis = {**DEPUIS_PARTENAIRE, "requested": Statut.ENVOYEE}
    moves = [(depuis[avant], depuis[apres]) for avant, apres, qui in list_pairs() if "partenaire" in qui]
    moves = [(de, vers) for de, vers in moves if de is not None and vers is not None]
    assert len(moves) == 12
    assert [(de, vers) for de, vers in moves if vers not in PAR_PARTENAIRE[de]] == []


def test_the_platform_takes_back_what_is_active() -> None:
    assert all(can_set("plateforme", VERS_FHIR[s], "cancelled") for s in ACTIVES)
