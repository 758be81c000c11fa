"""Rows for the tests of the portal: small, readable, inserted as the batch role."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from httpx import Response
from sqlalchemy import Connection, text

import fabrique
from livraisons import nir
from pdp.services.manage_comptes import create_compte

with warnings.catch_warnings():  # the test client prefers a newer httpx, which the lock does not have
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

Connecter = Callable[[str], TestClient]
MOT_DE_PASSE = "mot de passe des tests"
ICI, AILLEURS = "PF35", "PF57"

NIR_FAUX = nir(2)[:13] + f"{int(nir(2)[13:]) % 97 + 1:02d}"
"""Of a refused line: its key is wrong."""


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


def read_jeton(client: TestClient) -> str:
    """Token of the session of this client, from its home page."""
    return read_champ(client.get(client.get("/").headers["location"]).text, "jeton")


def sign_in(client: TestClient, login: str, mot_de_passe: str = MOT_DE_PASSE, suite: str = "") -> Response:
    jeton = read_champ(client.get("/connexion").text, "jeton")
    return client.post("/connexion", data={"identifiant": login, "mot_de_passe": mot_de_passe, "jeton": jeton, "suite": suite})


def post(client: TestClient, adresse: str, depuis: str, **champs: object) -> Response:
    """Send a form as the page ``depuis`` would: with the token of the session and a key of its own, unless given."""
    valeurs = {"jeton": read_champ(client.get(depuis).text, "jeton"), "cle_saisie": str(uuid4()), **champs}
    return client.post(adresse, data=valeurs)


def add_tache(conn: Connection, parcours_id: UUID, motif: str, echeance_at: datetime, *, balle: str = "csam", cause: str = "essai") -> UUID:
    """An open reason, inserted as it is: the tests of the list choose their deadlines."""
    return conn.execute(
        text(
            "INSERT INTO pdp.tache (plateforme_id, parcours_id, motif, balle, echeance_at, cause, origine, ouverte_at, ouverte_par)"
            " SELECT plateforme_id, id, :motif, :balle, :echeance, :cause, 'automatique', :m, 'essai' FROM pdp.parcours WHERE id = :p"
            " RETURNING id"
        ),
        {"p": parcours_id, "motif": motif, "balle": balle, "echeance": echeance_at, "cause": cause, "m": fabrique.MAINTENANT},
    ).scalar_one()


def add_motif(conn: Connection, signalement_id: UUID, libelle: str) -> None:
    """One readable reason of a signalement."""
    conn.execute(
        text(
            "INSERT INTO pdp.signalement_motif"
            " (signalement_id, plateforme_id, regle, regle_version, libelle, valeur_observee, seuil, parametre_id, points)"
            " SELECT id, plateforme_id, 'palier', 1, :l, 90, 90, 'palier_signalement_j90@origine', 30 FROM pdp.signalement WHERE id = :s"
        ),
        {"s": signalement_id, "l": libelle},
    )


def add_tele_echange(conn: Connection, dossier: fabrique.Dossier, debut_at: datetime, statut: str = "planifie") -> UUID:
    return conn.execute(
        text(
            "INSERT INTO pdp.tele_echange (plateforme_id, parcours_id, csam_id, csam_numero, debut_at, fin_at, statut, planifie_at)"
            " SELECT p.plateforme_id, p.id, a.id, a.numero, :d, cast(:d AS timestamptz) + interval '45 minutes', :s, :m"
            " FROM pdp.parcours p JOIN pdp.agent a ON a.id = p.csam_id WHERE p.id = :p RETURNING id"
        ),
        {"p": dossier.parcours, "d": debut_at, "s": statut, "m": fabrique.MAINTENANT},
    ).scalar_one()
