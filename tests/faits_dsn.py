"""Facts declared by employers, written as the DSN feed leaves them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import count
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from fabrique_detection import PLATEFORME, RECU

_RANG = count(1)
_FICHIER = text(
    "INSERT INTO pdp.flux_fichier (flux, nom, empreinte, taille_octets, etat, recu_at)"
    " VALUES ('dsn', 'e', :e, 0, 'charge', :r) RETURNING id"
)
_FAIT = text(
    """INSERT INTO pdp.fait_dsn (plateforme_id, assure_id, cle, genre, code, neutre, debut, fin, reprise_le, reprise_code, siret,
           nature_declaration, annule, emis_at, version_empreinte, connu_at, fichier_id)
       VALUES (:p, :a, :cle, :genre, :code, :neutre, :debut, :fin, :reprise_le, :reprise_code, :siret, '01', :annule, :r, '', :r, :f)"""
)


@dataclass
class Fait:
    """A fact declared by an employer."""

    genre: str
    debut: date
    code: str = "01"
    fin: date | None = None
    reprise_le: date | None = None
    reprise_code: str | None = None
    siret: str = "A"
    neutre: bool = False
    annule: bool = False


def insert_faits(conn: Connection, lignes: Iterable[tuple[UUID, Fait]]) -> None:
    fichier = conn.execute(_FICHIER, {"e": uuid4().bytes, "r": RECU}).scalar_one()
    valeurs = [{"p": PLATEFORME, "a": a, "cle": f"F{next(_RANG):06}", "r": RECU, "f": fichier, **vars(fait)} for a, fait in lignes]
    if valeurs:
        conn.execute(_FAIT, valeurs)
