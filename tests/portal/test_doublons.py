"""Duplicates in the portal: who compares, who only follows, and what is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Connection, text

import fabrique
from fabrique import MAINTENANT, TEST, lot
from pdp.services.sweep_doublons import sweep_doublons
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, Lieu

Admin = psycopg.Connection[Any]
NOM = "Lemarchand"


@pytest.fixture
def paire(conn: Connection, lieu: Lieu, horloge: Horloge) -> tuple[fabrique.Dossier, fabrique.Dossier]:
    """One followed by each coordinator of the platform."""
    un, deux = fabrique.parcours(conn, csam=lieu.comptes["csam"]), fabrique.parcours(conn, csam=lieu.comptes["csam2"])
    for d in (un, deux):
        conn.execute(text("UPDATE identite.assure SET nom = :n, prenom = 'Anne' WHERE id = :i"), {"n": NOM, "i": d.assure})
    sweep_doublons(conn, "PF35", TEST, MAINTENANT)
    conn.commit()
    return un, deux


def doublon(admin: Admin) -> UUID:
    return admin.execute("SELECT id FROM pdp.doublon").fetchone()[0]


def etat(admin: Admin) -> str:
    return admin.execute("SELECT etat FROM pdp.doublon").fetchone()[0]


def test_asked_for_done_by_the_sweep_and_parted_again(
    connecter: Connecter, paire: tuple[fabrique.Dossier, fabrique.Dossier], admin: Admin
) -> None:
    client, page = connecter("csam"), f"/parcours/{paire[0].parcours}/doublons"
    assert page in client.get("/ma-liste").text
    assert "Même nom, même prénom, même naissance" in client.get(page).text
    adresse = f"{page}/{doublon(admin)}"
    assert donnees.post(client, adresse, page, geste="fusionner").headers["location"] == page
    assert etat(admin) == "demande"
    assert "Retirer la demande" in client.get(page).text
    with lot() as conn:
        sweep_doublons(conn, "PF35", TEST, MAINTENANT + timedelta(minutes=8))
    assert "Annuler la fusion" in client.get(page).text
    donnees.post(client, adresse, page, geste="retirer")
    with lot() as conn:
        sweep_doublons(conn, "PF35", TEST, MAINTENANT + timedelta(minutes=23))
    assert etat(admin) == "annule"
    assert admin.execute("SELECT count(*) FROM pdp.parcours WHERE clos_at IS NULL").fetchone() == (2,)


@pytest.mark.parametrize(
    ("champs", "statut", "apres"),
    [
        ({"geste": "ecarter", "motif": "jumeaux"}, 303, "ecarte"),
        ({"geste": "ecarter", "motif": ""}, 422, "a_comparer"),
        ({"geste": "ecarter", "motif": "parce que"}, 422, "a_comparer"),
        ({"geste": "autre"}, 422, "a_comparer"),
        ({"geste": "retirer"}, 409, "a_comparer"),
    ],
)
def test_decisions(
    connecter: Connecter,
    paire: tuple[fabrique.Dossier, fabrique.Dossier],
    admin: Admin,
    champs: dict[str, str],
    statut: int,
    apres: str,
) -> None:
    client, page = connecter("csam2"), f"/parcours/{paire[1].parcours}/doublons"
    assert donnees.post(client, f"{page}/{doublon(admin)}", page, **champs).status_code == statut
    assert etat(admin) == apres


@pytest.mark.parametrize("login", ["csam2", "csam_ailleurs", "medecin_conseil", "responsable", "partenaire"])
def test_nobody_else_compares(connecter: Connecter, paire: tuple[fabrique.Dossier, fabrique.Dossier], admin: Admin, login: str) -> None:
    client, page = connecter(login), f"/parcours/{paire[0].parcours}/doublons"
    assert client.get(page).status_code == 404
    jeton = donnees.read_jeton(client)
    assert client.post(f"{page}/{doublon(admin)}", data={"geste": "fusionner", "jeton": jeton}).status_code == 404
    assert etat(admin) == "a_comparer"


def test_a_pair_of_another_case_is_not_found(
    connecter: Connecter, conn: Connection, lieu: Lieu, paire: tuple[fabrique.Dossier, fabrique.Dossier], admin: Admin
) -> None:
    with lot() as autre:
        d = fabrique.parcours(autre, csam=lieu.comptes["csam"])
    client, page = connecter("csam"), f"/parcours/{d.parcours}/doublons"
    assert "Aucun doublon" in client.get(page).text
    for ident in (doublon(admin), uuid4()):
        assert donnees.post(client, f"{page}/{ident}", f"/parcours/{d.parcours}", geste="fusionner").status_code == 404


def test_the_manager_follows_without_a_name(connecter: Connecter, paire: tuple[fabrique.Dossier, fabrique.Dossier]) -> None:
    page = connecter("responsable").get("/equipe/doublons").text
    assert NOM not in page
    for d in paire:
        assert f"/equipe/parcours/{d.parcours}" in page
