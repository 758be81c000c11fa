"""Thresholds, motives, priority, exclusions: each at day -1, 0, +1."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pdp.domain import signalement
from pdp.domain.calendrier import add_mois
from pdp.domain.exclusion import FaitsEpisode
from pdp.domain.referentiel import Referentiel
from pdp.domain.signalement import (
    PALIERS,
    Evaluation,
    dernier_jour_avant_palier,
    is_a_trier,
    priorite_du_jour,
)
from pdp.errors import ReferentielIncomplet
from pdp.referentiel import load_referentiel, load_regles

J0 = date(2026, 1, 1)
LONG = FaitsEpisode(debut=J0, fin=J0 + timedelta(days=400))
REF = load_referentiel()
REGLES = load_regles()


def evaluate(faits: FaitsEpisode, jour: date, referentiel: Referentiel = REF, plateforme: str | None = None) -> Evaluation:
    return signalement.evaluate(faits, jour, referentiel, REGLES, plateforme)


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
    atteints = signalement.list_franchissements(LONG, jour(200), REF, REGLES)
    assert [(f.palier, f.franchi_le) for f in atteints] == [(30, jour(30)), (60, jour(59)), (90, jour(89)), (180, jour(179))]
    assert signalement.list_franchissements(LONG, jour(29), REF, REGLES) == ()


@pytest.mark.parametrize(("dernier", "palier"), [(57, 30), (58, 30), (59, 60), (60, 60)])
def test_nothing_after_the_last_prescribed_day_is_absence(dernier: int, palier: int) -> None:
    """Seen two days after its end, the last day that still counts as under way."""
    faits = replace(LONG, fin=jour(dernier))
    assert evaluate(faits, jour(dernier + 2), REF).palier == palier


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
        ("epuisement_proche", {"epuisement_le": jour(91)}, 60, False),  # 31 days ahead
        ("epuisement_proche", {"epuisement_le": jour(90)}, 60, True),
        ("epuisement_proche", {"epuisement_le": jour(61)}, 60, True),
        ("epuisement_proche", {"epuisement_le": jour(60)}, 60, False),  # today: exhausted
        ("ij_epuisees", {"epuisement_le": jour(61)}, 60, False),
        ("ij_epuisees", {"epuisement_le": jour(60)}, 60, True),
        ("ij_epuisees", {"epuisement_le": None}, 60, False),
        ("inaptitude_declaree", {"inaptitude_le": jour(61)}, 60, False),
        ("inaptitude_declaree", {"inaptitude_le": jour(60)}, 60, True),
        ("inaptitude_declaree", {"inaptitude_le": jour(0)}, 365, True),
        ("inaptitude_declaree", {"inaptitude_le": jour(0)}, 366, False),
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
    assert evaluation.priorite == sum(attendu.values()) == 30 + 25 + 10 + 5 + 30 == priorite_du_jour(evaluation.motifs, jour(150))


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


def test_thresholds_are_rules_of_one_group() -> None:
    assert [f"palier_{n}" for n in PALIERS] == [r.cle for r in REGLES if r.groupe == "palier"]


@pytest.mark.parametrize(
    ("regle", "faits", "n", "dernier"),
    [
        ("palier_60", {"fin": jour(70)}, 60, 77),  # a prolongation may still come for seven days
        ("palier_60", {"fin": jour(70), "reprise_le": jour(65)}, 60, 64),  # a declared return closes everything the day before
        ("palier_60", {"fin": jour(70), "retraite_le": jour(80)}, 60, 77),
        ("psychique_avant_j180", {"motif_categorie": "psychique"}, 150, 178),
        ("psychique_avant_j180", {"motif_categorie": "psychique", "reprise_le": jour(160)}, 150, 159),
        ("repetition", {"nb_episodes_fenetre": 3}, 60, None),
        ("repetition", {"nb_episodes_fenetre": 3, "deces_le": jour(90)}, 60, 89),
        ("ij_270", {"ij_utilisees": 300, "epuisement_le": jour(120)}, 60, 119),
        ("ij_270", {"ij_utilisees": 300}, 60, None),
        ("epuisement_proche", {"epuisement_le": jour(70)}, 60, 69),
        ("ij_epuisees", {"epuisement_le": jour(60), "fin": jour(90)}, 60, 97),
    ],
)
def test_points_count_until_their_window_closes(regle: str, faits: dict[str, object], n: int, dernier: int | None) -> None:
    """`n`: day of the evaluation; `dernier`: last day on which the points count, the next one they do not."""
    evaluation = evaluate(replace(LONG, **faits), jour(n), REF)
    (motif,) = (m for m in evaluation.motifs if m.regle == regle)
    assert motif.valable_jusqu_au == (None if dernier is None else jour(dernier))
    assert motif.levier
    if dernier is None:
        assert motif.is_valable(jour(n + 1000))
    else:
        assert [motif.is_valable(jour(dernier + k)) for k in (-1, 0, 1)] == [True, True, False]
        assert priorite_du_jour([motif], jour(dernier)) == motif.points
        assert priorite_du_jour([motif], jour(dernier + 1)) == 0


def test_priority_of_the_day_falls_as_windows_close() -> None:
    faits = replace(LONG, fin=jour(160), motif_categorie="psychique", nb_episodes_fenetre=3)
    motifs = evaluate(faits, jour(130), REF).motifs
    assert [priorite_du_jour(motifs, jour(n)) for n in (130, 167, 168, 178, 179)] == [65, 65, 35, 35, 10]


def test_motive_names_its_rule_with_version_and_date() -> None:
    assert {m.regle_id for m in evaluate(LONG, jour(60), REF).motifs} == {"palier_60.2@origine"}
