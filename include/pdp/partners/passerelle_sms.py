"""SMS gateway played for demonstrations and tests: ``python -m pdp.partners.passerelle_sms``. No message leaves this machine.

What it takes is kept in ``$PDP_ETAT`` and survives a restart, once per key. The last two digits of a number decide its fate:
99 does not exist (refused at once), 98 fails for good after a moment, 97 fails for a while then arrives, others arrive.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, Request, Response

from pdp import clock
from pdp.config import settings
from pdp.partners.simulateur import authenticate

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (cle TEXT PRIMARY KEY, plateforme TEXT NOT NULL, numero TEXT NOT NULL, texte TEXT NOT NULL,
    recu_id TEXT NOT NULL, recu_at TEXT NOT NULL, fois INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS accuse (rang INTEGER PRIMARY KEY AUTOINCREMENT, plateforme TEXT NOT NULL, evenement_id TEXT NOT NULL,
    cle TEXT NOT NULL, etat TEXT NOT NULL, code TEXT, survenu_at TEXT NOT NULL, visible_at TEXT NOT NULL);
"""
Etapes = tuple[tuple[str, str | None], ...]
_SORTS: dict[str, Etapes] = {
    "98": (("echec_definitif", "numero_resilie"),),
    "97": (("echec_temporaire", "injoignable_reseau"), ("remis", None)),
}
INEXISTANT = "99"


class Messages:
    """Memory of the gateway: what it took, once per key, and the receipts to come."""

    def __init__(self, fichier: Path, delai_s: float = 0.0) -> None:
        self._delai = timedelta(seconds=delai_s)
        self._verrou = threading.Lock()
        self._base = sqlite3.connect(fichier, check_same_thread=False, isolation_level=None)
        self._base.executescript(_SCHEMA)

    def take(self, plateforme: str, cle: str, numero: str, texte: str) -> tuple[int, dict[str, Any]]:
        """Send once per key; the same key with another text is refused."""
        if numero.endswith(INEXISTANT):
            return HTTPStatus.UNPROCESSABLE_ENTITY, {"erreur": "numero_inexistant"}
        with self._verrou:
            connu = self._base.execute("SELECT numero, texte, recu_id FROM message WHERE cle = ?", (cle,)).fetchone()
            if connu is not None:
                self._base.execute("UPDATE message SET fois = fois + 1 WHERE cle = ?", (cle,))
                memes = connu[:2] == (numero, texte)
                return (HTTPStatus.OK, {"recu_id": connu[2], "statut": "accepte"}) if memes else (HTTPStatus.BAD_REQUEST, {"erreur": "cle"})
            recu_id, maintenant = uuid4().hex, clock.now()
            self._base.execute(
                "INSERT INTO message (cle, plateforme, numero, texte, recu_id, recu_at) VALUES (?, ?, ?, ?, ?, ?)",
                (cle, plateforme, numero, texte, recu_id, maintenant.isoformat()),
            )
            for rang, (etat, code) in enumerate(_SORTS.get(numero[-2:], (("remis", None),)), start=1):
                self._write(plateforme, f"{recu_id}-{rang}", cle, etat, code, maintenant + rang * self._delai)
        return HTTPStatus.CREATED, {"recu_id": recu_id, "statut": "accepte"}

    def script(self, plateforme: str, cle: str, etat: str, code: str | None, evenement_id: str, survenu_at: datetime) -> None:
        """A receipt written by a test: repeated, late, out of order, or about nothing known."""
        with self._verrou:
            self._write(plateforme, evenement_id, cle, etat, code, survenu_at)

    def list_accuses(self, plateforme: str, depuis: str | None) -> tuple[str, list[dict[str, Any]]]:
        rang = int(depuis) if depuis and depuis.isdecimal() else 0
        with self._verrou:
            lignes = self._base.execute(
                "SELECT rang, evenement_id, cle, etat, code, survenu_at FROM accuse"
                " WHERE plateforme = ? AND rang > ? AND visible_at <= ? ORDER BY rang LIMIT 200",
                (plateforme, rang, clock.now().isoformat()),
            ).fetchall()
            # a receipt still to come keeps the cursor before it
            attente = self._base.execute(
                "SELECT min(rang) FROM accuse WHERE plateforme = ? AND visible_at > ?", (plateforme, clock.now().isoformat())
            ).fetchone()[0]
        bornes = [ligne[0] for ligne in lignes if attente is None or ligne[0] < attente]
        champs = ("evenement_id", "cle", "etat", "code", "survenu_at")
        return str(max(bornes, default=rang)), [dict(zip(champs, ligne[1:], strict=True)) for ligne in lignes]

    def count(self) -> dict[str, int]:
        with self._verrou:
            uniques, recus = self._base.execute("SELECT count(*), coalesce(sum(fois), 0) FROM message").fetchone()
        return {"recus": recus, "uniques": uniques, "doublons": recus - uniques}

    def list_textes(self) -> list[tuple[str, str]]:
        """Numbers and texts taken, in order."""
        with self._verrou:
            return self._base.execute("SELECT numero, texte FROM message ORDER BY recu_at, cle").fetchall()

    def close(self) -> None:
        self._base.close()

    def _write(self, plateforme: str, evenement_id: str, cle: str, etat: str, code: str | None, survenu_at: datetime) -> None:
        self._base.execute(
            "INSERT INTO accuse (plateforme, evenement_id, cle, etat, code, survenu_at, visible_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (plateforme, evenement_id, cle, etat, code, survenu_at.isoformat(), survenu_at.isoformat()),
        )


def create_app(messages: Messages, secret: bytes, *, pannes: bool = False) -> FastAPI:
    """The application; ``pannes`` opens ``POST /pannes`` to tests: the next ``nombre`` posts get ``status`` (200: taken, but the
    answer is lost), after ``lent_s`` seconds."""
    app = FastAPI(title="Passerelle SMS simulée", docs_url=None, redoc_url=None, openapi_url=None)
    prevues: list[tuple[int, float, bool]] = []

    @app.get("/sante")
    def sante() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/compteurs")
    def compteurs() -> dict[str, int]:
        return messages.count()

    if pannes:

        @app.post("/pannes")
        async def planifier(request: Request) -> dict[str, int]:
            demande = await request.json()
            panne = (int(demande["status"]), float(demande.get("lent_s", 0)), bool(demande.get("signee", True)))
            prevues.extend([panne] * int(demande["nombre"]))
            return {"prevues": len(prevues)}

    async def prendre(request: Request) -> Response:
        appel = await authenticate(request, secret)
        if isinstance(appel, Response):
            return appel
        objet = await request.json()
        statut, lent_s, signee = prevues.pop(0) if prevues else (0, 0.0, True)
        if lent_s:
            await asyncio.sleep(lent_s)  # a slow gateway is what is played
        if statut not in (0, HTTPStatus.OK):
            entetes = {"Retry-After": "120"} if statut in (429, 503) else {}
            return (
                appel.answer(statut, {"erreur": "numero_invalide"}, entetes)
                if signee
                else Response(b'{"erreur":"numero_invalide"}', statut)
            )
        reponse = messages.take(appel.plateforme, appel.cle, str(objet["numero"]), str(objet["texte"]))
        return Response(b"", HTTPStatus.OK) if statut == HTTPStatus.OK else appel.answer(*reponse)

    async def lire(request: Request) -> Response:
        appel = await authenticate(request, secret)
        if isinstance(appel, Response):
            return appel
        curseur, accuses = messages.list_accuses(appel.plateforme, request.query_params.get("depuis"))
        return appel.answer(HTTPStatus.OK, {"curseur": curseur, "accuses": accuses})

    app.add_api_route("/messages", prendre, methods=["POST"])
    app.add_api_route("/accuses", lire, methods=["GET"])
    return app


def main() -> None:
    """Serve on 127.0.0.1:$PDP_SMS_PORT (``PDP_SMS_HOTE`` in a container) until stopped."""
    messages = Messages(Path(os.environ["PDP_ETAT"]) / "sms_simules.sqlite", float(os.environ.get("PDP_SMS_DELAI_S", "20")))
    app = create_app(messages, settings().secret_partenaires, pannes=os.environ.get("PDP_SIMULATEUR_PANNES") == "1")
    hote = os.environ.get("PDP_SMS_HOTE", "127.0.0.1")
    uvicorn.run(app, host=hote, port=int(os.environ["PDP_SMS_PORT"]), access_log=False, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
