"""The line of milestones: order, what is behind, to come, or only if the arrêt goes on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pdp.domain.arret import MotifCategorie
from pdp.domain.frise import Repere, build_frise
from pdp.domain.jalons import FaitsJalons, list_jalons
from pdp.referentiel import load_referentiel

REF = load_referentiel()
DEBUT = date(2026, 8, 20)
JOUR = date(2026, 11, 18)
UN = timedelta(days=1)


def frise(
    fin: date = date(2026, 12, 8), jour: date = JOUR, motif: MotifCategorie = "tms", epuisement: date | None = None, debut: date = DEBUT
) -> tuple[Repere, ...]:
    jalons = list_jalons(debut, "maladie", motif, jour, REF, "PF35", FaitsJalons(date(1980, 5, 1), epuisement))
    return build_frise(debut, fin, jalons, jour, REF, "PF35")


def test_the_whole_line_in_order() -> None:
    assert [(r.cle, f"{r.le:%d/%m/%Y}", r.etat) for r in frise(motif="psychique", epuisement=date(2026, 12, 1))] == [
        ("debut", "20/08/2026", "passe"),
        ("prereprise", "19/09/2026", "passe"),
        ("aujourd_hui", "18/11/2026", "aujourd_hui"),
        ("epuisement", "01/12/2026", "avenir"),
        ("fin_prescrite", "08/12/2026", "avenir"),
        ("soutien_psy", "14/02/2027", "si_poursuite"),
        ("j180", "15/02/2027", "si_poursuite"),
        ("six_mois", "20/02/2027", "si_poursuite"),
        ("soutien_psy_exclusion", "20/02/2027", "si_poursuite"),
        ("douze_mois", "20/08/2027", "si_poursuite"),
    ]


@pytest.mark.parametrize(
    ("fin", "attendu"),
    [
        pytest.param(JOUR - UN, "passe", id="ended yesterday"),
        pytest.param(JOUR, "avenir", id="last prescribed day"),
        pytest.param(JOUR + UN, "avenir", id="ends tomorrow"),
    ],
)
def test_the_prescribed_end_is_behind_the_day_after(fin: date, attendu: str) -> None:
    assert next(r.etat for r in frise(fin=fin) if r.cle == "fin_prescrite") == attendu


@pytest.mark.parametrize(
    ("fin", "attendu"),
    [
        pytest.param(date(2027, 2, 14), "si_poursuite", id="prescribed until the day before"),
        pytest.param(date(2027, 2, 15), "avenir", id="prescribed until that day"),
    ],
)
def test_a_milestone_beyond_the_prescription_says_so(fin: date, attendu: str) -> None:
    assert next(r.etat for r in frise(fin=fin) if r.cle == "j180") == attendu


def test_a_past_arret_promises_nothing_and_days_already_prescribed_stay_certain() -> None:
    etats = {r.cle: r.etat for r in frise(fin=JOUR - 10 * UN, epuisement=JOUR + 5 * UN)}
    assert etats["epuisement"] == "avenir"
    assert etats["j180"] == "si_poursuite"


def test_nothing_on_the_line_tells_an_affection() -> None:
    jalons = list_jalons(DEBUT, "maladie", "tms", JOUR, REF, "PF35", FaitsJalons(fins_l324=(date(2027, 1, 1),)))
    assert "fin_l324" in {j.cle for j in jalons}
    assert "fin_l324" not in {r.cle for r in build_frise(DEBUT, JOUR, jalons, JOUR, REF, "PF35")}


def test_six_months_begun_on_a_long_month_end_on_a_short_one() -> None:
    jours = {r.cle: r.le for r in frise(debut=date(2026, 8, 31))}
    assert (jours["six_mois"], jours["douze_mois"]) == (date(2027, 2, 28), date(2027, 8, 31))
