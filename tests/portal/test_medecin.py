"""Screens of the médecin-conseil: files, alerts, the medical class on demand only, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

import fabrique
from fabrique import lot
from pdp.services.raise_alerte import raise_alerte
from pdp.storage import db
from portal.donnees import Lieu, TestClient, post, read_champ
from portal.jeu import CIM10, NOMS_ASSURES, Jeu
from portal.jeu_ecrans import build_jeu

Connecter = Callable[[str], TestClient]


@pytest.fixture
def jeu(lieu: Lieu) -> Jeu:
    return build_jeu(lieu)


def _evenements(admin: psycopg.Connection[Any], code: str) -> list[tuple[Any, ...]]:
    return admin.execute("SELECT assure_id, auteur_id FROM journal.evenement WHERE evenement = %s", (code,)).fetchall()


def test_files_to_orient_of_the_platform_only(jeu: Jeu, connecter: Connecter) -> None:
    page = connecter("medecin_conseil").get("/medecin").text
    assert NOMS_ASSURES[2] in page
    assert NOMS_ASSURES[3] not in page, "another platform"
    assert NOMS_ASSURES[0] not in page, "already oriented"
    for attendu in ("13 semaines", "272 jours", "trouble musculo-squelettique", "Priorité 32", "Arrêt de 92 jours"):
        assert attendu in page
    assert CIM10 not in page


@pytest.mark.parametrize(
    ("cible", "motif", "statut", "parcours"),
    [
        ("oriente_csam", "", 303, 3),
        ("oriente_ism", "Point infirmier.", 303, 2),
        ("convocation_mc", "", 303, 2),
        ("sans_suite", "Reprise annoncée.", 303, 2),
        ("sans_suite", "", 422, 2),
        ("medecin_conseil", "", 422, 2),
        ("autre", "", 422, 2),
    ],
)
def test_orientation(
    jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any], cible: str, motif: str, statut: int, parcours: int
) -> None:
    client = connecter("medecin_conseil")
    adresse = f"/medecin/dossiers/{jeu.signalements[2]}/orientation"
    assert post(client, adresse, "/medecin", cible=cible, motif=motif).status_code == statut
    ligne = admin.execute("SELECT statut, mode_decision FROM pdp.signalement WHERE id = %s", (jeu.signalements[2],)).fetchone()
    assert ligne == ((cible, "mc") if statut == 303 else ("a_trier", None))
    assert admin.execute("SELECT count(*) FROM pdp.parcours").fetchone() == (parcours,)
    assert len(_evenements(admin, "signalement_decide")) == (statut == 303)


def test_first_decision_stands(jeu: Jeu, connecter: Connecter) -> None:
    client = connecter("medecin_conseil")
    adresse = f"/medecin/dossiers/{jeu.signalements[2]}/orientation"
    page = client.get("/medecin").text
    assert client.post(adresse, data={"jeton": read_champ(page, "jeton"), "cible": "oriente_ism"}).status_code == 303
    assert client.post(adresse, data={"jeton": read_champ(page, "jeton"), "cible": "sans_suite", "motif": "x"}).status_code == 409


def test_medical_class_is_shown_on_demand_and_journalled(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("medecin_conseil")
    adresse = f"/medecin/dossiers/{jeu.signalements[0]}"
    vue = client.get(adresse)
    assert vue.status_code == 200
    assert CIM10 not in vue.text
    assert "Affection de longue durée" not in vue.text
    assert _evenements(admin, "medical_consulte") == []
    for consultation in (1, 2):
        montre = client.post(adresse + "/medical", data={"jeton": read_champ(vue.text, "jeton")})
        assert CIM10 in montre.text
        assert "Affection de longue durée" in montre.text
        attendu = (jeu.assures[0], str(jeu.lieu.comptes["medecin_conseil"]))
        assert _evenements(admin, "medical_consulte") == [attendu] * consultation


def test_avis_is_kept_once_and_read_by_doctors_only(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("medecin_conseil")
    adresse = f"/medecin/dossiers/{jeu.signalements[0]}"
    assert post(client, adresse + "/avis", adresse, avis="Aménagement souhaitable.").status_code == 303
    assert "Aménagement souhaitable" not in client.get(adresse).text
    montre = client.post(adresse + "/medical", data={"jeton": read_champ(client.get(adresse).text, "jeton")})
    assert "Aménagement souhaitable." in montre.text
    assert len(_evenements(admin, "avis_rendu")) == 1
    with pytest.raises(ProgrammingError, match="permission denied"), db.begin_as(jeu.auteur("csam")) as conn:
        conn.execute(text("SELECT texte FROM medical.avis"))


@pytest.mark.parametrize("avis", ["", "   ", "x" * 2001])
def test_empty_or_long_avis_is_refused(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any], avis: str) -> None:
    client = connecter("medecin_conseil")
    adresse = f"/medecin/dossiers/{jeu.signalements[0]}"
    assert post(client, adresse + "/avis", adresse, avis=avis).status_code == 422
    assert admin.execute("SELECT count(*) FROM medical.avis").fetchone() == (0,)


def test_avis_needs_a_parcours(jeu: Jeu, connecter: Connecter) -> None:
    client = connecter("medecin_conseil")
    adresse = f"/medecin/dossiers/{jeu.signalements[2]}"
    assert "orientez d'abord" in client.get(adresse).text
    assert post(client, adresse + "/avis", adresse, avis="Avis.").status_code == 422


def test_alert_shows_each_decision_and_is_decided_once(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("medecin_conseil")
    page = client.get("/medecin/alertes").text
    for attendu in (
        "Parcours enlisé",
        "1 alerte ouverte",
        "depuis 9 jours",
        "31 jours",
        "un nouvel appel est demandé au CSAM",
        NOMS_ASSURES[0],
    ):
        assert attendu in page
    adresse = f"/medecin/alertes/{jeu.alerte}/decision"
    champs = {
        "jeton": read_champ(page, "jeton"),
        "cle_saisie": read_champ(page, "cle_saisie"),
        "decision": "prise_en_compte",
        "note": "Vu.",
    }
    assert {client.post(adresse, data=champs).status_code for _ in range(2)} == {303}
    assert admin.execute("SELECT decision, decision_note FROM pdp.alerte WHERE id = %s", (jeu.alerte,)).fetchone() == (
        "prise_en_compte",
        "Vu.",
    )
    assert len(_evenements(admin, "alerte_decidee")) == 1
    suivante = client.get("/medecin/alertes").text
    assert "0 alerte ouverte" in suivante
    assert "Prendre connaissance" in suivante, "decided today stays in sight"


def test_without_a_digest_the_most_pressing_cards_and_no_more_than_a_digest_holds(jeu: Jeu, connecter: Connecter) -> None:
    with lot() as conn:
        for rang in range(14):
            d = fabrique.parcours(conn)
            presse = rang == 13
            raise_alerte(
                conn, plateforme_id="PF35", assure_id=d.assure, parcours_id=d.parcours, phrase="x", faits={},
                type="risque_suicidaire" if presse else "enlisement", cause=str(rang), survenu_at=jeu.maintenant, maintenant=jeu.maintenant,
            )  # fmt: skip
    page = connecter("medecin_conseil").get("/medecin/alertes").text
    assert page.count("<article") == 12
    assert "Les 12 situations les plus pressées, sur 15 ouvertes." in page
    assert page.index("Risque suicidaire") < page.index("Parcours enlisé")
    assert connecter("medecin_conseil").get("/medecin/alertes?tout=true").text.count("<article") == 15


def test_a_digest_that_came_since_the_page_was_shown_is_not_read(jeu: Jeu, connecter: Connecter) -> None:
    with lot() as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.releve (plateforme_id, agent_id, jour, niveau, cause, a_decider, urgentes, echeances, relayees,"
                " en_attente, compose_at) VALUES ('PF35', :a, :j, 'quotidien', 'jour', 1, 0, 0, 0, 0, :m)"
            ),
            {"a": jeu.lieu.comptes["medecin_conseil"], "j": jeu.jour, "m": jeu.maintenant},
        )
    client = connecter("medecin_conseil")
    assert read_champ(client.get("/medecin/alertes").text, "non_lus") == "1"
    assert post(client, "/medecin/alertes/lu", "/medecin/alertes", non_lus="0").status_code == 409
    assert post(client, "/medecin/alertes/lu", "/medecin/alertes", non_lus="1").status_code == 303
    assert "J'ai lu mon relevé" not in client.get("/medecin/alertes").text


@pytest.mark.parametrize(
    ("champs", "statut", "clos"),
    [
        ({"decision": "cloturer"}, 422, False),
        ({"decision": "cloturer", "situation": "meme_poste"}, 422, False),
        ({"decision": "cloturer", "situation": "inconnu"}, 303, True),
        ({"decision": "ouvrir"}, 422, False),
    ],
)
def test_closing_needs_a_situation(
    jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any], champs: dict[str, str], statut: int, clos: bool
) -> None:
    client = connecter("medecin_conseil")
    assert post(client, f"/medecin/alertes/{jeu.alerte}/decision", "/medecin/alertes", **champs).status_code == statut
    etat = admin.execute("SELECT clos_at IS NOT NULL FROM pdp.parcours WHERE id = %s", (jeu.parcours[0],)).fetchone()
    assert etat == (clos,)


@pytest.mark.parametrize("login", ["csam", "responsable", "evaluateur", "partenaire"])
def test_other_functions_find_nothing(jeu: Jeu, connecter: Connecter, login: str) -> None:
    client = connecter(login)
    dossier = f"/medecin/dossiers/{jeu.signalements[0]}"
    for adresse in ("/medecin", "/medecin/alertes", "/medecin/document-orientation", dossier):
        assert client.get(adresse).status_code == 404
    jeton = read_champ(client.get("/aide").text, "jeton")
    for adresse in (f"{dossier}/medical", f"{dossier}/avis", f"{dossier}/orientation", f"/medecin/alertes/{jeu.alerte}/decision"):
        assert client.post(adresse, data={"jeton": jeton}).status_code == 404


def test_other_platform_is_not_found(jeu: Jeu, connecter: Connecter) -> None:
    client = connecter("medecin_conseil")
    adresse = f"/medecin/dossiers/{jeu.signalements[3]}"
    assert client.get(adresse).status_code == 404
    assert post(client, adresse + "/orientation", "/medecin", cible="oriente_csam").status_code == 404
    jeton = read_champ(client.get("/medecin").text, "jeton")
    assert client.post(adresse + "/medical", data={"jeton": jeton}).status_code == 404


@pytest.mark.parametrize("login", ["csam", "responsable", "evaluateur", "partenaire"])
def test_database_refuses_the_medical_motif(jeu: Jeu, login: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), db.begin_as(jeu.auteur(login)) as conn:
        conn.execute(text("SELECT code_cim10 FROM medical.motif_arret"))
