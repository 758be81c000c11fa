"""Partners who speak FHIR, for tests: the simulated server on a free port, hand-overs that go to it, and software that calls us."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import requests
import uvicorn
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, lot
from pdp.domain.auteur import Auteur
from pdp.partners import signature
from pdp.partners.simulateur_fhir import Pannes, create_app
from pdp.partners.simulateur_fhir_registre import Objet, RegistreFhir
from pdp.services.authenticate_client import key_of
from pdp.services.manage_clients import create_client
from relais import SECRET, Relais, relais

MUET: Callable[..., list[tuple[datetime, Objet]]] = lambda *_: []  # noqa: E731  a partner whose people move the Task by hand, in the test


@dataclass
class Serveur:
    """The simulated servers: address, memory, scripted faults."""

    url: str
    registre: RegistreFhir
    pannes: Pannes = field(default_factory=Pannes)

    def tache(self, lieu: str) -> Objet:
        """The only Task of a partner."""
        (tache,) = self.registre.taches(lieu)
        return tache

    def change(self, lieu: str, change: Objet, **lie: Any) -> Objet:
        return self.registre.change(lieu, self.tache(lieu)["id"], change, **lie)


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """An application served on a free port of this machine: its address."""
    serveur = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    fil = threading.Thread(target=serveur.run, daemon=True)
    fil.start()
    while not serveur.started:
        time.sleep(0.01)  # uvicorn tells that it listens by this flag only
    try:
        yield f"http://127.0.0.1:{serveur.servers[0].sockets[0].getsockname()[1]}"
    finally:
        serveur.should_exit = True
        fil.join(10)


@contextmanager
def serveur_fhir(dossier: Path, script: Callable[..., list[tuple[datetime, Objet]]] = MUET) -> Iterator[Serveur]:
    registre, pannes = RegistreFhir(dossier / "fhir.sqlite", script=script), Pannes()
    try:
        with listening(create_app(registre, SECRET, pannes)) as adresse:
            yield Serveur(f"{adresse}/fhir", registre, pannes)
    finally:
        registre.close()


def relais_fhir(url: str, *, plateforme_type: str = "spst", jeton: bool = False) -> tuple[Relais, str]:
    """A parcours oriented to a partner reached by FHIR, and the place of that partner in the simulator."""
    with lot() as conn:
        partenaire = fabrique.partenaire(conn, plateforme_type, "fhir", url=url)
        (source,) = conn.execute(text("SELECT id_source FROM pdp.partenaire WHERE id = :i"), {"i": partenaire}).one()
        if jeton:
            adresse = f"{url.removesuffix('/fhir')}/token/{source}"
            conn.execute(text("UPDATE pdp.partenaire SET jeton_url = :u WHERE id = :i"), {"u": adresse, "i": partenaire})
    return relais(url, partenaire=partenaire, type=plateforme_type), f"PF35/{source}"


def open_client(partenaire: UUID, maintenant: datetime = MAINTENANT) -> tuple[str, str]:
    """Id and secret of a new client of this partner."""
    auteur = Auteur("agent", str(uuid4()), "responsable", "PF35")
    with lot() as conn:
        return create_client(conn, auteur, partenaire, maintenant)


@dataclass
class Logiciel:
    """Software of a partner that calls our endpoint, as its vendor would write it from the published rules."""

    base: str
    client: str
    secret: str
    jeton: str = ""

    def connect(self) -> requests.Response:
        reponse = requests.post(
            f"{self.base}/token", data={"grant_type": "client_credentials"}, auth=(self.client, self.secret), timeout=10
        )
        self.jeton = reponse.json().get("access_token", "")
        return reponse

    def get(self, chemin: str, **entetes: str) -> requests.Response:
        return requests.get(f"{self.base}{chemin}", headers={"Authorization": f"Bearer {self.jeton}", **entetes}, timeout=10)

    def put(self, chemin: str, objet: Any, si: str, **change: Any) -> requests.Response:
        return self.send("PUT", chemin, objet, si, **change)

    def send(
        self,
        methode: str,
        chemin: str,
        objet: Any,
        si: str,
        *,
        genre: str = "application/fhir+json",
        instant_s: int | None = None,
        cle: str | None = None,
        signee: str | None = None,
        identifiant: str | None = None,
        corps: bytes | None = None,
    ) -> requests.Response:
        """One signed call; every part may be falsified."""
        octets = json.dumps(objet).encode() if corps is None else corps
        identifiant = identifiant or secrets.token_hex(8)
        parties = (*signature.request_parts(methode, f"/fhir{chemin}", identifiant), si)
        signee = signee or signature.sign(cle or key_of(self.secret, self.jeton), parties, octets, instant_s)
        entetes = {
            "Authorization": f"Bearer {self.jeton}",
            "Content-Type": genre,
            "X-Request-Id": identifiant,
            signature.ENTETE: signee,
            **({"If-Match": si} if si else {}),
        }
        return requests.request(methode, f"{self.base}{chemin}", data=octets, headers=entetes, timeout=10)


def later(**duree: float) -> datetime:
    return MAINTENANT + timedelta(**duree)
