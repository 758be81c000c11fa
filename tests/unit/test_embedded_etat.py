"""The state folder: secrets stay private, somebody else's files are never touched, one platform at a time."""

from __future__ import annotations

import base64
import socket
from pathlib import Path

import pytest

from pdp.embedded.airflow_env import airflow_environment
from pdp.embedded.environnement import platform_environment, restricted
from pdp.embedded.etat import CLES, Etat, EtatInutilisable
from pdp.embedded.ports import Reservations, find_free_port, is_free

PORTS = {"postgres": 1, "airflow": 2, "portail": 3, "partenaire": 4, "smtp": 5, "sms": 6, "fhir": 7, "messagerie": 8, "imap": 9}


@pytest.fixture
def etat(tmp_path: Path) -> Etat:
    lui = Etat(tmp_path / "etat")
    lui.create()
    return lui


def test_secrets_are_made_once_and_private(etat: Etat) -> None:
    premiers = etat.secrets()
    assert etat.secrets() == premiers
    assert Etat(etat.racine).secrets() == premiers
    assert len(set(premiers.values())) == len(premiers)
    assert (etat.racine / "secrets.json").stat().st_mode & 0o077 == 0
    assert all(len(base64.urlsafe_b64decode(premiers[cle])) == 32 for cle in CLES)
    assert len(premiers["airflow:jwt"]) >= 64


def test_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(EtatInutilisable):
        Etat(tmp_path).create()


def test_wipe_spares_a_folder_without_our_mark(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").touch()
    Etat(tmp_path).wipe()
    assert (tmp_path / "photo.jpg").exists()


def test_wipe_forgets_everything_and_leaves_a_usable_folder(etat: Etat) -> None:
    avant = etat.secrets()
    etat.save_ports({"airflow": 8080})
    (etat.racine / "comptes.json").write_text("[]")
    (etat.racine / "run" / "metadonnees").write_text("3")
    etat.wipe()
    assert not (etat.racine / "comptes.json").exists()
    assert not (etat.racine / "run" / "metadonnees").exists()
    assert etat.port("airflow") is None
    assert etat.secrets() != avant


def test_second_platform_on_the_same_folder_is_refused(etat: Etat) -> None:
    etat.lock()
    with pytest.raises(EtatInutilisable, match="already runs"):
        Etat(etat.racine).lock()
    etat.unlock()
    autre = Etat(etat.racine)
    autre.lock()
    autre.unlock()


def test_port_in_use_is_replaced() -> None:
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        prise.listen()
        pris = prise.getsockname()[1]
        assert not is_free(pris)
        assert find_free_port(pris) != pris
    libre = find_free_port()
    assert find_free_port(libre) == libre


def test_port_reserved_by_another_platform_is_replaced_until_released() -> None:
    une, autre = Reservations(), Reservations()
    port = une.reserve()
    assert is_free(port), "reserved, not opened: the service will"
    assert autre.reserve(port) != port
    une.release()
    assert autre.reserve(port) == port
    autre.release()


@pytest.mark.parametrize(
    ("service", "connues"),
    [
        ("airflow", {"PDP_DATABASE_URL", "PDP_DATABASE_URL_EXPEDITEUR"}),
        ("portail", {"PDP_DATABASE_URL_PORTAIL"}),
        ("partenaire", set()),
        ("sms", set()),
        ("courrier", set()),
    ],
)
def test_service_sees_only_its_own_databases(etat: Etat, service: str, connues: set[str]) -> None:
    env = restricted(platform_environment(etat, PORTS), service)
    assert {nom for nom in env if "DATABASE_URL" in nom} == connues
    mots_de_passe = etat.role_passwords()
    attendus = {"airflow": {"pdp_app", "pdp_expediteur"}, "portail": {"pdp_portail"}}.get(service, set())
    assert {role for role, mdp in mots_de_passe.items() if mdp in str(env)} == attendus


def test_airflow_addresses_go_together_and_listen_on_the_loopback(etat: Etat) -> None:
    env = airflow_environment(etat.racine, etat.secrets(), PORTS)
    assert env["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert env["AIRFLOW__API__PORT"] == "2"
    assert env["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:2"
    assert env["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:2/execution/"
    assert env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC"]
    assert "FabAuthManager" in env["AIRFLOW__CORE__AUTH_MANAGER"]


def test_secrets_of_the_callers_shell_do_not_travel(etat: Etat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canari")
    env = airflow_environment(etat.racine, etat.secrets(), PORTS) | restricted(platform_environment(etat, PORTS), "portail")
    assert "canari" not in str(env)
