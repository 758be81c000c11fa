"""A manager sends a file from the portal: refused in French, or taken by the reception, and the page says what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

import dsn_fabrique
from depot_dsn import elle
from fabrique import MAINTENANT, TEST, lot
from livraisons import ligne_assure, nir, write_fichier
from pdp.portal import securite
from pdp.portal.securite import CHEMIN_DEPOT, CORPS_DEPOT_MAX_OCTETS, CORPS_MAX_OCTETS
from pdp.services.ingest_flux import ingest_depot
from pdp.services.replay_quarantaine import attach_depots
from portal.donnees import Connecter, TestClient, read_champ

NOM = "assures_2026-10-01.csv"
PAGE = "/equipe/donnees"


@pytest.fixture
def depot(tmp_path: Path, base: str) -> Path:
    return tmp_path / "depot"


def _send(client: TestClient, nom: str, contenu: bytes, **entetes: str) -> Any:
    champs = {"jeton": read_champ(client.get(PAGE).text, "jeton"), "cle_saisie": str(uuid4())}
    return client.post(CHEMIN_DEPOT, data=champs, files={"fichier": (nom, contenu, "text/csv")}, headers=entetes)


def _file(depot: Path, lignes: list[str]) -> bytes:
    chemin = write_fichier(depot.parent, "assures", lignes)
    contenu = chemin.read_bytes()
    chemin.unlink()
    return contenu


def test_a_file_is_taken_and_its_page_says_so(connecter: Connecter, depot: Path) -> None:
    client = connecter("responsable")
    fausse = nir(2)[:13] + f"{int(nir(2)[13:]) % 97 + 1:02d}"
    contenu = _file(depot, [ligne_assure(1), ligne_assure(2).replace(nir(2), fausse)])
    assert len(contenu) < CORPS_MAX_OCTETS
    reponse = _send(client, NOM, contenu)
    assert reponse.status_code == 303
    adresse = reponse.headers["location"]
    assert "En attente de réception" in client.get(adresse).text
    assert [(p.name, p.read_bytes()) for p in depot.iterdir()] == [(NOM, contenu)]
    ingest_depot(lot, depot, TEST, MAINTENANT)
    page = client.get(adresse).text
    assert "Chargé" in page
    assert "<dt>Lignes lues</dt><dd>2</dd><dt>Prises</dt><dd>1</dd><dt>Inchangées</dt><dd>0</dd><dt>Refusées</dt><dd>1</dd>" in page
    assert "nir_cle" in page
    assert "1 à traiter" in page
    encore = _send(client, "assures_2026-10-02.csv", contenu)
    assert "Ce contenu a déjà été reçu le" in client.get(encore.headers["location"]).text
    assert NOM in client.get(PAGE).text


def test_a_file_refused_as_a_whole_says_why(connecter: Connecter, depot: Path) -> None:
    client = connecter("responsable")
    adresse = _send(client, NOM, b"pas;un;flux\n").headers["location"]
    ingest_depot(lot, depot, TEST, MAINTENANT)
    page = client.get(adresse).text
    assert "Le fichier entier est refusé" in page
    assert "#FIN" in page


@pytest.mark.parametrize(
    ("nom", "contenu", "dit"),
    [
        ("../../etc/assures_1.csv", b"x", "sans dossier"),
        ("factures_2026.csv", b"x", "ne porte pas le nom d"),
        ("agents_2026-10-01.csv", b"x", "ne se dépose pas ici"),
        (NOM, b"", "est vide"),
        ("", b"", "choisissez un fichier"),
    ],
)
def test_refusals_are_shown_on_the_page(connecter: Connecter, depot: Path, nom: str, contenu: bytes, dit: str) -> None:
    reponse = _send(connecter("responsable"), nom, contenu)
    assert reponse.status_code == 422
    assert dit in reponse.text
    assert 'role="alert"' in reponse.text
    assert list(depot.iterdir()) == []


def test_size_is_checked_before_and_while_receiving(connecter: Connecter, depot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = connecter("responsable")
    grand = _send(client, NOM, b"x" * (CORPS_MAX_OCTETS + 10))
    assert grand.status_code == 303, "the limit of the other forms is not the one of files"
    annonce = client.post(CHEMIN_DEPOT, content=b"x", headers={"content-length": str(CORPS_DEPOT_MAX_OCTETS + 1)})
    assert annonce.status_code == 413
    assert "100 Mo" in annonce.text
    monkeypatch.setitem(securite.CORPS_FICHIERS, CHEMIN_DEPOT, 1000)
    recu = client.post(CHEMIN_DEPOT, content=iter([b"x" * 600, b"x" * 600]), headers={"content-type": "multipart/form-data; boundary=b"})
    assert recu.status_code == 413


@pytest.mark.parametrize("login", ["csam", "medecin_conseil", "partenaire", "evaluateur"])
def test_nobody_else_sends_files(connecter: Connecter, depot: Path, login: str) -> None:
    client = connecter(login)
    reponse = client.post(CHEMIN_DEPOT, data={"jeton": "x"}, files={"fichier": (NOM, b"x", "text/csv")})
    assert reponse.status_code == 404
    assert list(depot.iterdir()) == []


def test_another_platform_does_not_see_it(connecter: Connecter, depot: Path, admin: psycopg.Connection[Any]) -> None:
    client = connecter("responsable")
    adresse = _send(client, NOM, _file(depot, [ligne_assure(1)])).headers["location"]
    admin.execute("ALTER TABLE pdp.fichier_depose DISABLE TRIGGER exiger_auteur")
    admin.execute(
        "UPDATE pdp.fichier_depose SET plateforme_id = 'PF57', agent_id = (SELECT id FROM pdp.agent WHERE plateforme_id = 'PF57' LIMIT 1)"
    )
    assert client.get(adresse).status_code == 404
    assert client.get(PAGE).status_code == 200
    assert NOM not in client.get(PAGE).text, "the second look: the message of the first one is gone"


def test_a_declaration_is_taken_and_its_refused_facts_are_read_only(
    connecter: Connecter, depot: Path, admin: psycopg.Connection[Any]
) -> None:
    client = connecter("responsable")
    adresse = _send(client, "dsn_2026-10.dsn", dsn_fabrique.fichier(elle(9, dsn_fabrique.arret()))).headers["location"]
    ingest_depot(lot, depot, TEST, MAINTENANT)
    with lot() as conn:
        attach_depots(conn)
    page = client.get(adresse).text
    assert "Chargé" in page
    assert "1 à traiter" in page
    ((ligne, code),) = admin.execute("SELECT id, code FROM identite.quarantaine").fetchall()
    assert code == "assure_inconnu"
    fermee = client.get(f"/equipe/quarantaine/{ligne}").text
    assert "déclaration d&#39;employeur" in fermee
    assert "Ouvrir la ligne" not in fermee
    assert "Rejouer telle quelle" not in fermee
    assert "Abandonner la ligne" in fermee
    assert nir(9) not in fermee + client.get("/equipe/quarantaine").text
