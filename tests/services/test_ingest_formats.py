"""Whole files, from the drop folder to the rows: encodings keep every letter, cuts take nothing, what is being written is left alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest

from fabrique import MAINTENANT, TEST, lot, socle
from livraisons import age, count, counts, ingest, ligne_arret, ligne_assure, list_faits, list_quarantaine, nir, write_fichier
from pdp.errors import FluxRefuse
from pdp.services import ingest_flux
from pdp.services.ingest_flux import ingest_depot, ingest_fichier
from pdp.storage.flux_csv import load_schema

NOMS = (("LE CŒUR-D’ŒILLET", "Maëlys"), ("Prix€ÉÀÇ", "Ÿves"), ("ŠTĚPÁN".replace("Ě", "E"), "Žoé"))
ARRETS = load_schema("arrets_prescrits").colonnes


@pytest.fixture
def depot(base: str, tmp_path: Path) -> Path:
    """Drop folder of a migrated installation."""
    with lot() as conn:
        socle(conn)
    return tmp_path / "depot"


def _assure(rang: int, nom: str, prenom: str) -> str:
    return ligne_assure(rang).replace(f"NOM{rang};Zoé", f"{nom};{prenom}")


@pytest.mark.parametrize("delimiteur", [";", ","])
@pytest.mark.parametrize("encodage", ["utf-8", "utf-8-sig", "iso-8859-15", "cp1252"])
def test_every_encoding_and_delimiter_keeps_every_letter(
    depot: Path, admin: psycopg.Connection[Any], encodage: str, delimiteur: str
) -> None:
    """Œ, œ, €, Ÿ, Š and Ž are where ISO-8859-15 and cp1252 differ; the typographic apostrophe exists in cp1252 only."""
    noms = [(nom.replace("’", "'") if encodage == "iso-8859-15" else nom, prenom) for nom, prenom in NOMS]
    lignes = [_assure(rang, *noms[rang - 1]) for rang in (1, 2, 3)]
    contenu = "\n".join([";".join(load_schema("assures").colonnes), *lignes, "#FIN;3", ""]).replace(";", delimiteur)
    chemin = depot / "assures_2026-10-01.csv"
    chemin.write_bytes(contenu.encode(encodage))
    ((_, bilan),) = ingest_depot(lot, depot, TEST, MAINTENANT).fichiers
    assert counts(bilan) == (3, 3, 0, 0)
    assert admin.execute("SELECT nom, prenom FROM identite.assure ORDER BY id_source").fetchall() == noms


def test_the_same_people_in_another_encoding_are_the_same_people(depot: Path, admin: psycopg.Connection[Any]) -> None:
    for rang, encodage in enumerate(("utf-8", "cp1252", "utf-8-sig")):
        chemin = depot / f"assures_2026-10-0{rang + 1}.csv"
        lignes = [";".join(load_schema("assures").colonnes), _assure(1, *NOMS[0]), "#FIN;1", ""]
        chemin.write_bytes("\n".join(lignes).encode(encodage))
    bilans = [bilan for _, bilan in ingest_depot(lot, depot, TEST, MAINTENANT).fichiers]
    assert [counts(bilan) for bilan in bilans] == [(1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 1, 0)]
    assert count(admin, "identite.assure") == 1


def test_a_file_cut_at_every_record_border_and_inside_takes_nothing(depot: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(depot, "assures", [ligne_assure(1)])
    entier = write_fichier(depot, "arrets_prescrits", [ligne_arret(f"AV{rang}") for rang in range(40)]).read_bytes()
    chemin = depot / "arrets_prescrits_2026-10-01.csv"
    bords = [position + 1 for position, octet in enumerate(entier) if octet == 0x0A][:-1]
    # Without its very last line break the file is whole: its trailer is there.
    essais = sorted(n for n in {1, *bords, *(bord - 1 for bord in bords), *(bord + 30 for bord in bords)} if n < len(entier) - 1)
    codes = []
    for longueur in essais:
        chemin.write_bytes(entier[:longueur])
        with lot() as conn:
            codes.append(ingest_fichier(conn, chemin, TEST, MAINTENANT).motif_code)
    assert len(essais) > 120
    assert set(codes) == {"fichier_tronque"}
    assert count(admin, "pdp.arret_prescrit") == count(admin, "identite.quarantaine") == 0
    chemin.write_bytes(entier)
    with lot() as conn:
        assert counts(ingest_fichier(conn, chemin, TEST, MAINTENANT)) == (40, 40, 0, 0)


@pytest.mark.parametrize("nom", ["arrets_prescrits_2026-10-01.csv", "arrets_prescrits_2026-10-01.parquet"])
def test_a_file_without_its_end_is_left_alone_until_it_rests(depot: Path, admin: psycopg.Connection[Any], nom: str) -> None:
    ingest(depot, "assures", [ligne_assure(1)])
    source = depot / "a_part"
    source.mkdir()
    if nom.endswith(".csv"):
        entier = write_fichier(source, "arrets_prescrits", [ligne_arret("AV1"), ligne_arret("AV2")]).read_bytes()
    else:
        _write_parquet(source / nom, ["AV1", "AV2"])
        entier = (source / nom).read_bytes()
    chemin = depot / nom
    for longueur in (0, 10, len(entier) // 2, len(entier) - 9):
        chemin.write_bytes(entier[:longueur])
        bilan = ingest_depot(lot, depot, TEST, MAINTENANT)
        assert (bilan.fichiers, bilan.en_attente) == ((), (nom,))
    assert chemin.exists()
    chemin.write_bytes(entier)
    assert [(fichier.etat, fichier.admises) for _, fichier in ingest_depot(lot, depot, TEST, MAINTENANT).fichiers] == [("charge", 2)]
    chemin.write_bytes(entier[:-9])
    age(chemin)
    assert [fichier.motif_code for _, fichier in ingest_depot(lot, depot, TEST, MAINTENANT).fichiers] == ["fichier_tronque"]


def test_a_file_rewritten_while_it_is_read_is_left_for_later(
    depot: Path, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same number of lines, another content: the trailer cannot tell, the file's own date can."""
    chemin = write_fichier(depot, "assures", [ligne_assure(1)])
    lu = ingest_flux.read_flux

    def read_then_rewrite(fichier: Path, flux: str) -> Any:
        lecture = lu(fichier, flux)
        write_fichier(depot, "assures", [ligne_assure(2)])
        return lecture

    with monkeypatch.context() as panne:
        panne.setattr(ingest_flux, "read_flux", read_then_rewrite)
        assert ingest_depot(lot, depot, TEST, MAINTENANT).en_attente == (chemin.name,)
        with lot() as conn, pytest.raises(FluxRefuse, match="en_cours_d_ecriture"):
            ingest_fichier(conn, chemin, TEST, MAINTENANT)
    assert (count(admin, "identite.assure"), count(admin, "pdp.flux_fichier")) == (0, 0)
    assert [fichier.etat for _, fichier in ingest_depot(lot, depot, TEST, MAINTENANT).fichiers] == ["charge"]


def _write_parquet(chemin: Path, avis: list[str], **changements: Any) -> None:
    lignes = [dict(zip(ARRETS, ligne_arret(ident).split(";"), strict=True)) | changements for ident in avis]
    pl.DataFrame(lignes, infer_schema_length=None).write_parquet(chemin, row_group_size=2)


def test_parquet_goes_in_like_csv_refused_rows_and_unknown_people_included(depot: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(depot, "assures", [ligne_assure(1)])
    csv = write_fichier(depot, "arrets_prescrits", [ligne_arret(f"AV{rang}") for rang in range(7)])
    with lot() as conn:
        assert counts(ingest_fichier(conn, csv, TEST, MAINTENANT)) == (7, 7, 0, 0)
    csv.unlink()
    avant = list_faits(admin)
    lignes = [dict(zip(ARRETS, ligne_arret(f"AV{rang}").split(";"), strict=True)) for rang in range(7)]
    lignes[3] |= {"id_avis": "AV8", "risque": "grippe;toux"}
    lignes[5] |= {"id_avis": "AV9", "id_assure": "351-9"}
    chemin = depot / "arrets_prescrits_2026-10-02.parquet"
    pl.DataFrame(lignes).write_parquet(chemin, row_group_size=2)
    ((nom, bilan),) = ingest_depot(lot, depot, TEST, MAINTENANT).fichiers
    assert (nom, counts(bilan)) == (chemin.name, (7, 0, 5, 2))
    assert list_faits(admin) == avant
    assert [ligne[:3] for ligne in list_quarantaine(admin)] == [(5, "risque", "code_inconnu"), (7, "id_assure", "assure_inconnu")]
    assert ingest(depot, "assures", [ligne_assure(9)], jour="2026-10-03").rejouees == 1
    assert [a[0] for a in list_faits(admin)["arrets"]][-1] == "AV9"
    pl.DataFrame(lignes).write_parquet(chemin, row_group_size=2)
    assert [fichier.etat for _, fichier in ingest_depot(lot, depot, TEST, MAINTENANT + timedelta(days=1)).fichiers] == ["deja_charge"]


def test_a_nir_without_its_key_or_with_letters_survives_parquet(depot: Path, admin: psycopg.Connection[Any]) -> None:
    """Thirteen digits sent as a number; a département whose zero a number would lose is refused, not guessed."""
    cellules = dict(zip(load_schema("assures").colonnes, ligne_assure(1).split(";"), strict=True))
    lignes = [
        cellules | {"nir": int(nir(1)[:13]), "departement": 35},
        cellules | {"id_source": "351-2", "nir": int(nir(2)[:13]), "departement": 1},
    ]
    chemin = depot / "assures_2026-10-01.parquet"
    pl.DataFrame(lignes).write_parquet(chemin)
    with lot() as conn:
        assert counts(ingest_fichier(conn, chemin, TEST, MAINTENANT)) == (2, 1, 0, 1)
    assert list_quarantaine(admin)[0][1:3] == ("departement", "format")
