"""Hand-overs under faults: nothing lost, doubled or sent without agreement; and each bug put in on purpose is caught.

The harness runs in a process of its own, with its own durable server: ``pdp chaos``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from pdp.chaos.defauts import DEFAUTS
from pdp.chaos.diriges import CONTRE_DEFAUTS, DIRIGES
from pdp.chaos.plan import draw_plan
from pdp.chaos.points import ETIQUETTES, POINTS
from pdp.config import RACINE

HASARD = 40
"""Schedules after which a seeded bug that its directed schedule let through would have to be caught by chance."""


def chaos(*arguments: str, delai_s: float = 900) -> tuple[int, dict[str, Any]]:
    commande = [sys.executable, "-m", "pdp.cli", "chaos", "--json", *arguments]
    environnement = os.environ | {"PYTHONPATH": str(RACINE / "include")}
    fini = subprocess.run(commande, env=environnement, cwd=RACINE, capture_output=True, text=True, timeout=delai_s, check=False)
    assert fini.stdout.strip(), fini.stderr[-3000:]
    return fini.returncode, {**json.loads(fini.stdout.strip().splitlines()[-1]), "dit": fini.stderr[-4000:]}


def test_two_hundred_schedules() -> None:
    """Those written by hand, one for each labelled point, then as many drawn from seeds."""
    code, bilan = chaos("--schedules", str(200 - len(DIRIGES)), "--seed", "1")
    assert code == 0, bilan["dit"]
    assert bilan["schedules"] == 200
    assert bilan["handovers"] > 500
    for genre in ("lost", "duplicated", "without_consent", "regressed", "journal", "insisted", "forged", "unexpected"):
        assert bilan[genre] == 0, bilan["dit"]
    assert bilan["kills"] > 200
    assert bilan["stops"] > 10
    assert bilan["restarts"] > 5
    assert bilan["points"]["not_passed"] == []
    assert bilan["points"]["not_struck"] == []


@pytest.mark.parametrize(
    ("defaut", "genre"),
    [
        ("M1", "regressed"),
        ("M2", "duplicated"),
        ("M3", "lost"),
        ("M4", "without_consent"),
        ("M5", "forged"),
        ("M6", "insisted"),
        ("M7", "duplicated"),
    ],
)
def test_each_seeded_bug_is_caught(defaut: str, genre: str) -> None:
    code, bilan = chaos("--bug", defaut, "--schedules", str(HASARD), "--lanes", "1")
    assert code == 1, f"{defaut} went through {bilan['schedules']} schedules"
    assert not bilan["broken_lanes"], bilan["broken_lanes"]
    assert not bilan["unexpected"], bilan["dit"]
    assert bilan[genre] > 0, bilan
    assert bilan["schedules"] <= 1 + HASARD


def test_every_bug_has_its_schedule_and_every_schedule_its_points() -> None:
    assert set(CONTRE_DEFAUTS) == set(DEFAUTS)
    assert set(DIRIGES) >= {*CONTRE_DEFAUTS, *ETIQUETTES}
    fautes = [t.faute.point for graine in range(400) for e in draw_plan(graine).etapes for t in e.travaux if t.faute]
    assert set(fautes) == set(ETIQUETTES), "every labelled point is drawn"
    assert all(point.partition(".")[0] in POINTS for point in fautes)


def test_a_seed_is_a_schedule() -> None:
    assert draw_plan(42) == draw_plan(42)
    assert draw_plan(42) != draw_plan(43)
    assert {d for c in draw_plan(7, "messagerie").cas for d in c.vers} == {"cap_emploi"}
