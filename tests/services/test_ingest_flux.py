"""Feeds in, on a real PostgreSQL: nothing twice, nothing lost, and the same end whatever the order of arrival."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fabrique import MAINTENANT, TEST, lot, socle
from pdp.domain.nir import build_nir_synthetique
from pdp.errors import FluxRefuse
from pdp.services import ingest_flux
from pdp.services.ingest_flux import BilanFlux, ingest_depot, ingest_fichier
from pdp.simulation.cohorte import generate_cohorte
from pdp.storage.chiffrement import decrypt, fingerprint
from pdp.storage.flux_csv import load_schema


@pytest.fixture
def depot(base: str, tmp_path: Path) -> Path:
    """Drop folder of a migrated installation."""
    with lot() as conn:
        socle(conn)
    return tmp_path / "depot"


def _nir(rang: int) -> str:
    return build_nir_synthetique(sexe="F", annee=1980, mois=4, departement="35", rang=rang)


def _assure(rang: int, maj: str = "2026-09-01T07:00:00Z", telephone: str = "0639980000", departement: str = "35") -> str:
    commune = f"{departement}238" if departement == "35" else f"{departement}463"
    return f"351-{rang};{_nir(rang)};NOM{rang};Zoé;1980-04-12;F;{commune};{departement};{telephone};;telephone;;fr;salarie;{maj}"


def _arret(
    avis: str, assure: int = 1, fin: str = "2026-09-15", recu: str = "2026-09-02T08:00:00Z", annule: str = "non", motif: str = "F32"
) -> str:
    return f"{avis};351-{assure};2026-09-01;{fin};initiale;maladie;non;{motif};non;;non;{recu};e_aat;{annule}"


def _file(dossier: Path, flux: str, lignes: list[str], jour: str = "2026-10-01", fin: str | None = None) -> Path:
    chemin = dossier / f"{flux}_{jour}.csv"
    contenu = [";".join(load_schema(flux).colonnes), *lignes, fin or f"#FIN;{len(lignes)}", ""]
    chemin.write_text("\n".join(contenu), encoding="utf-8")
    return chemin


def _ingest(dossier: Path, flux: str, lignes: list[str], jour: str = "2026-10-01") -> BilanFlux:
    chemin = _file(dossier, flux, lignes, jour)
    with lot() as conn:
        bilan = ingest_fichier(conn, chemin, TEST, MAINTENANT)
    chemin.unlink()
    return bilan


def _counts(bilan: BilanFlux) -> tuple[int, int, int, int]:
    return bilan.lignes, bilan.admises, bilan.inchangees, bilan.rejetees


def _arrets(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """Current prescriptions and their motif, without the ids that chance decides."""
    return admin.execute(
        """SELECT p.id_avis, a.id_source, p.date_fin, p.annule, p.motif_categorie, m.code_cim10, p.recu_source_at, p.version_empreinte
           FROM pdp.arret_prescrit p JOIN identite.assure a ON a.id = p.assure_id LEFT JOIN medical.motif_arret m ON m.arret_id = p.id
           ORDER BY p.id_avis"""
    ).fetchall()


def _count(admin: psycopg.Connection[Any], table: str) -> int:
    ligne = admin.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert ligne is not None
    return ligne[0]


def _quarantaine(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return admin.execute(
        "SELECT numero_ligne, champ, code, plateforme_id, resolution FROM identite.quarantaine ORDER BY connu_at, numero_ligne"
    ).fetchall()


def test_a_person_is_kept_encrypted_and_found_by_keyed_hash(depot: Path, admin: psycopg.Connection[Any]) -> None:
    assert _counts(_ingest(depot, "assures", [_assure(1), _assure(2)])) == (2, 2, 0, 0)
    lignes = admin.execute(
        "SELECT nir_chiffre, plateforme_id, telephone FROM identite.assure WHERE nir_empreinte = %s", (fingerprint(_nir(1)),)
    ).fetchall()
    assert [(decrypt(ligne[0]), ligne[1], ligne[2]) for ligne in lignes] == [(_nir(1), "PF35", "+33639980000")]
    assert _nir(1).encode() not in lignes[0][0]


def test_the_same_file_twice_changes_nothing(depot: Path, admin: psycopg.Connection[Any]) -> None:
    _ingest(depot, "assures", [_assure(1)])
    premier = _ingest(depot, "arrets_prescrits", [_arret("AV1"), _arret("AV2")])
    avant, evenements = _arrets(admin), _count(admin, "journal.evenement")
    second = _ingest(depot, "arrets_prescrits", [_arret("AV1"), _arret("AV2")], jour="2026-10-02")
    assert (premier.etat, second.etat, second.fichier_id) == ("charge", "deja_charge", premier.fichier_id)
    assert _counts(second) == _counts(premier) == (2, 2, 0, 0)
    assert (_arrets(admin), _count(admin, "journal.evenement")) == (avant, evenements)


def test_the_same_lines_in_another_file_change_nothing(depot: Path, admin: psycopg.Connection[Any]) -> None:
    _ingest(depot, "assures", [_assure(1)])
    _ingest(depot, "arrets_prescrits", [_arret("AV1"), _arret("AV2")])
    connu = admin.execute("SELECT max(connu_at), max(xmin::text) FROM pdp.arret_prescrit").fetchall()
    assert _counts(_ingest(depot, "arrets_prescrits", [_arret("AV2"), _arret("AV1"), _arret("AV2")])) == (3, 0, 3, 0)
    assert admin.execute("SELECT max(connu_at), max(xmin::text) FROM pdp.arret_prescrit").fetchall() == connu
    assert _count(admin, "pdp.arret_prescrit_version") == 0


def test_a_correction_keeps_the_previous_version_and_is_journalled_for_the_person(depot: Path, admin: psycopg.Connection[Any]) -> None:
    _ingest(depot, "assures", [_assure(1)])
    _ingest(depot, "arrets_prescrits", [_arret("AV1")])
    bilan = _ingest(depot, "arrets_prescrits", [_arret("AV1", fin="2026-09-10", recu="2026-09-09T08:00:00Z", motif="M54")])
    assert _counts(bilan) == (1, 1, 0, 0)
    assert [(ligne[2], ligne[4], ligne[5]) for ligne in _arrets(admin)] == [(date(2026, 9, 10), "tms", "M54")]
    assert admin.execute("SELECT date_fin, motif_categorie, connu_au FROM pdp.arret_prescrit_version").fetchall() == [
        (date(2026, 9, 15), "psychique", MAINTENANT)
    ]
    (evenement,) = admin.execute("SELECT assure_id, auteur_id, donnees FROM journal.evenement WHERE evenement = 'arret_corrige'").fetchall()
    assert evenement[0] is not None
    assert evenement[1] == TEST.id
    assert set(evenement[2]) == {"arret_id", "fichier_id"}


def test_a_newer_version_without_motif_withdraws_it(depot: Path, admin: psycopg.Connection[Any]) -> None:
    _ingest(depot, "assures", [_assure(1)])
    _ingest(depot, "arrets_prescrits", [_arret("AV1")])
    _ingest(depot, "arrets_prescrits", [_arret("AV1", recu="2026-09-09T08:00:00Z", motif="")])
    assert [(ligne[4], ligne[5]) for ligne in _arrets(admin)] == [("non_renseigne", None)]


def test_a_cancellation_before_its_original_wins(depot: Path, admin: psycopg.Connection[Any]) -> None:
    _ingest(depot, "assures", [_assure(1)])
    assert _counts(_ingest(depot, "arrets_prescrits", [_arret("AV1", recu="2026-09-20T08:00:00Z", annule="oui")])) == (1, 1, 0, 0)
    assert _counts(_ingest(depot, "arrets_prescrits", [_arret("AV1")])) == (1, 0, 1, 0)
    assert [ligne[3] for ligne in _arrets(admin)] == [True]


def test_the_newest_version_inside_one_file_wins_whatever_its_place(depot: Path, admin: psycopg.Connection[Any]) -> None:
    _ingest(depot, "assures", [_assure(1)])
    lignes = [
        _arret("AV1", fin="2026-09-20", recu="2026-09-19T08:00:00Z"),
        _arret("AV1"),
        _arret("AV1", fin="2026-09-18", recu="2026-09-03T08:00:00Z"),
    ]
    assert _counts(_ingest(depot, "arrets_prescrits", lignes)) == (3, 1, 2, 0)
    assert [ligne[2] for ligne in _arrets(admin)] == [date(2026, 9, 20)]


def test_one_bad_line_of_each_kind_among_good_ones(depot: Path, admin: psycopg.Connection[Any]) -> None:
    _ingest(depot, "assures", [_assure(1)])
    bonne = _arret("AV1")
    lignes = [
        bonne,
        bonne.replace("2026-09-01", "31/02/2026"),
        bonne.replace("2026-09-15", "2026-08-15"),
        bonne.replace(";maladie;", ";grippe;"),
        bonne + ";reste",
        _arret("AV9", assure=9),
        _arret("AV2"),
    ]
    bilan = _ingest(depot, "arrets_prescrits", lignes)
    assert _counts(bilan) == (7, 2, 0, 5)
    assert [ligne[0] for ligne in _arrets(admin)] == ["AV1", "AV2"]
    assert _quarantaine(admin) == [
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
    fausse = _nir(2)[:13] + f"{int(_nir(2)[13:]) % 97 + 1:02d}"
    bilan = _ingest(depot, "assures", [_assure(1), _assure(2).replace(_nir(2), fausse), _assure(3, departement="75")])
    assert _counts(bilan) == (3, 1, 0, 2)
    assert [ligne[1:4] for ligne in _quarantaine(admin)] == [
        ("nir", "nir_cle", "PF35"),
        ("departement", "departement_hors_plateforme", None),
    ]
    tout = str(admin.execute("SELECT message, champ, code FROM identite.quarantaine").fetchall())
    tout += str(admin.execute("SELECT donnees FROM journal.evenement").fetchall())
    assert fausse[:13] not in tout


def test_prescriptions_of_an_unknown_person_are_replayed_when_the_person_arrives(depot: Path, admin: psycopg.Connection[Any]) -> None:
    attente = _ingest(
        depot, "arrets_prescrits", [_arret("AV1"), _arret("AV2", assure=2), _arret("AV1", fin="2026-09-20", recu="2026-09-19T08:00:00Z")]
    )
    assert _counts(attente) == (3, 0, 0, 3)
    bilan = _ingest(depot, "assures", [_assure(1)])
    assert (_counts(bilan), bilan.rejouees) == ((1, 1, 0, 0), 2)
    assert [(ligne[0], ligne[2], ligne[5]) for ligne in _arrets(admin)] == [("AV1", date(2026, 9, 20), "F32")]
    assert sorted((ligne[0], ligne[3], ligne[4]) for ligne in _quarantaine(admin)) == [
        (2, "PF35", "rejouee"), (3, None, None), (4, "PF35", "rejouee"),
    ]  # fmt: skip
    assert admin.execute("SELECT DISTINCT fichier_id FROM pdp.arret_prescrit").fetchall() == [(attente.fichier_id,)]


LIVRAISONS = {
    "assures": [
        ("assures", [_assure(1), _assure(2)]),
        ("assures", [_assure(1, maj="2026-09-20T07:00:00Z", telephone="0639981111"), _assure(3)]),
    ],
    "arrets": [
        ("arrets_prescrits", [_arret("AV1"), _arret("AV2", assure=2), _arret("AV3", assure=3, motif="")]),
        (
            "arrets_prescrits",
            [_arret("AV1", fin="2026-09-20", recu="2026-09-19T08:00:00Z", motif=""), _arret("AV3", assure=3, recu="2026-09-03T08:00:00Z")],
        ),
        (
            "arrets_prescrits",
            [
                _arret("AV2", assure=2, recu="2026-09-25T08:00:00Z", annule="oui"),
                _arret("AV1", fin="2026-09-17", recu="2026-09-10T08:00:00Z"),
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
            bilan = _ingest(depot, flux, lignes)
            assert bilan.lignes == bilan.admises + bilan.inchangees + bilan.rejetees
        assert [ligne for ligne in _quarantaine(admin) if ligne[4] is None] == []
        personnes = admin.execute("SELECT id_source, telephone, mis_a_jour_source_at FROM identite.assure ORDER BY 1").fetchall()
        fins.add(str((_arrets(admin), personnes)))
    assert len(fins) == 1
    assert "+33639981111" in fins.pop()


def test_two_different_versions_at_the_same_instant_end_the_same(depot: Path, admin: psycopg.Connection[Any]) -> None:
    fins = set()
    for ordre in (("2026-09-15", "2026-09-18"), ("2026-09-18", "2026-09-15")):
        admin.execute("TRUNCATE pdp.flux_fichier, identite.assure, pdp.arret_prescrit CASCADE")
        _ingest(depot, "assures", [_assure(1)])
        for fin in ordre:
            _ingest(depot, "arrets_prescrits", [_arret("AV1", fin=fin)])
        fins.add(str(_arrets(admin)))
    assert len(fins) == 1


@pytest.mark.parametrize(
    ("nom", "octets", "code"),
    [
        ("arrets_prescrits_2026-10-01.csv", b"id_avis;date\nAV1;2\n#FIN;1\n", "colonnes_manquantes"),
        (
            "arrets_prescrits_2026-10-01.csv",
            ";".join(load_schema("arrets_prescrits").colonnes).encode() + b"\nAV1;351-1;2026-0",
            "fichier_tronque",
        ),
        ("assures_2026-10-01.csv", "id_source;nir\n#FIN;0\n".encode("utf-16"), "encodage_inconnu"),
        ("agents_2026-10-01.csv", b"", "fichier_vide"),
    ],
)
def test_a_malformed_file_is_refused_with_its_reason_and_the_others_go_in(
    depot: Path, admin: psycopg.Connection[Any], nom: str, octets: bytes, code: str
) -> None:
    (depot / nom).write_bytes(octets)
    _file(depot, "assures", [_assure(1)], jour="2026-10-02")
    bilan = ingest_depot(lot, depot, TEST, MAINTENANT)
    assert {fichier.etat for _, fichier in bilan.fichiers} == {"charge", "refuse"}
    assert admin.execute("SELECT nom, motif_code, lignes FROM pdp.flux_fichier WHERE etat = 'refuse'").fetchall() == [(nom, code, 0)]
    assert _count(admin, "identite.assure") == 1
    assert (depot / "refuses" / nom).read_bytes() == octets
    assert (depot / "traites" / "assures_2026-10-02.csv").exists()
    (depot / nom).write_bytes(octets)
    assert [fichier.etat for _, fichier in ingest_depot(lot, depot, TEST, MAINTENANT).fichiers] == ["deja_refuse"]
    assert _count(admin, "journal.evenement WHERE evenement = 'fichier_refuse'") == 1


def test_a_file_that_changes_while_it_is_read_leaves_nothing_behind(
    depot: Path, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines disappear between the two passes: the first ones were already copied, and must not stay."""
    chemin = _file(depot, "assures", [_assure(rang) for rang in range(1, 9)])
    lu = ingest_flux.read_flux

    def read_then_cut(fichier: Path, flux: str) -> Any:
        lecture = lu(fichier, flux)
        fichier.write_text("\n".join(fichier.read_text(encoding="utf-8").splitlines()[:4]), encoding="utf-8")
        return lecture

    monkeypatch.setattr(ingest_flux, "read_flux", read_then_cut)
    with lot() as conn:
        bilan = ingest_fichier(conn, chemin, TEST, MAINTENANT)
    assert (bilan.etat, bilan.motif_code) == ("refuse", "fichier_tronque")
    assert _count(admin, "identite.assure") == 0


def test_a_crash_between_commit_and_move_is_harmless(depot: Path, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    _file(depot, "assures", [_assure(1)])
    _file(depot, "arrets_prescrits", [_arret("AV1")])

    class Coupure(Exception):
        pass

    def fail(chemin: Path, destination: Path) -> Path:
        raise Coupure

    with monkeypatch.context() as panne:
        panne.setattr(ingest_flux, "move_file", fail)
        with pytest.raises(Coupure):
            ingest_depot(lot, depot, TEST, MAINTENANT)
    assert _count(admin, "identite.assure") == 1
    assert (depot / "assures_2026-10-01.csv").exists()
    bilan = ingest_depot(lot, depot, TEST, MAINTENANT + timedelta(minutes=5))
    assert [(nom, fichier.etat) for nom, fichier in bilan.fichiers] == [
        ("assures_2026-10-01.csv", "deja_charge"),
        ("arrets_prescrits_2026-10-01.csv", "charge"),
    ]
    assert sorted(chemin.name for chemin in depot.iterdir()) == ["traites"]
    assert (_count(admin, "identite.assure"), _count(admin, "pdp.arret_prescrit"), _count(admin, "pdp.flux_fichier")) == (1, 1, 2)


def test_a_crash_before_the_commit_leaves_nothing(depot: Path, admin: psycopg.Connection[Any]) -> None:
    chemin = _file(depot, "assures", [_assure(1)])
    admises = []

    def take_then_die() -> None:
        with lot() as conn:
            admises.append(ingest_fichier(conn, chemin, TEST, MAINTENANT).admises)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        take_then_die()
    assert admises == [1]
    assert (_count(admin, "identite.assure"), _count(admin, "pdp.flux_fichier"), _count(admin, "journal.evenement")) == (0, 0, 0)
    with lot() as conn:
        assert ingest_fichier(conn, chemin, TEST, MAINTENANT).etat == "charge"


def test_files_being_written_and_unknown_names_stay_in_place(depot: Path) -> None:
    for nom in ("assures_2026-10-01.csv.part", "factures_2026-10-01.csv", "lisezmoi.txt"):
        (depot / nom).write_text("x", encoding="utf-8")
    bilan = ingest_depot(lot, depot, TEST, MAINTENANT)
    assert (bilan.fichiers, len(bilan.en_attente)) == ((), 3)
    assert len(list(depot.iterdir())) == 3
    with lot() as conn, pytest.raises(FluxRefuse, match="flux_inconnu"):
        ingest_fichier(conn, depot / "factures_2026-10-01.csv", TEST, MAINTENANT)


def _agent(matricule: str, fin: str = "", plateforme: str = "PF35") -> str:
    return f"{matricule};NOM;Zoé;{matricule}@exemple.invalid;csam;{plateforme};35238|35047;0.8;tms;2025-01-01;{fin}"


def test_complete_lists_of_agents_follow_the_date_of_their_name(depot: Path, admin: psycopg.Connection[Any]) -> None:
    lignes = [_agent("A1"), _agent("A2"), _agent("A3", plateforme="PF99")]
    assert _counts(_ingest(depot, "agents", lignes, jour="2026-10-01")) == (3, 2, 0, 1)
    assert _counts(_ingest(depot, "agents", [_agent("A1"), _agent("A2", fin="2026-10-31")], jour="2026-10-08")) == (2, 1, 1, 0)
    assert _counts(_ingest(depot, "agents", [_agent("A1", fin="2026-09-30")], jour="2026-09-30")) == (1, 0, 1, 0)
    assert admin.execute("SELECT matricule, territoire, actif_au FROM pdp.agent ORDER BY 1").fetchall() == [
        ("A1", ["35238", "35047"], None),
        ("A2", ["35238", "35047"], date(2026, 10, 31)),
    ]
    assert _counts(_ingest(depot, "agents", [_agent("A1", plateforme="PF57")], jour="2026-10-09")) == (1, 0, 0, 1)


def test_a_partner_of_two_departments_serves_two_platforms(depot: Path, admin: psycopg.Connection[Any]) -> None:
    lignes = [
        "P1;spst;Santé au travail;35|57|75;api;http://127.0.0.1:8090;;;20;2025-01-01;",
        "P2;psychologue;Cabinet;75;portail;;;;10;2025-01-01;",
    ]
    assert _counts(_ingest(depot, "partenaires", lignes)) == (2, 1, 0, 1)
    assert admin.execute("SELECT plateforme_id, id_source FROM pdp.partenaire ORDER BY 1").fetchall() == [("PF35", "P1"), ("PF57", "P1")]


def test_a_cohort_goes_in_whole_and_every_line_is_accounted_for(depot: Path, admin: psycopg.Connection[Any], tmp_path: Path) -> None:
    """Two deliveries, then both again under other names with their lines upside down: nothing moves any more."""
    resume = generate_cohorte(tmp_path / "cohorte", 11, date(2026, 10, 8), "petite")
    for livraison in ("J-45", "J"):
        for chemin in (tmp_path / "cohorte" / livraison).iterdir():
            chemin.rename(depot / chemin.name)
        ingest_depot(lot, depot, TEST, MAINTENANT)
    lignes = admin.execute("SELECT sum(lignes), sum(admises + inchangees + rejetees), sum(rejetees) FROM pdp.flux_fichier").fetchone()
    assert lignes is not None
    # The lists of partners are the same bytes in both deliveries: the second is not a new file.
    attendues = sum(resume.lignes.values()) - resume.lignes["partenaires"] // 2
    assert lignes[:2] == (attendues, attendues)
    assert lignes[2] == _count(admin, "identite.quarantaine") == resume.lignes_fautives
    assert _count(admin, "identite.quarantaine WHERE code = 'assure_inconnu'") == 3
    assert _count(admin, "pdp.arret_prescrit_version") > 0
    assert _count(admin, "pdp.arret_prescrit WHERE annule") == resume.annulations
    assert dict(admin.execute("SELECT role, count(*) FROM pdp.agent GROUP BY 1").fetchall())["csam"] == 26
    avant = _arrets(admin)
    for chemin in (depot / "traites").glob("a*_*.csv"):
        entete, *reste = chemin.read_text(encoding="utf-8").splitlines()
        (depot / chemin.name.replace("2026-", "2027-")).write_text(
            "\n".join([entete, *reversed(reste[:-1]), reste[-1], ""]), encoding="utf-8"
        )
    bilan = ingest_depot(lot, depot, TEST, MAINTENANT + timedelta(days=1))
    assert {nom for nom, fichier in bilan.fichiers if fichier.admises and not nom.startswith("agents")} == set()
    assert _arrets(admin) == avant
