"""Documentation that cannot lie: generated pages equal the code, commands and files named in the README exist."""

from __future__ import annotations

import re

import pytest

from pdp.cli import COMMANDS
from pdp.config import RACINE
from pdp.documentation import pages

README = (RACINE / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("chemin", sorted(pages()), ids=lambda c: c.name)
def test_generated_page_is_what_the_code_says(chemin: object) -> None:
    assert chemin.read_text(encoding="utf-8") == pages()[chemin], "run ./pdp docs"


def test_every_path_of_the_readme_exists() -> None:
    chemins = re.findall(r"`((?:include|dags|plugins|sql|tests)/[\w./-]+)`", README) + re.findall(r"\]\(([\w./-]+)\)", README)
    assert len(chemins) > 20
    assert [c for c in chemins if not (RACINE / c).exists()] == []


def test_every_command_is_in_the_readme() -> None:
    assert [c.nom for c in COMMANDS if f"./pdp {c.nom}" not in README] == []


def test_timetable_of_the_dags_names_every_dag() -> None:
    page = (RACINE / "dags" / "README.md").read_text(encoding="utf-8")
    ecrits = re.findall(r"^\| `(pdp_\w+)` \|", page, re.MULTILINE)
    assert sorted(ecrits) == sorted(2 * [f.stem for f in (RACINE / "dags").glob("pdp_*.py")]), (
        "once in the timetable, once in what each does"
    )
