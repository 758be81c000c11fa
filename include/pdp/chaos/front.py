"""Partners that misbehave: a raw HTTP server before the product's own simulator, beside a mail server. One process, told the seed.

What a partner does is drawn from the seed, the key of the message and the number of its arrival. Everything that reached it, and what
it answered, is kept and given back to who checks.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from starlette.types import ASGIApp

from pdp.chaos.asgi import Recu, answer
from pdp.chaos.boite import Boite
from pdp.chaos.conduite import Conduite
from pdp.config import settings
from pdp.partners import signature
from pdp.partners.simulateur import create_app
from pdp.partners.simulateur_registre import Registre

POST = ("coupe_avant", "coupe_apres", "lent", "muet", "tard", "429", "503", "500", "500_apres", "menteur", "menteur_signe", "octets")
FIL = ("doublons", "desordre", "retenu", "autre_contenu", "illisible", "coupe", "500", "menteur")
_RETRY_AFTER = ("1", "120", "-5", "999999999", "Wed, 18 Nov 2026 09:30:00 GMT", "demain")
_FAUX_ACCUSES = (b"", b"{", b"<html></html>", b'{"recu_id": 4, "statut": "recue"}', b'{"recu_id": "a", "recu_id": "b", "statut": "recue"}')


class Front:
    """One address for every partner; ``conduite`` says how they behave now."""

    def __init__(self, app: ASGIApp, secret: bytes, conduite: Conduite) -> None:
        self._app, self._secret, self._conduite = app, secret, conduite
        self._retenus: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._seconds: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._lectures = 0

    # -- what the harness says and asks, on the same port

    def control(self, recu: Recu) -> bytes:
        """``PUT /chaos`` sets the behaviour and forgets; ``PATCH`` only sets it; ``GET`` tells what happened."""
        if recu.methode == "PUT":
            self._conduite.forget()
            self._seconds.clear()
            self._lectures = 0
        if recu.methode in ("PUT", "PATCH"):
            self._conduite.dite |= json.loads(recu.corps)
        return self._conduite.tell()

    # -- one HTTP connection

    async def serve(self, lecteur: asyncio.StreamReader, ecrivain: asyncio.StreamWriter) -> None:
        try:
            recu = await Recu.read(lecteur)
            if recu.chemin == "/chaos":
                ecrivain.write(answer(200, {}, self.control(recu)))
            elif recu.methode == "POST":
                await self._post(recu, ecrivain)
            elif "/evenements" in recu.chemin:
                await self._evenements(recu, ecrivain)
            else:
                await self._transmit(recu, ecrivain)
            await ecrivain.drain()
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass  # a worker that was killed in the middle of its request
        finally:
            ecrivain.close()

    async def _post(self, recu: Recu, ecrivain: asyncio.StreamWriter) -> None:
        cle, nature = recu.entetes.get("idempotency-key", ""), recu.chemin.rsplit("/", 1)[1]
        faute, alea = self._conduite.draw(POST, cle)
        habitude = self._conduite.habit(recu.partenaire)
        if habitude == "mort":
            self._conduite.note(cle, nature, 0)
            return
        if habitude == "refuse" and nature == "orientations":
            self._conduite.note(cle, nature, 400)
            ecrivain.write(answer(400, {}, b'{"erreur": "refus"}'))
            return
        geste: Callable[..., Any] | None = getattr(self, f"_f_{faute}", None) if faute else None
        if geste is None:
            statut, entetes, corps = await self._act(recu)
            self._conduite.note(cle, nature, statut)
            ecrivain.write(answer(statut, entetes, corps))
        else:
            await geste(recu, ecrivain, alea, cle, nature)

    async def _f_coupe_avant(self, _recu: Recu, _e: asyncio.StreamWriter, _a: Random, cle: str, nature: str) -> None:
        self._conduite.note(cle, nature, 0)

    async def _f_coupe_apres(self, recu: Recu, _e: asyncio.StreamWriter, _a: Random, cle: str, nature: str) -> None:
        await self._act(recu)
        self._conduite.note(cle, nature, 0)

    async def _f_lent(self, recu: Recu, ecrivain: asyncio.StreamWriter, _a: Random, cle: str, nature: str) -> None:
        """Acts, then answers one byte at a time, for ever as far as the caller can tell."""
        statut, entetes, corps = await self._act(recu)
        self._conduite.note(cle, nature, 0)
        for octet in answer(statut, entetes, corps):
            ecrivain.write(bytes([octet]))
            await ecrivain.drain()
            await asyncio.sleep(0.05)  # the slowness is the fault

    async def _f_octets(self, recu: Recu, ecrivain: asyncio.StreamWriter, _a: Random, cle: str, nature: str) -> None:
        """Slow, and within the time allowed."""
        statut, entetes, corps = await self._act(recu)
        self._conduite.note(cle, nature, statut)
        tout = answer(statut, entetes, corps)
        for rang in range(0, len(tout), 64):
            ecrivain.write(tout[rang : rang + 64])
            await ecrivain.drain()
            await asyncio.sleep(0.002)  # the slowness is the fault

    async def _f_muet(self, _recu: Recu, _e: asyncio.StreamWriter, _a: Random, cle: str, nature: str) -> None:
        self._conduite.note(cle, nature, 0)
        await asyncio.sleep(1)  # longer than any caller waits

    async def _f_tard(self, recu: Recu, _e: asyncio.StreamWriter, _a: Random, cle: str, nature: str) -> None:
        """Acts after the caller has gone."""
        self._conduite.note(cle, nature, 0)
        await asyncio.sleep(0.25)  # the lateness is the fault
        await self._act(recu)

    async def _f_429(self, _recu: Recu, ecrivain: asyncio.StreamWriter, alea: Random, cle: str, nature: str) -> None:
        self._conduite.note(cle, nature, 429)
        ecrivain.write(answer(429, {"Retry-After": alea.choice(_RETRY_AFTER)}, b""))

    async def _f_503(self, _recu: Recu, ecrivain: asyncio.StreamWriter, alea: Random, cle: str, nature: str) -> None:
        self._conduite.note(cle, nature, 503)
        ecrivain.write(answer(503, {"Retry-After": alea.choice(_RETRY_AFTER)}, b"<html>indisponible</html>"))

    async def _f_500(self, _recu: Recu, ecrivain: asyncio.StreamWriter, _a: Random, cle: str, nature: str) -> None:
        self._conduite.note(cle, nature, 500)
        ecrivain.write(answer(500, {}, b"oops"))

    async def _f_500_apres(self, recu: Recu, ecrivain: asyncio.StreamWriter, _a: Random, cle: str, nature: str) -> None:
        await self._act(recu)
        self._conduite.note(cle, nature, 500)
        ecrivain.write(answer(500, {}, b"oops"))

    async def _f_menteur(self, _recu: Recu, ecrivain: asyncio.StreamWriter, _a: Random, cle: str, nature: str) -> None:
        """Somebody answers 200 who is not the partner."""
        self._conduite.note(cle, nature, 0)
        ecrivain.write(answer(200, {}, b'{"recu_id": "x", "statut": "recue"}'))

    async def _f_menteur_signe(self, recu: Recu, ecrivain: asyncio.StreamWriter, alea: Random, cle: str, nature: str) -> None:
        """The partner itself, with a body that is no receipt."""
        self._conduite.note(cle, nature, 0)
        corps = alea.choice(
            (b"", b"{", b"<html></html>", b'{"recu_id": 4, "statut": "recue"}', b'{"recu_id": "a", "recu_id": "b", "statut": "recue"}')
        )
        ecrivain.write(answer(201, {signature.ENTETE: self._sign(recu, 201, corps)}, corps))

    async def _act(self, recu: Recu) -> tuple[int, Mapping[str, str], bytes]:
        statut, entetes, corps = await recu.play(self._app)
        if 200 <= statut < 300 and recu.chemin.endswith("/orientations"):
            self._conduite.memoire.orientations[json.loads(recu.corps)["orientation_id"]].add(recu.entetes.get("idempotency-key", ""))
        elif 200 <= statut < 300:
            self._conduite.memoire.annulations.add(recu.entetes.get("idempotency-key", ""))
        return statut, entetes, corps

    # -- answers of the partners

    async def _evenements(self, recu: Recu, ecrivain: asyncio.StreamWriter) -> None:
        self._lectures += 1
        faute, alea = self._conduite.draw_fil(FIL, f"fil/{recu.partenaire}/{self._lectures}")
        if self._conduite.habit(recu.partenaire) == "mort" or faute == "coupe":
            ecrivain.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{" if faute else b"")
            return
        if faute in ("500", "menteur"):
            ecrivain.write(answer(500 if faute == "500" else 200, {}, b'{"curseur": "zzz", "evenements": []}'))
            return
        statut, _, corps = await recu.play(self._app)
        if statut != 200:
            ecrivain.write(answer(statut, {}, corps))
            return
        objet = json.loads(corps)
        objet["evenements"] = self._distort(recu.partenaire, objet["evenements"], faute, alea)
        corps = json.dumps(objet).encode()
        ecrivain.write(answer(200, {signature.ENTETE: self._sign(recu, 200, corps)}, corps))

    def _distort(self, partenaire: str, evenements: list[dict[str, Any]], faute: str | None, alea: Random) -> list[dict[str, Any]]:
        """This page as the fault makes it, then what was held back from an earlier one."""
        self._seconds[partenaire] += self._retenus.pop(partenaire, [])
        servis = evenements
        if faute == "retenu" and servis:
            self._retenus[partenaire], servis = servis[:1], servis[1:]
        elif faute == "doublons":
            servis = [e for e in servis for _ in range(alea.randint(1, 4))]
        elif faute == "desordre":
            alea.shuffle(servis)
        elif faute == "autre_contenu" and servis:
            self._seconds[partenaire].append(servis[0] | {"compte_rendu": "Autre contenu sous le même numéro."})
            self._conduite.memoire.contrefaits.add(servis[0]["evenement_id"])
        elif faute == "illisible":
            servis = [*servis, {"evenement_id": "x"}, 4]
        servis = servis + self._seconds[partenaire]  # said again at every reading: who died reading it reads it later
        self._conduite.memoire.servis |= {e["evenement_id"] for e in servis if isinstance(e, dict) and "orientation_id" in e}
        return servis

    async def _transmit(self, recu: Recu, ecrivain: asyncio.StreamWriter) -> None:
        faute, _ = self._conduite.draw(("coupe", "500", "faux_404"), f"etat/{recu.chemin}")
        if self._conduite.habit(recu.partenaire) == "mort" or faute == "coupe":
            return
        if faute:
            ecrivain.write(answer(500 if faute == "500" else 404, {}, b'{"cle": "' + recu.chemin.rsplit("/", 1)[1].encode() + b'"}'))
            return
        statut, entetes, corps = await recu.play(self._app)
        ecrivain.write(answer(statut, entetes, corps))

    # -- inside

    def _sign(self, recu: Recu, statut: int, corps: bytes) -> str:
        jeton = signature.token_of(self._secret, recu.entetes.get("x-pdp-plateforme", ""), recu.partenaire)
        return signature.sign(jeton, signature.answer_parts(recu.entetes.get(signature.ENTETE.lower(), ""), statut), corps)


async def _serve(secret: bytes) -> None:
    registre = Registre(Path(":memory:"))
    conduite = Conduite()
    front, boite = Front(create_app(registre, secret), secret, conduite), Boite(conduite)
    http = await asyncio.start_server(front.serve, "127.0.0.1", 0)
    smtp = await asyncio.start_server(boite.serve, "127.0.0.1", 0)
    print(http.sockets[0].getsockname()[1], smtp.sockets[0].getsockname()[1], flush=True)
    await asyncio.gather(http.serve_forever(), smtp.serve_forever())


if __name__ == "__main__":
    asyncio.run(_serve(settings().secret_partenaires))
