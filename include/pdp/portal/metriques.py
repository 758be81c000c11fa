"""Metrics of the portal: latency by route as this process sees it, counts of the database as of the scrape.

A path is a person's trail: the label is the template of the route, and what matches none is « other ».
"""

from __future__ import annotations

import hmac
import os
import secrets
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pdp.config import settings
from pdp.journaux import REQUETE
from pdp.portal.sessions import mesurer, portail
from pdp.services import read_mesures

REGISTRE = CollectorRegistry()
_PALIERS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0)
LATENCE = Histogram(
    "pdp_http_request_duration_seconds", "Time to answer, by route.", ("method", "route"), registry=REGISTRE, buckets=_PALIERS
)
REPONSES = Counter("pdp_http_responses", "Answers, by route and class of status.", ("method", "route", "status"), registry=REGISTRE)
METHODES = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
AUTRE = "other"
PROPRES = frozenset({"pdp_http_request_duration_seconds", "pdp_http_responses", "pdp_database_up"})
"""Families that this module adds to those of ``read_mesures``."""


class Mesure:
    """Outermost layer: how long each answer took, errors included; gives the request the id that its log lines bear."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        debut, statut = time.perf_counter(), 500
        REQUETE.set(secrets.token_hex(8))

        async def send_compte(message: Message) -> None:
            nonlocal statut
            if message["type"] == "http.response.start":
                statut = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_compte)
        finally:
            methode, route = describe(scope)
            LATENCE.labels(methode, route).observe(time.perf_counter() - debut)
            REPONSES.labels(methode, route, f"{statut // 100}xx").inc()


def describe(scope: Scope) -> tuple[str, str]:
    """Method and template of the route; what nobody declared counts as one, so that a scanner makes no new series."""
    methode = scope["method"] if scope["method"] in METHODES else AUTRE
    gabarit = getattr(scope.get("route"), "path", None)
    return methode, AUTRE if gabarit is None else f"{scope.get('root_path', '')}{gabarit}"


def is_admis(entete: str) -> bool:
    """The token of the setting, in constant time; without a setting nobody is let in."""
    attendu = settings().metriques_jeton
    return bool(attendu) and hmac.compare_digest(entete.encode(), f"Bearer {attendu}".encode())


class _Base(Collector):
    """The counts of one scrape; a database that is away is told as such, and the rest is still given."""

    def __init__(self, maintenant: datetime) -> None:
        self.maintenant = maintenant

    def collect(self) -> Iterator[Metric]:
        lues: dict[str, Any] = {}
        try:
            with mesurer() as conn:
                lues = read_mesures.read_mesures(conn, self.maintenant)
        except SQLAlchemyError:
            lues = {}
        yield GaugeMetricFamily("pdp_database_up", "1 when the counts could be read.", value=float(bool(lues)))
        for mesure in read_mesures.MESURES if lues else ():
            famille = GaugeMetricFamily(mesure.nom, mesure.aide, labels=mesure.etiquettes)
            for etiquettes, valeur in lues[mesure.nom]:
                famille.add_metric(etiquettes, valeur)
            yield famille


def render(maintenant: datetime) -> tuple[bytes, str]:
    """The page of metrics and its media type; several processes of one portal add up (``PROMETHEUS_MULTIPROC_DIR``)."""
    base = CollectorRegistry()
    base.register(_Base(maintenant))
    registre = REGISTRE
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registre = CollectorRegistry()
        multiprocess.MultiProcessCollector(registre)
    return generate_latest(registre) + generate_latest(base), CONTENT_TYPE_LATEST


def read_pret() -> dict[str, Any]:
    """Codes only: the page is open to anybody. ``pret`` does not depend on the sweeps."""
    try:
        with portail() as conn:
            manquantes = read_mesures.count_migrations_manquantes(conn)
        with mesurer() as conn:
            etat = read_mesures.read_etat(conn, manquantes)
    except SQLAlchemyError:
        return {"pret": False, "base": "absente"}
    migrations = "a_jour" if manquantes == 0 else "a_appliquer"
    balayages = "recents" if etat.balayage_recent else "en_retard"
    return {"pret": manquantes == 0, "base": "presente", "migrations": migrations, "balayages": balayages}
