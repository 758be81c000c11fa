"""Saisie par erreur and reopening in the portal: reasons asked for, consequences said, the case recomputed."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Connection

import fabrique
from fabrique import MAINTENANT, auteur_agent
from pdp.services.record_contact import record_contact
from pdp.storage import db
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, Lieu

Admin = psycopg.Connection[Any]


@pytest.fixture
def dossier(conn: Connection, lieu: Lieu, horloge: Horloge) -> fabrique.Dossier:
    d = fabrique.parcours(conn, csam=lieu.comptes["csam"])
    conn.commit()
    return d


@pytest.fixture
def contact(dossier: fabrique.Dossier, admin: Admin) -> UUID:
    """A call entered long ago: the undo window is over."""
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        record_contact(
            conn, auteur, dossier.parcours, resultat="joint", canal="telephone", note="", cle_saisie=uuid4(), maintenant=MAINTENANT
        )
    return admin.execute("SELECT id FROM pdp.contact").fetchone()[0]


def read(admin: Admin, requete: str, *valeurs: Any) -> list[tuple[Any, ...]]:
    return admin.execute(requete, valeurs).fetchall()


OUVERTES = "SELECT motif FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL"


def test_an_entry_is_struck_through_and_the_case_goes_on(
    connecter: Connecter, dossier: fabrique.Dossier, contact: UUID, admin: Admin, horloge: Horloge
) -> None:
    horloge.advance(days=30)
    client, adresse = connecter("csam"), f"/parcours/{dossier.parcours}/corrections"
    assert "Appel ou contact" in client.get(adresse).text
    champs = {"piece": "contact", "piece_id": contact, "motif": "autre_personne"}
    for _ in range(2):  # twice is once
        reponse = donnees.post(client, adresse, adresse, **champs)
        assert reponse.status_code == 303
    page = client.get(adresse).text
    assert "<s>Appel ou contact : joint</s>" in page
    assert read(admin, "SELECT statut FROM pdp.parcours WHERE id = %s", dossier.parcours) == [("affecte",)]
    assert read(admin, OUVERTES, dossier.parcours) == [("faire_le_point",)]
    assert read(admin, "SELECT count(*) FROM journal.evenement WHERE evenement = 'saisie_par_erreur'") == [(1,)]


@pytest.mark.parametrize(
    ("champs", "statut"),
    [({"motif": ""}, 422), ({"motif": "parce que"}, 422), ({"piece": "parcours"}, 422), ({"piece_id": str(uuid4())}, 404)],
)
def test_what_cannot_be_declared(
    connecter: Connecter, dossier: fabrique.Dossier, contact: UUID, admin: Admin, champs: dict[str, str], statut: int
) -> None:
    client, adresse = connecter("csam"), f"/parcours/{dossier.parcours}/corrections"
    valeurs = {"piece": "contact", "piece_id": contact, "motif": "autre", **champs}
    assert donnees.post(client, adresse, adresse, **valeurs).status_code == statut
    assert read(admin, "SELECT saisie_par_erreur_at FROM pdp.contact") == [(None,)]


@pytest.mark.parametrize("login", ["csam2", "csam_ailleurs", "medecin_conseil", "responsable"])
def test_only_who_follows_the_case(connecter: Connecter, dossier: fabrique.Dossier, contact: UUID, admin: Admin, login: str) -> None:
    client = connecter(login)
    assert client.get(f"/parcours/{dossier.parcours}/corrections").status_code == 404
    champs = {"piece": "contact", "piece_id": str(contact), "motif": "autre", "jeton": donnees.read_jeton(client)}
    assert client.post(f"/parcours/{dossier.parcours}/corrections", data=champs).status_code == 404
    assert read(admin, "SELECT saisie_par_erreur_at FROM pdp.contact") == [(None,)]


def close(client: donnees.TestClient, dossier: fabrique.Dossier) -> None:
    adresse = f"/parcours/{dossier.parcours}/cloture"
    assert donnees.post(client, adresse, adresse, motif="refus_assure", situation="inconnu", provenance="declare_assure").status_code == 303


@pytest.mark.parametrize(
    ("motif", "taches"),
    [("cloture_par_erreur", ["planifier_tele_echange"]), ("nouvel_arret", ["nouvel_appel"]), ("reprise_echec", ["nouvel_appel"])],
)
def test_reopening_has_its_screen(
    connecter: Connecter, dossier: fabrique.Dossier, contact: UUID, admin: Admin, motif: str, taches: list[str], horloge: Horloge
) -> None:
    client, adresse = connecter("csam"), f"/parcours/{dossier.parcours}/rouvrir"
    assert "rien à rouvrir" in client.get(adresse).text
    close(client, dossier)
    horloge.advance(minutes=5)
    assert "Ne rien changer" in client.get(adresse).text
    assert donnees.post(client, adresse, adresse, motif="").status_code == 422
    assert donnees.post(client, adresse, adresse, motif=motif).headers["location"] == f"/parcours/{dossier.parcours}"
    assert read(admin, OUVERTES, dossier.parcours) == [(t,) for t in taches]


def test_reopening_beside_another_case_is_refused_in_words(
    connecter: Connecter, dossier: fabrique.Dossier, conn: Connection, admin: Admin
) -> None:
    client, adresse = connecter("csam"), f"/parcours/{dossier.parcours}/rouvrir"
    close(client, dossier)
    with fabrique.lot() as autre:
        fabrique.parcours(autre, csam=dossier.csam, assure_id=dossier.assure)
    reponse = donnees.post(client, adresse, adresse, motif="nouvel_arret")
    assert reponse.status_code == 409
    assert "un autre parcours ouvert" in reponse.text
