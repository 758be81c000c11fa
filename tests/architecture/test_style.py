"""Style, layers and sizes: what ruff and import-linter say, what the house allows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pdp.config import RACINE

OUTILS = Path(sys.executable).parent
DOSSIERS = ("include", "dags", "plugins", "tests")
EPINGLE = re.compile(r"^([a-z0-9_.-]+)==(\S+)", re.MULTILINE)


@pytest.mark.parametrize(
    "commande",
    [
        pytest.param(("ruff", "check", "."), id="ruff-check"),
        pytest.param(("ruff", "format", "--check", "."), id="ruff-format"),
        pytest.param(("lint-imports", "--no-cache"), id="layers"),
    ],
)
def test_tool_has_nothing_to_say(commande: tuple[str, ...]) -> None:
    env = {**os.environ, "PYTHONPATH": str(RACINE / "include")}
    fini = subprocess.run([OUTILS / commande[0], *commande[1:]], cwd=RACINE, env=env, capture_output=True, text=True, check=False)
    assert fini.returncode == 0, (fini.stdout + fini.stderr)[-3000:]


def test_files_stay_short() -> None:
    longueurs = {f: len(f.read_text(encoding="utf-8").splitlines()) for dossier in DOSSIERS for f in (RACINE / dossier).rglob("*.py")}
    assert longueurs
    assert {str(f.relative_to(RACINE)): n for f, n in longueurs.items() if n > 300} == {}


def _pins(fichier: str) -> dict[str, str]:
    return dict(EPINGLE.findall((RACINE / fichier).read_text(encoding="utf-8")))


def test_test_lock_holds_the_other_lock_at_the_same_versions() -> None:
    """The launcher relies on it: one installation serves both."""
    production, essais = _pins("requirements.lock"), _pins("requirements-test.lock")
    assert len(production) > 100
    assert {nom: (version, essais.get(nom)) for nom, version in production.items() if essais.get(nom) != version} == {}


@pytest.mark.parametrize("fichier", ["requirements.lock", "requirements-test.lock", "requirements-uv.lock"])
def test_lock_has_hashes_and_no_address(fichier: str) -> None:
    texte = (RACINE / fichier).read_text(encoding="utf-8")
    assert "://" not in texte
    blocs = re.split(r"^(?=[a-z0-9_.-]+==)", texte, flags=re.MULTILINE)[1:]
    assert blocs
    assert [bloc.splitlines()[0] for bloc in blocs if "--hash=sha256:" not in bloc] == []


def test_launcher_is_a_valid_shell_script() -> None:
    for script in ("pdp", ".ci/run"):
        assert subprocess.run(["bash", "-n", RACINE / script], check=False).returncode == 0
        assert (RACINE / script).stat().st_mode & 0o111
