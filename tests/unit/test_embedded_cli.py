"""The command line contract: help, one-line errors, exit codes, one JSON object on the last line."""

from __future__ import annotations

import argparse
import json
import signal
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pdp import cli
from pdp.embedded import demo, essais
from pdp.embedded.erreurs import EtapeEchouee
from pdp.errors import FluxRefuse


@pytest.fixture
def commande(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Registers a command ``essai`` that does what the test says."""

    def declare(resultat: Any) -> None:
        def run(_: argparse.Namespace) -> Any:
            if isinstance(resultat, BaseException):
                raise resultat
            return resultat

        def configure(parser: argparse.ArgumentParser) -> None:
            parser.add_argument("--json", action="store_true")

        module = types.SimpleNamespace(run=run, configure=configure)
        monkeypatch.setattr(cli, "COMMANDS", [cli.Command("essai", "an essay", "un.module")])
        monkeypatch.setattr(cli.importlib, "import_module", lambda nom: {"un.module": module}[nom])

    return declare


@pytest.mark.parametrize(
    ("resultat", "code"),
    [(0, 0), (None, 0), (3, 3), ({"ok": True}, 0), ({"ok": False}, 1), ({}, 1), (KeyboardInterrupt(), 130), (RuntimeError("x"), 1)],
)
def test_exit_code(commande: Callable[[Any], None], resultat: Any, code: int) -> None:
    commande(resultat)
    assert cli.main(["essai"]) == code


def test_json_is_the_last_line_and_one_object(commande: Callable[[Any], None], capsys: pytest.CaptureFixture[str]) -> None:
    commande({"ok": True, "parcours": 12})
    cli.main(["essai", "--json"])
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"ok": True, "parcours": 12}


def test_failed_step_is_named_in_one_line_and_in_json(commande: Callable[[Any], None], capsys: pytest.CaptureFixture[str]) -> None:
    commande(EtapeEchouee("detection", "two\nlines"))
    assert cli.main(["essai", "--json"]) == 1
    sortie = capsys.readouterr()
    assert sortie.err == "pdp essai: step 'detection' failed: two lines\n"
    assert json.loads(sortie.out.splitlines()[-1]) == {"ok": False, "erreur": "step 'detection' failed: two lines", "etape": "detection"}


def test_expected_error_speaks_its_french_sentence(commande: Callable[[Any], None], capsys: pytest.CaptureFixture[str]) -> None:
    commande(FluxRefuse("Le fichier est coupé : rien n'a été pris."))
    assert cli.main(["essai"]) == 1
    assert "Le fichier est coupé" in capsys.readouterr().err


def test_unknown_arguments_are_refused(commande: Callable[[Any], None]) -> None:
    commande(0)
    with pytest.raises(SystemExit) as sortie:
        cli.main(["essai", "--inconnu"])
    assert sortie.value.code == 2


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    aide = capsys.readouterr().out
    assert [c.nom for c in cli.COMMANDS if c.nom not in aide] == []


class FausseStack:
    """Stands for the platform: says what was asked of it."""

    def __init__(self, etat: Any, progress: Any = None) -> None:
        self.appels: list[str] = appels
        self.etat = etat

    def up(self) -> None:
        self.appels.append("up")
        raise RuntimeError("port refused")

    def down(self) -> None:
        self.appels.append("down")


appels: list[str] = []


@pytest.fixture
def signaux() -> Iterator[None]:
    """``demo`` takes over the signals of its process: give them back to pytest."""
    anciens = {numero: signal.getsignal(numero) for numero in demo._SIGNAUX}
    yield
    for numero, ancien in anciens.items():
        signal.signal(numero, ancien)


@pytest.mark.usefixtures("signaux")
def test_demo_stops_everything_when_a_step_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    appels.clear()
    monkeypatch.setattr(demo, "Stack", FausseStack)
    with pytest.raises(EtapeEchouee) as erreur:
        demo.run(argparse.Namespace(once=True, json=True, reset=False, no_cohorte=False))
    assert erreur.value.step == "start"
    assert appels == ["up", "down"]


OUVRIERS = ["-n", "3", "--dist", "loadscope", "--no-loadscope-reorder", "--durations=40"]


@pytest.mark.parametrize(
    ("arguments", "chromium", "attendu", "code"),
    [
        ([], "/usr/bin/chromium", OUVRIERS, 0),
        (["fast"], None, [*OUVRIERS, "-m", "not e2e and not browser"], 0),
        (["--no-browser"], None, [*OUVRIERS, "-m", "not browser"], 0),
        ([], None, [*OUVRIERS, "-m", "not browser"], 1),
        (["fast", "tests/unit", "-q"], None, ["-m", "not e2e and not browser", "tests/unit", "-q"], 0),
        (["--no-browser", "-k", "nir"], None, ["-m", "not browser", "-k", "nir"], 0),
    ],
)
def test_test_command(monkeypatch: pytest.MonkeyPatch, arguments: list[str], chromium: str | None, attendu: list[str], code: int) -> None:
    lances: list[list[str]] = []
    monkeypatch.setattr(essais.os, "cpu_count", lambda: 3)
    monkeypatch.setattr(essais, "find_chromium", lambda: chromium)
    monkeypatch.setattr(essais, "install_chromium", lambda: None)
    monkeypatch.setattr(essais, "list_browser_tests", lambda: ["tests/e2e/test_ecran.py::test_liste"])
    monkeypatch.setattr(essais.subprocess, "run", lambda c, **_: (lances.append(c), types.SimpleNamespace(returncode=0))[1])
    monkeypatch.setenv("PDP_CHROMIUM", "")
    assert cli.main(["test", *arguments]) == code
    assert [c[3:] for c in lances] == [attendu]
