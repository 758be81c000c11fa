"""A hand-over of which nobody knows whether it arrived: seen on the case, settled in one click, and taken back."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, text

import fabrique
from pdp.services.manage_taches import open_tache
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, Lieu
from relais import consent, orient

Admin = psycopg.Connection[Any]


@pytest.fixture
def dossier(conn: Connection, lieu: Lieu, horloge: Horloge) -> tuple[fabrique.Dossier, UUID]:
    """A hand-over by secure mail whose worker died after handing it over."""
    d = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="accord_demande")
    partenaire = fabrique.partenaire(conn, "service_social")
    consent(conn, d)
    conn.commit()
    orientation = orient(d, partenaire)
    with fabrique.lot() as autre:
        message, cle = autre.execute(
            text(
                "UPDATE pdp.outbox SET etat = 'incertain', dernier_code = 'bail_expire', essais = 1, canal = 'messagerie'"
                " WHERE orientation_id = :o RETURNING id, cle"
            ),
            {"o": orientation},
        ).one()
        cause = {"plateforme_id": "PF35", "parcours_id": d.parcours, "motif": "message_en_echec", "cause": str(cle)}
        open_tache(autre, **cause, maintenant=fabrique.MAINTENANT, auteur=fabrique.TEST)
    return d, message


def read(admin: Admin, message: UUID) -> tuple[Any, ...]:
    return admin.execute("SELECT etat, dernier_code FROM pdp.outbox WHERE id = %s", (message,)).fetchone()


def open_count(admin: Admin) -> int:
    return int(admin.execute("SELECT count(*) FROM pdp.tache WHERE motif = 'message_en_echec' AND fermee_at IS NULL").fetchone()[0])


@pytest.mark.parametrize(("geste", "etat"), [("recu", ("livre", "confirme")), ("renvoyer", ("a_envoyer", "a_renvoyer"))])
def test_settled_in_one_click_and_taken_back(
    connecter: Connecter, dossier: tuple[fabrique.Dossier, UUID], admin: Admin, geste: str, etat: tuple[str, str]
) -> None:
    d, message = dossier
    client, fiche = connecter("csam"), f"/parcours/{dossier[0].parcours}"
    page = client.get(fiche).text
    assert "Demande peut-être pas arrivée" in page
    assert "bien reçue" in page
    assert "À renvoyer" in page
    reponse = donnees.post(client, f"{fiche}/envois/{message}/{geste}", fiche)
    assert reponse.headers["location"] == f"{fiche}#orientations"
    assert (read(admin, message), open_count(admin)) == (etat, 0)
    page = client.get(fiche).text
    assert "Demande peut-être pas arrivée" not in page
    offre = re.search(r'action="(/annulations/[0-9a-f-]+)"', page)
    assert offre
    donnees.post(client, offre.group(1), fiche)
    assert (read(admin, message), open_count(admin)) == (("incertain", "bail_expire"), 1)
    assert d.parcours


def test_not_for_another_coordinator(connecter: Connecter, dossier: tuple[fabrique.Dossier, UUID], admin: Admin) -> None:
    d, message = dossier
    client = connecter("csam2")
    reponse = donnees.post(client, f"/parcours/{d.parcours}/envois/{message}/recu", "/ma-liste")
    assert reponse.status_code in (403, 404)
    assert read(admin, message) == ("incertain", "bail_expire")
