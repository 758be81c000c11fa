"""Set-based detection: the statements of episodes.sql, droits.sql, signalements.sql and alertes_droits.sql, in order.

Work tables live in the transaction. The row level security and the signed context of the caller apply to every statement.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row

from pdp.storage.sql import query


@dataclass(frozen=True, slots=True)
class Periode:
    """A whole value and the days it holds, both included; the ends of time are those of Python."""

    du: date
    au: date
    valeur: int


@dataclass(frozen=True, slots=True)
class ReglesIJ:
    """Values of the IJ counter: days by period, IJ, years. ``parametre_plafond``: identifier of the cap, stored with each count.

    ``jours_utiles``: people with fewer IJ in their whole history can meet neither the cap nor an alert; their days are not unrolled.
    """

    carences: Sequence[Periode]
    reprises_sans_carence: Sequence[Periode]
    plafond: int
    fenetre: int
    parametre_plafond: str
    jours_utiles: int


@dataclass(frozen=True, slots=True)
class RegleSql:
    """A motive as the set-based statement reads it: bounds included, None = no bound; `phrase` keeps {observe} and {s}."""

    ordre: int
    cle: str
    version: int
    phrase: str
    observation: str
    mini: int | None
    maxi: int | None
    seuil: int | float
    parametre_id: str
    points: int
    motif_categorie: str | None
    groupe: str | None


@dataclass(frozen=True, slots=True)
class ReglesSignalement:
    """Thresholds (`minima`: first duration that meets each of `paliers`, days), exclusions and motives in force on one day."""

    paliers: Sequence[int]
    minima: Sequence[int]
    paliers_a_trier: Sequence[int]
    minimum_j180: int
    repetition_depuis: date
    age_exclu_min: int | None
    age_exclu_max: int | None
    signaler_tpt_seul: bool
    regles: Sequence[RegleSql]


@dataclass(frozen=True, slots=True)
class SeuilIJ:
    """An alert on the counter: `mini` IJ and above."""

    type: str
    mini: int
    parametre_id: str


def lock_plateforme(conn: Connection, plateforme_id: str) -> None:
    """Wait until no other transaction detects for this platform; released with the transaction."""
    conn.execute(query("episodes.set_reglages"))
    conn.execute(query("episodes.lock_plateforme"), {"plateforme": plateforme_id})


def rebuild_episodes(
    conn: Connection, plateforme_id: str, *, depuis: datetime | None, maintenant: datetime, tolerance: int, risques: Sequence[str]
) -> Row[Any]:
    """Columns personnes, episodes, ecrits, remplaces, evenements. `tolerance`: days."""
    commun = {"plateforme": plateforme_id, "maintenant": maintenant}
    _create(conn, "episodes", "personne_touchee", {**commun, "depuis": depuis})
    _create(conn, "episodes", "episode_neuf", {**commun, "tolerance": tolerance, "risques": list(risques)})
    return conn.execute(query("episodes.upsert_episodes"), commun).one()


def count_ij(conn: Connection, plateforme_id: str, *, jour: date, maintenant: datetime, tolerance: int, regles: ReglesIJ) -> Row[Any]:
    """Columns personnes, ecrits. Leaves the work tables that `insert_alertes_ij` reads."""
    parametres = {
        "plateforme": plateforme_id,
        "jour": jour,
        "maintenant": maintenant,
        "tolerance": tolerance,
        **asdict(regles),
        "carences": _as_json(regles.carences),
        "reprises_sans_carence": _as_json(regles.reprises_sans_carence),
    }
    _create(conn, "droits", "personne_comptee", parametres)
    _create(conn, "droits", "segment_ij", parametres)
    _create(conn, "droits", "jour_ij", parametres, "index_jour_ij", "index_jour_ij_rang")
    _create(conn, "droits", "ij_consommee", parametres, "index_ij_consommee")
    return conn.execute(query("droits.upsert_compteurs"), parametres).one()


def list_arrets_en_cours(conn: Connection, plateforme_id: str, *, jour: date, tolerance: int, minimum_j180: int) -> None:
    """Fill the work table of running absences, read by the statements below."""
    parametres = {"plateforme": plateforme_id, "jour": jour, "tolerance": tolerance, "minimum_j180": minimum_j180}
    _create(conn, "signalements", "arret_en_cours", parametres)


def insert_signalements(
    conn: Connection, plateforme_id: str, *, jour: date, maintenant: datetime, risques: Sequence[str], regles: ReglesSignalement
) -> Row[Any]:
    """Columns candidats, crees, a_trier, veille, rattaches, remplaces, motifs, evenements."""
    parametres = {
        "plateforme": plateforme_id,
        "jour": jour,
        "maintenant": maintenant,
        "risques": list(risques),
        "paliers": list(regles.paliers),
        "minima": list(regles.minima),
        "paliers_a_trier": list(regles.paliers_a_trier),
        "repetition_depuis": regles.repetition_depuis,
        "age_exclu_min": regles.age_exclu_min,
        "age_exclu_max": regles.age_exclu_max,
        "signaler_tpt_seul": regles.signaler_tpt_seul,
        "regles": _as_json(regles.regles),
    }
    _create(conn, "signalements", "candidat", parametres)
    _create(conn, "signalements", "candidat_motif", parametres)
    _create(conn, "signalements", "deja_signale", parametres)
    return conn.execute(query("signalements.insert_signalements"), parametres).one()


def insert_alertes_ij(
    conn: Connection,
    plateforme_id: str,
    *,
    jour: date,
    maintenant: datetime,
    fuseau: str,
    fenetre: int,
    seuils: Sequence[SeuilIJ],
    phrase: str,
) -> int:
    """Alerts created. `phrase` receives {utilisees} and {restantes}."""
    parametres = {
        "plateforme": plateforme_id,
        "jour": jour,
        "maintenant": maintenant,
        "fuseau": fuseau,
        "fenetre": fenetre,
        "phrase": phrase,
        "seuils": _as_json(seuils),
    }
    return int(conn.execute(query("alertes_droits.insert_alertes_ij"), parametres).one().creees)


def insert_alertes_j180(
    conn: Connection,
    plateforme_id: str,
    *,
    jour: date,
    maintenant: datetime,
    fuseau: str,
    approche_max: int,
    parametre_id: str,
    phrase: str,
) -> int:
    """Alerts created. `phrase` receives {jours} and {s}."""
    parametres = {
        "plateforme": plateforme_id,
        "jour": jour,
        "maintenant": maintenant,
        "fuseau": fuseau,
        "approche_max": approche_max,
        "parametre_id": parametre_id,
        "phrase": phrase,
    }
    return int(conn.execute(query("alertes_droits.insert_alertes_j180"), parametres).one().creees)


def _create(conn: Connection, sujet: str, table: str, parametres: dict[str, Any], *index: str) -> None:
    conn.execute(query(f"{sujet}.drop_{table}"))
    conn.execute(query(f"{sujet}.create_{table}"), parametres)
    for nom in index:
        conn.execute(query(f"{sujet}.{nom}"))
    conn.execute(query(f"{sujet}.analyze_{table}"))


def _as_json(lignes: Sequence[Periode | RegleSql | SeuilIJ]) -> str:
    return json.dumps([asdict(ligne) for ligne in lignes], ensure_ascii=False, default=str)
