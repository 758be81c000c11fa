"""``pdp test``: pytest with the launcher's Python, Chromium made sure of first."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pdp.config import RACINE

PASSE_LE_RESTE = True  # what we do not know goes to pytest
_NOMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_PAQUETS = ("chromium", "fonts-dejavu-core")  # a page without any font is a page without any word
_RAPIDE = "not e2e and not browser"
_OUVRIERS_MAX = 4
"""Each worker has a database server of its own, and Chromium at times: memory, not processors, is the limit."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-browser", action="store_true", help="accept that the browser tests do not run")
    parser.usage = "pdp test [fast] [--no-browser] [pytest arguments]"
    parser.epilog = "fast: everything but the whole-platform and browser tests. Any other argument goes to pytest."


def find_chromium() -> str | None:
    """Path of a Chromium on this machine: ``PDP_CHROMIUM``, the path, Debian's places."""
    propose = os.environ.get("PDP_CHROMIUM")
    if propose and Path(propose).exists():
        return propose
    chemins = os.pathsep.join((os.environ.get("PATH", ""), "/usr/bin", "/snap/bin"))
    return next((trouve for nom in _NOMS if (trouve := shutil.which(nom, path=chemins))), None)


def install_chromium() -> str | None:
    """Through apt, as root or by a sudo that asks nothing; None where that may not be."""
    prefixe: list[str] = []
    if os.geteuid() != 0:
        peut = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
        if not peut:
            return None
        prefixe = ["sudo", "-n"]
    if shutil.which("apt-get") is None:
        return None
    print("pdp test: installing Chromium (apt-get)", file=sys.stderr, flush=True)
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *_PAQUETS]):
        commande = [*prefixe, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", *arguments]
        subprocess.run(commande, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    return find_chromium()


def list_browser_tests() -> list[str]:
    """Names of the tests that need a browser."""
    commande = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "browser", "-p", "no:cacheprovider"]
    sortie = subprocess.run(commande, cwd=RACINE, capture_output=True, text=True, check=False).stdout
    return [ligne.strip() for ligne in sortie.splitlines() if "::" in ligne]


def _list_ouvriers(reste: list[str]) -> list[str]:
    """One worker per processor for a whole run (tests/conftest.py shares the files); a run with arguments of its own is left alone."""
    ouvriers = min(os.cpu_count() or 1, _OUVRIERS_MAX)
    return [] if reste or ouvriers < 2 else ["-n", str(ouvriers), "--dist", "loadscope", "--no-loadscope-reorder", "--durations=40"]


def run(arguments: argparse.Namespace) -> int:
    """pytest's exit code; 1 also when browser tests were wanted and could not run."""
    rapide = arguments.reste[:1] == ["fast"]
    reste = arguments.reste[1:] if rapide else arguments.reste
    marques = _RAPIDE if rapide else "not browser" if arguments.no_browser else ""
    amputee = False
    if not rapide and not arguments.no_browser:
        chromium = find_chromium() or install_chromium()
        if chromium:
            os.environ["PDP_CHROMIUM"] = chromium
        else:
            absents = list_browser_tests()
            marques, amputee = "not browser", bool(absents)
            if absents:
                print(
                    f"pdp test: no Chromium, {len(absents)} test(s) cannot run (--no-browser accepts it): {', '.join(absents)}",
                    file=sys.stderr,
                )
    commande = [sys.executable, "-m", "pytest", *_list_ouvriers(reste), *(["-m", marques] if marques else []), *reste]
    sys.stdout.flush()
    code = subprocess.run(commande, cwd=RACINE, stdin=subprocess.DEVNULL, check=False).returncode
    return code or int(amputee)
