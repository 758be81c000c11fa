"""Words of the call as dated data: the wording of the day, of the platform, never two at once, never about health."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pdp.domain.referentiel import ReferentielInvalide
from pdp.domain.script_appel import CHAMPS, Script, find_script, load_scripts
from pdp.errors import ReferentielIncomplet
from pdp.referentiel import load_scripts as load_shipped

BASE = 'version = "{v}"\nphrases = ["« Bonjour, {{personne}} »"]\nrepondeur = "a"\ntiers = "b"\nnotes = []\n{reste}\n'


def write(dossier: Path, *lignes: tuple[str, str]) -> Path:
    chemin = dossier / "scripts.toml"
    chemin.write_text("".join("[[script]]\n" + BASE.format(v=v, reste=reste) for v, reste in lignes), encoding="utf-8")
    return chemin


@pytest.mark.parametrize(
    ("jour", "plateforme", "version"),
    [
        (date(2026, 6, 30), "PF35", "un"),
        (date(2026, 7, 1), "PF35", "deux"),
        (date(2026, 7, 1), "PF57", "ici"),
        (date(2026, 6, 30), "PF57", "un"),
    ],
)
def test_wording_of_the_day_and_of_the_platform(tmp_path: Path, jour: date, plateforme: str, version: str) -> None:
    chemin = write(tmp_path, ("un", "au = 2026-06-30"), ("deux", "du = 2026-07-01"), ("ici", 'du = 2026-07-01\nplateforme = "PF57"'))
    assert find_script(load_scripts(chemin), jour, plateforme).version == version


def test_no_wording_is_said_rather_than_guessed(tmp_path: Path) -> None:
    with pytest.raises(ReferentielIncomplet):
        find_script(load_scripts(write(tmp_path, ("un", "au = 2026-06-30"))), date(2026, 7, 1), "PF35")


@pytest.mark.parametrize(
    "lignes",
    [
        (("un", ""), ("deux", "")),
        (("un", "au = 2026-07-01"), ("deux", "du = 2026-07-01")),
        (("un", "au = 2026-06-30"), ("un", "du = 2026-07-01")),
        (("un", "inconnu = 1"),),
        (("un", 'repondeur = "{nir}"'),),
    ],
)
def test_faulty_file_is_refused(tmp_path: Path, lignes: tuple[tuple[str, str], ...]) -> None:
    chemin = write(tmp_path, *lignes)
    if "repondeur" in lignes[0][1]:
        chemin.write_text(chemin.read_text(encoding="utf-8").replace('repondeur = "a"\n', "", 1), encoding="utf-8")
    with pytest.raises(ReferentielInvalide):
        load_scripts(chemin)


def test_sentence_is_filled_and_emphasis_kept() -> None:
    script = load_shipped()[0]
    valeurs = dict.fromkeys(CHAMPS, "X")
    assert script.fill("a **b** {agent} ?", valeurs) == (("a ", False), ("b", True), (" X\u00a0?", False))


SANTE = ("maladie", "malade", "diagnostic", "dépression", "cancer", "handicap", "psychi", "médicament", "ordonnance")


@pytest.mark.parametrize("script", load_shipped(), ids=lambda s: s.version)
def test_shipped_words_say_nothing_of_health_and_hide_the_reason_from_others(script: Script) -> None:
    textes = (*script.phrases, script.repondeur, script.tiers, *script.notes)
    assert [mot for mot in SANTE for texte in textes if mot in texte.lower().replace("assurance maladie", "")] == []
    assert any("pas un contrôle" in p for p in script.phrases)
    dit_a_un_tiers = script.tiers.split("»")[0]
    assert "Assurance Maladie" not in dit_a_un_tiers
    assert "arrêt" not in dit_a_un_tiers
