"""What one partner may do to another on our FHIR endpoint: nothing; who opens and closes the accesses: managers of the platform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
import requests
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.errors import DonneeInvalide, Introuvable
from pdp.services.manage_clients import create_client, list_clients, revoke_client
from pdp.services.read_taches import get_tache
from pdp.storage import db
from portal.conftest import Horloge
from portal.logiciels import Monde, hand_over, monde_fhir
from portal.test_fhir import codes
from relais_fhir import open_client
from relais_lecture import count


@pytest.fixture
def monde(app: FastAPI, horloge: Horloge) -> Iterator[Monde]:
    with monde_fhir(app) as monde:
        yield monde


# -- other partners


def test_what_is_not_ones_own_is_like_what_does_not_exist(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    """Over many hand-overs of two partners: detail, list, update, patch."""
    autres = [hand_over("cap_emploi")[1] for _ in range(4)] + [monde.orientation_autre]
    inconnue = monde.soi.get(f"/Task/{UUID(int=0)}")
    tache, _ = monde.read()
    for autre in autres:
        for chemin in (f"/Task/{autre}", f"/ServiceRequest/{autre}"):
            reponse = monde.soi.get(chemin)
            assert (reponse.status_code, reponse.text) == (404, inconnue.text)
        refus = monde.soi.put(f"/Task/{autre}", {**tache, "id": str(autre), "status": "accepted"}, 'W/"0"')
        assert (refus.status_code, refus.text) == (404, inconnue.text)
        refus = monde.soi.send(
            "PATCH", f"/Task/{autre}", [{"op": "remove", "path": "/status"}], 'W/"0"', genre="application/json-patch+json"
        )
        assert (refus.status_code, refus.text) == (404, inconnue.text)
        assert "entry" not in monde.soi.get(f"/Task?_id={autre}").json()
    vues = {e["resource"]["id"] for e in monde.soi.get("/Task").json()["entry"]}
    assert vues == {str(monde.orientation)}
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 0


def test_partnership_that_ended_closes_the_endpoint(monde: Monde) -> None:
    with lot() as conn:
        conn.execute(text("UPDATE pdp.partenaire SET actif_au = '2026-11-17' WHERE id = :p"), {"p": monde.partenaire})
    assert codes(monde.soi.get("/Task")) == (403, "partnership_over")
    assert codes(accept_blind(monde)) == (403, "partnership_over")


def accept_blind(monde: Monde) -> requests.Response:
    return monde.soi.put(monde.tache, {"resourceType": "Task", "id": str(monde.orientation), "status": "accepted"}, 'W/"0"')


def test_partner_role_reads_no_client_and_keeps_nothing_for_others(monde: Monde) -> None:
    moi = Auteur("partenaire", str(monde.partenaire), "partenaire", "PF35", str(monde.partenaire))
    for table in ("client_fhir", "jeton_fhir", "appel_fhir"):
        with pytest.raises(DBAPIError, match="permission denied"), db.begin_as(moi) as conn:
            conn.execute(text(f"SELECT 1 FROM securite.{table}"))
    garder = text(
        "INSERT INTO pdp.tache_fhir (orientation_id, plateforme_id, partenaire_id, version, ressource, lue_at)"
        " VALUES (:o, 'PF35', :p, 1, '{}', now())"
    )
    with pytest.raises(DBAPIError, match="row-level security"), db.begin_as(moi) as conn:
        conn.execute(garder, {"o": monde.orientation_autre, "p": monde.partenaire})
    with db.begin_as(moi) as conn:
        conn.execute(garder, {"o": monde.orientation, "p": monde.partenaire})


# -- managers


def test_manager_opens_and_closes_clients_of_the_platform_only(base: str) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        ici, ailleurs = fabrique.partenaire(conn), fabrique.partenaire(conn, plateforme="PF57")
        agent = fabrique.agent(conn, "responsable")
    auteur = auteur_agent(agent, "responsable")
    with db.begin_as(auteur) as conn:
        premier, _ = create_client(conn, auteur, ici, MAINTENANT)
        create_client(conn, auteur, ici, MAINTENANT)
        with pytest.raises(DonneeInvalide, match="too_many_clients"):
            create_client(conn, auteur, ici, MAINTENANT)
        revoke_client(conn, auteur, premier, MAINTENANT)
        assert [c.revoque_at is None for c in list_clients(conn, ici) if c.id == premier] == [False]
        with pytest.raises(Introuvable):
            create_client(conn, auteur, ailleurs, MAINTENANT)
    etranger, _ = open_client(ici)
    with lot() as conn:
        voisin = fabrique.agent(conn, "responsable", "PF57")
    with pytest.raises(Introuvable), db.begin_as(auteur_agent(voisin, "responsable", "PF57")) as conn:
        revoke_client(conn, auteur, etranger, MAINTENANT)


def test_five_hundred_hand_overs_each_partner_sees_its_own_whatever_it_asks(monde: Monde) -> None:
    """Page after page over HTTP, then id by id in the service; every other id is like one that does not exist."""
    copier = text(
        "INSERT INTO pdp.orientation (plateforme_id, parcours_id, partenaire_id, dispositif, accord_id, revision, statut, motif, contenu,"
        " propose_par, proposee_at, envoyee_at, reponse_attendue_le, repondue_at)"
        " SELECT plateforme_id, parcours_id, partenaire_id, dispositif, accord_id, revision + n, 'realisee', motif, contenu, propose_par,"
        " proposee_at, envoyee_at, reponse_attendue_le, envoyee_at + n * interval '1 second'"
        " FROM pdp.orientation, generate_series(1, 249) n WHERE id = ANY (:ids)"
    )
    with lot() as conn:
        conn.execute(copier, {"ids": [monde.orientation, monde.orientation_autre]})
        lignes = conn.execute(text("SELECT partenaire_id, id FROM pdp.orientation")).all()
    miennes = {ident for partenaire, ident in lignes if partenaire == monde.partenaire}
    autres = {ident for partenaire, ident in lignes if partenaire != monde.partenaire}
    assert (len(miennes), len(autres)) == (250, 250)
    vues, adresse = set(), f"{monde.soi.base}/Task?_count=60"
    for _ in range(10):
        paquet = monde.soi.get(adresse.removeprefix(monde.soi.base)).json()
        vues |= {UUID(e["resource"]["id"]) for e in paquet.get("entry", [])}
        adresse = next((lien["url"] for lien in paquet["link"] if lien["relation"] == "next"), "")
        if not adresse:
            break
        adresse = f"{monde.soi.base}/Task?{adresse.partition('?')[2]}"
    assert vues == miennes
    moi = Auteur("partenaire", str(monde.partenaire), "partenaire", "PF35", str(monde.partenaire))
    with db.begin_as(moi, lecture=True) as conn:
        for ident in autres:
            with pytest.raises(Introuvable):
                get_tache(conn, ident, MAINTENANT)
        assert {get_tache(conn, ident, MAINTENANT).id for ident in miennes} == miennes
