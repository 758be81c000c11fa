"""The trigger of the drop folder, on a real folder: one event per delivery, none for drafts, none for what was already told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from pdp.config import settings

pytestmark = pytest.mark.filterwarnings("ignore")  # Airflow's own import warnings are not ours to fix
CALME_S = 0.3
DELAI_S = 20.0


@pytest.fixture
def depot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PDP_DEPOT", str(tmp_path / "depot"))
    settings.cache_clear()
    (tmp_path / "depot").mkdir()
    return tmp_path / "depot"


def _drop(depot: Path, nom: str, contenu: str = "x") -> None:
    """As a delivery does: written beside, then renamed."""
    provisoire = depot / f"{nom}.part"
    provisoire.write_text(contenu, encoding="utf-8")
    os.replace(provisoire, depot / nom)


async def _watch(gestes: list[Callable[[], None]]) -> list[dict[str, Any]]:
    """Payload of the event that follows each gesture; the trigger is then closed as the triggerer closes it."""
    from pdp.guet import GuetDepot

    guet = GuetDepot(calme_s=CALME_S)
    evenements: AsyncIterator[Any] = guet.run()
    recus = []
    try:
        for geste in gestes:
            attente = asyncio.ensure_future(anext(evenements))
            # the first look and the watch itself start in the background: the gesture comes after them, or the first look sees it
            await asyncio.sleep(0)
            geste()
            recus.append((await asyncio.wait_for(attente, DELAI_S)).payload)
    finally:
        await evenements.aclose()
    return recus


def test_a_delivery_of_several_files_is_one_event(depot: Path) -> None:
    def deliver() -> None:
        for nom in ("assures_1.csv", "arrets_prescrits_1.csv", "ij_versees_1.csv"):
            _drop(depot, nom)

    assert asyncio.run(_watch([deliver])) == [{"dossier": "depot", "fichiers": 3}]


def test_what_waits_at_the_start_is_told_and_then_only_what_is_new(depot: Path) -> None:
    _drop(depot, "assures_1.csv")
    recus = asyncio.run(_watch([lambda: None, lambda: _drop(depot, "assures_2.csv"), lambda: _drop(depot, "assures_3.csv")]))
    assert [r["fichiers"] for r in recus] == [1, 1, 1]


def test_drafts_and_files_that_leave_wake_nobody(depot: Path) -> None:
    """A draft, a hidden file and a departure, then a delivery: the only event counts the delivery alone."""
    _drop(depot, "assures_1.csv")
    (depot / "traites").mkdir()

    def move() -> None:
        (depot / "arrets_prescrits_1.csv.part").write_text("x", encoding="utf-8")
        (depot / ".cache").write_text("x", encoding="utf-8")
        (depot / "assures_1.csv").rename(depot / "traites" / "assures_1.csv")
        _drop(depot, "assures_2.csv")

    assert [r["fichiers"] for r in asyncio.run(_watch([lambda: None, move]))] == [1, 1]


def test_a_file_taken_before_the_calm_is_not_told(depot: Path) -> None:
    """The run triggered by hand took it: only the next delivery is told."""

    def dropped_and_taken() -> None:
        _drop(depot, "assures_1.csv")
        (depot / "assures_1.csv").unlink()
        _drop(depot, "assures_2.csv")

    assert [r["fichiers"] for r in asyncio.run(_watch([dropped_and_taken]))] == [1]


def test_same_name_with_another_content_is_new(depot: Path) -> None:
    _drop(depot, "assures_1.csv")
    assert len(asyncio.run(_watch([lambda: None, lambda: _drop(depot, "assures_1.csv", "autre contenu")]))) == 2


def test_the_trigger_is_rebuilt_from_what_airflow_stores_and_stores_no_path(depot: Path) -> None:
    from airflow.sdk._shared.module_loading import import_string

    from pdp.guet import GuetDepot

    classe, arguments = GuetDepot(calme_s=1.5).serialize()
    assert import_string(classe)(**arguments).serialize() == (classe, arguments) == ("pdp.guet.GuetDepot", {"calme_s": 1.5})
