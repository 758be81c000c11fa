"""A hand-over on the case page: whose turn, the question answered, the partner reminded by hand, each taken back in time."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, lot
from pdp.domain.auteur import systeme
from pdp.domain.routage import AUCUN_MEDECIN, QUESTION_MEDECIN, QUESTION_MEDECIN_INCONNU
from pdp.services.apply_reponses import apply_reponses
from pdp.services.sweep_orientations import sweep_orientations
from pdp.storage import inbox
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, TestClient
from relais import Relais, consent, orient

Admin = psycopg.Connection[Any]
COLLECTE = systeme("collect_reponses")


@pytest.fixture
def cas(lieu: donnees.Lieu, horloge: Horloge) -> Relais:
    with lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut="accord_demande")
        partenaire = fabrique.partenaire(conn)
        consent(conn, dossier)
    relais = Relais(dossier, partenaire, orient(dossier, partenaire))
    with lot() as conn:
        conn.execute(fabrique.text("UPDATE pdp.orientation SET envoyee_at = :m WHERE id = :o"), {"m": MAINTENANT, "o": relais.orientation})
        conn.execute(fabrique.text("UPDATE pdp.outbox SET etat = 'livre' WHERE type = 'orientation'"))
        sweep_orientations(conn, "PF35", fabrique.TEST, MAINTENANT)
    return relais


@pytest.fixture
def client(cas: Relais, connecter: Connecter) -> TestClient:
    return connecter("csam")


def say(cas: Relais, nature: str, version: int, **champs: Any) -> None:
    with lot(COLLECTE) as conn:
        inbox.deposit(
            conn,
            plateforme_id="PF35",
            partenaire_id=cas.partenaire,
            evenement_id=str(uuid4()),
            orientation_id=cas.orientation,
            version=version,
            statut=champs.get("statut"),
            motif=champs.get("motif"),
            compte_rendu=champs.get("texte"),
            survenu_at=MAINTENANT,
            empreinte=uuid4().bytes,
            maintenant=MAINTENANT,
            transport="portail",
            nature=nature,
            rendez_vous_at=champs.get("rendez_vous_at"),
        )
        apply_reponses(conn, "PF35", COLLECTE, MAINTENANT)


def bloc(client: TestClient, cas: Relais) -> str:
    """Words of the block of the hand-over."""
    page = client.get(f"/parcours/{cas.dossier.parcours}")
    assert page.status_code == 200, page.text[:500]
    html = re.search(rf'id="relais-{cas.orientation}".*?(?=<div class="tache relais"|</section>)', page.text, re.S)
    assert html is not None
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html[0])).replace("&#39;", "'")


def act(client: TestClient, cas: Relais, geste: str, **champs: str) -> Any:
    fiche = f"/parcours/{cas.dossier.parcours}"
    return donnees.post(client, f"{fiche}/orientations/{cas.orientation}/{geste}", fiche, **({"cle_saisie": str(uuid4())} | champs))


def annuler(client: TestClient, cas: Relais) -> Any:
    fiche = f"/parcours/{cas.dossier.parcours}"
    page = client.get(fiche)
    adresse = re.search(r'action="(/annulations/[0-9a-f-]+)"', page.text)
    assert adresse is not None
    return donnees.post(client, adresse[1], fiche)


def state(admin: Admin, cas: Relais) -> tuple[Any, ...]:
    taches = admin.execute(
        "SELECT motif FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL ORDER BY motif", (cas.dossier.parcours,)
    )
    horloge = admin.execute("SELECT balle, arretee, relances FROM pdp.orientation WHERE id = %s", (cas.orientation,)).fetchone()
    return (*(horloge or ()), [m for (m,) in taches])


def test_whose_turn_until_when_and_what_comes_next(client: TestClient, cas: Relais) -> None:
    mots = bloc(client, cas)
    for attendu in (
        "La balle est chez le partenaire depuis le 18/11/2026.",
        "Il doit ouvrir la demande et répondre au plus tard le 25/11/2026.",
        "Sans réponse, un rappel lui est envoyé le 25/11/2026.",
        "✓ Envoyée 18/11/2026",
        "○ Acceptée pas encore",
    ):
        assert attendu in mots, (attendu, mots)


def test_a_question_is_answered_taken_back_and_answered_again(client: TestClient, cas: Relais, admin: Admin) -> None:
    say(cas, "question", 1, texte="Quel est son numéro de poste ?")
    mots = bloc(client, cas)
    assert "La balle est chez vous depuis le 18/11/2026. Il vous a posé une question : son délai est arrêté" in mots
    assert "Quel est son numéro de poste ?" in mots
    assert "Répondre à la question du partenaire" in client.get("/ma-liste").text
    assert state(admin, cas) == ("csam", True, 0, ["repondre_question"])
    (question,) = admin.execute("SELECT id FROM pdp.echange_question").fetchone() or ()
    champs = {"reponse": "Le 4512, le matin.", "question_id": str(question), "cle_saisie": str(uuid4())}
    for _ in range(2):  # a double click
        assert act(client, cas, "reponse", **champs).status_code == 303
    assert state(admin, cas) == ("partenaire", False, 0, ["attendre_partenaire"])
    assert admin.execute("SELECT type, canal, etat, charge ? 'texte' FROM pdp.outbox WHERE type <> 'orientation'").fetchall() == [
        ("reponse_question", "courriel", "a_envoyer", False)
    ]
    assert "Le 4512, le matin." in bloc(client, cas)
    assert annuler(client, cas).status_code == 303
    assert state(admin, cas) == ("csam", True, 0, ["repondre_question"])
    assert admin.execute("SELECT reponse FROM pdp.echange_question").fetchone() == (None,)
    assert admin.execute("SELECT etat FROM pdp.outbox WHERE type = 'reponse_question'").fetchone() == ("rappele",)
    assert act(client, cas, "reponse", reponse="Le 4513.", question_id=str(question)).status_code == 303
    assert state(admin, cas)[0] == "partenaire"


def test_an_empty_answer_changes_nothing(client: TestClient, cas: Relais, admin: Admin) -> None:
    say(cas, "question", 1, texte="Joignable quand ?")
    (question,) = admin.execute("SELECT id FROM pdp.echange_question").fetchone() or ()
    assert act(client, cas, "reponse", reponse="  ", question_id=str(question)).status_code == 422
    assert state(admin, cas) == ("csam", True, 0, ["repondre_question"])


def test_the_coordinator_asks_the_partner_answers_with_news(client: TestClient, cas: Relais, admin: Admin) -> None:
    assert act(client, cas, "question", question="Avez-vous pu la joindre ?").status_code == 303
    assert "Il doit répondre à votre question au plus tard le 25/11/2026." in bloc(client, cas)
    say(cas, "statut", 1, statut="acceptee")
    say(cas, "nouvelles", 2, texte="Oui, ce matin.")
    mots = bloc(client, cas)
    assert "Il doit donner des nouvelles au plus tard le" in mots
    assert "Avez-vous pu la joindre ?" in mots
    assert mots.count("Oui, ce matin.") == 1
    assert admin.execute("SELECT reponse, repondue_par FROM pdp.echange_question").fetchall() == [("Oui, ce matin.", None)]


def test_reminded_by_hand_once_a_day_and_taken_back(client: TestClient, cas: Relais, admin: Admin) -> None:
    for _ in range(2):
        assert act(client, cas, "relance").status_code == 303
    assert admin.execute("SELECT count(*) FROM pdp.outbox WHERE type = 'rappel_partenaire'").fetchone() == (1,)
    assert state(admin, cas) == ("partenaire", False, 1, ["attendre_partenaire"])
    assert "rappel de votre main" in bloc(client, cas)
    assert annuler(client, cas).status_code == 303
    assert state(admin, cas) == ("partenaire", False, 0, ["attendre_partenaire"])
    assert admin.execute("SELECT etat FROM pdp.outbox WHERE type = 'rappel_partenaire'").fetchone() == ("rappele",)
    assert act(client, cas, "relance").status_code == 303
    assert state(admin, cas)[2] == 1


def test_nobody_is_reminded_when_the_ball_is_elsewhere(client: TestClient, cas: Relais, admin: Admin) -> None:
    say(cas, "question", 1, texte="Joignable quand ?")
    assert "Relancer maintenant" not in bloc(client, cas)
    assert act(client, cas, "relance").status_code == 409
    assert admin.execute("SELECT count(*) FROM pdp.outbox WHERE type = 'rappel_partenaire'").fetchone() == (0,)


def test_a_refusal_leads_to_another_partner(client: TestClient, cas: Relais) -> None:
    say(cas, "statut", 1, statut="refusee", motif="capacite")
    mots = bloc(client, cas)
    assert "Motif du refus : Plus de place actuellement" in mots
    assert "Proposer un autre partenaire" in mots
    assert "La balle est chez" not in mots
    adresse = f"/parcours/{cas.dossier.parcours}/orientations?sauf={cas.partenaire}"
    assert adresse in client.get(f"/parcours/{cas.dossier.parcours}").text
    assert client.get(adresse).status_code == 200


def test_the_person_says_who_her_doctor_is(client: TestClient, cas: Relais) -> None:
    adresse = f"/parcours/{cas.dossier.parcours}/orientations"

    def read(page: str) -> str:
        return client.get(page).text.replace("&#39;", "'")

    assert AUCUN_MEDECIN in read(adresse)
    with lot() as conn:
        loin = fabrique.partenaire(conn, "medecin_traitant")
        conn.execute(
            fabrique.text(
                "INSERT INTO pdp.partenaire_desserte (plateforme_id, partenaire_id, genre, code, depuis_at)"
                " VALUES ('PF35', :p, 'zone', '57', :m)"
            ),
            {"p": loin, "m": MAINTENANT},
        )
    assert QUESTION_MEDECIN_INCONNU in read(adresse)
    with lot() as conn:
        proche = fabrique.partenaire(conn, "medecin_traitant")
    page = read(adresse)
    assert QUESTION_MEDECIN in page
    assert AUCUN_MEDECIN not in page
    assert page.index(str(proche)) < page.index(str(loin)), "those around her first"
    medecins = page[page.index('id="h-medecin_traitant"') :]
    assert "Conseillé" not in medecins, "never chosen for her"
    assert "n'en choisit pas" in read("/partenaires?type=medecin_traitant")
    with lot() as conn:
        consent(conn, cas.dossier, "medecin_traitant")
    assert "visite de préreprise" in read(f"{adresse}/{proche}")


def test_what_is_not_his_is_not_found(cas: Relais, connecter: Connecter, admin: Admin) -> None:
    autre = connecter("responsable")
    jeton = {"jeton": "faux", "cle_saisie": str(uuid4()), "question": "Qui ?"}
    reponse = autre.post(f"/parcours/{cas.dossier.parcours}/orientations/{cas.orientation}/question", data=jeton)
    assert reponse.status_code in (403, 404)
    assert admin.execute("SELECT count(*) FROM pdp.echange_question").fetchone() == (0,)


def test_done_by_hand_never_leaves_a_hand_over_to_nobody(client: TestClient, cas: Relais, admin: Admin) -> None:
    """A coordinator who called the partner waits again; a question is closed by its answer only."""

    def finish(motif: str) -> int:
        (tache,) = admin.execute("SELECT id FROM pdp.tache WHERE motif = %s AND fermee_at IS NULL", (motif,)).fetchone() or ()
        fiche = f"/parcours/{cas.dossier.parcours}"
        return int(donnees.post(client, f"{fiche}/taches/{tache}/faite", fiche).status_code)

    with lot() as conn:
        conn.execute(fabrique.text("UPDATE pdp.partenaire SET courriel = NULL WHERE id = :p"), {"p": cas.partenaire})
        sweep_orientations(conn, "PF35", fabrique.TEST, MAINTENANT + timedelta(days=8))
    assert state(admin, cas)[3] == ["relancer_partenaire"]
    assert finish("relancer_partenaire") == 303
    assert state(admin, cas)[3] == ["attendre_partenaire"]
    say(cas, "question", 1, texte="Joignable quand ?")
    assert finish("repondre_question") == 409
    assert state(admin, cas)[3] == ["repondre_question"]
