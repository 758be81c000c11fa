"""The simulated year: nobody lost, nothing double; every DAG run twice on the same instant gives the same tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

pytestmark = pytest.mark.filterwarnings("ignore")  # Airflow's own import warnings are not ours to fix
TENUES_PAR_LE_PASSAGE = {"pdp.passage"}
"""Tables that say that a run took place: the only ones that a second run may change."""
DE_NUIT = "pdp_evaluation"


@pytest.fixture
def annee(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes the world of a plan on a fresh database with its referential."""
    from pdp.config import settings
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
    yield Annee
    settings.cache_clear()


def test_three_months_with_an_outage_lose_nobody_and_tell_nothing_twice(annee: Any) -> None:
    from pdp.simulation.annee import Plan

    r = annee(Plan.of_mois(3, personnes=300)).play()
    assert r["dag_failures_first"] == []
    assert (r["lost_from_view"], r["lost_by_kind"], r["seen"]) == (0, {}, [])
    assert (r["duplicate_alerts"], r["duplicates"], r["duplicate_messages"]) == (0, {}, 0)
    assert r["not_reconciled"] == []
    assert r["ok"]
    assert (r["outage"]["perdus_le_lendemain"], r["outage"]["messages_en_retard"]) == (0, 0)
    etapes, fautes = r["steps"], r["faults"]
    assert min(etapes[e] for e in _JOUEES) > 0, "an empty simulation proves nothing"
    assert min(fautes.get(f, 0) for f in ("retenues", "doublees", "lignes_fautives", "partenaire_en_panne", "partenaire_muet")) > 0


_JOUEES = (
    "signalements_orientes_csam", "signalements_convoques", "signalements_sans_suite", "parcours_clos", "tele_echanges_realises",
    "tele_echanges_manques", "orientations_realisees", "messages_livres", "reponses", "alertes", "issues", "quarantaine",
)  # fmt: skip


def test_runs_of_a_day_do_not_depend_on_the_number_of_people(annee: Any) -> None:
    """A run per case would show: the same days with two people and with forty."""
    from pdp.simulation.annee import Plan

    debut, fin = date(2026, 10, 5), date(2026, 10, 8)
    joues = []
    for personnes in (40, 2):
        monde = annee(Plan(debut, fin, personnes=personnes))
        monde.play()
        joues.append(monde.dags.runs)
    assert joues[0] == joues[1]


def test_every_dag_run_twice_over_thirty_dates_gives_equal_tables(annee: Any, admin: psycopg.Connection) -> None:
    from pdp.config import settings
    from pdp.simulation.annee import Plan, at

    monde = annee(Plan(date(2026, 9, 14), date(2026, 10, 13), personnes=25, panne=None))
    changees, agissant = [], set()
    with monde.live():
        for jour in monde.plan.jours():
            instant = at(jour, time(9, 5))
            monde.exterieur.maintenant = instant
            monde.livraisons.drop(jour, settings().depot)
            for dag_id in monde.dags.sac:
                if dag_id == DE_NUIT and jour.day % 10:
                    continue
                avant = _fingerprint(admin)
                monde.dags.run(dag_id, instant)
                apres = _fingerprint(admin)
                agissant |= {dag_id} if apres != avant else set()
                monde.dags.run(dag_id, instant)
                changees += [f"{jour} {dag_id}: {table}" for table, empreinte in _fingerprint(admin).items() if apres[table] != empreinte]
            monde.work(jour, at(jour, time(9, 30)))
    assert monde.dags.echecs == []
    assert changees == []
    assert {"pdp_reception", "pdp_detection", "pdp_envoi", "pdp_reponses", "pdp_rendez_vous"} <= agissant, (
        "idle runs prove nothing"
    )


def _fingerprint(admin: psycopg.Connection) -> dict[str, str]:
    """Hash of every table of the business schemas, the order of rows left aside."""
    tables = admin.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND n.nspname IN ('pdp', 'identite', 'medical', 'journal') ORDER BY 1, 2"
    ).fetchall()
    utiles = [(schema, table) for schema, table in tables if f"{schema}.{table}" not in TENUES_PAR_LE_PASSAGE]
    morceau = sql.SQL("SELECT {nom}, coalesce(sum(hashtextextended(t::text, 0)), 0)::text || '/' || count(*) FROM {table} t")
    requete = sql.SQL(" UNION ALL ").join(
        morceau.format(nom=sql.Literal(f"{schema}.{table}"), table=sql.Identifier(schema, table)) for schema, table in utiles
    )
    return dict(admin.execute(requete).fetchall())
