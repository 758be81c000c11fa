"""Undo in the portal: the button of the message, the list of own acts, and refusals said in words."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection

import fabrique
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, Lieu

Admin = psycopg.Connection[Any]


@pytest.fixture
def dossier(conn: Connection, lieu: Lieu, horloge: Horloge) -> fabrique.Dossier:
    d = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="entretien_realise")
    donnees.add_tache(conn, d.parcours, "demander_accord", fabrique.MAINTENANT)
    conn.commit()
    return d


def read_statut(admin: Admin, parcours: UUID) -> str:
    return str(admin.execute("SELECT statut FROM pdp.parcours WHERE id = %s", (parcours,)).fetchone()[0])


def close(client: donnees.TestClient, d: fabrique.Dossier) -> str:
    """Close the case and give the address of the undo that the next page offers."""
    adresse = f"/parcours/{d.parcours}/cloture"
    reponse = donnees.post(client, adresse, adresse, motif="refus_assure", situation="inconnu", provenance="declare_assure")
    assert reponse.status_code == 303
    page = client.get(reponse.headers["location"]).text
    trouve = re.search(r'action="(/annulations/[0-9a-f-]+)"[^§]*?data-annuler>Annuler cette clôture', page)
    assert trouve, page[:3000]
    return trouve.group(1)


def test_closing_is_undone_by_its_button(connecter: Connecter, dossier: fabrique.Dossier, admin: Admin) -> None:
    client = connecter("csam")
    annulation = close(client, dossier)
    assert read_statut(admin, dossier.parcours) == "cloture"
    reponse = donnees.post(client, annulation, f"/parcours/{dossier.parcours}")
    assert reponse.headers["location"] == f"/parcours/{dossier.parcours}"
    assert "Clôture du parcours » est annulé" in client.get(reponse.headers["location"]).text
    assert read_statut(admin, dossier.parcours) == "entretien_realise"
    ouvertes = "SELECT motif FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL"
    assert admin.execute(ouvertes, (dossier.parcours,)).fetchall() == [("demander_accord",)]
    assert admin.execute("SELECT decision FROM pdp.alerte").fetchall() == [("sans_objet",)]


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


def test_refusal_is_said_on_the_case(connecter: Connecter, dossier: fabrique.Dossier, horloge: Horloge, admin: Admin) -> None:
    client = connecter("csam")
    annulation = close(client, dossier)
    horloge.advance(days=8)
    client = connecter("csam")
    reponse = donnees.post(client, annulation, "/mes-saisies")
    assert "déclarez la saisie faite par erreur" in client.get(reponse.headers["location"]).text
    assert read_statut(admin, dossier.parcours) == "cloture"


@pytest.mark.parametrize("login", ["csam2", "csam_ailleurs", "medecin_conseil", "responsable"])
def test_somebody_else_undoes_nothing(connecter: Connecter, dossier: fabrique.Dossier, admin: Admin, login: str) -> None:
    annulation = close(connecter("csam"), dossier)
    autre = connecter(login)
    assert autre.post(annulation, data={"jeton": donnees.read_jeton(autre)}).status_code == 404
    assert read_statut(admin, dossier.parcours) == "cloture"
