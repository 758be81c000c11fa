"""The SMS gateway played on a free port, and messages to people as tests write and read them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import uvicorn

import fabrique
from fabrique import MAINTENANT
from pdp.partners.passerelle_sms import Messages, create_app
from pdp.services.write_message import Message, write_message
from relais import SECRET

Admin = psycopg.Connection[Any]


@contextmanager
def passerelle(dossier: Path) -> Iterator[tuple[str, Messages]]:
    """The gateway served on a free port: its address and its memory."""
    messages = Messages(dossier / "sms.sqlite")
    config = uvicorn.Config(create_app(messages, SECRET, pannes=True), host="127.0.0.1", port=0, log_config=None, lifespan="off")
    serveur = uvicorn.Server(config)
    fil = threading.Thread(target=serveur.run, daemon=True)
    fil.start()
    while not serveur.started:
        time.sleep(0.01)  # uvicorn tells that it listens by this flag only
    try:
        yield f"http://127.0.0.1:{serveur.servers[0].sockets[0].getsockname()[1]}", messages
    finally:
        serveur.should_exit = True
        fil.join(10)
        messages.close()


def ecrire(dossier: fabrique.Dossier, modele: str = "rappelez_nous", cause: str = "c1", **options: Any) -> Message:
    """Written by the batch role, half a minute before it may leave."""
    with fabrique.lot() as conn:
        return write_message(
            conn, fabrique.TEST, dossier.parcours, modele=modele, cause=cause, maintenant=options.pop("maintenant", MAINTENANT), **options
        )


def poser(admin: Admin, dossier: fabrique.Dossier, **champs: Any) -> None:
    """What the feed says of a person."""
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        for champ, valeur in champs.items():
            admin.execute(f"UPDATE identite.assure SET {champ} = %s WHERE id = %s", (valeur, dossier.assure))


def envoi(admin: Admin, cause: str = "c1") -> dict[str, Any]:
    """The only row of a cause."""
    with admin.cursor(row_factory=psycopg.rows.dict_row) as curseur:
        (ligne,) = curseur.execute("SELECT * FROM pdp.outbox WHERE cause = %s", (cause,)).fetchall()
    return ligne


def taches(admin: Admin) -> list[str]:
    """Notes of the open reasons about messages that did not arrive."""
    return [
        n
        for (n,) in admin.execute(
            "SELECT note FROM pdp.tache WHERE motif = 'message_en_echec' AND fermee_at IS NULL ORDER BY ouverte_at, note"
        )
    ]
