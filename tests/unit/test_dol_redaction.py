"""Writing and trying a delegation, without a database: what a rule may say, what the order hides, what changed, what doctors decided."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from pdp.domain.dol import Faits, Regle
from pdp.domain.dol_redaction import check_regle, check_table, compare_tables, list_muettes, move_regle, put_regle, remove_regle
from pdp.domain.essai_dol import MEDECIN, Passe, sum_up, try_regles
from pdp.errors import Conflit, DonneeInvalide

A = {"palier_min": 90, "categories": ["tms", "psychique"]}


def regle(id: str, conditions: dict[str, Any] | None = None, cible: str = "oriente_csam", *, rang: int = 1, libelle: str = "") -> Regle:
    return Regle(id, rang, libelle or f"Règle {id}", conditions or {}, cible)


def table(*regles: Regle) -> list[Regle]:
    return [Regle(r.id, i, r.libelle, r.conditions, r.cible) for i, r in enumerate(regles, start=1)]


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        ({"palier_min": 30, "palier_max": 30}, None),
        ({"palier_min": 90, "palier_max": 60}, "bad_rule:palier_min"),
        ({"palier_min": 45}, "bad_rule:palier_min"),
        ({"palier_min": True}, "bad_rule:palier_min"),
        ({"palier_min": "60"}, "bad_rule:palier_min"),
        ({"age_min": 16, "age_max": 100}, None),
        ({"age_min": 15}, "bad_rule:age_min"),
        ({"age_max": 101}, "bad_rule:age_max"),
        ({"age_min": 50, "age_max": 49}, "bad_rule:age_min"),
        ({"priorite_min": 1}, None),
        ({"priorite_min": 0}, "bad_rule:priorite_min"),
        ({"categories": ["tms"], "risques": ["at", "mp"], "ald": False}, None),
        ({"categories": []}, "bad_rule:categories"),
        ({"categories": "tms"}, "bad_rule:categories"),
        ({"categories": ["cancer"]}, "bad_rule:categories"),
        ({"risques": ["maternite"]}, "bad_rule:risques"),
        ({"ald": "oui"}, "bad_rule:ald"),
        ({"nir": "1"}, "bad_rule:nir"),
    ],
)
def test_a_rule_says_only_what_the_vocabulary_allows(conditions: dict[str, Any], code: str | None) -> None:
    if code is None:
        check_regle(regle("a", conditions))
        return
    with pytest.raises(DonneeInvalide) as refus:
        check_regle(regle("a", conditions))
    assert refus.value.code == code


@pytest.mark.parametrize(
    ("regles", "code"),
    [
        ([], "empty_table"),
        ([regle("a"), regle("b", libelle="règle A ")], "same_name"),
        ([regle("a", libelle="x" * 121)], "bad_rule:name"),
        ([regle("a", libelle="  ")], "bad_rule:name"),
        ([regle("a", cible="prison")], "bad_rule:target"),
        ([regle(str(n)) for n in range(61)], "too_many_rules"),
    ],
)
def test_a_table_that_could_not_be_signed(regles: list[Regle], code: str) -> None:
    check_table([regle(str(n)) for n in range(60)])
    with pytest.raises(DonneeInvalide) as refus:
        check_table(regles)
    assert refus.value.code == code


@pytest.mark.parametrize(
    ("large", "etroite", "muette"),
    [
        ({}, A, True),
        (A, A, True),
        (A, {}, False),
        ({"palier_min": 60}, {"palier_min": 90}, True),
        ({"palier_min": 90}, {"palier_min": 60}, False),
        ({"palier_max": 90}, {"palier_max": 60}, True),
        ({"palier_max": 60}, {"palier_max": 90}, False),
        ({"categories": ["tms", "autre"]}, {"categories": ["tms"], "ald": True}, True),
        ({"categories": ["tms"]}, {"categories": ["tms", "autre"]}, False),
        ({"ald": False}, {"ald": True}, False),
        ({"age_min": 50, "ald": True}, {"age_min": 55}, False),
    ],
)
def test_a_rule_behind_a_larger_one_never_decides(large: dict[str, Any], etroite: dict[str, Any], muette: bool) -> None:
    premiere, seconde = table(regle("a", large), regle("b", etroite))
    assert list_muettes([seconde, premiere]) == ({"b": premiere} if muette else {})


def test_rules_are_put_moved_and_taken_out_and_their_rank_follows() -> None:
    regles = table(regle("a"), regle("b"), regle("c"))

    def ordre(r: Any) -> list[tuple[str, int]]:
        return [(x.id, x.rang) for x in r]

    assert ordre(move_regle(regles, "c", -1)) == [("a", 1), ("c", 2), ("b", 3)]
    assert ordre(move_regle(regles, "a", -1)) == ordre(regles), "the first stays first"
    assert ordre(move_regle(regles, "a", 9)) == [("b", 1), ("c", 2), ("a", 3)]
    assert ordre(remove_regle(regles, "b")) == [("a", 1), ("c", 2)]
    assert ordre(put_regle(regles, regle("d"))) == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]
    assert put_regle(regles, regle("b", A))[1].conditions == A
    for geste in (lambda: remove_regle(regles, "z"), lambda: move_regle(regles, "z", 1)):
        with pytest.raises(Conflit):
            geste()


def test_what_changed_between_two_versions() -> None:
    avant = table(regle("1", A, libelle="TMS"), regle("2", {"age_min": 62}, MEDECIN, libelle="Âge"), regle("3", libelle="Reste"))
    inseree = table(
        regle("9", {"ald": True}, libelle="ALD"), *[regle(f"n{r.id}", dict(r.conditions), r.cible, libelle=r.libelle) for r in avant]
    )
    genres = [(c.genre, (c.apres or c.avant).libelle) for c in compare_tables(avant, inseree)]
    assert genres == [("ajoutee", "ALD"), ("inchangee", "TMS"), ("inchangee", "Âge"), ("inchangee", "Reste")], "the others only gave way"
    apres = table(
        regle("a", {"categories": ["psychique", "tms"], "palier_min": 90}, libelle="TMS et psychique"),
        regle("b", libelle="Reste"),
        regle("c", {"age_min": 63}, MEDECIN, libelle="Âge"),
    )
    assert [c.genre for c in compare_tables(avant, apres)] == ["modifiee", "deplacee", "modifiee"]
    assert [c.genre for c in compare_tables(avant, [avant[2], avant[0], avant[1]])] == ["deplacee", "inchangee", "inchangee"]
    assert [(c.genre, c.avant.libelle) for c in compare_tables(avant, avant[:1]) if c.avant] == [
        ("inchangee", "TMS"),
        ("retiree", "Âge"),
        ("retiree", "Reste"),
    ]


def passe(n: int, palier: int, decision: str | None, par_medecin: bool, **faits: Any) -> Passe:
    lus = {"categorie": "tms", "risque": "maladie", "ald": False, "age": 40, "priorite": 50, **faits}
    return Passe(UUID(int=n), date(2026, 6, 1), Faits(palier, **lus), decision, par_medecin)


def test_dry_run_counts_each_file_once_and_says_what_doctors_decided_otherwise() -> None:
    passes = [
        passe(1, 90, "oriente_csam", True),  # as the doctor did
        passe(2, 90, "oriente_ism", True),  # the draft would contradict him
        passe(3, 30, "sans_suite", True),  # left to him
        passe(4, 90, "oriente_csam", False),  # delegated then, nobody to contradict
        passe(5, 180, None, False),  # still waits
    ]
    brouillon = table(regle("m", {"palier_min": 180}, MEDECIN), regle("c", {"palier_min": 60}))
    lignes = try_regles(passes, table(regle("v", {"palier_min": 90}, "oriente_ism")), brouillon)
    assert [(x.actuel, x.propose, x.change, x.contraire) for x in lignes] == [
        ("oriente_ism", "oriente_csam", True, False),
        ("oriente_ism", "oriente_csam", True, True),
        (MEDECIN, MEDECIN, False, False),
        ("oriente_ism", "oriente_csam", True, False),
        ("oriente_ism", MEDECIN, True, False),
    ]
    bilan = sum_up(lignes, brouillon)
    assert (bilan.dossiers, bilan.delegues_actuel, bilan.delegues_propose, bilan.changes) == (5, 4, 3, 4)
    assert (bilan.decides_mc, bilan.laisses, bilan.comme_mc, bilan.contraires) == (3, 1, 1, 1)
    assert {c.cible: (c.actuel, c.propose, c.medecins) for c in bilan.cibles} == {
        "oriente_csam": (0, 3, 1),
        "oriente_ism": (4, 0, 1),
        "convocation_mc": (0, 0, 0),
        "sans_suite": (0, 0, 1),
        MEDECIN: (1, 2, 0),
    }
    assert [(r.regle.id, r.dossiers, r.decides_mc, r.comme_mc) for r in bilan.regles] == [("m", 1, 0, 0), ("c", 3, 2, 1)]
    assert sum_up(try_regles(passes, [], []), []).delegues_propose == 0, "no rule: the médecin-conseil decides"
