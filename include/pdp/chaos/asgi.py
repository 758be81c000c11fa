"""One HTTP request read from a socket and played on an ASGI application, so that whatever the answer, the wire stays ours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp

TAILLE_MAX = 1024 * 1024


@dataclass(frozen=True)
class Recu:
    """A request; names of headers in lower case."""

    methode: str
    cible: str
    entetes: Mapping[str, str]
    corps: bytes

    @property
    def chemin(self) -> str:
        return self.cible.partition("?")[0]

    @property
    def partenaire(self) -> str:
        """Whom it is for, by the id both sides know."""
        return self.entetes.get("x-pdp-partenaire", "")

    @classmethod
    async def read(cls, lecteur: asyncio.StreamReader) -> Recu:
        tete = (await lecteur.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        methode, cible, _ = tete[0].split(" ", 2)
        entetes = {nom.strip().lower(): valeur.strip() for nom, _, valeur in (ligne.partition(":") for ligne in tete[1:] if ligne)}
        taille = int(entetes.get("content-length", "0"))
        if taille > TAILLE_MAX:
            raise ValueError("request too long")
        return cls(methode, cible, entetes, await lecteur.readexactly(taille))

    async def play(self, app: ASGIApp) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body that the application gives."""
        chemin, _, requete = self.cible.partition("?")
        portee: MutableMapping[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self.methode,
            "scheme": "http",
            "path": unquote(chemin),
            "raw_path": chemin.encode(),
            "query_string": requete.encode(),
            "root_path": "",
            "headers": [(nom.encode("latin-1"), valeur.encode("latin-1")) for nom, valeur in self.entetes.items()],
            "client": ("127.0.0.1", 0),
            "server": ("127.0.0.1", 0),
        }
        envoyes: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": self.corps, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            envoyes.append(message)

        await app(portee, receive, send)
        debut = envoyes[0]
        entetes = {nom.decode("latin-1"): valeur.decode("latin-1") for nom, valeur in debut["headers"]}
        return debut["status"], entetes, b"".join(m.get("body", b"") for m in envoyes[1:])


def answer(statut: int, entetes: Mapping[str, str], corps: bytes) -> bytes:
    """The bytes of an answer on the wire."""
    lignes = [f"HTTP/1.1 {statut} X", "Connection: close", f"Content-Length: {len(corps)}"]
    lignes += [f"{nom}: {valeur}" for nom, valeur in entetes.items() if nom.lower() not in ("content-length", "connection")]
    return "\r\n".join((*lignes, "", "")).encode("latin-1") + corps
