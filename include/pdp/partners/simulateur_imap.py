"""A mailbox server for demonstrations and tests: the few IMAP commands that the reader uses, over a file that survives a restart."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import threading
from datetime import datetime
from pathlib import Path

from pdp import clock

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (boite TEXT NOT NULL, uid INTEGER NOT NULL, contenu BLOB NOT NULL, vu INTEGER NOT NULL DEFAULT 0,
    visible_at TEXT NOT NULL, PRIMARY KEY (boite, uid));
CREATE TABLE IF NOT EXISTS validite (boite TEXT PRIMARY KEY, valeur INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS recu (rang INTEGER PRIMARY KEY AUTOINCREMENT, adresse TEXT NOT NULL, contenu BLOB NOT NULL);
"""
_COMMANDE = re.compile(rb"(\S+) (UID )?(\S+)(?: (.*?))?\r?\n")
_PARTIEL = re.compile(rb"BODY(?:\.PEEK)?\[\]<(\d+)\.(\d+)>")


class Boites:
    """Messages of every mailbox, in order of arrival; ids are never reused."""

    def __init__(self, fichier: Path) -> None:
        self._verrou = threading.Lock()
        self._base = sqlite3.connect(fichier, check_same_thread=False, isolation_level=None)
        self._base.executescript(_SCHEMA)

    def drop(self, boite: str, contenu: bytes, visible_at: datetime | None = None) -> int:
        """Put a message in a mailbox, visible now or later; returns its UID."""
        with self._verrou:
            uid = 1 + int(self._base.execute("SELECT coalesce(max(uid), 0) FROM message WHERE boite = ?", (boite,)).fetchone()[0])
            instant = (visible_at or clock.now()).isoformat()
            self._base.execute("INSERT INTO message (boite, uid, contenu, visible_at) VALUES (?, ?, ?, ?)", (boite, uid, contenu, instant))
            return uid

    def keep(self, adresse: str, contenu: bytes) -> None:
        """What the operator took to deliver."""
        with self._verrou:
            self._base.execute("INSERT INTO recu (adresse, contenu) VALUES (?, ?)", (adresse, contenu))

    def list_recus(self) -> list[tuple[str, bytes]]:
        with self._verrou:
            return self._base.execute("SELECT adresse, contenu FROM recu ORDER BY rang").fetchall()

    def validity(self, boite: str) -> int:
        with self._verrou:
            ligne = self._base.execute("SELECT valeur FROM validite WHERE boite = ?", (boite,)).fetchone()
            return int(ligne[0]) if ligne else 1

    def rebuild(self, boite: str) -> None:
        """What an operator does when it moves a mailbox: every UID changes, and so does UIDVALIDITY."""
        suivante = self.validity(boite) + 1
        with self._verrou:
            self._base.execute("INSERT OR REPLACE INTO validite (boite, valeur) VALUES (?, ?)", (boite, suivante))
            self._base.execute("UPDATE message SET uid = uid + 1000 WHERE boite = ?", (boite,))

    def list_uids(self, boite: str) -> list[int]:
        with self._verrou:
            requete = "SELECT uid FROM message WHERE boite = ? AND visible_at <= ? ORDER BY uid"
            return [uid for (uid,) in self._base.execute(requete, (boite, clock.now().isoformat()))]

    def read(self, boite: str, uid: int) -> tuple[bytes, bool] | None:
        with self._verrou:
            ligne = self._base.execute("SELECT contenu, vu FROM message WHERE boite = ? AND uid = ?", (boite, uid)).fetchone()
        return (bytes(ligne[0]), bool(ligne[1])) if ligne else None

    def mark(self, boite: str, uid: int) -> None:
        with self._verrou:
            self._base.execute("UPDATE message SET vu = 1 WHERE boite = ? AND uid = ?", (boite, uid))

    def list_vus(self, boite: str) -> list[int]:
        with self._verrou:
            return [uid for (uid,) in self._base.execute("SELECT uid FROM message WHERE boite = ? AND vu = 1 ORDER BY uid", (boite,))]

    def close(self) -> None:
        self._base.close()


async def serve(boites: Boites, hote: str, port: int) -> asyncio.Server:
    """Listen; ``port`` 0 lets the system choose. The account is the name of the mailbox, any password opens it: the mails are invented."""
    return await asyncio.start_server(lambda lecteur, redacteur: _Session(boites, lecteur, redacteur).run(), hote, port)


class _Session:
    def __init__(self, boites: Boites, lecteur: asyncio.StreamReader, redacteur: asyncio.StreamWriter) -> None:
        self.boites, self.lecteur, self.redacteur, self.boite = boites, lecteur, redacteur, ""

    async def run(self) -> None:
        try:
            self._say(b"* OK IMAP4rev1 simule")
            while (lue := _COMMANDE.fullmatch(await self.lecteur.readline())) is not None:
                etiquette, _, verbe, reste = lue.groups()
                faire = getattr(self, f"_do_{verbe.decode('ascii', 'replace').lower()}", None)
                fin = faire(reste or b"") if faire else b"BAD unknown command"
                self._say(etiquette + b" " + fin)
                await self.redacteur.drain()
                if verbe.upper() == b"LOGOUT":
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self.redacteur.close()

    def _say(self, ligne: bytes) -> None:
        self.redacteur.write(ligne + b"\r\n")

    def _do_capability(self, _: bytes) -> bytes:
        self._say(b"* CAPABILITY IMAP4rev1")
        return b"OK done"

    def _do_noop(self, _: bytes) -> bytes:
        return b"OK done"

    def _do_login(self, reste: bytes) -> bytes:
        self.boite = reste.split(b" ")[0].strip(b'"').decode()
        return b"OK logged in"

    def _do_select(self, _: bytes) -> bytes:
        self._say(b"* %d EXISTS" % len(self.boites.list_uids(self.boite)))
        self._say(b"* OK [UIDVALIDITY %d] valid" % self.boites.validity(self.boite))
        return b"OK [READ-WRITE] selected"

    def _do_search(self, reste: bytes) -> bytes:
        borne = re.search(rb"UID (\d+):\*", reste)
        uids = self.boites.list_uids(self.boite)
        depuis = int(borne[1]) if borne else 0
        # as the standard says, n:* always holds the last message, even when n is beyond it
        trouves = [uid for uid in uids if uid >= depuis] or uids[-1:]
        self._say(b" ".join([b"* SEARCH", *(b"%d" % uid for uid in trouves)]))
        return b"OK done"

    def _do_fetch(self, reste: bytes) -> bytes:
        uid = int(reste.split(b" ")[0])
        lu = self.boites.read(self.boite, uid)
        if lu is not None:
            contenu, partiel = lu[0], _PARTIEL.search(reste)
            if partiel:
                debut, nombre = int(partiel[1]), int(partiel[2])
                morceau = contenu[debut : debut + nombre]
                self.redacteur.write(b"* 1 FETCH (UID %d BODY[]<%d> {%d}\r\n" % (uid, debut, len(morceau)) + morceau + b")\r\n")
            else:
                self._say(b"* 1 FETCH (UID %d RFC822.SIZE %d)" % (uid, len(contenu)))
        return b"OK done"

    def _do_store(self, reste: bytes) -> bytes:
        for uid in reste.split(b" ")[0].split(b","):
            self.boites.mark(self.boite, int(uid))
        return b"OK done"

    def _do_logout(self, _: bytes) -> bytes:
        self._say(b"* BYE")
        return b"OK done"
