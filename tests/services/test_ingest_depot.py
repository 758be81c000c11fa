"""Files of the drop folder: refused as a whole or taken, moved after the commit, complete lists, and a whole cohort."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fabrique import MAINTENANT, TEST, lot, socle
from livraisons import age, count, counts, ingest, ligne_arret, ligne_assure, list_faits, write_fichier
from pdp.errors import FluxRefuse
from pdp.services import ingest_flux
from pdp.services.ingest_flux import ingest_depot, ingest_fichier
from pdp.simulation.cohorte import generate_cohorte
from pdp.storage.flux_csv import load_schema


@pytest.fixture
def depot(base: str, tmp_path: Path) -> Path:
    """Drop folder of a migrated installation."""
    with lot() as conn:
        socle(conn)
    return tmp_path / "depot"


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
    age(depot / nom)
    write_fichier(depot, "assures", [ligne_assure(1)], jour="2026-10-02")
    bilan = ingest_depot(lot, depot, TEST, MAINTENANT)
    assert {fichier.etat for _, fichier in bilan.fichiers} == {"charge", "refuse"}
    assert admin.execute("SELECT nom, motif_code, lignes FROM pdp.flux_fichier WHERE etat = 'refuse'").fetchall() == [(nom, code, 0)]
    assert count(admin, "identite.assure") == 1
    assert (depot / "refuses" / nom).read_bytes() == octets
    assert (depot / "traites" / "assures_2026-10-02.csv").exists()
    (depot / nom).write_bytes(octets)
    age(depot / nom)
    assert [fichier.etat for _, fichier in ingest_depot(lot, depot, TEST, MAINTENANT).fichiers] == ["deja_refuse"]
    assert count(admin, "journal.evenement WHERE evenement = 'fichier_refuse'") == 1


def test_a_file_that_changes_while_it_is_read_leaves_nothing_behind(
    depot: Path, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines disappear between the two passes: the first ones were already copied, and must not stay."""
    chemin = write_fichier(depot, "assures", [ligne_assure(rang) for rang in range(1, 9)])
    lu = ingest_flux.read_flux

    def read_then_cut(fichier: Path, flux: str) -> Any:
        lecture = lu(fichier, flux)
        fichier.write_text("\n".join(fichier.read_text(encoding="utf-8").splitlines()[:4]), encoding="utf-8")
        return lecture

    monkeypatch.setattr(ingest_flux, "read_flux", read_then_cut)
    with lot() as conn:
        bilan = ingest_fichier(conn, chemin, TEST, MAINTENANT)
    assert (bilan.etat, bilan.motif_code) == ("refuse", "fichier_tronque")
    assert count(admin, "identite.assure") == 0


def test_a_crash_between_commit_and_move_is_harmless(depot: Path, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    write_fichier(depot, "assures", [ligne_assure(1)])
    write_fichier(depot, "arrets_prescrits", [ligne_arret("AV1")])

    class Coupure(Exception):
        pass

    def fail(chemin: Path, destination: Path, maintenant: datetime) -> Path:
        raise Coupure

    with monkeypatch.context() as panne:
        panne.setattr(ingest_flux, "move_file", fail)
        with pytest.raises(Coupure):
            ingest_depot(lot, depot, TEST, MAINTENANT)
    assert count(admin, "identite.assure") == 1
    assert (depot / "assures_2026-10-01.csv").exists()
    bilan = ingest_depot(lot, depot, TEST, MAINTENANT + timedelta(minutes=5))
    assert [(nom, fichier.etat) for nom, fichier in bilan.fichiers] == [
        ("assures_2026-10-01.csv", "deja_charge"),
        ("arrets_prescrits_2026-10-01.csv", "charge"),
    ]
    assert sorted(chemin.name for chemin in depot.iterdir()) == ["traites"]
    assert (count(admin, "identite.assure"), count(admin, "pdp.arret_prescrit"), count(admin, "pdp.flux_fichier")) == (1, 1, 2)


def test_a_crash_before_the_commit_leaves_nothing(depot: Path, admin: psycopg.Connection[Any]) -> None:
    chemin = write_fichier(depot, "assures", [ligne_assure(1)])
    admises = []

    def take_then_die() -> None:
        with lot() as conn:
            admises.append(ingest_fichier(conn, chemin, TEST, MAINTENANT).admises)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        take_then_die()
    assert admises == [1]
    assert (count(admin, "identite.assure"), count(admin, "pdp.flux_fichier"), count(admin, "journal.evenement")) == (0, 0, 0)
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
    assert counts(ingest(depot, "agents", lignes, jour="2026-10-01")) == (3, 2, 0, 1)
    assert counts(ingest(depot, "agents", [_agent("A1"), _agent("A2", fin="2026-10-31")], jour="2026-10-08")) == (2, 1, 1, 0)
    assert counts(ingest(depot, "agents", [_agent("A1", fin="2026-09-30")], jour="2026-09-30")) == (1, 0, 1, 0)
    assert admin.execute("SELECT matricule, territoire, actif_au FROM pdp.agent ORDER BY 1").fetchall() == [
        ("A1", ["35238", "35047"], None),
        ("A2", ["35238", "35047"], date(2026, 10, 31)),
    ]
    assert counts(ingest(depot, "agents", [_agent("A1", plateforme="PF57")], jour="2026-10-09")) == (1, 0, 0, 1)


def test_a_partner_of_two_departments_serves_two_platforms(depot: Path, admin: psycopg.Connection[Any]) -> None:
    lignes = [
        "P1;spst;Santé au travail;35|57|75;api;http://127.0.0.1:8090;;;20;2025-01-01;",
        "P2;psychologue;Cabinet;75;portail;;;;10;2025-01-01;",
    ]
    assert counts(ingest(depot, "partenaires", lignes)) == (2, 1, 0, 1)
    assert admin.execute("SELECT plateforme_id, id_source FROM pdp.partenaire ORDER BY 1").fetchall() == [("PF35", "P1"), ("PF57", "P1")]


def test_a_cohort_goes_in_whole_and_every_line_is_accounted_for(depot: Path, admin: psycopg.Connection[Any], tmp_path: Path) -> None:
    """Two deliveries, then both again under other names with their lines upside down: nothing moves any more."""
    resume = generate_cohorte(tmp_path / "cohorte", 11, date(2026, 10, 8), "petite")
    for livraison in ("J-45", "J"):
        for chemin in (tmp_path / "cohorte" / livraison).iterdir():
            chemin.rename(depot / chemin.name)
        ingest_depot(lot, depot, TEST, MAINTENANT)
    lignes = admin.execute(
        "SELECT sum(lignes), sum(admises + inchangees + rejetees), sum(rejetees) FROM pdp.flux_fichier WHERE flux <> 'dsn'"
    ).fetchone()
    assert lignes is not None
    # The lists of partners are the same bytes in both deliveries: the second is not a new file.
    attendues = sum(resume.lignes.values()) - resume.lignes["partenaires"] // 2
    assert lignes[:2] == (attendues, attendues)
    quarantaine = "identite.quarantaine q JOIN pdp.flux_fichier f ON f.id = q.fichier_id WHERE f.flux <> 'dsn'"
    assert lignes[2] == count(admin, quarantaine) == resume.lignes_fautives
    assert count(admin, f"{quarantaine} AND code = 'assure_inconnu'") == 3
    assert count(admin, "pdp.arret_prescrit_version") > 0
    assert count(admin, "pdp.arret_prescrit WHERE annule") == resume.annulations
    assert dict(admin.execute("SELECT role, count(*) FROM pdp.agent GROUP BY 1").fetchall())["csam"] == 26
    assert count(admin, "pdp.ij_versee WHERE jours < 0") > 0
    assert count(admin, "pdp.affection") == count(admin, "medical.affection") > 0
    avant = list_faits(admin)
    for chemin in (depot / "traites").glob("[ai]*_*.csv"):
        entete, *reste = chemin.read_text(encoding="utf-8").splitlines()
        (depot / chemin.name.replace("2026-", "2027-")).write_text(
            "\n".join([entete, *reversed(reste[:-1]), reste[-1], ""]), encoding="utf-8"
        )
    bilan = ingest_depot(lot, depot, TEST, MAINTENANT + timedelta(days=1))
    assert {nom for nom, fichier in bilan.fichiers if fichier.admises and not nom.startswith("agents")} == set()
    assert list_faits(admin) == avant


def test_a_file_that_fails_does_not_hold_the_others(depot: Path, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that nobody may read, of a feed that comes first: the people of the other files do not wait for it."""
    write_fichier(depot, "assures", [ligne_assure(1)], jour="2026-10-01")
    write_fichier(depot, "assures", [ligne_assure(2)], jour="2026-10-02")
    lu = ingest_flux.read_flux

    def read_refused(chemin: Path, flux: str) -> Any:
        if chemin.name == "assures_2026-10-01.csv":
            raise PermissionError(13, "Permission denied")
        return lu(chemin, flux)

    with monkeypatch.context() as droits:
        droits.setattr(ingest_flux, "read_flux", read_refused)
        bilan = ingest_depot(lot, depot, TEST, MAINTENANT)
    assert ([nom for nom, _ in bilan.fichiers], [type(e) for e in bilan.echecs]) == (["assures_2026-10-02.csv"], [PermissionError])
    assert bilan.as_bilan().detail["fichiers_en_echec"] == 1
    assert [f.name for f in depot.iterdir() if f.is_file()] == ["assures_2026-10-01.csv"]
    assert [fichier.etat for _, fichier in ingest_depot(lot, depot, TEST, MAINTENANT).fichiers] == ["charge"]
    assert count(admin, "identite.assure") == 2
