"""« Ma structure », partners of the manager, directory: each in its place, and nothing of another structure or platform."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

import fabrique
from pdp.domain.auteur import Auteur
from pdp.storage import db
from portal.conftest import Horloge
from portal.donnees import AILLEURS, Lieu, TestClient, post, read_champ
from portal.jeu import Jeu
from portal.jeu_ecrans import build_jeu

Connecter = Callable[[str], TestClient]
Admin = psycopg.Connection[Any]
STRUCTURE = "/partenaire/structure"
PARTENAIRES = "/equipe/partenaires"


@pytest.fixture
def jeu(lieu: Lieu, horloge: Horloge) -> Jeu:
    return build_jeu(lieu)


def _one(admin: Admin, requete: str, *parametres: object) -> Any:
    ligne = admin.execute(requete, parametres).fetchone()
    return ligne and ligne[0]


def _events(admin: Admin, role: str) -> list[str]:
    lignes = admin.execute("SELECT evenement FROM journal.evenement WHERE auteur_role = %s ORDER BY id", (role,))
    return [e for (e,) in lignes if e.startswith("partenaire_")]


def _contact(client: TestClient, nom: str, **champs: str) -> None:
    reponse = post(client, f"{STRUCTURE}/collegue", STRUCTURE, nom=nom, courriel=f"{nom.lower()}@exemple.invalid", **champs)
    assert reponse.status_code == 303, reponse.text


def test_a_partner_says_its_places_and_the_coordinators_see_them(jeu: Jeu, connecter: Connecter, admin: Admin) -> None:
    client = connecter("partenaire")
    assert "Capacité non indiquée" in client.get(STRUCTURE).text
    assert post(client, f"{STRUCTURE}/capacite", STRUCTURE, places="4", periode="mois").status_code == 303
    assert "sur 4 places" in client.get(STRUCTURE).text
    annuaire = connecter("csam").get("/partenaires").text
    assert re.search(r"[1-4] places? libres? ce mois-ci|Complet jusqu'au|Complet jusqu&#39;au", annuaire)
    assert post(client, f"{STRUCTURE}/capacite", STRUCTURE, complet_jusqu_au="2026-12-24").status_code == 303
    assert "Complet jusqu&#39;au 24/12/2026" in connecter("csam").get("/partenaires").text
    assert _one(admin, "SELECT count(*) FROM pdp.partenaire_capacite WHERE remplacee_at IS NULL") == 1
    assert _events(admin, "partenaire") == ["partenaire_capacite"] * 2


@pytest.mark.parametrize(
    "champs",
    [
        {"places": "4"},
        {"places": "4", "periode": "an"},
        {"places": "quatre", "periode": "mois"},
        {"places": "10001", "periode": "mois"},
        {"places": "-1", "periode": "mois"},
        {"complet_jusqu_au": "2026-11-17"},
    ],
)
def test_impossible_places_are_refused_in_french(jeu: Jeu, connecter: Connecter, admin: Admin, champs: dict[str, str]) -> None:
    reponse = post(connecter("partenaire"), f"{STRUCTURE}/capacite", STRUCTURE, **champs)
    assert reponse.status_code == 422
    assert "Rien n'a été enregistré" in reponse.text.replace("&#39;", "'")
    assert _one(admin, "SELECT count(*) FROM pdp.partenaire_capacite") == 0


def test_an_absence_sends_to_a_colleague(jeu: Jeu, connecter: Connecter, admin: Admin, horloge: Horloge) -> None:
    client = connecter("partenaire")
    _contact(client, "Martin", rappels="oui")
    _contact(client, "Durand", rappels="oui")
    ids = dict(admin.execute("SELECT nom, id FROM pdp.partenaire_contact"))
    jours = {"du": "2026-11-16", "au": "2026-11-20"}
    absence = {"contact": str(ids["Martin"]), "relais": str(ids["Durand"]), **jours}
    assert post(client, f"{STRUCTURE}/absence", STRUCTURE, **absence).status_code == 303
    assert post(client, f"{STRUCTURE}/absence", STRUCTURE, **absence).status_code == 303
    assert _one(admin, "SELECT count(*) FROM pdp.partenaire_absence") == 1, "the same again is the same one"
    page = client.get(f"/partenaire/demandes/{jeu.orientations['mienne']}").text
    assert (
        "Martin : absence jusqu&#39;au 20/11/2026, Durand répond" in page or "Martin : absence jusqu'au 20/11/2026, Durand répond" in page
    )
    post(client, f"{STRUCTURE}/absence", STRUCTURE, **jours)
    assert "Absent jusqu&#39;au 20/11/2026" in connecter("csam").get("/partenaires").text
    fermeture = _one(admin, "SELECT id FROM pdp.partenaire_absence WHERE contact_id IS NULL")
    assert post(client, f"{STRUCTURE}/absence-retiree", STRUCTURE, absence=str(fermeture)).status_code == 303
    assert "Absent jusqu" not in connecter("csam").get("/partenaires").text
    assert post(client, f"{STRUCTURE}/collegue-retire", STRUCTURE, contact=str(ids["Durand"])).status_code == 303
    assert post(client, f"{STRUCTURE}/absence", STRUCTURE, **absence | {"du": "2026-12-01", "au": "2026-12-02"}).status_code == 409


@pytest.mark.parametrize(
    ("acte", "champs"),
    [
        ("collegue", {"nom": "", "courriel": "a@exemple.invalid"}),
        ("collegue", {"nom": "Martin", "rappels": "oui"}),
        ("collegue", {"nom": "Martin", "courriel": "martin.exemple.invalid"}),
        ("collegue", {"nom": "Martin", "telephone": "0000000000"}),
        ("absence", {"du": "2026-12-02", "au": "2026-12-01"}),
        ("absence", {"du": "2026-12-02"}),
        ("horaires", {"horaires": "x" * 201}),
        ("adresse", {"champ": "url", "valeur": "a@exemple.invalid"}),
        ("adresse", {"champ": "courriel", "valeur": "pas une adresse"}),
    ],
)
def test_absurd_forms_keep_nothing(jeu: Jeu, connecter: Connecter, admin: Admin, acte: str, champs: dict[str, str]) -> None:
    assert post(connecter("partenaire"), f"{STRUCTURE}/{acte}", STRUCTURE, **champs).status_code == 422
    for table in ("partenaire_contact", "partenaire_absence", "partenaire_adresse"):
        assert _one(admin, f"SELECT count(*) FROM pdp.{table}") == 0


def test_a_new_address_waits_for_the_manager(jeu: Jeu, connecter: Connecter, admin: Admin) -> None:
    client, partenaire = connecter("partenaire"), jeu.lieu.comptes["partenaire"]
    avant = _one(admin, "SELECT courriel FROM pdp.partenaire WHERE id = %s", partenaire)
    post(client, f"{STRUCTURE}/adresse", STRUCTURE, champ="courriel", valeur="erreur@exemple.invalid")
    post(client, f"{STRUCTURE}/adresse", STRUCTURE, champ="courriel", valeur="nouveau@exemple.invalid")
    assert "nouveau@exemple.invalid" in client.get(STRUCTURE).text
    assert "erreur@exemple.invalid" not in client.get(STRUCTURE).text
    assert _one(admin, "SELECT courriel FROM pdp.partenaire WHERE id = %s", partenaire) == avant
    responsable, fiche = connecter("responsable"), f"{PARTENAIRES}/{partenaire}"
    assert "Adresse à vérifier" in responsable.get(PARTENAIRES).text
    demande = read_champ(responsable.get(fiche).text, "demande")
    assert post(responsable, f"{fiche}/adresse", fiche, demande=demande, decision="accepter").status_code == 303
    assert _one(admin, "SELECT courriel FROM pdp.partenaire WHERE id = %s", partenaire) == "nouveau@exemple.invalid"
    assert post(responsable, f"{fiche}/adresse", fiche, demande=demande, decision="refuser").status_code == 409
    assert _events(admin, "partenaire") == ["partenaire_adresse_demandee"] * 2
    assert _events(admin, "responsable") == ["partenaire_adresse_decidee", "partenaire_configure"]


def test_the_manager_changes_a_transport_and_sees_its_history(jeu: Jeu, connecter: Connecter, admin: Admin) -> None:
    responsable, fiche = connecter("responsable"), f"{PARTENAIRES}/{jeu.lieu.comptes['partenaire']}"
    refus = post(responsable, f"{fiche}/configuration", fiche, canal="messagerie")
    assert (refus.status_code, "messagerie sécurisée" in refus.text) == (422, True)
    champs = {"canal": "messagerie", "adresse_securisee": "cap@exemple.mssante.invalid", "delai_reponse_jours": "8"}
    assert post(responsable, f"{fiche}/configuration", fiche, **champs).status_code == 303
    page = responsable.get(fiche).text
    assert "Configuration enregistrée." in page
    histoire = page[page.index('id="transports"') : page.index('id="desserte"')]
    assert histoire.index("Messagerie sécurisée de santé") < histoire.index("Boîte de demandes sur le portail")
    assert _one(admin, "SELECT delai_reponse_jours FROM pdp.partenaire WHERE canal = 'messagerie'") == 8
    post(responsable, f"{fiche}/configuration", fiche, **champs)
    assert "Rien n&#39;a changé." in responsable.get(fiche).text
    assert _events(admin, "responsable") == ["partenaire_configure", "partenaire_transport_change"]


@pytest.mark.parametrize(
    "champs",
    [
        {"canal": "pigeon"},
        {"canal": "api"},
        {"canal": "api", "url": "http://partenaire.exemple.invalid"},
        {"canal": "fhir", "url": "https://moi:secret@exemple.invalid"},
        {"canal": "lien"},
        {"canal": "portail", "delai_reponse_jours": "0"},
        {"canal": "portail", "telephone": "12"},
        {"canal": "portail", "courriel": "a b@exemple.invalid"},
    ],
)
def test_an_impossible_configuration_is_refused(jeu: Jeu, connecter: Connecter, admin: Admin, champs: dict[str, str]) -> None:
    partenaire = jeu.lieu.comptes["partenaire"]
    avant = admin.execute("SELECT * FROM pdp.partenaire WHERE id = %s", (partenaire,)).fetchone()
    fiche = f"{PARTENAIRES}/{partenaire}"
    assert post(connecter("responsable"), f"{fiche}/configuration", fiche, **champs).status_code == 422
    assert admin.execute("SELECT * FROM pdp.partenaire WHERE id = %s", (partenaire,)).fetchone() == avant


def test_the_manager_adds_a_partner_and_says_whom_it_serves(jeu: Jeu, connecter: Connecter, admin: Admin) -> None:
    responsable = connecter("responsable")
    champs = {"type": "spst", "nom": "Santé au travail du Bocage", "canal": "portail", "cle_saisie": str(uuid4())}
    cree = post(responsable, PARTENAIRES, f"{PARTENAIRES}/nouveau", **champs)
    assert cree.status_code == 303
    post(responsable, PARTENAIRES, f"{PARTENAIRES}/nouveau", **champs)
    assert _one(admin, "SELECT count(*) FROM pdp.partenaire WHERE nom LIKE '%%Bocage'") == 1
    fiche = cree.headers["location"]
    assert post(responsable, f"{fiche}/desserte", fiche, genre="zone", codes="35238, 35047\n35").status_code == 303
    assert post(responsable, f"{fiche}/desserte", fiche, genre="spst", codes="spst3500000003").status_code == 303
    assert post(responsable, f"{fiche}/desserte", fiche, genre="employeur", codes="12345678901234 987654321").status_code == 303
    faute = post(responsable, f"{fiche}/desserte", fiche, genre="zone", codes="35238 rennes")
    assert (faute.status_code, "RENNES" in faute.text) == (422, True)
    page = connecter("csam").get("/partenaires?type=spst&recherche=35047").text
    assert "Santé au travail du Bocage" in page
    assert "Département 35 ; 2 communes : 35047, 35238" in page
    assert "Bocage" not in connecter("csam").get("/partenaires?recherche=57463").text
    assert "Bocage" in connecter("csam").get("/partenaires?recherche=987+654+321+00012").text
    assert "Bocage" not in connecter("csam").get("/partenaires?recherche=11111111111111").text
    assert connecter("csam").get("/partenaires?recherche=rennes").status_code == 422
    assert post(responsable, f"{fiche}/nom", fiche, nom="Santé au travail du Coglais", actif_au="2026-11-17").status_code == 422
    assert post(responsable, f"{fiche}/nom", fiche, nom="Santé au travail du Coglais", actif_au="2026-12-31").status_code == 303
    assert "Coglais" in responsable.get(PARTENAIRES).text


def test_a_software_of_the_partner_gets_a_secret_shown_once(jeu: Jeu, connecter: Connecter, admin: Admin) -> None:
    responsable, fiche = connecter("responsable"), f"{PARTENAIRES}/{jeu.lieu.comptes['partenaire']}"
    page = post(responsable, f"{fiche}/acces", fiche)
    assert page.status_code == 200
    client, secret = re.findall(r"<dd><code>([^<]+)</code></dd>", page.text)
    assert page.headers["cache-control"] == "no-store"
    assert client in responsable.get(fiche).text
    assert secret not in responsable.get(fiche).text
    assert post(responsable, f"{fiche}/acces-ferme", fiche, logiciel=client).status_code == 303
    assert "fermé le" in responsable.get(fiche).text
    autre = f"{PARTENAIRES}/{jeu.partenaire_2}"
    assert post(responsable, f"{autre}/acces-ferme", autre, logiciel=client).status_code == 404


def test_another_platform_is_as_if_it_did_not_exist(jeu: Jeu, connecter: Connecter, admin: Admin) -> None:
    with fabrique.lot() as conn:
        ailleurs = fabrique.partenaire(conn, "spst", plateforme=AILLEURS)
    nom = _one(admin, "SELECT nom FROM pdp.partenaire WHERE id = %s", ailleurs)
    responsable, fiche = connecter("responsable"), f"{PARTENAIRES}/{ailleurs}"
    assert responsable.get(fiche).status_code == 404
    assert nom not in responsable.get(PARTENAIRES).text
    assert nom not in connecter("csam").get("/partenaires").text
    for acte in ("configuration", "capacite", "collegue", "absence", "horaires", "desserte", "liste", "nom", "acces"):
        champs = {"canal": "portail", "nom": "x", "du": "2026-12-01", "au": "2026-12-02", "genre": "zone", "codes": "57"}
        assert post(responsable, f"{fiche}/{acte}", PARTENAIRES, **champs).status_code == 404, acte
    assert _one(admin, "SELECT count(*) FROM pdp.partenaire_contact") == 0


def test_another_structure_cannot_be_touched_even_by_the_database(jeu: Jeu, connecter: Connecter, admin: Admin) -> None:
    """The forms of a partner name no structure: only row level security stands between two of them."""
    with fabrique.lot() as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.partenaire_contact (plateforme_id, partenaire_id, nom, rappels, ajoute_at)"
                " VALUES ('PF35', :p, 'Collègue voisine', false, now())"
            ),
            {"p": jeu.partenaire_2},
        )
    voisine = _one(admin, "SELECT id FROM pdp.partenaire_contact")
    client = connecter("partenaire")
    assert "Collègue voisine" not in client.get(STRUCTURE).text
    assert post(client, f"{STRUCTURE}/collegue-retire", STRUCTURE, contact=str(voisine)).status_code == 303
    assert _one(admin, "SELECT retire_at FROM pdp.partenaire_contact") is None
    absence = {"contact": str(voisine), "du": "2026-12-01", "au": "2026-12-02"}
    assert post(client, f"{STRUCTURE}/absence", STRUCTURE, **absence).status_code == 409
    auteur = jeu.auteur("partenaire")
    for requete in (
        "INSERT INTO pdp.partenaire_capacite (plateforme_id, partenaire_id, places, periode, posee_at)"
        " VALUES ('PF35', :p, 1, 'mois', now())",
        "INSERT INTO pdp.partenaire_contact (plateforme_id, partenaire_id, nom, rappels, ajoute_at) VALUES ('PF35', :p, 'x', false, now())",
        "INSERT INTO pdp.partenaire_adresse (plateforme_id, partenaire_id, champ, valeur, demandee_at)"
        " VALUES ('PF35', :p, 'courriel', 'x@exemple.invalid', now())",
        "UPDATE pdp.partenaire SET courriel = 'x@exemple.invalid' WHERE id = :p",
        "UPDATE pdp.partenaire SET canal = 'portail' WHERE id = :moi",
        "UPDATE pdp.partenaire_desserte SET retire_at = now()",
    ):
        _refused(auteur, requete, p=jeu.partenaire_2, moi=jeu.lieu.comptes["partenaire"])


def test_a_partner_cannot_accept_its_own_address(jeu: Jeu, connecter: Connecter) -> None:
    client = connecter("partenaire")
    post(client, f"{STRUCTURE}/adresse", STRUCTURE, champ="courriel", valeur="nouveau@exemple.invalid")
    _refused(jeu.auteur("partenaire"), "UPDATE pdp.partenaire_adresse SET decision = 'acceptee', decidee_at = now()")


def _refused(auteur: Auteur, requete: str, **parametres: UUID) -> None:
    utiles = {cle: valeur for cle, valeur in parametres.items() if f":{cle}" in requete}
    with pytest.raises(ProgrammingError), db.begin_as(auteur) as conn:
        conn.execute(text(requete), utiles)


def test_places_taken_are_those_of_the_period(jeu: Jeu, connecter: Connecter, admin: Admin, horloge: Horloge) -> None:
    """A week counts from Monday; what was refused takes no place."""
    client = connecter("partenaire")
    post(client, f"{STRUCTURE}/capacite", STRUCTURE, places="9", periode="semaine")
    moi = jeu.lieu.comptes["partenaire"]
    admin.execute("SET pdp.instant = ''")
    for proposee, statut, pris in (
        (horloge.instant - timedelta(days=2), "envoyee", 1),  # Monday
        (horloge.instant - timedelta(days=3), "envoyee", 0),  # Sunday
        (horloge.instant, "refusee", 0),
        (horloge.instant, "realisee", 1),
    ):
        admin.execute("ALTER TABLE pdp.orientation DISABLE TRIGGER USER")
        admin.execute("UPDATE pdp.orientation SET proposee_at = %s WHERE partenaire_id = %s", (horloge.instant - timedelta(days=60), moi))
        admin.execute(
            "UPDATE pdp.orientation SET proposee_at = %s, statut = %s WHERE id = %s", (proposee, statut, jeu.orientations["mienne"])
        )
        admin.execute("ALTER TABLE pdp.orientation ENABLE TRIGGER USER")
        assert f"{9 - pris} places libres cette semaine" in client.get(STRUCTURE).text, (proposee, statut)
