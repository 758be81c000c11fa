"""PostgreSQL started by ourselves: TCP on 127.0.0.1 only, passwords only, survives ``kill -9``."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

from pdp.embedded.binaires import Binaires, Compte, can_reach, common_folder, find_compte, get_binaires
from pdp.embedded.ports import find_free_port
from pdp.embedded.processus import command_of, is_alive

_ADMIN = "postgres"
_MOT_DE_PASSE = "pdp.superuser"
_TESTS_SEULEMENT = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
_REGLAGES = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=120",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_min_error_statement=panic",  # statements may hold names: they stay out of the logs
)


def _shared_buffers() -> str:
    """A quarter of the memory of the machine, from 128 MB to 8 GB: pages a night reads again stay at hand (taken only as used)."""
    memoire = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"shared_buffers={min(8192, max(128, memoire // 4 // 1024**2))}MB"


class PostgresNeDemarrePas(RuntimeError):
    """The server did not answer in time; the message carries the end of its log."""


class EmbeddedPostgres:
    """One server on ``data_dir``.

    ``data_dir`` may become a symbolic link when the account that runs the server cannot reach it (root only).
    ``durable=False`` trades safety for speed: tests only.
    """

    def __init__(self, data_dir: Path, port: int | None = None, durable: bool = True) -> None:
        self.data_dir = Path(data_dir).absolute()
        self.durable = durable
        self._port = port
        self._processus: subprocess.Popen[bytes] | None = None
        self._compte: Compte = find_compte()
        self._binaires: Binaires | None = None

    # -- what others ask

    @property
    def port(self) -> int:
        if self._port is None:
            self._port = self._running_port() or find_free_port()
        return self._port

    @property
    def pid(self) -> int | None:
        """Process id of the running server, ours or adopted; None when it does not run."""
        return self._running_pid()

    @property
    def log_path(self) -> Path:
        return self.data_dir.with_name(f"{self.data_dir.name}.log")

    def superuser_dsn(self, dbname: str = "postgres") -> str:
        """libpq URL of the administrator: bootstrap and tests only, never handed to a service."""
        return f"postgresql://{_ADMIN}:{self._password()}@127.0.0.1:{self.port}/{dbname}"

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self.superuser_dsn(), connect_timeout=2).close()
        except (psycopg.OperationalError, FileNotFoundError):
            return False
        return True

    # -- life

    def prepare(self) -> None:
        """Everything before the server process: data made if absent, leftovers of a crash removed. Runs as often as wanted."""
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise()
        self._remove_stale_pid_file()

    def command(self) -> list[str]:
        """Command line of the server in the foreground (for a supervisor)."""
        reglages = (*_REGLAGES, f"port={self.port}", *((_shared_buffers(),) if self.durable else _TESTS_SEULEMENT))
        options = [morceau for reglage in reglages for morceau in ("-c", reglage)]
        return [str(self._programs().dossier / "postgres"), "-D", str(self.data_dir.resolve()), *options]

    @property
    def stop_signal(self) -> signal.Signals:
        """Fast shutdown: clients are cut, nothing committed is lost."""
        return signal.SIGINT

    def popen_options(self) -> dict[str, Any]:
        return {**self._compte.popen_options(), "cwd": "/", "env": _server_environment()}

    def start(self, delai_s: float = 30.0) -> EmbeddedPostgres:
        """Start the server, or adopt the one that already runs on this data."""
        limite = time.monotonic() + delai_s
        while True:
            self.prepare()
            adopte = self._running_pid()
            if adopte is None:
                self._launch()
            else:
                self._port = self._running_port() or self._port
            if self._answers(limite):
                return self
            if time.monotonic() > limite:
                fin = self.log_path.read_text(errors="replace")[-600:] if self.log_path.exists() else ""
                raise PostgresNeDemarrePas(f"PostgreSQL did not start: {fin.strip()}")
            # it died meanwhile: the old children of a crash need a moment to let go of the shared memory
            time.sleep(0.1 if adopte else 0.5)

    def stop(self, delai_s: float = 20.0) -> None:
        """Fast shutdown, then force; nothing happens when the server does not run."""
        pid = self._running_pid() or (self._processus.pid if self._reap() else None)
        if pid is None:
            return
        for signal_envoye in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal_envoye)
            limite = time.monotonic() + delai_s
            while time.monotonic() < limite:
                self._reap()
                if not _is_server(pid, self.data_dir):
                    self._reap()
                    return
                time.sleep(0.05)  # a foreign process cannot be waited for, only looked at

    def destroy(self) -> None:
        """Stop and remove the data for good (also where it was moved to)."""
        self.stop()
        lieu = self.data_dir.resolve()
        shutil.rmtree(lieu, ignore_errors=True)
        if self.data_dir.is_symlink():
            self.data_dir.unlink()
            if lieu.parent.name.startswith("pdp-pg-"):
                lieu.parent.rmdir()
        self.log_path.unlink(missing_ok=True)

    def __enter__(self) -> EmbeddedPostgres:
        return self.start()

    def __exit__(self, genre: type[BaseException] | None, erreur: BaseException | None, trace: TracebackType | None) -> None:
        self.stop() if self.durable else self.destroy()

    # -- inside

    def _programs(self) -> Binaires:
        if self._binaires is None:
            version = self.data_dir / "PG_VERSION"
            self._binaires = get_binaires(self._compte, int(version.read_text().strip()) if version.exists() else None)
        return self._binaires

    def _password(self) -> str:
        return (self.data_dir / _MOT_DE_PASSE).read_text().strip()

    def _place(self) -> Path | None:
        """Folder that the server's account can reach when it cannot reach ``data_dir``; None when all is well."""
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        if can_reach(self._compte, self.data_dir.parent):
            return None
        if not self.durable:
            return Path(tempfile.mkdtemp(prefix="pdp-pg-")) / "donnees"
        return common_folder() / f"donnees-{hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:16]}"

    def _initialise(self) -> None:
        """initdb in a folder beside, renamed when complete: an interrupted first start leaves nothing half made."""
        lieu = self._place() or self.data_dir
        if lieu != self.data_dir:
            lieu.parent.chmod(0o711)  # ours: mkdtemp's or the common folder
        provisoire = Path(tempfile.mkdtemp(prefix=f"{lieu.name}.", dir=lieu.parent))
        try:
            if self._compte.uid is not None:
                os.chown(provisoire, self._compte.uid, self._compte.gid or -1)
            self._initdb(provisoire)
            _make_way(lieu)
            provisoire.rename(lieu)
        except BaseException:
            shutil.rmtree(provisoire, ignore_errors=True)
            raise
        if lieu != self.data_dir:
            _make_way(self.data_dir)
            self.data_dir.symlink_to(lieu)

    def _initdb(self, dossier: Path) -> None:
        secret = secrets.token_urlsafe(32)
        fichier = dossier.with_name(f"{dossier.name}.pw")
        self._write_secret(fichier, secret)
        commande = [self._programs().dossier / "initdb", "-D", dossier, "--username", _ADMIN, "--pwfile", fichier]
        commande += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", *([] if self.durable else ["--no-sync"])]
        try:
            fini = subprocess.run(commande, capture_output=True, check=False, **self.popen_options())
        finally:
            fichier.unlink()
        if fini.returncode != 0:
            raise PostgresNeDemarrePas(f"initdb failed: {fini.stderr.decode(errors='replace').strip()[-500:]}")
        self._write_secret(dossier / _MOT_DE_PASSE, secret)

    def _write_secret(self, fichier: Path, secret: str) -> None:
        fichier.touch(mode=0o600, exist_ok=False)
        if self._compte.uid is not None:
            os.chown(fichier, self._compte.uid, self._compte.gid or -1)
        fichier.write_text(f"{secret}\n")

    def _pid_file(self) -> list[str]:
        try:
            return (self.data_dir / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _running_pid(self) -> int | None:
        lignes = self._pid_file()
        pid = int(lignes[0]) if lignes and lignes[0].strip().isdigit() else None
        return pid if pid is not None and _is_server(pid, self.data_dir) else None

    def _reap(self) -> bool:
        """Collect our own child when it ended (a zombie looks alive); True while it runs."""
        if self._processus is not None and self._processus.poll() is not None:
            self._processus = None
        return self._processus is not None

    def _running_port(self) -> int | None:
        lignes = self._pid_file()
        return int(lignes[3]) if self._running_pid() and len(lignes) > 3 and lignes[3].strip().isdigit() else None

    def _remove_stale_pid_file(self) -> None:
        """After ``kill -9`` and reuse of the process id by another program PostgreSQL would refuse to start."""
        if self._pid_file() and self._running_pid() is None:
            (self.data_dir / "postmaster.pid").unlink(missing_ok=True)

    def _launch(self) -> None:
        if self._processus is not None and self._reap():  # killed a moment ago: collected before its place is taken
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._processus.wait(5)
        with self.log_path.open("ab") as journal:
            sorties: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": journal, "stderr": journal}
            self._processus = subprocess.Popen(self.command(), start_new_session=True, **sorties, **self.popen_options())

    def _answers(self, limite: float) -> bool:
        """Until it accepts connections; False when the process ended first or the time is over."""
        while not self.is_ready():
            if time.monotonic() > limite or (not self._reap() and self._running_pid() is None):
                return False
            time.sleep(0.03)  # the server has no other way to tell that it accepts connections
        return True


def _make_way(chemin: Path) -> None:
    """Free a path: a dangling link or an empty folder goes, data whose keys are lost are kept beside (one generation)."""
    if chemin.is_symlink():
        chemin.unlink()
    elif chemin.exists() and not any(chemin.iterdir()):
        chemin.rmdir()
    elif chemin.exists():
        ancien = chemin.with_name(f"{chemin.name}.ancien")
        shutil.rmtree(ancien, ignore_errors=True)
        chemin.rename(ancien)


def _server_environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _is_server(pid: int, data_dir: Path) -> bool:
    """True when ``pid`` is a live PostgreSQL server of this data (not a zombie, not another program with a reused id)."""
    commande = command_of(pid)
    return is_alive(pid) and "postgres" in commande and str(data_dir.resolve()) in commande
