"""DSN files on a real PostgreSQL: nothing twice, nothing lost, and the same end whatever the order of arrival."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import psycopg
import pytest

import dsn_fabrique as f
from depot_dsn import Table, elle, faits, installer, prendre, quarantaine, tout
from fabrique import MAINTENANT
from livraisons import count, counts, ingest, ligne_assure, nir
from pdp.storage.chiffrement import decrypt


@pytest.fixture
def depot(base: str, tmp_path: Path) -> Path:
    return installer(tmp_path / "depot")


def test_facts_of_every_kind_are_kept(depot: Path, admin: psycopg.Connection[Any]) -> None:
    gens = [
        elle(1, f.arret(reprise="16092026", reprise_motif="01"), f.suspension(), f.fin_contrat(), f.temps_partiel()),
        elle(2, f.arret("15"), f.suspension("112", fin="")),
    ]
    bilan = prendre(depot, f.fichier(*gens, spst="SPST0000000035"))
    assert (bilan.etat, counts(bilan)) == ("charge", (8, 8, 0, 0))
    assert faits(admin) == [
        ("351-1", "arret", "01", False, "2026-09-01", "2026-09-15", "2026-09-16", None, False),
        ("351-1", "fin_contrat", "091", False, "2026-09-30", None, None, None, False),
        ("351-1", "spst", None, False, "2026-09-01", None, None, "SPST0000000035", False),
        ("351-1", "suspension", "501", True, "2026-09-16", "2026-09-16", None, None, False),
        ("351-1", "temps_partiel", None, False, "2026-09-16", "2026-09-30", None, None, False),
        ("351-2", "spst", None, False, "2026-09-01", None, None, "SPST0000000035", False),
        ("351-2", "suspension", "112", False, "2026-09-16", None, None, None, False),
        ("351-2", "temps_partiel", "15", False, "2026-09-01", "2026-09-15", None, None, False),
    ]
    assert admin.execute("SELECT DISTINCT plateforme_id, siret, nature_declaration FROM pdp.fait_dsn").fetchall() == [
        ("PF35", f.SIRET, "01")
    ]


def test_the_same_file_twice_changes_nothing(depot: Path, admin: psycopg.Connection[Any]) -> None:
    octets = f.fichier(elle(1, f.arret()), elle(9, f.arret()))
    premier = prendre(depot, octets)
    avant, evenements = tout(admin), count(admin, "journal.evenement")
    second = prendre(depot, octets, "dsn_2.dsn", jours=1)
    assert (premier.etat, second.etat, second.fichier_id) == ("charge", "deja_charge", premier.fichier_id)
    assert counts(second) == counts(premier) == (2, 1, 0, 1)
    assert (tout(admin), count(admin, "journal.evenement"), count(admin, "identite.quarantaine")) == (avant, evenements, 1)


def test_the_same_words_in_a_later_declaration_are_no_change(depot: Path, admin: psycopg.Connection[Any]) -> None:
    prendre(depot, f.fichier(elle(1, f.arret()), spst="SPST0000000035"))
    connu = admin.execute("SELECT cle, connu_at, fichier_id FROM pdp.fait_dsn ORDER BY 1").fetchall()
    bilan = prendre(depot, f.fichier(elle(1, f.arret()), spst="SPST0000000035", mois="01102026", emise="05112026"), jours=31)
    assert counts(bilan) == (2, 0, 2, 0)
    assert admin.execute("SELECT cle, connu_at, fichier_id FROM pdp.fait_dsn ORDER BY 1").fetchall() == connu
    assert count(admin, "pdp.fait_version") == 0


def test_a_correction_keeps_what_was_believed(depot: Path, admin: psycopg.Connection[Any]) -> None:
    prendre(depot, f.fichier(elle(1, f.arret()), nature="04", emise="02092026"))
    bilan = prendre(depot, f.fichier(elle(1, f.arret(reprise="10092026", reprise_motif="01")), nature="05", emise="11092026"), jours=9)
    assert counts(bilan) == (1, 1, 0, 0)
    assert [(x[5], x[6]) for x in faits(admin)] == [("2026-09-09", "2026-09-10")]
    ((contenu, du, au),) = admin.execute("SELECT contenu, connu_du, connu_au FROM pdp.fait_version WHERE genre = 'fait_dsn'").fetchall()
    assert (contenu["fin"], contenu["reprise_le"], du, au) == ("2026-09-15", None, MAINTENANT, MAINTENANT + timedelta(days=9))
    ((donnees,),) = admin.execute("SELECT donnees FROM journal.evenement WHERE evenement = 'fait_dsn_corrige'").fetchall()
    assert set(donnees) == {"fait_id"}


def test_every_written_fact_wakes_the_detection_of_its_person_only(depot: Path, admin: psycopg.Connection[Any]) -> None:
    admin.execute("TRUNCATE pdp.fait_nouveau")
    prendre(depot, f.fichier(elle(1, f.arret()), elle(2)))
    reveilles = admin.execute("SELECT DISTINCT a.id_source FROM pdp.fait_nouveau n JOIN identite.assure a ON a.id = n.assure_id").fetchall()
    assert reveilles == [("351-1",)]


SUITES: dict[str, tuple[list[bytes], list[tuple[Any, ...]]]] = {
    "requalified from illness to accident": (
        [
            f.fichier(elle(1, f.arret("01")), nature="04", emise="02092026"),
            f.fichier(elle(1, f.arret("06", accident="31082026")), nature="04", type_="03", emise="08092026"),
        ],
        [("06", "2026-09-15", None, False)],
    ),
    "last day worked corrected by a signalement that replaces, then repeated by the month": (
        [
            f.fichier(elle(1, f.arret(dernier="03092026")), nature="04", emise="04092026"),
            f.fichier(elle(1, f.arret(dernier="31082026")), nature="04", type_="03", emise="07092026"),
            f.fichier(elle(1, f.arret(dernier="31082026", reprise="10092026", reprise_motif="01"))),
        ],
        [("01", "2026-09-09", "2026-09-10", False), ("01", "2026-09-15", None, True)],
    ),
    "a signalement that replaces leaves the arrêts that it does not touch": (
        [
            f.fichier(elle(1, f.arret(dernier="15082026", fin="31082026")), nature="04", emise="17082026"),
            f.fichier(elle(1, f.arret(dernier="31082026")), nature="04", type_="03", emise="07092026"),
            f.fichier(elle(1, f.arret(dernier="15092026", fin="20092026")), nature="04", emise="06092026"),
        ],
        [("01", "2026-08-31", None, False), ("01", "2026-09-15", None, False), ("01", "2026-09-20", None, False)],
    ),
    "an arrêt declared again after the one that replaced it": (
        [
            f.fichier(elle(1, f.arret(dernier="03092026")), nature="04", emise="04092026"),
            f.fichier(elle(1, f.arret(dernier="31082026")), nature="04", type_="03", emise="07092026"),
            f.fichier(elle(1, f.arret(dernier="03092026")), nature="04", emise="08092026"),
        ],
        [("01", "2026-09-15", None, False), ("01", "2026-09-15", None, False)],
    ),
    "cancelled by a signalement, before or after its original": (
        [
            f.fichier(elle(1, f.arret()), nature="04", emise="02092026"),
            f.fichier(elle(1, f.arret()), nature="04", type_="04", emise="03092026"),
        ],
        [("01", "2026-09-15", None, True)],
    ),
    "cancelled by motif 99 of a monthly declaration": (
        [f.fichier(elle(1, f.arret()), nature="04", emise="02092026"), f.fichier(elle(1, f.arret("99", fin="")))],
        [("99", None, None, True)],
    ),
    "declared again after a cancellation": (
        [
            f.fichier(elle(1, f.arret()), nature="04", emise="02092026"),
            f.fichier(elle(1, f.arret()), nature="04", type_="04", emise="03092026"),
            f.fichier(elle(1, f.arret(fin="20092026")), nature="04", emise="04092026"),
        ],
        [("01", "2026-09-20", None, False)],
    ),
    "a resumption declared, then cancelled: the arrêt stands": (
        [
            f.fichier(elle(1, f.arret()), nature="04", emise="02092026"),
            f.fichier(elle(1, f.arret(reprise="10092026", reprise_motif="01")), nature="05", emise="10092026"),
            f.fichier(elle(1, f.arret(reprise="10092026", reprise_motif="01")), nature="05", type_="04", emise="11092026"),
        ],
        [("01", "2026-09-15", None, False)],
    ),
    "suspension cancelled by 998, another beginning that day": (
        [
            f.fichier(elle(1, f.suspension("501", fin="20092026"))),
            f.fichier(elle(1, f.suspension("998", fin="")), mois="01102026", emise="05112026"),
            f.fichier(elle(1, f.suspension("200", fin="18092026")), mois="01112026", emise="05122026"),
        ],
        [("200", "2026-09-18", None, False), ("501", "2026-09-20", None, True), ("998", None, None, True)],
    ),
    "monthly declaration replaced without the fact": (
        [
            f.fichier(elle(1, f.suspension()), elle(2), ordre="1"),
            f.fichier(elle(1, f.arret()), elle(2), type_="03", ordre="2"),
        ],
        [("01", "2026-09-15", None, False), ("501", "2026-09-16", None, True)],
    ),
    "monthly declaration replaced, the fact repeated by a later month": (
        [
            f.fichier(elle(1, f.suspension(fin="20112026"))),
            f.fichier(type_="05", emise="06102026"),
            f.fichier(elle(1, f.suspension(fin="20112026")), mois="01102026", emise="05112026"),
        ],
        [("501", "2026-11-20", None, False)],
    ),
    "monthly declaration cancelled": (
        [f.fichier(elle(1, f.suspension(), f.fin_contrat())), f.fichier(elle(1, f.suspension()), type_="04", emise="06102026")],
        [("091", None, None, True), ("501", "2026-09-16", None, True)],
    ),
    "another fraction or another month is not replaced": (
        [f.fichier(elle(1, f.suspension())), f.fichier(type_="05", mois="01082026", emise="06102026")],
        [("501", "2026-09-16", None, False)],
    ),
    "end of contract corrected": (
        [
            f.fichier(elle(1, f.fin_contrat("020", "30092026")), nature="07", emise="01102026"),
            f.fichier(elle(1, f.fin_contrat("091", "02102026")), nature="07", type_="03", emise="03102026"),
        ],
        [("091", None, None, False)],
    ),
    "two declarations of the same instant that disagree": (
        [f.fichier(elle(1, f.arret(fin="10092026")), nature="04"), f.fichier(elle(1, f.arret(fin="12092026")), nature="04")],
        [],
    ),
    "the order number tells two declarations of one day": (
        [
            f.fichier(elle(1, f.arret(fin="10092026")), ordre="251219141028734"),
            f.fichier(elle(1, f.arret(fin="12092026")), ordre="251219141028735"),
            f.fichier(elle(1, f.arret(fin="11092026")), ordre="251219141028733"),
        ],
        [("01", "2026-09-12", None, False)],
    ),
}


@pytest.mark.parametrize(("fichiers", "attendu"), SUITES.values(), ids=SUITES)
def test_files_in_any_order_end_the_same(depot: Path, admin: psycopg.Connection[Any], fichiers: list[bytes], attendu: Table) -> None:
    fins = set()
    for ordre in permutations(fichiers):
        admin.execute("TRUNCATE pdp.flux_fichier, pdp.fait_dsn, pdp.fait_version, pdp.annulation_dsn CASCADE")
        ingest(depot, "assures", [ligne_assure(n, maj="2026-09-02T07:00:00Z") for n in (1, 2, 3)])
        for rang, octets in enumerate(ordre):
            bilan = prendre(depot, octets, f"dsn_{rang}.dsn", jours=rang)
            assert bilan.etat == "charge"
            assert bilan.lignes == bilan.admises + bilan.inchangees + bilan.rejetees
        fins.add(tout(admin))
        if attendu:
            assert sorted((x[2], x[5], x[6], x[8]) for x in faits(admin)) == attendu
    assert len(fins) == 1


def test_one_file_or_several_end_the_same(depot: Path, admin: psycopg.Connection[Any]) -> None:
    """All the declarations of the table above in one file, in either direction."""
    fins = set()
    for sens in (1, -1):
        admin.execute("TRUNCATE pdp.flux_fichier, pdp.fait_dsn, pdp.fait_version, pdp.annulation_dsn CASCADE")
        ingest(depot, "assures", [ligne_assure(n, maj="2026-09-02T07:00:00Z") for n in (1, 2, 3)])
        octets = b"".join([octets for fichiers, _ in SUITES.values() for octets in fichiers][::sens])
        assert prendre(depot, octets).etat == "charge"
        fins.add(tout(admin))
    for fichiers, _ in SUITES.values():
        for rang, octets in enumerate(fichiers):
            prendre(depot, octets, f"dsn_bis_{rang}.dsn", jours=1)
    assert fins == {tout(admin)}


@pytest.mark.parametrize(
    ("gens", "code"),
    [
        (elle(1, f.arret(dernier="")), "debut_manquant"),
        (elle(1, f.suspension(debut="31092026")), "debut_manquant"),
        (elle(1, f.fin_contrat(le="")), "debut_manquant"),
        (elle(1, f.arret(), nir=""), "nir_absent"),
        (elle(1, f.arret(), nir="1234567890123"), "nir_mois"),
    ],
)
def test_facts_that_cannot_be_placed_are_kept_with_their_reason(
    depot: Path, admin: psycopg.Connection[Any], gens: list[f.Rubrique], code: str
) -> None:
    bilan = prendre(depot, f.fichier(gens, elle(2, f.arret())))
    assert counts(bilan) == (2, 1, 0, 1)
    assert [ligne[2] for ligne in quarantaine(admin)] == [code]


def test_a_declaration_without_any_date_is_not_guessed(depot: Path, admin: psycopg.Connection[Any]) -> None:
    assert counts(prendre(depot, f.fichier(elle(1, f.arret()), emise="", mois=""))) == (1, 0, 0, 1)
    assert [ligne[1:4] for ligne in quarantaine(admin)] == [("S20.G00.05.007", "emission_inconnue", "PF35")]


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (f.fichier(elle(1, f.arret()))[:-40], "fichier_tronque"),
        (f.ecrire(f.envoi(f.declaration(elle(1, f.arret())), essai="01")), "envoi_de_test"),
        (b"\x00\x01\x02", "encodage_inconnu"),
        (b"", "fichier_vide"),
        (b"bonjour", "pas_une_dsn"),
    ],
)
def test_a_refused_file_leaves_its_reason_and_nothing_else(depot: Path, admin: psycopg.Connection[Any], octets: bytes, code: str) -> None:
    premier, second = prendre(depot, octets), prendre(depot, octets, "dsn_2.dsn")
    assert (premier.etat, premier.motif_code, second.etat, second.motif_code) == ("refuse", code, "deja_refuse", code)
    assert (faits(admin), quarantaine(admin)) == ([], [])
    assert admin.execute("SELECT flux, etat, motif_code FROM pdp.flux_fichier WHERE flux = 'dsn'").fetchall() == [("dsn", "refuse", code)]


def test_nothing_of_a_person_nor_of_a_bank_is_left_in_clear(depot: Path, admin: psycopg.Connection[Any]) -> None:
    prendre(depot, f.fichier(elle(1, f.arret(), nom="TRESRARE"), elle(7, f.arret(), nom="TRESRARE")))
    ecrit = ""
    for table in ("identite.quarantaine", "pdp.fait_dsn", "pdp.fait_version", "pdp.flux_fichier", "journal.evenement"):
        ecrit += str(admin.execute(f"SELECT t::text FROM {table} t").fetchall())
    for interdit in ("TRESRARE", nir(1)[:13], nir(7)[:13], f.IBAN, f.BIC):
        assert interdit not in ecrit
    contenus = admin.execute("SELECT contenu_chiffre FROM identite.quarantaine").fetchall()
    assert contenus
    assert all(f.IBAN not in decrypt(contenu) for (contenu,) in contenus)
