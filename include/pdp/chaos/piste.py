"""A lane: one world, its workers, and the seeds it plays one after the other. Several lanes run side by side, each with its own server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pdp.chaos.acteurs import warm
from pdp.chaos.atelier import open_atelier
from pdp.chaos.defauts import DEFAUTS
from pdp.chaos.deroule import Resultat, play
from pdp.chaos.diriges import DIRIGES
from pdp.chaos.monde import open_monde
from pdp.chaos.plan import draw_plan
from pdp.chaos.points import Releve

Dire = Callable[[dict[str, Any]], None]


def run_piste(graines: Sequence[int | str], defaut: str | None, transport: str | None, dire: Dire) -> None:
    """Play these seeds (a name = a directed schedule) and tell each result; the points reached come last. With a seeded bug, stop at
    the first violation."""
    dossier = Path(tempfile.mkdtemp(prefix="pdp-chaos-"))
    dossier.chmod(0o711)
    releve = Releve()
    try:
        with open_monde(dossier) as monde:
            if defaut:
                DEFAUTS[defaut]()
            warm(monde, draw_plan(0, transport))
            with open_atelier(monde, releve) as atelier:
                for graine in graines:
                    plan = DIRIGES[graine] if isinstance(graine, str) else draw_plan(graine, transport)
                    resultat = play(monde, atelier, plan)
                    dire(_tell(graine, resultat))
                    if defaut and not resultat.ok:
                        break
        passes, frappes = releve.read()
        dire({"passes": sorted(passes), "frappes": sorted(frappes)})
    finally:
        shutil.rmtree(dossier, ignore_errors=True)


def _tell(graine: int | str, resultat: Resultat) -> dict[str, Any]:
    return {
        "graine": graine,
        "compte": dict(resultat.constat.compte),
        "evenements": dict(resultat.compte),
        "violations": resultat.constat.violations,
        "fautes": resultat.fautes,
    }


def fork_piste(graines: Sequence[int | str], defaut: str | None, transport: str | None) -> tuple[int, int]:
    """The process of a lane and where it tells its results, one JSON object a line."""
    lecture, ecriture = os.pipe()
    pid = os.fork()
    if pid:
        os.close(ecriture)
        return pid, lecture
    code = 1
    try:
        os.close(lecture)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        run_piste(graines, defaut, transport, lambda objet: _write(ecriture, objet))
        code = 0
    except BaseException:  # a process of its own: its last word is the trace
        _write(ecriture, {"panne": traceback.format_exc()[-3000:]})
    finally:
        os._exit(code)


def _write(tube: int, objet: dict[str, Any]) -> None:
    octets = (json.dumps(objet) + "\n").encode()
    while octets:
        octets = octets[os.write(tube, octets) :]
