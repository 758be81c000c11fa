"""Why an absence brings no signalement: each reason at its boundary, and the return to work that employers declare."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pdp.domain.arret import Periode
from pdp.domain.calendrier import add_mois
from pdp.domain.exclusion import ArretDeclare, FaitsEpisode, find_exclusion, find_reprise
from pdp.domain.referentiel import Referentiel
from pdp.domain.regles import CLES_EXCLUSION, Regles
from pdp.domain.signalement import Evaluation, evaluate
from pdp.referentiel import load_referentiel, load_regles

J0 = date(2026, 1, 1)
REF = load_referentiel()
REGLES = load_regles()
REPRISE = REGLES.find_exclusion("reprise_declaree", J0)


def jour(n: int) -> date:
    """J0 + n."""
    return J0 + timedelta(days=n)


LONG = FaitsEpisode(debut=J0, fin=jour(400))


def cle(faits: FaitsEpisode, n: int, referentiel: Referentiel = REF, plateforme: str | None = None, regles: Regles = REGLES) -> str | None:
    exclusion = find_exclusion(faits, jour(n), referentiel, regles, plateforme)
    return None if exclusion is None else exclusion.cle


def test_every_exclusion_has_its_sentence_and_its_source() -> None:
    assert {e.cle for e in REGLES.exclusions} == set(CLES_EXCLUSION)
    assert all(e.phrase.endswith(".") and e.source for e in REGLES.exclusions)


@pytest.mark.parametrize(("apres", "attendu"), [(0, None), (1, None), (2, None), (3, "arret_termine"), (90, "arret_termine")])
def test_arret_is_over_once_the_tolerance_has_passed(apres: int, attendu: str | None) -> None:
    faits = replace(LONG, fin=jour(99))
    evaluation = evaluate(faits, jour(99 + apres), REF, REGLES)
    assert (evaluation.exclusion.cle if evaluation.exclusion else None) == attendu
    assert evaluation.palier == (None if attendu else 90)


@pytest.mark.parametrize(("n", "attendu"), [(-1, "arret_a_venir"), (0, None)])
def test_arret_to_come(n: int, attendu: str | None) -> None:
    assert cle(LONG, n) == attendu


@pytest.mark.parametrize("risque", ["maladie", "at", "mp", "trajet", "maternite", "paternite"])
def test_maternity_and_paternity_are_never_signalled(risque: str) -> None:
    evaluation = evaluate(replace(LONG, risque=risque), jour(100), REF, REGLES)
    if risque in ("maternite", "paternite"):
        assert evaluation == Evaluation(None, None, (), 0, REGLES.find_exclusion(risque, jour(100)))
    else:
        assert (evaluation.palier, evaluation.exclusion) == (90, None)


@pytest.mark.parametrize(("decalage", "attendu"), [(-1, "age"), (0, "age"), (1, None)])
def test_age_of_67_is_excluded_from_the_birthday_on(decalage: int, attendu: str | None) -> None:
    naissance = add_mois(jour(100), -67 * 12) + timedelta(days=decalage)
    assert cle(replace(LONG, naissance_le=naissance), 100) == attendu


def test_part_time_only_is_not_absence_unless_policy_says_so() -> None:
    faits = replace(LONG, seulement_tpt=True)
    assert cle(faits, 100) == "temps_partiel_seul"
    autre = Referentiel(replace(p, valeur=True) if p.cle == "signaler_tpt_seul" else p for p in REF)
    assert evaluate(faits, jour(100), autre, REGLES).palier == 90


@pytest.mark.parametrize(("champ", "attendu"), [("reprise_le", "reprise_declaree"), ("retraite_le", "retraite"), ("deces_le", "deces")])
@pytest.mark.parametrize("ecart", [-1, 0, 1])
def test_end_declared_by_the_employer_counts_from_its_day(champ: str, attendu: str, ecart: int) -> None:
    assert cle(replace(LONG, **{champ: jour(100)}), 100 + ecart) == (attendu if ecart >= 0 else None)


@pytest.mark.parametrize(
    ("n", "plateforme", "attendu"),
    [(99, "PF35", None), (100, "PF35", "silence"), (120, "PF35", "silence"), (121, "PF35", None), (110, "PF57", None)],
)
def test_a_platform_is_silent_between_two_dates(n: int, plateforme: str, attendu: str | None) -> None:
    [general] = [p for p in REF if p.cle == "detection_silence"]
    silence = Referentiel([*REF, replace(general, plateforme="PF35", valeur=True, du=jour(100), au=jour(120))])
    assert cle(LONG, n, silence, plateforme) == attendu


def test_an_exclusion_taken_out_of_the_rules_excludes_nobody() -> None:
    sans = Regles(REGLES, [e for e in REGLES.exclusions if e.cle != "retraite"])
    assert cle(replace(LONG, retraite_le=jour(50)), 100, regles=sans) is None


def arret(debut: int, reprise: int | None, *, siret: str = "A", code: str = "01", kind: str | None = "01") -> ArretDeclare:
    return ArretDeclare(
        siret, jour(debut), code, f"{siret}{debut}", reprise_le=None if reprise is None else jour(reprise), reprise_code=kind
    )


@pytest.mark.parametrize(
    ("arrets", "suspensions", "avis", "attendu"),
    [
        pytest.param([arret(0, 50)], [], [0], 50, id="back to work"),
        pytest.param([arret(0, None)], [], [0], None, id="no resumption declared"),
        pytest.param([arret(0, 50, kind="02")], [], [0], None, id="therapeutic part-time is no return"),
        pytest.param([arret(0, 50, kind=None)], [], [0], None, id="kind of resumption unknown"),
        pytest.param([arret(0, 50, code="02")], [], [0], None, id="maternity leave says nothing of the absence"),
        pytest.param([arret(0, 50)], [(40, 49)], [0], 50, id="leave that ends the day before"),
        pytest.param([arret(0, 50)], [(50, 50)], [0], None, id="leave that very day"),
        pytest.param([arret(0, 50)], [(40, None)], [0], None, id="leave without known end"),
        pytest.param([arret(0, 50)], [(51, 60)], [0], 50, id="leave that begins the day after"),
        pytest.param([arret(0, 50)], [], [0, 49], 50, id="avis begun the day before"),
        pytest.param([arret(0, 50)], [], [0, 50], None, id="avis begun that day"),
        pytest.param([arret(0, 50)], [], [0, 60], None, id="avis begun later: absent again"),
        pytest.param([arret(0, 50), arret(0, None, siret="B")], [], [0], None, id="second employer still without her"),
        pytest.param([arret(0, 50), arret(0, 55, siret="B")], [], [0], 55, id="back at the last of two employers"),
        pytest.param([arret(0, 20), arret(30, None)], [], [0], None, id="arrêt declared again by the same employer"),
        pytest.param([arret(-90, -30)], [], [0], None, id="resumption of an older absence"),
        pytest.param([arret(-5, 0)], [], [0], None, id="resumption on the first day of the absence"),
    ],
)
def test_return_declared_by_employers(
    arrets: list[ArretDeclare], suspensions: list[tuple[int, int | None]], avis: list[int], attendu: int | None
) -> None:
    periodes = [Periode(jour(du), None if au is None else jour(au)) for du, au in suspensions]
    trouve = find_reprise(J0, jour(100), arrets, periodes, [jour(n) for n in avis], REPRISE)
    assert trouve == (None if attendu is None else jour(attendu))
