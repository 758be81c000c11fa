"""Runs as a manager reads them: those of the platform, with an effect; one Airflow run when its link is followed."""

from __future__ import annotations

from typing import Any

import pytest

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.bilan import Bilan
from pdp.services.read_passages import list_passages
from pdp.services.record_passage import close_passage, open_passage
from pdp.storage import db

RUNS = [  # id, dag, platform, rows treated (None = killed)
    ("pdp_veille/r1/veiller[PF35]", "pdp_veille", "PF35", 3),
    ("pdp_veille/r1/veiller[PF57]", "pdp_veille", "PF57", 5),
    ("pdp_veille/r2/veiller[PF35]", "pdp_veille", "PF35", 0),
    ("pdp_envoi/r1/envoyer", "pdp_envoi", None, 2),
    ("pdp_envoi/r3/envoyer", "pdp_envoi", None, None),
]


@pytest.fixture
def responsable(base: str) -> Any:
    with lot() as conn:
        fabrique.socle(conn)
        for passage, dag, plateforme, traites in RUNS:
            open_passage(conn, passage, dag, passage.split("/")[-1].split("[")[0], MAINTENANT, plateforme)
            if traites is not None:
                close_passage(conn, passage, Bilan(traites))
        return auteur_agent(fabrique.agent(conn, "responsable"), "responsable")


@pytest.mark.parametrize(
    ("choix", "attendus"),
    [
        ({}, {"pdp_veille/r1/veiller[PF35]", "pdp_envoi/r1/envoyer", "pdp_envoi/r3/envoyer"}),
        ({"tout": True}, {p for p, _, plateforme, _ in RUNS if plateforme != "PF57"}),
        ({"dag": "pdp_veille", "run": "r2"}, {"pdp_veille/r2/veiller[PF35]"}),
        ({"dag": "pdp_veille", "run": "r1"}, {"pdp_veille/r1/veiller[PF35]"}),
        ({"dag": "pdp_veille", "run": "r"}, set()),
    ],
)
def test_passages_of_the_platform(responsable: Any, choix: dict[str, Any], attendus: set[str]) -> None:
    with db.begin_as(responsable) as conn:
        assert {p.id for p in list_passages(conn, 50, **choix)} == attendus
