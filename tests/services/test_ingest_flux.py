"""Lines of the feeds, on a real PostgreSQL: nothing twice, nothing lost, and the same end whatever the order of arrival."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fabrique import MAINTENANT, TEST, lot, socle
from livraisons import count, counts, ingest, ligne_arret, ligne_assure, list_arrets, list_quarantaine, nir
from pdp.storage.chiffrement import decrypt, fingerprint


@pytest.fixture
def depot(base: str, tmp_path: Path) -> Path:
    """Drop folder of a migrated installation."""
    with lot() as conn:
        socle(conn)
    return tmp_path / "depot"


def test_a_person_is_kept_encrypted_and_found_by_keyed_hash(depot: Path, admin: psycopg.Connection[Any]) -> None:
    assert counts(ingest(depot, "assures", [ligne_assure(1), ligne_assure(2)])) == (2, 2, 0, 0)
    lignes = admin.execute(
        "SELECT nir_chiffre, plateforme_id, telephone FROM identite.assure WHERE nir_empreinte = %s", (fingerprint(nir(1)),)
    ).fetchall()
    assert [(decrypt(ligne[0]), ligne[1], ligne[2]) for ligne in lignes] == [(nir(1), "PF35", "+33639980000")]
    assert nir(1).encode() not in lignes[0][0]


def test_the_same_file_twice_changes_nothing(depot: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(depot, "assures", [ligne_assure(1)])
    premier = ingest(depot, "arrets_prescrits", [ligne_arret("AV1"), ligne_arret("AV2")])
    avant, evenements = list_arrets(admin), count(admin, "journal.evenement")
    second = ingest(depot, "arrets_prescrits", [ligne_arret("AV1"), ligne_arret("AV2")], jour="2026-10-02")
    assert (premier.etat, second.etat, second.fichier_id) == ("charge", "deja_charge", premier.fichier_id)
    assert counts(second) == counts(premier) == (2, 2, 0, 0)
    assert (list_arrets(admin), count(admin, "journal.evenement")) == (avant, evenements)


def test_the_same_lines_in_another_file_change_nothing(depot: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(depot, "assures", [ligne_assure(1)])
    ingest(depot, "arrets_prescrits", [ligne_arret("AV1"), ligne_arret("AV2")])
    connu = admin.execute("SELECT max(connu_at), max(xmin::text) FROM pdp.arret_prescrit").fetchall()
    assert counts(ingest(depot, "arrets_prescrits", [ligne_arret("AV2"), ligne_arret("AV1"), ligne_arret("AV2")])) == (3, 0, 3, 0)
    assert admin.execute("SELECT max(connu_at), max(xmin::text) FROM pdp.arret_prescrit").fetchall() == connu
    assert count(admin, "pdp.arret_prescrit_version") == 0


def test_a_correction_keeps_the_previous_version_and_is_journalled_for_the_person(depot: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(depot, "assures", [ligne_assure(1)])
    ingest(depot, "arrets_prescrits", [ligne_arret("AV1")])
    bilan = ingest(depot, "arrets_prescrits", [ligne_arret("AV1", fin="2026-09-10", recu="2026-09-09T08:00:00Z", motif="M54")])
    assert counts(bilan) == (1, 1, 0, 0)
    assert [(ligne[2], ligne[4], ligne[5]) for ligne in list_arrets(admin)] == [(date(2026, 9, 10), "tms", "M54")]
    assert admin.execute("SELECT date_fin, motif_categorie, connu_au FROM pdp.arret_prescrit_version").fetchall() == [
        (date(2026, 9, 15), "psychique", MAINTENANT)
    ]
    (evenement,) = admin.execute("SELECT assure_id, auteur_id, donnees FROM journal.evenement WHERE evenement = 'arret_corrige'").fetchall()
    assert evenement[0] is not None
    assert evenement[1] == TEST.id
    assert set(evenement[2]) == {"arret_id", "fichier_id"}


def test_a_newer_version_without_motif_withdraws_it(depot: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(depot, "assures", [ligne_assure(1)])
    ingest(depot, "arrets_prescrits", [ligne_arret("AV1")])
    ingest(depot, "arrets_prescrits", [ligne_arret("AV1", recu="2026-09-09T08:00:00Z", motif="")])
    assert [(ligne[4], ligne[5]) for ligne in list_arrets(admin)] == [("non_renseigne", None)]


def test_a_cancellation_before_its_original_wins(depot: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(depot, "assures", [ligne_assure(1)])
    assert counts(ingest(depot, "arrets_prescrits", [ligne_arret("AV1", recu="2026-09-20T08:00:00Z", annule="oui")])) == (1, 1, 0, 0)
    assert counts(ingest(depot, "arrets_prescrits", [ligne_arret("AV1")])) == (1, 0, 1, 0)
    assert [ligne[3] for ligne in list_arrets(admin)] == [True]


def test_the_newest_version_inside_one_file_wins_whatever_its_place(depot: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(depot, "assures", [ligne_assure(1)])
    lignes = [
        ligne_arret("AV1", fin="2026-09-20", recu="2026-09-19T08:00:00Z"),
        ligne_arret("AV1"),
        ligne_arret("AV1", fin="2026-09-18", recu="2026-09-03T08:00:00Z"),
    ]
    assert counts(ingest(depot, "arrets_prescrits", lignes)) == (3, 1, 2, 0)
    assert [ligne[2] for ligne in list_arrets(admin)] == [date(2026, 9, 20)]


def test_one_bad_line_of_each_kind_among_good_ones(depot: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(depot, "assures", [ligne_assure(1)])
    bonne = ligne_arret("AV1")
    lignes = [
        bonne,
        bonne.replace("2026-09-01", "31/02/2026"),
        bonne.replace("2026-09-15", "2026-08-15"),
        bonne.replace(";maladie;", ";grippe;"),
        bonne + ";reste",
        ligne_arret("AV9", assure=9),
        ligne_arret("AV2"),
    ]
    bilan = ingest(depot, "arrets_prescrits", lignes)
    assert counts(bilan) == (7, 2, 0, 5)
    assert [ligne[0] for ligne in list_arrets(admin)] == ["AV1", "AV2"]
    assert list_quarantaine(admin) == [
        (3, "date_debut", "date_invalide", "PF35", None),
        (4, "date_fin", "dates_inversees", "PF35", None),
        (5, "risque", "code_inconnu", "PF35", None),
        (6, None, "nombre_de_colonnes", None, None),
        (7, "id_assure", "assure_inconnu", None, None),
    ]
    contenu = admin.execute("SELECT contenu_chiffre FROM identite.quarantaine WHERE numero_ligne = 3").fetchone()
    assert contenu is not None
    assert b"351-1" not in contenu[0]
    assert decrypt(contenu[0]).splitlines()[1] == lignes[1]


def test_a_bad_nir_key_is_quarantined_without_being_repeated(depot: Path, admin: psycopg.Connection[Any]) -> None:
    fausse = nir(2)[:13] + f"{int(nir(2)[13:]) % 97 + 1:02d}"
    bilan = ingest(depot, "assures", [ligne_assure(1), ligne_assure(2).replace(nir(2), fausse), ligne_assure(3, departement="75")])
    assert counts(bilan) == (3, 1, 0, 2)
    assert [ligne[1:4] for ligne in list_quarantaine(admin)] == [
        ("nir", "nir_cle", "PF35"),
        ("departement", "departement_hors_plateforme", None),
    ]
    tout = str(admin.execute("SELECT message, champ, code FROM identite.quarantaine").fetchall())
    tout += str(admin.execute("SELECT donnees FROM journal.evenement").fetchall())
    assert fausse[:13] not in tout


def test_prescriptions_of_an_unknown_person_are_replayed_when_the_person_arrives(depot: Path, admin: psycopg.Connection[Any]) -> None:
    attente = ingest(
        depot,
        "arrets_prescrits",
        [ligne_arret("AV1"), ligne_arret("AV2", assure=2), ligne_arret("AV1", fin="2026-09-20", recu="2026-09-19T08:00:00Z")],
    )
    assert counts(attente) == (3, 0, 0, 3)
    bilan = ingest(depot, "assures", [ligne_assure(1)])
    assert (counts(bilan), bilan.rejouees) == ((1, 1, 0, 0), 2)
    assert [(ligne[0], ligne[2], ligne[5]) for ligne in list_arrets(admin)] == [("AV1", date(2026, 9, 20), "F32")]
    assert sorted((ligne[0], ligne[3], ligne[4]) for ligne in list_quarantaine(admin)) == [
        (2, "PF35", "rejouee"), (3, None, None), (4, "PF35", "rejouee"),
    ]  # fmt: skip
    assert admin.execute("SELECT DISTINCT fichier_id FROM pdp.arret_prescrit").fetchall() == [(attente.fichier_id,)]


LIVRAISONS = {
    "assures": [
        ("assures", [ligne_assure(1), ligne_assure(2)]),
        ("assures", [ligne_assure(1, maj="2026-09-20T07:00:00Z", telephone="0639981111"), ligne_assure(3)]),
    ],
    "arrets": [
        ("arrets_prescrits", [ligne_arret("AV1"), ligne_arret("AV2", assure=2), ligne_arret("AV3", assure=3, motif="")]),
        (
            "arrets_prescrits",
            [
                ligne_arret("AV1", fin="2026-09-20", recu="2026-09-19T08:00:00Z", motif=""),
                ligne_arret("AV3", assure=3, recu="2026-09-03T08:00:00Z"),
            ],
        ),
        (
            "arrets_prescrits",
            [
                ligne_arret("AV2", assure=2, recu="2026-09-25T08:00:00Z", annule="oui"),
                ligne_arret("AV1", fin="2026-09-17", recu="2026-09-10T08:00:00Z"),
            ],
        ),
    ],
}


def test_deliveries_in_any_order_end_in_the_same_rows(depot: Path, admin: psycopg.Connection[Any]) -> None:
    """All 120 orders of five files, corrections and cancellations before their originals and people after their prescriptions."""
    fins = set()
    for ordre in permutations(LIVRAISONS["assures"] + LIVRAISONS["arrets"]):
        admin.execute("TRUNCATE pdp.flux_fichier, identite.assure, pdp.arret_prescrit CASCADE")
        for flux, lignes in ordre:
            bilan = ingest(depot, flux, lignes)
            assert bilan.lignes == bilan.admises + bilan.inchangees + bilan.rejetees
        assert [ligne for ligne in list_quarantaine(admin) if ligne[4] is None] == []
        personnes = admin.execute("SELECT id_source, telephone, mis_a_jour_source_at FROM identite.assure ORDER BY 1").fetchall()
        fins.add(str((list_arrets(admin), personnes)))
    assert len(fins) == 1
    assert "+33639981111" in fins.pop()


def test_two_different_versions_at_the_same_instant_end_the_same(depot: Path, admin: psycopg.Connection[Any]) -> None:
    fins = set()
    for ordre in (("2026-09-15", "2026-09-18"), ("2026-09-18", "2026-09-15")):
        admin.execute("TRUNCATE pdp.flux_fichier, identite.assure, pdp.arret_prescrit CASCADE")
        ingest(depot, "assures", [ligne_assure(1)])
        for fin in ordre:
            ingest(depot, "arrets_prescrits", [ligne_arret("AV1", fin=fin)])
        fins.add(str(list_arrets(admin)))
    assert len(fins) == 1
