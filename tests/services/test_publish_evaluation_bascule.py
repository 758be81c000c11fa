"""How a publication is put in place: readers, crashes, roles, and never a half-written table."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

import fabrique
from evaluation_publiee import JOUR, contents, dossier_publie, empreintes, publish, rows, tables_of
from fabrique import TEST, lot
from pdp.config import settings
from pdp.embedded.postgres import EmbeddedPostgres
from pdp.evaluation import marts
from pdp.evaluation.marts import AGREGATS, TABLES, PublicationRetardee
from pdp.services import publish_evaluation as service
from pdp.services.publish_evaluation import PublicationEnCours
from pdp.storage import db
from population import Plantes


def test_evaluator_role_reads_the_publication_and_nothing_else(plantes: Plantes, admin: psycopg.Connection) -> None:
    publish()
    lisibles = admin.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'"
        " AND has_schema_privilege('pdp_role_evaluateur', n.oid, 'USAGE') AND"
        " has_any_column_privilege('pdp_role_evaluateur', c.oid, 'SELECT')"
    ).fetchall()
    assert set(lisibles) == {("evaluation", nom) for nom in (*TABLES, "publication")}
    with admin.transaction():
        admin.execute("SET LOCAL ROLE pdp_role_evaluateur")
        assert admin.execute("SELECT count(*) FROM evaluation.personnes").fetchone()[0] == plantes.personnes
    admin.execute("SET ROLE pdp_role_evaluateur")
    for interdit in (
        "SELECT 1 FROM pdp.parcours",
        "SELECT 1 FROM identite.assure",
        "DELETE FROM evaluation.personnes",
        "CREATE TABLE evaluation.x ()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute(interdit)


def test_crash_leaves_the_previous_publication(plantes: Plantes, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    publish()
    avant, fichiers = empreintes(admin), contents()
    personnes = admin.execute("SELECT pseudonyme FROM evaluation.personnes ORDER BY 1").fetchall()
    with lot() as conn:
        fabrique.parcours(conn)
    scripts = marts.run_script

    def crash_at_the_last_swap(conn: Any, nom: str, etape: str) -> None:
        scripts(conn, nom, etape)
        if (nom, etape) == (AGREGATS[-1], "basculer"):
            raise RuntimeError("pulled the plug")

    monkeypatch.setattr(marts, "run_script", crash_at_the_last_swap)
    with pytest.raises(RuntimeError, match="plug"):
        publish()
    assert empreintes(admin) == avant
    assert admin.execute("SELECT pseudonyme FROM evaluation.personnes ORDER BY 1").fetchall() == personnes
    assert contents() == fichiers
    assert tables_of(admin) == {*TABLES, "publication"}
    monkeypatch.setattr(marts, "run_script", scripts)
    publish()
    assert admin.execute("SELECT count(*) FROM evaluation.personnes").fetchone()[0] == len(personnes) + 1
    assert [d.name for d in (settings().exports / "evaluation").iterdir()] == [JOUR]


def test_crash_between_commit_and_files_is_healed(petite: fabrique.Dossier, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> None:
        raise RuntimeError("no disk")

    normal = service.publish_dossier

    monkeypatch.setattr(service, "publish_dossier", crash)
    with pytest.raises(RuntimeError, match="disk"):
        publish()
    assert not dossier_publie().exists()
    monkeypatch.setattr(service, "publish_dossier", normal)
    publish()
    assert len(rows("personnes")) == 1


def test_two_publications_do_not_mix(petite: fabrique.Dossier) -> None:
    with db.begin(settings().url_app, TEST) as conn:
        assert conn.execute(service.query("evaluation.claim_publication")).scalar()
        with pytest.raises(PublicationEnCours):
            publish()
    assert publish().traites == len(TABLES)


def _reader(pg: EmbeddedPostgres, base: str) -> psycopg.Connection[Any]:
    lecteur = psycopg.connect(pg.superuser_dsn(base), autocommit=True)
    lecteur.execute("SET ROLE pdp_role_evaluateur")
    return lecteur


def test_reader_keeps_the_old_table_then_sees_the_new_one(
    petite: fabrique.Dossier, pg: EmbeddedPostgres, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just before the commit everything is swapped for the publisher, and nothing for a reader."""
    publish()
    with lot() as conn:
        fabrique.parcours(conn)
    compte = "SELECT count(*) FROM evaluation.personnes"
    vus: list[int] = []
    bascule = marts.swap

    def read_before_the_swap(conn: Any) -> None:
        with _reader(pg, base) as lecteur:
            vus.append(lecteur.execute(compte).fetchone()[0])
        bascule(conn)

    monkeypatch.setattr(marts, "swap", read_before_the_swap)
    publish()
    with _reader(pg, base) as lecteur:
        vus.append(lecteur.execute(compte).fetchone()[0])
    assert vus == [1, 2]


def test_reader_who_waits_for_the_commit_finds_the_new_table(
    petite: fabrique.Dossier, pg: EmbeddedPostgres, base: str, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The query arrives while the old table is locked, and is answered by the new one: never "no such table"."""
    publish()
    with lot() as conn:
        fabrique.parcours(conn)
    vus: list[int] = []
    bascule = marts.swap
    lecteur = _reader(pg, base)
    attente = threading.Thread(target=lambda: vus.append(lecteur.execute("SELECT count(*) FROM evaluation.personnes").fetchone()[0]))

    def swap_then_wait_for_a_reader(conn: Any) -> None:
        bascule(conn)
        attente.start()
        while not admin.execute("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", (lecteur.info.backend_pid,)).fetchone():
            assert attente.is_alive()

    monkeypatch.setattr(marts, "swap", swap_then_wait_for_a_reader)
    publish()
    attente.join(10)
    lecteur.close()
    assert vus == [2]


def test_reader_without_end_keeps_the_previous_publication(
    petite: fabrique.Dossier, pg: EmbeddedPostgres, base: str, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    avant, fichiers = empreintes(admin), contents()
    with lot() as conn:
        fabrique.parcours(conn)
    monkeypatch.setattr(marts, "ESSAIS", 2)
    with _reader(pg, base) as lecteur, lecteur.transaction():
        lecteur.execute("SELECT count(*) FROM evaluation.orientations")
        with pytest.raises(PublicationRetardee):
            publish()
        assert lecteur.execute("SELECT count(*) FROM evaluation.personnes").fetchone()[0] == 1
    assert (empreintes(admin), contents()) == (avant, fichiers)
    publish()
    assert len(rows("personnes")) == 2
