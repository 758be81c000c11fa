"""NIR: what is refused, for which reason, without ever repeating the number."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.domain.nir import build_nir_synthetique, check_nir, compute_cle, is_nir, is_provisoire, is_synthetique, normalise_nir
from pdp.errors import DonneeInvalide


def avec_cle(nir13: str) -> str:
    return nir13 + f"{97 - int(nir13.replace('2A', '19', 1).replace('2B', '18', 1)) % 97:02d}"


@pytest.mark.parametrize(
    "nir13",
    [
        "1800535951001",
        "2800535951001",
        "3800535951001",  # being registered
        "4800535951001",
        "7800535951001",  # provisional
        "8800535951001",
        "180052A951001",
        "180052B951001",
        "1700520951001",  # Corsica before 1976
        "1800197451001",  # overseas: three digits and a commune of two
        "1800199351001",  # born abroad
        "1802035951001",  # unknown month
        "1804235951001",
        "1805035951001",
        "1809935951001",
        "1801235951999",
    ],
)
def test_plausible_numbers_are_accepted(nir13: str) -> None:
    nir = avec_cle(nir13)
    assert check_nir(nir) == nir
    assert check_nir(nir13) == nir  # the key is computed when the source has none
    assert is_nir(nir)


@pytest.mark.parametrize(
    "ecriture", ["1 80 05 35 951 001 {cle}", "1.80.05.35.951.001-{cle}", " 1800535951001{cle}\u00a0", "1\u202f800535951001{cle}"]
)
def test_separators_are_removed(ecriture: str) -> None:
    cle = avec_cle("1800535951001")[13:]
    assert check_nir(ecriture.format(cle=cle)) == "1800535951001" + cle


def test_corsica_in_lower_case() -> None:
    assert check_nir(avec_cle("180052A951001").lower()) == avec_cle("180052A951001")


@pytest.mark.parametrize(
    ("nir", "code"),
    [
        ("", "nir_longueur"),
        ("18005359510", "nir_longueur"),
        (avec_cle("1800535951001")[:14], "nir_longueur"),
        (avec_cle("1800535951001") + "0", "nir_longueur"),
        ("18005359510O1AB", "nir_caracteres"),
        ("180052C95100112", "nir_caracteres"),
        ("١٨٠٠٥٣٥٩٥١٠٠١٢٣", "nir_caracteres"),
        (avec_cle("0800535951001"), "nir_sexe"),
        (avec_cle("5800535951001"), "nir_sexe"),
        (avec_cle("6800535951001"), "nir_sexe"),
        (avec_cle("9800535951001"), "nir_sexe"),
        (avec_cle("1800035951001"), "nir_mois"),
        (avec_cle("1801335951001"), "nir_mois"),
        (avec_cle("1801935951001"), "nir_mois"),
        (avec_cle("1804335951001"), "nir_mois"),
        (avec_cle("1804935951001"), "nir_mois"),
        (avec_cle("1800500951001"), "nir_lieu"),
        (avec_cle("1800535000001"), "nir_lieu"),
        (avec_cle("1800535991001"), "nir_lieu"),
        (avec_cle("1800597051001"), "nir_lieu"),
        (avec_cle("1800597400001"), "nir_lieu"),
        (avec_cle("1800597491001"), "nir_lieu"),
        (avec_cle("1800599000001"), "nir_lieu"),
        ("180051A95100112", "nir_lieu"),
        (avec_cle("1800535951000"), "nir_ordre"),
    ],
)
def test_refusal_names_the_fault(nir: str, code: str) -> None:
    with pytest.raises(DonneeInvalide) as erreur:
        check_nir(nir)
    assert erreur.value.code == code
    assert not is_nir(nir)


@pytest.mark.parametrize("position", range(13))
def test_one_digit_miscopied_is_never_accepted(position: int) -> None:
    nir = avec_cle("1800535951001")
    for chiffre in "0123456789":
        faux = nir[:position] + chiffre + nir[position + 1 :]
        assert is_nir(faux) is (faux == nir)


@pytest.mark.parametrize("decalage", range(1, 97))
def test_only_one_key_is_right(decalage: int) -> None:
    cle = (int(avec_cle("1800535951001")[13:]) + decalage - 1) % 97 + 1
    with pytest.raises(DonneeInvalide) as erreur:
        check_nir(f"1800535951001{cle:02d}")
    assert erreur.value.code == "nir_cle"
    assert "1800535951001" not in erreur.value.message


def test_provisional_numbers_are_told_apart() -> None:
    assert [is_provisoire(avec_cle(f"{n}800535951001")) for n in "123478"] == [False, False, False, False, True, True]


@settings(deadline=None)
@given(
    st.sampled_from("MF"),
    st.integers(1920, 2020),
    st.integers(1, 12),
    st.sampled_from(["01", "35", "2A", "2B", "95", "971", "974", "976"]),
    st.integers(0, 39959),
)
def test_synthetic_numbers_are_valid_and_recognised(sexe: str, annee: int, mois: int, departement: str, rang: int) -> None:
    nir = build_nir_synthetique(sexe=sexe, annee=annee, mois=mois, departement=departement, rang=rang)
    assert check_nir(nir) == nir == normalise_nir(nir)
    assert is_synthetique(nir)
    assert nir.startswith(f"{'1' if sexe == 'M' else '2'}{annee % 100:02d}{mois:02d}{departement}")
    assert avec_cle(nir[:13]) == nir
    assert compute_cle(nir[:13]) == nir[13:]


@pytest.mark.parametrize("departement", ["35", "2B", "974"])
def test_two_ranks_give_two_numbers(departement: str) -> None:
    numeros = {build_nir_synthetique(sexe="F", annee=1980, mois=1, departement=departement, rang=r) for r in range(0, 39960, 37)}
    assert len(numeros) == len(range(0, 39960, 37))


@pytest.mark.parametrize("champs", [{"rang": 39960}, {"rang": -1}, {"mois": 13}, {"mois": 0}, {"sexe": "X"}])
def test_synthetic_numbers_out_of_range_are_refused(champs: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"sexe must be|rang out"):
        build_nir_synthetique(**({"sexe": "F", "annee": 1980, "mois": 1, "departement": "35", "rang": 0} | champs))


@pytest.mark.parametrize(
    ("lieu", "synthetique"),
    [("35238", False), ("35950", False), ("35951", True), ("35990", True), ("97450", False), ("97451", True), ("99351", False)],
)
def test_synthetic_range(lieu: str, synthetique: bool) -> None:
    assert is_synthetique(avec_cle(f"18005{lieu}001")) is synthetique
