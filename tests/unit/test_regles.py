"""Rules as data: which one applies, and what a faulty file is refused for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from pdp.domain.exclusion import FaitsEpisode
from pdp.domain.referentiel import Referentiel, ReferentielInvalide
from pdp.domain.regles import FENETRES, OBSERVATIONS, Regle, Regles, load
from pdp.domain.signalement import evaluate
from pdp.referentiel import CHEMIN_REGLES, load_referentiel, load_regles

J0 = date(2026, 1, 1)
BASCULE = date(2026, 3, 1)
REF = load_referentiel()
REGLES = load_regles()
[AGE] = [r for r in REGLES if r.cle == "age"]
FAITS = FaitsEpisode(debut=J0, fin=J0 + timedelta(days=400), naissance_le=date(1970, 1, 1))


def test_every_rule_shipped_says_what_a_call_can_still_change() -> None:
    assert {r.observation for r in REGLES} == set(OBSERVATIONS)
    assert {r.fenetre for r in REGLES} - {None} == set(FENETRES)
    for regle in REGLES:
        assert regle.levier.endswith(".")
        assert regle.source
        assert REF.get_parametre(regle.parametre, J0).comparateur is not None
        assert REF.entier(regle.points, J0) > 0


def regles_age(*lignes: Regle) -> Regles:
    return Regles([*(r for r in REGLES if r.cle != "age"), *lignes], REGLES.exclusions)


def motif_age(regles: Regles, jour: date, plateforme: str | None = None) -> str | None:
    motifs = evaluate(FAITS, jour, REF, regles, plateforme).motifs
    return next((m.regle_id for m in motifs if m.regle == "age"), None)


@pytest.mark.parametrize(("ecart", "attendu"), [(-1, "age.2@origine"), (0, "age.3@2026-03-01"), (1, "age.3@2026-03-01")])
def test_new_version_applies_from_its_first_day(ecart: int, attendu: str) -> None:
    regles = regles_age(replace(AGE, au=BASCULE - timedelta(days=1)), replace(AGE, du=BASCULE, version=3))
    assert motif_age(regles, BASCULE + timedelta(days=ecart)) == attendu


def test_rule_of_a_platform_replaces_the_general_one_there_only() -> None:
    propre = replace(AGE, plateforme="PF35", phrase="Ici : {observe} ans.", points="points_tms")
    regles = regles_age(AGE, propre)
    assert motif_age(regles, BASCULE, "PF35") == "age.2/PF35@origine"
    assert motif_age(regles, BASCULE, "PF57") == motif_age(regles, BASCULE) == "age.2@origine"
    [motif] = [m for m in evaluate(FAITS, BASCULE, REF, regles, "PF35").motifs if m.regle == "age"]
    assert (motif.libelle, motif.points) == ("Ici : 56 ans.", REF.entier("points_tms", BASCULE))


def test_rule_of_a_platform_stops_on_its_last_day() -> None:
    regles = regles_age(AGE, replace(AGE, plateforme="PF35", version=9, au=BASCULE))
    assert [motif_age(regles, BASCULE + timedelta(days=n), "PF35") for n in (0, 1)] == ["age.9/PF35@origine", "age.2@origine"]


def test_rule_keeps_its_place_whatever_the_platform(tmp_path: Path) -> None:
    texte = CHEMIN_REGLES.read_text(encoding="utf-8")
    debut = texte.index('cle = "palier_60"')
    bloc = "[[regle]]\n" + texte[debut : texte.index("[[regle]]", debut)].replace("version = 2", 'version = 2\nplateforme = "PF35"')
    chemin = tmp_path / "regles.toml"
    chemin.write_text(texte.replace("# --- Exclusions", bloc + "\n# --- Exclusions"), encoding="utf-8")
    cles = [r.identifiant for r in load(chemin).list_en_vigueur(J0, "PF35")]
    assert cles[:3] == ["palier_30.2@origine", "palier_60.2/PF35@origine", "palier_90.2@origine"]


@pytest.mark.parametrize(
    ("champs", "attendu"),
    [
        ({"observation": "humeur"}, "observation « humeur » inconnue"),
        ({"fenetre": "toujours"}, "fenêtre « toujours » inconnue"),
        ({"phrase": "{nom} a {observe} ans."}, "la phrase ne connaît que"),
        ({"levier": " "}, "le levier est obligatoire"),
        ({"motif_categorie": "cancer"}, "catégorie de motif inconnue"),
        ({"version": 0}, "la version"),
        ({"cle": "Âge"}, "minuscules"),
        ({"observation": "jours_depuis_inaptitude"}, "codes de la DSN"),
        ({"du": BASCULE, "au": J0}, "se termine avant de commencer"),
    ],
)
def test_faulty_rule_is_refused(champs: dict[str, object], attendu: str) -> None:
    with pytest.raises(ReferentielInvalide) as refus:
        Regles([replace(AGE, **champs)])
    assert attendu in refus.value.message


@pytest.mark.parametrize(
    ("autre", "refuse"),
    [
        ({"du": BASCULE}, True),
        ({"du": BASCULE + timedelta(days=1)}, False),
        ({"du": BASCULE, "plateforme": "PF35"}, False),
    ],
)
def test_two_rules_of_one_key_never_hold_on_the_same_day(autre: dict[str, object], refuse: bool) -> None:
    lignes = [replace(AGE, au=BASCULE), replace(AGE, **autre)]
    if refuse:
        with pytest.raises(ReferentielInvalide) as refus:
            Regles(lignes)
        assert "en même temps" in refus.value.message
    else:
        assert len(Regles(lignes).regles) == 2


@pytest.mark.parametrize("champ", ["parametre", "points"])
def test_rule_that_names_an_unknown_value_is_refused(champ: str) -> None:
    with pytest.raises(ReferentielInvalide) as refus:
        Regles([replace(AGE, **{champ: "inconnue"})]).check_referentiel(REF)
    assert f"{champ} « inconnue »" in refus.value.message


def test_value_without_comparator_cannot_be_a_threshold() -> None:
    ref = Referentiel(replace(p, comparateur=None) if p.cle == AGE.parametre else p for p in REF)
    with pytest.raises(ReferentielInvalide) as refus:
        Regles([AGE]).check_referentiel(ref)
    assert "comparateur" in refus.value.message


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        ("regle = 1 =", "n'est pas lisible"),
        ("[[regle]]\ncle = 'a'\n", "des « regle » et des « exclusion »"),
        ("[[regle]]\ncle = 'a'\nhumeur = 1\n[[exclusion]]\ncle = 'age'\n", "champ inconnu humeur"),
        ("[[regle]]\ncle = 'a'\n[[exclusion]]\ncle = 'age'\n", "champ obligatoire absent"),
        ("regle = []\n[[exclusion]]\ncle = 'lune'\nversion = 1\nphrase = 'p'\nsource = 's'\n", "exclusion inconnue"),
        (
            "regle = []\n[[exclusion]]\ncle = 'age'\nversion = 1\nphrase = 'p'\nsource = 's'\n",
            "« maternite » : cette exclusion vaut toujours",
        ),
        ("regle = []\n[[exclusion]]\ncle = 'deces'\nversion = 1\nphrase = 'p'\nsource = 's'\n", "codes de la DSN"),
    ],
)
def test_faulty_file_is_refused(tmp_path: Path, texte: str, attendu: str) -> None:
    chemin = tmp_path / "regles.toml"
    chemin.write_text(texte, encoding="utf-8")
    with pytest.raises(ReferentielInvalide) as refus:
        load(chemin)
    assert attendu in refus.value.message
