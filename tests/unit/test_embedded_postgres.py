"""The embedded server: adoption, crash, half-made data, roles made twice."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pdp.embedded import binaires
from pdp.embedded.postgres import EmbeddedPostgres
from pdp.embedded.roles import FUNCTION_ROLES, LOGIN_ROLES, ensure_roles_and_databases

MOTS_DE_PASSE = {role: f"secret-{role}" for role in (*LOGIN_ROLES, "airflow")}
ETAT_DES_ROLES = """
SELECT r.rolname, r.rolcanlogin, r.rolsuper, r.rolbypassrls, r.rolinherit, r.rolcreaterole, r.rolcreatedb,
       array(SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid ORDER BY 1)
  FROM pg_roles r WHERE r.rolname LIKE 'pdp%' OR r.rolname = 'airflow' ORDER BY 1
"""


@pytest.fixture
def serveur(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path / "data", durable=False) as demarre:
        yield demarre


def _one(dsn: str, requete: str) -> object:
    with psycopg.connect(dsn) as conn:
        ligne = conn.execute(requete).fetchone()
        return ligne[0] if ligne else None


def test_second_start_adopts_the_running_server(serveur: EmbeddedPostgres) -> None:
    autre = EmbeddedPostgres(serveur.data_dir, durable=False).start()
    assert (autre.pid, autre.port) == (serveur.pid, serveur.port)


@pytest.fixture
def commun(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Our own public folder, elsewhere for a test (pytest's folders are closed to every other account)."""
    with tempfile.TemporaryDirectory(prefix="pdp-essai-") as dossier:
        monkeypatch.setattr(binaires, "COMMUN", Path(dossier) / "commun")
        Path(dossier).chmod(0o711)
        yield Path(dossier) / "commun"


def test_committed_rows_survive_kill_9(tmp_path: Path, commun: Path) -> None:
    serveur = EmbeddedPostgres(tmp_path / "data").start()
    try:
        with psycopg.connect(serveur.superuser_dsn()) as conn:
            conn.execute("CREATE TABLE temoin AS SELECT 42 AS n")
        mort = serveur.pid
        assert mort is not None
        os.kill(mort, signal.SIGKILL)
        serveur.start()
        assert serveur.pid not in (None, mort)
        assert _one(serveur.superuser_dsn(), "SELECT n FROM temoin") == 42
    finally:
        serveur.destroy()


def test_stop_keeps_the_data_and_start_finds_them(tmp_path: Path, commun: Path) -> None:
    serveur = EmbeddedPostgres(tmp_path / "data").start()
    try:
        identite = _one(serveur.superuser_dsn(), "SELECT system_identifier FROM pg_control_system()")
        serveur.stop()
        assert serveur.pid is None
        assert _one(serveur.start().superuser_dsn(), "SELECT system_identifier FROM pg_control_system()") == identite
    finally:
        serveur.destroy()


def test_pid_file_left_by_a_crash_and_reused_by_another_program_is_removed(serveur: EmbeddedPostgres) -> None:
    serveur.stop()
    (serveur.data_dir / "postmaster.pid").write_text(f"{os.getpid()}\n{serveur.data_dir}\n0\n1\n\n127.0.0.1\n")
    assert serveur.pid is None
    assert serveur.start().pid not in (None, os.getpid())


def test_listens_on_the_loopback_only_and_asks_for_a_password(serveur: EmbeddedPostgres) -> None:
    assert _one(serveur.superuser_dsn(), "SELECT current_setting('listen_addresses')") == "127.0.0.1"
    assert _one(serveur.superuser_dsn(), "SELECT current_setting('unix_socket_directories')") == ""
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postgres@127.0.0.1:{serveur.port}/postgres")


def test_tests_never_turn_durability_off_for_real_data(tmp_path: Path) -> None:
    assert not any("fsync" in reglage for reglage in EmbeddedPostgres(tmp_path / "data").command())


def test_destroy_leaves_nothing(tmp_path: Path) -> None:
    serveur = EmbeddedPostgres(tmp_path / "data", durable=False).start()
    lieu = serveur.data_dir.resolve()
    serveur.destroy()
    assert not lieu.exists()
    assert list(tmp_path.iterdir()) == []


def test_roles_made_twice_are_the_same_and_weak(serveur: EmbeddedPostgres) -> None:
    etats = []
    for _ in range(2):
        ensure_roles_and_databases(serveur.superuser_dsn(), MOTS_DE_PASSE)
        with psycopg.connect(serveur.superuser_dsn()) as conn:
            etats.append(conn.execute(ETAT_DES_ROLES).fetchall())
    assert etats[0] == etats[1]
    roles = {ligne[0]: ligne for ligne in etats[0]}
    assert set(roles) == {*LOGIN_ROLES, *FUNCTION_ROLES, "airflow"}
    assert all(not any(ligne[2:7]) for ligne in roles.values()), "no superuser, bypassrls, inherit, createrole or createdb"
    assert {nom for nom, ligne in roles.items() if ligne[1]} == {*LOGIN_ROLES, "airflow"}
    assert roles["pdp_portail"][7] == sorted(FUNCTION_ROLES)
    assert roles["pdp_evaluateur_sql"][7] == ["pdp_role_evaluateur"]
    assert {nom for nom, ligne in roles.items() if ligne[7]} == {"pdp_portail", "pdp_evaluateur_sql"}


def test_portal_may_take_a_function_role_and_the_sender_may_not(serveur: EmbeddedPostgres) -> None:
    ensure_roles_and_databases(serveur.superuser_dsn(), MOTS_DE_PASSE)
    adresse = f"127.0.0.1:{serveur.port}/pdp"
    with psycopg.connect(f"postgresql://pdp_portail:{MOTS_DE_PASSE['pdp_portail']}@{adresse}") as conn:
        conn.execute("SET LOCAL ROLE pdp_role_csam")
    with psycopg.connect(f"postgresql://pdp_expediteur:{MOTS_DE_PASSE['pdp_expediteur']}@{adresse}") as conn:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("SET LOCAL ROLE pdp_role_csam")
        conn.rollback()


def test_airflow_cannot_open_the_business_database(serveur: EmbeddedPostgres) -> None:
    ensure_roles_and_databases(serveur.superuser_dsn(), MOTS_DE_PASSE)
    compte = f"airflow:{MOTS_DE_PASSE['airflow']}@127.0.0.1:{serveur.port}"
    assert _one(f"postgresql://{compte}/airflow", "SELECT current_user") == "airflow"
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(f"postgresql://{compte}/pdp")


def test_missing_password_is_refused(serveur: EmbeddedPostgres) -> None:
    with pytest.raises(KeyError):
        ensure_roles_and_databases(serveur.superuser_dsn(), {"pdp_owner": "x"})


def test_programs_that_the_account_cannot_reach_are_copied(tmp_path: Path, commun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compte = binaires.find_compte()
    if compte.uid is None:
        pytest.skip("only root runs PostgreSQL under another account")
    origine = binaires.get_binaires(compte).dossier
    ferme = tmp_path / "paquet"  # pytest's folders are closed to everybody else
    ferme.mkdir()
    (ferme / "pginstall").symlink_to(origine.parent)
    assert not binaires.can_reach(compte, ferme / "pginstall" / "bin" / "postgres")
    monkeypatch.setattr(binaires, "list_binaires", lambda: [binaires.Binaires(18, ferme / "pginstall" / "bin")])
    copie = binaires.get_binaires(compte)
    assert commun in copie.dossier.parents
    assert binaires.can_reach(compte, copie.dossier / "postgres")
    assert binaires.get_binaires(compte) == copie
