"""What the tasks of every DAG do; ``ordonnancement`` says when. With ``guet`` and ``jours_ouvres``, the only modules that import Airflow.

Airflow says when; the services and PostgreSQL decide whether.

A task is a sweep: it opens a passage, calls one service in one transaction, and returns counts. Nothing about a person
crosses Airflow: ``conf`` may hold a business instant, XCom and logs hold platform ids and counts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Asset, get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from sqlalchemy import Connection

from pdp import clock
from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.domain.bilan import A_SUIVRE, Bilan
from pdp.domain.calendrier import is_jour_ouvre
from pdp.ordonnancement import DEPOT as DEPOT
from pdp.ordonnancement import FLUX_CHARGES as FLUX_CHARGES
from pdp.ordonnancement import MALGRE_UN_ECHEC as MALGRE_UN_ECHEC
from pdp.ordonnancement import REGLAGES as REGLAGES
from pdp.ordonnancement import RESEAU as RESEAU
from pdp.ordonnancement import SIGNALEMENTS_DETECTES as SIGNALEMENTS_DETECTES
from pdp.ordonnancement import cron as cron
from pdp.ordonnancement import echeance as echeance
from pdp.ordonnancement import horaire as horaire
from pdp.services import (
    ask_confirmations,
    collect_accuses,
    collect_reponses,
    detect_signalements,
    exchange_csv,
    heal_incertains,
    ingest_flux,
    publish_evaluation,
    publish_referentiel,
    purge_echanges,
    purge_passages,
    purge_reception,
    read_boite,
    record_passage,
    replay_quarantaine,
    send_outbox,
    take_reponses_csv,
)
from pdp.services.delais import list_lieux
from pdp.storage import db, journal

logger = logging.getLogger(__name__)

LOT_ENVOI = 200  # messages of one run: the next one comes two minutes later

Service = Callable[[Connection, str, Auteur, datetime], Bilan]


def instant_metier() -> datetime:
    """Business instant of the run: given in ``conf``, else carried by the asset that woke it, else the run's own time.

    Never the wall clock of the task: a retry, a late run or a re-run sees the same instant. A demonstration that lives at
    another date shifts it like every other clock.
    """
    contexte = get_current_context()
    conf = contexte["dag_run"].conf or {}
    if "instant" in conf:
        return datetime.fromisoformat(conf["instant"]).astimezone(UTC)
    evenements = [e for liste in (contexte.get("triggering_asset_events") or {}).values() for e in liste]
    instants = [datetime.fromisoformat(e.extra["instant"]) for e in evenements if e.extra and "instant" in e.extra]
    if instants:
        return max(instants).astimezone(UTC)
    run = contexte["dag_run"]
    return ((run.logical_date or run.run_after) + clock.decalage()).astimezone(UTC)


def list_plateformes() -> list[str]:
    """Platforms over which tasks are mapped."""
    with db.begin(settings().url_app, systeme("list_plateformes")) as conn:
        return publish_referentiel.list_plateformes(conn)


def list_plateformes_ouvrees() -> list[str]:
    """Platforms of a working-day DAG: those where the day of the run is worked. A run started by hand takes them all: somebody asked."""
    if get_current_context()["dag_run"].run_type != "scheduled":
        return list_plateformes()
    instant = instant_metier()
    with db.begin(settings().url_app, systeme("list_plateformes")) as conn:
        return [lieu.plateforme_id for lieu in list_lieux(conn) if is_jour_ouvre(lieu.jour(instant), lieu.zone)]


def sweep(nom: str, service: Service, plateforme_id: str) -> dict[str, Any]:
    """One service over one platform, as one passage; the counts go to XCom and to the log.

    One transaction, or one for each lot of a service that works by lots: nothing is held longer than a person waits, and a sweep
    that dies has kept the lots before.
    """
    instant = instant_metier()
    with PassageOuvert(nom, instant, plateforme_id) as passage:
        auteur, a_suivre = systeme(nom), True
        while a_suivre:
            with db.begin(settings().url_app, auteur, passage.id) as conn:
                journal.live_at(conn, instant)
                lot = service(conn, plateforme_id, auteur, instant)
            a_suivre = bool(lot.detail.get(A_SUIVRE)) and lot.traites > 0
            passage.bilan = passage.bilan.suivi_de(lot)
    return passage.conclude()


def receive_flux() -> dict[str, Any]:
    """Take the files of the drop folder, then what managers decided about refused lines.

    Skipped when nothing came of either, so that nothing downstream wakes for nothing. An attempt that follows a killed one finds what it
    had taken already known, or already moved: it announces all the same, the first one never did.
    """
    instant = instant_metier()
    auteur = systeme("ingest_flux")
    reprise = get_current_context()["ti"].try_number > 1
    with PassageOuvert("recevoir", instant, None) as passage:

        def ouvrir() -> AbstractContextManager[Connection]:
            return db.begin(settings().url_app, auteur, passage.id)

        depot = ingest_flux.ingest_depot(ouvrir, settings().depot, auteur, instant)
        fichiers = depot.as_bilan()
        with ouvrir() as conn:
            replay_quarantaine.attach_depots(conn)
        decisions = replay_quarantaine.replay_demandes(ouvrir, instant)
        with ouvrir() as conn:
            purge = purge_reception.purge_reception(conn, settings().depot, instant)
        passage.bilan = fichiers + decisions + purge
    bilan = passage.conclude()
    venus = fichiers.detail["fichiers"] + fichiers.detail["fichiers_deja_vus"] + decisions.traites
    if depot.echecs and not venus:
        raise depot.echecs[0]
    if not venus and not reprise:
        raise AirflowSkipException("no new file in the drop folder, no line taken")
    announce(FLUX_CHARGES)
    return bilan


def check_fichiers(bilan: dict[str, Any]) -> None:
    """Fails, after the others were announced, when a file of the drop folder could not be taken: somebody must look at it."""
    echecs = bilan["detail"]["fichiers_en_echec"]
    if echecs:
        raise AirflowFailException(f"{echecs} file(s) could not be taken and are still in the drop folder")


def detect(plateforme_id: str) -> dict[str, Any]:
    """People of whom something was learnt since the last passage, and those who fall due by the mere passing of time.

    The database keeps both lists: nothing depends on when the last passage was.
    """
    return sweep("detecter", detect_signalements.detect_signalements, plateforme_id)


def send_messages() -> dict[str, Any]:
    """Empty the outbox of what is due, in small claimed batches."""
    instant = instant_metier()
    with PassageOuvert("envoyer", instant, None) as passage:
        envoyes = send_outbox.send_due(instant, lot=LOT_ENVOI, passage=passage.id, reel=clock.now())
        passage.bilan = envoyes + exchange_csv.export_lots(instant, passage=passage.id)
    return passage.conclude()


def heal_messages() -> dict[str, Any]:
    """Ask the partners that can be asked about the messages of which nobody knows whether they arrived."""
    instant = instant_metier()
    with PassageOuvert("rapprocher", instant, None) as passage:
        passage.bilan = heal_incertains.heal_incertains(instant, passage=passage.id)
    return passage.conclude()


def collect_receipts() -> dict[str, Any]:
    """Ask the SMS gateway what became of the messages it took; then look for confirmations that nobody wrote."""
    instant = instant_metier()
    with PassageOuvert("accuser", instant, None) as passage:
        recus = collect_accuses.collect_accuses(instant, passage=passage.id)
        passage.bilan = recus + ask_confirmations.ask_confirmations(instant, passage=passage.id)
    return passage.conclude()


def poll_partenaires() -> dict[str, Any]:
    """Ask the partners reached by API what they answered."""
    instant = instant_metier()
    with PassageOuvert("interroger", instant, None) as passage:
        passage.bilan = collect_reponses.poll_partenaires(instant, passage=passage.id)
    return passage.conclude()


def read_retours() -> dict[str, Any]:
    """What came back without being asked for: mailboxes (receipts, bounces, letters), answer files of partners."""
    instant = instant_metier()
    with PassageOuvert("relever", instant, None) as passage:
        courriers = read_boite.read_boites(instant, passage=passage.id)
        passage.bilan = courriers + take_reponses_csv.take_reponses(instant, passage=passage.id)
        with db.begin(settings().url_app, systeme("purge_echanges"), passage.id) as conn:
            passage.bilan += purge_echanges.purge_echanges(conn, settings().echanges, instant)
    return passage.conclude()


def publish_tables() -> dict[str, Any]:
    """Rebuild the evaluators' tables aside and swap them; then forget the old runs that did nothing."""
    instant = instant_metier()
    with PassageOuvert("publier", instant, None) as passage:
        passage.bilan = publish_evaluation.publish_evaluation(
            settings().url_app, systeme("publish_evaluation"), instant, settings().exports, passage=passage.id
        )
        with db.begin(settings().url_app, systeme("purge_passages"), passage.id) as conn:
            passage.bilan += purge_passages.purge_passages(conn, instant)
    return passage.conclude()


def announce(asset: Asset) -> None:
    """Tell the DAGs that wait for ``asset`` the business instant of this run."""
    get_current_context()["outlet_events"][asset].extra = {"instant": instant_metier().isoformat()}


class PassageOuvert:
    """Row of the run in ``pdp.passage``; left open when the task is killed, which is what a manager must see."""

    def __init__(self, tache: str, instant: datetime, plateforme_id: str | None) -> None:
        contexte = get_current_context()
        self.instance = contexte["ti"]
        index = f"[{plateforme_id}]" if plateforme_id else ""
        self.id = f"{self.instance.dag_id}/{self.instance.run_id}/{tache}{index}"
        self.tache, self.instant, self.plateforme_id = tache, instant, plateforme_id
        self.bilan = Bilan()

    def __enter__(self) -> PassageOuvert:
        with db.begin(settings().url_app, systeme("passage")) as conn:
            record_passage.open_passage(conn, self.id, self.instance.dag_id, self.tache, self.instant, self.plateforme_id)
        return self

    def __exit__(self, genre: type[BaseException] | None, *_: object) -> None:
        if genre is None:
            with db.begin(settings().url_app, systeme("passage")) as conn:
                record_passage.close_passage(conn, self.id, self.bilan)

    def conclude(self) -> dict[str, Any]:
        resultat = self.bilan.as_dict()
        logger.info("passage %s: %s", self.id, resultat)
        return resultat
