"""Undo in the portal: the button of the message, the list of own acts, and refusals said in words."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

import fabrique
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, Lieu


@pytest.fixture
def dossier(conn: Connection, lieu: Lieu, horloge: Horloge) -> fabrique.Dossier:
    d = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="entretien_realise")
    donnees.add_tache(conn, d.parcours, "demander_accord", fabrique.MAINTENANT)
    conn.commit()
    return d


def read_statut(conn: Connection, parcours: UUID) -> str:
    conn.rollback()
    return str(conn.execute(text("SELECT statut FROM pdp.parcours WHERE id = :p"), {"p": parcours}).scalar_one())


def close(client: donnees.TestClient, d: fabrique.Dossier) -> str:
    """Close the case and give the address of the undo that the next page offers."""
    adresse = f"/parcours/{d.parcours}/cloture"
    reponse = donnees.post(client, adresse, adresse, motif="refus_assure", situation="inconnu", provenance="declare_assure")
    assert reponse.status_code == 303
    page = client.get(reponse.headers["location"]).text
    trouve = re.search(r'action="(/annulations/[0-9a-f-]+)"[^§]*?data-annuler>Annuler cette clôture', page)
    assert trouve, page[:3000]
    return trouve.group(1)


def test_closing_is_undone_by_its_button(connecter: Connecter, dossier: fabrique.Dossier, conn: Connection) -> None:
    client = connecter("csam")
    annulation = close(client, dossier)
    assert read_statut(conn, dossier.parcours) == "cloture"
    reponse = donnees.post(client, annulation, f"/parcours/{dossier.parcours}")
    assert reponse.headers["location"] == f"/parcours/{dossier.parcours}"
    assert "Clôture du parcours » est annulé" in client.get(reponse.headers["location"]).text
    assert read_statut(conn, dossier.parcours) == "entretien_realise"
    ouvertes = text("SELECT motif FROM pdp.tache WHERE parcours_id = :p AND fermee_at IS NULL")
    assert conn.execute(ouvertes, {"p": dossier.parcours}).scalars().all() == ["demander_accord"]
    assert conn.execute(text("SELECT count(*) FROM pdp.alerte WHERE decide_at IS NULL")).scalar_one() == 0


def test_list_of_own_acts(connecter: Connecter, dossier: fabrique.Dossier) -> None:
    client = connecter("csam")
    annulation = close(client, dossier)
    page = client.get("/mes-saisies").text
    assert annulation in page
    assert "Clôture du parcours" in page
    donnees.post(client, annulation, "/mes-saisies")
    page = client.get("/mes-saisies").text
    assert annulation not in page
    assert "<s>Clôture du parcours</s>" in page


def test_refusal_is_said_on_the_case(connecter: Connecter, dossier: fabrique.Dossier, horloge: Horloge, conn: Connection) -> None:
    client = connecter("csam")
    annulation = close(client, dossier)
    horloge.advance(days=8)
    client = connecter("csam")
    reponse = donnees.post(client, annulation, "/mes-saisies")
    assert "déclarez la saisie faite par erreur" in client.get(reponse.headers["location"]).text
    assert read_statut(conn, dossier.parcours) == "cloture"


@pytest.mark.parametrize("login", ["csam2", "csam_ailleurs", "medecin_conseil", "responsable"])
def test_somebody_else_undoes_nothing(connecter: Connecter, dossier: fabrique.Dossier, conn: Connection, login: str) -> None:
    annulation = close(connecter("csam"), dossier)
    autre = connecter(login)
    assert autre.post(annulation, data={"jeton": donnees.read_jeton(autre)}).status_code == 404
    assert read_statut(conn, dossier.parcours) == "cloture"
