"""Every event that the sources record has its French label, and no label is left from an event that nobody records."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pdp.config import RACINE
from pdp.domain.evenements import LIBELLES, describe

# Where a set-based statement names its codes: the argument itself, a CASE in its place, or the column `code` it reads.
CODES_SQL = (
    r"consigner_lot\(\s*'(\w+)'",
    r"consigner_lot\(\s*CASE .*? THEN '(\w+)' ELSE '(\w+)' END",
    r"CASE [^;]*? THEN '(\w+)' ELSE '(\w+)' END AS code",
    r"SELECT '(\w+)', jsonb_build_object",
)


def _constants(noeud: ast.expr) -> list[str]:
    """Strings an argument may be worth: a constant, or either side of a condition."""
    if isinstance(noeud, ast.IfExp):
        return _constants(noeud.body) + _constants(noeud.orelse)
    return [noeud.value] if isinstance(noeud, ast.Constant) and isinstance(noeud.value, str) else []


def _calls(arbre: ast.AST, fonction: str) -> list[ast.Call]:
    return [n for n in ast.walk(arbre) if isinstance(n, ast.Call) and ast.unparse(n.func) == fonction]


def _codes_of(source: str) -> Iterator[tuple[str, list[str]]]:
    """Each call that records, with the codes it may record; a function handed its code is read at its callers, in the same file."""
    arbre = ast.parse(source)
    for fonction in (n for n in ast.walk(arbre) if isinstance(n, ast.FunctionDef)):
        for appel in _calls(fonction, "journal.record"):
            code = appel.args[1]
            if isinstance(code, ast.Name):
                rang = [a.arg for a in fonction.args.args].index(code.id)
                yield from ((ast.unparse(a), _constants(a.args[rang])) for a in _calls(arbre, fonction.name))
            else:
                yield ast.unparse(appel), _constants(code)


def list_recorded() -> dict[str, list[str]]:
    """Place that records -> its codes."""
    lieux: dict[str, list[str]] = {}
    for fichier in [f for dossier in ("include", "dags", "plugins") for f in (RACINE / dossier).rglob("*.py")]:
        lieux |= {f"{fichier.name}: {appel}": codes for appel, codes in _codes_of(fichier.read_text(encoding="utf-8"))}
    for fichier in (RACINE / "sql" / "queries").glob("*.sql"):
        for requete in fichier.read_text(encoding="utf-8").split("-- name: "):
            if "consigner_lot(" in requete:
                trouves = [t for motif in CODES_SQL for m in re.finditer(motif, requete, re.DOTALL) for t in m.groups()]
                lieux[f"{fichier.name}: {requete.splitlines()[0]}"] = trouves
    for fichier in (RACINE / "sql" / "migrations").glob("*.sql"):  # definer functions that journal by themselves
        for code in re.findall(r"PERFORM journal\.consigner\('(\w+)'", fichier.read_text(encoding="utf-8")):
            lieux[f"{fichier.name}: {code}"] = [code]
    return lieux


def test_every_call_that_records_is_understood() -> None:
    """Else the next test would pass by not seeing."""
    lieux = list_recorded()
    assert len(lieux) > 40
    assert [lieu for lieu, codes in lieux.items() if not codes] == []


def test_recorded_events_and_labels_are_the_same() -> None:
    recorded = {code for codes in list_recorded().values() for code in codes}
    assert sorted(recorded - set(LIBELLES)) == [], "recorded without a French label"
    assert sorted(set(LIBELLES) - recorded) == [], "label of an event that nothing records"


def test_unknown_event_is_shown_rather_than_hidden() -> None:
    assert describe("evenement_de_demain") == ("Autre", "Evenement de demain")
