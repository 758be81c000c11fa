"""Rows for the tests of the portal: small, readable, inserted as the batch role."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from httpx import Response
from pdp.services.manage_comptes import create_compte
from sqlalchemy import Connection, text

with warnings.catch_warnings():  # the test client prefers a newer httpx, which the lock does not have
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

MOT_DE_PASSE = "mot de passe des tests"
LE = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Lieu:
    """Ids of the people of the tests; ``comptes``: login -> id of the agent or partner."""

    plateforme_id: str
    autre_plateforme_id: str
    comptes: dict[str, UUID] = field(default_factory=dict)


def add_plateforme(conn: Connection, departement: str) -> str:
    identifiant = f"PF{departement}"
    conn.execute(
        text("INSERT INTO pdp.plateforme (id, libelle, departement, telephone) VALUES (:i, :l, :d, '+33123456789')"),
        {"i": identifiant, "l": f"Plateforme {departement}", "d": departement},
    )
    return identifiant


def add_agent(conn: Connection, plateforme_id: str, role: str, matricule: str, nom: str = "Moreau", prenom: str = "Dominique") -> UUID:
    return conn.execute(
        text(
            "INSERT INTO pdp.agent (plateforme_id, matricule, nom, prenom, role, territoire, actif_du)"
            " VALUES (:pf, :m, :n, :p, :r, '{tous}', '2020-01-01') RETURNING id"
        ),
        {"pf": plateforme_id, "m": matricule, "n": nom, "p": prenom, "r": role},
    ).scalar_one()


def add_partenaire(conn: Connection, plateforme_id: str, id_source: str, type_: str, nom: str, canal: str = "portail") -> UUID:
    return conn.execute(
        text(
            "INSERT INTO pdp.partenaire (plateforme_id, id_source, type, nom, canal, url, actif_du)"
            " VALUES (:pf, :s, :t, :n, :c, 'http://partenaire.test', '2020-01-01') RETURNING id"
        ),
        {"pf": plateforme_id, "s": id_source, "t": type_, "n": nom, "c": canal},
    ).scalar_one()


def create_lieu(conn: Connection) -> Lieu:
    """One account per function, named after it; ``csam2`` on the same platform, ``csam_ailleurs`` on another."""
    ici, ailleurs = add_plateforme(conn, "35"), add_plateforme(conn, "56")
    comptes: dict[str, UUID] = {}
    for login, role, plateforme in (
        ("csam", "csam", ici),
        ("csam2", "csam", ici),
        ("csam_ailleurs", "csam", ailleurs),
        ("medecin_conseil", "medecin_conseil", ici),
        ("responsable", "responsable", ici),
        ("evaluateur", "evaluateur", ici),
    ):
        comptes[login] = add_agent(conn, plateforme, role, f"M-{login}", nom=f"Nom-{login}")
        create_compte(
            conn,
            login=login,
            mot_de_passe=MOT_DE_PASSE,
            role=role,
            plateforme_id=plateforme,
            agent_id=comptes[login],
            nom_affiche=f"Compte {login}",
        )
    comptes["partenaire"] = add_partenaire(conn, ici, "P-1", "cap_emploi", "Cap emploi 35")
    create_compte(
        conn,
        login="partenaire",
        mot_de_passe=MOT_DE_PASSE,
        role="partenaire",
        plateforme_id=ici,
        partenaire_id=comptes["partenaire"],
        nom_affiche="Compte partenaire",
    )
    return Lieu(ici, ailleurs, comptes)


def read_champ(page: str, nom: str) -> str:
    """Value of the first hidden field of that name in a page."""
    trouve = re.search(rf'name="{nom}" value="([^"]*)"', page)
    assert trouve, f"no field {nom}"
    return trouve.group(1)


def sign_in(client: TestClient, login: str, mot_de_passe: str = MOT_DE_PASSE, suite: str = "") -> Response:
    jeton = read_champ(client.get("/connexion").text, "jeton")
    return client.post("/connexion", data={"identifiant": login, "mot_de_passe": mot_de_passe, "jeton": jeton, "suite": suite})


def post(client: TestClient, adresse: str, depuis: str, **champs: object) -> Response:
    """Send a form as the page ``depuis`` would: with its token and its key, unless given."""
    page = client.get(depuis).text
    valeurs = {"jeton": read_champ(page, "jeton"), "cle_saisie": read_champ(page, "cle_saisie") if "cle_saisie" in page else "", **champs}
    return client.post(adresse, data=valeurs)


def naissance(ans: int) -> date:
    return date(LE.year - ans, 1, 15)
