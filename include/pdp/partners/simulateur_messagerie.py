"""Operator of secure mail played for demonstrations and tests: ``python -m pdp.partners.simulateur_messagerie``. Nothing leaves.

The partners that answer by files are played beside it, when there is an exchange folder.

It takes messages by SMTP and answers in the sender's mailbox, read by IMAP. The beginning of the address decides (``REPONSES``);
besides, ``inconnu@…`` is refused at once and ``coupe@…`` takes the message and hangs up without a word.
"""

from __future__ import annotations

import asyncio
import email
import os
import signal
import threading
from datetime import timedelta
from functools import partial
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from pdp import clock
from pdp.config import settings
from pdp.partners import simulateur_csv, simulateur_imap
from pdp.partners.simulateur_imap import Boites
from pdp.partners.simulateur_reponses import REPONSES

TAILLE_MAX = 5 * 1024 * 1024


class Operateur:
    """Keeps what it takes, and answers in the mailbox ``boite`` after ``delai_s`` seconds each."""

    def __init__(self, boites: Boites, boite: str, delai_s: float = 0.0) -> None:
        self.boites, self.boite, self._delai = boites, boite, timedelta(seconds=delai_s)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address.startswith("inconnu"):
            return "550 5.1.1 unknown mailbox"
        if address.startswith("plein"):
            return "452 4.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        contenu = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        original = email.message_from_bytes(contenu)
        for adresse in envelope.rcpt_tos:
            self.boites.keep(adresse, contenu)
            for rang, ecrire in enumerate(REPONSES.get(_fate(adresse), REPONSES["accuse"]), start=1):
                instant = clock.now() + rang * self._delai
                self.boites.drop(self.boite, ecrire(original, adresse, instant), instant)
        if any(adresse.startswith("coupe") for adresse in envelope.rcpt_tos) and server.transport is not None:
            server.transport.abort()
        return "250 OK"


def _fate(adresse: str) -> str:
    return "silence" if adresse.startswith("coupe") else next((sort for sort in REPONSES if adresse.startswith(sort)), "accuse")


async def serve(boites: Boites, boite: str, hote: str, smtp: int, imap: int, delai_s: float = 0.0) -> tuple[asyncio.Server, asyncio.Server]:
    """Both servers; a port 0 lets the system choose."""
    boucle = asyncio.get_running_loop()
    fabrique = partial(
        SMTP,
        Operateur(boites, boite, delai_s),
        data_size_limit=TAILLE_MAX,
        ident="operateur",
        authenticator=lambda *_: AuthResult(success=True),
        auth_require_tls=False,
        loop=boucle,
    )
    return await boucle.create_server(fabrique, hote, smtp), await simulateur_imap.serve(boites, hote, imap)


async def _run() -> None:
    arret = asyncio.Event()
    for numero in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(numero, arret.set)
    envoi, lecture = settings().mss_smtp, settings().boites["messagerie"]
    if envoi is None:
        raise SystemExit("PDP_MSS_SMTP_HOTE is not set")
    boites = Boites(Path(os.environ["PDP_ETAT"]) / "messagerie_simulee.sqlite")
    delai = float(os.environ.get("PDP_MSS_DELAI_S", "20"))
    hote = os.environ.get("PDP_MSS_SIMULATEUR_HOTE", "127.0.0.1")
    serveurs = await serve(boites, lecture.compte or "messagerie", hote, envoi.port, lecture.port, delai)
    fin = threading.Event()
    if (echanges := settings().echanges) is not None:
        threading.Thread(target=simulateur_csv.run, args=(echanges, fin, delai), daemon=True).start()
    async with serveurs[0], serveurs[1]:
        await arret.wait()
    fin.set()
    boites.close()


if __name__ == "__main__":
    asyncio.run(_run())
