"""Play a schedule: fork its workers, break what its seed says, let time pass, drain, then look."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError

from pdp import clock
from pdp.chaos.acteurs import apply, is_perdue, read, send
from pdp.chaos.atelier import Atelier, Bilan, Processus
from pdp.chaos.invariants import Constat, check
from pdp.chaos.monde import AUTEUR, Monde
from pdp.chaos.plan import DEPART, Etape, Plan, Travail
from pdp.config import settings
from pdp.services import send_outbox
from pdp.services.heal_incertains import heal_incertains
from pdp.storage import db
from pdp.storage.sql import query

REJOUE_SUR = 4
"""One schedule in so many is run once more at its end: doing it twice must change nothing."""
SUITE = (timedelta(hours=3), timedelta(hours=12), timedelta(days=2), timedelta(days=7, hours=3), timedelta(days=8))
"""Instants of the drain: past every retry and the horizon of seven days."""


@dataclass
class Resultat:
    """What one schedule came to."""

    graine: int
    constat: Constat = field(default_factory=Constat)
    compte: Counter[str] = field(default_factory=Counter)
    fautes: list[str] = field(default_factory=list)

    def note(self, bilan: Bilan) -> None:
        self.compte += bilan.compte
        self.fautes += bilan.fautes

    @property
    def ok(self) -> bool:
        return not self.constat.violations and not self.fautes


def play(monde: Monde, atelier: Atelier, plan: Plan) -> Resultat:
    """The whole schedule; the world is left ready for the next one."""
    resultat = Resultat(plan.graine)
    send_outbox.BAIL_S = plan.bail_s
    monde.prepare(plan)
    arretes: list[Processus] = []
    for etape in plan.etapes:
        if plan.reveil_a_la_fin:
            arretes += play_etape(monde, atelier, plan, etape, resultat, [])
        else:
            arretes = play_etape(monde, atelier, plan, etape, resultat, arretes)
    resume(monde, atelier, arretes, resultat)
    drain(monde, plan, resultat)
    change = plan.graine % REJOUE_SUR == 0 and replay(monde, plan, resultat)
    resultat.constat = check(monde, plan, trouble=bool(resultat.compte.total()))
    if change:
        resultat.constat.add("rejeu", "every sweep once more at the same instant changed something")
    return resultat


def replay(monde: Monde, plan: Plan, resultat: Resultat) -> bool:
    """Every sweep once more at the last instant: whether anything changed."""
    avant = fingerprint(plan)
    _calm(monde, plan, DEPART + SUITE[-1], resultat)
    return fingerprint(plan) != avant


def fingerprint(plan: Plan) -> str:
    """Hash of all that the hand-overs of the schedule are: messages, statuses, reasons to act, journal."""
    with db.begin(settings().url_app, AUTEUR) as conn:
        return str(conn.execute(query("chaos.empreinte"), {"parcours": [str(c.parcours) for c in plan.cas]}).scalar_one())


def play_etape(
    monde: Monde, atelier: Atelier, plan: Plan, etape: Etape, resultat: Resultat, arretes: list[Processus], *, reprise: bool = False
) -> list[Processus]:
    """Run the workers of a step together; those stopped at the step before wake up among them, their lease over."""
    monde.expire_leases()
    actifs = [atelier.start(plan, travail, etape.instant) for travail in etape.travaux]
    for arrete in arretes:
        os.kill(arrete.pid, signal.SIGCONT)
    if etape.coupure and not reprise:
        time.sleep(0.03)  # let them begin: the point is to cut them in the middle
        monde.restart_postgres()
        resultat.compte["redemarrages"] += 1
    bilan = atelier.wait([*actifs, *arretes])
    resultat.note(bilan)
    if bilan.perdus and not reprise:  # the next run of the same sweep, as Airflow would start it
        encore = Etape(etape.instant, tuple(Travail(t.nom, t.cas) for t in bilan.perdus))
        play_etape(monde, atelier, plan, encore, resultat, [], reprise=True)
    return bilan.stoppes


def resume(monde: Monde, atelier: Atelier, arretes: list[Processus], resultat: Resultat) -> None:
    """Wake up those that are still stopped, long after their lease."""
    monde.expire_leases()
    for arrete in arretes:
        os.kill(arrete.pid, signal.SIGCONT)
    resultat.note(atelier.wait(arretes))


def drain(monde: Monde, plan: Plan, resultat: Resultat) -> None:
    """Partners behave, nobody is killed any more, days pass: everything must come to rest."""
    monde.say("PATCH", {"taux": 0.0, "fil": 0.0, "imposees": {}, "fil_impose": None})
    for avance in SUITE:
        _calm(monde, plan, DEPART + avance, resultat)


def settle(monde: Monde, plan: Plan, instant: datetime) -> None:
    """One run of every sweep."""
    monde.expire_leases()
    send(monde, plan, (), instant)
    heal_incertains(instant)
    read(monde, plan, (), instant)
    apply(monde, plan, (), instant)


def _calm(monde: Monde, plan: Plan, instant: datetime, resultat: Resultat) -> None:
    clock.now = lambda: instant
    for _ in range(3):
        try:
            settle(monde, plan, instant)
        except DBAPIError as perdue:  # connections of the pool that a restart cut
            if not is_perdue(perdue):
                raise
            resultat.compte["connexions_perdues"] += 1
        else:
            return
