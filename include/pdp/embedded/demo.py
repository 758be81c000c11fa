"""``pdp demo``: the platform with a synthetic cohort, until interrupted, or once and headless."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from pdp.embedded.erreurs import EtapeEchouee
from pdp.embedded.etat import Etat, write_private
from pdp.embedded.stack import Stack

T = TypeVar("T")
_SIGNAUX = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--once", action="store_true", help="run the main job through real DAG runs, print the balance sheet, stop everything"
    )
    parser.add_argument("--json", action="store_true", help="with --once: the balance sheet as one JSON object on the last line")
    parser.add_argument("--reset", action="store_true", help="forget the data of the last time first")
    parser.add_argument("--no-cohorte", action="store_true", help="start an empty platform: no synthetic cohort, no scenario")


class Avancement:
    """Progress on standard error with the seconds since the start."""

    def __init__(self) -> None:
        self._debut = time.monotonic()

    @property
    def duree_s(self) -> float:
        return round(time.monotonic() - self._debut, 1)

    def __call__(self, message: str) -> None:
        print(f"[{self.duree_s:6.1f} s] {message}", file=sys.stderr, flush=True)


def run(arguments: argparse.Namespace) -> dict[str, Any] | int:
    """Everything started here is stopped here, whatever happens and whoever asks."""
    progress = Avancement()
    os.umask(0o077)  # everything written from here on is this person's only
    listen_to_signals()
    etat = Etat()
    if arguments.reset:
        Stack(etat).reset()
        progress("données de la dernière fois effacées")
    stack = Stack(etat, progress)
    try:
        bilan = work(stack, progress, encore=arguments.once, cohorte=not arguments.no_cohorte)
        if not arguments.once:
            _present(stack)
            _wait_for_signal()
    finally:
        for numero in _SIGNAUX:
            signal.signal(numero, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
        progress("arrêt")
        stack.down()
        progress("tout est arrêté, les données sont gardées")
    return _conclude(bilan, arguments, progress)


def work(stack: Stack, progress: Callable[[str], None], *, encore: bool = False, cohorte: bool = True) -> dict[str, Any]:
    """Start, then the scenario: always with ``encore``, else only the first time (its balance sheet is kept)."""
    _step("start", stack.up)
    fait = stack.etat.racine / "scenario.json"
    if not cohorte:
        return {}
    if fait.exists() and not encore:
        progress("cohorte et parcours de la dernière fois retrouvés (pdp demo --reset pour recommencer)")
        return dict(json.loads(fait.read_text()))
    from pdp.simulation.scenario import run_scenario  # reads the settings, which exist only once the platform is up

    with stack.airflow_client() as client:
        bilan = _step("scenario", lambda: run_scenario(stack.env, client, progress))
    bilan["memoire_mo"] = stack.memory_mo()
    bilan["relances"] = sum(stack.superviseur.relances().values())
    write_private(fait, json.dumps(bilan, default=str))
    return dict(bilan)


def _step(nom: str, faire: Callable[[], T]) -> T:
    try:
        return faire()
    except EtapeEchouee:
        raise
    except Exception as erreur:
        raise EtapeEchouee(getattr(erreur, "step", nom), f"{type(erreur).__name__}: {erreur}") from erreur


def _conclude(bilan: dict[str, Any], arguments: argparse.Namespace, progress: Avancement) -> dict[str, Any] | int:
    if not arguments.once:
        return 0
    resultat = {**bilan, "ok": bool(bilan.get("ok", True)), "duree_s": progress.duree_s}
    if arguments.json:
        return resultat
    for nom, valeur in resultat.items():
        print(f"{nom:24} {valeur}")
    return 0 if resultat["ok"] else 1


def _present(stack: Stack) -> None:
    """Addresses, accounts and what to try first: in French, for the person at the keyboard."""
    urls = stack.urls
    lignes = ["", "La plateforme de démonstration est ouverte. Toutes les données sont synthétiques.", ""]
    lignes += [f"  Portail      {urls['portail']}", f"  Airflow      {urls['airflow']}", ""]
    lignes += ["Comptes de démonstration (mots de passe tirés au premier démarrage) :", ""]
    for compte in [*_demonstration_accounts(stack.etat.racine), *stack.airflow_accounts()]:
        lignes.append(f"  {compte['role']:16} {compte['login']:24} {compte['mot_de_passe']:26} {compte['quoi']}")
    lignes += [
        "",
        "À essayer d'abord :",
        "  1. Ouvrez le portail avec le compte « csam » : Ma liste montre qui appeler en premier, et pourquoi.",
        "  2. Ouvrez un dossier, notez un appel, proposez un télé-échange puis une orientation.",
        "  3. Les courriels (liens, codes) restent ici : lisez-les avec ./pdp courriels.",
        "  4. Ouvrez Airflow avec le compte « exploitant » : les traitements de la journée y sont expliqués en français.",
        "",
        "Ctrl-C arrête tout ; les données sont gardées pour la prochaine fois.",
    ]
    print("\n".join(lignes), flush=True)


def _demonstration_accounts(racine: Path) -> list[dict[str, str]]:
    fichier = racine / "comptes.json"
    return list(json.loads(fichier.read_text())) if fichier.exists() else []


def listen_to_signals() -> None:
    """SIGTERM and SIGHUP end the demonstration as Ctrl-C does."""

    def interrupt(numero: int, _: FrameType | None) -> None:
        raise KeyboardInterrupt

    for numero in _SIGNAUX:
        signal.signal(numero, interrupt)


def _wait_for_signal() -> None:
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        return
