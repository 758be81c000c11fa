"""Who is who: a provisional NIR, a pivot id that changes, a person who moves, several people under one NIR; her case stays hers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from fabrique import MAINTENANT, agent, auteur_agent, lot, parcours, socle
from livraisons import (
    ENTETE_IDENTITE,
    count,
    counts,
    ingest,
    ligne_arret,
    ligne_assure,
    ligne_droit,
    ligne_identite,
    ligne_versement,
    list_faits,
    list_quarantaine,
    nir,
)
from pdp.domain.nir import compute_cle
from pdp.storage import db
from pdp.storage.chiffrement import decrypt, fingerprint
from pdp.storage.sql import query

PROVISOIRE = "7" + nir(1)[1:13]
PROVISOIRE += compute_cle(PROVISOIRE)
T1, T2, T3 = (f"2026-09-{jour:02d}T07:00:00Z" for jour in (1, 10, 20))


@pytest.fixture
def depot(base: str, tmp_path: Path) -> Path:
    """Drop folder of a migrated installation."""
    with lot() as conn:
        socle(conn)
    return tmp_path / "depot"


def _assures(depot: Path, *lignes: str, jour: str = "2026-10-01") -> Any:
    return ingest(depot, "assures", list(lignes), jour=jour, entete=ENTETE_IDENTITE)


def _ids(admin: psycopg.Connection[Any]) -> dict[str, Any]:
    return dict(admin.execute("SELECT id_source, id FROM identite.assure").fetchall())


def _follow(admin: psycopg.Connection[Any], id_source: str) -> Any:
    """Open a case for this person."""
    with lot() as conn:
        return parcours(conn, assure_id=_ids(admin)[id_source])


def test_a_provisional_nir_is_replaced_and_the_person_stays(depot: Path, admin: psycopg.Connection[Any]) -> None:
    _assures(depot, ligne_identite(1, PROVISOIRE, T1))
    avant = _ids(admin)["351-1"]
    assert admin.execute("SELECT nir_provisoire FROM identite.assure").fetchall() == [(True,)]
    ingest(depot, "arrets_prescrits", [ligne_arret("AV1")])
    assert counts(_assures(depot, ligne_identite(1, nir(1), T2), jour="2026-10-02")) == (1, 1, 0, 0)
    ((ident, provisoire, chiffre),) = admin.execute("SELECT id, nir_provisoire, nir_chiffre FROM identite.assure").fetchall()
    assert (ident, provisoire, decrypt(chiffre)) == (avant, False, nir(1))
    assert admin.execute("SELECT assure_id, nir_empreinte FROM identite.nir_ancien").fetchall() == [(avant, fingerprint(PROVISOIRE))]
    assert [a[1] for a in list_faits(admin)["arrets"]] == ["351-1"]


@pytest.mark.parametrize("suivie", [False, True])
def test_a_new_pivot_id_rekeys_the_person_and_a_late_file_still_finds_her(
    depot: Path, admin: psycopg.Connection[Any], suivie: bool
) -> None:
    _assures(depot, ligne_identite(1, nir(1), T1))
    avant = _ids(admin)["351-1"]
    if suivie:
        _follow(admin, "351-1")
    ingest(depot, "arrets_prescrits", [ligne_arret("AV1")])
    assert counts(_assures(depot, ligne_identite(9, nir(1), T2, precedent="351-1", telephone="0639981111"), jour="2026-10-02")) == (
        1,
        1,
        0,
        0,
    )
    assert _ids(admin) == {"351-9": avant}
    assert count(admin, "journal.evenement WHERE evenement = 'identifiant_remplace'") == 1
    ingest(depot, "arrets_prescrits", [ligne_arret("AV2")])
    ingest(depot, "ij_versees", [ligne_versement("V1")])
    ingest(depot, "ald_invalidite", [ligne_droit("D1"), ligne_droit("D2", assure=9)])
    _assures(depot, ligne_identite(1, nir(1), T3, telephone="0639982222"), jour="2026-10-03")
    faits = list_faits(admin)
    assert {f[1] for nom in ("arrets", "versements", "droits") for f in faits[nom]} == {"351-9"}
    assert len({d[4] for d in faits["droits"]}) == 1
    assert [(p[0], p[2]) for p in faits["personnes"]] == [("351-9", "+33639982222")]
    assert list_quarantaine(admin) == []


def test_two_rows_that_prove_to_be_one_person_end_under_the_followed_one(depot: Path, admin: psycopg.Connection[Any]) -> None:
    """The new id came first without saying whose it was; facts were filed under both."""
    _assures(depot, ligne_identite(1, nir(1), T1), ligne_identite(9, nir(1), T2, telephone="0639981111"))
    ancienne = _ids(admin)["351-1"]
    _follow(admin, "351-1")
    ingest(depot, "arrets_prescrits", [ligne_arret("AV1"), ligne_arret("AV2", assure=9)])
    ingest(depot, "ald_invalidite", [ligne_droit("D1"), ligne_droit("D2", assure=9)])
    assert count(admin, "identite.nir_partage WHERE leve_at IS NULL") == 2
    _assures(depot, ligne_identite(9, nir(1), T2, precedent="351-1", telephone="0639981111"), jour="2026-10-02")
    assert _ids(admin)["351-9"] == ancienne, "the case stays with her"
    assert admin.execute("SELECT DISTINCT assure_id FROM pdp.arret_prescrit").fetchall() == [(ancienne,)]
    faits = list_faits(admin)
    assert len({d[4] for d in faits["droits"]}) == 1
    assert [(p[0], p[2]) for p in faits["personnes"]] == [("351-9", "+33639981111")]
    assert count(admin, "identite.nir_partage WHERE leve_at IS NULL") == 0
    assert count(admin, f"pdp.parcours WHERE assure_id = '{ancienne}'") == 1


def test_a_former_id_claimed_by_two_people_waits_for_somebody(depot: Path, admin: psycopg.Connection[Any]) -> None:
    _assures(depot, ligne_identite(1, nir(1), T1))
    assert counts(_assures(depot, ligne_identite(9, nir(1), T2, precedent="351-1"), jour="2026-10-02")) == (1, 1, 0, 0)
    assert counts(_assures(depot, ligne_identite(8, nir(2), T3, precedent="351-1"), jour="2026-10-03")) == (1, 0, 0, 1)
    assert [ligne[1:4] for ligne in list_quarantaine(admin)] == [("id_source_precedent", "precedent_deja_repris", "PF35")]
    assert set(_ids(admin)) == {"351-9"}


def test_chains_of_ids_lead_to_the_last_and_loops_to_nobody(depot: Path, admin: psycopg.Connection[Any]) -> None:
    _assures(depot, ligne_identite(3, nir(1), T3, precedent="351-2"))
    _assures(depot, ligne_identite(2, nir(1), T2, precedent="351-1"), jour="2026-10-02")
    ingest(depot, "arrets_prescrits", [ligne_arret("AV1"), ligne_arret("AV2", assure=2), ligne_arret("AV3", assure=3)])
    assert {a[1] for a in list_faits(admin)["arrets"]} == {"351-3"}
    boucle = [ligne_identite(5, nir(5), T1, precedent="351-6"), ligne_identite(6, nir(6), T1, precedent="351-5")]
    assert counts(_assures(depot, *boucle, jour="2026-10-03")) == (2, 2, 0, 0)
    assert {"351-5", "351-6"} <= set(_ids(admin))


def test_facts_follow_a_person_who_changes_platform_and_comes_back(depot: Path, admin: psycopg.Connection[Any]) -> None:
    _assures(depot, ligne_identite(1, nir(1), T1))
    ingest(depot, "arrets_prescrits", [ligne_arret("AV1")])
    ingest(depot, "ij_versees", [ligne_versement("V1")])
    ingest(depot, "ald_invalidite", [ligne_droit("D1")])

    def plateformes() -> set[str]:
        faits = list_faits(admin)
        assert faits["arrets"][0][8:11] == ("F32", faits["arrets"][0][3], True), "the motif is on the platform of the avis"
        return {faits["arrets"][0][3], faits["versements"][0][2], faits["droits"][0][2], faits["droits"][0][11]}

    affection = list_faits(admin)["droits"][0][4]
    assert plateformes() == {"PF35"}
    _assures(depot, ligne_identite(1, nir(1), T2, departement="57"), jour="2026-10-02")
    assert plateformes() == {"PF57"}
    assert admin.execute("SELECT plateforme_id FROM pdp.arret_prescrit_version").fetchall() == [("PF35",)]
    assert sorted(admin.execute("SELECT plateforme_id, genre FROM pdp.fait_version").fetchall()) == [
        ("PF35", "affection"),
        ("PF35", "ij_versee"),
    ]
    _assures(depot, ligne_identite(1, nir(1), T3, telephone="0639981111"), jour="2026-10-03")
    assert plateformes() == {"PF35"}
    assert list_faits(admin)["droits"][0][4] == affection
    assert count(admin, "identite.nir_partage") == 0, "one person on two platforms shares her NIR with nobody"


def test_people_who_share_a_nir_are_counted_and_never_merged(depot: Path, admin: psycopg.Connection[Any]) -> None:
    bilan = _assures(depot, ligne_identite(1, nir(1), T1), ligne_identite(2, nir(1), T1), ligne_identite(3, nir(3), T1))
    assert (counts(bilan), bilan.nir_partages) == ((3, 3, 0, 0), 2)
    assert len(_ids(admin)) == 3
    with lot() as conn:
        responsable = auteur_agent(agent(conn, "responsable"), "responsable")
    with db.begin_as(responsable, lecture=True) as conn:
        vu = conn.execute(query("flux_identite.compter_nir_partages"), {"plateforme": "PF35"}).one()
        assert (vu.personnes, vu.depuis) == (2, MAINTENANT)
        assert conn.execute(query("flux_identite.compter_nir_partages"), {"plateforme": "PF57"}).one().personnes == 0
    assert _assures(depot, ligne_identite(2, nir(2), T2), jour="2026-10-02").nir_partages == 0
    with lot() as conn:
        assert conn.execute(query("flux_identite.compter_nir_partages"), {"plateforme": "PF35"}).one().personnes == 0
        assert conn.execute(text("SELECT count(*) FROM identite.nir_ancien")).scalar_one() == 1


def test_a_repaired_resend_closes_the_refused_line_of_the_same_key(depot: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(depot, "assures", [ligne_assure(1)])
    fautive = ligne_arret("AV1", recu=T2).replace(";maladie;", ";grippe;")
    assert counts(ingest(depot, "arrets_prescrits", [fautive, ligne_arret("AV9").replace(";maladie;", ";grippe;")])) == (2, 0, 0, 2)
    assert ingest(depot, "arrets_prescrits", [ligne_arret("AV1", recu=T1)], jour="2026-10-02").reparees == 0, (
        "an older version repairs nothing"
    )
    assert ingest(depot, "arrets_prescrits", [ligne_arret("AV1", recu=T2)], jour="2026-10-03").reparees == 1
    assert [(ligne[2], ligne[4]) for ligne in list_quarantaine(admin)] == [("code_inconnu", "corrigee"), ("code_inconnu", None)]
    assert ingest(depot, "arrets_prescrits", [ligne_arret("AV9", recu=T3)], jour="2026-10-04").reparees == 1


def test_a_bad_line_that_comes_after_its_repair_is_closed_at_once(depot: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(depot, "assures", [ligne_assure(1)])
    ingest(depot, "ij_versees", [ligne_versement("V1", traite="2026-10-05")])
    bilan = ingest(depot, "ij_versees", [ligne_versement("V1").replace(";6110;", ";ij;")], jour="2026-10-02")
    assert (counts(bilan), bilan.reparees) == ((1, 0, 0, 1), 1)
    assert [ligne[4] for ligne in list_quarantaine(admin)] == ["corrigee"]
