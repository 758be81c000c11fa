"""The platform that end-to-end tests share, as they see it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pdp import clock
from pdp.embedded.airflow_client import AirflowClient
from pdp.embedded.etat import Etat
from pdp.embedded.stack import Stack
from pdp.simulation.scenario import run_scenario

ATTENDUS = (
    "prescriptions",
    "episodes",
    "signalements",
    "parcours",
    "affectations",
    "tele_echanges",
    "orientations",
    "reponses",
    "alertes",
    "issues",
    "quarantaine",
    "dag_runs",
)
STABLES = tuple(nom for nom in ATTENDUS if nom != "dag_runs")


@dataclass
class Plateforme:
    """A started platform after the scenario on the small cohort."""

    stack: Stack
    airflow: AirflowClient
    bilan: dict[str, Any]
    jour: date
    """Local day of ``bilan``: detection finds other people the next day."""

    def follow_jour(self) -> None:
        """Midnight passed since the last balance: play the main job of the new day, so that what follows compares like with like."""
        while self.jour != aujourdhui():
            self.jour = aujourdhui()
            self.bilan = run_scenario(self.stack.env, self.airflow, lambda _: None)

    @property
    def etat(self) -> Etat:
        return self.stack.etat

    @property
    def urls(self) -> dict[str, str]:
        return self.stack.urls

    @property
    def cohorte(self) -> Path:
        return self.etat.racine / "cohorte"

    def account(self, login: str) -> tuple[str, str]:
        """Login and password of a demonstration account."""
        comptes = json.loads((self.etat.racine / "comptes.json").read_text())
        return login, next(c["mot_de_passe"] for c in comptes if c["login"] == login)


def aujourdhui() -> date:
    """Local day of the machine's clock."""
    return clock.jour_local(clock.now())
