"""Search of one person from the list: exact, few results, counted, told apart when somebody else follows her, never a way to browse."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, text

import fabrique
from pdp.services.publish_referentiel import referentiel
from pdp.storage import db
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, TestClient

Admin = psycopg.Connection[Any]
MAX_PAR_HEURE, MAX_RESULTATS = "recherche_personne_max_par_heure", "recherche_personne_resultats_max"
NEE = "1980-05-01"


def add(conn: Connection, csam: UUID | None, nom: str, telephone: str, prenom: str = "Dominique", plateforme: str = donnees.ICI) -> UUID:
    """A person followed by this coordinator, with a number of her own."""
    assure = fabrique.assure(conn, plateforme, nom=nom)
    conn.execute(text("UPDATE identite.assure SET telephone = :t, prenom = :p WHERE id = :i"), {"t": telephone, "p": prenom, "i": assure})
    return fabrique.parcours(conn, csam=csam, plateforme=plateforme, assure_id=assure).parcours


@pytest.fixture
def personnes(lieu: donnees.Lieu, horloge: Horloge) -> dict[str, UUID]:
    csam, collegue = lieu.comptes["csam"], lieu.comptes["csam2"]
    with fabrique.lot() as conn:
        return {
            "mienne": add(conn, csam, "Le Goff-Éméric", "+33639980001", "Anne"),
            "outre_mer": add(conn, csam, "Payet", "+262692000001"),
            "courte": add(conn, csam, "Ly", "+33639980002", "Bao"),
            "collegue": add(conn, collegue, "Collegue", "+33639980003", "Zoé"),
            "ailleurs": add(conn, lieu.comptes["csam_ailleurs"], "Ailleurs", "+33639980004", plateforme=donnees.AILLEURS),
            **{f"famille{n}": add(conn, csam, f"Famille{n}", "+33639980009") for n in range(4)},
            **{f"couple{n}": add(conn, csam, f"Couple{n}", "+33639980008") for n in range(2)},
        }


def search(client: TestClient, **champs: str) -> str:
    """Who or what the search leads to: the address of a case, else the words of the page."""
    reponse = donnees.post(client, "/ma-liste/recherche", "/ma-liste", **champs)
    assert reponse.status_code in (200, 303), reponse.text
    if reponse.status_code == 303 and reponse.headers["location"] != "/ma-liste":
        return reponse.headers["location"]
    return (reponse if reponse.status_code == 200 else client.get("/ma-liste")).text.replace("&#39;", "'")


PERSONNE, COLLEGUE, TROP = "ne suit personne qui réponde exactement", "par <strong>Camille", "Trop de personnes répondent"


@pytest.mark.parametrize(
    ("champs", "attendu"),
    [
        ({"nom": "le goff emeric", "naissance": NEE}, "mienne"),
        ({"nom": "LE GOFF-ÉMÉRIC", "naissance": NEE}, "mienne"),
        ({"nom": "Le Goff", "naissance": NEE}, PERSONNE),
        ({"nom": "Le Goff-Éméric", "naissance": "1980-05-02"}, PERSONNE),
        ({"nom": "%", "naissance": NEE}, PERSONNE),
        ({"nom": "LA", "naissance": NEE}, "mienne"),
        ({"nom": "l. a.", "naissance": NEE}, "mienne"),
        ({"nom": "AL", "naissance": NEE}, PERSONNE),
        ({"nom": "LA", "naissance": "1980-05-02"}, PERSONNE),
        ({"nom": "Ly", "naissance": NEE}, "courte"),
        ({"nom": "lb", "naissance": NEE}, "courte"),
        ({"nom": "FD", "naissance": NEE}, TROP),
        ({"nom": "collegue", "naissance": NEE}, COLLEGUE),
        ({"nom": "CZ", "naissance": NEE}, COLLEGUE),
        ({"nom": "Ailleurs", "naissance": NEE}, PERSONNE),
        ({"telephone": "06 39 98 00 01"}, "mienne"),
        ({"telephone": "+33 6.39.98.00.01"}, "mienne"),
        ({"telephone": "0033 (0)6-39-98-00-01"}, "mienne"),
        ({"telephone": "06 92 00 00 01"}, "outre_mer"),
        ({"telephone": "+262 692 00 00 01"}, "outre_mer"),
        ({"telephone": "06 39 98 00 05"}, PERSONNE),
        ({"telephone": "06 39 98 00 03"}, COLLEGUE),
        ({"telephone": "06 39 98 00 04"}, PERSONNE),
        ({"telephone": "06 39 98 00 09"}, TROP),
        ({"telephone": "06 39 98 00 08"}, "2 personnes répondent"),
    ],
)
def test_one_person_or_nobody(personnes: dict[str, UUID], connecter: Connecter, champs: dict[str, str], attendu: str) -> None:
    trouve = search(connecter("csam"), **champs)
    if attendu in personnes:
        assert trouve == f"/parcours/{personnes[attendu]}"
    else:
        assert attendu in trouve


@pytest.mark.parametrize("champs", [{"nom": "collegue", "naissance": NEE}, {"telephone": "0639980003"}])
def test_nothing_is_told_of_somebody_else_s_person_but_who_follows_her(
    personnes: dict[str, UUID], connecter: Connecter, champs: dict[str, str]
) -> None:
    page = search(connecter("csam"), **champs)
    assert "Passez-lui l'appel" in page
    assert all(mot not in page for mot in ("Collegue", "Zoé", "39 98 00 03", str(personnes["collegue"])))


def test_the_number_that_the_person_gave_finds_her(
    personnes: dict[str, UUID], lieu: donnees.Lieu, connecter: Connecter, admin: Admin
) -> None:
    with fabrique.lot() as conn:
        conn.execute(
            text(
                "INSERT INTO identite.coordonnee_dite (plateforme_id, assure_id, genre, valeur, etat, cle_saisie, dit_at, saisi_par)"
                " SELECT plateforme_id, assure_id, 'telephone', '+33639980077', 'dite', gen_random_uuid(), :m, csam_id"
                " FROM pdp.parcours WHERE id = :p"
            ),
            {"m": fabrique.MAINTENANT, "p": personnes["mienne"]},
        )
    assert search(connecter("csam"), telephone="06 39 98 00 77") == f"/parcours/{personnes['mienne']}"
    assert search(connecter("csam"), telephone="06 39 98 00 01") == f"/parcours/{personnes['mienne']}", (
        "the number of the caisse still does"
    )


@pytest.mark.parametrize(
    "champs",
    [
        {},
        {"nom": "Payet"},
        {"naissance": NEE},
        {"nom": " ", "naissance": NEE},
        {"nom": "a", "naissance": "x"},
        {"telephone": "06 39"},
        {"telephone": "0600000000"},
        {"telephone": "*"},
    ],
)
def test_too_little_is_refused_and_not_counted(
    personnes: dict[str, UUID], connecter: Connecter, admin: Admin, champs: dict[str, str]
) -> None:
    assert donnees.post(connecter("csam"), "/ma-liste/recherche", "/ma-liste", **champs).status_code == 422
    assert admin.execute("SELECT count(*) FROM pdp.recherche_personne").fetchone() == (0,)


def test_each_search_is_journalled_without_what_was_typed(
    personnes: dict[str, UUID], lieu: donnees.Lieu, connecter: Connecter, admin: Admin
) -> None:
    client = connecter("csam")
    search(client, nom="Le Goff-Éméric", naissance=NEE)
    search(client, telephone="06 39 98 00 05")
    search(client, nom="CZ", naissance=NEE)
    lignes = admin.execute(
        "SELECT auteur_id, plateforme_id, assure_id, parcours_id, donnees FROM journal.evenement"
        " WHERE evenement = 'recherche_faite' ORDER BY id"
    ).fetchall()
    qui = (str(lieu.comptes["csam"]), donnees.ICI, None, None)
    assert lignes == [
        (*qui, {"mode": "nom", "resultats": 1}),
        (*qui, {"mode": "telephone", "resultats": 0}),
        (*qui, {"mode": "initiales", "resultats": 1}),
    ]


def test_too_many_searches_in_an_hour_wait(
    personnes: dict[str, UUID], lieu: donnees.Lieu, connecter: Connecter, horloge: Horloge, admin: Admin
) -> None:
    maximum = referentiel().entier(MAX_PAR_HEURE, fabrique.MAINTENANT.date(), donnees.ICI)
    client = connecter("csam")
    with db.begin_as(fabrique.auteur_agent(lieu.comptes["csam"])) as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.recherche_personne (plateforme_id, agent_id, mode, resultats, faite_at)"
                " SELECT :p, :a, 'nom', 0, :m FROM generate_series(1, :n)"
            ),
            {"p": donnees.ICI, "a": lieu.comptes["csam"], "m": horloge.instant, "n": maximum - 1},
        )
    assert search(client, telephone="06 39 98 00 01").startswith("/parcours/"), "the last one allowed"
    for _ in range(2):
        assert "Rien n'a été cherché" in search(client, telephone="06 39 98 00 01")
    assert search(connecter("csam2"), telephone="06 39 98 00 01") != "/ma-liste", "another account has its own count"
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'recherche_refusee'").fetchone() == (2,)
    horloge.instant += timedelta(hours=1)
    assert search(connecter("csam"), telephone="06 39 98 00 01").startswith("/parcours/"), "refused searches do not lengthen the wait"
