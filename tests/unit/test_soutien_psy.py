"""Mon soutien psy: one verdict per condition, on each side of each date."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pdp.domain.calendrier import add_mois
from pdp.domain.referentiel import Referentiel
from pdp.domain.soutien_psy import FaitsSoutienPsy, Verdict, dernier_jour_fenetre, eligibilite, resume_statut
from pdp.errors import ReferentielIncomplet
from pdp.referentiel import load_referentiel

REF = load_referentiel()
SANS_DROIT = {"droit_psychiatrique": False}
AVANT, DEPUIS = date(2025, 5, 15), date(2025, 5, 16)


def verdict(parametre: str, jour: date, **faits: object) -> Verdict | None:
    """The verdict drawn from one key of the referential."""
    trouves = [v for v in eligibilite(FaitsSoutienPsy(**(SANS_DROIT | faits)), jour, REF) if v.parametre.split("@")[0] == parametre]
    assert len(trouves) <= 1
    return trouves[0] if trouves else None


def statut(parametre: str, jour: date, **faits: object) -> str | None:
    trouve = verdict(parametre, jour, **faits)
    return trouve.statut if trouve else None


@pytest.mark.parametrize(
    ("jour", "seances", "parametre", "attendu"),
    [
        (date(2022, 4, 5), 7, "psy_quota", "eligible"),
        (date(2022, 4, 5), 8, "psy_quota", "non_eligible"),
        (date(2024, 6, 28), 8, "psy_quota", "non_eligible"),
        (date(2024, 6, 29), 7, "psy_quota", "eligible"),
        (date(2024, 6, 29), 8, "psy_quota_pratique", "a_verifier"),
        (AVANT, 11, "psy_quota_pratique", "a_verifier"),
        (AVANT, 12, "psy_quota", "non_eligible"),
        (DEPUIS, 8, "psy_quota", "eligible"),
        (DEPUIS, 11, "psy_quota", "eligible"),
        (DEPUIS, 12, "psy_quota", "non_eligible"),
        (DEPUIS + timedelta(days=1), 13, "psy_quota", "non_eligible"),
        (DEPUIS, None, "psy_quota", "a_verifier"),
    ],
)
def test_quota_of_the_civil_year(jour: date, seances: int | None, parametre: str, attendu: str) -> None:
    assert statut(parametre, jour, seances_annee=seances) == attendu


def test_remaining_sessions_are_said() -> None:
    assert verdict("psy_quota", DEPUIS, seances_annee=0).motif == "Il reste 12 séances remboursées en 2025."
    assert verdict("psy_quota", DEPUIS, seances_annee=11).motif == "Il reste 1 séance remboursée en 2025."


@pytest.mark.parametrize(
    ("jour", "lettre", "parametre", "attendu"),
    [
        (date(2024, 6, 28), None, "psy_adressage_requis", "a_verifier"),
        (date(2024, 6, 29), None, "psy_adressage_requis", "eligible"),
        (date(2024, 6, 30), None, "psy_adressage_requis", "eligible"),
        (date(2024, 3, 9), date(2024, 3, 10), "psy_adressage_requis", "a_verifier"),  # letter of the day after
        (date(2024, 3, 10), date(2024, 3, 10), "psy_lettre_validite", "eligible"),
        (date(2024, 3, 9), date(2023, 9, 10), "psy_lettre_validite", "eligible"),
        (date(2024, 3, 10), date(2023, 9, 10), "psy_lettre_validite", "eligible"),
        (date(2024, 3, 11), date(2023, 9, 10), "psy_lettre_validite", "non_eligible"),
        (date(2024, 6, 29), date(2023, 1, 1), "psy_adressage_requis", "eligible"),
    ],
)
def test_letter(jour: date, lettre: date | None, parametre: str, attendu: str) -> None:
    assert statut(parametre, jour, lettre_le=lettre) == attendu


# arrêt begun on 1 October 2024: J180 on 29 March 2025, « plus de 6 mois » from 1 April 2025
@pytest.mark.parametrize(
    ("jour", "attendu"),
    [
        (date(2025, 3, 28), "eligible"),
        (date(2025, 3, 29), "a_verifier"),
        (date(2025, 3, 31), "a_verifier"),
        (date(2025, 4, 1), "non_eligible"),
        (AVANT, "non_eligible"),
        (DEPUIS, "a_verifier"),  # the exclusion is not confirmed any more: warn
    ],
)
def test_psychiatric_arret_over_six_months(jour: date, attendu: str) -> None:
    assert statut("psy_exclusion_arret_psy", jour, arret_debut=date(2024, 10, 1), motif_categorie="psychique") == attendu


@pytest.mark.parametrize(
    ("motif", "attendu"),
    [("psychique", "non_eligible"), ("non_renseigne", "a_verifier"), ("tms", None), ("autre", None)],
)
def test_only_a_psychiatric_arret_may_exclude(motif: str, attendu: str | None) -> None:
    assert statut("psy_exclusion_arret_psy", AVANT, arret_debut=date(2024, 1, 1), motif_categorie=motif) == attendu


def test_window_closes_the_day_before_j180() -> None:
    assert dernier_jour_fenetre(date(2024, 10, 1), AVANT, REF) == date(2025, 3, 28)
    assert (
        "28/03/2025"
        in verdict("psy_exclusion_arret_psy", date(2025, 1, 1), arret_debut=date(2024, 10, 1), motif_categorie="psychique").motif
    )


@pytest.mark.parametrize(
    ("jour", "fini", "attendu"),
    [
        (AVANT, date(2023, 5, 14), None),
        (AVANT, date(2023, 5, 15), "non_eligible"),
        (AVANT, date(2023, 5, 16), "non_eligible"),
        (DEPUIS, date(2023, 5, 16), "a_verifier"),
        (DEPUIS, date(2023, 5, 15), None),
        (DEPUIS, None, None),
    ],
)
def test_long_arret_of_the_past_two_years(jour: date, fini: date | None, attendu: str | None) -> None:
    assert statut("psy_exclusion_recul_annees", jour, arret_psy_long_fini_le=fini) == attendu


@pytest.mark.parametrize(
    ("jour", "droit", "attendu"),
    [
        (AVANT, True, "non_eligible"),
        (DEPUIS, True, "a_verifier"),
        (AVANT, None, "a_verifier"),
        (DEPUIS, None, "a_verifier"),
        (AVANT, False, None),
        (DEPUIS, False, None),
    ],
)
def test_psychiatric_ald_or_invalidity(jour: date, droit: bool | None, attendu: str | None) -> None:
    assert statut("psy_exclusion_bloquante", jour, droit_psychiatrique=droit) == attendu


@pytest.mark.parametrize(("jours", "attendu"), [(-1, None), (0, None), (1, "non_eligible")])
def test_age_of_three(jours: int, attendu: str | None) -> None:
    naissance = add_mois(DEPUIS, -36) + timedelta(days=jours)
    assert statut("psy_age_min", DEPUIS, naissance_le=naissance) == attendu


@pytest.mark.parametrize("jour", [date(2018, 6, 1), date(2022, 4, 4)])
def test_before_the_national_scheme_there_is_no_answer(jour: date) -> None:
    with pytest.raises(ReferentielIncomplet):
        eligibilite(FaitsSoutienPsy(), jour, REF)
    assert eligibilite(FaitsSoutienPsy(), date(2022, 4, 5), REF)


def test_missing_law_stops_instead_of_guessing() -> None:
    faits = FaitsSoutienPsy(arret_debut=AVANT, motif_categorie="psychique")
    for absente in ("psy_quota", "psy_adressage_requis", "psy_exclusion_arret_psy", "psy_exclusion_bloquante", "psy_age_min"):
        with pytest.raises(ReferentielIncomplet):
            eligibilite(faits, DEPUIS, Referentiel(p for p in REF if p.cle != absente))


@pytest.mark.parametrize(
    ("statuts", "attendu"),
    [
        (["eligible"], "eligible"),
        (["eligible", "a_verifier"], "a_verifier"),
        (["a_verifier", "non_eligible", "eligible"], "non_eligible"),
    ],
)
def test_summary_is_the_most_cautious(statuts: list[str], attendu: str) -> None:
    assert resume_statut([Verdict(s, "", "") for s in statuts]) == attendu


def test_nothing_known_is_to_be_checked_never_refused() -> None:
    assert resume_statut(eligibilite(FaitsSoutienPsy(), date(2026, 11, 22), REF)) == "a_verifier"


def test_clear_case_is_eligible() -> None:
    faits = FaitsSoutienPsy(date(2026, 9, 1), "psychique", seances_annee=0, naissance_le=date(1980, 1, 1), droit_psychiatrique=False)
    assert resume_statut(eligibilite(faits, date(2026, 11, 22), REF)) == "eligible"
