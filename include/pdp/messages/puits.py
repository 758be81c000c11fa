"""Mail sink of demonstrations and tests: ``python -m pdp.messages.puits`` keeps every mail as a file and sends nothing on."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from hashlib import sha256
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from pdp.config import settings

TAILLE_MAX = 5 * 1024 * 1024


class Puits:
    """Keeps mails, byte for byte, under ``dossier`` as ``<hash>.eml``: the same mail twice is one file."""

    def __init__(self, dossier: Path) -> None:
        self.dossier = dossier
        dossier.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        contenu = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        fichier = self.dossier / f"{sha256(contenu).hexdigest()[:32]}.eml"
        provisoire = fichier.with_suffix(".partiel")
        provisoire.write_bytes(contenu)
        provisoire.replace(fichier)
        return "250 OK"


async def serve(puits: Puits, hote: str, port: int) -> asyncio.Server:
    """Listen; ``port`` 0 lets the system choose."""
    boucle = asyncio.get_running_loop()
    return await boucle.create_server(partial(SMTP, puits, data_size_limit=TAILLE_MAX, ident="pdp", loop=boucle), hote, port)


async def _run() -> None:
    arret = asyncio.Event()
    for numero in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(numero, arret.set)
    serveur = await serve(Puits(Path(os.environ["PDP_ETAT"]) / "courriels"), *settings().smtp)
    async with serveur:
        await arret.wait()


if __name__ == "__main__":
    asyncio.run(_run())
