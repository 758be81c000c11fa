"""How long a partner that fails is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pdp.domain.circuit import Circuit, Regles, after_failure
from pdp.partners.contrat import Classe, Remise
from pdp.partners.reprise import is_ambigu

T = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
REGLES = Regles(5, timedelta(minutes=5), timedelta(minutes=60))


@pytest.mark.parametrize(
    ("avant", "demande_s", "pause_minutes"),
    [
        (Circuit(0), None, None),
        (Circuit(3), None, None),
        (Circuit(4), None, 5),
        (Circuit(5, 1, T), None, 10),  # the try allowed after a first cut failed
        (Circuit(6, 2, T - timedelta(hours=1)), None, 20),
        (Circuit(9, 4, T), None, 60),  # never more than the longest pause
        (Circuit(9, 40, T), None, 60),
        (Circuit(0), 120, 2),  # the partner asks
        (Circuit(0), 6 * 3600, 60),  # and may not ask for more than the longest pause
        (Circuit(4), 120, 5),  # what policy says is a minimum once the limit is reached
        (Circuit(4), 1800, 30),
    ],
)
def test_pause_after_one_more_failure(avant: Circuit, demande_s: float | None, pause_minutes: int | None) -> None:
    apres = after_failure(avant, REGLES, T, demande_s)
    assert apres.echecs == avant.echecs + 1
    assert apres.reprise_at == (None if pause_minutes is None else T + timedelta(minutes=pause_minutes))


def test_a_late_failure_does_not_make_the_cut_longer() -> None:
    coupe = Circuit(5, 1, T + timedelta(minutes=5))
    assert after_failure(coupe, REGLES, T, 3600) == Circuit(6, 1, coupe.reprise_at)


@pytest.mark.parametrize(
    ("classe", "code", "ambigu"),
    [
        (Classe.LIVRE, "http_201", False),
        (Classe.REFUSE, "http_400", False),
        (Classe.INCERTAIN, "smtp_no_answer", True),
        (Classe.REESSAYER, "timeout", True),
        (Classe.REESSAYER, "connection", True),
        (Classe.REESSAYER, "http_500", True),
        (Classe.REESSAYER, "invalid_body:json", True),
        (Classe.REESSAYER, "http_429", False),
        (Classe.REESSAYER, "http_503", False),
        (Classe.REESSAYER, "smtp_451", False),
        (Classe.REESSAYER, "smtp_connection", False),
    ],
)
def test_who_may_have_it_without_saying_so(classe: Classe, code: str, ambigu: bool) -> None:
    assert is_ambigu(Remise(classe, code)) is ambigu
