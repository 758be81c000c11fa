"""Facts of people out of the database, their states into it: the statements of etats.sql, columns as arrays.

Work tables live in the transaction. The row level security and the signed context of the caller apply to every statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row

from pdp.storage.copie_binaire import Entiers, Lignes, copy_in, copy_out, encode, to_date
from pdp.storage.sql import query

Jours = NDArray[np.int32]
Uuids = NDArray[np.uint64]
_DERNIER = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Tranche:
    """People whose id is in [``du``, ``au``]. ``touchees``: only those of personne_touchee, each looked up by index."""

    plateforme: str
    du: UUID
    au: UUID
    touchees: bool


@dataclass(frozen=True, slots=True)
class Arrets:
    """Prescriptions that count, in any order. ``code``: risk, motif (2 bits each), initiale, part-time, L.324-1; ``connu_at``: µs."""

    personne: Uuids
    debut: Jours
    fin: Jours
    code: Jours
    connu_at: Entiers
    id_avis: NDArray[np.bytes_]


@dataclass(frozen=True, slots=True)
class EpisodesStockes:
    """Current absences. ``code``: risk (2 bits), motif (2), mixed risks, L.324-1, part-time."""

    personne: Uuids
    debut: Jours
    fin: Jours
    jours_prescrits: Jours
    nb_prescriptions: Jours
    code: Jours
    connu_at: Entiers
    premiere: NDArray[np.bytes_]

    @property
    def valeurs(self) -> tuple[NDArray[Any], ...]:
        """All columns but the person and the first day."""
        return (self.fin, self.jours_prescrits, self.nb_prescriptions, self.code, self.connu_at, self.premiere)


def lock_plateforme(conn: Connection, plateforme_id: str) -> None:
    """Wait until no other transaction detects for this platform; released with the transaction."""
    conn.execute(query("etats.set_reglages"))
    conn.execute(query("etats.lock_plateforme"), {"plateforme": plateforme_id})


def find_reglage(conn: Connection, plateforme_id: str) -> bytes | None:
    """Fingerprint of the values of the last run; None before the first one."""
    empreinte: bytes | None = conn.execute(query("etats.lire_reglage"), {"plateforme": plateforme_id}).scalar_one_or_none()
    return empreinte


def set_reglage(conn: Connection, plateforme_id: str, empreinte: bytes, maintenant: datetime) -> None:
    conn.execute(query("etats.ecrire_reglage"), {"plateforme": plateforme_id, "empreinte": empreinte, "maintenant": maintenant})


def take_personnes(conn: Connection, plateforme_id: str, jour: date, *, toutes: bool) -> int:
    """Fill personne_touchee from the queue and the due dates, or with everybody; number of people."""
    conn.execute(query("etats.drop_personne_touchee"))
    conn.execute(query("etats.create_personne_touchee"))
    parametres = {"plateforme": plateforme_id} if toutes else {"plateforme": plateforme_id, "jour": jour}
    nombre = conn.execute(query("etats.prendre_toutes" if toutes else "etats.prendre_touchees"), parametres).rowcount
    conn.execute(query("etats.analyze_personne_touchee"))
    return nombre


def list_tranches(conn: Connection, plateforme_id: str, personnes: int, *, toutes: bool, par_tranche: int) -> list[Tranche]:
    """Equal ranges of ids with about `par_tranche` prescriptions each; ids are drawn at random, so people spread evenly."""
    prescriptions = conn.execute(query("etats.estimer_prescriptions")).scalar_one() if toutes else 6 * personnes
    nombre = max(1, -(-max(prescriptions, 4 * personnes) // par_tranche)) if personnes else 0
    bornes = [(2**128 * n) // nombre for n in range(nombre)] + [2**128]
    return [Tranche(plateforme_id, UUID(int=bornes[n]), UUID(int=bornes[n + 1] - 1), not toutes) for n in range(nombre)]


def read_arrets(conn: Connection, tranche: Tranche) -> Arrets:
    lignes = _copy(conn, "prescriptions", tranche)
    return Arrets(lignes.uuid(), lignes.jour(), lignes.jour(), lignes.entier(), lignes.instant(), lignes.texte())


def read_suspensions(conn: Connection, tranche: Tranche, ouverte: int) -> tuple[Uuids, Jours, Jours]:
    """(person, first day, last day); `ouverte` when the last day is unknown."""
    lignes = _copy(conn, "suspensions", tranche)
    return lignes.uuid(), lignes.jour(), lignes.jour_ou(ouverte)


def read_versements(conn: Connection, tranche: Tranche) -> tuple[Uuids, Jours, Jours, Jours]:
    """(person, first day, last day, days paid)."""
    lignes = _copy(conn, "versements", tranche)
    return lignes.uuid(), lignes.jour(), lignes.jour(), lignes.entier()


def read_episodes(conn: Connection, tranche: Tranche) -> EpisodesStockes:
    lignes = _copy(conn, "episodes", tranche)
    return EpisodesStockes(
        *(lignes.uuid(), lignes.jour(), lignes.jour(), lignes.entier(), lignes.entier(), lignes.entier()),
        *(lignes.instant(), lignes.texte()),
    )


def read_droits(conn: Connection, tranche: Tranche) -> tuple[Uuids, Lignes]:
    """Person of each row, and the rows themselves, to be compared byte for byte."""
    lignes = _copy(conn, "droits", tranche)
    return lignes.uuid(), lignes


def create_travail(conn: Connection) -> None:
    """Work tables of the run; kept when an earlier run of the same transaction made them."""
    for table in ("episode_perdu", "episode_neuf", "droits_neufs"):
        conn.execute(query(f"etats.create_{table}"))


def send_etats(conn: Connection, neufs: EpisodesStockes, perdus: tuple[Uuids, NDArray[np.bytes_]], droits: list[bytes]) -> None:
    """Fill the work tables: absences not stored so, stored ones not found so (person, first prescription), encoded rights that differ."""
    conn.execute(query("etats.vider_travail"))
    if len(neufs.debut):
        dates = (to_date(neufs.debut), to_date(neufs.fin))
        copy_in(conn, "etats.recevoir_episodes", encode([neufs.personne, *dates, *neufs.valeurs[1:]]))
    if len(perdus[0]):
        copy_in(conn, "etats.recevoir_perdus", encode(perdus))
    if droits:
        copy_in(conn, "etats.recevoir_droits", droits)


def upsert_episodes(conn: Connection, plateforme_id: str, maintenant: datetime) -> Row[Any]:
    """From the work tables. Columns ecrits, remplaces."""
    return conn.execute(query("etats.upsert_episodes"), {"plateforme": plateforme_id, "maintenant": maintenant}).one()


def upsert_droits(conn: Connection, plateforme_id: str, maintenant: datetime) -> int:
    """From the work tables: rows written or deleted."""
    return int(conn.execute(query("etats.upsert_droits"), {"plateforme": plateforme_id, "maintenant": maintenant}).scalar_one())


def _copy(conn: Connection, quoi: str, tranche: Tranche) -> Lignes:
    bornes = {"du": tranche.du, "au": tranche.au}
    if tranche.touchees:
        return copy_out(conn, f"etats_copies.copier_{quoi}_touchees", bornes)
    return copy_out(conn, f"etats_copies.copier_{quoi}", {**bornes, "plateforme": tranche.plateforme})
