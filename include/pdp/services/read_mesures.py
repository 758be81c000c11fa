"""Counts for a monitoring system: what they are called, what they mean, and how they are read. No label holds a person or a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.storage.migrate import list_migrations
from pdp.storage.sql import query

MESUREUR = Auteur("systeme", "metriques", "mesure")
"""Who measures: a role that reads the counted columns and no other."""
BALAYAGE_MUET = timedelta(minutes=30)


@dataclass(frozen=True)
class Mesure:
    """One family of gauges; ``etiquettes`` are columns of its statement, beside ``valeur``."""

    nom: str
    aide: str
    etiquettes: tuple[str, ...]
    requete: str


MESURES = (
    Mesure("pdp_outbox_due", "Messages due and not delivered yet.", ("platform", "channel"), "mesures.envois_dus"),
    Mesure(
        "pdp_outbox_oldest_due_age_seconds",
        "Age of the oldest due message, partners that do not answer apart.",
        ("platform", "recipient"),
        "mesures.age_des_envois",
    ),
    Mesure(
        "pdp_outbox_failed",
        "Messages given up (rebut) or doubtful (incertain), last tried within seven days.",
        ("platform", "channel", "state"),
        "mesures.envois_en_echec",
    ),
    Mesure(
        "pdp_partner_circuits_open",
        "Partners for whom nothing leaves because they do not answer.",
        ("platform",),
        "mesures.partenaires_coupes",
    ),
    Mesure("pdp_inbox_pending", "Answers of partners not applied yet.", ("platform",), "mesures.reponses_en_attente"),
    Mesure("pdp_feed_age_seconds", "Age of the last file taken of a feed.", ("feed",), "mesures.age_des_flux"),
    Mesure("pdp_sweep_age_seconds", "Time since a task last succeeded.", ("dag", "task"), "mesures.age_des_balayages"),
    Mesure("pdp_sweep_duration_seconds", "Duration of the last success of a task.", ("dag", "task"), "mesures.duree_des_balayages"),
    Mesure(
        "pdp_sweep_unfinished",
        "Tasks started over an hour ago that neither ended nor were done since.",
        ("dag", "task"),
        "mesures.balayages_inacheves",
    ),
    Mesure("pdp_detection_due", "People who have come due and whom no detection has looked at.", ("platform",), "mesures.detections_dues"),
    Mesure("pdp_quarantine_lines", "Refused lines that nobody settled.", ("platform",), "mesures.quarantaine"),
    Mesure("pdp_late_reasons", "Open reasons past their deadline.", ("platform", "reason"), "mesures.taches_en_retard"),
    Mesure("pdp_parcours_open", "Open parcours.", ("platform", "status"), "mesures.parcours_ouverts"),
    Mesure("pdp_stalls_open", "Parcours stuck, by code of the catalogue.", ("platform", "code"), "mesures.blocages"),
    Mesure("pdp_alerts_open", "Alerts that wait for a decision, by theme.", ("platform", "theme"), "mesures.alertes_ouvertes"),
    Mesure("pdp_incidents_open", "Incidents of the platform itself.", ("platform", "probe"), "mesures.incidents_ouverts"),
)

Valeurs = list[tuple[tuple[str, ...], float]]


def read_mesures(conn: Connection, maintenant: datetime) -> dict[str, Valeurs]:
    """Name -> its values by label. A family without rows is there, empty. Reads under :data:`MESUREUR` only."""
    lues: dict[str, Valeurs] = {}
    for mesure in MESURES:
        lignes = conn.execute(query(mesure.requete), {"maintenant": maintenant} if ":maintenant" in query(mesure.requete).text else {})
        lues[mesure.nom] = [(tuple(str(ligne._mapping[e]) for e in mesure.etiquettes), ligne.valeur) for ligne in lignes]
    return lues


@dataclass(frozen=True)
class Etat:
    """What readiness depends on; ``balayage`` only informs, a portal serves while the sweeps are late."""

    migrations_manquantes: int
    dernier_balayage_at: datetime | None
    maintenant_at: datetime

    @property
    def balayage_recent(self) -> bool:
        return self.dernier_balayage_at is not None and self.maintenant_at - self.dernier_balayage_at <= BALAYAGE_MUET


def count_migrations_manquantes(conn: Connection) -> int:
    """Migrations of this code that the database has not; more recent ones in the database are no obstacle."""
    faites = set(conn.execute(query("sante.lister_migrations")).scalars())
    return len(_noms() - faites)


def read_etat(conn: Connection, migrations_manquantes: int) -> Etat:
    """Last end of any sweep, on the clock of the database. Reads under :data:`MESUREUR`."""
    ligne = conn.execute(query("sante.dernier_balayage")).one()
    return Etat(migrations_manquantes, ligne.dernier_at, ligne.maintenant_at)


@cache
def _noms() -> frozenset[str]:
    return frozenset(nom for nom, _ in list_migrations())
