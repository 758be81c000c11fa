"""Logs: canaries of every kind go in by every door, none comes out; what the program says of itself stays readable."""

from __future__ import annotations

import ast
import json
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest

import pdp
from pdp.errors import DonneeInvalide
from pdp.journaux import MASQUE, REQUETE, FormatJson, install, mask

CANARIS = [
    "Zéphyrine CANARI",
    "CANARI",
    "Canari",
    "1 85 05 78 006 084 36",
    "185057800608436",
    "canari.zephyrine@exemple.fr",
    "06 12 34 56 78",
    "+33612345678",
    "0612345678",
    "Douleurs lombaires, arrêt depuis mars",
    "M54.5",
    "12 rue des Canaris",
    "1985-05-12",
    "12/05/1985",
]
JOURNAL = logging.getLogger("pdp.essai")


@pytest.fixture
def lignes() -> Iterator[list[str]]:
    """What the handler of the platform writes."""
    ecrites: list[str] = []

    class Sortie(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            ecrites.append(self.format(record))

    sortie = Sortie()
    sortie.setFormatter(FormatJson())
    JOURNAL.addHandler(sortie)
    JOURNAL.setLevel(logging.DEBUG)
    yield ecrites
    JOURNAL.removeHandler(sortie)


def _leve(canari: str) -> None:
    try:
        try:
            raise KeyError(canari)
        except KeyError as cause:
            raise DonneeInvalide(f"Le nom {canari} est refusé.", code=canari) from cause
    except DonneeInvalide:
        JOURNAL.exception("unexpected_error method=%s", canari)


PORTES: list[Callable[[str], None]] = [
    lambda c: JOURNAL.info("act %s", c),
    lambda c: JOURNAL.info("act %(nom)s", {"nom": c}),
    lambda c: JOURNAL.info("act %s", {"nom": c, c: 1, "liste": [c, (c,)]}),
    lambda c: JOURNAL.info("act", extra={"assure": c, "detail": {"nom": [c]}}),
    lambda c: JOURNAL.info("act %r", Path(c)),
    lambda c: JOURNAL.warning("act %s", DonneeInvalide(c, code=c)),
    lambda c: JOURNAL.info("act %s", c.encode()),
    _leve,
]


def test_no_canary_comes_out(lignes: list[str]) -> None:
    for canari in CANARIS:
        for porte in PORTES:
            porte(canari)
    assert len(lignes) == len(CANARIS) * len(PORTES)
    sortis = [(canari, ligne) for ligne in lignes for canari in CANARIS if canari.lower() in ligne.lower().replace("test_journaux", "")]
    assert sortis == []
    assert all(json.loads(ligne)["event"] for ligne in lignes), "every line is one JSON object"


@pytest.mark.parametrize(
    ("valeur", "attendu"),
    [
        (3, 3),
        (999_999_999, 999_999_999),
        (1_000_000_000, MASQUE),
        (185057800608436, MASQUE),
        (0.25, 0.25),
        (True, True),
        (None, None),
        ("bail_expire", "bail_expire"),
        ("sms", "sms"),
        ("POST", "POST"),
        ("S07", "S07"),
        ("PF35", "PF35"),
        ("OperationalError", "OperationalError"),
        ("Introuvable", "Introuvable"),
        ("0a1b2c3d-0000-4000-8000-123456789012", "0a1b2c3d-0000-4000-8000-123456789012"),
        (UUID(int=5), str(UUID(int=5))),
        ("pdp_envoi/scheduled__2026-11-22T14:38:00+00:00/envoyer[PF35]", "pdp_envoi/scheduled__2026-11-22T14:38:00+00:00/envoyer[PF35]"),
        (datetime(2026, 3, 1, 8, tzinfo=UTC), "2026-03-01T08:00:00+00:00"),
        (date(1985, 5, 12), MASQUE),
        ("DUPONT", MASQUE),
        ("Dupont", MASQUE),
        ("j.dupont@exemple.fr", MASQUE),
        ("tel:0612345678", MASQUE),
        ({"traites": 3, "detail": {"sms_remis": 2}}, {"traites": 3, "detail": {"sms_remis": 2}}),
        (object(), MASQUE),
    ],
)
def test_words_of_the_program_stay_and_the_rest_is_masked(valeur: object, attendu: object) -> None:
    assert mask(valeur) == attendu


def test_an_error_is_its_class_and_places(lignes: list[str]) -> None:
    jeton = REQUETE.set("r1")
    try:
        _leve("Zéphyrine")
    finally:
        REQUETE.reset(jeton)
    ligne = json.loads(lignes[0])
    assert ligne["error"]["type"] == "DonneeInvalide"
    assert ligne["error"]["causes"] == ["KeyError"]
    assert ligne["error"]["at"][-1].startswith("test_journaux.py:")
    assert (ligne["level"], ligne["logger"], ligne["request"]) == ("error", "pdp.essai", "r1")
    assert datetime.fromisoformat(ligne["time"]).utcoffset() is not None


def test_a_library_text_without_arguments_is_not_trusted(lignes: list[str]) -> None:
    formateur = FormatJson()
    for texte, attendu in (
        ("Application startup complete.", "Application startup complete."),
        ("No row for Zéphyrine CANARI 1985", MASQUE),
    ):
        assert json.loads(formateur.format(logging.makeLogRecord({"name": "autre.librairie", "msg": texte})))["event"] == attendu


def test_every_log_call_of_the_platform_has_a_constant_text() -> None:
    """Else a name could be written inside the text, where nothing is masked."""
    fautes, appels = [], 0
    for fichier in Path(pdp.__file__).parent.rglob("*.py"):
        for noeud in ast.walk(ast.parse(fichier.read_text(encoding="utf-8"))):
            if not (isinstance(noeud, ast.Call) and isinstance(noeud.func, ast.Attribute) and isinstance(noeud.func.value, ast.Name)):
                continue
            if noeud.func.attr in ("debug", "info", "warning", "error", "exception", "critical") and noeud.func.value.id in (
                *("logger", "_log", "_journal", "log", "logging"),
            ):
                appels += 1
                if not (noeud.args and isinstance(noeud.args[0], ast.Constant) and isinstance(noeud.args[0].value, str)):
                    fautes.append(f"{fichier.name}:{noeud.lineno}")
    assert appels > 20, "the check must see the calls"
    assert fautes == []


def test_installed_it_takes_every_log_of_the_process(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    racine = logging.getLogger()
    avant, niveau = list(racine.handlers), racine.level
    uvicorn = {
        nom: (list(logging.getLogger(nom).handlers), logging.getLogger(nom).propagate)
        for nom in ("uvicorn", "uvicorn.error", "uvicorn.access")
    }
    bavard = logging.getLogger("uvicorn.error")
    monkeypatch.setattr(bavard, "disabled", True)  # as another configuration of the process leaves it
    bavard.setLevel(logging.WARNING)
    try:
        install()
        install()
        logging.getLogger("uvicorn.error").info("Started server process [%d]", 12)
        logging.getLogger("uvicorn.access").info("GET /parcours/%s", "Canari")
        ecrites = [json.loads(ligne) for ligne in capsys.readouterr().err.splitlines()]
        assert [(e["logger"], e["event"], e["args"]) for e in ecrites] == [("uvicorn.error", "Started server process [%d]", [12])]
    finally:
        racine.handlers[:] = avant
        racine.setLevel(niveau)
        for nom, (sorties, propage) in uvicorn.items():
            logging.getLogger(nom).handlers[:] = sorties
            logging.getLogger(nom).propagate = propage
    assert sys.stderr is not None
