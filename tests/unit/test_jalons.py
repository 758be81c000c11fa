"""Milestones of an arrêt: the day each opens, and the law that opened it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pdp.domain.jalons import FaitsJalons, Jalon, list_jalons
from pdp.domain.referentiel import Referentiel
from pdp.referentiel import load_referentiel

REF = load_referentiel()


def jalons(debut: date, risque: str = "maladie", motif: str = "psychique", jour: date | None = None) -> dict[str, Jalon]:
    return {j.cle: j for j in list_jalons(debut, risque, motif, jour or debut, REF)}


def test_milestones_of_an_illness_in_the_order_of_their_days() -> None:
    debut = date(2026, 9, 1)
    liste = list_jalons(debut, "maladie", "psychique", debut, REF)
    assert [(j.cle, (j.ouvre_le - debut).days) for j in liste] == [
        ("liaison", 30),  # beyond 30 days: day 31
        ("preparation_reprise_mc", 30),
        ("prereprise", 30),
        ("reprise", 59),  # from 60 days: day 60
        ("soutien_psy", 178),
        ("j180", 179),
        ("ouverture_six_mois", 181),  # 1 March
        ("soutien_psy_exclusion", 181),
    ]
    assert {j.cle: (j.effet, j.parametre) for j in liste} == {
        "liaison": ("ouvre", "liaison_min@2022-03-31"),
        "prereprise": ("ouvre", "prereprise_min@2022-04-01"),
        "preparation_reprise_mc": ("ouvre", "preparation_reprise_mc_min@2025-12-31"),
        "reprise": ("ouvre", "reprise_min_maladie@2022-04-01"),
        "soutien_psy": ("ferme", "palier_signalement_j180@origine"),
        "j180": ("avertit", "palier_signalement_j180@origine"),
        "ouverture_six_mois": ("avertit", "ij_ouverture_six_mois_min@origine"),
        "soutien_psy_exclusion": ("avertit", "psy_exclusion_arret_psy@2022-04-05"),
    }


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


# beyond 3 months until 30 December 2025, beyond 30 days since: the day itself chooses
@pytest.mark.parametrize(
    ("debut", "ouvre_le", "parametre"),
    [
        (date(2025, 9, 29), date(2025, 12, 29), "preparation_reprise_mc_min@origine"),
        (date(2025, 9, 30), date(2025, 12, 30), "preparation_reprise_mc_min@origine"),
        (date(2025, 10, 1), date(2025, 12, 31), "preparation_reprise_mc_min@2025-12-31"),
        (date(2025, 11, 30), date(2025, 12, 31), "preparation_reprise_mc_min@2025-12-31"),
        (date(2025, 12, 1), date(2025, 12, 31), "preparation_reprise_mc_min@2025-12-31"),
        (date(2025, 12, 2), date(2026, 1, 1), "preparation_reprise_mc_min@2025-12-31"),
        (date(2025, 12, 31), date(2026, 1, 30), "preparation_reprise_mc_min@2025-12-31"),
    ],
)
def test_preparation_by_the_medecin_conseil_follows_the_day_itself(debut: date, ouvre_le: date, parametre: str) -> None:
    for jour in (debut, date(2026, 6, 1)):
        jalon = jalons(debut, jour=jour)["preparation_reprise_mc"]
        assert (jalon.ouvre_le, jalon.parametre) == (ouvre_le, parametre)
        assert "à confirmer" in jalon.libelle  # both rows are


@pytest.mark.parametrize(
    ("debut", "ouvre_le"),
    [
        (date(2026, 1, 15), date(2026, 7, 15)),
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2023, 8, 29), date(2024, 2, 29)),
        (date(2023, 8, 31), date(2024, 2, 29)),
        (date(2024, 2, 29), date(2024, 8, 29)),
        (date(2026, 7, 1), date(2027, 1, 1)),
    ],
)
def test_second_entitlement_check_comes_after_six_months(debut: date, ouvre_le: date) -> None:
    jalon = jalons(debut)["ouverture_six_mois"]
    assert jalon.ouvre_le == ouvre_le
    assert "au moins 600 heures" in jalon.libelle
    assert "à vérifier" in jalon.libelle


@pytest.mark.parametrize("risque", ["at", "mp", "trajet", "maternite"])
def test_second_entitlement_check_is_for_illness_only(risque: str) -> None:
    assert "ouverture_six_mois" not in jalons(date(2026, 9, 1), risque)


# an arrêt for a psychiatric reason: excluded beyond 6 months; blocking until 15 May 2025, a warning since
@pytest.mark.parametrize(
    ("debut", "jour", "exclu_le", "effet", "bloquante"),
    [
        (date(2023, 12, 28), date(2024, 6, 28), date(2024, 6, 28), "bloque", "psy_exclusion_bloquante@2022-04-05"),
        (date(2023, 12, 29), date(2024, 6, 29), date(2024, 6, 29), "bloque", "psy_exclusion_bloquante@2022-04-05"),
        (date(2024, 11, 15), date(2025, 5, 14), date(2025, 5, 15), "bloque", "psy_exclusion_bloquante@2022-04-05"),
        (date(2024, 11, 15), date(2025, 5, 15), date(2025, 5, 15), "bloque", "psy_exclusion_bloquante@2022-04-05"),
        (date(2024, 11, 15), date(2025, 5, 16), date(2025, 5, 15), "avertit", "psy_exclusion_bloquante@2025-05-16"),
        (date(2024, 11, 16), date(2024, 12, 1), date(2025, 5, 16), "avertit", "psy_exclusion_bloquante@2025-05-16"),
        (date(2024, 11, 17), date(2024, 12, 1), date(2025, 5, 17), "avertit", "psy_exclusion_bloquante@2025-05-16"),
        (date(2021, 6, 1), date(2022, 5, 1), date(2022, 4, 5), "bloque", "psy_exclusion_bloquante@2022-04-05"),  # the scheme is younger
        (date(2021, 10, 4), date(2022, 5, 1), date(2022, 4, 5), "bloque", "psy_exclusion_bloquante@2022-04-05"),
        (date(2021, 10, 6), date(2022, 5, 1), date(2022, 4, 6), "bloque", "psy_exclusion_bloquante@2022-04-05"),
    ],
)
def test_exclusion_of_soutien_psy_warns_or_blocks_by_the_day(debut: date, jour: date, exclu_le: date, effet: str, bloquante: str) -> None:
    jalon = jalons(debut, jour=jour)["soutien_psy_exclusion"]
    assert (jalon.ouvre_le, jalon.effet, jalon.parametre_effet) == (exclu_le, effet, bloquante)
    assert "plus de 6 mois" in jalon.libelle
    assert ("vérifier" in jalon.libelle) is (effet == "avertit")


def test_exclusion_blocks_nobody_whose_motive_is_unknown() -> None:
    jour = date(2024, 10, 1)
    assert jalons(date(2024, 1, 1), motif="non_renseigne", jour=jour)["soutien_psy_exclusion"].effet == "avertit"
    assert jalons(date(2024, 1, 1), motif="psychique", jour=jour)["soutien_psy_exclusion"].effet == "bloque"


@pytest.mark.parametrize(
    ("faits", "attendu"),
    [
        (None, set()),
        (FaitsJalons(), set()),
        (FaitsJalons(epuisement_le=date(2027, 2, 1)), {("epuisement", date(2027, 2, 1), "ij_plafond_trois_ans@origine")}),
        (
            FaitsJalons(epuisement_si_poursuite=date(2027, 2, 1)),
            {("epuisement_si_poursuite", date(2027, 2, 1), "ij_plafond_trois_ans@origine")},
        ),
        (
            FaitsJalons(epuisement_le=date(2027, 2, 1), epuisement_si_poursuite=date(2027, 2, 1)),
            {("epuisement", date(2027, 2, 1), "ij_plafond_trois_ans@origine")},
        ),
        (
            FaitsJalons(fins_l324=(date(2028, 3, 9), date(2027, 1, 1), date(2028, 3, 9))),
            {
                ("fin_l324", date(2027, 1, 1), "ij_max_l324_1_annees@origine"),
                ("fin_l324", date(2028, 3, 9), "ij_max_l324_1_annees@origine"),
            },
        ),
    ],
)
def test_ends_of_rights_known_elsewhere(faits: FaitsJalons | None, attendu: set[tuple[str, date, str]]) -> None:
    debut = date(2026, 9, 1)
    trouves = list_jalons(debut, "maladie", "autre", debut, REF, None, faits)
    fins = [(j.cle, j.ouvre_le, j.parametre) for j in trouves if j.effet == "ferme"]
    assert len(fins) == len(attendu)
    assert set(fins) == attendu
    assert [j.ouvre_le for j in trouves] == sorted(j.ouvre_le for j in trouves)


@pytest.mark.parametrize(
    ("naissance", "jour", "ouvre_le"),
    [
        (date(1981, 12, 31), date(2023, 12, 31), None),
        (date(1981, 12, 31), date(2024, 1, 1), date(2024, 1, 1)),
        (date(1981, 1, 1), date(2026, 12, 31), date(2024, 1, 1)),
        (date(1981, 1, 1), date(2027, 1, 1), None),
        (date(1977, 6, 1), date(2022, 3, 30), None),  # the visit does not exist yet
        (date(1977, 6, 1), date(2022, 3, 31), date(2020, 1, 1)),
        (None, date(2026, 1, 1), None),
    ],
)
def test_visit_of_mid_career(naissance: date | None, jour: date, ouvre_le: date | None) -> None:
    trouves = {j.cle: j for j in list_jalons(jour, "maladie", "autre", jour, REF, None, FaitsJalons(naissance_le=naissance))}
    jalon = trouves.get("mi_carriere")
    assert (jalon.ouvre_le if jalon else None) == ouvre_le
    assert jalon is None or jalon.parametre == "mi_carriere_age@2022-03-31"


@pytest.mark.parametrize(
    ("cle", "jalon"),
    [
        ("preparation_reprise_mc_min", "preparation_reprise_mc"),
        ("ij_ouverture_six_mois_min", "ouverture_six_mois"),
        ("psy_exclusion_arret_psy", "soutien_psy_exclusion"),
    ],
)
def test_open_value_gives_no_date_and_a_missing_one_no_milestone(cle: str, jalon: str) -> None:
    debut = date(2026, 9, 1)
    ouvert = Referentiel(replace(p, valeur=None) if p.cle == cle else p for p in REF)
    trouve = {j.cle: j for j in list_jalons(debut, "maladie", "psychique", debut, ouvert)}[jalon]
    assert trouve.ouvre_le is None
    assert "à confirmer" in trouve.libelle
    absent = Referentiel(p for p in REF if p.cle != cle)
    assert jalon not in {j.cle for j in list_jalons(debut, "maladie", "psychique", debut, absent)}


def test_what_is_not_known_is_left_out_of_the_sentence() -> None:
    debut = date(2026, 9, 1)
    absent = Referentiel(p for p in REF if p.cle != "ij_ouverture_six_mois_heures")
    ouvert = Referentiel(replace(p, valeur=None) if p.cle == "ij_ouverture_six_mois_heures" else p for p in REF)
    for ref in (absent, ouvert):
        jalon = {j.cle: j for j in list_jalons(debut, "maladie", "autre", debut, ref)}["ouverture_six_mois"]
        assert jalon.libelle == "Une seconde condition d'ouverture des droits aux indemnités est vérifiée"


@pytest.mark.parametrize(("annee", "trouve"), [(2025, False), (2026, True), (2027, False)])
def test_mid_career_without_anticipation_is_one_civil_year(annee: int, trouve: bool) -> None:
    ref = Referentiel(p for p in REF if p.cle != "mi_carriere_anticipation")
    jour = date(annee, 6, 1)
    cles = {j.cle for j in list_jalons(jour, "maladie", "autre", jour, ref, None, FaitsJalons(naissance_le=date(1981, 5, 5)))}
    assert ("mi_carriere" in cles) is trouve


def test_a_policy_dated_after_its_milestone_does_not_move_it() -> None:
    debut, jour = date(2026, 1, 1), date(2026, 10, 1)
    palier = next(p for p in REF if p.cle == "palier_signalement_j180")
    ref = Referentiel([*(p for p in REF if p is not palier), replace(palier, au=date(2026, 8, 31)), replace(palier, du=date(2026, 9, 1))])
    assert {j.cle: j for j in list_jalons(debut, "maladie", "autre", jour, ref)}["j180"].ouvre_le == debut + timedelta(days=179)
