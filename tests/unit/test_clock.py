"""The clock of a demonstration can be moved; that of a real installation cannot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pdp import clock


@pytest.mark.parametrize(("demonstration", "attendu"), [("1", timedelta(days=3)), ("", timedelta(0)), ("0", timedelta(0))])
def test_only_a_demonstration_moves_its_clock(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, demonstration: str, attendu: timedelta
) -> None:
    (tmp_path / "horloge").write_text(str(3 * 86_400))
    monkeypatch.setenv("PDP_HORLOGE", str(tmp_path / "horloge"))
    monkeypatch.setenv("PDP_DEMONSTRATION", demonstration)
    assert abs(clock.now() - datetime.now(UTC) - attendu) < timedelta(seconds=5)


def test_missing_file_is_no_shift(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PDP_HORLOGE", str(tmp_path / "absent"))
    monkeypatch.setenv("PDP_DEMONSTRATION", "1")
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_local_day_is_that_of_the_person() -> None:
    minuit_passe = datetime(2026, 11, 17, 23, 30, tzinfo=UTC)
    assert clock.jour_local(minuit_passe).isoformat() == "2026-11-18"
