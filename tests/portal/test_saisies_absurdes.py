"""Nonsense to every route of the portal, as every function: an answer in French, never a failure; what is refused writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi import FastAPI

from pdp.portal.auth import RouteProtegee
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, TestClient
from portal.jeu_pages import Monde, build_monde
from portal.test_requetes_par_page import PARAMETRES
from portal.test_routes import GETS, POSTS, get_roles

Admin = psycopg.Connection[Any]
GABARITS = Path(__file__).resolve().parents[2] / "include" / "pdp" / "portal" / "templates"
CHAMPS = sorted({nom for g in GABARITS.rglob("*.html") for nom in re.findall(r'name="([a-z_]+)"', g.read_text())} - {"jeton", "cle_saisie"})
ABSURDES = ("zzz", "\x00", "-1", "9" * 25, "2026-02-31", "0001-01-01", "9999-12-31", "é'\"<>;--", "NaN", "25:61", "²")
LONG = "x" * 6000
ROLES = ("csam", "responsable", "medecin_conseil", "partenaire", "evaluateur")
SORTIES = {"/deconnexion"}


@pytest.fixture
def monde(lieu: donnees.Lieu, app: FastAPI, horloge: Horloge, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> Monde:
    return build_monde(lieu, app, admin, monkeypatch)


def build_url(route: RouteProtegee, admin: Admin) -> str:
    """The address on what exists, where the data have it."""

    def fill(trouve: re.Match[str]) -> str:
        requete = PARAMETRES.get(trouve[1])
        ligne = admin.execute(requete).fetchone() if requete else None
        return str(ligne[0] if ligne else uuid4())

    return re.sub(r"\{([a-z_]+)(?::path)?\}", fill, route.path)


def is_propre(reponse: Any) -> bool:
    if reponse.status_code >= 400 and "text/html" in reponse.headers.get("content-type", ""):
        return reponse.status_code < 500 and '<html lang="fr"' in reponse.text
    return bool(reponse.status_code < 500)


def count_traces(admin: Admin) -> tuple[Any, ...] | None:
    return admin.execute("SELECT count(*), coalesce(max(id), 0) FROM journal.evenement").fetchone()


@pytest.mark.parametrize("role", ROLES)
def test_nonsense_sent_to_every_form(monde: Monde, admin: Admin, connecter: Connecter, role: str) -> None:
    client = connecter(role)
    jeton, fautes = donnees.read_jeton(client), list[Any]()
    for route in (r for r in POSTS if role in get_roles(r) and r.path not in SORTIES):
        adresse = build_url(route, admin)
        for champs in _list_saisies():
            avant = count_traces(admin)
            reponse = client.post(adresse, data={"jeton": jeton, "cle_saisie": str(uuid4()), **champs})
            quoi = (adresse, {cle: valeur[:20] for cle, valeur in list(champs.items())[:2]})
            if not is_propre(reponse) or (reponse.status_code >= 400 and count_traces(admin) != avant):
                fautes.append((*quoi, reponse.status_code))
        for contenu, genre in ((b"jeton=%s&note=%%ED%%A0%%80%%FF", "application/x-www-form-urlencoded"), (b'{"a": 1}', "application/json"),
                               (b"jeton=%s", "multipart/form-data; boundary=x")):  # fmt: skip
            corps = contenu % jeton.encode() if b"%s" in contenu else contenu
            if not is_propre(client.post(adresse, content=corps, headers={"content-type": genre})):
                fautes.append((adresse, genre))
    assert fautes == []


def _list_saisies() -> Iterator[dict[str, str]]:
    yield {}
    for valeur in ABSURDES:
        yield dict.fromkeys(CHAMPS, valeur)
    yield dict.fromkeys(CHAMPS[:8], LONG)
    yield dict.fromkeys(CHAMPS, "x" * 210)
    yield dict.fromkeys(CHAMPS, str(uuid4()))


@pytest.mark.parametrize("role", ROLES)
def test_nonsense_asked_of_every_page(monde: Monde, admin: Admin, connecter: Connecter, role: str) -> None:
    client, fautes = connecter(role), list[Any]()
    for route in (r for r in GETS if role in get_roles(r)):
        adresse = build_url(route, admin)
        for nom in [p.alias for p in route.dependant.query_params]:
            for valeur in (*ABSURDES, "x" * 300, ""):
                if not is_propre(client.get(adresse, params={nom: valeur})):
                    fautes.append((route.path, nom, valeur[:20]))
    assert fautes == []


@pytest.mark.parametrize("jeton", ["zzz", "%00", "%C3%A9", "x" * 300, "..%2f..%2f"])
def test_nonsense_sent_to_the_pages_of_the_insured(monde: Monde, app: FastAPI, jeton: str) -> None:
    client = TestClient(app, base_url="http://portail.test", follow_redirects=False)
    for connu in (jeton, monde.jetons["rendez-vous"]):
        for acte in ("", "/rendez-vous.ics", "?suite=zzz"):
            assert is_propre(client.get(f"/rendez-vous/{connu}{acte}")), (connu, acte)
        for acte in ("identite", "choix", "annulation", "rappel", "nouveau-lien"):
            for valeur in ABSURDES:
                champs = dict.fromkeys(("jour", "mois", "annee", "debut_at"), valeur)
                assert is_propre(client.post(f"/rendez-vous/{connu}/{acte}", data=champs)), (connu, acte, valeur)
    assert is_propre(client.get(f"/agenda/flux/{jeton}.ics"))
