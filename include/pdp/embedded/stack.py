"""The whole platform on this machine, up and down: database, roles, migrations, Airflow, portal, simulators."""

from __future__ import annotations

import importlib.metadata
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pdp.config import RACINE, settings
from pdp.embedded import airflow_env
from pdp.embedded.airflow_client import AirflowClient
from pdp.embedded.environnement import platform_environment, restricted
from pdp.embedded.etat import Etat
from pdp.embedded.ports import Reservations
from pdp.embedded.postgres import EmbeddedPostgres
from pdp.embedded.processus import pss_mo
from pdp.embedded.roles import ensure_roles_and_databases
from pdp.embedded.superviseur import Programme, Superviseur

PORTS_PREFERES = {
    "postgres": None,
    "airflow": 8080,
    "portail": 8000,
    "partenaire": 8100,
    "sms": 8110,
    "fhir": 8120,
    "messagerie": 8130,
    "imap": 8143,
    "smtp": 1025,
}
_RELANCES_AU_DEPART = 3  # dead that often before its first answer: waiting longer would not help
_PYTHON = sys.executable
_AIRFLOW = Path(_PYTHON).with_name("airflow")


class ServiceMuet(RuntimeError):
    """A service did not answer in time; the message carries the end of its log."""


class Stack:
    """``up`` starts or resumes, ``down`` stops everything; ``env`` is what the scenario and the services read."""

    def __init__(self, etat: Etat | None = None, progress: Callable[[str], None] = lambda _: None) -> None:
        self.etat = etat or Etat()
        self.progress = progress
        self.superviseur = Superviseur(self.etat.racine, progress)
        self.env: dict[str, str] = {}
        self._ports: dict[str, int] = {}
        self._reservations = Reservations()
        self._pg: EmbeddedPostgres | None = None

    # -- up

    def up(self) -> None:
        """Every service healthy, databases migrated, data of the last time kept. Locks the state folder."""
        self.etat.lock()
        restes = self.superviseur.open()
        if restes:
            self.progress(f"restes d'un arrêt brutal supprimés : {', '.join(restes)}")
        self._choose_ports()
        self._start_postgres()
        self.env = platform_environment(self.etat, self._ports)
        os.environ.update(self.env)
        settings.cache_clear()
        self._migrate()
        self._prepare_airflow()
        self._start_services()
        self._wait_services()

    def reset(self) -> None:
        """Forget everything: sweep what still runs, then wipe the folder that bears our mark."""
        self.etat.lock()
        self.superviseur.open()
        self.superviseur.stop_all()
        self.etat.wipe()
        self.etat.unlock()

    def down(self) -> None:
        """Stop every process, the database last. A second call does nothing."""
        self.superviseur.stop_all()
        self._reservations.release()
        self.etat.unlock()

    # -- what others ask

    @property
    def urls(self) -> dict[str, str]:
        return {
            "portail": self.env["PDP_PORTAIL_URL"],
            "airflow": self.env["PDP_AIRFLOW_URL"],
            "partenaire": self.env["PDP_PARTENAIRE_URL"],
        }

    def airflow_accounts(self) -> list[dict[str, str]]:
        """Accounts of Airflow's own screens: name, password, role, what for."""
        connus = self.etat.secrets()
        return [
            {
                "login": "exploitant",
                "mot_de_passe": connus["airflow:exploitant"],
                "role": "Admin",
                "quoi": "Airflow : tout voir, relancer, arrêter",
            },
            {
                "login": "responsable",
                "mot_de_passe": connus["airflow:responsable"],
                "role": "Viewer",
                "quoi": "Airflow : suivre les traitements",
            },
        ]

    def airflow_client(self) -> AirflowClient:
        compte = self.airflow_accounts()[0]
        return AirflowClient(self.env["PDP_AIRFLOW_URL"], compte["login"], compte["mot_de_passe"])

    def airflow_database(self) -> str:
        """Address of Airflow's own database, for tests that move its clock."""
        return f"postgresql://airflow:{self.etat.secrets()['role:airflow']}@127.0.0.1:{self._ports['postgres']}/airflow"

    def memory_mo(self) -> float:
        """Memory of everything that runs, shared pages counted once."""
        return pss_mo(self.superviseur.pids())

    # -- inside

    def _choose_ports(self) -> None:
        self._ports = {nom: self._reservations.reserve(self.etat.port(nom) or prefere) for nom, prefere in PORTS_PREFERES.items()}
        self.etat.save_ports(self._ports)

    def _start_postgres(self) -> None:
        pg = self._pg = EmbeddedPostgres(self.etat.racine / "pg", port=self._ports["postgres"])
        pg.prepare()
        options = pg.popen_options()
        env = options.pop("env")
        self.superviseur.start(Programme("postgres", tuple(pg.command()), env, options, pg.prepare, pg.stop_signal))
        self._wait("postgres", pg.is_ready, 30)
        ensure_roles_and_databases(pg.superuser_dsn(), self.etat.role_passwords())
        self.progress("PostgreSQL démarré, rôles et bases en place")

    def _migrate(self) -> None:
        from pdp.embedded.migrer import prepare_database  # reads the settings, which exist only from here on

        faites = prepare_database()
        self.progress(f"base métier à jour ({len(faites)} migration(s) appliquée(s))")

    def _prepare_airflow(self) -> None:
        """Metadata database and accounts, in one process; skipped when this version already did it here."""
        version = f"{importlib.metadata.version('apache-airflow')} fab {importlib.metadata.version('apache-airflow-providers-fab')} pools 1"
        fait = self.etat.racine / "run" / "metadonnees"
        airflow_env.write_webserver_config(self.etat.racine)
        if fait.exists() and fait.read_text() == version:
            return
        mots_de_passe = {f"PDP_AIRFLOW_MDP_{c['login'].upper()}": c["mot_de_passe"] for c in self.airflow_accounts()}
        commande, env = [_PYTHON, "-m", "pdp.embedded.airflow_metadata"], {**self._service_env("airflow"), **mots_de_passe}
        with self.superviseur.log_path("airflow-metadonnees").open("ab") as journal:
            subprocess.run(commande, env=env, stdin=subprocess.DEVNULL, stdout=journal, stderr=journal, cwd=RACINE, check=True)
        fait.write_text(version)
        self.progress("base d'Airflow prête, comptes créés")

    def _service_env(self, service: str) -> dict[str, str]:
        env = restricted(self.env, service)
        if service == "airflow":
            env |= airflow_env.airflow_environment(self.etat.racine, self.etat.secrets(), self._ports)
        return env

    def _start_services(self) -> None:
        airflow = self._service_env("airflow")
        for composant in airflow_env.COMPOSANTS:
            self.superviseur.start(Programme(composant, airflow_env.component_command(_AIRFLOW, composant), airflow))
        for nom, arguments in self._own_services().items():
            self.superviseur.start(Programme(nom, (_PYTHON, *arguments), self._service_env(nom)))

    def _own_services(self) -> dict[str, tuple[str, ...]]:
        """Python arguments of the services that are ours, by name."""
        uvicorn = (
            "-m",
            "uvicorn",
            "pdp.portal.app:create_app",
            "--factory",
            "--host",
            "127.0.0.1",
            "--no-server-header",
            "--no-access-log",
        )
        return {
            "portail": (*uvicorn, "--port", str(self._ports["portail"])),
            "partenaire": ("-m", "pdp.partners.simulateur"),
            "sms": ("-m", "pdp.partners.passerelle_sms"),
            "fhir": ("-m", "pdp.partners.simulateur_fhir"),
            "messagerie": ("-m", "pdp.partners.simulateur_messagerie"),
            "courrier": ("-m", "pdp.messages.puits"),
        }

    def _wait_services(self) -> None:
        for nom in self._own_services():
            port = self._ports["smtp" if nom == "courrier" else nom]
            self._wait(nom, partial(_listens, port), 60)
        self.progress("portail, partenaires et passerelle SMS simulés, boîte aux lettres démarrés")
        try:
            airflow_env.wait_healthy(self.env["PDP_AIRFLOW_URL"], 180)
        except airflow_env.AirflowNeRepondPas as erreur:
            fin = "; ".join(f"{c}: {self.superviseur.log_tail(c, 300)}" for c in airflow_env.COMPOSANTS)
            raise ServiceMuet(f"{erreur}. {fin}") from erreur
        airflow_env.warm_up(self.env["PDP_AIRFLOW_URL"])
        for nom in (*self._own_services(), *airflow_env.COMPOSANTS):
            if self.superviseur.pid(nom) is None:  # somebody else answers on its port
                raise ServiceMuet(f"{nom} does not stay up: {self.superviseur.log_tail(nom)}")
        self.progress("Airflow démarré (ordonnanceur, lecteur de DAG, guetteur, serveur)")

    def _wait(self, nom: str, pret: Callable[[], bool], delai_s: float) -> None:
        limite = time.monotonic() + delai_s
        while not pret():
            if time.monotonic() > limite or self.superviseur.relances().get(nom, 0) >= _RELANCES_AU_DEPART:
                raise ServiceMuet(f"{nom} does not start: {self.superviseur.log_tail(nom)}")
            time.sleep(0.05)  # a service tells that it is ready by answering only


def _listens(port: int) -> bool:
    with socket.socket() as prise:
        prise.settimeout(1)
        return prise.connect_ex(("127.0.0.1", port)) == 0
