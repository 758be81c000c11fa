"""*Ma liste* through the real portal: its own process, sign-in as a person does, then pages read over kept connections."""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from threading import Barrier
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import psycopg

from pdp.bench.base import ADMIN
from pdp.bench.memoire import private_mb, process_peak_mb
from pdp.bench.worklist_affichage import Demande
from pdp.bench.worklist_usagers import auteur
from pdp.config import RACINE
from pdp.embedded.ports import find_free_port
from pdp.services.filtres_liste import save_filtres
from pdp.storage import db
from pdp.storage.sql import load_fichier

_MOT_DE_PASSE = "mot de passe du banc"
_DELAI_S = 30
LIGNE = re.compile(r'<tr[^>]*\bdata-ligne\b.*?href="/parcours/([0-9a-f-]{36})', re.DOTALL)


@dataclass(frozen=True)
class Portail:
    """A portal that answers; ``pid`` of its process."""

    port: int
    pid: int

    def peak_mb(self) -> float | None:
        """Of the process and of those it started."""
        enfants = subprocess.run(["pgrep", "-P", str(self.pid)], capture_output=True, text=True, check=False).stdout.split()
        pics = [process_peak_mb(int(p)) for p in (self.pid, *enfants)]
        return None if pics[0] is None else round(sum(p for p in pics if p), 1)


@contextmanager
def open_portail() -> Iterator[Portail]:
    """``pdp portal`` on a free port, with the settings of this process; stopped at the end."""
    port = find_free_port()
    commande = [sys.executable, "-m", "pdp.cli", "portal", "--port", str(port)]
    env = {**os.environ, "PYTHONPATH": str(RACINE / "include")}
    processus = subprocess.Popen(commande, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port, processus)
        yield Portail(port, processus.pid)
    finally:
        processus.terminate()
        processus.wait(10)


def _wait(port: int, processus: subprocess.Popen[bytes]) -> None:
    limite = time.monotonic() + _DELAI_S
    while time.monotonic() < limite and processus.poll() is None:
        try:
            if Navigateur(port).get("/sante")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)  # a server that is not there yet has nothing to tell
    raise RuntimeError("the portal did not start")


class Navigateur:
    """One person's connection: a cookie, kept alive."""

    def __init__(self, port: int) -> None:
        self._connexion = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._temoins: dict[str, str] = {}

    def get(self, adresse: str) -> tuple[int, str]:
        return self._ask("GET", adresse, None)

    def post(self, adresse: str, **champs: Any) -> tuple[int, str]:
        return self._ask("POST", adresse, urlencode(champs, doseq=True))

    def sign_in(self, login: str) -> None:
        jeton = read_jeton(self.get("/connexion")[1])
        statut, _ = self.post("/connexion", identifiant=login, mot_de_passe=_MOT_DE_PASSE, jeton=jeton)
        if statut != 303:
            raise RuntimeError(f"sign-in refused: {statut}")

    def _ask(self, methode: str, adresse: str, corps: str | None) -> tuple[int, str]:
        entetes = {"cookie": "; ".join(f"{nom}={valeur}" for nom, valeur in self._temoins.items() if valeur)}
        if corps is not None:
            entetes["content-type"] = "application/x-www-form-urlencoded"
        try:
            self._connexion.request(methode, adresse, corps, entetes)
            reponse = self._connexion.getresponse()
        except http.client.RemoteDisconnected:  # the server lets go of a connection after five idle seconds: a browser opens another one
            self._connexion.close()
            self._connexion.request(methode, adresse, corps, entetes)
            reponse = self._connexion.getresponse()
        texte = reponse.read().decode()
        for temoin in reponse.headers.get_all("set-cookie") or ():
            nom, _, valeur = temoin.split(";", 1)[0].partition("=")
            self._temoins[nom] = valeur.strip('"')
        return reponse.status, texte


def read_jeton(page: str) -> str:
    trouve = re.search(r'name="jeton" value="([^"]*)"', page)
    if trouve is None:
        raise RuntimeError("no token in the page")
    return trouve[1]


def read_lignes(page: str) -> tuple[UUID, ...]:
    """Parcours shown, in order."""
    return tuple(UUID(i) for i in LIGNE.findall(page))


def keep_filtres(demandes: list[Demande], maintenant: datetime) -> None:
    """As the reader left them, by the service of the portal."""
    for demande in demandes:
        with db.begin_as(auteur(demande)) as conn:
            save_filtres(conn, auteur(demande), demande.filtres, None, maintenant)


def open_comptes(demandes: list[Demande]) -> None:
    """One account for each reader, ``u0`` and on. The hash is a cheap one: sign-in is not what is measured."""
    sel = secrets.token_bytes(16)
    derive = hashlib.scrypt(_MOT_DE_PASSE.encode(), salt=sel, n=2, r=8, p=1, dklen=32)
    code = "$".join(base64.b64encode(o).decode() for o in (sel, derive))
    requete = load_fichier(RACINE / "sql" / "bench" / "worklist.sql")["comptes"]
    with psycopg.connect(os.environ[ADMIN]) as conn:
        conn.execute(
            requete,
            {
                "logins": [f"u{rang}" for rang in range(len(demandes))],
                "agents": [d.csam_id for d in demandes],
                "plateformes": [d.plateforme_id for d in demandes],
                "mot_de_passe": f"scrypt$2$8$1${code}",
            },
        )


def sign_in_all(portail: Portail, demandes: list[Demande]) -> list[Navigateur]:
    """Signed-in readers; the filters of each are those that she left in the database."""
    navigateurs = []
    for rang in range(len(demandes)):
        navigateur = Navigateur(portail.port)
        navigateur.sign_in(f"u{rang}")
        navigateurs.append(navigateur)
    return navigateurs


def measure_http(navigateurs: list[Navigateur], secondes: float, pause: float, graine: int) -> list[list[float]]:
    """Milliseconds of each page of each reader, whole response read; raises when a page is refused."""
    depart = Barrier(len(navigateurs))

    def read(rang: int) -> list[float]:
        hasard = Random(graine + rang)  # noqa: S311 - pauses of a synthetic reader
        depart.wait()
        fin = time.perf_counter() + secondes
        latences: list[float] = []
        if pause:
            time.sleep(hasard.random() * pause)  # a person does not start with all the others
        while time.perf_counter() < fin or not latences:
            debut = time.perf_counter()
            statut, _ = navigateurs[rang].get("/ma-liste")
            latences.append((time.perf_counter() - debut) * 1000)
            if statut != 200:
                raise RuntimeError(f"the portal answered {statut}")
            if pause:
                time.sleep(hasard.expovariate(1 / pause))  # a person reads the page; nothing is waited for
        return latences

    with ThreadPoolExecutor(len(navigateurs)) as atelier:
        return list(atelier.map(read, range(len(navigateurs))))


def backends_mb() -> float | None:
    """Private memory of the largest PostgreSQL backend of the portal."""
    requete = load_fichier(RACINE / "sql" / "bench" / "worklist.sql")["backends"]
    with psycopg.connect(os.environ[ADMIN]) as conn:
        pics = [private_mb(int(str(ligne[0]))) for ligne in conn.execute(requete)]
    return max((p for p in pics if p is not None), default=None)
