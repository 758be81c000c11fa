"""Paid IJ and affections on a real PostgreSQL: what is kept, where the medical part goes, versions, cancellations, waiting lines."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fabrique import MAINTENANT, agent, auteur_agent, lot, socle
from livraisons import count, counts, ingest, ligne_assure, ligne_droit, ligne_versement, list_faits, list_quarantaine
from pdp.storage import db


@pytest.fixture
def depot(base: str, tmp_path: Path) -> Path:
    """Drop folder of an installation that knows two people."""
    with lot() as conn:
        socle(conn)
    ingest(tmp_path / "depot", "assures", [ligne_assure(1), ligne_assure(2)])
    return tmp_path / "depot"


def test_a_payment_keeps_its_days_and_the_risk_of_its_codes(depot: Path, admin: psycopg.Connection[Any]) -> None:
    lignes = [
        ligne_versement("V1"),
        ligne_versement("V2", assurance="40", nature="6117"),
        ligne_versement("V3", nature="6121"),
        ligne_versement("V4", nature="6210", assurance="30"),
        ligne_versement("V5", jours=-4),
        ligne_versement("V6").replace(";12;12;", ";7;24;"),
    ]
    assert counts(ingest(depot, "ij_versees", lignes)) == (6, 6, 0, 0)
    assert admin.execute("SELECT id_versement, risque, temps_partiel, jours, debut, siret FROM pdp.ij_versee ORDER BY 1").fetchall() == [
        ("V1", "maladie", False, 12, date(2026, 9, 4), "PDPFICTIF00001"),
        ("V2", "atmp", True, 12, date(2026, 9, 4), "PDPFICTIF00001"),
        ("V3", "maternite", False, 12, date(2026, 9, 4), "PDPFICTIF00001"),
        ("V4", "autre", False, 12, date(2026, 9, 4), "PDPFICTIF00001"),
        ("V5", "maladie", False, -4, date(2026, 9, 4), "PDPFICTIF00001"),
        ("V6", "maladie", False, 7, date(2026, 9, 4), "PDPFICTIF00001"),
    ]
    assert count(admin, "pdp.fait_nouveau") > 0


def test_the_newest_payment_run_wins_and_the_past_is_kept(depot: Path, admin: psycopg.Connection[Any]) -> None:
    assert counts(ingest(depot, "ij_versees", [ligne_versement("V1", jours=9, traite="2026-10-05")])) == (1, 1, 0, 0)
    assert counts(ingest(depot, "ij_versees", [ligne_versement("V1")], jour="2026-10-02")) == (1, 0, 1, 0)
    assert counts(ingest(depot, "ij_versees", [ligne_versement("V1", annule="oui", traite="2026-10-09")], jour="2026-10-03")) == (
        1,
        1,
        0,
        0,
    )
    again = ingest(
        depot, "ij_versees", [ligne_versement("V1", annule="oui", traite="2026-10-09"), ligne_versement("V1")], jour="2026-10-04"
    )
    assert counts(again) == (2, 0, 2, 0)
    assert admin.execute("SELECT jours, annule, traite_le FROM pdp.ij_versee").fetchall() == [(12, True, date(2026, 10, 9))]
    versions = admin.execute("SELECT genre, cle, contenu ->> 'jours', contenu ->> 'traite_le', connu_au FROM pdp.fait_version").fetchall()
    assert versions == [("ij_versee", "V1", "9", "2026-10-05", MAINTENANT)]
    assert count(admin, "journal.evenement WHERE evenement = 'ij_versee_corrigee'") == 1


def test_the_name_of_an_affection_is_in_the_medical_class_only(depot: Path, admin: psycopg.Connection[Any]) -> None:
    lignes = [
        ligne_droit("D1"),
        ligne_droit("D2", nature="47"),
        ligne_droit("D3", assure=2),
        ligne_droit("D4", numero="99", nature="43", code="M542", fin="2026-12-31"),
        ligne_droit("D5", numero="", nature="13", code=""),
    ]
    assert counts(ingest(depot, "ald_invalidite", lignes)) == (5, 5, 0, 0)
    droits = {d[0]: d for d in list_faits(admin)["droits"]}
    assert droits["D1"][4] == droits["D2"][4], "one affection of one person"
    assert droits["D1"][4] != droits["D3"][4], "of two people: nobody can tell that they have the same"
    assert [(droits[cle][3], droits[cle][5], droits[cle][9], droits[cle][10]) for cle in ("D1", "D4", "D5")] == [
        ("ald", "psychique", "23", "F32"),
        ("hors_liste", "tms", "99", "M542"),
        ("invalidite", "non_renseigne", None, None),
    ]
    hors_medical = " ".join(
        str(admin.execute(f"SELECT to_jsonb(t) FROM {table} t").fetchall())
        for table in ("pdp.affection", "pdp.fait_version", "journal.evenement", "pdp.flux_fichier")
    )
    assert not [code for code in ("F32", "M542") if code in hors_medical]


def test_a_coordinator_cannot_read_what_the_affection_is(depot: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(depot, "ald_invalidite", [ligne_droit("D1")])
    with lot() as conn, pytest.raises(Exception, match="permission denied"):
        conn.exec_driver_sql("SELECT code_cim10 FROM medical.affection")
    with lot() as conn:
        conseiller = auteur_agent(agent(conn))
    with db.begin_as(conseiller, lecture=True) as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM pdp.affection").scalar_one() == 1
        with pytest.raises(Exception, match="permission denied"):
            conn.exec_driver_sql("SELECT empreinte FROM medical.affection")


def test_a_corrected_right_moves_its_name_with_it(depot: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(depot, "ald_invalidite", [ligne_droit("D1")])
    avant = list_faits(admin)["droits"][0][4]
    bilan = ingest(
        depot, "ald_invalidite", [ligne_droit("D1", assure=2, code="C50", numero="30", maj="2026-09-09T08:00:00Z")], jour="2026-10-02"
    )
    assert counts(bilan) == (1, 1, 0, 0)
    (droit,) = list_faits(admin)["droits"]
    assert (droit[1], droit[5], droit[9], droit[10], droit[12]) == ("351-2", "autre", "30", "C50", True)
    assert droit[4] != avant
    (version,) = admin.execute("SELECT genre, contenu ->> 'affection', contenu ? 'code_cim10' FROM pdp.fait_version").fetchall()
    assert version == ("affection", str(avant), False)


def test_facts_of_an_unknown_person_wait_for_her(depot: Path, admin: psycopg.Connection[Any]) -> None:
    assert counts(ingest(depot, "ij_versees", [ligne_versement("V1", assure=7), ligne_versement("V2")])) == (2, 1, 0, 1)
    assert counts(ingest(depot, "ald_invalidite", [ligne_droit("D1", assure=7)])) == (1, 0, 0, 1)
    bilan = ingest(depot, "assures", [ligne_assure(7)], jour="2026-10-02")
    assert (counts(bilan), bilan.rejouees) == ((1, 1, 0, 0), 2)
    faits = list_faits(admin)
    assert [(v[0], v[1]) for v in faits["versements"]] == [("V1", "351-7"), ("V2", "351-1")]
    assert [(d[0], d[1]) for d in faits["droits"]] == [("D1", "351-7")]
    assert {ligne[4] for ligne in list_quarantaine(admin)} == {"rejouee"}


def test_one_bad_line_of_each_kind_among_good_ones(depot: Path, admin: psycopg.Connection[Any]) -> None:
    bonne = ligne_versement("V1")
    mauvaises = [
        ligne_versement("V2").replace(";12;12;", ";13;12;"),
        ligne_versement("V3").replace("2026-09-04", "2026-09-34"),
        ligne_versement("V4").replace(";6110;", ";ij;"),
        ligne_versement("V5") + ";reste",
        ligne_versement("V6", traite=""),
    ]
    assert counts(ingest(depot, "ij_versees", [*mauvaises, bonne])) == (6, 1, 0, 5)
    assert [ligne[2] for ligne in list_quarantaine(admin)] == [
        "jours_hors_periode",
        "date_invalide",
        "format",
        "nombre_de_colonnes",
        "champ_requis",
    ]
    assert [ligne[3] for ligne in list_quarantaine(admin)] == ["PF35", "PF35", "PF35", None, "PF35"]
