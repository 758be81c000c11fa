"""Indicators and files of evaluators, without a database."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pdp.evaluation.dictionnaire import Colonne, TableDecrite
from pdp.evaluation.indicateurs import INDICATEURS, Mesure, build_indicateurs, compute_mediane, is_mature
from pdp.evaluation.publication import write_table
from pdp.services.read_evaluation import escape_formule


@pytest.mark.parametrize(
    ("durees", "mediane"),
    [
        pytest.param([], None, id="nobody"),
        pytest.param([(3, True), (5, True), (9, True)], 5, id="no-censoring"),
        pytest.param([(3, True), (5, True)], 3, id="exactly-half"),
        pytest.param([(1, False), (5, True), (9, True)], 5, id="censored-before-leaves-the-risk-set"),
        pytest.param([(5, False), (5, True), (9, True)], 9, id="censored-the-same-day-still-at-risk"),
        pytest.param([(2, True), (9, False), (9, False)], None, id="half-never-reached"),
    ],
)
def test_median_delay_counts_who_still_waits(durees: list[tuple[int, bool]], mediane: int | None) -> None:
    assert compute_mediane(durees) == mediane


@pytest.mark.parametrize(("jour", "mature"), [(date(2026, 3, 29), False), (date(2026, 3, 30), True)])
def test_cohort_is_mature_when_its_last_person_is(jour: date, mature: bool) -> None:
    assert is_mature("2026-02", 30, jour) is mature


@pytest.mark.parametrize(
    ("numerateur", "publie"),
    [
        (10, (None, 100, None)),
        (11, (11, 100, 11.0)),
        (89, (89, 100, 89.0)),
        (90, (None, 100, None)),
        (100, (100, 100, 100.0)),
        (0, (None, 100, None)),
    ],
)
def test_numerator_and_complement_meet_the_threshold(numerateur: int, publie: tuple[int | None, int | None, float | None]) -> None:
    mesures = [
        Mesure("K5", "PF35", "2026-02", numerateur, 100),
        Mesure("K5", "PF35", "2026-03", 50, 100),
        Mesure("K5", "PF35", "2026-04", 50, 100),
    ]
    lignes = {ligne["mois"]: ligne for ligne in build_indicateurs(mesures, {}, 11, date(2026, 11, 18))}
    fevrier = lignes["2026-02"]
    assert (fevrier["numerateur"], fevrier["denominateur"], fevrier["valeur"]) == publie
    assert fevrier["supprime"] is (publie[0] is None)
    assert sum(ligne["supprime"] for ligne in lignes.values()) in (0, 2)  # never one alone: it would be the total less the others


def test_every_indicator_says_who_and_with_how_much_hindsight() -> None:
    assert all(i.libelle and i.population and i.regle_censure and i.unite in ("pourcentage", "jours") for i in INDICATEURS.values())


def test_csv_is_harmless_for_a_spreadsheet(tmp_path: Path) -> None:
    decrite = TableDecrite("essai", "Essai", tuple(Colonne(n, "string", n, False, False) for n in ("texte", "nombre", "vrai")))
    textes = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "simple", None]
    exportee = write_table(tmp_path, decrite, [(t, -30, True) for t in textes], escape_formule)
    lignes = (tmp_path / "essai.csv").read_text(encoding="utf-8").split("\n")
    assert lignes[0] == "texte,nombre,vrai"
    assert [ligne for ligne in lignes if ligne[:1] in "=+-@\t" and ligne] == []
    assert lignes[1] == "'=1+1,-30,true"
    assert lignes[-2] == ",-30,true"
    assert (exportee.lignes, exportee.cases_supprimees) == (8, 0)
