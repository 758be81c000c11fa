"""Memory of the simulated partners: what they received, once per key, and what they answer, drawn from the orientation's id."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

from pdp import clock

_SCHEMA = """
CREATE TABLE IF NOT EXISTS recu (cle TEXT PRIMARY KEY, plateforme TEXT NOT NULL, partenaire TEXT NOT NULL, nature TEXT NOT NULL,
    orientation_id TEXT NOT NULL, empreinte BLOB NOT NULL, recu_id TEXT NOT NULL, recu_at TEXT NOT NULL, fois INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS evenement (rang INTEGER PRIMARY KEY AUTOINCREMENT, plateforme TEXT NOT NULL, partenaire TEXT NOT NULL,
    evenement_id TEXT NOT NULL UNIQUE, orientation_id TEXT NOT NULL, version INTEGER NOT NULL, statut TEXT NOT NULL, motif TEXT,
    compte_rendu TEXT, visible_at TEXT NOT NULL);
"""
_INSERT_RECU = (
    "INSERT INTO recu (cle, plateforme, partenaire, nature, orientation_id, empreinte, recu_id, recu_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_EVENEMENT = (
    "INSERT OR IGNORE INTO evenement"
    " (plateforme, partenaire, evenement_id, orientation_id, version, statut, motif, compte_rendu, visible_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_LIST = """
SELECT rang, evenement_id, orientation_id, version, statut, motif, compte_rendu, visible_at FROM evenement
WHERE plateforme = ? AND partenaire = ? AND visible_at <= ? AND (visible_at, rang) > (?, ?) ORDER BY visible_at, rang LIMIT 200
"""
_REFUS = ("capacite", "hors_territoire", "deja_suivie", "hors_perimetre")
_COMPTES_RENDUS = (
    "Deux rendez-vous réalisés. Un plan de retour au poste est convenu avec l'employeur, avec un aménagement des horaires.",
    "Entretien réalisé. La personne est inscrite à un bilan de compétences et sera suivie par notre équipe.",
    "Étude de poste faite avec l'employeur ; du matériel est commandé. Un essai encadré est envisagé.",
    "Les démarches sociales en attente ont été faites avec la personne. Elle n'a plus besoin de notre appui.",
)


@dataclass(frozen=True)
class Etape:
    """One answer to come."""

    statut: str
    motif: str | None = None
    compte_rendu: str | None = None


def script_of(orientation_id: str) -> tuple[Etape, ...]:
    """What a partner answers to this orientation: about half accept, a quarter go to the end, a fifth refuse, a few only acknowledge."""
    tirage = int.from_bytes(sha256(orientation_id.encode()).digest()[:4], "big")
    sort, choix = tirage % 100, tirage // 100
    if sort < 20:
        return (Etape("refusee", motif=_REFUS[choix % len(_REFUS)]),)
    if sort < 70:
        return (Etape("acceptee"),)
    if sort < 95:
        return Etape("acceptee"), Etape("en_cours"), Etape("realisee", compte_rendu=_COMPTES_RENDUS[choix % len(_COMPTES_RENDUS)])
    return (Etape("recue"),)


class Registre:
    """One file; ``delai_s`` separates the answers to one orientation, the first comes after it too (0 = at once)."""

    def __init__(self, fichier: Path, delai_s: float = 0.0) -> None:
        self._verrou = threading.Lock()
        self._base = sqlite3.connect(fichier, check_same_thread=False)
        self._base.executescript(_SCHEMA)
        self._delai = timedelta(seconds=delai_s)

    def receive(
        self, plateforme: str, partenaire: str, nature: str, cle: str, objet: Mapping[str, Any], corps: bytes
    ) -> tuple[int, dict[str, Any]]:
        """201 for a new key, 200 for a repeat, 409 for the same key with another body, 404 for a withdrawal of what was never had."""
        empreinte, orientation_id = sha256(corps).digest(), str(objet["orientation_id"])
        with self._verrou, self._base:
            connu = self._base.execute("SELECT empreinte, recu_id FROM recu WHERE cle = ?", (cle,)).fetchone()
            if connu is not None:
                self._base.execute("UPDATE recu SET fois = fois + 1 WHERE cle = ?", (cle,))
                if connu[0] != empreinte:
                    return HTTPStatus.CONFLICT, {"erreur": "autre_contenu"}
                return HTTPStatus.OK, {"recu_id": connu[1], "statut": "recue"}
            if nature == "annulation" and not self._has(plateforme, partenaire, orientation_id):
                return HTTPStatus.NOT_FOUND, {"erreur": "inconnue"}
            recu_id, instant = str(uuid4()), clock.now()
            self._base.execute(_INSERT_RECU, (cle, plateforme, partenaire, nature, orientation_id, empreinte, recu_id, instant.isoformat()))
            if nature == "orientation":
                self._plan(plateforme, partenaire, orientation_id, instant)
            elif nature == "annulation":  # nothing more is said about a hand-over that was taken back
                self._base.execute("DELETE FROM evenement WHERE orientation_id = ? AND visible_at > ?", (orientation_id, _key(instant)))
            return HTTPStatus.CREATED, {"recu_id": recu_id, "statut": "recue"}

    def find_recu(self, plateforme: str, partenaire: str, cle: str) -> str | None:
        """Receipt of a key, None when nothing came under it."""
        requete = "SELECT recu_id FROM recu WHERE cle = ? AND plateforme = ? AND partenaire = ?"
        with self._verrou:
            connu = self._base.execute(requete, (cle, plateforme, partenaire)).fetchone()
        return None if connu is None else str(connu[0])

    def list_evenements(self, plateforme: str, partenaire: str, depuis: str | None) -> tuple[str, list[dict[str, Any]]]:
        """Events visible now after the cursor ``<instant>|<rank>``, and the new cursor."""
        instant, _, rang = (depuis or "").partition("|")
        apres = (instant, int(rang) if rang.isdecimal() else 0)
        with self._verrou:
            lignes = self._base.execute(_LIST, (plateforme, partenaire, _key(clock.now()), *apres)).fetchall()
        champs = ("evenement_id", "orientation_id", "version", "statut", "motif", "compte_rendu", "survenu_at")
        curseur = f"{lignes[-1][7]}|{lignes[-1][0]}" if lignes else depuis or f"{_key(datetime.fromtimestamp(0, UTC))}|0"
        return curseur, [dict(zip(champs, ligne[1:], strict=True)) for ligne in lignes]

    def count(self) -> dict[str, int]:
        """``recues`` posts accepted, ``uniques`` orientations kept, ``doublons`` repeats of a key, ``annulations`` withdrawals kept."""
        with self._verrou:
            recues, gardees, uniques, annulations = self._base.execute(
                "SELECT coalesce(sum(fois), 0), count(*), coalesce(sum(nature = 'orientation'), 0), coalesce(sum(nature = 'annulation'), 0)"
                " FROM recu"
            ).fetchone()
        return {"recues": recues, "uniques": uniques, "doublons": recues - gardees, "annulations": annulations}

    def close(self) -> None:
        self._base.close()

    def _has(self, plateforme: str, partenaire: str, orientation_id: str) -> bool:
        requete = "SELECT 1 FROM recu WHERE nature = 'orientation' AND plateforme = ? AND partenaire = ? AND orientation_id = ?"
        return self._base.execute(requete, (plateforme, partenaire, orientation_id)).fetchone() is not None

    def _plan(self, plateforme: str, partenaire: str, orientation_id: str, instant: datetime) -> None:
        for version, etape in enumerate(script_of(orientation_id), start=1):
            self._base.execute(
                _INSERT_EVENEMENT,
                (
                    plateforme,
                    partenaire,
                    f"{orientation_id}-{version}",
                    orientation_id,
                    version,
                    etape.statut,
                    etape.motif,
                    etape.compte_rendu,
                    _key(instant + self._delai * version),
                ),
            )


def _key(instant: datetime) -> str:
    """UTC with microseconds always written: text order is time order."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
