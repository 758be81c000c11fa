"""The benchmark of *Ma liste*: its contract on a small stock, and that it can say no; no time is judged here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from pdp.bench import worklist
from pdp.bench.worklist_affichage import Affichage, Demande
from pdp.bench.worklist_bilan import percentile
from pdp.bench.worklist_cas import CLOTURE, draw_entretiens, generate_stock, generate_taches
from pdp.bench.worklist_demandes import draw_demandes, list_charges
from pdp.bench.worklist_http import read_lignes
from pdp.bench.worklist_usagers import Plan, decode_plan, encode_plan
from pdp.config import RACINE
from pdp.services.filtres_liste import Filtres

MAINTENANT = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
ENTRETIEN_S = 45 * 60


def test_small_stock_from_the_copy_to_the_portal() -> None:
    commande = [
        sys.executable,
        "-m",
        "pdp.cli",
        "bench",
        "worklist",
        "--json",
        "--parcours",
        "600",
        "--agents",
        "6",
        "--users",
        "2",
        "--pages",
        "14",
    ]
    env = {**os.environ, "PYTHONPATH": str(RACINE / "include")}
    fini = subprocess.run(
        [*commande, "--seconds", "0.2", "--pause", "0.1"], cwd=RACINE, env=env, capture_output=True, text=True, check=False
    )
    assert fini.stdout, fini.stderr[-2000:]
    resultat = json.loads(fini.stdout.splitlines()[-1])
    assert (fini.returncode, resultat["ok"]) == (0, True), fini.stderr[-2000:]
    assert (resultat["parcours"], resultat["agents"], resultat["users"]) == (600, 6, 2)
    assert resultat["compared"] == {"pages": 14, "rows": resultat["compared"]["rows"], "differences": 0}
    assert resultat["compared"]["rows"] > 50
    assert (resultat["http"]["pages_compared"], resultat["http"]["differences"]) == (2, 0)
    mesures = [m for scene in resultat["database"].values() for m in scene.values()] + [
        resultat["http"]["alone"],
        resultat["http"]["users"],
    ]
    assert len(mesures) == 8
    assert all(0 < m["p50_ms"] <= m["p95_ms"] <= m["p99_ms"] and m["pages"] > 0 for m in mesures)
    assert resultat["database"]["users"]["product"]["reader_mb"] > 10
    assert resultat["http"]["portal_mb"] > 10


def test_one_different_row_is_not_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Affichage(1, 1, {"tous": 1}, {}, (), (), (None, None, ()))
    autre = replace(page, total=2)
    monkeypatch.setattr(worklist, "_show", lambda nom, *_: page if nom != "product" else autre)
    assert worklist.compare([[Demande(UUID(int=1), "PF35")]], MAINTENANT, 5) == {"pages": 1, "rows": 0, "differences": 1}
    monkeypatch.setattr(worklist, "_show", lambda *_: page)
    assert worklist.compare([[Demande(UUID(int=1), "PF35")]], MAINTENANT, 5)["differences"] == 0


def test_stock_is_seeded_skewed_and_possible() -> None:
    stock, encore = (generate_stock(20_000, 100, 3, MAINTENANT) for _ in range(2))
    assert np.array_equal(stock.agent, encore.agent)
    assert np.array_equal(generate_taches(stock).echeance, generate_taches(encore).echeance)
    assert (stock.statut[stock.ouverts :] == CLOTURE).all()
    charges = list_charges(stock)
    assert charges["median"] * 1.5 < charges["max"]
    taches = generate_taches(stock)
    retard = (taches.echeance < stock.maintenant_ms).mean()
    assert 0.07 < retard < 0.2
    assert 0.9 < len(np.unique(taches.parcours[taches.parcours < stock.ouverts])) / stock.ouverts < 1


def test_nobody_has_two_appointments_at_once() -> None:
    stock = generate_stock(3_000, 12, 3, MAINTENANT)
    personnes, debuts, _ = draw_entretiens(stock)
    assert len(np.unique(personnes)) == len(personnes)
    ordre = np.lexsort((debuts, stock.agent[personnes]))
    suite, instants = stock.agent[personnes][ordre], debuts[ordre]
    meme = suite[1:] == suite[:-1]
    assert (np.diff(instants)[meme] >= ENTRETIEN_S * 1000).all()


def test_readers_differ_in_load_and_pages() -> None:
    stock = generate_stock(3_000, 12, 3, MAINTENANT)
    usagers = draw_demandes(stock, 5)
    assert len({u[0].csam_id for u in usagers}) == 5
    assert len({u[0].filtres for u in usagers}) > 3
    assert {len(set(u)) for u in usagers} == {len(set(usagers[0]))}


def test_plan_survives_its_file() -> None:
    plan = Plan(
        "product",
        1.5,
        0.0,
        MAINTENANT,
        3,
        [[Demande(UUID(int=1), "PF35", Filtres(vue="retard", motifs=frozenset({"premier_appel"}), du=date(2026, 11, 1)))]],
    )
    assert decode_plan(encode_plan(plan)) == plan


@pytest.mark.parametrize(
    ("part", "valeur"),
    [pytest.param(0.5, 50.0, id="median"), pytest.param(0.95, 95.0, id="p95"), pytest.param(0.99, 99.0, id="p99")],
)
def test_percentiles_are_nearest_ranks(part: float, valeur: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], part) == valeur
    assert percentile([7.0], part) == 7.0


def test_rows_are_read_in_the_order_of_the_page() -> None:
    noms: list[Any] = [UUID(int=n) for n in (9, 3)]
    page = "".join(f'<tr role="row" data-ligne data-appel="/parcours/{n}/appel"><th><a href="/parcours/{n}">A</a>' for n in noms)
    assert read_lignes(page + f'<li><a href="/parcours/{UUID(int=1)}">') == tuple(noms)
