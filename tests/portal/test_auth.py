"""Sign-in: counted tries, same answer for everybody, sessions that end, rotate and are revoked at once."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from httpx import Response

import fabrique
from pdp.errors import DonneeInvalide, Introuvable
from pdp.portal.views.connexion import REFUS
from pdp.services import manage_comptes, sign_in
from pdp.services.manage_comptes import create_compte, hash_password, is_password, set_compte_actif
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import MOT_DE_PASSE, Connecter, TestClient

Admin = psycopg.Connection[Any]


@pytest.fixture
def client(app: FastAPI, lieu: donnees.Lieu) -> TestClient:
    return TestClient(app, base_url="http://portail.test", follow_redirects=False)


def is_signed_in(client: TestClient) -> bool:
    return client.get("/ma-liste").status_code == 200


def test_right_password_opens_the_home_of_each_role(lieu: donnees.Lieu, connecter: Connecter) -> None:
    for login in ("csam", "medecin_conseil", "responsable", "evaluateur", "partenaire"):
        client = connecter(login)
        assert client.get(client.get("/").headers["location"]).status_code == 200, login


@pytest.mark.parametrize(
    ("login", "mot_de_passe"),
    [("csam", "faux"), ("inconnu", MOT_DE_PASSE), ("", MOT_DE_PASSE), ("csam", ""), ("csam\x00", MOT_DE_PASSE + "x")],
)
def test_wrong_answer_is_the_same_for_everybody(client: TestClient, login: str, mot_de_passe: str) -> None:
    reponse = donnees.sign_in(client, login, mot_de_passe)
    assert reponse.status_code in (401, 422)
    if reponse.status_code == 401:
        assert REFUS in reponse.text.replace("&#39;", "'")
    assert not is_signed_in(client)


def test_unknown_account_costs_the_same_work(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    couts: list[tuple[int, int, int]] = []
    originale = hashlib.scrypt

    def spy(*args: Any, **options: Any) -> bytes:
        couts.append((options["n"], options["r"], options["p"]))
        return originale(*args, **options)

    monkeypatch.setattr(manage_comptes.hashlib, "scrypt", spy)
    monkeypatch.setattr(sign_in, "_LEURRE", hash_password("un leurre"))
    couts.clear()
    donnees.sign_in(client, "csam", "faux")
    donnees.sign_in(client, "inconnu", "faux")
    assert len(couts) == 2
    assert couts[0] == couts[1]


def test_ten_tries_are_evaluated_then_none_for_fifteen_minutes(client: TestClient, horloge: Horloge) -> None:
    for _ in range(sign_in.ESSAIS_MAX):
        donnees.sign_in(client, "csam", "faux")
    assert donnees.sign_in(client, "csam").status_code == 401, "the eleventh is not evaluated, even when right"
    assert donnees.sign_in(client, "csam2").status_code == 303, "another account is not blocked"
    client.cookies.clear()
    horloge.advance(minutes=14, seconds=59)
    assert donnees.sign_in(client, "csam").status_code == 401
    horloge.advance(seconds=1)
    assert donnees.sign_in(client, "csam").status_code == 303


def test_success_forgets_the_failures(client: TestClient) -> None:
    for _ in range(2):
        for _ in range(sign_in.ESSAIS_MAX - 1):
            donnees.sign_in(client, "csam", "faux")
        assert donnees.sign_in(client, "csam").status_code == 303
        client.cookies.clear()


@pytest.mark.parametrize(
    ("attente", "ouverte"), [({"minutes": 29, "seconds": 59}, True), ({"minutes": 30}, False), ({"minutes": 31}, False)]
)
def test_idle_session_ends(lieu: donnees.Lieu, horloge: Horloge, connecter: Connecter, attente: dict[str, float], ouverte: bool) -> None:
    client = connecter("csam")
    horloge.advance(**attente)
    assert is_signed_in(client) is ouverte


def test_active_session_ends_after_eight_hours(lieu: donnees.Lieu, horloge: Horloge, connecter: Connecter) -> None:
    client = connecter("csam")
    for _ in range(8 * 3 - 1):
        horloge.advance(minutes=20)
        assert is_signed_in(client)
    horloge.advance(minutes=20)
    assert not is_signed_in(client)


def test_sign_in_rotates_the_session(client: TestClient, admin: Admin) -> None:
    donnees.sign_in(client, "csam")
    ancien = client.cookies["pdp"]
    client.cookies.set("pdp_connexion", "x" * 20, domain="portail.test", path="/connexion")
    reponse = client.post("/connexion", data={"identifiant": "csam", "mot_de_passe": MOT_DE_PASSE, "jeton": "x" * 20})
    assert reponse.status_code == 303
    assert client.cookies["pdp"] != ancien
    assert admin.execute("SELECT count(*) FROM securite.session WHERE fermee_at IS NULL").fetchone() == (1,)
    assert not is_signed_in(_replay(client, ancien))


def _replay(client: TestClient, jeton: str) -> TestClient:
    voleur = TestClient(client.app, base_url="http://portail.test", follow_redirects=False)
    voleur.cookies.set("pdp", jeton)
    return voleur


def test_fixed_session_is_not_adopted(client: TestClient) -> None:
    client.cookies.set("pdp", "jeton-choisi-par-un-autre")
    donnees.sign_in(client, "csam")
    assert not is_signed_in(_replay(client, "jeton-choisi-par-un-autre"))


def test_sign_out_revokes_on_the_server(lieu: donnees.Lieu, connecter: Connecter) -> None:
    client = connecter("csam")
    jeton = client.cookies["pdp"]
    reponse = donnees.post(client, "/deconnexion", "/ma-liste")
    assert reponse.status_code == 303
    assert '"storage"' in reponse.headers["clear-site-data"]
    assert not is_signed_in(_replay(client, jeton))


def test_closed_account_is_refused_at_the_next_request(lieu: donnees.Lieu, connecter: Connecter) -> None:
    client = connecter("csam")
    with fabrique.lot() as conn:
        set_compte_actif(conn, "csam", False)
    assert not is_signed_in(client)
    assert donnees.sign_in(client, "csam").status_code == 401
    with fabrique.lot() as conn:
        set_compte_actif(conn, "csam", True)
    assert not is_signed_in(client), "its former sessions do not come back"
    assert donnees.sign_in(client, "csam").status_code == 303


def test_only_hashes_are_kept(lieu: donnees.Lieu, connecter: Connecter, admin: Admin) -> None:
    jeton = connecter("csam").cookies["pdp"]
    lignes = admin.execute("SELECT encode(jeton_empreinte, 'hex') FROM securite.session").fetchall()
    assert lignes == [(hashlib.sha256(jeton.encode()).hexdigest(),)]
    mots = admin.execute("SELECT mot_de_passe FROM securite.compte").fetchall()
    assert all(m.startswith("scrypt$") and MOT_DE_PASSE not in m for (m,) in mots)
    assert len(set(mots)) == len(mots), "one salt each"


@pytest.mark.parametrize(("schema", "nom", "secure"), [("http", "pdp", False), ("https", "__Host-pdp", True)])
def test_cookie_attributes(app: FastAPI, lieu: donnees.Lieu, schema: str, nom: str, secure: bool) -> None:
    client = TestClient(app, base_url=f"{schema}://portail.test", follow_redirects=False)
    cookie = next(c for c in _cookies(donnees.sign_in(client, "csam")) if c.startswith(f"{nom}="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert ("Secure" in cookie) is secure
    assert "Domain" not in cookie


def _cookies(reponse: Response) -> list[str]:
    return reponse.headers.get_list("set-cookie")


@pytest.mark.parametrize(
    ("suite", "arrivee"),
    [
        ("/ma-liste", "/ma-liste"),
        ("", "/"),
        ("https://ailleurs.test", "/"),
        ("//ailleurs.test", "/"),
        ("/\\ailleurs.test", "/"),
        ("javascript:alert(1)", "/"),
        ("/connexion", "/"),
        ("/a\nb", "/"),
    ],
)
def test_sign_in_never_leads_elsewhere(client: TestClient, suite: str, arrivee: str) -> None:
    assert donnees.sign_in(client, "csam", suite=suite).headers["location"] == arrivee


@pytest.mark.parametrize(
    ("champs", "entetes"),
    [({"jeton": "autre"}, {}), ({"jeton": ""}, {}), ({}, {"origin": "http://ailleurs.test"}), ({}, {"sec-fetch-site": "cross-site"})],
)
def test_sign_in_form_must_be_ours(client: TestClient, champs: dict[str, str], entetes: dict[str, str]) -> None:
    jeton = donnees.read_champ(client.get("/connexion").text, "jeton")
    valeurs = {"identifiant": "csam", "mot_de_passe": MOT_DE_PASSE, "jeton": jeton, **champs}
    assert client.post("/connexion", data=valeurs, headers=entetes).status_code in (403, 422)
    assert not is_signed_in(client)


def test_account_created_twice_is_one_account_with_the_last_password(lieu: donnees.Lieu, client: TestClient) -> None:
    nouveau = "un autre mot de passe"
    with fabrique.lot() as conn:
        for _ in range(2):
            create_compte(
                conn,
                login="CSAM",
                mot_de_passe=nouveau,
                role="csam",
                plateforme_id=donnees.ICI,
                nom_affiche="Camille",
                agent_id=lieu.comptes["csam"],
            )
    assert donnees.sign_in(client, "csam").status_code == 401
    assert donnees.sign_in(client, "csam", nouveau).status_code == 303


@pytest.mark.parametrize(("login", "mot_de_passe", "role"), [("neuf", "x" * 11, "csam"), ("medecin_conseil", "x" * 12, "csam")])
def test_bad_accounts_are_refused(lieu: donnees.Lieu, login: str, mot_de_passe: str, role: str) -> None:
    with pytest.raises(DonneeInvalide), fabrique.lot() as conn:
        create_compte(
            conn,
            login=login,
            mot_de_passe=mot_de_passe,
            role=role,
            plateforme_id=donnees.ICI,
            nom_affiche="X",
            agent_id=lieu.comptes["csam"],
        )


def test_unknown_account_cannot_be_closed(lieu: donnees.Lieu) -> None:
    with pytest.raises(Introuvable), fabrique.lot() as conn:
        set_compte_actif(conn, "personne", False)


def test_password_hash_round_trip() -> None:
    empreinte = hash_password("à l'abri des regards")
    assert is_password("à l'abri des regards", empreinte)
    assert not is_password("à l'abri des regard", empreinte)
    assert empreinte != hash_password("à l'abri des regards")


def test_blocked_instant_is_fifteen_minutes(client: TestClient, horloge: Horloge, admin: Admin) -> None:
    for _ in range(sign_in.ESSAIS_MAX):
        donnees.sign_in(client, "csam", "faux")
    ligne = admin.execute("SELECT echecs, bloque_jusqu_a FROM securite.compte WHERE login = 'csam'").fetchone()
    assert ligne == (0, horloge.instant + timedelta(minutes=15))
