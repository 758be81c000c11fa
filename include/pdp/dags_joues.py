"""The DAGs without their scheduler: timetables and task bodies of the real files of ``dags/``, called at an injected instant.

What Airflow would do is reproduced and nothing else: order of the tasks, mapping over platforms, assets that wake other DAGs. Retries,
pools and processes are not: two schedulers killed in the night have their own proof.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

from pdp.clock import PARIS
from pdp.config import RACINE

_PAS = timedelta(seconds=1)


@dataclass
class Traitements:
    """The DAGs of the installation. ``runs`` counts what was run by day, ``echecs`` what failed, with its reason."""

    sac: dict[str, Any]
    runs: Counter[date] = field(default_factory=Counter)
    echecs: list[str] = field(default_factory=list)
    ignores: frozenset[str] = frozenset()

    @classmethod
    def load(cls) -> Traitements:
        """Read ``dags/`` as Airflow does; nothing of the settings of a real Airflow is read nor written."""
        os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="pdp-simulation-"))
        os.environ.setdefault("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "sqlite:////nowhere/never.db")  # never opened
        os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
        os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
        from airflow.dag_processing.dagbag import DagBag

        sac = DagBag(dag_folder=str(RACINE / "dags"))
        if sac.import_errors:
            raise RuntimeError(f"a DAG could not be read: {sac.import_errors}")
        return cls(dict(sorted(sac.dags.items(), key=lambda d: _rang(d[1]))))

    def list_dus(self, depuis: datetime, jusqu_a: datetime) -> list[str]:
        """DAGs with a tick of their timetable after ``depuis`` and until ``jusqu_a`` (included), in the order of their numbers."""
        return [dag_id for dag_id in self.sac if (tick := self._next(dag_id, depuis)) is not None and tick <= jusqu_a]

    def count_horaire(self, jour: date) -> dict[str, int]:
        """Runs that the timetables alone start on a day."""
        debut = datetime.combine(jour, time(), PARIS).astimezone(UTC) - _PAS
        fin = datetime.combine(jour + timedelta(days=1), time(), PARIS).astimezone(UTC) - _PAS
        comptes = dict.fromkeys(self.sac, 0)
        for dag_id in self.sac:
            tick = self._next(dag_id, debut)
            while tick is not None and tick <= fin:
                comptes[dag_id] += 1
                tick = self._next(dag_id, tick)
        return comptes

    def run_dus(self, depuis: datetime, instant: datetime) -> None:
        """What is due, each DAG once (``catchup`` is off: an outage of three hours is one run), and what its assets wake."""
        for dag_id in self.list_dus(depuis, instant):
            self.run(dag_id, instant)

    def run(self, dag_id: str, instant: datetime, genre: str = "scheduled") -> None:
        """One run, then those that wait for what it announced."""
        if dag_id in self.ignores:
            return
        self.runs[instant.astimezone(PARIS).date()] += 1
        annonces = _Passage(dag_id, self.sac[dag_id], instant, genre, self.echecs).play()
        for autre, dag in self.sac.items():
            if autre != dag_id and annonces & _attendus(dag):
                self.run(autre, instant, "asset_triggered")

    def _next(self, dag_id: str, apres: datetime) -> datetime | None:
        from airflow.serialization.encoders import coerce_to_core_timetable
        from airflow.timetables.base import TimeRestriction
        from pendulum import instance

        horaire = self.sac[dag_id].timetable
        horaire = coerce_to_core_timetable(getattr(horaire, "timetable", horaire))
        restriction = TimeRestriction(earliest=instance(apres + _PAS), latest=None, catchup=True)
        suivant = horaire.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
        return None if suivant is None else suivant.run_after


class _Passage:
    """One run of a DAG: its tasks in order, each seeing the instant of the run and what the ones before returned."""

    def __init__(self, dag_id: str, dag: Any, instant: datetime, genre: str, echecs: list[str]) -> None:
        self._dag, self._echecs = dag, echecs
        self._run = SimpleNamespace(
            dag_id=dag_id, run_id=f"simulation__{instant:%Y-%m-%dT%H:%M}", run_type=genre, conf={"instant": instant.isoformat()},
            logical_date=instant, run_after=instant,
        )  # fmt: skip
        self._rendus: dict[str, Any] = {}
        self._arretes: set[str] = set()

    def play(self) -> set[str]:
        """Addresses of the assets announced."""
        annonces: set[str] = set()
        for tache in self._dag.topological_sort():
            if self._is_arretee(tache):
                self._arretes.add(tache.task_id)
            elif self._call(tache):
                annonces |= {o.uri for o in tache.outlets}
        return annonces

    def _is_arretee(self, tache: Any) -> bool:
        """A task after one that failed or was skipped does not run, unless its rule says otherwise; a gate of Airflow is not ours."""
        if not callable(_fonction(tache)):
            return True
        avant = {t.task_id for t in tache.upstream_list}
        return bool(avant & self._arretes) and (str(tache.trigger_rule) == "all_success" or avant <= self._arretes)

    def _call(self, tache: Any) -> bool:
        from airflow.sdk.exceptions import AirflowSkipException
        from airflow.sdk.execution_time.context import set_current_context

        identite = {"dag_id": self._run.dag_id, "run_id": self._run.run_id, "task_id": tache.task_id}
        contexte: Any = {"dag_run": self._run, "outlet_events": defaultdict(SimpleNamespace), "triggering_asset_events": {}, "params": {}}
        rendus, reussi = [], True
        for rang, arguments in enumerate(self._expand(tache)):
            contexte["ti"] = SimpleNamespace(**identite, try_number=1, map_index=rang if tache.is_mapped else -1)
            try:
                with set_current_context(contexte):
                    rendus.append(_fonction(tache)(*self._positional(tache), **arguments))
            except AirflowSkipException:
                reussi = False
            except Exception as erreur:  # as a task that fails: told, and the other platforms go on
                self._echecs.append(f"{self._run.dag_id}/{tache.task_id} {self._run.run_id}: {type(erreur).__name__}: {erreur}"[:400])
                reussi = False
        self._rendus[tache.task_id] = rendus if tache.is_mapped else (rendus or [None])[0]
        if not reussi:
            self._arretes.add(tache.task_id)
        return reussi

    def _expand(self, tache: Any) -> Iterable[dict[str, Any]]:
        if not tache.is_mapped:
            return [{nom: self._value(v) for nom, v in tache.op_kwargs.items()}]
        [(nom, liste)] = tache.op_kwargs_expand_input.value.items()
        return [{nom: valeur} for valeur in self._value(liste)]

    def _positional(self, tache: Any) -> list[Any]:
        return [] if tache.is_mapped else [self._value(v) for v in tache.op_args]

    def _value(self, valeur: Any) -> Any:
        operateur = getattr(valeur, "operator", None)
        return valeur if operateur is None else self._rendus[operateur.task_id]


def _fonction(tache: Any) -> Any:
    return getattr(tache, "python_callable", None)


def _attendus(dag: Any) -> set[str]:
    """Addresses of the assets that wake this DAG."""
    restants, adresses = [getattr(dag.timetable, "asset_condition", None)], set()
    while restants:
        condition = restants.pop()
        restants += getattr(condition, "objects", ())
        adresses |= {condition.uri} if hasattr(condition, "uri") else set()
    return adresses


def _rang(dag: Any) -> int:
    """Number written in front of the French title: the order in which a day reads."""
    numero = str(dag.dag_display_name).partition(".")[0]
    return int(numero) if numero.isdigit() else 99
