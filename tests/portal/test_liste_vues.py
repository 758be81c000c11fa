"""Filters and views of the list belong to the account: they survive signing out, nobody else sees them, a deletion is taken back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import fabrique
from pdp.services import vues_liste
from pdp.services.filtres_liste import Filtres, read_etat, save_filtres
from pdp.storage import db
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, TestClient

Admin = psycopg.Connection[Any]
M = fabrique.MAINTENANT
LISTE, VUES = "/ma-liste", "/ma-liste/vues"


@pytest.fixture
def liste(lieu: donnees.Lieu, horloge: Horloge) -> donnees.Lieu:
    """Three people: late, tomorrow, and with an answer to read."""
    with fabrique.lot() as conn:
        for nom, motif, jours in (("Retard", "premier_appel", -2), ("Demain", "nouvel_appel", 1), ("Reponse", "lire_reponse", 3)):
            dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], assure_id=fabrique.assure(conn, nom=nom))
            donnees.add_tache(conn, dossier.parcours, motif, M + timedelta(days=jours))
    return lieu


def list_noms(client: TestClient) -> list[str]:
    return re.findall(r'<th scope="row"[^>]*><a [^>]*>([A-Za-z]+) ', client.get(LISTE).text)


def read_page(client: TestClient, adresse: str = LISTE) -> str:
    return client.get(adresse).text.replace("&#39;", "'")


def send(client: TestClient, adresse: str, depuis: str = LISTE, **champs: object) -> int:
    return donnees.post(client, adresse, depuis, **champs).status_code


def find_vue(admin: Admin, nom: str) -> UUID:
    ligne = admin.execute("SELECT id FROM pdp.vue_liste WHERE nom = %s", (nom,)).fetchone()
    assert ligne is not None
    return ligne[0]


def test_filters_survive_signing_out_other_tabs_and_the_night(liste: donnees.Lieu, connecter: Connecter, horloge: Horloge) -> None:
    client, onglet = connecter("csam"), connecter("csam")
    send(client, "/ma-liste/filtres", geste="vue", vue="retard")
    assert list_noms(onglet) == ["Retard"], "another tab"
    donnees.post(client, "/deconnexion", LISTE)
    horloge.advance(days=1)
    assert 'value="retard" aria-pressed="true"' in read_page(connecter("csam")), "the next day"
    assert 'value="tous" aria-pressed="true"' in read_page(connecter("csam2")), "a colleague has her own"


@pytest.mark.parametrize(
    ("champs", "noms"),
    [
        ({"echeances": ["passee"]}, ["Retard"]),
        ({"echeances": ["passee", "semaine"]}, ["Retard", "Demain", "Reponse"]),
        ({"motifs": ["lire_reponse"], "echeances": ["passee"]}, []),
        ({"du": "2026-11-19", "au": "2026-11-21"}, ["Demain", "Reponse"]),
        ({"du": "2026-11-20"}, ["Reponse"]),
        ({"balles": ["partenaire"]}, []),
        ({"partenaires": ["aucun"]}, ["Retard", "Demain", "Reponse"]),
        ({"attentes": ["en_attente"]}, []),
        ({}, ["Retard", "Demain", "Reponse"]),
    ],
)
def test_the_filter_column_sends_what_it_shows(liste: donnees.Lieu, connecter: Connecter, champs: dict[str, Any], noms: list[str]) -> None:
    client = connecter("csam")
    assert send(client, "/ma-liste/filtres", geste="criteres", **champs) == 303
    assert list_noms(client) == noms
    page = read_page(client)
    for famille, valeurs in champs.items():
        for valeur in [valeurs] if isinstance(valeurs, str) else valeurs:
            assert re.search(rf'name="{famille}" value="{valeur}"( checked)?', page), "the choice is shown again"
    assert page.count(" checked") == sum(len(v) for v in champs.values() if isinstance(v, list))


@pytest.mark.parametrize(
    "champs",
    [
        {"geste": "criteres", "echeances": ["x"]},
        {"geste": "criteres", "balles": ["x"]},
        {"geste": "criteres", "du": "demain"},
        {"geste": "criteres", "du": "2026-11-20", "au": "2026-11-19"},
        {"geste": "tri", "tri": "nom"},
        {"geste": "tri", "tri": "echeance", "sens": "x"},
    ],
)
def test_what_is_not_a_filter_is_refused(liste: donnees.Lieu, connecter: Connecter, champs: dict[str, Any]) -> None:
    client = connecter("csam")
    assert send(client, "/ma-liste/filtres", **champs) == 422
    assert len(list_noms(client)) == 3


def test_columns_sort_by_buttons_that_say_so(liste: donnees.Lieu, connecter: Connecter) -> None:
    client = connecter("csam")

    def sorts() -> list[tuple[str, str | None]]:
        tetes = re.findall(r'<th scope="col"([^>]*)><button[^>]*name="tri" value="(\w+)"', read_page(client))
        return [(tri, (re.search(r'aria-sort="(\w+)"', attributs) or [None, None])[1]) for attributs, tri in tetes]

    assert sorts() == [("semaines", None), ("echeance", "ascending"), ("contact", None), ("priorite", None)]
    send(client, "/ma-liste/filtres", geste="tri", tri="echeance")
    assert dict(sorts())["echeance"] == "descending"
    assert list_noms(client) == ["Reponse", "Demain", "Retard"]
    send(client, "/ma-liste/filtres", geste="tri", tri="priorite")
    assert dict(sorts()) == {"semaines": None, "echeance": None, "contact": None, "priorite": "descending"}
    send(client, "/ma-liste/filtres", geste="tri", tri="priorite", sens="asc")
    assert dict(sorts())["priorite"] == "ascending"


def test_a_view_is_created_modified_kept_renamed_chosen_deleted_and_put_back(
    liste: donnees.Lieu, connecter: Connecter, admin: Admin
) -> None:
    client = connecter("csam")
    send(client, "/ma-liste/filtres", geste="vue", vue="retard")
    assert send(client, VUES, nom="  Mon   lundi ") == 303
    vue = find_vue(admin, "Mon lundi")
    assert "Mon lundi</span></h1>" in read_page(client)
    send(client, "/ma-liste/filtres", geste="vue", vue="tous")
    assert 'Mon lundi<span aria-hidden="true">*</span><span class="cache-visuel"> (modifiée)</span></span></h1>' in read_page(client)
    send(client, f"{VUES}/{vue}/ouvrir")
    assert list_noms(client) == ["Retard"]
    send(client, "/ma-liste/filtres", geste="vue", vue="reponse_a_lire")
    send(client, f"{VUES}/{vue}/enregistrer")
    assert "(modifiée)" not in read_page(client)
    send(client, "/ma-liste/filtres", geste="effacer")
    assert "Mon lundi</span></h1>" not in read_page(client)
    assert len(list_noms(client)) == 3
    send(client, f"{VUES}/{vue}/defaut", VUES, defaut="oui")
    send(client, "/ma-liste/filtres", geste="reinitialiser")
    assert list_noms(client) == ["Reponse"]
    send(client, f"{VUES}/{vue}/renommer", VUES, nom="Réponses")
    assert "Réponses</span></h1>" in read_page(client)
    send(client, f"{VUES}/{vue}/supprimer", VUES)
    assert "Rétablir cette vue" in read_page(client, VUES)
    send(client, "/ma-liste/filtres", geste="reinitialiser")
    assert len(list_noms(client)) == 3, "a deleted view is no longer the default"
    send(client, f"{VUES}/{vue}/retablir", VUES)
    assert "Réponses" in read_page(client, VUES)
    send(client, f"{VUES}/{vue}/ouvrir")
    assert list_noms(client) == ["Reponse"]


def test_the_default_view_opens_a_list_never_filtered(liste: donnees.Lieu, connecter: Connecter, admin: Admin) -> None:
    with db.begin_as(fabrique.auteur_agent(liste.comptes["csam"])) as conn:
        auteur = fabrique.auteur_agent(liste.comptes["csam"])
        save_filtres(conn, auteur, Filtres().choose_vue("retard"), None, M)
        vues_liste.set_defaut(conn, auteur, vues_liste.create_vue(conn, auteur, "Retards", M).id, M)
    admin.execute("SET session_replication_role = replica; DELETE FROM pdp.filtre_liste")
    assert list_noms(connecter("csam")) == ["Retard"]


@pytest.mark.parametrize("nom", ["", "   ", "x" * 41])
def test_a_view_needs_a_short_name(liste: donnees.Lieu, connecter: Connecter, nom: str) -> None:
    assert send(connecter("csam"), VUES, nom=nom) == 422


def test_a_name_is_given_once_whatever_its_case(liste: donnees.Lieu, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam")
    assert [send(client, VUES, nom=nom) for nom in ("Lundi", "LUNDI")] == [303, 422]
    assert send(connecter("csam2"), VUES, nom="Lundi") == 303, "a colleague may use it"
    autre = str(uuid4())
    assert [send(client, VUES, nom="Mardi", cle_saisie=autre) for _ in range(2)] == [303, 303], "a double click makes one"
    assert admin.execute("SELECT count(*) FROM pdp.vue_liste WHERE nom = 'Mardi'").fetchone() == (1,)


def test_twenty_views_at_most(liste: donnees.Lieu, connecter: Connecter, admin: Admin) -> None:
    auteur = fabrique.auteur_agent(liste.comptes["csam"])
    with db.begin_as(auteur) as conn:
        for rang in range(vues_liste.VUES_MAX):
            vues_liste.create_vue(conn, auteur, f"Vue {rang}", M)
    assert send(connecter("csam"), VUES, nom="De trop") == 422


@pytest.mark.parametrize("geste", ["ouvrir", "enregistrer", "renommer", "defaut", "supprimer", "retablir"])
def test_a_view_of_a_colleague_does_not_exist(liste: donnees.Lieu, connecter: Connecter, admin: Admin, geste: str) -> None:
    send(connecter("csam2"), VUES, nom="Sienne")
    vue = find_vue(admin, "Sienne")
    avant = admin.execute("SELECT * FROM pdp.vue_liste").fetchall()
    assert send(connecter("csam"), f"{VUES}/{vue}/{geste}", nom="Mienne", defaut="oui") == 404
    assert admin.execute("SELECT * FROM pdp.vue_liste").fetchall() == avant


@pytest.mark.parametrize("table", ["vue_liste", "filtre_liste", "recherche_personne"])
def test_the_database_shows_and_takes_one_s_own_rows_only(liste: donnees.Lieu, table: str) -> None:
    moi, autre = (fabrique.auteur_agent(liste.comptes[c]) for c in ("csam", "csam2"))
    with db.begin_as(autre) as conn:
        save_filtres(conn, autre, Filtres(), vues_liste.create_vue(conn, autre, "Sienne", M).id, M)
        conn.execute(
            text("INSERT INTO pdp.recherche_personne (plateforme_id, agent_id, mode, faite_at) VALUES ('PF35', :a, 'nom', :m)"),
            {"a": liste.comptes["csam2"], "m": M},
        )
    with db.begin_as(moi) as conn:
        assert conn.execute(text(f"SELECT count(*) FROM pdp.{table}")).scalar() == 0
        assert read_etat(conn, liste.comptes["csam2"]).vues == []
    with pytest.raises(DBAPIError, match="row-level security"), db.begin_as(moi) as conn:
        save_filtres(conn, autre, Filtres(), None, M)
    for role in ("medecin_conseil", "responsable"):
        with pytest.raises(DBAPIError, match="permission denied"), db.begin_as(fabrique.auteur_agent(liste.comptes[role], role)) as conn:
            conn.execute(text(f"SELECT 1 FROM pdp.{table}"))
