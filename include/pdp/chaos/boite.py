"""The mailbox of a partner: a mail server that keeps what it is given, or says so, or neither."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

from pdp.chaos.conduite import Conduite

COURRIEL = ("coupe_avant", "coupe_apres", "garde_coupe", "451", "muet")
_CLE = re.compile(rb"^Message-ID: <([0-9a-f-]{36})", re.MULTILINE | re.IGNORECASE)


class Boite:
    """One server for every mailbox: a mail is known by its key, which nobody there looks at."""

    def __init__(self, conduite: Conduite) -> None:
        self._conduite = conduite

    async def serve(self, lecteur: asyncio.StreamReader, ecrivain: asyncio.StreamWriter) -> None:
        try:
            ecrivain.write(b"220 chaos\r\n")
            while ligne := await lecteur.readline():
                verbe = ligne.strip().upper()[:4]
                if verbe == b"DATA":
                    ecrivain.write(b"354 go\r\n")
                    texte = await lecteur.readuntil(b"\r\n.\r\n")
                    if not await self._mail(texte, ecrivain):
                        return
                elif verbe == b"QUIT":
                    ecrivain.write(b"221 bye\r\n")
                    return
                else:
                    ecrivain.write(b"250 ok\r\n")
                await ecrivain.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # a worker that was killed in the middle of its mail
        finally:
            with suppress(OSError):
                ecrivain.close()

    async def _mail(self, texte: bytes, ecrivain: asyncio.StreamWriter) -> bool:
        """Keep the mail or not, answer or not; False = the connection ends here."""
        trouvee = _CLE.search(texte)
        cle = trouvee[1].decode() if trouvee else ""
        faute, _ = self._conduite.draw(COURRIEL, cle)
        if faute in (None, "garde_coupe", "coupe_apres"):
            self._conduite.memoire.boite[cle] += 1
        if faute == "451":
            ecrivain.write(b"451 later\r\n")
        elif faute is None:
            ecrivain.write(b"250 kept\r\n")
        elif faute == "muet":
            await asyncio.sleep(0.5)  # longer than any caller waits
        self._conduite.note(cle, "courriel", 250 if faute is None else 451 if faute == "451" else 0)
        return faute in (None, "451")
