"""Labelled points where a worker may die, stop or lose its connection. Nothing of this exists in the product: the harness listens.

Points are seen from outside: after every named statement that writes, around every COMMIT, around every call to a partner.
"""

from __future__ import annotations

import mmap
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from pdp.storage.sql import query

AUTOUR = ("commit.avant", "commit.apres", "commit.perdu", "commit.muet")
APPEL = ("appel.avant", "appel.apres")
_ECRITURES = {
    "proposer": ("orientations.proposer", "outbox.inserer", "taches.ouvrir"),
    "retirer": ("orientations.annuler", "outbox.rappeler", "taches.ouvrir"),
    "refuser": ("accords.retirer", "orientations.annuler", "outbox.rappeler", "taches.ouvrir"),
    "envoyer": ("outbox.reclamer", "outbox.tenir", "outbox.conclure", "outbox.marquer_envoyee"),
    "relever": ("inbox.deposer", "inbox.avancer_curseur"),
    "appliquer": ("inbox.appliquer", "inbox.traiter"),
    "repondre": ("inbox.deposer",),
    "rapprocher": ("circuits.reclamer_incertain", "circuits.conclure_incertain"),
}
"""Writing statements of each worker after which it may die."""
POINTS: dict[str, tuple[str, ...]] = {
    travail: tuple(f"{travail}.{point}" for point in (*ecritures, *AUTOUR, *(APPEL if travail == "envoyer" else ())))
    for travail, ecritures in _ECRITURES.items()
}
ETIQUETTES: tuple[str, ...] = tuple(etiquette for points in POINTS.values() for etiquette in points)
_RANG = {etiquette: rang for rang, etiquette in enumerate(ETIQUETTES)}


@dataclass(frozen=True)
class Faute:
    """What happens to one worker: at the ``fois``-th passage of ``point`` it is killed (``tue``) or stopped (``arrete``)."""

    point: str
    fois: int
    geste: str = "tue"


class Releve:
    """Points reached, shared by every process of a lane, whatever way each of them ends."""

    def __init__(self) -> None:
        self._octets = mmap.mmap(-1, len(ETIQUETTES) * 2)

    def pass_(self, point: str) -> None:
        self._octets[_RANG[point]] = 1

    def hit(self, point: str) -> None:
        """A fault was made there."""
        self._octets[len(ETIQUETTES) + _RANG[point]] = 1

    def read(self) -> tuple[set[str], set[str]]:
        """Points passed, points where a fault was made."""
        n = len(ETIQUETTES)
        return {e for e, r in _RANG.items() if self._octets[r]}, {e for e, r in _RANG.items() if self._octets[n + r]}


class Ecoute:
    """Listens to one worker process; made after the fork, never in the process that drives."""

    def __init__(self, releve: Releve) -> None:
        self._releve, self.travail = releve, ""
        self._faute: Faute | None = None
        self._vus: dict[str, int] = {}
        self._noms: dict[str, str] = {}
        self._par_travail = {
            travail: {str(query(nom).compile(dialect=PGDialect_psycopg())): nom for nom in noms} for travail, noms in _ECRITURES.items()
        }
        event.listen(Engine, "after_cursor_execute", self._after_statement)
        event.listen(Engine, "commit", self._on_commit)

    def begin(self, travail: str, faute: Faute | None) -> None:
        """Another work begins, under this fault; an empty name = between two works, nothing is listened to."""
        self.travail, self._faute, self._vus = travail, faute, {}
        self._noms = self._par_travail.get(travail, {})

    def around(self, appel: Callable[..., Any]) -> Callable[..., Any]:
        """A call to a partner, with a point before and after."""

        @wraps(appel)
        def ecoute(*arguments: Any, **nommes: Any) -> Any:
            self.pass_("appel.avant")
            try:
                return appel(*arguments, **nommes)
            finally:
                self.pass_("appel.apres")

        return ecoute

    def pass_(self, point: str) -> None:
        if self._is_due(point):
            self._strike()

    def _is_due(self, point: str) -> bool:
        if not self.travail:
            return False
        etiquette = f"{self.travail}.{point}"
        self._releve.pass_(etiquette)
        self._vus[etiquette] = vu = self._vus.get(etiquette, 0) + 1
        if self._faute is None or self._faute.point != etiquette or self._faute.fois != vu:
            return False
        self._releve.hit(etiquette)
        return True

    def _strike(self) -> None:
        geste = signal.SIGSTOP if self._faute is not None and self._faute.geste == "arrete" else signal.SIGKILL
        os.kill(os.getpid(), geste)

    def _after_statement(self, _conn: Connection, _curseur: Any, requete: str, *_: Any) -> None:
        nom = self._noms.get(requete)
        if nom is not None:
            self.pass_(nom)

    def _on_commit(self, conn: Connection) -> None:
        """The four ways a COMMIT may end badly: never sent, done and nobody knows (killed), connection lost before or after it."""
        self.pass_("commit.avant")
        fil = conn.connection.dbapi_connection.pgconn
        if self._is_due("commit.apres"):
            fil.exec_(b"COMMIT")
            self._strike()
        if self._is_due("commit.muet"):
            fil.exec_(b"COMMIT")
            fil.finish()
        if self._is_due("commit.perdu"):
            fil.finish()
