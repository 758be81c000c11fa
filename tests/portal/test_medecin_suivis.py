"""Follow-ups and groups of the médecin-conseil, through the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from portal.donnees import Lieu, TestClient, post
from portal.jeu import NOMS_ASSURES, Jeu
from portal.jeu_ecrans import build_jeu

Connecter = Callable[[str], TestClient]


@pytest.fixture
def jeu(lieu: Lieu) -> Jeu:
    return build_jeu(lieu)


def test_a_convocation_stays_in_sight_until_its_end(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("medecin_conseil")
    assert "Aucun suivi en attente" in client.get("/medecin/suivis").text
    post(client, f"/medecin/dossiers/{jeu.signalements[2]}/orientation", "/medecin", cible="convocation_mc", motif="")
    page = client.get("/medecin/suivis").text
    assert NOMS_ASSURES[2] in page
    assert NOMS_ASSURES[2] not in client.get("/medecin/suivis?cible=oriente_ism").text
    [(suivi,)] = admin.execute("SELECT id FROM pdp.suivi_medical").fetchall()
    adresse = f"/medecin/suivis/{suivi}"
    for champs, statut in (
        ({"geste": "reporter"}, 422),
        ({"geste": "reporter", "jusqu_a": "2026-11-18"}, 422),
        ({"geste": "sans_suite"}, 422),
        ({"geste": "autre"}, 422),
        ({"geste": "reporter", "jusqu_a": "2027-01-15", "note": "Examen attendu."}, 303),
        ({"geste": "oriente_csam"}, 303),
        ({"geste": "oriente_csam"}, 409),
    ):
        assert post(client, adresse, "/medecin/suivis", **champs).status_code == statut, champs
    assert "Aucun suivi en attente" in client.get("/medecin/suivis").text
    assert admin.execute("SELECT count(*) FROM pdp.parcours WHERE signalement_id = %s", (jeu.signalements[2],)).fetchone() == (1,)


def test_a_group_is_rehearsed_then_decided(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    client = connecter("medecin_conseil")
    [(palier, categorie, risque)] = admin.execute(
        "SELECT s.palier, e.motif_categorie, e.risque FROM pdp.signalement s JOIN pdp.episode e ON e.id = s.episode_id WHERE s.id = %s",
        (jeu.signalements[2],),
    ).fetchall()
    adresse = f"/medecin/groupes/{palier}/{categorie}/{risque}"
    assert adresse in client.get("/medecin/groupes").text
    repetition = client.get(adresse).text
    assert NOMS_ASSURES[2] in repetition
    assert NOMS_ASSURES[3] not in repetition, "another platform"
    assert admin.execute("SELECT statut FROM pdp.signalement WHERE id = %s", (jeu.signalements[2],)).fetchone() == ("a_trier",)
    vu_at = repetition.split('name="vu_at" value="')[1].split('"')[0].replace("&#43;", "+")
    for champs, statut in (
        ({"cible": "oriente_ism", "vu_at": vu_at}, 422),
        ({"cible": "medecin_conseil", "motif": "Stock.", "vu_at": vu_at}, 422),
        ({"cible": "oriente_ism", "motif": "Stock.", "vu_at": "hier"}, 422),
        ({"cible": "oriente_ism", "motif": "Stock.", "vu_at": vu_at}, 303),
    ):
        assert post(client, adresse, adresse, **champs).status_code == statut, champs
    assert admin.execute("SELECT statut, motif_decision FROM pdp.signalement WHERE id = %s", (jeu.signalements[2],)).fetchone() == (
        "oriente_ism",
        "Stock.",
    )
    assert "Aucun dossier à orienter" in client.get("/medecin/groupes").text


@pytest.mark.parametrize(
    "chemin", ["90/inconnue/maladie", "90/autre/inconnu", "abc/autre/maladie", "90/autre/maladie?priorite_min=9&priorite_max=1"]
)
def test_a_group_that_does_not_exist(jeu: Jeu, connecter: Connecter, chemin: str) -> None:
    assert connecter("medecin_conseil").get(f"/medecin/groupes/{chemin}").status_code in (404, 422)
