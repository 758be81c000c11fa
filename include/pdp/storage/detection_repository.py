"""Set-based detection: the statements of rattachements.sql, signalements.sql, motifs.sql, alertes_droits.sql and echeances.sql, in order.

Work tables live in the transaction and hold the people of ``personne_touchee`` only. The row level security and the signed context of
the caller apply to every statement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row

from pdp.storage.sql import query


@dataclass(frozen=True, slots=True)
class RegleSql:
    """A motive as the set-based statement reads it: bounds included, None = no bound; `phrase` keeps {observe} and {s}."""

    rang: int
    cle: str
    identifiant: str
    version: int
    phrase: str
    levier: str
    observation: str
    mini: int | None
    maxi: int | None
    seuil: int | float
    parametre_id: str
    points: int
    fenetre: str | None
    motif_categorie: str | None
    groupe: str | None


@dataclass(frozen=True, slots=True)
class RegleConnue:
    """What the windows of stored motives need of a rule, in force or not."""

    identifiant: str
    fenetre: str | None
    motif_categorie: str | None
    groupe: str | None
    rang: int


@dataclass(frozen=True, slots=True)
class SeuilIJ:
    """An alert on the counter: `mini` IJ and above."""

    type: str
    mini: int
    parametre_id: str


@dataclass(frozen=True, slots=True)
class Reglages:
    """Values in force for one platform on one day. Days unless said; ``fenetre``: years; ``plafond``: IJ.

    ``minima``: first duration that meets each of ``paliers``. ``codes_…``: codes of the DSN norm. ``toutes``: every rule known, for the
    motives already stored. ``phrase_ij`` receives {utilisees} and {restantes}, ``phrase_j180`` {jours} and {s}.
    """

    risques: Sequence[str]
    tolerance: int
    marge: int
    paliers: Sequence[int]
    minima: Sequence[int]
    paliers_a_trier: Sequence[int]
    minimum_j180: int
    repetition_mois: int
    exclure_age: bool
    age_exclu_min: int | None
    age_exclu_max: int | None
    exclure_tpt_seul: bool
    exclure_silence_personne: bool
    silence: bool
    codes_reprise: Sequence[str]
    codes_arret: Sequence[str]
    codes_retraite: Sequence[str]
    codes_deces: Sequence[str]
    codes_inaptitude: Sequence[str]
    fenetre: int
    plafond: int
    compter_l324: bool
    seuils: Sequence[SeuilIJ]
    approche_max: int
    approche_id: str
    phrase_ij: str
    phrase_j180: str
    regles: Sequence[RegleSql]
    toutes: Sequence[RegleConnue]


@dataclass(frozen=True, slots=True)
class Nuit:
    """One run: what every statement is given."""

    conn: Connection
    parametres: Mapping[str, Any]

    def run(self, nom: str) -> Row[Any]:
        """One row of a statement."""
        return self.conn.execute(query(nom), self.parametres).one()

    def create(self, sujet: str, table: str) -> None:
        """Fill a work table again."""
        self.conn.execute(query(f"{sujet}.drop_{table}"))
        self.conn.execute(query(f"{sujet}.create_{table}"), self.parametres)
        self.conn.execute(query(f"{sujet}.analyze_{table}"))


def open_nuit(
    conn: Connection, plateforme_id: str, *, jour: date, maintenant: datetime, fuseau: str, repetition_depuis: date, reglages: Reglages
) -> Nuit:
    """Everything the statements below bind. `repetition_depuis`: excluded first day of the window of repeated absences."""
    parametres: dict[str, Any] = {
        "plateforme": plateforme_id,
        "jour": jour,
        "maintenant": maintenant,
        "fuseau": fuseau,
        "repetition_depuis": repetition_depuis,
    }
    for nom, valeur in asdict(reglages).items():
        json_attendu = nom in ("regles", "toutes", "seuils")
        parametres[nom] = json.dumps(valeur, ensure_ascii=False) if json_attendu else valeur
    return Nuit(conn, parametres)


def attach_signalements(nuit: Nuit) -> dict[str, int]:
    """Signalements follow their absence when a correction changes it. Counts deplaces, doublons, partis. Leaves the work table of those of
    the people touched to `insert_signalements`."""
    nuit.create("rattachements", "place")
    return {
        "deplaces": nuit.run("rattachements.move_signalements").deplaces,
        "doublons": nuit.run("rattachements.replace_doublons").remplaces,
        "partis": nuit.run("rattachements.replace_partis").partis,
    }


def insert_signalements(nuit: Nuit) -> dict[str, int]:
    """New signalements, motives added to those that wait, windows that move. Leaves the work tables of absences to the
    alerts and the due days."""
    for table in ("episode_regarde", "absence", "candidat", "constat", "deja_signale"):
        nuit.create("signalements", table)
    rouverts = nuit.run("rattachements.reopen_signalements").rouverts + nuit.run("rattachements.open_veille").ouverts
    ligne = nuit.run("signalements.insert_signalements")
    completes = nuit.run("motifs.complete_signalements").completes
    nuit.conn.execute(query("motifs.refresh_fenetres"), nuit.parametres)
    noms = ("candidats", "a_trier", "veille", "rattaches", "depasses")
    exclus = {e.exclusion: e.nombre for e in nuit.conn.execute(query("signalements.count_exclusions"))}
    hors = {nom: exclus.pop(nom) for nom in ("sous_palier", "sans_arret_en_cours")}
    return {
        **{nom: getattr(ligne, nom) for nom in noms},
        "signalements": ligne.crees,
        "rouverts": rouverts,
        "completes": completes,
        **hors,
        **{f"exclus_{cle}": nombre for cle, nombre in sorted(exclus.items())},
    }


def insert_alertes(nuit: Nuit) -> int:
    """Alerts created for people followed."""
    ij = nuit.run("alertes_droits.insert_alertes_ij").creees
    return int(ij + nuit.run("alertes_droits.insert_alertes_j180").creees)


def write_echeances(nuit: Nuit) -> int:
    """Due days written or removed."""
    ligne = nuit.run("echeances.write_echeances")
    return int(ligne.ecrites + ligne.effacees)


def list_parts(conn: Connection, signalement_id: object, jour: date) -> Sequence[Row[Any]]:
    """Motives of a signalement, those that count on `jour` first."""
    return conn.execute(query("motifs.list_parts"), {"signalement": signalement_id, "jour": jour}).all()
