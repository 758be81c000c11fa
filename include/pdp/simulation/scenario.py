"""The main job of the demonstration: two deliveries of a synthetic cohort, real DAG runs, simulated people in between.

People are simulated, the platform is not: files are dropped in the real folder, the real scheduler runs the real DAGs,
simulated agents and partners call the services under their own database roles, partners answer over HTTP. Running it
again creates nothing twice.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pdp import clock
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.domain.calendrier import add_jours_ouvres
from pdp.simulation import comptes, personnes, structures
from pdp.simulation.cohorte import generate_cohorte
from pdp.storage import db
from pdp.storage.sql import query

GRAINE = 20261122
DAGS = (
    "pdp_reception",
    "pdp_detection",
    "pdp_tri_affectation",
    "pdp_envoi",
    "pdp_reponses",
    "pdp_rendez_vous",
    "pdp_doublons",
    "pdp_orientations",
    "pdp_veille",
    "pdp_suivis",
    "pdp_digest",
    "pdp_evaluation",
    "pdp_guet",
)
PARIS = ZoneInfo("Europe/Paris")


class Orchestrateur(Protocol):
    """What the scenario needs of Airflow."""

    def trigger_dag(self, dag_id: str, conf: Mapping[str, Any] | None = None, logical_date: datetime | None = None) -> str: ...
    def wait_for_run(self, dag_id: str, run_id: str, timeout: float = 120.0) -> Any: ...
    def wait_for_quiet(self, timeout: float = 300.0) -> None: ...
    def wait_for_dags(self, attendus: Any, timeout: float = 90.0) -> None: ...
    def list_dag_runs(self, since: datetime | None = None) -> list[Any]: ...


class PassageEchoue(RuntimeError):
    """A DAG run of the main job failed; ``step`` names it."""

    def __init__(self, step: str, etat: str) -> None:
        self.step = step
        super().__init__(f"DAG run {step} ended {etat}")


class Calendrier:
    """Instants of the scenario, fixed at the first run: another run replays the same days."""

    def __init__(self, ancrage: date) -> None:
        self.ancrage = ancrage
        self.premier_jour = ancrage - timedelta(days=45)

    @classmethod
    def load(cls, etat: Path) -> Calendrier:
        fichier = etat / "ancrage.json"
        if not fichier.exists():
            brouillon = fichier.with_suffix(".tmp")
            brouillon.write_text(json.dumps({"ancrage": clock.jour_local(clock.now()).isoformat()}))
            brouillon.replace(fichier)
        return cls(date.fromisoformat(json.loads(fichier.read_text())["ancrage"]))

    @property
    def matin_premier(self) -> datetime:
        return self._a(self.premier_jour, time(6, 0))

    @property
    def matin(self) -> datetime:
        """The morning of the anchor day, before any human act; the past evening when that morning is still to come."""
        return self._a(self.ancrage, time(0, 5))

    def jour_ouvre(self, rang: int, heure: time = time(9, 30)) -> datetime:
        """Instant of the ``rang``-th working day after the first delivery."""
        return self._a(add_jours_ouvres(self.premier_jour, rang), heure)

    def _a(self, jour: date, heure: time) -> datetime:
        return datetime.combine(jour, heure, PARIS).astimezone(UTC)


def run_scenario(env: Mapping[str, str], client: Orchestrateur, progress: Callable[[str], None]) -> dict[str, Any]:
    """Play the whole parcours and return the balance sheet; raises :class:`PassageEchoue` naming the first run that failed.

    The past is played once, at its own dates; a run killed in the middle plays its phase again. Every call ends with the
    main job of the day, which creates nothing for what is already known.
    """
    etat = Path(env["PDP_ETAT"])
    calendrier = Calendrier.load(etat)
    debut = datetime.now(UTC)
    job = _Job(client, progress, Horloge(Path(env["PDP_HORLOGE"])))
    client.wait_for_dags(DAGS)
    client.wait_for_quiet(timeout=300.0)  # runs of the schedule that were waiting for the scheduler
    cohorte = etat / "cohorte"
    if not (cohorte / "J").exists():
        resume = generate_cohorte(cohorte, GRAINE, calendrier.ancrage, _taille(), env["PDP_PARTENAIRE_URL"], env["PDP_FHIR_URL"])
        progress(f"cohorte synthétique : {resume.personnes} personnes, {resume.arrets} arrêts, {resume.lignes_fautives} lignes fautives")
    try:
        _once(etat / "passe.json", lambda: _play_passe(job, calendrier, cohorte))
        _once(etat / "veille_du_jour.json", lambda: _play_jour(job, calendrier, cohorte))
    finally:
        job.horloge.release()
    for dag in DAGS:
        job.run(dag, clock.now())
    client.wait_for_quiet(timeout=600.0)
    comptes.write_comptes(etat)
    return balance_sheet(client, debut)


def _play_passe(job: _Job, calendrier: Calendrier, cohorte: Path) -> None:
    """Forty-five days ago: the first delivery, the first delegation, the first files, and what partners answered since."""
    job.run("pdp_reception", calendrier.matin_premier, livraison=cohorte / "J-45")
    personnes.sign_delegation(calendrier)
    personnes.decide_signalements(calendrier)
    job.run("pdp_tri_affectation", calendrier.matin_premier)
    job.say(f"premiers dossiers travaillés par les conseillers simulés : {personnes.play_premiers_dossiers(calendrier)}")
    job.run("pdp_envoi", calendrier.jour_ouvre(7))
    personnes.answer_portail(calendrier.jour_ouvre(9))
    job.run("pdp_reponses", calendrier.jour_ouvre(10))
    job.say(f"issues enregistrées par les conseillers simulés : {personnes.close_dossiers(calendrier)}")


def _play_jour(job: _Job, calendrier: Calendrier, cohorte: Path) -> None:
    """Since then and until this morning: today's delivery, and coordinators in the middle of their work."""
    job.run("pdp_reception", calendrier.matin, livraison=cohorte / "J")
    job.say(f"partenaires qui ont dit leurs places et leurs absences : {structures.tell_structures(calendrier)}")
    job.say(f"dossiers travaillés ces derniers jours : {personnes.play_journee(calendrier)}")
    personnes.decide_alertes(calendrier.matin)
    job.run("pdp_digest", calendrier.matin)


def _once(marque: Path, jouer: Callable[[], None]) -> None:
    """Play a phase, then say so: killed before its mark, it is played again, each act then finding its own trace."""
    if not marque.exists():
        jouer()
        marque.write_text(json.dumps({"jouee_at": datetime.now(UTC).isoformat()}))


class Horloge:
    """The clock of the demonstration: every process reads the shift written here."""

    def __init__(self, fichier: Path) -> None:
        self._fichier = fichier

    def live_at(self, instant: datetime) -> None:
        provisoire = self._fichier.with_suffix(".tmp")
        provisoire.write_text(str(int((instant - datetime.now(UTC)).total_seconds())))
        provisoire.replace(self._fichier)

    def release(self) -> None:
        """Back to the machine's clock."""
        self._fichier.unlink(missing_ok=True)


class _Job:
    """Triggers a DAG with a business instant and waits for it and for all it wakes."""

    def __init__(self, client: Orchestrateur, progress: Callable[[str], None], horloge: Horloge) -> None:
        self._client = client
        self.say = progress
        self.horloge = horloge

    def run(self, dag_id: str, instant: datetime, livraison: Path | None = None) -> None:
        if abs(clock.now() - instant) > timedelta(minutes=5):
            self.horloge.live_at(instant)
        if livraison is not None:
            self._drop(livraison)
        run_id = self._client.trigger_dag(dag_id, {"instant": instant.isoformat()})
        passage = self._client.wait_for_run(dag_id, run_id, timeout=600.0)
        if passage.etat != "success":
            raise PassageEchoue(dag_id, passage.etat)
        if livraison is not None:
            self._client.wait_for_quiet(timeout=600.0)
        self.say(f"{dag_id} terminé (au {instant:%d/%m/%Y})")

    def _drop(self, livraison: Path) -> None:
        """Deliver the files as the caisse would: written beside, then renamed, all at once so that no run takes half of them."""
        depot = settings().depot
        depot.mkdir(parents=True, exist_ok=True)
        fichiers = sorted(f for f in livraison.iterdir() if f.suffix in (".csv", ".dsn"))
        for fichier in fichiers:
            shutil.copyfile(fichier, depot / f"{fichier.name}.part")
        for fichier in fichiers:
            os.replace(depot / f"{fichier.name}.part", depot / fichier.name)


def balance_sheet(client: Orchestrateur, debut: datetime) -> dict[str, Any]:
    """Counts of everything the slice produces, read from the database, and the state of every DAG run of this job."""
    with db.begin(settings().url_app, systeme("bilan")) as conn:
        comptes_ = _counts(conn)
    passages = [p for p in client.list_dag_runs(debut) if p.etat in ("success", "failed")]  # the schedule may just have started another
    etats = sorted({p.etat for p in passages})
    return {
        **comptes_,
        "dag_runs": len(passages),
        "dag_runs_etats": etats,
        "ok": etats == ["success"] and all(v > 0 for v in comptes_.values()),
    }


def _counts(conn: Connection) -> dict[str, int]:
    return dict(conn.execute(query("bilan.compter")).one()._mapping)


def _taille() -> Any:
    """``PDP_COHORTE=petite`` makes the small cohort of the tests; the same code runs on both."""
    return os.environ.get("PDP_COHORTE", "departement")
