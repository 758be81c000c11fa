"""Memory of the simulated FHIR servers: resources with their versions, found again by identifier, and Tasks that live by a script."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from pdp import clock
from pdp.fhir import systemes

Objet = dict[str, Any]
_SCHEMA = """
CREATE TABLE IF NOT EXISTS ressource (lieu TEXT NOT NULL, genre TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
    maj_at TEXT NOT NULL, contenu TEXT NOT NULL, PRIMARY KEY (lieu, genre, id));
CREATE TABLE IF NOT EXISTS identifiant (lieu TEXT NOT NULL, genre TEXT NOT NULL, systeme TEXT NOT NULL, valeur TEXT NOT NULL,
    id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS identifiant_valeur ON identifiant (lieu, genre, systeme, valeur);
CREATE TABLE IF NOT EXISTS etape (rang INTEGER PRIMARY KEY AUTOINCREMENT, lieu TEXT NOT NULL, tache TEXT NOT NULL, due_at TEXT NOT NULL,
    change TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS compteur (nom TEXT PRIMARY KEY, nombre INTEGER NOT NULL);
"""


class Refus(Exception):
    """A transaction that this server refuses as a whole."""

    def __init__(self, statut: int, code: str, texte: str) -> None:
        self.statut, self.code, self.texte = statut, code, texte
        super().__init__(texte)


def script_of(orientation: str, instant: datetime, pas: timedelta) -> list[tuple[datetime, Objet]]:
    """What a partner does with this hand-over, always the same: about a fifth refuse, a fifth ask, most accept and half go to the end."""
    tirage = int.from_bytes(sha256(orientation.encode()).digest()[:4], "big")
    sort, choix = tirage % 100, tirage // 100
    fill = {
        "identifier": [{"type": {"coding": [{"system": systemes.TYPE_IDENTIFIANT, "code": "FILL"}]}, "value": f"SPST-{choix % 10_000:04d}"}]
    }
    recue = {"status": "received", **fill}
    if sort < 20:
        code, texte = (("capacite", "Plus de place actuellement"), ("hors_territoire", "Hors de notre territoire"))[choix % 2]
        etapes: list[Objet] = [
            recue,
            {"status": "rejected", "statusReason": {"coding": [{"system": systemes.MOTIF_REFUS, "code": code}], "text": texte}},
        ]
    else:
        rencontre = (instant + timedelta(days=7 + choix % 10)).replace(hour=9, minute=30, second=0, microsecond=0)
        question = {
            "note": [
                {"extension": [{"url": systemes.NATURE_NOTE, "valueCode": "question"}], "text": "Quel créneau convient à la personne ?"}
            ]
        }
        etapes = [
            recue,
            *([question] if sort < 40 else []),
            {"status": "accepted"},
            {"businessStatus": bser("5.1.1", "Event Scheduled"), "output": [output("rendez_vous", "valueDateTime", rencontre.isoformat())]},
        ]
    if sort >= 60:
        rapport = "Visite faite avec l'employeur. Un aménagement du poste est convenu, une reprise progressive est préparée."
        etapes += [{"status": "in-progress"}, {"status": "completed", "output": [output("compte_rendu", "valueString", rapport)]}]
    return [(instant + pas * rang, etape) for rang, etape in enumerate(etapes, start=1)]


def output(genre: str, cle: str, valeur: str) -> Objet:
    return {"type": {"coding": [{"system": systemes.ECHANGE, "code": genre}]}, cle: valeur}


def bser(code: str, libelle: str) -> Objet:
    return {"coding": [{"system": systemes.BSER_STATUT, "code": code, "display": libelle}]}


class RegistreFhir:
    """One file for every server played; ``lieu`` is one of them. ``delai_s`` separates the steps of a script (0 = all at once)."""

    def __init__(self, fichier: Path, delai_s: float = 0.0, script: Callable[..., list[tuple[datetime, Objet]]] = script_of) -> None:
        self._verrou = threading.RLock()
        self._base = sqlite3.connect(fichier, check_same_thread=False)
        self._base.executescript(_SCHEMA)
        self._pas, self.script = timedelta(seconds=delai_s), script

    def transact(self, lieu: str, paquet: Mapping[str, Any]) -> Objet:
        """All entries or none; raises :class:`Refus`."""
        entrees = paquet.get("entry")
        if paquet.get("resourceType") != "Bundle" or paquet.get("type") != "transaction" or not isinstance(entrees, list):
            raise Refus(400, "structure", "Une transaction est attendue.")
        with self._ecrire():
            self._count("recues")
            liens: dict[str, str] = {}
            for entree in entrees:
                genre, condition = _condition(entree)
                connue = self._find(lieu, genre, condition)
                liens[entree["fullUrl"]] = f"{genre}/{connue or uuid4()}"
            return {"resourceType": "Bundle", "type": "transaction-response", "entry": [self._apply(lieu, e, liens) for e in entrees]}

    def read(self, lieu: str, genre: str, ident: str) -> Objet | None:
        with self._verrou:
            self._live(lieu)
            ligne = self._base.execute(
                "SELECT version, maj_at, contenu FROM ressource WHERE lieu = ? AND genre = ? AND id = ?", (lieu, genre, ident)
            ).fetchone()
            return None if ligne is None else _with_meta(*ligne)

    def search(self, lieu: str, depuis: datetime | None, identifiant: str | None) -> list[Objet]:
        """Tasks changed after ``depuis``, oldest change first."""
        with self._verrou:
            self._live(lieu)
            taches = [
                _with_meta(*ligne)
                for ligne in self._base.execute(
                    "SELECT version, maj_at, contenu FROM ressource WHERE lieu = ? AND genre = 'Task' AND maj_at > ? ORDER BY maj_at, id",
                    (lieu, _key(depuis) if depuis else ""),
                )
            ]
        if identifiant is None:
            return taches
        systeme, _, valeur = identifiant.rpartition("|")
        return [t for t in taches if any(i.get("system", "") == systeme and i.get("value") == valeur for i in t.get("identifier", []))]

    def change(
        self, lieu: str, ident: str, change: Mapping[str, Any], *, version: int | None = None, maj_at: datetime | None = None
    ) -> Objet:
        """What somebody at the partner does by hand: elements over those of the Task, one version more (or the one given, for a lie)."""
        with self._ecrire():
            avant = self._base.execute(
                "SELECT version, contenu FROM ressource WHERE lieu = ? AND genre = 'Task' AND id = ?", (lieu, ident)
            ).fetchone()
            instant = maj_at or clock.now()
            tache = _merge(json.loads(avant[1]), change) | {"lastModified": instant.isoformat(timespec="milliseconds")}
            self._write(lieu, "Task", ident, version or avant[0] + 1, instant, tache)
            return _with_meta(version or avant[0] + 1, _key(instant), json.dumps(tache))

    def take_over(self, lieu: str, ident: str, change: Mapping[str, Any]) -> None:
        """A person acts: nothing of the script comes after."""
        with self._ecrire():
            self._base.execute("DELETE FROM etape WHERE lieu = ? AND tache = ?", (lieu, ident))
        self.change(lieu, ident, change)

    def lieux(self) -> list[str]:
        with self._verrou:
            return [lieu for (lieu,) in self._base.execute("SELECT DISTINCT lieu FROM ressource WHERE genre = 'Task' ORDER BY lieu")]

    def count(self) -> dict[str, int]:
        """``recues`` transactions, ``creees`` resources, ``doublons`` creates without effect, ``jetons`` given, ``taches`` kept."""
        with self._verrou:
            comptes = dict(self._base.execute("SELECT nom, nombre FROM compteur").fetchall())
            (taches,) = self._base.execute("SELECT count(*) FROM ressource WHERE genre = 'Task'").fetchone()
        return {nom: comptes.get(nom, 0) for nom in ("recues", "creees", "doublons", "jetons")} | {"taches": taches}

    def note(self, nom: str) -> None:
        with self._ecrire():
            self._count(nom)

    def taches(self, lieu: str) -> list[Objet]:
        return self.search(lieu, None, None)

    def close(self) -> None:
        self._base.close()

    @contextmanager
    def _ecrire(self) -> Iterator[None]:
        with self._verrou, self._base:
            yield

    def _apply(self, lieu: str, entree: Mapping[str, Any], liens: Mapping[str, str]) -> Objet:
        genre, condition = _condition(entree)
        connue, instant = self._find(lieu, genre, condition), clock.now()
        ident = liens[entree["fullUrl"]].partition("/")[2]
        ressource = _resolve(entree["resource"], liens)
        if entree["request"]["method"] == "PUT":
            return self._put(lieu, genre, ident, connue, entree["request"].get("ifMatch"), ressource, instant)
        if connue is not None:
            self._count("doublons")
            (version,) = self._base.execute(
                "SELECT version FROM ressource WHERE lieu = ? AND genre = ? AND id = ?", (lieu, genre, connue)
            ).fetchone()
            return _response("200 OK", genre, connue, version)
        self._count("creees")
        self._write(lieu, genre, ident, 1, instant, ressource)
        if genre == "Task":
            for due, change in self.script(_plac(ressource), instant, self._pas):
                self._base.execute(
                    "INSERT INTO etape (lieu, tache, due_at, change) VALUES (?, ?, ?, ?)", (lieu, ident, _key(due), json.dumps(change))
                )
        return _response("201 Created", genre, ident, 1)

    def _put(self, lieu: str, genre: str, ident: str, connue: str | None, si: str | None, ressource: Objet, instant: datetime) -> Objet:
        version = 0
        if connue is not None:
            (version,) = self._base.execute(
                "SELECT version FROM ressource WHERE lieu = ? AND genre = ? AND id = ?", (lieu, genre, connue)
            ).fetchone()
            if si is not None and si != f'W/"{version}"':
                raise Refus(412, "conflict", "La ressource a changé.")
        self._write(lieu, genre, ident, version + 1, instant, ressource)
        if ressource.get("status") == "cancelled":  # nothing more is said about what was taken back
            self._base.execute("DELETE FROM etape WHERE lieu = ? AND tache = ?", (lieu, ident))
        return _response("200 OK" if connue else "201 Created", genre, ident, version + 1)

    def _live(self, lieu: str) -> None:
        """Steps of the scripts whose instant has come, each a version of its own."""
        dues = self._base.execute(
            "SELECT rang, tache, due_at, change FROM etape WHERE lieu = ? AND due_at <= ? ORDER BY due_at, rang", (lieu, _key(clock.now()))
        ).fetchall()
        for rang, tache, due_at, change in dues:
            self.change(lieu, tache, json.loads(change), maj_at=datetime.fromisoformat(due_at))
            self._base.execute("DELETE FROM etape WHERE rang = ?", (rang,))
        self._base.commit()

    def _find(self, lieu: str, genre: str, condition: str) -> str | None:
        nom, _, valeur = condition.partition("=")
        systeme, _, code = unquote(valeur).rpartition("|")
        if nom != "identifier" or not systeme or not code:
            raise Refus(400, "not-supported", "Seule une condition sur un identifiant est prise.")
        trouves = self._base.execute(
            "SELECT DISTINCT id FROM identifiant WHERE lieu = ? AND genre = ? AND systeme = ? AND valeur = ?", (lieu, genre, systeme, code)
        ).fetchall()
        if len(trouves) > 1:
            raise Refus(412, "multiple-matches", f"Plusieurs ressources portent {code}.")
        return trouves[0][0] if trouves else None

    def _write(self, lieu: str, genre: str, ident: str, version: int, instant: datetime, contenu: Objet) -> None:
        objet = {k: v for k, v in contenu.items() if k != "meta"} | {"id": ident}
        self._base.execute(
            "INSERT INTO ressource VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (lieu, genre, id) DO UPDATE SET version = excluded.version,"
            " maj_at = excluded.maj_at, contenu = excluded.contenu",
            (lieu, genre, ident, version, _key(instant), json.dumps(objet)),
        )
        self._base.execute("DELETE FROM identifiant WHERE lieu = ? AND genre = ? AND id = ?", (lieu, genre, ident))
        for i in contenu.get("identifier", []):
            self._base.execute(
                "INSERT INTO identifiant VALUES (?, ?, ?, ?, ?)", (lieu, genre, i.get("system", ""), i.get("value", ""), ident)
            )

    def _count(self, nom: str) -> None:
        self._base.execute("INSERT INTO compteur VALUES (?, 1) ON CONFLICT (nom) DO UPDATE SET nombre = nombre + 1", (nom,))


def _condition(entree: Mapping[str, Any]) -> tuple[str, str]:
    demande, genre = entree.get("request") or {}, (entree.get("resource") or {}).get("resourceType")
    if demande.get("method") == "POST" and demande.get("url") == genre and demande.get("ifNoneExist"):
        return genre, demande["ifNoneExist"]
    if demande.get("method") == "PUT" and str(demande.get("url")).startswith(f"{genre}?"):
        return genre, demande["url"].partition("?")[2]
    raise Refus(422, "not-supported", "Création ou mise à jour sous condition attendue.")


def _resolve(ressource: Any, liens: Mapping[str, str]) -> Any:
    """References between the entries become those of this server."""
    if isinstance(ressource, dict):
        return {k: liens.get(v, v) if k == "reference" and isinstance(v, str) else _resolve(v, liens) for k, v in ressource.items()}
    return [_resolve(v, liens) for v in ressource] if isinstance(ressource, list) else ressource


def _merge(tache: Objet, change: Mapping[str, Any]) -> Objet:
    """Lists of the partner grow, the rest is replaced."""
    ajouts = {cle: [*tache.get(cle, []), *change[cle]] for cle in ("identifier", "note", "output") if cle in change}
    return {**tache, **change, **ajouts}


def _with_meta(version: int, maj_at: str, contenu: str) -> Objet:
    return json.loads(contenu) | {"meta": {"versionId": str(version), "lastUpdated": maj_at}}


def _response(statut: str, genre: str, ident: str, version: int) -> Objet:
    return {"response": {"status": statut, "location": f"{genre}/{ident}/_history/{version}", "etag": f'W/"{version}"'}}


def _plac(tache: Mapping[str, Any]) -> str:
    return next((i["value"] for i in tache.get("identifier", []) if i.get("system") == systemes.ORIENTATION), "")


def _key(instant: datetime) -> str:
    """Text order is time order; FHIR reads it too."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
