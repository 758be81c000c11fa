"""The kernels at every boundary of the rules: gaps, suspensions, waiting days, payments, cap."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from fabrique_calcul import Histoire, jour_ou_rien, regles, to_jours, to_prescriptions, to_suspensions, to_versements, valeurs
from pdp.calcul.calendrier import numero
from pdp.calcul.etats import compute_droits, compute_episodes
from pdp.calcul.regles import Valeurs
from pdp.domain.arret import Periode, Prescription, Versement
from pdp.domain.droits_ij import EtatDroits, etat_droits
from pdp.errors import ReferentielIncomplet
from pdp.referentiel import load_referentiel

REF = load_referentiel()
LUNDI = date(2026, 3, 2)
J = timedelta(days=1)


def arret(du: int, au: int, nom: str = "", **champs: object) -> Prescription:
    return Prescription(nom or f"A{du}", LUNDI + du * J, LUNDI + au * J, **champs)


def episodes(histoire: Histoire) -> list[tuple[int, int, int]]:
    """(first day, last day, prescribed days), counted from LUNDI."""
    autre = Histoire([arret(-500, 500)], [Periode(LUNDI - 400 * J, None)])
    p, _ = to_prescriptions([autre, histoire, autre])
    e = compute_episodes(p, to_suspensions([autre, histoire, autre]), regles(REF, LUNDI))
    base = numero(LUNDI)
    lignes = zip(e.personne, e.debut, e.fin, e.jours_prescrits, strict=True)
    return [(int(d - base), int(f - base), int(n)) for personne, d, f, n in lignes if personne == 1]


def droits(histoire: Histoire, jour: date = LUNDI, **champs: object) -> EtatDroits:
    d = compute_droits(to_prescriptions([histoire])[0], to_versements([histoire]), 1, regles(REF, jour, **champs))
    ensembles = (to_jours(s, 1)[0] for s in (d.carence, d.comptees, d.refusees, d.l324, d.atmp))
    return EtatDroits(*ensembles, *(jour_ou_rien(t[0]) for t in (d.verse_jusqu_au, d.epuisement_le, d.seuil_1_le, d.seuil_2_le)))


@pytest.mark.parametrize(("trou", "nombre"), [(0, 1), (1, 1), (2, 1), (3, 2)])
def test_gap_at_the_tolerance(trou: int, nombre: int) -> None:
    assert len(episodes(Histoire([arret(0, 9), arret(10 + trou, 19)]))) == nombre


@pytest.mark.parametrize(
    ("suspension", "reprise", "nombre"),
    [
        pytest.param((10, 40), 41, 1, id="31-neutral"),
        pytest.param((10, 41), 42, 2, id="32-neutral"),
        pytest.param((10, 40), 43, 1, id="31-neutral-and-2-missing"),
        pytest.param((10, 40), 44, 2, id="31-neutral-and-3-missing"),
        pytest.param((12, 14), 15, 1, id="2-missing-before"),
        pytest.param((13, 15), 16, 2, id="3-missing-before"),
        pytest.param((5, 60), 20, 1, id="longer-than-the-gap"),
        pytest.param((9, 9), 13, 2, id="inside-the-arret"),
        pytest.param((10, 9), 13, 2, id="reversed"),
        pytest.param((10, None), 30, 1, id="open"),
        pytest.param((9, None), 30, 2, id="open-begun-while-covered"),
        pytest.param((12, None), 30, 1, id="open-begun-2-days-later"),
        pytest.param((13, None), 30, 2, id="open-begun-3-days-later"),
        pytest.param((10, None), 42, 2, id="open-too-long"),
    ],
)
def test_suspension_between_two_arrets(suspension: tuple[int, int | None], reprise: int, nombre: int) -> None:
    du, au = suspension
    periode = Periode(LUNDI + du * J, None if au is None else LUNDI + au * J)
    assert len(episodes(Histoire([arret(0, 9), arret(reprise, reprise + 5)], [periode]))) == nombre


def test_suspended_days_are_not_prescribed_and_overlaps_count_once() -> None:
    suspensions = [Periode(LUNDI + a * J, LUNDI + b * J) for a, b in ((10, 15), (12, 19), (16, 17))]
    assert episodes(Histoire([arret(0, 9), arret(5, 7), arret(20, 24)], suspensions)) == [(0, 24, 15)]


@pytest.mark.parametrize(
    ("arrets", "carence", "comptes"),
    [
        pytest.param([arret(0, 2)], 3, 0, id="shorter-than-carence"),
        pytest.param([arret(0, 3)], 3, 1, id="first-ij"),
        pytest.param([arret(0, 9), arret(12, 13, nature="prolongation")], 3, 9, id="chain-goes-on-after-2"),
        pytest.param([arret(0, 9), arret(13, 14, nature="prolongation")], 5, 7, id="new-chain-after-3"),
        pytest.param([arret(0, 9), arret(10, 19)], 6, 14, id="adjacent-initiale"),
        pytest.param([arret(0, 9), arret(10, 19), arret(10, 12, "B", nature="prolongation")], 3, 17, id="prolongation-beside"),
        pytest.param([arret(0, 9), arret(9, 19)], 3, 17, id="initiale-that-overlaps"),
        pytest.param([arret(0, 0), arret(2, 2, nature="prolongation"), arret(4, 9, nature="prolongation")], 3, 5, id="carence-in-pieces"),
        pytest.param([arret(0, 9, risque="at")], 0, 0, id="at"),
        pytest.param([arret(0, 9, ald=True)], 3, 0, id="l324"),
    ],
)
def test_chains_and_carence(arrets: list[Prescription], carence: int, comptes: int) -> None:
    etat = droits(Histoire(arrets))
    assert (len(etat.carence), len(etat.comptees)) == (carence, comptes)


@pytest.mark.parametrize(
    ("versements", "comptes", "carence", "horizon"),
    [
        pytest.param([], 17, 3, None, id="none"),
        pytest.param([(0, 9, 7)], 17, 3, 9, id="as-prescribed"),
        pytest.param([(0, 9, 10)], 20, 0, 9, id="carence-paid"),
        pytest.param([(0, 9, 2)], 12, 3, 9, id="two-days-only"),
        pytest.param([(0, 9, 7), (0, 9, -7)], 17, 3, None, id="taken-back"),
        pytest.param([(0, 9, 7), (0, 9, 99)], 20, 0, 9, id="never-more-than-the-period"),
        pytest.param([(0, 9, 4), (6, 12, 3)], 7 + 7, 3, 12, id="overlapping-periods"),
        pytest.param([(-30, -28, 3)], 20, 3, -28, id="nobody-prescribed-them"),
        pytest.param([(0, 9, 0), (15, 16, -1)], 17, 3, None, id="net-not-above-zero"),
    ],
)
def test_payments_speak_first(versements: list[tuple[int, int, int]], comptes: int, carence: int, horizon: int | None) -> None:
    payes = [Versement(LUNDI + a * J, LUNDI + b * J, n) for a, b, n in versements]
    etat = droits(Histoire([arret(0, 19)], versements=payes))
    assert (len(etat.comptees), len(etat.carence)) == (comptes, carence)
    assert etat.verse_jusqu_au == (None if horizon is None else LUNDI + horizon * J)
    assert etat == etat_droits([arret(0, 19)], LUNDI, REF, payes)


@pytest.mark.parametrize("debut", [date(2023, 2, 28), date(2023, 3, 1), date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)])
@pytest.mark.parametrize("duree", [362, 363, 364, 1500])
def test_cap_around_leap_days(debut: date, duree: int) -> None:
    """IJ 360 is the last of the 363rd day; one year and more later, days leave the window one by one, two or none around 29 February."""
    arrets = [Prescription("A", debut, debut + (duree - 1) * J)]
    etat = droits(Histoire(arrets), debut)
    assert etat == etat_droits(arrets, debut, REF)
    assert len(etat.refusees) == max(0, duree - 363) - max(0, len(etat.comptees) - 360)
    assert (etat.epuisement_le is None) == (duree < 363)


@pytest.mark.parametrize(("jour", "attendu"), [(271, 272), (272, 272), (273, None), (275, None), (276, None)])
def test_alert_is_the_day_the_count_comes_to_meet_it(jour: int, attendu: int | None) -> None:
    """Day 273 carries IJ 270: due that day, not on the following ones, on which the count is merely above."""
    etat = droits(Histoire([arret(0, 275)]), LUNDI + jour * J)
    assert etat.seuil_1_le == (None if attendu is None else LUNDI + attendu * J)
    assert etat.seuil_2_le is None


def test_a_day_without_value_stops_the_computation() -> None:
    connues = valeurs(REF, "ij_carence_jours")
    tardives = Valeurs("ij_carence_jours", np.array([numero(LUNDI)], np.int32), connues.au, connues.valeur)
    assert droits(Histoire([arret(0, 9)]), carences=tardives).comptees
    with pytest.raises(ReferentielIncomplet) as erreur:
        droits(Histoire([arret(-1, 9)]), carences=tardives)
    assert (erreur.value.cle, erreur.value.jour) == ("ij_carence_jours", LUNDI - J)


def test_nobody_at_all() -> None:
    d = compute_droits(to_prescriptions([])[0], to_versements([]), 0, regles(REF, LUNDI))
    assert len(d.comptees.debut) == len(d.verse_jusqu_au) == 0
    assert len(compute_episodes(to_prescriptions([])[0], to_suspensions([]), regles(REF, LUNDI)).debut) == 0


def test_changing_the_tolerance_is_read_from_the_rules() -> None:
    p, _ = to_prescriptions([Histoire([arret(0, 9), arret(13, 19)])])
    assert len(compute_episodes(p, to_suspensions([]), replace(regles(REF, LUNDI), tolerance=3)).debut) == 1
