"""The simulated operator of secure mail on free ports, and the settings of an installation that has one."""

from __future__ import annotations

import asyncio
import email
import email.policy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from pdp.config import settings
from pdp.partners.simulateur_imap import Boites
from pdp.partners.simulateur_messagerie import serve

DOMAINE = "pro.mssante.invalid"
BOITE = "plateforme"


@contextmanager
def operateur(dossier: Path) -> Iterator[tuple[Boites, int, int]]:
    """Served until the end: its memory, the SMTP port, the IMAP port."""
    boites = Boites(dossier / "messagerie.sqlite")
    boucle, pret, ports = asyncio.new_event_loop(), threading.Event(), []

    async def demarrer() -> tuple[asyncio.Server, asyncio.Server]:
        serveurs = await serve(boites, BOITE, "127.0.0.1", 0, 0)
        ports.extend(s.sockets[0].getsockname()[1] for s in serveurs)
        return serveurs

    def tourner() -> None:
        serveurs = boucle.run_until_complete(demarrer())
        pret.set()
        boucle.run_forever()
        for serveur in serveurs:
            serveur.close()
        boucle.close()

    fil = threading.Thread(target=tourner, daemon=True)
    fil.start()
    assert pret.wait(10)
    try:
        yield boites, ports[0], ports[1]
    finally:
        boucle.call_soon_threadsafe(boucle.stop)
        fil.join(10)
        boites.close()


def connect(monkeypatch: pytest.MonkeyPatch, smtp: int, imap: int) -> None:
    """Settings of an installation that has an operator."""
    reglages = {
        "PDP_MSS_SMTP_HOTE": "127.0.0.1",
        "PDP_MSS_SMTP_PORT": str(smtp),
        "PDP_MSS_IMAP_HOTE": "127.0.0.1",
        "PDP_MSS_IMAP_PORT": str(imap),
        "PDP_MSS_COMPTE": BOITE,
        "PDP_MSS_MOT_DE_PASSE": "secret",
        "PDP_MSS_EXPEDITEUR": f"plateforme@{DOMAINE}",
        "PDP_MSS_DOMAINES": f"mssante.exemple, {DOMAINE}",
    }
    for nom, valeur in reglages.items():
        monkeypatch.setenv(nom, valeur)
    settings.cache_clear()


def read(contenu: bytes) -> EmailMessage:
    return email.message_from_bytes(contenu, policy=email.policy.default)
