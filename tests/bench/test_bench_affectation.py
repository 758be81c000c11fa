"""The benchmark of the assignment: its contract on a small stock, and that it can say no; no time is judged here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date

import pytest

from pdp.bench import affectation, affectation_pairs
from pdp.bench.affectation_cas import generate_candidats, generate_cas
from pdp.config import RACINE
from pdp.domain.effort import load_bareme
from pdp.referentiel import load_referentiel


def run_small(*options: str) -> tuple[int, dict[str, object]]:
    commande = [sys.executable, "-m", "pdp.cli", "bench", "affectation", "--cases", "800", "--agents", "40", "--json", *options]
    env = {**os.environ, "PYTHONPATH": str(RACINE / "include")}
    fini = subprocess.run(commande, cwd=RACINE, env=env, capture_output=True, text=True, check=False)
    assert fini.stdout, fini.stderr[-2000:]
    return fini.returncode, json.loads(fini.stdout.splitlines()[-1])


def test_small_stock_through_postgresql() -> None:
    code, resultat = run_small()
    assert (code, resultat["ok"]) == (0, True)
    methodes = resultat["methods"]
    assert set(methodes) == {"product", "one_by_one", "turn_by_turn"}
    assert not any(methodes["product"]["faults"].values())
    assert 0 <= methodes["product"]["peak_gap_percent"] <= 1
    assert methodes["product"]["squares_gap_percent"] <= methodes["one_by_one"]["squares_gap_percent"]
    assert resultat["peak_ratio"]["turn_by_turn"] > 1.1
    base = resultat["postgresql"]
    assert (base["assigned"], base["again_assigned"], sum(base["faults"].values())) == (800, 0, 0)


def test_an_unfair_distribution_is_not_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check is of the answer, not of its author."""
    monkeypatch.setitem(affectation_pairs.PAIRS, "product", affectation_pairs.place_turn_by_turn)
    monkeypatch.setattr(affectation, "place_product", affectation_pairs.place_turn_by_turn)
    arguments = type("A", (), {"cases": 800, "agents": 40, "seed": 3, "no_database": True})()
    assert affectation.run(arguments)["ok"] is False


def test_stock_is_seeded() -> None:
    bareme = load_bareme(load_referentiel(), date(2026, 11, 18))
    candidats = generate_candidats(40, 3)
    assert candidats == generate_candidats(40, 3)
    assert generate_cas(200, candidats, bareme, 3) == generate_cas(200, candidats, bareme, 3)
    assert len({c.effort for c in generate_cas(200, candidats, bareme, 3)}) > 3
