"""The state folder: data, logs and secrets of one platform on this machine; made at first start, never committed."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from pdp.config import RACINE
from pdp.embedded.postgres import EmbeddedPostgres
from pdp.embedded.roles import LOGIN_ROLES

_MARQUE = ".etat-pdp"
_DOSSIERS = ("depot", "exports", "logs", "run", "airflow")
CLES = ("PDP_CLE_NIR", "PDP_CLE_EMPREINTE", "PDP_CLE_CONTEXTE", "PDP_CLE_PSEUDONYME", "PDP_SECRET_PARTENAIRES")


class EtatInutilisable(RuntimeError):
    """The folder is not ours, or another platform runs on it."""


def default_home() -> Path:
    return Path(os.environ.get("PDP_HOME") or RACINE / ".pdp").absolute()


class Etat:
    """Access to one state folder. ``lock`` must be held by whoever starts services on it."""

    def __init__(self, racine: Path | None = None) -> None:
        self.racine = (racine or default_home()).absolute()
        self._verrou: IO[str] | None = None

    @property
    def pg(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(self.racine / "pg", port=self.port("postgres"))

    def create(self) -> None:
        """Make what is missing; refuses a folder with somebody else's files in it."""
        if self.racine.exists() and any(self.racine.iterdir()) and not (self.racine / _MARQUE).exists():
            raise EtatInutilisable(f"{self.racine} holds files that are not ours: choose an empty folder with PDP_HOME")
        self.racine.mkdir(parents=True, exist_ok=True)
        # root runs the database as another account, which must traverse; every secret file is 0600 anyway
        self.racine.chmod(0o711 if os.geteuid() == 0 else 0o700)
        (self.racine / _MARQUE).touch()
        for nom in _DOSSIERS:
            (self.racine / nom).mkdir(mode=0o700, exist_ok=True)

    def lock(self) -> None:
        """Hold the folder until the process ends; raises when another platform holds it."""
        self.create()
        verrou = (self.racine / "run" / "verrou").open("a+")
        try:
            fcntl.flock(verrou, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with verrou:
                verrou.seek(0)
                numero = verrou.read().strip() or "?"
            raise EtatInutilisable(f"a platform already runs on {self.racine} (process {numero}): stop it first") from None
        verrou.truncate(0)
        verrou.write(str(os.getpid()))
        verrou.flush()
        self._verrou = verrou

    def unlock(self) -> None:
        if self._verrou is not None:
            self._verrou.close()
            self._verrou = None

    def wipe(self) -> None:
        """Remove everything of the folder (nothing may run on it); only a folder that bears our mark."""
        if not (self.racine / _MARQUE).exists():
            return
        EmbeddedPostgres(self.racine / "pg").destroy()
        for chemin in self.racine.iterdir():
            if chemin.name in (_MARQUE, "run"):  # the lock that we hold is in run/
                continue
            shutil.rmtree(chemin) if chemin.is_dir() and not chemin.is_symlink() else chemin.unlink()
        (self.racine / "run" / "metadonnees").unlink(missing_ok=True)
        (self.racine / "run" / "ports.json").unlink(missing_ok=True)
        self.create()

    # -- secrets and ports

    def secrets(self) -> dict[str, str]:
        """Passwords and keys, generated at first call, kept in a 0600 file."""
        fichier = self.racine / "secrets.json"
        connus: dict[str, str] = json.loads(fichier.read_text()) if fichier.exists() else {}
        manquants = {nom: fabrique() for nom, fabrique in _FABRIQUES.items() if nom not in connus}
        if manquants:
            connus |= manquants
            write_private(fichier, json.dumps(connus, indent=1))
        return connus

    def role_passwords(self) -> dict[str, str]:
        """Password of each login role, as ``ensure_roles_and_databases`` wants them."""
        connus = self.secrets()
        return {role: connus[f"role:{role}"] for role in (*LOGIN_ROLES, "airflow")}

    def port(self, nom: str) -> int | None:
        """Port used last time by a service, if any."""
        return self._ports().get(nom)

    def save_ports(self, ports: Mapping[str, int]) -> None:
        write_private(self.racine / "run" / "ports.json", json.dumps({**self._ports(), **ports}))

    def _ports(self) -> dict[str, int]:
        fichier = self.racine / "run" / "ports.json"
        return json.loads(fichier.read_text()) if fichier.exists() else {}


def write_private(fichier: Path, contenu: str) -> None:
    """Replace a file that only its owner may read, at once."""
    provisoire = fichier.with_name(f"{fichier.name}.{os.getpid()}")
    with os.fdopen(os.open(provisoire, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as sortie:
        sortie.write(contenu)
    provisoire.replace(fichier)


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _password() -> str:
    return secrets.token_urlsafe(18)


def _long_secret() -> str:
    return secrets.token_urlsafe(64)  # HS512 wants at least 64 bytes


_FABRIQUES: dict[str, Callable[[], str]] = {
    **{f"role:{role}": _password for role in (*LOGIN_ROLES, "airflow")},
    **dict.fromkeys(CLES, _key),
    "airflow:jwt": _long_secret,
    "airflow:api": _long_secret,
    "airflow:fernet": _key,
    "airflow:exploitant": _password,
    "airflow:responsable": _password,
}
