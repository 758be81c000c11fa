"""Three years for each affection of L.324-1: when they begin, when they end, what starts them again, what the law leaves open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pdp.domain.arret import Prescription, Versement
from pdp.domain.droits_l324 import (
    CLE_COUPURE,
    CLE_DEPART,
    CLE_HORS_EXONERANTE,
    Affection,
    DroitL324,
    dernier_jour_date_a_date,
    list_droits_l324,
)
from pdp.domain.referentiel import Referentiel
from pdp.errors import ReferentielIncomplet
from pdp.referentiel import load_referentiel

REF = load_referentiel()
TOUJOURS = date(2015, 1, 1)
A = Affection("A", "ald", TOUJOURS, None)
JOUR = date(2026, 11, 22)


def arret(debut: date, fin: date, ald: bool = True, **champs: object) -> Prescription:
    return Prescription(f"{debut}-{fin}-{ald}", debut, fin, ald=ald, **champs)


def change(**valeurs: object) -> Referentiel:
    """The law with some values replaced."""
    return Referentiel(replace(p, valeur=valeurs[p.cle]) if p.cle in valeurs else p for p in REF)


def droit(prescriptions: list[Prescription], jour: date = JOUR, ref: Referentiel = REF) -> DroitL324:
    (seul,) = list_droits_l324(prescriptions, [A], jour, ref)
    return seul


MARS = [arret(date(2024, 3, 7), date(2024, 4, 30))]  # waiting period on 7, 8 and 9: first IJ on the 10th


@pytest.mark.parametrize(
    ("debut", "annees", "dernier"),
    [
        (date(2024, 3, 10), 3, date(2027, 3, 9)),
        (date(2024, 1, 1), 3, date(2026, 12, 31)),
        (date(2024, 2, 28), 3, date(2027, 2, 27)),
        (date(2024, 2, 29), 3, date(2027, 2, 28)),
        (date(2024, 2, 29), 4, date(2028, 2, 28)),
        (date(2024, 3, 1), 3, date(2027, 2, 28)),
        (date(2025, 3, 1), 3, date(2028, 2, 29)),
        (date(2025, 2, 28), 3, date(2028, 2, 27)),
    ],
)
def test_years_go_from_date_to_date(debut: date, annees: int, dernier: date) -> None:
    assert dernier_jour_date_a_date(debut, annees) == dernier


def test_the_three_years_of_an_affection() -> None:
    assert droit(MARS) == DroitL324(
        affection="A",
        debut=date(2024, 3, 10),
        dernier_jour=date(2027, 3, 9),
        dernier_jour_max=date(2027, 3, 9),
        dernier_jour_tpt=date(2028, 3, 9),
        jours_utilises=52,
        jours_au_dela=0,
        questions_ouvertes=(),
        parametre="ij_max_l324_1_annees@origine",
    )


@pytest.mark.parametrize(("jour", "utilises"), [(9, None), (10, 1), (11, 2), (31, 22)])
def test_a_period_begins_with_its_first_ij(jour: int, utilises: int | None) -> None:
    droits = list_droits_l324(MARS, [A], date(2024, 3, jour), REF)
    assert [d.jours_utilises for d in droits] == ([] if utilises is None else [utilises])


@pytest.mark.parametrize(
    ("valeur", "debut", "dernier", "maximum", "questions"),
    [
        (True, date(2024, 3, 10), date(2027, 3, 9), date(2027, 3, 9), ()),
        (False, date(2024, 3, 7), date(2027, 3, 6), date(2027, 3, 6), ()),
        (None, date(2024, 3, 7), date(2027, 3, 6), date(2027, 3, 9), (CLE_DEPART,)),
    ],
)
def test_departure_is_a_switch(valeur: bool | None, debut: date, dernier: date, maximum: date, questions: tuple[str, ...]) -> None:
    d = droit(MARS, ref=change(ij_l324_1_depart_premier_jour_indemnise=valeur))
    assert (d.debut, d.dernier_jour, d.dernier_jour_max, d.questions_ouvertes) == (debut, dernier, maximum, questions)


# a first arrêt from 4 January, then work from the day after `fin`, then a second arrêt: one period or two?
@pytest.mark.parametrize(
    ("fin", "reprise", "nouveau"),
    [
        (date(2021, 3, 31), date(2022, 3, 31), False),
        (date(2021, 3, 31), date(2022, 4, 1), True),
        (date(2021, 3, 31), date(2022, 4, 2), True),
        (date(2022, 12, 31), date(2023, 12, 31), False),
        (date(2022, 12, 31), date(2024, 1, 1), True),
        (date(2024, 2, 28), date(2025, 2, 27), False),
        (date(2024, 2, 28), date(2025, 2, 28), False),  # work from 29 February: the year ends on 28 February
        (date(2024, 2, 28), date(2025, 3, 1), True),
        (date(2023, 2, 28), date(2024, 2, 29), False),  # work from 1 March: the year ends on 29 February
        (date(2023, 2, 28), date(2024, 3, 1), True),
    ],
)
def test_a_year_of_work_opens_three_more(fin: date, reprise: date, nouveau: bool) -> None:
    premier = date(fin.year, 1, 4)
    d = droit([arret(premier, fin), arret(reprise, reprise + timedelta(days=20))])
    assert d.debut == (reprise if nouveau else premier) + timedelta(days=3)
    assert d.questions_ouvertes == ()


@pytest.mark.parametrize(("jour", "debut"), [(date(2022, 4, 3), date(2021, 1, 7)), (date(2022, 4, 4), date(2022, 4, 4))])
def test_the_running_period_is_the_last_one_begun(jour: date, debut: date) -> None:
    assert droit([arret(date(2021, 1, 4), date(2021, 3, 31)), arret(date(2022, 4, 1), date(2022, 4, 30))], jour).debut == debut


DEUX = [arret(date(2021, 1, 4), date(2021, 3, 31)), arret(date(2022, 4, 1), date(2022, 4, 30))]
ANCIEN, NOUVEAU = date(2021, 1, 7), date(2022, 4, 4)
AUTRE = (date(2021, 9, 1), date(2021, 9, 5))


@pytest.mark.parametrize(
    ("autre", "valeur", "debut", "maximum", "questions"),
    [
        pytest.param(arret(*AUTRE, ald=False), True, ANCIEN, date(2024, 1, 6), (), id="it cuts the year"),
        pytest.param(arret(*AUTRE, ald=False), False, NOUVEAU, date(2025, 4, 3), (), id="it does not"),
        pytest.param(arret(*AUTRE, ald=False), None, ANCIEN, date(2025, 4, 3), (CLE_COUPURE,), id="both while open"),
        pytest.param(arret(*AUTRE, ald=False, risque="at"), None, ANCIEN, date(2025, 4, 3), (CLE_COUPURE,), id="AT"),
        pytest.param(arret(*AUTRE, ald=False, risque="maternite"), None, ANCIEN, date(2025, 4, 3), (CLE_COUPURE,), id="maternity"),
        pytest.param(arret(*AUTRE, ald=False, annule=True), None, NOUVEAU, date(2025, 4, 3), (), id="cancelled"),
        pytest.param(
            arret(date(2021, 3, 1), date(2021, 3, 31), ald=False, risque="at"), None, NOUVEAU, date(2025, 4, 3), (), id="before the year"
        ),
        pytest.param(arret(date(2021, 4, 1), date(2021, 4, 1), ald=False), None, ANCIEN, date(2025, 4, 3), (CLE_COUPURE,), id="first day"),
        pytest.param(arret(date(2022, 3, 31), date(2022, 3, 31), False), None, ANCIEN, date(2025, 4, 3), (CLE_COUPURE,), id="last day"),
    ],
)
def test_another_arret_in_the_year_of_work_is_an_open_question(
    autre: Prescription, valeur: bool | None, debut: date, maximum: date, questions: tuple[str, ...]
) -> None:
    d = droit([*DEUX, autre], ref=change(ij_reprise_coupee_par_autre_arret=valeur))
    # an initiale next to the second arrêt changes nothing to its own waiting period
    assert (d.debut, d.dernier_jour_max, d.questions_ouvertes) == (debut, maximum, questions)


def test_a_whole_year_after_another_arret_is_enough_in_every_reading() -> None:
    autre = arret(date(2021, 4, 1), date(2021, 4, 30), ald=False, risque="at")
    for fin_du_travail, debut in ((date(2022, 4, 30), ANCIEN), (date(2022, 5, 1), date(2022, 5, 4))):
        d = droit([DEUX[0], autre, arret(fin_du_travail, fin_du_travail + timedelta(days=9))])
        assert d.debut == debut


B = Affection("B", "polypathologie", TOUJOURS, None)


@pytest.mark.parametrize(
    ("affections", "attendu"),
    [
        pytest.param([A], ["A"], id="one"),
        pytest.param([], [None], id="none known"),
        pytest.param([A, B], [None], id="two at once: which one is not said"),
        pytest.param([A, replace(A, nature="hors_liste")], ["A"], id="two recognitions of the same"),
        pytest.param([A, replace(B, annule=True)], ["A"], id="the other is cancelled"),
        pytest.param([A, replace(B, fin=date(2024, 3, 9))], ["A"], id="the other ended before the first IJ"),
        pytest.param([A, replace(B, fin=date(2024, 3, 10))], ["A", None], id="the other ended on the first IJ"),
        pytest.param([A, replace(B, debut=date(2024, 4, 30))], ["A", None], id="the other begins on the last day"),
        pytest.param([A, replace(B, debut=date(2024, 5, 1))], ["A"], id="the other begins after"),
        pytest.param([replace(A, fin=date(2024, 3, 31)), replace(B, debut=date(2024, 4, 1))], ["A", "B"], id="one after the other"),
        *[pytest.param([replace(A, nature=n)], [None], id=f"{n} is another regime") for n in ("at", "mp", "invalidite")],
        *[pytest.param([A, replace(B, nature=n)], ["A"], id=f"{n} does not compete") for n in ("at", "mp", "invalidite")],
    ],
)
def test_a_linked_day_belongs_to_the_one_affection_of_the_day(affections: list[Affection], attendu: list[str | None]) -> None:
    for ordre in (affections, list(reversed(affections))):
        assert [d.affection for d in list_droits_l324(MARS, ordre, JOUR, REF)] == attendu


def test_each_affection_has_three_years_of_its_own() -> None:
    prescriptions = [arret(date(2023, 1, 2), date(2023, 3, 31)), arret(date(2024, 6, 3), date(2024, 6, 30))]
    affections = [replace(A, fin=date(2023, 12, 31)), replace(B, debut=date(2024, 1, 1))]
    droits = list_droits_l324(prescriptions, affections, JOUR, REF)
    assert [(d.affection, d.debut, d.jours_utilises) for d in droits] == [("A", date(2023, 1, 5), 86), ("B", date(2024, 6, 6), 25)]


NON_EXONERANTE = replace(A, nature="l324")


@pytest.mark.parametrize(
    ("affections", "valeur", "attendu"),
    [
        ([NON_EXONERANTE], True, [("A", (CLE_HORS_EXONERANTE,))]),
        ([NON_EXONERANTE], None, [("A", (CLE_HORS_EXONERANTE,))]),
        ([NON_EXONERANTE], False, []),
        ([NON_EXONERANTE, A], True, [("A", ())]),
        ([NON_EXONERANTE, B], True, [(None, ())]),
        ([NON_EXONERANTE, B], False, [("B", ())]),
        ([replace(NON_EXONERANTE, fin=date(2024, 3, 31)), replace(A, debut=date(2024, 4, 1))], True, [("A", (CLE_HORS_EXONERANTE,))]),
        ([NON_EXONERANTE, replace(A, fin=date(2020, 1, 1))], True, [("A", (CLE_HORS_EXONERANTE,))]),
        ([NON_EXONERANTE, replace(B, fin=date(2020, 1, 1))], True, [("A", (CLE_HORS_EXONERANTE,))]),
        ([A], False, [("A", ())]),
        ([], False, [(None, ())]),
    ],
)
def test_affection_without_exemption_is_a_switch(
    affections: list[Affection], valeur: bool | None, attendu: list[tuple[str | None, tuple[str, ...]]]
) -> None:
    droits = list_droits_l324(MARS, affections, JOUR, change(ij_l324_1_hors_ald_exonerante=valeur))
    assert [(d.affection, d.questions_ouvertes) for d in droits] == attendu


def test_affection_without_exemption_is_certain_once_the_law_is() -> None:
    ref = Referentiel(replace(p, confiance="verifie") if p.cle == CLE_HORS_EXONERANTE else p for p in REF)
    assert [d.questions_ouvertes for d in list_droits_l324(MARS, [NON_EXONERANTE], JOUR, ref)] == [()]


@pytest.mark.parametrize(
    ("jour", "utilises", "au_dela", "epuise"),
    [(date(2023, 1, 7), 1095, 0, False), (date(2023, 1, 8), 1096, 0, False), (date(2023, 1, 9), 1096, 1, True)],
)
def test_the_end_of_the_three_years(jour: date, utilises: int, au_dela: int, epuise: bool) -> None:
    d = droit([arret(date(2020, 1, 6), date(2023, 6, 30))], jour)
    assert (d.dernier_jour, d.jours_utilises, d.jours_au_dela, d.is_epuise(jour)) == (date(2023, 1, 8), utilises, au_dela, epuise)


@pytest.mark.parametrize(
    "prescriptions",
    [
        [arret(date(2024, 3, 7), date(2024, 4, 30), ald=False)],
        [*MARS, arret(date(2024, 3, 7), date(2024, 4, 30), ald=False)],
        [arret(date(2024, 3, 7), date(2024, 4, 30), annule=True)],
        [arret(date(2024, 3, 7), date(2024, 4, 30), risque="at")],
        [arret(date(2024, 3, 7), date(2024, 3, 9))],
    ],
    ids=["not linked", "also not linked", "cancelled", "AT", "waiting period only"],
)
def test_no_day_no_period(prescriptions: list[Prescription]) -> None:
    assert list_droits_l324(prescriptions, [A], JOUR, REF) == ()


def test_an_at_on_the_same_days_unlinks_nothing() -> None:
    assert droit([*MARS, arret(date(2024, 3, 7), date(2024, 4, 30), ald=False, risque="at")]) == droit(MARS)


def test_payments_speak_first() -> None:
    verse = [Versement(date(2024, 3, 7), date(2024, 4, 30), 20)]
    (d,) = list_droits_l324(MARS, [A], JOUR, REF, verse)
    assert (d.debut, d.jours_utilises) == (date(2024, 4, 11), 20)


@pytest.mark.parametrize("absente", ["ij_max_l324_1_annees", "ij_reprise_rouvrant_droits_annees", "tpt_au_dela_l324_1_annees"])
def test_missing_law_stops_instead_of_guessing(absente: str) -> None:
    with pytest.raises(ReferentielIncomplet):
        list_droits_l324(DEUX, [A], JOUR, Referentiel(p for p in REF if p.cle != absente))


def test_switch_missing_is_a_question_left_open() -> None:
    ref = Referentiel(p for p in REF if p.cle not in (CLE_DEPART, CLE_COUPURE))
    d = droit([*DEUX, arret(*AUTRE, ald=False)], ref=ref)
    assert d.questions_ouvertes == (CLE_COUPURE, CLE_DEPART)
    assert (d.debut, d.dernier_jour_max) == (date(2021, 1, 4), date(2025, 4, 3))


def test_a_question_is_named_as_soon_as_one_reading_differs() -> None:
    """On the second day of the second arrêt, still unpaid, only the reading by prescribed days has begun another period."""
    d = droit([*DEUX, arret(*AUTRE, ald=False)], date(2022, 4, 2), change(ij_l324_1_depart_premier_jour_indemnise=None))
    assert d.questions_ouvertes == (CLE_COUPURE, CLE_DEPART)
    assert (d.debut, d.dernier_jour_max) == (date(2021, 1, 4), date(2025, 3, 31))
