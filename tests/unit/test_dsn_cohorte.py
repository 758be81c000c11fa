"""DSN files of the demonstration: sound, in keeping with the avis, and never of somebody real."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dsn_fabrique import codes, lire
from pdp.domain.dsn import FichierDsn, PersonneDsn
from pdp.domain.nir import is_synthetique
from pdp.simulation.cohorte import generate_cohorte

ANCRAGE = date(2026, 10, 8)


def _files(dossier: Path) -> dict[str, bytes]:
    return {str(chemin.relative_to(dossier)): chemin.read_bytes() for chemin in sorted(dossier.rglob("*.dsn"))}


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lieu = tmp_path_factory.mktemp("cohorte")
    generate_cohorte(lieu, 7, ANCRAGE, "petite")
    return lieu


@pytest.fixture(scope="module")
def lus(dossier: Path) -> list[FichierDsn]:
    return [lire(octets) for octets in _files(dossier).values()]


def _people(lus: list[FichierDsn]) -> list[PersonneDsn]:
    return [p for lu in lus for d in lu.declarations for p in d.personnes]


def test_same_seed_same_bytes(dossier: Path, tmp_path: Path) -> None:
    generate_cohorte(tmp_path, 7, ANCRAGE, "petite")
    assert _files(tmp_path) == _files(dossier)
    assert sorted(_files(dossier)) == ["J-45/dsn_2026-08-24.dsn", "J/dsn_2026-10-08.dsn"]


def test_files_are_sound_but_for_the_faults_put_there(lus: list[FichierDsn]) -> None:
    for lu in lus:
        assert lu.refus is None
        assert codes(lu) == {"reprise_en_suspension", "reprise_sans_date"}
    assert {d.nature for lu in lus for d in lu.declarations} == {"01", "04", "05", "07"}


def test_each_delivery_holds_what_was_declared_since_the_other(lus: list[FichierDsn]) -> None:
    avant, apres = ([d.emise_le for d in lu.declarations if d.emise_le] for lu in sorted(lus, key=lambda lu: -lu.lignes))
    assert max(avant) <= date(2026, 8, 24) < min(apres) <= max(apres) <= ANCRAGE


def test_everybody_is_synthetic_and_all_but_one_are_in_the_cohort(dossier: Path, lus: list[FichierDsn]) -> None:
    connus = {ligne.split(";")[1] for chemin in dossier.rglob("assures_*.csv") for ligne in chemin.read_text().splitlines()[1:-1]}
    nirs = {p.nir for p in _people(lus) if p.nir}
    assert len(nirs) > 40
    assert all(is_synthetique(nir) for nir in nirs)
    assert {nir[5:7] for nir in nirs - connus} == {"29"}


def test_the_story_of_a_leave_between_two_arrets_is_there(lus: list[FichierDsn]) -> None:
    gens = [p for p in _people(lus) if p.suspensions]
    assert gens
    for p in gens:
        for s in p.suspensions:
            assert s.neutre
            assert any(a.reprise_le == s.debut for a in p.arrets)
    assert any(c.inaptitude for p in _people(lus) for c in p.fins_contrat)
    assert {p.spst[:6] for p in _people(lus) if p.spst} == {"SPST35"}
