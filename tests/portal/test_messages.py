"""Messages on the screens: written after a preview, taken back, repeated by another channel, printed and posted; a GET sends nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

import fabrique
from pdp.domain.message import MODELES
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, TestClient

Admin = psycopg.Connection[Any]
ADRESSE = {"lignes": "Bâtiment B\n12 rue des Lilas", "code_postal": "35000", "ville": "Rennes"}


@pytest.fixture
def dossier(lieu: donnees.Lieu, horloge: Horloge) -> fabrique.Dossier:
    with fabrique.lot() as conn:
        return fabrique.parcours(conn, csam=lieu.comptes["csam"])


@pytest.fixture
def client(dossier: fabrique.Dossier, connecter: Connecter) -> TestClient:
    return connecter("csam")


def texte(reponse: Any) -> str:
    assert reponse.status_code == 200, reponse.text[:500]
    return reponse.text.replace("&#39;", "'")


def ids(admin: Admin) -> list[Any]:
    return [i for (i,) in admin.execute("SELECT id FROM pdp.outbox ORDER BY cree_at, id")]


def etats(admin: Admin) -> list[tuple[str, str]]:
    return admin.execute("SELECT canal, etat FROM pdp.outbox ORDER BY cree_at, id").fetchall()


def ecrire(client: TestClient, dossier: fabrique.Dossier, modele: str = "rappelez_nous", canal: str = "sms", **champs: str) -> Any:
    base = f"/parcours/{dossier.parcours}/messages"
    return donnees.post(client, base, base, modele=modele, canal=canal, **({"cle_saisie": str(uuid4())} | champs))


def test_seen_before_written_then_taken_back_and_written_again(client: TestClient, dossier: fabrique.Dossier, admin: Admin) -> None:
    base = f"/parcours/{dossier.parcours}/messages"
    page = texte(client.get(f"{base}/nouveau?modele=rappelez_nous"))
    assert "merci de nous rappeler quand vous le pouvez" in page
    assert "Ce que la personne recevra : SMS" in page
    assert etats(admin) == [], "looking sends nothing"
    assert ecrire(client, dossier).status_code == 303
    page = texte(client.get(base))
    for attendu in ("SMS prêt : il part le 18/11/2026 à partir de 09:00.", "Reprendre ce message", "À partir", "départ prévu à partir de"):
        assert attendu in page, attendu
    (message,) = ids(admin)
    assert "merci de nous rappeler" in texte(client.get(f"{base}/{message}"))
    assert "Rappelez-nous" in texte(client.get(f"/parcours/{dossier.parcours}"))
    for suite in ("Ce message ne partira pas.", "Rien n'a changé."):
        donnees.post(client, f"{base}/{message}/rappeler", f"{base}/{message}")
        assert suite in texte(client.get(f"{base}/{message}"))
    assert etats(admin) == [("sms", "rappele")]


def test_a_double_click_is_one_message(client: TestClient, dossier: fabrique.Dossier, admin: Admin) -> None:
    for _ in range(2):
        assert ecrire(client, dossier, cle_saisie="11111111-2222-4333-8444-555555555555").status_code == 303
    assert etats(admin) == [("sms", "a_envoyer")]


def test_the_same_words_twice_in_a_day_leave_once(client: TestClient, dossier: fabrique.Dossier, admin: Admin, horloge: Horloge) -> None:
    ecrire(client, dossier)
    horloge.advance(minutes=5)
    ecrire(client, dossier)
    assert "déjà envoyé il y a moins de 24 heures" in texte(client.get(f"/parcours/{dossier.parcours}/messages"))
    assert sorted(etats(admin)) == [("sms", "a_envoyer"), ("sms", "rappele")]


def test_a_channel_that_cannot_be_used_is_refused_with_its_reason(client: TestClient, dossier: fabrique.Dossier, admin: Admin) -> None:
    reponse = ecrire(client, dossier, canal="courriel")
    assert reponse.status_code == 422
    assert "aucune adresse électronique n'est connue. Rien n'est parti." in reponse.text.replace("&#39;", "'")
    assert etats(admin) == []


def test_a_letter_from_preparation_to_return(client: TestClient, dossier: fabrique.Dossier, admin: Admin, horloge: Horloge) -> None:
    base = f"/parcours/{dossier.parcours}"
    ecrire(client, dossier, "injoignable", "courrier")
    (lettre,) = ids(admin)
    page = texte(client.get("/courriers"))
    assert "Adresse postale à saisir" in page
    reponse = donnees.post(client, "/courriers/imprimer", "/courriers", lettre=str(lettre))
    assert reponse.status_code == 303
    assert "adresse postale à saisir" in texte(client.get("/courriers"))
    for _ in range(2):
        assert donnees.post(client, f"{base}/adresse", f"{base}/messages", **ADRESSE).status_code == 303
    assert admin.execute("SELECT count(*) FROM identite.adresse_postale").fetchone() == (1,)
    apercu = client.get(f"{base}/messages/{lettre}/lettre.pdf")
    assert (apercu.status_code, apercu.headers["content-type"], apercu.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert admin.execute("SELECT imprime_at FROM pdp.outbox").fetchone() == (None,)
    imprime = donnees.post(client, "/courriers/imprimer", "/courriers", lettre=str(lettre))
    assert (imprime.status_code, imprime.content[:5]) == (200, b"%PDF-")
    assert "Imprimés, à poster (1)" in texte(client.get("/courriers"))
    assert donnees.post(client, f"{base}/messages/{lettre}/revenu", f"{base}/messages").status_code == 409, "not posted yet"
    for _ in range(2):
        donnees.post(client, "/courriers/postes", "/courriers", lettre=str(lettre))
    page = texte(client.get(f"{base}/messages/{lettre}"))
    assert "Posté" in page
    for _ in range(2):
        assert donnees.post(client, f"{base}/messages/{lettre}/revenu", f"{base}/messages/{lettre}").status_code == 303
    page = texte(client.get(f"{base}/messages"))
    assert "le courrier est revenu de cette adresse" in page
    assert admin.execute("SELECT count(*), min(note) FROM pdp.tache WHERE motif = 'message_en_echec'").fetchone() == (
        1,
        "Nous cherchons à vous joindre, Courrier : courrier revenu : n'habite pas à l'adresse indiquée. Proposé : SMS.",
    )
    horloge.advance(minutes=1)
    donnees.post(client, f"{base}/adresse", f"{base}/messages", **(ADRESSE | {"lignes": "3 place du Marché"}))
    assert "le courrier est revenu" not in texte(client.get(f"{base}/messages"))


def test_a_failure_is_repeated_by_another_channel_once_and_its_task_is_done(
    client: TestClient, dossier: fabrique.Dossier, admin: Admin
) -> None:
    base = f"/parcours/{dossier.parcours}/messages"
    ecrire(client, dossier)
    (message,) = ids(admin)
    admin.execute("SET session_replication_role = replica")
    admin.execute("UPDATE pdp.outbox SET etat = 'rebut', essais = 1, dernier_code = 'numero_inexistant'")
    admin.execute("SET session_replication_role = origin")
    (cle,) = admin.execute("SELECT cle FROM pdp.outbox").fetchone()
    with fabrique.lot() as conn:
        donnees.add_tache(conn, dossier.parcours, "message_en_echec", fabrique.MAINTENANT + timedelta(days=1), cause=str(cle))
    page = texte(client.get(f"{base}/{message}"))
    assert "Numéro inexistant." in page
    for _ in range(2):
        assert donnees.post(client, f"{base}/{message}/renvoyer", f"{base}/{message}", canal="courrier").status_code == 303
    assert sorted(etats(admin)) == [("courrier", "a_envoyer"), ("sms", "rebut")]
    assert admin.execute("SELECT issue FROM pdp.tache WHERE motif = 'message_en_echec'").fetchone() == ("fait",)


def test_models_are_looked_at_by_those_who_may(connecter: Connecter, dossier: fabrique.Dossier, admin: Admin) -> None:
    for role in ("csam", "responsable"):
        client = connecter(role)
        for code, modele in MODELES.items():
            page = texte(client.get(f"/modeles?modele={code}&canal=courriel&langue=pt&gros=1"))
            assert modele.libelle in page
            assert "02 61 91 00 35" in page
    assert connecter("medecin_conseil").get("/modeles").status_code == 404
    assert etats(admin) == []


def test_a_colleague_sees_letters_to_print_but_not_the_messages(
    client: TestClient, dossier: fabrique.Dossier, connecter: Connecter, admin: Admin
) -> None:
    ecrire(client, dossier, "injoignable", "courrier")
    (lettre,) = ids(admin)
    autre = connecter("csam2")
    assert "Nous cherchons à vous joindre" in texte(autre.get("/courriers"))
    base = f"/parcours/{dossier.parcours}/messages"
    for chemin in (base, f"{base}/{lettre}", f"{base}/{lettre}/lettre.pdf", f"{base}/nouveau"):
        assert autre.get(chemin).status_code == 404
    assert "Rien à imprimer" in texte(connecter("csam_ailleurs").get("/courriers"))


def test_a_degraded_service_is_said(client: TestClient, dossier: fabrique.Dossier, admin: Admin) -> None:
    admin.execute("SET session_replication_role = replica")
    admin.execute("INSERT INTO pdp.passerelle (plateforme_id, canal, echecs_suite) VALUES ('PF35', 'sms', 5)")
    admin.execute("SET session_replication_role = origin")
    for chemin in ("", "/messages", "/messages/nouveau"):
        assert "SMS dégradé" in texte(client.get(f"/parcours/{dossier.parcours}{chemin}"))
    assert "SMS dégradé" in texte(client.get("/ma-liste"))


def test_taken_back_with_the_act_that_wrote_it_then_written_again(
    client: TestClient, dossier: fabrique.Dossier, admin: Admin, horloge: Horloge
) -> None:
    base = f"/parcours/{dossier.parcours}/messages"
    ecrire(client, dossier)
    trouve = re.search(r'action="(/annulations/[^"]+)"', texte(client.get(base)))
    assert trouve
    assert donnees.post(client, trouve.group(1), base).status_code == 303
    page = texte(client.get(base))
    assert "annulé avec la saisie qui l'avait préparé" in page
    ecrire(client, dossier)
    assert sorted(etats(admin)) == [("sms", "a_envoyer"), ("sms", "rappele")]


def test_a_message_that_left_cannot_be_undone(client: TestClient, dossier: fabrique.Dossier, admin: Admin) -> None:
    base = f"/parcours/{dossier.parcours}/messages"
    ecrire(client, dossier)
    trouve = re.search(r'action="(/annulations/[^"]+)"', texte(client.get(base)))
    assert trouve
    admin.execute("SET session_replication_role = replica")
    admin.execute("UPDATE pdp.outbox SET etat = 'livre', essais = 1, livre_at = now()")
    admin.execute("SET session_replication_role = origin")
    donnees.post(client, trouve.group(1), base)
    assert etats(admin) == [("sms", "livre")]


def test_posted_by_mistake_and_spoilt_prints_come_back(client: TestClient, dossier: fabrique.Dossier, admin: Admin) -> None:
    base = f"/parcours/{dossier.parcours}"
    ecrire(client, dossier, "injoignable", "courrier")
    (lettre,) = ids(admin)
    donnees.post(client, f"{base}/adresse", f"{base}/messages", **ADRESSE)
    assert donnees.post(client, "/courriers/imprimer", "/courriers", lettre=str(lettre)).status_code == 200
    donnees.post(client, "/courriers/postes", "/courriers", lettre=str(lettre))
    page = texte(client.get("/courriers"))
    assert "Noté : 1 courrier posté." in page
    trouve = re.search(r'action="(/courriers/postes/[0-9]+/annuler)"', page)
    assert trouve
    for suite in ("1 courrier de nouveau à poster.", "0 courrier de nouveau à poster."):
        donnees.post(client, trouve.group(1), "/courriers")
        assert suite in texte(client.get("/courriers"))
    donnees.post(client, "/courriers/reprendre", "/courriers", lettre=str(lettre))
    assert "À imprimer (1)" in texte(client.get("/courriers"))
    donnees.post(client, f"{base}/messages/{lettre}/rappeler", f"{base}/messages/{lettre}")
    assert etats(admin) == [("courrier", "rappele")]
