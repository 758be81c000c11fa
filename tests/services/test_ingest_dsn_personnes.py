"""Who a DSN speaks of: unknown people wait, a NIR that singles nobody out attributes nothing, facts follow the person."""

from __future__ import annotations

import json
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import psycopg
import pytest

import dsn_fabrique as f
from depot_dsn import elle, faits, installer, prendre, quarantaine, tout
from fabrique import MAINTENANT, TEST, lot, socle
from livraisons import counts, ingest, ligne_assure, nir, write_fichier
from pdp import cli
from pdp.domain.bilan_flux import BilanFlux
from pdp.domain.nir import check_nir
from pdp.services.ingest_dsn import replay_dsn
from pdp.services.ingest_flux import ingest_depot, ingest_fichier
from pdp.simulation.cohorte import generate_cohorte
from pdp.storage.chiffrement import decrypt, fingerprint
from pdp.storage.flux_csv import load_schema


@pytest.fixture
def depot(base: str, tmp_path: Path) -> Path:
    return installer(tmp_path / "depot")


def test_facts_of_unknown_people_wait_encrypted_and_are_replayed(depot: Path, admin: psycopg.Connection[Any]) -> None:
    attente = prendre(depot, f.fichier(elle(7, f.arret(), f.suspension(), nom="ATTENDUE"), elle(1, f.arret())))
    assert counts(attente) == (3, 1, 0, 2)
    ((contenu, cle),) = admin.execute("SELECT contenu_chiffre, cle_metier FROM identite.quarantaine LIMIT 1").fetchall()
    assert b"ATTENDUE" not in contenu
    assert json.loads(decrypt(contenu))["identite"][1] == "ATTENDUE"
    assert cle == fingerprint(nir(7)).hex()
    assert {ligne[1:] for ligne in quarantaine(admin)} == {("S21.G00.30.001", "assure_inconnu", None, None)}
    with lot() as conn:
        assert replay_dsn(conn, MAINTENANT) == 0
    ingest(depot, "assures", [ligne_assure(7)])
    with lot() as conn:
        replay_dsn(conn, MAINTENANT)
        assert replay_dsn(conn, MAINTENANT) == 0
    assert [(x[0], x[1]) for x in faits(admin)] == [("351-1", "arret"), ("351-7", "arret"), ("351-7", "suspension")]
    assert {ligne[2:] for ligne in quarantaine(admin)} == {("assure_inconnu", "PF35", "rejouee")}
    assert admin.execute("SELECT DISTINCT fichier_id FROM pdp.fait_dsn").fetchall() == [(attente.fichier_id,)]


def test_a_replayed_fact_is_older_than_what_came_since(depot: Path, admin: psycopg.Connection[Any]) -> None:
    prendre(depot, f.fichier(elle(7, f.arret(), f.suspension())), "dsn_1.dsn")
    prendre(depot, f.fichier(type_="05", emise="06102026"), "dsn_2.dsn")
    ingest(depot, "assures", [ligne_assure(7)])
    with lot() as conn:
        replay_dsn(conn, MAINTENANT)
    assert {x[8] for x in faits(admin)} == {True}


def test_people_sharing_a_nir_are_told_by_name_and_birth_date_or_wait(depot: Path, admin: psycopg.Connection[Any]) -> None:
    partage = ingest(depot, "assures", [ligne_assure(2, maj="2026-09-02T07:00:00Z").replace(nir(2), nir(1))])
    assert partage.nir_partages > 0
    meme = nir(1)[:13]
    gens = [
        f.personne(1, f.arret(dernier="01092026"), nir=meme, nom="NOM1"),
        f.personne(2, f.arret(dernier="02092026"), nir=meme, nom="NOM2"),
        f.personne(3, f.arret(dernier="03092026"), nir=meme, nom="NOM3"),
        f.personne(4, f.arret(dernier="04092026"), nir=meme, nom="NOM1", naissance="13041980"),
    ]
    assert counts(prendre(depot, f.fichier(*gens))) == (4, 2, 0, 2)
    assert [(x[0], x[4]) for x in faits(admin)] == [("351-1", "2026-09-02"), ("351-2", "2026-09-03")]
    assert {ligne[2] for ligne in quarantaine(admin)} == {"nir_partage"}


@pytest.mark.parametrize(
    ("nom", "naissance", "prise"),
    [
        ("NOM1", "12041980", True),
        ("Nom 1", "12041980", True),
        ("MARITAL", "12041980", True),
        ("NOM1", "13041980", True),
        ("NOM1", "99991980", True),
        ("AUTRE", "13041980", False),
    ],
)
def test_one_holder_is_enough_unless_everything_contradicts(
    depot: Path, admin: psycopg.Connection[Any], nom: str, naissance: str, prise: bool
) -> None:
    prendre(depot, f.fichier(elle(1, f.arret(), nom=nom, naissance=naissance)))
    assert len(faits(admin)) == int(prise)
    assert [ligne[2] for ligne in quarantaine(admin)] == ([] if prise else ["nir_partage"])


def test_two_people_of_one_file_under_the_nir_of_one_known_person(depot: Path, admin: psycopg.Connection[Any]) -> None:
    gens = [elle(1, f.arret(dernier="01092026")), elle(1, f.arret(dernier="02092026"), nom="AUTRE")]
    assert counts(prendre(depot, f.fichier(*gens))) == (2, 1, 0, 1)
    assert [(x[0], x[4]) for x in faits(admin)] == [("351-1", "2026-09-02")]


PROVISOIRE = check_nir("7800435951001")


def test_a_former_nir_still_finds_its_person(depot: Path, admin: psycopg.Connection[Any]) -> None:
    """Provisional number first, the definitive one later: declarations may cite either, in either order."""
    fins = set()
    for ordre in permutations((0, 1, 2)):
        admin.execute("TRUNCATE pdp.flux_fichier, identite.assure, pdp.fait_dsn, pdp.fait_version, pdp.annulation_dsn CASCADE")
        ingest(depot, "assures", [ligne_assure(5).replace(nir(5), PROVISOIRE)])
        pas = (
            lambda: ingest(depot, "assures", [ligne_assure(5, maj="2026-09-20T07:00:00Z")]),
            lambda: prendre(depot, f.fichier(elle(5, f.arret(), nir=PROVISOIRE[:13])), "dsn_1.dsn"),
            lambda: prendre(depot, f.fichier(elle(5, f.arret(fin="20092026")), emise="06102026"), "dsn_2.dsn"),
        )
        for rang in ordre:
            pas[rang]()
        assert [(x[0], x[5]) for x in faits(admin)] == [("351-5", "2026-09-20")]
        fins.add(tout(admin))
    assert len(fins) == 1


def lier(depot: Path, actuel: int, ancien: int) -> BilanFlux:
    """The caisse says that two pivot ids are one person."""
    chemin = depot / "assures_lien.csv"
    schema = load_schema("assures")
    ligne = f"{ligne_assure(actuel, maj='2026-09-20T07:00:00Z')};351-{ancien}"
    chemin.write_text(f"{';'.join((*schema.colonnes, *schema.optionnelles))}\n{ligne}\n#FIN;1\n", encoding="utf-8")
    with lot() as conn:
        return ingest_fichier(conn, chemin, TEST, MAINTENANT)


@pytest.mark.parametrize("apres", [False, True])
@pytest.mark.parametrize("ordre", [(0, 1), (1, 0)])
def test_facts_follow_a_person_who_changes_pivot_id_and_nir(
    depot: Path, admin: psycopg.Connection[Any], ordre: tuple[int, int], apres: bool
) -> None:
    """Two rows, two NIR, one fact declared under each; then the caisse says that they are one person."""
    ingest(depot, "assures", [ligne_assure(5).replace(nir(5), PROVISOIRE), ligne_assure(6)])
    declarations = (
        f.fichier(elle(5, f.arret(fin="20092026"), f.suspension(), nir=PROVISOIRE[:13]), emise="06102026"),
        f.fichier(elle(6, f.arret())),
    )
    prendre(depot, declarations[ordre[0]], "dsn_1.dsn")
    if not apres:
        prendre(depot, declarations[ordre[1]], "dsn_2.dsn")
    assert lier(depot, 6, 5).admises == 1
    if apres:
        prendre(depot, declarations[ordre[1]], "dsn_2.dsn")
    courants = [x for x in faits(admin) if x[0] == "351-6"]
    assert [(x[1], x[5]) for x in courants] == [("arret", "2026-09-20"), ("suspension", "2026-09-16")]


def test_the_command_loads_a_file_and_says_what_became_of_it(depot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chemin = depot / "dsn_x.dsn"
    chemin.write_bytes(f.fichier(elle(1, f.arret()), elle(7, f.arret())))
    dits = []
    for _ in range(2):
        assert cli.main(["ingest", "dsn", str(chemin), "--json"]) == 0
        dits.append(json.loads(capsys.readouterr().out.splitlines()[-1]))
    assert [(d["ok"], d["etat"], d["lignes"], d["admises"], d["rejetees"]) for d in dits] == [
        (True, "charge", 2, 1, 1), (True, "deja_charge", 2, 1, 1),
    ]  # fmt: skip
    assert cli.main(["ingest", "dsn", str(chemin)]) == 0
    assert "Déjà chargé" in capsys.readouterr().out
    chemin.write_bytes(b"bonjour")
    assert cli.main(["ingest", "dsn", str(chemin), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["motif_code"] == "pas_une_dsn"


def test_the_drop_folder_takes_people_before_declarations(depot: Path, admin: psycopg.Connection[Any]) -> None:
    (depot / "dsn_2026-10-05.dsn").write_bytes(f.fichier(elle(7, f.arret())))
    write_fichier(depot, "assures", [ligne_assure(7)])
    bilan = ingest_depot(lot, depot, TEST, MAINTENANT)
    assert [(nom, b.admises) for nom, b in bilan.fichiers] == [("assures_2026-10-01.csv", 1), ("dsn_2026-10-05.dsn", 1)]
    assert [x[0] for x in faits(admin)] == ["351-7"]


def test_declarations_of_the_demonstration_find_their_people(base: str, tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        socle(conn)
    generate_cohorte(tmp_path / "cohorte", 7, date(2026, 10, 8), "petite")
    bilans = []
    for livraison in ("J-45", "J"):
        for chemin in (tmp_path / "cohorte" / livraison).iterdir():
            chemin.rename(tmp_path / "depot" / chemin.name)
        bilans += [b for _, b in ingest_depot(lot, tmp_path / "depot", TEST, MAINTENANT).fichiers if b.flux == "dsn"]
    assert [(b.etat, b.rejetees) for b in bilans] == [("charge", 2), ("charge", 2)]
    assert all(b.admises > 0 for b in bilans)
    assert {ligne[2] for ligne in quarantaine(admin) if ligne[1] == "S21.G00.30.001"} == {"assure_inconnu"}
    assert admin.execute("SELECT count(DISTINCT assure_id) > 40, count(DISTINCT genre) FROM pdp.fait_dsn").fetchall() == [(True, 5)]
