"""The benchmark itself: its contract, and that peers agree; no time is judged here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pdp.bench.contexte import DROITS, EPISODES, Contexte
from pdp.bench.egalite import compare
from pdp.bench.population import JOUR, MAINTENANT, generate_population, jour_numero, uuid_hexa
from pdp.config import RACINE

PAIRS = {"pdp", "duckdb", "duckdb_copy", "polars", "postgresql_windows", "ohdsi_era", "orm_loop"}


def test_peers_agree_and_the_answer_is_complete() -> None:
    commande = [sys.executable, "-m", "pdp.cli", "bench", "detection", "--rows", "3000", "--json", "--repetitions", "1", "--nights", "1"]
    commande += ["--delta", "100", "--sample", "60", "--max-rows", "3000"]
    env = {**os.environ, "PYTHONPATH": str(RACINE / "include")}
    fini = subprocess.run(commande, cwd=RACINE, env=env, capture_output=True, text=True, check=False)
    assert fini.returncode == 0, fini.stderr[-2000:]
    resultat = json.loads(fini.stdout.splitlines()[-1])
    assert resultat["ok"] is True
    assert resultat["rows"] == 3000
    assert resultat["oracle"] == {"equal": True, "people": resultat["oracle"]["people"], "differences": 0}
    assert resultat["oracle"]["people"] > 100
    assert set(resultat["peers"]) == PAIRS
    assert {nom for nom, p in resultat["peers"].items() if not p["compared"]["rights"]} == {"ohdsi_era"}
    assert all(p["seconds"] > 0 and p["peak_memory_mb"] > 10 for p in resultat["peers"].values())
    assert resultat["peers"]["orm_loop"]["ratio_to_duckdb"] is None  # a sample is never called the whole
    assert resultat["night"]["compared_rows"] == [300, 3000]
    assert resultat["night"]["large"]["same_day"]["touched"] > 0
    assert {nom for nom, c in resultat["targets"].items() if c["met"] is None} == {"big_night_to_first_detection"}  # not asked for
    assert {"cpus", "memory"} <= set(resultat["machine"])


def test_population_is_seeded_and_full_of_awkward_rows() -> None:
    population, encore = generate_population(20_000, 5), generate_population(20_000, 5)
    assert all(np.array_equal(getattr(population, nom), getattr(encore, nom)) for nom in ("personne", "debut", "fin", "annule", "recu"))
    assert len(population.personne) == 20_000
    assert 3 < 20_000 / population.personnes < 6
    assert (population.debut <= population.fin).all()
    assert (np.diff(population.recu) >= 0).all()
    assert 0.005 < population.annule.mean() < 0.015
    assert 0.005 < (population.fin != population.fin_d_abord).mean() < 0.015
    en_cours = (population.debut <= jour_numero(JOUR)) & (population.fin >= jour_numero(JOUR))
    assert en_cours.sum() > 100


def test_ids_are_spread_unique_and_give_the_number_back() -> None:
    hexa = uuid_hexa(np.arange(5_000)).to_list()
    assert len(set(hexa)) == 5_000
    assert hexa != sorted(hexa)
    assert [int(h[-12:], 16) for h in hexa] == list(range(5_000))


def _contexte(dossier: Path) -> Contexte:
    return Contexte(str(dossier), "", "PF35", MAINTENANT.isoformat(), 2, 2, 2, 3, 2, 360, 3, 10)


EPISODE = pl.DataFrame({"personne": [1, 2], "debut": [JOUR, JOUR], "fin": [JOUR, JOUR], "jours": [1, 1]})
DROIT = pl.DataFrame({"personne": [1, 2], "ij": [4, 0], "epuisement": [JOUR, None]})


@pytest.mark.parametrize(
    ("episode", "droit", "differences"),
    [
        pytest.param(EPISODE, DROIT, 0, id="same"),
        pytest.param(EPISODE.reverse(), DROIT.head(1), 0, id="order and empty rights say nothing"),
        pytest.param(EPISODE.with_columns(jours=2), DROIT, 4, id="days"),
        pytest.param(EPISODE.head(1), DROIT, 1, id="missing"),
        pytest.param(pl.concat([EPISODE, EPISODE.head(1)]), DROIT, 1, id="twice"),
        pytest.param(EPISODE, DROIT.with_columns(epuisement=pl.lit(None, pl.Date)), 2, id="exhaustion"),
        pytest.param(EPISODE.drop("jours"), DROIT, 0, id="a peer that cannot say the days is compared on the rest"),
    ],
)
def test_comparison_sees_every_difference(tmp_path: Path, episode: pl.DataFrame, droit: pl.DataFrame, differences: int) -> None:
    contexte = replace(_contexte(tmp_path))
    for pair, e, d in (("reference", EPISODE, DROIT), ("peer", episode, droit)):
        contexte.sortie(pair).mkdir(parents=True)
        e.write_parquet(contexte.sortie(pair) / EPISODES)
        d.write_parquet(contexte.sortie(pair) / DROITS)
    verdict = compare(contexte, "reference", "peer")
    assert (verdict["equal"], verdict["differences"]) == (differences == 0, differences)
