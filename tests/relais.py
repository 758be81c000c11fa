"""A hand-over ready to leave, and the simulated outside it leaves to: partners over HTTP, a mail sink."""

from __future__ import annotations

import asyncio
import base64
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import uvicorn
from sqlalchemy import Connection, text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.messages.puits import Puits, serve
from pdp.partners.simulateur import create_app
from pdp.partners.simulateur_registre import Registre
from pdp.services.orient_parcours import orient_parcours
from pdp.storage import db

SECRET = secrets.token_bytes(32)
REPENTIR = timedelta(seconds=30)
SECRET_B64 = base64.urlsafe_b64encode(SECRET).decode()


@dataclass(frozen=True)
class Relais:
    """An orientation just proposed, its message waiting."""

    dossier: fabrique.Dossier
    partenaire: UUID
    orientation: UUID


@contextmanager
def simulateur(dossier: Path, *, pannes: bool = True) -> Iterator[tuple[str, Registre]]:
    """The simulator served on a free port: its address and its memory."""
    registre = Registre(dossier / "partenaires.sqlite")
    config = uvicorn.Config(create_app(registre, SECRET, pannes=pannes), host="127.0.0.1", port=0, log_config=None, lifespan="off")
    serveur = uvicorn.Server(config)
    fil = threading.Thread(target=serveur.run, daemon=True)
    fil.start()
    while not serveur.started:
        time.sleep(0.01)  # uvicorn tells that it listens by this flag only
    try:
        yield f"http://127.0.0.1:{serveur.servers[0].sockets[0].getsockname()[1]}", registre
    finally:
        serveur.should_exit = True
        fil.join(10)
        registre.close()


@contextmanager
def boite(dossier: Path) -> Iterator[tuple[int, Path]]:
    """The mail sink on a free port: the port and the folder of the mails."""
    boucle, pret, ports = asyncio.new_event_loop(), threading.Event(), []

    async def demarrer() -> asyncio.Server:
        serveur = await serve(Puits(dossier / "courriels"), "127.0.0.1", 0)
        ports.append(serveur.sockets[0].getsockname()[1])
        return serveur

    def tourner() -> None:
        serveur = boucle.run_until_complete(demarrer())
        pret.set()
        boucle.run_forever()
        serveur.close()
        boucle.run_until_complete(serveur.wait_closed())
        boucle.close()

    fil = threading.Thread(target=tourner, daemon=True)
    fil.start()
    assert pret.wait(10)
    try:
        yield ports[0], dossier / "courriels"
    finally:
        boucle.call_soon_threadsafe(boucle.stop)
        fil.join(10)


def consent(conn: Connection, dossier: fabrique.Dossier, destinataire: str = "service_social", expire_le: str | None = None) -> UUID:
    return conn.execute(
        text(
            "INSERT INTO pdp.accord (plateforme_id, parcours_id, destinataire, decision, finalite, classes, modalite, texte_version,"
            " recueilli_par, recueilli_at, expire_le)"
            " VALUES ('PF35', :p, :d, 'accorde', 'essai', '{identite,contact}', 'oral', 'essai', :a, :m, cast(:e AS date)) RETURNING id"
        ),
        {"p": dossier.parcours, "d": destinataire, "a": dossier.csam, "m": MAINTENANT, "e": expire_le},
    ).scalar_one()


def orient(dossier: fabrique.Dossier, partenaire: UUID) -> UUID:
    """Proposed by the coordinator, under the coordinator's own database role, early enough for the message to leave at MAINTENANT."""
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        return orient_parcours(conn, auteur, dossier.parcours, partenaire, "Aide aux démarches.", MAINTENANT - REPENTIR)


def relais(url: str | None, *, partenaire: UUID | None = None, type: str = "service_social", expire_le: str | None = None) -> Relais:
    """A parcours oriented to a partner: by API at ``url``, by portal when None."""
    with lot() as conn:
        dossier = fabrique.parcours(conn, statut="accord_demande")
        cible = partenaire or fabrique.partenaire(conn, type, "api" if url else "portail", url=url)
        consent(conn, dossier, type, expire_le)
    return Relais(dossier, cible, orient(dossier, cible))
