"""IJ counter: carence, chains, the rolling window, the cap, the open question."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.domain.arret import Prescription
from pdp.domain.droits_ij import CompteurIJ, compteur, list_jours_ij
from pdp.domain.referentiel import Referentiel
from pdp.errors import ReferentielIncomplet
from pdp.referentiel import load_referentiel

J0 = date(2026, 1, 5)
REF = load_referentiel()
LOIN = date(2027, 12, 31)


def avis(id_avis: str, debut: int, fin: int, **champs: object) -> Prescription:
    return Prescription(id_avis, J0 + timedelta(days=debut), J0 + timedelta(days=fin), **champs)


def suite(id_avis: str, debut: int, fin: int, **champs: object) -> Prescription:
    return avis(id_avis, debut, fin, nature="prolongation", **champs)


def question(valeur: bool | None) -> Referentiel:
    return Referentiel(replace(p, valeur=valeur) if p.cle == "ij_compte_ald_dans_360" else p for p in REF)


@pytest.mark.parametrize(
    ("prescriptions", "ij"),
    [
        pytest.param([], 0, id="nothing"),
        pytest.param([avis("a", 0, 1)], 0, id="two days"),
        pytest.param([avis("a", 0, 2)], 0, id="three days: all carence"),
        pytest.param([avis("a", 0, 3)], 1, id="paid from the fourth day"),
        pytest.param([avis("a", 0, 9), suite("b", 10, 19)], 17, id="adjacent prolongation: no new carence"),
        pytest.param([avis("a", 0, 9), suite("b", 11, 19)], 16, id="gap of 1, never paid"),
        pytest.param([avis("a", 0, 9), suite("b", 12, 19)], 15, id="gap of 48 hours"),
        pytest.param([avis("a", 0, 9), suite("b", 13, 19)], 11, id="gap of 3: new carence"),
        pytest.param([avis("a", 0, 9), avis("b", 10, 19)], 14, id="adjacent initiale: new carence"),
        pytest.param([avis("a", 0, 9), avis("b", 12, 19)], 12, id="initiale after 48 hours: new carence"),
        pytest.param([avis("a", 0, 9), avis("b", 10, 19), suite("c", 10, 15)], 17, id="a prolongation the same day carries on"),
        pytest.param([avis("a", 0, 9), suite("b", 10, 19), avis("c", 20, 29)], 24, id="initiale after a prolongation: new carence"),
        pytest.param([avis("a", 0, 9), avis("b", 10, 19), suite("c", 15, 25)], 20, id="a later prolongation does not carry on"),
        pytest.param([avis("a", 0, 9), avis("b", 11, 19), suite("c", 10, 10)], 14, id="prolongation of a day, then initiale"),
        pytest.param([avis("a", 0, 9), avis("b", 5, 19)], 17, id="overlapping initiale starts nothing"),
        pytest.param([avis("a", 0, 19), avis("b", 5, 9)], 17, id="nested"),
        pytest.param([avis("a", 0, 1), suite("b", 3, 9)], 6, id="carence goes on after a short gap"),
        pytest.param([suite("a", 0, 9)], 7, id="a prolongation alone still has a carence"),
        pytest.param([avis("a", 0, 9, annule=True)], 0, id="cancelled"),
        pytest.param([avis("a", 9, 0)], 0, id="reversed"),
        pytest.param([avis("a", 0, 9, temps_partiel_therapeutique=True)], 7, id="part-time carries IJ"),
        *[
            pytest.param([avis("a", 0, 9, risque=risque)], 0, id=f"{risque} is another regime")
            for risque in ("at", "mp", "trajet", "maternite", "paternite")
        ],
        pytest.param([avis("a", 0, 9, ald=True)], 0, id="L.324-1 apart"),
        pytest.param([avis("a", 0, 9, ald=True), suite("b", 10, 19)], 10, id="chain goes on after L.324-1: no new carence"),
        pytest.param([avis("a", 0, 9, ald=True), avis("b", 0, 9)], 7, id="both linked and not: not linked"),
    ],
)
def test_days_that_carry_an_ij(prescriptions: list[Prescription], ij: int) -> None:
    for ordre in (prescriptions, list(reversed(prescriptions))):
        c = compteur(ordre, J0 + timedelta(days=30), REF)
        assert (c.ij_utilisees, c.ij_restantes) == (ij, 360 - ij)
        assert c.parametre == "ij_plafond_trois_ans@origine"


@pytest.mark.parametrize(("n", "ij"), [(-1, 0), (2, 0), (3, 1), (4, 2), (9, 7), (10, 7)])
def test_days_to_come_are_not_counted(n: int, ij: int) -> None:
    assert compteur([avis("a", 0, 9)], J0 + timedelta(days=n), REF).ij_utilisees == ij


# one paid day, 10 February 2024 (carence on the three days before)
@pytest.mark.parametrize(("jour", "ij"), [(date(2027, 2, 9), 1), (date(2027, 2, 10), 0), (date(2027, 2, 11), 0)])
def test_a_day_leaves_the_window_three_years_later(jour: date, ij: int) -> None:
    prescription = Prescription("a", date(2024, 2, 7), date(2024, 2, 10))
    assert compteur([prescription], jour, REF).ij_utilisees == ij


@pytest.mark.parametrize(
    ("paye_le", "jour", "ij"),
    [
        (date(2025, 2, 28), date(2028, 2, 27), 1),
        (date(2025, 2, 28), date(2028, 2, 28), 0),
        (date(2025, 2, 28), date(2028, 2, 29), 0),  # 29 February looks back to 28 February, excluded
        (date(2025, 3, 1), date(2028, 2, 29), 1),
        (date(2025, 3, 1), date(2028, 3, 1), 0),
        (date(2024, 2, 29), date(2027, 2, 28), 1),  # 28 February looks back to 28 February: the 29th is inside
        (date(2024, 2, 29), date(2027, 3, 1), 0),
    ],
)
def test_window_and_29_february(paye_le: date, jour: date, ij: int) -> None:
    assert compteur([Prescription("a", paye_le - timedelta(days=3), paye_le)], jour, REF).ij_utilisees == ij


# 363 prescribed days = 360 IJ: the cap is met on the 363rd day
@pytest.mark.parametrize(("fin", "epuisement"), [(361, None), (362, 362), (363, 362), (400, 362)])
def test_projection_of_the_end_of_rights(fin: int, epuisement: int | None) -> None:
    attendu = None if epuisement is None else J0 + timedelta(days=epuisement)
    c = compteur([avis("a", 0, fin)], J0 + timedelta(days=100), REF)
    assert (c.ij_utilisees, c.epuisement_projete) == (98, attendu)


@pytest.mark.parametrize(
    ("n", "utilisees", "epuisement"), [(361, 359, 362), (362, 360, 362), (363, 360, 363), (400, 360, 400), (401, 360, None)]
)
def test_counter_stops_at_the_cap(n: int, utilisees: int, epuisement: int | None) -> None:
    c = compteur([avis("a", 0, 400)], J0 + timedelta(days=n), REF)
    assert (c.ij_utilisees, c.ij_restantes) == (utilisees, 360 - utilisees)
    assert c.epuisement_projete == (None if epuisement is None else J0 + timedelta(days=epuisement))


def test_unpaid_days_beyond_the_cap_do_not_consume_and_rights_come_back() -> None:
    """Four years in arrêt: a day is paid again whenever an old one leaves the window; never more than 360 in any three years."""
    longue = [avis("a", 0, 4 * 366)]
    jours = [J0 + timedelta(days=n) for n in range(0, 4 * 366, 30)]
    assert max(compteur(longue, jour, REF).ij_utilisees for jour in jours) == 360
    retour = date(J0.year + 3, J0.month, J0.day) + timedelta(days=3)
    assert compteur(longue, retour - timedelta(days=1), REF).ij_utilisees == 360
    assert compteur(longue, retour + timedelta(days=30), REF).ij_utilisees == 360


MELANGE = [avis("a", 0, 9), suite("b", 10, 19, ald=True)]


@pytest.mark.parametrize(
    ("valeur", "utilisees", "maximum", "ouverte"),
    [(None, 7, 17, "ij_compte_ald_dans_360"), (False, 7, 7, None), (True, 17, 17, None)],
)
def test_open_question_gives_two_bounds_until_it_is_answered(
    valeur: bool | None, utilisees: int, maximum: int, ouverte: str | None
) -> None:
    c = compteur(MELANGE, LOIN, question(valeur))
    assert (c.ij_utilisees, c.ij_utilisees_max, c.question_ouverte) == (utilisees, maximum, ouverte)


def test_open_question_is_asked_from_the_first_day_it_matters() -> None:
    une = [avis("a", 0, 3, ald=True)]
    assert (compteur(une, LOIN, REF).ij_utilisees_max, compteur(une, LOIN, REF).question_ouverte) == (1, "ij_compte_ald_dans_360")


def test_open_question_is_silent_when_it_does_not_matter() -> None:
    c = compteur([avis("a", 0, 9)], LOIN, REF)
    assert (c.ij_utilisees_max, c.question_ouverte) == (7, None)


@pytest.mark.parametrize("absente", ["ij_plafond_trois_ans", "ij_carence_jours", "ij_reprise_sans_carence_jours", "ij_fenetre_annees"])
def test_missing_law_stops_instead_of_guessing(absente: str) -> None:
    with pytest.raises(ReferentielIncomplet):
        compteur(MELANGE, LOIN, Referentiel(p for p in REF if p.cle != absente))


def test_carence_is_chosen_by_the_first_day_of_the_chain() -> None:
    carence = next(p for p in REF if p.cle == "ij_carence_jours")
    reste = [p for p in REF if p is not carence]
    bascule = J0 + timedelta(days=1)
    referentiel = Referentiel([*reste, replace(carence, au=J0), replace(carence, du=bascule, valeur=7)])
    assert len(list_jours_ij([avis("a", 0, 19)], referentiel)) == 17
    assert len(list_jours_ij([avis("a", 1, 19)], referentiel)) == 12


quelconques = st.lists(
    st.builds(
        lambda n, debut, duree, **champs: avis(f"{n:04d}", debut, debut + duree, **champs),
        st.integers(0, 9999),
        st.integers(0, 1300),
        st.integers(0, 250),
        nature=st.sampled_from(["initiale", "prolongation"]),
        risque=st.sampled_from(["maladie", "maladie", "maladie", "at"]),
        ald=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda p: p.id_avis,
)


@settings(deadline=None, max_examples=60)
@given(quelconques, st.integers(-10, 1600))
def test_counter_keeps_its_bounds_whatever_the_prescriptions(prescriptions: list[Prescription], n: int) -> None:
    jour = J0 + timedelta(days=n)
    c: CompteurIJ = compteur(prescriptions, jour, REF)
    couverts = {j for p in prescriptions if p.risque == "maladie" and not p.ald for j in p.jours if j <= jour}
    assert 0 <= c.ij_utilisees <= min(360, len(couverts))
    assert c.ij_utilisees + c.ij_restantes == 360
    assert c.ij_utilisees <= c.ij_utilisees_max
    assert c.epuisement_projete is None or c.epuisement_projete >= jour
    assert compteur(list(reversed(prescriptions)) + prescriptions, jour, REF) == c


@pytest.mark.parametrize(("ald", "epuisement"), [(True, None), (False, J0 + timedelta(days=370))])
def test_an_affection_of_l324_1_is_not_stopped_by_the_cap(ald: bool, epuisement: date | None) -> None:
    prescriptions = [avis("a", 0, 362), suite("b", 363, 400, ald=ald)]
    c = compteur(prescriptions, J0 + timedelta(days=370), REF)
    assert (c.ij_utilisees, c.epuisement_projete) == (360, epuisement)
