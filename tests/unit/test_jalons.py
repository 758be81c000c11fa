"""Milestones of an arrêt: the day each opens, and the law that opened it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pdp.domain.jalons import Jalon, list_jalons
from pdp.referentiel import load_referentiel

REF = load_referentiel()


def jalons(debut: date, risque: str = "maladie", motif: str = "psychique", jour: date | None = None) -> dict[str, Jalon]:
    return {j.cle: j for j in list_jalons(debut, risque, motif, jour or debut, REF)}


def test_milestones_of_an_illness_in_the_order_of_their_days() -> None:
    debut = date(2026, 9, 1)
    liste = list_jalons(debut, "maladie", "psychique", debut, REF)
    assert [(j.cle, (j.ouvre_le - debut).days) for j in liste] == [
        ("liaison", 30),  # beyond 30 days: day 31
        ("prereprise", 30),
        ("reprise", 59),  # from 60 days: day 60
        ("soutien_psy", 178),
        ("j180", 179),
    ]
    assert [j.parametre for j in liste][:3] == ["liaison_min@2022-03-31", "prereprise_min@2022-04-01", "reprise_min_maladie@2022-04-01"]


@pytest.mark.parametrize(
    ("debut", "prereprise", "reprise"),
    [
        (date(2022, 3, 30), date(2022, 6, 30), date(2022, 4, 28)),
        (date(2022, 3, 31), date(2022, 6, 30), date(2022, 4, 29)),  # 31 June does not exist
        (date(2022, 4, 1), date(2022, 5, 1), date(2022, 5, 30)),
        (date(2022, 4, 2), date(2022, 5, 2), date(2022, 5, 31)),
    ],
)
def test_reform_of_2022_follows_the_first_day_of_the_arret(debut: date, prereprise: date, reprise: date) -> None:
    trouves = jalons(debut, jour=date(2022, 6, 1))
    assert (trouves["prereprise"].ouvre_le, trouves["reprise"].ouvre_le) == (prereprise, reprise)


@pytest.mark.parametrize(
    ("debut", "jour", "attendu"),
    [
        (date(2022, 1, 1), date(2022, 3, 30), None),  # the tool does not exist yet
        (date(2022, 1, 1), date(2022, 3, 31), date(2022, 3, 31)),  # opens for arrêts under way
        (date(2022, 3, 1), date(2022, 4, 1), date(2022, 3, 31)),
        (date(2022, 3, 2), date(2022, 4, 1), date(2022, 4, 1)),
    ],
)
def test_liaison_opens_for_arrets_under_way(debut: date, jour: date, attendu: date | None) -> None:
    jalon = jalons(debut, jour=jour).get("liaison")
    assert (jalon.ouvre_le if jalon else None) == attendu


@pytest.mark.parametrize(("risque", "jours"), [("maladie", 59), ("at", 29), ("mp", 0), ("maternite", 0)])
def test_visit_of_return_depends_on_the_risk(risque: str, jours: int) -> None:
    debut = date(2026, 9, 1)
    assert jalons(debut, risque)["reprise"].ouvre_le == debut + timedelta(days=jours)


def test_uncertain_law_gives_no_date_and_says_so() -> None:
    jalon = jalons(date(2026, 9, 1), "trajet")["reprise"]
    assert jalon.ouvre_le is None
    assert "à confirmer" in jalon.libelle
    assert jalon.parametre == "reprise_min_trajet@origine"
    assert list_jalons(date(2026, 9, 1), "trajet", "autre", date(2026, 9, 1), REF)[-1] == jalon


@pytest.mark.parametrize(("risque", "cles"), [("maternite", {"reprise"}), ("paternite", set())])
def test_leaves_have_no_milestone_of_absence(risque: str, cles: set[str]) -> None:
    assert set(jalons(date(2026, 9, 1), risque)) == cles


@pytest.mark.parametrize(("motif", "fenetre"), [("psychique", True), ("non_renseigne", True), ("tms", False), ("autre", False)])
def test_window_of_soutien_psy_only_where_it_may_close(motif: str, fenetre: bool) -> None:
    assert ("soutien_psy" in jalons(date(2026, 9, 1), motif=motif)) is fenetre
