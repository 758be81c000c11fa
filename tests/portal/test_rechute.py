"""Relapse through the portal: the person is on the list, the question on her page, each answer acts once and is taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

import fabrique
from pdp.services.propose_reouverture import propose_reouverture
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter

Admin = psycopg.Connection[Any]
M = fabrique.MAINTENANT


def close_and_return(lieu: donnees.Lieu) -> tuple[fabrique.Dossier, UUID]:
    """Closed two months ago by the coordinator; back in arrêt, signalled."""
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], assure_id=fabrique.assure(conn, nom="Kermarrec"))
        conn.execute(
            fabrique.text(
                "UPDATE pdp.episode SET debut = '2026-06-01', fin = '2026-09-15'"
                " FROM pdp.signalement s WHERE s.id = :s AND episode.id = s.episode_id"
            ),
            {"s": dossier.signalement},
        )
        conn.execute(
            fabrique.text(
                "UPDATE pdp.parcours SET statut = 'cloture', clos_at = '2026-09-18', cloture_motif = 'reprise_tpt' WHERE id = :p"
            ),
            {"p": dossier.parcours},
        )
        signalement = fabrique.signalement(conn, dossier.assure, palier=30, statut="oriente_csam")
        donnees.add_motif(conn, signalement, "Plus de 30 jours d'arrêt")
    return dossier, signalement


@pytest.fixture
def dossier(lieu: donnees.Lieu, horloge: Horloge) -> fabrique.Dossier:
    dossier, signalement = close_and_return(lieu)
    with fabrique.lot() as conn:
        assert propose_reouverture(conn, fabrique.TEST, "PF35", signalement, M) == dossier.parcours
    return dossier


def etat(admin: Admin) -> list[tuple[str, list[str]]]:
    return admin.execute(
        "SELECT p.statut, array_remove(array_agg(t.motif ORDER BY t.motif), NULL) FROM pdp.parcours p"
        " LEFT JOIN pdp.tache t ON t.parcours_id = p.id AND t.fermee_at IS NULL GROUP BY p.id, p.statut ORDER BY p.clos_at NULLS LAST"
    ).fetchall()


def test_the_person_is_on_the_list_and_the_question_on_her_page(dossier: fabrique.Dossier, connecter: Connecter) -> None:
    client = connecter("csam")
    assert "Rechute : rouvrir ou nouveau parcours" in client.get("/ma-liste").text
    page = client.get(f"/parcours/{dossier.parcours}").text.replace("&#39;", "'")
    for attendu in (
        "À décider : rouvrir ce parcours ?",
        "Nouveau signalement : en arrêt depuis le 19/10/2026, parcours clos le 18/09/2026 (reprise à temps partiel thérapeutique).",
        "Rouvrir ce parcours",
        "Ouvrir un nouveau parcours",
    ):
        assert attendu in page, attendu
    assert "Laisser sans suite" not in page, "a médecin-conseil asked for it"
    assert '/faite"' not in page, "an answer, not a tick"


@pytest.mark.parametrize(
    ("reponse", "attendu"),
    [
        ("rouvrir", [("contact_en_cours", ["nouvel_appel"])]),
        ("nouveau", [("cloture", []), ("affecte", ["premier_appel"])]),
    ],
)
def test_an_answer_acts_once_and_is_taken_back(
    dossier: fabrique.Dossier, connecter: Connecter, admin: Admin, reponse: str, attendu: list[tuple[str, list[str]]]
) -> None:
    client = connecter("csam")
    fiche = f"/parcours/{dossier.parcours}"
    suite = donnees.post(client, f"{fiche}/rechute", fiche, reponse=reponse)
    assert suite.status_code == 303
    assert etat(admin) == attendu
    page = client.get(suite.headers["location"])
    assert page.status_code == 200
    assert "/annulations/" in page.text
    [(fait,)] = admin.execute("SELECT id FROM pdp.acte")
    assert donnees.post(client, f"{fiche}/rechute", fiche, reponse=reponse).status_code in (303, 409), "answered already"
    assert etat(admin) == attendu
    assert donnees.post(client, f"/annulations/{fait}", fiche).status_code == 303
    assert etat(admin)[0] == ("cloture", ["rechute"])


def test_without_a_signalement_it_may_be_left_with_a_reason(
    lieu: donnees.Lieu, horloge: Horloge, connecter: Connecter, admin: Admin
) -> None:
    dossier, _ = close_and_return(lieu)
    with fabrique.lot() as conn:
        donnees.add_tache(conn, dossier.parcours, "rechute", M + timedelta(days=2), cause=f"rechute:nouvel_arret:{dossier.assure}")
    client, fiche = connecter("csam"), f"/parcours/{dossier.parcours}"
    page = client.get(fiche).text
    assert "Laisser sans suite" in page
    assert "Ouvrir un nouveau parcours" not in page
    assert donnees.post(client, f"{fiche}/rechute", fiche, reponse="nouveau").status_code == 422
    assert donnees.post(client, f"{fiche}/rechute", fiche, reponse="sans_suite").status_code == 422, "no reason"
    assert donnees.post(client, f"{fiche}/rechute", fiche, reponse="autre").status_code == 422
    assert etat(admin) == [("cloture", ["rechute"])]
    assert donnees.post(client, f"{fiche}/rechute", fiche, reponse="sans_suite", motif="sans_lien").status_code == 303
    assert etat(admin) == [("cloture", [])]


def test_a_colleague_does_not_answer(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam2")
    assert donnees.post(client, f"/parcours/{dossier.parcours}/rechute", "/ma-liste", reponse="rouvrir").status_code == 404
    assert etat(admin) == [("cloture", ["rechute"])]


def test_the_medecin_is_told_and_may_take_the_orientation_back(
    lieu: donnees.Lieu, horloge: Horloge, connecter: Connecter, admin: Admin
) -> None:
    _, signalement = close_and_return(lieu)
    with fabrique.lot() as conn:
        conn.execute(fabrique.text("UPDATE pdp.signalement SET statut = 'a_trier' WHERE id = :s"), {"s": signalement})
    client = connecter("medecin_conseil")
    page = f"/medecin/dossiers/{signalement}"
    assert donnees.post(client, f"{page}/orientation", page, cible="oriente_csam").status_code == 303
    assert "il choisit de rouvrir le parcours clos" in client.get("/medecin").text
    assert etat(admin) == [("cloture", ["rechute"])]
    [(fait,)] = admin.execute("SELECT id FROM pdp.acte")
    assert donnees.post(client, f"/annulations/{fait}", "/medecin").status_code == 303
    assert etat(admin) == [("cloture", [])]
    assert admin.execute("SELECT statut FROM pdp.signalement WHERE id = %s", (signalement,)).fetchall() == [("a_trier",)]
