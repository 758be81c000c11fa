"""A file sent by hand: every fault refused in French with nothing left behind; a good one is whole in the folder, with its author."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, TEST, auteur_agent, lot
from livraisons import ligne_assure, write_fichier
from pdp.domain.auteur import Auteur
from pdp.errors import DonneeInvalide
from pdp.services import upload_flux
from pdp.services.ingest_flux import ingest_depot
from pdp.services.replay_quarantaine import attach_depots
from pdp.storage import db

NOM = "assures_2026-10-01.csv"
BON = b"contenu"


@pytest.fixture
def lui(base: str) -> Auteur:
    with lot() as conn:
        fabrique.socle(conn)
        return auteur_agent(fabrique.agent(conn, "responsable"), "responsable")


@pytest.fixture
def depot(tmp_path: Path, base: str) -> Path:
    return tmp_path / "depot"


FAUTES = {
    "a folder": ("../assures_2026-10-01.csv", BON, "bad_file_name"),
    "an absolute path": ("/etc/assures_2026-10-01.csv", BON, "bad_file_name"),
    "a Windows path": ("C:\\assures_2026-10-01.csv", BON, "bad_file_name"),
    "two dots": ("assures_..2026.csv", BON, "bad_file_name"),
    "hidden": (".assures_2026-10-01.csv", BON, "bad_file_name"),
    "a line break": ("assures_2026\n.csv", BON, "bad_file_name"),
    "a NUL": ("assures_2026\x00.csv", BON, "bad_file_name"),
    "accents": ("assurés_2026-10-01.csv", BON, "bad_file_name"),
    "too long": (f"assures_{'x' * 200}.csv", BON, "bad_file_name"),
    "being written": ("assures_2026-10-01.csv.part", BON, "unfinished_file"),
    "no feed": ("factures_2026-10-01.csv", BON, "unknown_feed"),
    "no date": ("assures.csv", BON, "unknown_feed"),
    "another kind of file": ("assures_2026-10-01.exe", BON, "unknown_feed"),
    "the list of agents": ("agents_2026-10-01.csv", BON, "reserved_feed"),
    "the list of partners": ("partenaires_2026-10-01.csv", BON, "reserved_feed"),
    "empty": (NOM, b"", "empty_file"),
    "too large": (NOM, b"x" * 101, "file_too_large"),
}


@pytest.mark.parametrize("faute", FAUTES)
def test_fault_is_refused_and_leaves_nothing(depot: Path, faute: str) -> None:
    nom, contenu, code = FAUTES[faute]
    with pytest.raises(DonneeInvalide) as refus:
        upload_flux.write_brouillon(depot, nom, io.BytesIO(contenu), maximum=100)
    assert refus.value.code == code
    assert refus.value.message.endswith("Rien n'a été déposé.")
    assert list(depot.iterdir()) == []
    assert sorted(p.name for p in depot.parent.iterdir()) == ["depot", "exports"]


@pytest.mark.parametrize(
    ("nom", "flux"),
    [
        ("arrets_prescrits_2026-10-01.csv", "arrets_prescrits"),
        ("ij_versees_2026-10-01.parquet", "ij_versees"),
        ("ald_invalidite_2026-10-01.csv", "ald_invalidite"),
        ("dsn_2026-10.dsn", "dsn"),
    ],
)
def test_every_feed_of_facts_may_be_sent(depot: Path, nom: str, flux: str) -> None:
    assert upload_flux.write_brouillon(depot, nom, io.BytesIO(BON)).flux == flux


def test_the_largest_accepted_size_is_accepted(depot: Path) -> None:
    assert upload_flux.write_brouillon(depot, NOM, io.BytesIO(b"x" * 100), maximum=100).taille_octets == 100


def test_drafts_of_a_killed_portal_are_forgotten_after_a_day(depot: Path) -> None:
    vieux, recent, etranger = depot / ".vieux.part", depot / ".recent.part", depot / "assures_1.csv.part"
    for chemin, age_s in ((vieux, 86_500), (recent, 80_000), (etranger, 200_000)):
        chemin.write_bytes(b"x")
        os.utime(chemin, (chemin.stat().st_mtime - age_s,) * 2)
    brouillon = upload_flux.write_brouillon(depot, NOM, io.BytesIO(BON))
    assert set(depot.iterdir()) == {recent, etranger, brouillon.provisoire}


def _send(lui: Auteur, depot: Path, nom: str, contenu: bytes) -> upload_flux.Reception:
    brouillon = upload_flux.write_brouillon(depot, nom, io.BytesIO(contenu))
    try:
        with db.begin_as(lui) as conn:
            recu = upload_flux.record_depot(conn, lui, brouillon, depot, MAINTENANT)
        if recu.deja_recu_at is None:
            upload_flux.publish_brouillon(brouillon, depot)
    finally:
        brouillon.discard()
    return recu


def _file(depot: Path, lignes: list[str]) -> bytes:
    chemin = write_fichier(depot.parent, "assures", lignes)
    contenu = chemin.read_bytes()
    chemin.unlink()
    return contenu


def test_a_draft_is_never_taken_and_the_file_appears_whole(lui: Auteur, depot: Path, admin: psycopg.Connection[Any]) -> None:
    contenu = _file(depot, [ligne_assure(1)])
    brouillon = upload_flux.write_brouillon(depot, NOM, io.BytesIO(contenu))
    assert ingest_depot(lot, depot, TEST, MAINTENANT).fichiers == ()
    with db.begin_as(lui) as conn:
        recu = upload_flux.record_depot(conn, lui, brouillon, depot, MAINTENANT)
    upload_flux.publish_brouillon(brouillon, depot)
    assert [p.name for p in depot.iterdir()] == [NOM]
    assert (depot / NOM).read_bytes() == contenu
    assert admin.execute("SELECT agent_id::text, depose_at, deja_recu, length(empreinte) FROM pdp.fichier_depose").fetchall() == [
        (lui.id, MAINTENANT, False, 32)
    ]
    assert admin.execute("SELECT auteur_id, donnees->>'depot_id' FROM journal.evenement WHERE evenement = 'fichier_depose'").fetchall() == [
        (lui.id, str(recu.depot_id))
    ]
    bilan = ingest_depot(lot, depot, TEST, MAINTENANT)
    assert [(nom, fichier.etat, fichier.admises) for nom, fichier in bilan.fichiers] == [(NOM, "charge", 1)]


def test_the_same_content_again_is_told_and_not_dropped(lui: Auteur, depot: Path, admin: psycopg.Connection[Any]) -> None:
    contenu = _file(depot, [ligne_assure(1)])
    assert _send(lui, depot, NOM, contenu).deja_recu_at is None
    ingest_depot(lot, depot, TEST, MAINTENANT)
    assert _send(lui, depot, "assures_2026-10-02.csv", contenu).deja_recu_at == MAINTENANT
    assert [p.name for p in depot.iterdir() if p.is_file()] == []
    assert admin.execute("SELECT deja_recu FROM pdp.fichier_depose ORDER BY depose_at, deja_recu").fetchall() == [(False,), (True,)]


def test_a_name_that_waits_is_never_overwritten(lui: Auteur, depot: Path, admin: psycopg.Connection[Any]) -> None:
    premier, second = _file(depot, [ligne_assure(1)]), _file(depot, [ligne_assure(2)])
    _send(lui, depot, NOM, premier)
    with pytest.raises(DonneeInvalide, match="name_already_waiting"):
        _send(lui, depot, NOM, second)
    brouillon = upload_flux.write_brouillon(depot, NOM, io.BytesIO(second))
    with pytest.raises(DonneeInvalide, match="name_already_waiting"):  # it came between the check and the rename
        upload_flux.publish_brouillon(brouillon, depot)
    brouillon.discard()
    assert [p.read_bytes() for p in depot.iterdir()] == [premier]
    assert admin.execute("SELECT count(*) FROM pdp.fichier_depose").fetchone() == (1,)


def test_refused_lines_without_a_platform_go_to_whoever_sent_the_file(lui: Auteur, depot: Path, admin: psycopg.Connection[Any]) -> None:
    _send(lui, depot, NOM, _file(depot, [ligne_assure(1), "une;ligne;coupée"]))
    ingest_depot(lot, depot, TEST, MAINTENANT)
    assert admin.execute("SELECT plateforme_id FROM identite.quarantaine").fetchall() == [(None,)]
    with lot() as conn:
        assert (attach_depots(conn), attach_depots(conn)) == (1, 0)
    assert admin.execute("SELECT plateforme_id FROM identite.quarantaine").fetchall() == [("PF35",)]
