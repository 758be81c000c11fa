"""Months of the platform with simulated people, against the real services, to see that nobody is lost from view.

The task bodies of the real DAGs are called in the order of their timetables (``pdp.dags_joues``), at injected instants, on a PostgreSQL
of its own; people are played (``annee_acteurs.py``, ``annee_conseillers.py``, ``annee_assures.py``), so are the partners, mail and SMS
(``annee_exterieur.py``).
"""

from __future__ import annotations

import time as horloge
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

from pdp import clock
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.domain.calendrier import add_mois, is_jour_ouvre
from pdp.simulation.annee_acteurs import Acteurs
from pdp.simulation.annee_assures import Assures
from pdp.simulation.annee_compte import Compte, count
from pdp.simulation.annee_conseillers import Conseillers
from pdp.simulation.annee_exterieur import Exterieur
from pdp.simulation.annee_flux import Livraisons, build_livraisons
from pdp.storage import db

GRAINE = 20261122
FIN = date(2026, 11, 20)
PASSAGES = (time(8, 5), time(18, 45))
SANS_TRAVAIL = (time(9, 0),)
"""When what is due is run. Between two of them each DAG runs once, as after a short stop: a real day has more runs. Fewer on days off."""
MENSUELS = frozenset({"pdp_evaluation"})
"""Played on the first of the month only: they rebuild everything and nothing follows from them."""
_TRAVAIL = time(9, 30)


@dataclass(frozen=True)
class Plan:
    """``personnes``: how many people worth following, 0 = an average département; ``panne``: the day on which nothing runs, None = none."""

    debut: date
    fin: date
    graine: int = GRAINE
    personnes: int = 300
    panne: date | None = None

    @classmethod
    def of_mois(cls, mois: int, *, graine: int = GRAINE, personnes: int = 300, panne: int | None = None, fin: date = FIN) -> Plan:
        """``mois`` months until ``fin``; ``panne`` is the rank of a day, moved to the next working day; None = in the middle, 0 = none."""
        plan = cls(add_mois(fin, -mois), fin, graine, personnes)
        jour = plan.debut + timedelta(days=(fin - plan.debut).days // 2 if panne is None else panne)
        while not is_jour_ouvre(jour):
            jour += timedelta(days=1)
        return plan if panne == 0 else replace(plan, panne=jour)

    def jours(self) -> Iterator[date]:
        jour = self.debut
        while jour <= self.fin:
            yield jour
            jour += timedelta(days=1)


class Dags(Protocol):
    """What runs the DAGs at the instants it is given (``pdp.dags_joues``)."""

    sac: dict[str, Any]
    runs: Counter[date]
    echecs: list[str]
    ignores: frozenset[str]

    def run_dus(self, depuis: datetime, instant: datetime) -> None: ...
    def count_horaire(self, jour: date) -> dict[str, int]: ...


class Annee:
    """The world of one simulation; the settings of this process point to a migrated database with its referential."""

    def __init__(self, plan: Plan, dags: Dags, dire: Callable[[str], None] = lambda _: None) -> None:
        self.plan, self.dags, self._dire = plan, dags, dire
        self.exterieur = Exterieur(plan.graine)
        self.acteurs = Acteurs(plan.graine)
        self.conseillers = Conseillers(self.acteurs)
        self.assures = Assures(plan.graine, self.acteurs, self.exterieur)
        self.compte = Compte()
        self.livraisons: Livraisons = build_livraisons(plan.graine, plan.debut, plan.fin, plan.personnes)
        self.rattrapage: dict[str, Any] = {}
        self._dits = 0
        self._dernier = at(plan.debut, time(0, 1))

    def play(self) -> dict[str, Any]:
        """Every day in order; returns the balance sheet."""
        debut = horloge.monotonic()
        with self.live():
            for jour in self.plan.jours():
                self._play_jour(jour)
                if jour.day == 1:
                    self._dire(f"{jour:%d/%m/%Y} ({horloge.monotonic() - debut:.0f} s)")
            return self._conclude(horloge.monotonic() - debut)

    @contextmanager
    def live(self) -> Iterator[None]:
        """This process lives at the instants of the simulation, with the outside world of its own, until the end of the block."""
        with self.exterieur.branche(), patch.object(clock, "now", lambda: self.exterieur.maintenant):
            yield

    def _play_jour(self, jour: date) -> None:
        self.livraisons.drop(jour, settings().depot)
        if jour == self.plan.panne:
            return
        self.dags.ignores = frozenset() if jour.day == 1 else MENSUELS
        ouvre = is_jour_ouvre(jour)
        for rang, heure in enumerate(PASSAGES if ouvre else SANS_TRAVAIL):
            self._pass(at(jour, heure))
            if rang == 0:
                self.work(jour, at(jour, _TRAVAIL))
        lendemain = self.plan.panne is not None and jour == self.plan.panne + timedelta(days=1)
        self._look(at(jour, time(19, 30)), lendemain)

    def _pass(self, instant: datetime) -> None:
        self.exterieur.maintenant = instant
        self.dags.run_dus(self._dernier, instant)
        self._dernier = instant

    def work(self, jour: date, instant: datetime) -> None:
        """What people do on a day, from ``instant`` on."""
        self.exterieur.maintenant = instant
        if jour == self.plan.debut:
            self.acteurs.sign_delegation(instant)
        if not is_jour_ouvre(jour):
            return
        self.acteurs.decide(instant)
        self.acteurs.open_portes(instant)
        self.acteurs.manage(instant)
        self.acteurs.post(instant)
        self.conseillers.work(instant + timedelta(minutes=30))
        self.acteurs.answer(instant + timedelta(hours=2))
        self.assures.work(instant + timedelta(hours=3))
        self.acteurs.withdraw(instant + timedelta(hours=2))

    def _look(self, soir: datetime, lendemain: bool) -> None:
        self.exterieur.maintenant = soir
        deja, dits = len(self.compte.vus), self._dits
        self._dits = len(self.dags.echecs)
        self.compte.look(soir)
        for vu in (*self.compte.vus[deja:], *self.dags.echecs[dits:]):
            self._dire(vu)
        if lendemain:
            self.rattrapage = self._measure_rattrapage(soir)

    def _measure_rattrapage(self, soir: datetime) -> dict[str, Any]:
        """The day after the outage: what was late was done, and said late."""
        with db.begin(settings().url_app, systeme("simulation")) as conn:
            perdus = count(conn, "perdus", soir)
            retard = count(conn, "retard", soir)
        return {"jour": str(self.plan.panne), "perdus_le_lendemain": sum(perdus.values()), **retard}

    def _conclude(self, secondes: float) -> dict[str, Any]:
        with db.begin(settings().url_app, systeme("simulation")) as conn:
            etapes = count(conn, "etapes", self.exterieur.maintenant)
        perdus, doubles = sum(self.compte.perdus.values()), self.compte.doubles
        semaine = next(j for j in self.plan.jours() if j.weekday() == 1 and is_jour_ouvre(j))
        horaire = self.dags.count_horaire(semaine)
        joues = self.dags.runs
        return {
            "ok": not (perdus or doubles.total() or self.exterieur.doubles or self.compte.ecarts or self.dags.echecs),
            "months_from": str(self.plan.debut), "months_to": str(self.plan.fin), "seed": self.plan.graine,
            "people": self.livraisons.personnes, "outage_day": str(self.plan.panne or ""),
            "lost_from_view": perdus, "lost_by_kind": dict(self.compte.perdus),
            "duplicate_alerts": doubles["alertes"], "duplicates": dict(doubles), "duplicate_messages": self.exterieur.doubles,
            "dag_runs_per_day": sum(horaire.values()), "dag_runs_per_day_by_dag": horaire,
            "dag_runs_played": joues.total(), "dag_runs_played_per_day_max": max(joues.values(), default=0),
            "dag_failures": len(self.dags.echecs), "dag_failures_first": self.dags.echecs[:5],
            "not_reconciled": self.compte.ecarts[:10], "seen": self.compte.vus[:20], "lost_examples": self.compte.exemples[:10],
            "steps": etapes, "lines": dict(self.livraisons.lignes), "faults": dict(self.livraisons.fautes + self.exterieur.comptes),
            "outage": self.rattrapage, "acts": dict(sorted(self.acteurs.actes.items())),
            "refusals": dict(self.acteurs.refus.most_common(40)),
            "seconds": round(secondes, 1),
        }  # fmt: skip


def at(jour: date, heure: time) -> datetime:
    """Instant of an hour of Paris."""
    return datetime.combine(jour, heure, clock.PARIS).astimezone(UTC)


def folders(dossier: Path) -> dict[str, str]:
    """Settings of a simulated installation: folders made in ``dossier``, synthetic data said so, an SMS gateway of its own."""
    noms = {nom: dossier / nom.removeprefix("PDP_").lower() for nom in ("PDP_DEPOT", "PDP_EXPORTS", "PDP_ECHANGES")}
    for chemin in noms.values():
        chemin.mkdir(exist_ok=True)
    return {nom: str(chemin) for nom, chemin in noms.items()} | {"PDP_DEMONSTRATION": "1", "PDP_SMTP_PORT": "9"}
