"""Everything a partner may say of a request: what is possible when, told once, seen on its screens, applied on the other side."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import TEST, lot
from pdp.domain.gestes_partenaire import GESTES, list_gestes, list_premiers
from pdp.domain.orientation import PAR_PARTENAIRE, Statut
from pdp.services.answer_question import answer_question
from pdp.services.apply_reponses import apply_reponses
from pdp.storage import db
from portal.donnees import Lieu, TestClient, post
from portal.jeu import Jeu
from portal.jeu_ecrans import build_jeu

Connecter = Callable[[str], TestClient]
Admin = psycopg.Connection[Any]


@pytest.fixture
def jeu(lieu: Lieu) -> Jeu:
    return build_jeu(lieu)


@pytest.mark.parametrize(
    ("statut", "gestes", "premiers"),
    [
        ("envoyee", "accepter refuser question", "accepter refuser question"),
        ("recue", "accepter refuser question", "accepter refuser question"),
        ("acceptee", "rendez_vous rencontre manque nouvelles terminer question", "rendez_vous rencontre"),
        ("en_cours", "rendez_vous manque nouvelles terminer question", "nouvelles terminer"),
        *((fini, "", "") for fini in ("refusee", "realisee", "sans_suite", "annulee", "expiree")),
    ],
)
def test_what_may_be_said_now(statut: str, gestes: str, premiers: str) -> None:
    assert [g.cle for g in list_gestes(statut)] == gestes.split()
    assert [g.cle for g in list_premiers(statut)] == premiers.split()


def test_every_step_of_the_life_cycle_has_a_gesture() -> None:
    """Reading is not an act of a person: it is the only step without one."""
    dits = {statut for geste in GESTES for statut in geste.statuts}
    assert dits == {apres for suivants in PAR_PARTENAIRE.values() for apres in suivants} - {Statut.RECUE}


def _adresse(jeu: Jeu, fin: str = "") -> str:
    return f"/partenaire/demandes/{jeu.orientations['mienne']}{fin}"


def _say(client: TestClient, jeu: Jeu, **champs: str) -> int:
    fin = "/evenement" if "nature" in champs else "/reponse"
    return post(client, _adresse(jeu, fin), "/partenaire", **champs).status_code


def _apply(maintenant: datetime) -> None:
    with lot() as conn:
        apply_reponses(conn, "PF35", TEST, maintenant)


def _demain(jeu: Jeu) -> str:
    return (jeu.jour + timedelta(days=1)).isoformat()


def test_the_whole_story_from_both_sides(jeu: Jeu, connecter: Connecter, admin: Admin) -> None:
    client = connecter("partenaire")
    assert "À vous de jouer" in client.get(_adresse(jeu)).text
    assert _say(client, jeu, nature="question", texte="A-t-elle un véhicule ?") == 303
    page = client.get(_adresse(jeu)).text
    assert "Réponse enregistrée, transmise à la plateforme : question à la plateforme" in page
    assert "À la plateforme de jouer" in page
    _apply(jeu.maintenant)
    page = client.get(_adresse(jeu)).text
    assert ("Réponse de la plateforme à votre question" in page, "votre délai est arrêté" in page) == (True, True)
    auteur = jeu.auteur("csam")
    with db.begin_as(auteur) as conn:
        answer_question(conn, auteur, jeu.orientations["mienne"], "Oui, elle conduit.", uuid4(), jeu.maintenant)
    page = client.get(_adresse(jeu)).text
    assert ("Oui, elle conduit." in page, "À vous de jouer" in page) == (True, True)
    assert _say(client, jeu, statut="acceptee") == 303
    assert _say(client, jeu, nature="rendez_vous", rendez_vous=_demain(jeu), rendez_vous_heure="14:30") == 303
    _apply(jeu.maintenant)
    page = client.get(_adresse(jeu)).text
    assert ("En attente de la personne" in page, "à 14 h 30" in page) == (True, True)
    assert _say(client, jeu, nature="rendez_vous_manque", texte="") == 303
    _apply(jeu.maintenant)
    page = client.get(_adresse(jeu)).text
    assert ("Premier rendez-vous avec la personne" in page, "À vous de jouer" in page) == (True, True)
    assert _say(client, jeu, statut="en_cours") == 303
    assert _say(client, jeu, nature="nouvelles", texte="Dossier déposé.") == 303
    assert _say(client, jeu, statut="realisee", compte_rendu="Poste aménagé, suivi terminé.") == 303
    _apply(jeu.maintenant)
    page = client.get(_adresse(jeu)).text
    assert "Que voulez-vous dire" not in page
    assert admin.execute("SELECT statut, compte_rendu FROM pdp.orientation WHERE id = %s", (jeu.orientations["mienne"],)).fetchone() == (
        "realisee",
        "Poste aménagé, suivi terminé.",
    )
    dits = admin.execute("SELECT nature, coalesce(statut, '') FROM pdp.inbox ORDER BY version").fetchall()
    assert [n if n != "statut" else s for n, s in dits] == [
        "question", "acceptee", "rendez_vous", "rendez_vous_manque", "en_cours", "nouvelles", "realisee",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("champs", "code"),
    [
        ({"nature": "rendez_vous", "rendez_vous": "2026-11-30", "rendez_vous_heure": "10:00"}, 409),  # not accepted yet
        ({"nature": "nouvelles", "texte": "Ça va."}, 409),
        ({"nature": "rendez_vous_manque"}, 409),
        ({"nature": "rendez_vous", "rendez_vous": "2026-11-30"}, 422),
        ({"nature": "rendez_vous"}, 422),
        ({"nature": "rendez_vous", "rendez_vous": "2062-11-30", "rendez_vous_heure": "10:00"}, 422),
        ({"nature": "question", "texte": "  "}, 422),
        ({"nature": "question", "texte": "x" * 1001}, 422),
        ({"nature": "statut", "texte": "x"}, 422),
        ({"nature": "inventee"}, 422),
        ({"statut": "en_cours"}, 409),
        ({"statut": "realisee", "compte_rendu": "Fini."}, 409),
    ],
)
def test_what_cannot_be_said_keeps_nothing(jeu: Jeu, connecter: Connecter, admin: Admin, champs: dict[str, str], code: int) -> None:
    assert _say(connecter("partenaire"), jeu, **champs) == code
    assert admin.execute("SELECT count(*) FROM pdp.inbox").fetchone() == (0,)


@pytest.mark.parametrize("cle", ["autre", "retiree", "pas_envoyee"])
def test_nothing_may_be_said_of_what_is_not_ours(jeu: Jeu, connecter: Connecter, admin: Admin, cle: str) -> None:
    adresse = f"/partenaire/demandes/{jeu.orientations[cle]}/evenement"
    assert post(connecter("partenaire"), adresse, "/partenaire", nature="question", texte="Bonjour ?").status_code == 404
    assert admin.execute("SELECT count(*) FROM pdp.inbox").fetchone() == (0,)


def test_piles_and_filters(jeu: Jeu, connecter: Connecter) -> None:
    client = connecter("partenaire")
    mienne, terminee = str(jeu.orientations["mienne"]), str(jeu.orientations["terminee"])
    for quoi, vues in (
        ("", {mienne, terminee}),
        ("a_repondre", {mienne}),
        ("en_retard", {mienne}),
        ("en_cours", set()),
        ("terminees", {terminee}),
        ("inventee", {mienne, terminee}),
    ):
        page = client.get(f"/partenaire?quoi={quoi}").text
        assert {i for i in (mienne, terminee) if f'id="demande-{i}"' in page} == vues, quoi
    _say(client, jeu, statut="acceptee")
    page = client.get("/partenaire?quoi=en_retard").text
    assert "Rien n'est en retard." in page.replace("&#39;", "'"), "the platform has the ball"


def test_late_is_the_deadline_of_the_partner_only(jeu: Jeu, connecter: Connecter, admin: Admin) -> None:
    """The clock of the hand-over says it: the cached step wins over the first date."""
    client = connecter("partenaire")
    for balle, jours, tard in (("partenaire", -1, True), ("partenaire", 1, False), ("csam", -1, False), ("assure", -1, False)):
        admin.execute("ALTER TABLE pdp.orientation DISABLE TRIGGER USER")
        admin.execute(
            "UPDATE pdp.orientation SET etape = 'acceptation', balle = %s, echeance_at = %s WHERE id = %s",
            (balle, jeu.maintenant + timedelta(days=jours), jeu.orientations["mienne"]),
        )
        admin.execute("ALTER TABLE pdp.orientation ENABLE TRIGGER USER")
        assert ("demande-" in client.get("/partenaire?quoi=en_retard").text) is tard, (balle, jours)


def test_a_long_pile_shows_fifty_then_all(jeu: Jeu, connecter: Connecter) -> None:
    with lot() as conn:
        for _ in range(52):
            dossier = fabrique.parcours(conn, csam=jeu.lieu.comptes["csam"], statut="oriente")
            conn.execute(
                text(
                    "WITH a AS (INSERT INTO pdp.accord (plateforme_id, parcours_id, destinataire, decision, finalite, classes, modalite,"
                    " texte_version, recueilli_par, recueilli_at) VALUES ('PF35', :p, 'cap_emploi', 'accorde', 'essai', '{identite}',"
                    " 'oral', 'essai', :c, :m) RETURNING id)"
                    " INSERT INTO pdp.orientation (plateforme_id, parcours_id, partenaire_id, dispositif, accord_id, statut, motif,"
                    " contenu, propose_par, proposee_at, envoyee_at, reponse_attendue_le)"
                    " SELECT 'PF35', :p, :n, 'cap_emploi', a.id, 'envoyee', 'm', '{}', :c, :m, :m, :j FROM a"
                ),
                {
                    "p": dossier.parcours,
                    "c": jeu.lieu.comptes["csam"],
                    "n": jeu.lieu.comptes["partenaire"],
                    "m": jeu.maintenant,
                    "j": jeu.jour + timedelta(days=9),
                },
            )
    client = connecter("partenaire")
    page = client.get("/partenaire").text
    assert (page.count('<article class="carte forte"'), "Tout afficher (53)" in page) == (50, True)
    page = client.get("/partenaire?quoi=a_repondre&tout=1").text
    assert (page.count('<article class="carte forte"'), "Tout afficher" in page) == (53, False)
