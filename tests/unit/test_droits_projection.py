"""What screens say about the end of rights: projections, AT/MP by date of the sinistre, part-time of the self-employed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pdp.domain.arret import Prescription, Versement
from pdp.domain.droits_atmp import DroitAtmp, find_droit_atmp
from pdp.domain.droits_projection import project_epuisement
from pdp.domain.droits_tpt import CLE_FENETRE, count_tpt_independant
from pdp.domain.referentiel import Referentiel
from pdp.errors import ReferentielIncomplet
from pdp.referentiel import load_referentiel

J0 = date(2026, 1, 5)
REF = load_referentiel()


def le(n: int) -> date:
    return J0 + timedelta(days=n)


def avis(debut: int, fin: int, **champs: object) -> Prescription:
    return Prescription(f"{debut:05}-{fin:05}-{len(champs)}", le(debut), le(fin), **champs)


def suite(debut: int, fin: int, **champs: object) -> Prescription:
    return avis(debut, fin, nature="prolongation", **champs)


def paye(debut: int, fin: int, jours: int) -> Versement:
    return Versement(le(debut), le(fin), jours)


def change(**valeurs: object) -> Referentiel:
    """The law with some values replaced."""
    return Referentiel(replace(p, valeur=valeurs[p.cle]) if p.cle in valeurs else p for p in REF)


# the 360th IJ of one long arrêt falls on day 362
@pytest.mark.parametrize(
    ("prescriptions", "versements", "n", "prescrit", "poursuite"),
    [
        pytest.param([], [], 0, None, None, id="nothing"),
        pytest.param([avis(0, 100)], [], 50, None, 362, id="under way"),
        pytest.param([avis(0, 100)], [], -30, None, 362, id="to come"),
        pytest.param([avis(0, 100)], [], 101, None, 362, id="ended yesterday"),
        pytest.param([avis(0, 100)], [], 103, None, 362, id="two days without prescription"),
        pytest.param([avis(0, 100)], [], 104, None, None, id="three days: the arrêt is over"),
        pytest.param([avis(0, 361)], [], 50, None, 362, id="one day short"),
        pytest.param([avis(0, 362)], [], 50, 362, 362, id="prescribed to the cap"),
        pytest.param([avis(0, 400)], [], 380, 380, 380, id="already beyond"),
        pytest.param([avis(0, 362)], [], 363, None, 363, id="cap met yesterday: no IJ if it goes on"),
        pytest.param([avis(0, 1)], [], 0, None, 362, id="waiting period still running"),
        pytest.param([avis(0, 9), avis(40, 50)], [], 45, None, 395, id="two waiting periods: 7 then 353"),
        pytest.param([avis(0, 100), suite(101, 120, ald=True)], [], 110, None, None, id="of L.324-1 now"),
        pytest.param([avis(0, 100, ald=True), suite(101, 120)], [], 110, None, 460, id="of L.324-1 before"),
        pytest.param([avis(0, 100, risque="at")], [], 50, None, None, id="AT"),
        pytest.param([avis(0, 100, annule=True)], [], 50, None, None, id="cancelled"),
        pytest.param([avis(0, 10)], [paye(3, 30, 28)], 12, None, 362, id="paid beyond what is prescribed"),
        pytest.param([avis(0, 10)], [paye(0, 30, 31)], 12, None, 359, id="paid without waiting period"),
        pytest.param([avis(0, 10)], [paye(0, 5, 1), paye(6, 700, 1)], 12, None, 1058, id="latest payment far ahead"),
        pytest.param([avis(0, 100)], [paye(3, 50, 20)], 60, None, 390, id="28 days not paid are not used"),
    ],
)
def test_end_of_rights_if_the_arret_goes_on(
    prescriptions: list[Prescription], versements: list[Versement], n: int, prescrit: int | None, poursuite: int | None
) -> None:
    p = project_epuisement(prescriptions, le(n), REF, versements)
    assert p.epuisement_le == (None if prescrit is None else le(prescrit))
    assert p.epuisement_si_poursuite == (None if poursuite is None else le(poursuite))


@pytest.mark.parametrize(
    ("verse", "fin"),
    [
        # 200 IJ from 1 March 2023 leave the window one by one while as many enter: only 360 in a row since 4 January 2026 meet the cap
        pytest.param([Versement(date(2023, 3, 1), date(2023, 9, 16), 200)], date(2026, 12, 29), id="all leave in time"),
        # all 200 still count until 15 December 2026: 160 more, from 4 January on
        pytest.param([Versement(date(2023, 12, 16), date(2024, 7, 2), 200)], date(2026, 6, 12), id="none leaves in time"),
        pytest.param([], date(2026, 12, 29), id="none"),
    ],
)
def test_projection_lets_old_days_leave_the_window(verse: list[Versement], fin: date) -> None:
    arret = [Prescription("a", date(2026, 1, 1), date(2026, 1, 31))]
    assert project_epuisement(arret, date(2026, 1, 15), REF, verse).epuisement_si_poursuite == fin


def test_projection_carries_the_counter_and_its_open_question() -> None:
    p = project_epuisement([avis(0, 9), suite(10, 19, ald=True)], le(19), REF)
    assert (p.ij_restantes, p.question_ouverte, p.parametre) == (353, "ij_compte_ald_dans_360", "ij_plafond_trois_ans@origine")


SANS_LIMITE = DroitAtmp(True, None, None, "atmp_plafond@origine")
OUVERT = DroitAtmp(False, None, "atmp_plafond", "atmp_plafond@2027-01-01")


@pytest.mark.parametrize(
    ("arret_debut", "sinistre_le", "attendu"),
    [
        (date(2026, 12, 30), date(2026, 12, 30), SANS_LIMITE),
        (date(2026, 12, 31), date(2026, 12, 31), SANS_LIMITE),
        (date(2027, 1, 1), date(2027, 1, 1), OUVERT),
        (date(2027, 1, 2), date(2027, 1, 1), OUVERT),
        (date(2027, 1, 1), date(2026, 12, 31), SANS_LIMITE),  # the sinistre chooses, not the arrêt
        (date(2030, 1, 1), date(2019, 5, 1), SANS_LIMITE),
        (date(2026, 12, 31), None, SANS_LIMITE),  # it cannot be later than the arrêt
        (date(2027, 1, 1), None, OUVERT),
    ],
)
def test_at_and_mp_by_date_of_the_sinistre(arret_debut: date, sinistre_le: date | None, attendu: DroitAtmp) -> None:
    assert find_droit_atmp(arret_debut, REF, sinistre_le) == attendu


@pytest.mark.parametrize(
    ("arret_debut", "sinistre_le", "dernier"),
    [(date(2027, 3, 1), date(2027, 2, 1), date(2031, 2, 28)), (date(2027, 3, 1), None, None)],
)
def test_at_and_mp_once_the_decree_is_known(arret_debut: date, sinistre_le: date | None, dernier: date | None) -> None:
    ref = Referentiel(replace(p, valeur=4) if p.cle == "atmp_plafond" and p.du is not None else p for p in REF)
    trouve = find_droit_atmp(arret_debut, ref, sinistre_le)
    assert trouve is not None
    # sinistre unknown: it may be of the old law, so the figure is not used
    assert (trouve.dernier_jour, trouve.question_ouverte) == (dernier, None if dernier else "atmp_plafond")


def test_at_and_mp_without_law() -> None:
    assert find_droit_atmp(J0, Referentiel(p for p in REF if p.cle != "atmp_plafond")) is None


def tpt(debut: int, fin: int, **champs: object) -> Prescription:
    return avis(debut, fin, temps_partiel_therapeutique=True, **champs)


@pytest.mark.parametrize(
    ("prescriptions", "n", "jours"),
    [
        pytest.param([], 50, (0, 0), id="nothing"),
        pytest.param([avis(0, 9)], 50, (0, 0), id="full time"),
        pytest.param([tpt(0, 9)], 50, (7, 0), id="waiting period taken off"),
        pytest.param([tpt(0, 9)], 3, (1, 0), id="days to come are not used"),
        pytest.param([avis(0, 9), tpt(10, 19, nature="prolongation")], 50, (10, 0), id="after a full-time arrêt"),
        pytest.param([tpt(0, 9), avis(5, 6)], 50, (5, 0), id="full time wins"),
        pytest.param([tpt(0, 9, ald=True)], 50, (0, 7), id="L.324-1"),
        pytest.param([tpt(0, 9), tpt(10, 14, ald=True, nature="prolongation")], 50, (7, 5), id="both, counted apart"),
        pytest.param([tpt(0, 9), avis(0, 9, annule=True)], 50, (7, 0), id="full time cancelled"),
        pytest.param([tpt(0, 9), avis(0, 9, risque="at")], 50, (7, 0), id="an AT at the same time is another regime"),
        pytest.param([tpt(0, 9, annule=True)], 50, (0, 0), id="cancelled"),
        pytest.param([tpt(0, 9, risque="at")], 50, (0, 0), id="AT"),
    ],
)
def test_part_time_of_the_self_employed(prescriptions: list[Prescription], n: int, jours: tuple[int, int]) -> None:
    hors, l324 = count_tpt_independant(prescriptions, le(n), REF)
    assert (hors.jours, l324.jours) == jours
    assert (hors.limite, l324.limite) == (90, 270)
    assert (hors.parametre, l324.parametre) == ("ij_independant_tpt_jours@origine", "ij_independant_tpt_l324_1_jours@origine")
    assert [c.question_ouverte for c in (hors, l324)] == [CLE_FENETRE if used else None for used in jours]


# one part-time IJ, on 10 March 2024
@pytest.mark.parametrize(
    ("annees", "jour", "jours", "question"),
    [
        (None, date(2029, 3, 10), 1, CLE_FENETRE),
        (3, date(2027, 3, 9), 1, None),
        (3, date(2027, 3, 10), 0, None),
        (3, date(2027, 3, 11), 0, None),
    ],
)
def test_period_of_the_part_time_limit_is_a_switch(annees: int | None, jour: date, jours: int, question: str | None) -> None:
    arret = [Prescription("a", date(2024, 3, 7), date(2024, 3, 10), temps_partiel_therapeutique=True)]
    compte, _ = count_tpt_independant(arret, jour, change(ij_independant_tpt_fenetre_annees=annees))
    assert (compte.jours, compte.question_ouverte) == (jours, question)


@pytest.mark.parametrize("absente", ["ij_independant_tpt_jours", "ij_independant_tpt_l324_1_jours"])
def test_missing_limit_stops_instead_of_guessing(absente: str) -> None:
    with pytest.raises(ReferentielIncomplet):
        count_tpt_independant([], J0, Referentiel(p for p in REF if p.cle != absente))
