"""Rows for the tests of the portal: small, readable, inserted as the batch role."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from uuid import UUID

import fabrique
from httpx import Response
from pdp.services.manage_comptes import create_compte
from sqlalchemy import Connection

with warnings.catch_warnings():  # the test client prefers a newer httpx, which the lock does not have
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

MOT_DE_PASSE = "mot de passe des tests"
ICI, AILLEURS = "PF35", "PF57"


@dataclass(frozen=True)
class Lieu:
    """Ids of the people of the tests; ``comptes``: login -> id of the agent or partner."""

    plateforme_id: str
    autre_plateforme_id: str
    comptes: dict[str, UUID] = field(default_factory=dict)


def create_lieu(conn: Connection) -> Lieu:
    """One account per function, named after it; ``csam2`` on the same platform, ``csam_ailleurs`` on another."""
    fabrique.socle(conn)
    comptes: dict[str, UUID] = {}
    for login, role, plateforme in (
        ("csam", "csam", ICI),
        ("csam2", "csam", ICI),
        ("csam_ailleurs", "csam", AILLEURS),
        ("medecin_conseil", "medecin_conseil", ICI),
        ("responsable", "responsable", ICI),
        ("evaluateur", "evaluateur", ICI),
    ):
        comptes[login] = agent = fabrique.agent(conn, role, plateforme)
        _open_compte(conn, login, role, plateforme, agent_id=agent)
    comptes["partenaire"] = partenaire = fabrique.partenaire(conn, "cap_emploi")
    _open_compte(conn, "partenaire", "partenaire", ICI, partenaire_id=partenaire)
    return Lieu(ICI, AILLEURS, comptes)


def _open_compte(conn: Connection, login: str, role: str, plateforme: str, **qui: UUID) -> None:
    nom = f"Compte {login}"
    create_compte(conn, login=login, mot_de_passe=MOT_DE_PASSE, role=role, plateforme_id=plateforme, nom_affiche=nom, **qui)


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
