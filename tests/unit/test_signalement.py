"""Thresholds, motives, priority, exclusions: each at day -1, 0, +1."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

import pytest

from pdp.domain.calendrier import add_mois
from pdp.domain.referentiel import Referentiel
from pdp.domain.signalement import (
    EXCLUSIONS,
    PALIERS,
    REGLES,
    Evaluation,
    Exclusion,
    FaitsEpisode,
    dernier_jour_avant_palier,
    evaluate,
    find_exclusion,
    is_a_trier,
    list_franchissements,
)
from pdp.errors import ReferentielIncomplet
from pdp.referentiel import load_referentiel

J0 = date(2026, 1, 1)
LONG = FaitsEpisode(debut=J0, fin=J0 + timedelta(days=400))
REF = load_referentiel()


def jour(n: int) -> date:
    """J0 + n."""
    return J0 + timedelta(days=n)


def regles(evaluation: Evaluation) -> set[str]:
    return {m.regle for m in evaluation.motifs}


# « plus de 30 jours » is duration 31 = J0 + 30; « au moins 60 jours » is duration 60 = J0 + 59
@pytest.mark.parametrize(("palier", "franchi", "avant"), [(30, 30, None), (60, 59, 30), (90, 89, 60), (180, 179, 90)])
def test_threshold_is_reached_on_its_day(palier: int, franchi: int, avant: int | None) -> None:
    assert evaluate(LONG, jour(franchi - 1), REF).palier == avant
    for n in (franchi, franchi + 1):
        evaluation = evaluate(LONG, jour(n), REF)
        assert (evaluation.palier, evaluation.franchi_le) == (palier, jour(franchi))
        (motif,) = (m for m in evaluation.motifs if m.regle.startswith("palier"))
        assert (motif.regle, motif.valeur_observee, motif.seuil) == (f"palier_{palier}", n + 1, palier)
        assert motif.parametre == f"palier_signalement_j{palier}@origine"
        assert str(n + 1) in motif.libelle


def test_all_thresholds_crossed_are_listed_in_order() -> None:
    atteints = list_franchissements(LONG, jour(200), REF)
    assert [(f.palier, f.franchi_le) for f in atteints] == [(30, jour(30)), (60, jour(59)), (90, jour(89)), (180, jour(179))]
    assert list_franchissements(LONG, jour(29), REF) == ()


@pytest.mark.parametrize(("dernier", "palier"), [(57, 30), (58, 30), (59, 60), (60, 60)])
def test_nothing_after_the_last_prescribed_day_is_absence(dernier: int, palier: int) -> None:
    """Seen two days after its end, the last day that still counts as under way."""
    faits = replace(LONG, fin=jour(dernier))
    assert evaluate(faits, jour(dernier + 2), REF).palier == palier


@pytest.mark.parametrize(("apres", "exclusion"), [(0, None), (1, None), (2, None), (3, "arret_termine"), (90, "arret_termine")])
def test_arret_is_over_once_the_tolerance_has_passed(apres: int, exclusion: str | None) -> None:
    faits = replace(LONG, fin=jour(99))
    evaluation = evaluate(faits, jour(99 + apres), REF)
    assert evaluation.exclusion == exclusion
    assert evaluation.palier == (None if exclusion else 90)


@pytest.mark.parametrize(("n", "exclusion"), [(-1, "arret_a_venir"), (0, None)])
def test_arret_to_come(n: int, exclusion: str | None) -> None:
    assert find_exclusion(LONG, jour(n), REF) == exclusion


@pytest.mark.parametrize("risque", ["maladie", "at", "mp", "trajet", "maternite", "paternite"])
def test_maternity_and_paternity_are_never_signalled(risque: str) -> None:
    evaluation = evaluate(replace(LONG, risque=risque), jour(100), REF)
    if risque in ("maternite", "paternite"):
        assert evaluation == Evaluation(None, None, (), 0, risque)
    else:
        assert (evaluation.palier, evaluation.exclusion) == (90, None)


@pytest.mark.parametrize(("decalage", "exclusion"), [(-1, "age"), (0, "age"), (1, None)])
def test_age_of_67_is_excluded_from_the_birthday_on(decalage: int, exclusion: str | None) -> None:
    naissance = add_mois(jour(100), -67 * 12) + timedelta(days=decalage)
    assert find_exclusion(replace(LONG, naissance_le=naissance), jour(100), REF) == exclusion


def test_part_time_only_is_not_absence_unless_policy_says_so() -> None:
    faits = replace(LONG, seulement_tpt=True)
    assert find_exclusion(faits, jour(100), REF) == "temps_partiel_seul"
    autre = Referentiel(replace(p, valeur=True) if p.cle == "signaler_tpt_seul" else p for p in REF)
    assert evaluate(faits, jour(100), autre).palier == 90


def test_every_exclusion_has_a_french_sentence() -> None:
    assert set(EXCLUSIONS) == set(get_args(Exclusion))


@pytest.mark.parametrize(
    ("regle", "faits", "n", "se_declenche"),
    [
        ("psychique_avant_j180", {"motif_categorie": "psychique"}, 118, False),  # 61 days before J180
        ("psychique_avant_j180", {"motif_categorie": "psychique"}, 119, True),
        ("psychique_avant_j180", {"motif_categorie": "psychique"}, 120, True),
        ("psychique_avant_j180", {"motif_categorie": "psychique"}, 178, True),
        ("psychique_avant_j180", {"motif_categorie": "psychique"}, 179, False),  # J180 itself: the window is closed
        ("psychique_avant_j180", {"motif_categorie": "autre"}, 150, False),
        ("tms", {"motif_categorie": "tms"}, 30, True),
        ("tms", {"motif_categorie": "psychique"}, 30, False),
        ("repetition", {"nb_episodes_fenetre": 2}, 60, False),
        ("repetition", {"nb_episodes_fenetre": 3}, 60, True),
        ("repetition", {"nb_episodes_fenetre": 4}, 60, True),
        ("repetition", {"nb_episodes_fenetre": None}, 60, False),
        ("age", {"naissance_le": add_mois(jour(60), -600) + timedelta(days=1)}, 60, False),
        ("age", {"naissance_le": add_mois(jour(60), -600)}, 60, True),
        ("age", {"naissance_le": None}, 60, False),
        ("ij_270", {"ij_utilisees": 269}, 60, False),
        ("ij_270", {"ij_utilisees": 270}, 60, True),
        ("ij_270", {"ij_utilisees": 329}, 60, True),
        ("ij_270", {"ij_utilisees": 330}, 60, False),  # replaced by the stronger one
        ("ij_330", {"ij_utilisees": 329}, 60, False),
        ("ij_330", {"ij_utilisees": 330}, 60, True),
        ("ij_330", {"ij_utilisees": None}, 60, False),
    ],
)
def test_motive_fires_at_its_boundary(regle: str, faits: dict[str, object], n: int, se_declenche: bool) -> None:
    assert (regle in regles(evaluate(replace(LONG, **faits), jour(n), REF))) is se_declenche


def test_priority_is_the_sum_of_the_points_of_policy() -> None:
    faits = replace(LONG, motif_categorie="psychique", naissance_le=date(1970, 1, 1), nb_episodes_fenetre=3, ij_utilisees=335)
    evaluation = evaluate(faits, jour(150), REF)
    assert regles(evaluation) == {"palier_90", "psychique_avant_j180", "repetition", "age", "ij_330"}
    attendu = {m.regle: REF.entier(next(r.points for r in REGLES if r.cle == m.regle), jour(150)) for m in evaluation.motifs}
    assert {m.regle: m.points for m in evaluation.motifs} == attendu
    assert evaluation.priorite == sum(attendu.values()) == 30 + 25 + 10 + 5 + 30


def test_no_threshold_no_motive() -> None:
    """Three short arrêts of an older person are no reason to call by themselves."""
    faits = replace(LONG, naissance_le=date(1970, 1, 1), nb_episodes_fenetre=5, ij_utilisees=340)
    assert evaluate(faits, jour(29), REF) == Evaluation(None, None, (), 0)


def test_policy_of_a_platform_moves_its_threshold_only() -> None:
    general = next(p for p in REF if p.cle == "palier_signalement_j60")
    referentiel = Referentiel([*REF, replace(general, plateforme="56", valeur=45)])
    faits = replace(LONG, fin=jour(50))
    assert evaluate(faits, jour(50), referentiel, "56").palier == 60
    assert evaluate(faits, jour(50), referentiel, "56").motifs[0].parametre == "palier_signalement_j60/56@origine"
    assert evaluate(faits, jour(50), referentiel, "35").palier == 30


def test_new_policy_applies_from_its_first_day() -> None:
    ancien = next(p for p in REF if p.cle == "palier_signalement_j60")
    bascule = jour(50)
    lignes = [p for p in REF if p is not ancien]
    referentiel = Referentiel([*lignes, replace(ancien, au=jour(49)), replace(ancien, du=bascule, valeur=45)])
    assert evaluate(LONG, jour(49), referentiel).palier == 30
    evaluation = evaluate(LONG, bascule, referentiel)
    assert (evaluation.palier, evaluation.franchi_le) == (60, jour(44))
    assert evaluation.motifs[0].parametre == f"palier_signalement_j60@{bascule}"


def test_missing_policy_stops_instead_of_guessing() -> None:
    for absente in ("palier_signalement_j90", "points_palier_30", "tolerance_horloge_risque_jours", "age_exclusion"):
        with pytest.raises(ReferentielIncomplet):
            evaluate(replace(LONG, naissance_le=date(1990, 1, 1)), jour(30), Referentiel(p for p in REF if p.cle != absente))


@pytest.mark.parametrize(("palier", "a_trier"), [(30, False), (60, True), (90, True), (180, True)])
def test_only_some_thresholds_go_to_the_tri(palier: int, a_trier: bool) -> None:
    assert is_a_trier(palier, jour(0), REF) is a_trier


@pytest.mark.parametrize("debut", [date(2026, 1, 1), date(2025, 9, 1), date(2027, 9, 1), date(2026, 8, 31)])
def test_window_closes_before_six_months_whatever_the_months(debut: date) -> None:
    assert dernier_jour_avant_palier(180, debut, debut, REF) == debut + timedelta(days=178)
    assert dernier_jour_avant_palier(180, debut, debut, REF) < add_mois(debut, 6)


def test_sentences_are_french_and_agree_in_number() -> None:
    def phrase(n: int) -> str:
        return next(
            m.libelle for m in evaluate(replace(LONG, motif_categorie="psychique"), jour(n), REF).motifs if m.regle.startswith("psy")
        )

    assert "dans 1 jour (" in phrase(178)
    assert "dans 2 jours (" in phrase(177)


def test_rules_are_data_that_the_referential_can_serve() -> None:
    assert len({r.cle for r in REGLES}) == len(REGLES)
    assert all(r.version >= 1 for r in REGLES)
    for regle in REGLES:
        assert REF.get_parametre(regle.parametre, J0).comparateur is not None
        assert REF.entier(regle.points, J0) > 0
    assert [f"palier_{n}" for n in PALIERS] == [r.cle for r in REGLES if r.groupe == "palier"]
