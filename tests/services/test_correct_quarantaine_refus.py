"""What a manager may not do with refused lines: bad decisions, other platforms, other functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from livraisons import ingest, ligne_arret, ligne_assure, list_arrets
from pdp.domain.auteur import Auteur
from pdp.errors import DonneeInvalide, Introuvable
from pdp.services import correct_quarantaine as service
from pdp.storage import db
from quarantaine_gestes import bilan, correct, decide, faulty_arret, lignes, open_ligne


@pytest.fixture
def responsables(base: str) -> dict[str, Auteur]:
    """One manager per platform."""
    with lot() as conn:
        fabrique.socle(conn)
        return {p: auteur_agent(fabrique.agent(conn, "responsable", p), "responsable", p) for p in ("PF35", "PF57")}


@pytest.fixture
def lui(responsables: dict[str, Auteur]) -> Auteur:
    return responsables["PF35"]


@pytest.mark.parametrize(
    ("decision", "motif"), [("rejouer", "doublon"), ("abandonner", None), ("abandonner", "caprice"), ("corriger", None), ("", None)]
)
def test_bad_decisions_keep_nothing(lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any], decision: str, motif: str | None) -> None:
    ligne = faulty_arret(tmp_path, admin)
    with pytest.raises(DonneeInvalide):
        decide(lui, ligne, decision, motif)
    assert admin.execute("SELECT count(*) FROM identite.correction_quarantaine").fetchone() == (0,)


def test_lists_of_agents_are_not_corrected_by_hand(lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(tmp_path, "agents", ["A1;NOM;Zoé;a1@exemple.invalid;chef;PF35;35238;0.8;tms;2025-01-01;"])
    (ligne,) = lignes(admin)
    assert "liste" in open_ligne(lui, ligne).renvoi
    with pytest.raises(DonneeInvalide):
        decide(lui, ligne, "rejouer")
    decide(lui, ligne, "abandonner", "renvoi_demande")
    assert bilan() == (0, 1, 0)


def test_a_person_is_not_moved_to_another_platform(lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(tmp_path, "assures", [ligne_assure(1).replace(";salarie;", ";chomeur;")])
    (ligne,) = lignes(admin)
    reste = correct(lui, ligne, contrat="salarie", departement="57")
    assert [c.nom for c in reste.fautifs] == ["departement"]
    ingest(tmp_path, "assures", [ligne_assure(7, departement="57")], jour="2026-10-02")
    ingest(tmp_path, "assures", [ligne_assure(2)], jour="2026-10-03")
    ingest(tmp_path, "arrets_prescrits", [ligne_arret("AV1", assure=2, fin="2026-08-15")])
    (arret,) = lignes(admin, "champ = 'date_fin'")
    correct(lui, arret, date_fin="2026-09-15", id_assure="351-7")
    assert bilan() == (0, 0, 1)
    assert list_arrets(admin) == []


def test_another_platform_sees_and_decides_nothing(responsables: dict[str, Auteur], tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    ligne, autre = faulty_arret(tmp_path, admin), responsables["PF57"]
    for acte in (open_ligne, lambda a, i: decide(a, i, "rejouer"), correct):
        with pytest.raises(Introuvable):
            acte(autre, ligne)
    with db.begin_as(autre) as conn:
        assert conn.execute(text("SELECT identite.ouvrir_ligne(:l)"), {"l": ligne}).scalar() is None
        assert service.request_lot(conn, autre, "arrets_prescrits", "dates_inversees", "rejouer", None, MAINTENANT) == 0
    demande = text(
        "INSERT INTO identite.correction_quarantaine (plateforme_id, quarantaine_id, decision, agent_id, demandee_at)"
        " VALUES (:p, :l, 'rejouer', :a, now())"
    )
    for plateforme, agent in (("PF57", autre.id), ("PF35", autre.id), ("PF57", responsables["PF35"].id)):
        with pytest.raises(DBAPIError, match="row-level security"), db.begin_as(autre) as conn:
            conn.execute(demande, {"p": plateforme, "l": ligne, "a": agent})
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'quarantaine_ouverte'").fetchone() == (0,)


@pytest.mark.parametrize(
    "requete",
    [
        "SELECT contenu_chiffre FROM identite.quarantaine",
        "SELECT contenu_chiffre FROM identite.correction_quarantaine",
        "SELECT contenu_avant_chiffre FROM identite.correction_quarantaine",
        "UPDATE identite.quarantaine SET resolue_at = now()",
        "UPDATE identite.correction_quarantaine SET resultat = 'pris'",
        "DELETE FROM identite.correction_quarantaine",
        "UPDATE pdp.fichier_depose SET nom = 'x'",
    ],
)
def test_the_manager_has_no_other_way(lui: Auteur, requete: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), db.begin_as(lui) as conn:
        conn.execute(text(requete))


@pytest.mark.parametrize("role", ["csam", "medecin_conseil"])
def test_other_functions_open_nothing(lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any], role: str) -> None:
    ligne = faulty_arret(tmp_path, admin)
    intrus = Auteur("agent", lui.id, role, "PF35")
    with pytest.raises(DBAPIError, match="permission denied"), db.begin_as(intrus) as conn:
        conn.execute(text("SELECT identite.ouvrir_ligne(:l)"), {"l": ligne})
    with db.begin_as(intrus) as conn:
        conn.execute(text("RESET ROLE"))
        conn.execute(text("SET LOCAL ROLE pdp_role_responsable"))
        assert conn.execute(text("SELECT identite.ouvrir_ligne(:l)"), {"l": ligne}).scalar() is None, "the context still names the function"
