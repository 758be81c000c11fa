"""Timetable of ``dags/README.md``, written from the rows the DAGs take their schedule from."""

from __future__ import annotations

import re

from pdp.config import RACINE
from pdp.domain.horaire import TRAITEMENTS, Traitement, cadence

PAGE = RACINE / "dags" / "README.md"
DEBUT, FIN = "<!-- timetable: written by ./pdp docs, do not edit -->", "<!-- end of the timetable -->"


def page_dags() -> str:
    """The page with its timetable up to date; the text around is written by hand."""
    texte = PAGE.read_text(encoding="utf-8")
    return re.sub(f"{re.escape(DEBUT)}.*?{re.escape(FIN)}", lambda _: f"{DEBUT}\n{table_horaire()}\n{FIN}", texte, count=1, flags=re.DOTALL)


def table_horaire() -> str:
    lignes = ["| DAG | as people call it | when (Paris) | late when not ended after |", "|---|---|---|---|"]
    for t in sorted(TRAITEMENTS.values(), key=_rang):
        retard = f"{t.retard_minutes} min" if t.retard_minutes else "–"
        lignes.append(f"| `{t.dag}` | {t.titre} | {_tell(t)} | {retard} |")
    return "\n".join(lignes)


def _rang(t: Traitement) -> tuple[bool, int, int, str]:
    """In the order of the day: first start, those woken by data last."""
    if t.cron is None:
        return True, 0, 0, t.dag
    premiere = cadence(t.cron).premiere
    return False, premiere.hour, premiere.minute, t.dag


def _tell(t: Traitement) -> str:
    """« every 15 min, 06:00–21:45 », « 06:45, working days »."""
    parts = ["seconds after a file is dropped"] if t.depot else []
    parts += [f"after each `{amont}` that brings something" for amont in t.apres]
    if t.cron is not None:
        c = cadence(t.cron)
        heure = f"{c.premiere:%H:%M}" if c.premiere == c.derniere else f"every {c.pas_minutes} min, {c.premiere:%H:%M}–{c.derniere:%H:%M}"
        parts.append(heure + (", days worked in at least one territory" if t.ouvres else ""))
    return "; ".join(parts)
