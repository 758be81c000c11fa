"""The simulated year: nobody lost, nothing double; every DAG run twice on the same instant gives the same tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, time
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from pdp.embedded.postgres import EmbeddedPostgres

pytestmark = pytest.mark.filterwarnings("ignore")  # Airflow's own import warnings are not ours to fix
TENUES_PAR_LE_PASSAGE = {"pdp.passage"}
"""Tables that say that a run took place: the only ones that a second run may change."""
DE_NUIT = "pdp_evaluation"
DITES_CHAQUE_FOIS = {(DE_NUIT, "journal.evenement"), ("pdp_detection", "pdp.fait_nouveau")}
"""Publishing for the evaluators is an event each time it is done; it touches nobody. A parcours that detection itself closes or
opens again puts its person in the queue of those to look at: the next detection empties it, and finds nothing more to write."""


@pytest.fixture
def annee(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes the world of a plan on a fresh database with its referential."""
    from pdp.config import settings
    from pdp.dags_joues import Traitements
    from pdp.domain.auteur import systeme
    from pdp.services.publish_referentiel import publish_referentiel
    from pdp.simulation.annee import Annee, folders
    from pdp.storage import db

    for nom, valeur in folders(tmp_path).items():
        monkeypatch.setenv(nom, valeur)
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", "A" * 43 + "=")
    settings.cache_clear()
    with db.begin(settings().url_app, systeme("test")) as conn:
        publish_referentiel(conn)
    yield lambda plan: Annee(plan, Traitements.load())
    settings.cache_clear()


def test_three_months_with_an_outage_lose_nobody_and_tell_nothing_twice(annee: Any) -> None:
    from pdp.simulation.annee import Plan

    r = annee(Plan.of_mois(3, personnes=150)).play()
    assert r["dag_failures_first"] == []
    assert (r["lost_from_view"], r["lost_by_kind"], r["seen"]) == (0, {}, [])
    assert (r["duplicate_alerts"], r["duplicates"], r["duplicate_messages"]) == (0, {}, 0)
    assert r["not_reconciled"] == []
    assert r["ok"]
    assert (r["outage"]["perdus_le_lendemain"], r["outage"]["messages_en_retard"]) == (0, 0)
    # twice a day each DAG once, and the two that a delivery wakes: a run per case would be hundreds
    assert r["dag_runs_played_per_day_max"] <= 2 * (len(r["dag_runs_per_day_by_dag"]) + 2)
    etapes, fautes = r["steps"], r["faults"]
    assert min(r["acts"].get(f"lien_{g}", 0) for g in ("ouvrir_ok", "choisir_fait")) > 0, "nobody used the link of an invitation"
    assert min(etapes[e] for e in _JOUEES) > 0, "an empty simulation proves nothing"
    assert min(fautes.get(f, 0) for f in ("retenues", "doublees", "lignes_fautives")) > 0
    assert sum(n for f, n in fautes.items() if f.startswith("partenaire_") or f.endswith("_en_panne")) > 0


_JOUEES = (
    "signalements_orientes_csam", "signalements_convoques", "signalements_sans_suite", "parcours_clos", "tele_echanges_realises",
    "tele_echanges_manques", "orientations_realisees", "messages_livres", "reponses", "alertes", "issues", "quarantaine",
)  # fmt: skip


def test_every_dag_run_twice_over_thirty_dates_gives_equal_tables(
    annee: Any, pg: EmbeddedPostgres, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pdp.config import settings
    from pdp.simulation import annee_exterieur
    from pdp.simulation.annee import Plan, at

    monkeypatch.setattr(annee_exterieur, "_PANNE", 0.0)  # a partner down for the first run and up for the second is another world
    monde = annee(Plan(date(2026, 9, 14), date(2026, 10, 13), personnes=150, panne=None))
    changees, agissant = [], set()
    with monde.live(), Temoin(pg.superuser_dsn(base)) as temoin:
        for jour in monde.plan.jours():
            instant = at(jour, time(9, 5))
            monde.exterieur.maintenant = instant
            monde.livraisons.drop(jour, settings().depot)
            for dag_id in monde.dags.sac:
                if dag_id == DE_NUIT and jour.day % 10:
                    continue
                avant = temoin.sign()
                monde.dags.run(dag_id, instant)
                apres = temoin.sign()
                agissant |= {dag_id} if apres != avant else set()
                with temoin.photo():
                    monde.dags.run(dag_id, instant)
                    encore = [t for t in temoin.list_changees(apres) if (dag_id, t) not in DITES_CHAQUE_FOIS]
                changees += [f"{jour} {dag_id}: {table}" for table in encore]
            monde.work(jour, at(jour, time(9, 30)))
    assert monde.dags.echecs == []
    assert changees == []
    assert {"pdp_reception", "pdp_detection", "pdp_envoi", "pdp_reponses", "pdp_rendez_vous"} <= agissant, "idle runs prove nothing"


class Temoin:
    """Sees the tables of the business schemas, as they are and as they were in the photo."""

    def __init__(self, dsn: str) -> None:
        self._vivant, self._fige = psycopg.connect(dsn, autocommit=True), psycopg.connect(dsn, autocommit=True)
        tables = self._vivant.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname IN ('pdp', 'identite', 'medical', 'journal') ORDER BY 1, 2"
        ).fetchall()
        self._tables = {f"{schema}.{table}": sql.Identifier(schema, table) for schema, table in tables}
        for tenue in TENUES_PAR_LE_PASSAGE:
            del self._tables[tenue]

    def __enter__(self) -> Temoin:
        return self

    def __exit__(self, *_: object) -> None:
        self._vivant.close()
        self._fige.close()

    def sign(self) -> dict[str, str]:
        """Cheap: moves with every row written, even written again as it was."""
        return self._read(self._vivant, "SELECT {nom}, count(*) || '/' || coalesce(sum(xmin::text::bigint), 0) FROM {table}", self._tables)

    @contextmanager
    def photo(self) -> Iterator[None]:
        """The tables of this instant stay readable until the end of the block; nothing is locked before they are read."""
        with self._fige.transaction():
            self._fige.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            self._fige.execute("SELECT 1")
            yield

    def list_changees(self, apres: dict[str, str]) -> list[str]:
        """Tables whose content is not the one of the photo, the order of rows left aside."""
        ecrites = [table for table, signe in self.sign().items() if apres[table] != signe]
        contenu = "SELECT {nom}, coalesce(sum(hashtextextended(t::text, 0)), 0) || '/' || count(*) FROM {table} t"
        avant, maintenant = self._read(self._fige, contenu, ecrites), self._read(self._vivant, contenu, ecrites)
        return [table for table in ecrites if avant[table] != maintenant[table]]

    def _read(self, conn: psycopg.Connection, modele: LiteralString, tables: Iterable[str]) -> dict[str, str]:
        morceaux = [sql.SQL(modele).format(nom=sql.Literal(t), table=self._tables[t]) for t in tables]
        return dict(conn.execute(sql.SQL(" UNION ALL ").join(morceaux)).fetchall()) if morceaux else {}
