"""Reading DSN files: the forms they take, the damage they bear, and the guards on the whole."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

import dsn_fabrique as f
from pdp.domain.dsn import ArretDsn, FichierDsn, PersonneDsn
from pdp.domain.dsn_lecture import read_dsn
from pdp.domain.dsn_lignes import split_lignes

BON = f.personne(1, f.arret(), f.suspension(), f.fin_contrat(), f.temps_partiel())


def une(lu: FichierDsn) -> PersonneDsn:
    ((seule,),) = [d.personnes for d in lu.declarations]
    return seule


def un_arret(octets: bytes) -> ArretDsn:
    (arret,) = une(f.lire(octets)).arrets
    return arret


def test_a_sound_file_is_read_whole_without_anomaly() -> None:
    lu = f.lire(f.fichier(BON, spst="SPST0000000035"))
    assert (lu.refus, f.codes(lu), lu.norme, lu.encodage) == (None, set(), "P26V01", "iso-8859-1")
    (d,) = lu.declarations
    assert (d.nature, d.type, d.ordre, d.mois, d.emise_le, d.siret) == ("01", "01", 1, date(2026, 9, 1), date(2026, 10, 5), f.SIRET)
    assert d.lignes_lues == d.lignes_annoncees == lu.lignes
    p = une(lu)
    assert (p.nir[:13] if p.nir else None, p.nir_masque, p.spst) == (f.nir13(), "2 80 ** ** *** ***", "SPST0000000035")
    assert [(a.premier_jour, a.fin, a.jours, a.motif) for a in p.arrets] == [(date(2026, 9, 1), date(2026, 9, 15), 15, "01")]
    assert [(s.code, s.debut, s.fin, s.neutre) for s in p.suspensions] == [("501", date(2026, 9, 16), date(2026, 9, 16), True)]
    assert [(c.code, c.date_fin, c.inaptitude) for c in p.fins_contrat] == [("091", date(2026, 9, 30), True)]
    assert [(t.debut, t.fin) for t in p.temps_partiels] == [(date(2026, 9, 16), date(2026, 9, 30))]


@pytest.mark.parametrize("saut", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize(
    ("encodage", "dit"), [("iso-8859-1", "iso-8859-1"), ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp1252", "iso-8859-1")]
)
def test_line_ends_and_encodings_change_nothing(saut: str, encodage: str, dit: str) -> None:
    lu = f.lire(f.ecrire(f.envoi(f.declaration(f.personne(1, f.arret(), nom="LÉVÊQUE"))), encodage=encodage, saut=saut))
    assert (lu.refus, lu.encodage, f.codes(lu), une(lu).nom) == (None, dit, set(), "LÉVÊQUE")


def test_blocks_of_bytes_may_be_cut_anywhere() -> None:
    octets = f.fichier(BON)
    entier = f.lire(octets)
    for taille in (1, 2, 3, 7, 64, 1000):
        assert read_dsn(split_lignes([octets[i : i + taille] for i in range(0, len(octets), taille)])) == entier


def test_quotes_and_blanks_inside_values_are_kept() -> None:
    lu = f.lire(f.fichier(f.personne(1, nom="D'ORS' L'AÎNÉ")).replace(b"S21.G00.40.001,", b"\r\n  S21.G00.40.001 , "))
    assert (lu.refus, f.codes(lu), une(lu).nom) == (None, set(), "D'ORS' L'AÎNÉ")
    assert une(lu).contrats[0].debut == date(2020, 6, 1)


ABIMES = {
    "replacement character": "L�V�QUE".encode(),
    "question mark": b"L?V?QUE",
    "utf-8 read as latin-1, twice": "LÃ‰VÃŠQUE".encode(),
    "utf-8 read as latin-1, in latin-1": b"L\xc3\x83\xc2\x89V",
    "code page 850": b"L\x90V\x88QUE",
}


@pytest.mark.parametrize("nom", ABIMES.values(), ids=ABIMES)
def test_mangled_accents_are_reported_and_the_reading_goes_on(nom: bytes) -> None:
    lu = f.lire(f.fichier(f.personne(1, f.arret(), nom="@@@")).replace(b"@@@", nom))
    assert lu.refus is None
    assert {"accents_abimes"} <= f.codes(lu) <= {"accents_abimes", "encodage_mixte"}
    assert len(une(lu).arrets) == 1


def test_lines_of_two_encodings_are_each_read_their_own_way() -> None:
    lu = f.lire(f.fichier(f.personne(1, nom="@@@")).replace(b"@@@", "LÉO".encode()))
    assert (lu.encodage, f.codes(lu), une(lu).nom) == ("mixte", {"encodage_mixte"}, "LÉO")


def test_bank_data_is_dropped_at_the_door() -> None:
    octets = f.fichier(BON)
    assert f.IBAN.encode() in octets
    assert f.IBAN not in str(f.lire(octets))
    assert f.BIC not in str(f.lire(octets))


def test_a_person_is_not_shown_by_repr() -> None:
    lu = f.lire(f.fichier(f.personne(1, f.arret(), nom="TRESRARE")))
    assert f.nir13() not in repr(lu)
    assert "TRESRARE" not in repr(lu)


# Unknown rubrics and damaged lines.


def test_unknown_rubrics_are_counted_once_each_and_skipped() -> None:
    inconnues = [("S21.G00.11.904", "ENSEIGNE"), ("S10.G00.95.001", "x"), ("S21.G00.60.950", "x"), ("S21.G00.77.001", "x")]
    bloc = [*f.arret()[:1], inconnues[2], inconnues[3], inconnues[2], *f.arret()[1:]]
    lu = f.lire(f.ecrire(f.envoi([*f.declaration(), inconnues[0], inconnues[1], *f.personne(1, bloc)])))
    assert lu.refus is None
    (d,) = lu.declarations
    assert {(a.rubrique, a.nombre) for a in d.anomalies if a.code == "rubrique_inconnue"} == {
        ("S21.G00.11.904", 1), ("S10.G00.95.001", 1), ("S21.G00.60.950", 2), ("S21.G00.77.001", 1),
    }  # fmt: skip
    assert [(a.motif, a.jours) for a in une(lu).arrets] == [("01", 15)]


@pytest.mark.parametrize(
    ("norme", "spst", "inconnues"),
    [("P26V01", "SPST0000000035", set()), ("P25V01", None, {"rubrique_inconnue"}), ("P24V01", "SPST0000000035", {"norme_inconnue"})],
)
def test_each_norm_has_its_own_rubrics(norme: str, spst: str | None, inconnues: set[str]) -> None:
    lu = f.lire(f.ecrire(f.envoi(f.declaration(f.personne(), spst="SPST0000000035"), norme=norme)))
    assert (lu.refus, lu.norme, une(lu).spst, f.codes(lu)) == (None, norme, spst, inconnues)


def test_the_service_of_the_person_goes_before_that_of_the_establishment() -> None:
    elle = f.personne()
    elle.insert(4, ("S21.G00.30.030", "SPST0000000099"))
    assert une(f.lire(f.fichier(elle, spst="SPST0000000035"))).spst == "SPST0000000099"
    lu = f.lire(f.fichier(f.personne(), spst="TROPCOURT"))
    assert (une(lu).spst, f.codes(lu)) == (None, {"spst_invalide"})


def test_lines_added_after_the_count_are_accepted_only_outside_the_norm() -> None:
    lignes = f.envoi(f.declaration(BON))
    dedans = [*lignes[:-2], ("S21.G00.81.001", "059"), *lignes[-2:]]
    dehors = [*lignes[:-2], ("S21.G00.11.904", "x"), *lignes[-2:]]
    assert f.lire(f.ecrire(dedans)).refus is not None
    lu = f.lire(f.ecrire(dehors))
    assert (lu.refus, f.codes(lu)) == (None, {"rubrique_inconnue", "nombre_de_lignes"})


@pytest.mark.parametrize(
    ("ligne", "code"),
    [
        (b"n'importe quoi", "ligne_illisible"),
        (b"S21.G00.40", "ligne_illisible"),
        (b";;;;", "ligne_illisible"),
        (b"\xff\xfe\xff", "ligne_illisible"),
        (b"S21.G00.40.004,561b", "guillemet_manquant"),
        (b"S21.G00.40.004,'561b", "guillemet_manquant"),
    ],
)
def test_a_damaged_line_is_reported_and_the_rest_is_read(ligne: bytes, code: str) -> None:
    octets = f.ecrire(f.envoi(f.declaration(BON), annonce=len(f.envoi(f.declaration(BON))) + 1))
    lu = f.lire(octets.replace(b"S21.G00.60.001", ligne + b"\r\nS21.G00.60.001", 1))
    assert (lu.refus, f.codes(lu) - {"encodage_mixte"}) == (None, {code})
    assert len(une(lu).arrets) == 1


# The whole file.

LOT = [[("S05.G51.00.001", "V01R02"), ("S06.G51.00.001", "DSNOK")], [("S96.G51.00.001", "FINSL"), ("S96.G51.00.002", "2")]]
FIN_LOT = [("S06.G51.00.001", "CT-KO"), ("S96.G51.00.002", "0"), ("S95.G51.00.001", "1"), ("S95.G51.00.002", "2")]


def deux_envois() -> list[list[f.Rubrique]]:
    premier = f.envoi(f.declaration(BON, nature="04"), f.declaration(f.personne(2, f.arret()), nature="05", ordre="2"))
    return [premier, f.envoi(f.declaration(f.personne(3, f.fin_contrat()), nature="07"), norme="P25V01")]


def test_several_declarations_in_one_file() -> None:
    for envois in (deux_envois(), [LOT[0], *deux_envois(), LOT[1], FIN_LOT]):
        lu = f.lire(f.ecrire(*envois))
        assert (lu.refus, f.codes(lu)) == (None, set())
        assert [(d.rang, d.nature, d.norme, len(d.personnes)) for d in lu.declarations] == [
            (1, "04", "P26V01", 1), (2, "05", "P26V01", 1), (3, "07", "P25V01", 1),
        ]  # fmt: skip


def _prefixes(lignes: list[bytes]) -> list[tuple[int, bytes]]:
    return [(n, b"".join(lignes[:n])) for n in range(len(lignes))]


def test_a_file_cut_at_any_line_border_is_refused() -> None:
    """One envoi, then a lot: whatever the place of the cut, the counts say it."""
    for envois in ([f.envoi(f.declaration(BON), f.declaration(BON))], [LOT[0], *deux_envois(), LOT[1], FIN_LOT]):
        lignes = f.ecrire(*envois).splitlines(keepends=True)
        for nombre, debut in _prefixes(lignes):
            lu = f.lire(debut)
            assert lu.refus is not None, nombre
            assert lu.refus[0] in ("fichier_tronque", "fichier_vide", "pas_une_dsn")
        assert f.lire(b"".join(lignes)).refus is None


def test_two_envois_without_a_lot_cut_between_them_say_exactly_what_was_there() -> None:
    """Nothing announces the second one: the first is whole, and is all that is reported."""
    envois = deux_envois()
    lignes = f.ecrire(*envois).splitlines(keepends=True)
    entiers = [n for n, debut in _prefixes(lignes) if f.lire(debut).refus is None]
    assert entiers == [len(envois[0])]
    assert len(f.lire(b"".join(lignes[: entiers[0]])).declarations) == 2


def test_a_file_cut_at_any_byte_is_refused() -> None:
    octets = f.fichier(f.personne(1, f.arret()))
    assert [n for n in range(len(octets) - 3) if f.lire(octets[:n]).refus is None] == []


def test_a_line_lost_or_repeated_anywhere_is_refused() -> None:
    lignes = f.fichier(BON).splitlines(keepends=True)
    for rang in range(len(lignes)):
        assert f.lire(b"".join(lignes[:rang] + lignes[rang + 1 :])).refus is not None, rang
        assert f.lire(b"".join(lignes[: rang + 1] + lignes[rang:])).refus is not None, rang


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"", "fichier_vide"),
        (b"\r\n \r\n", "fichier_vide"),
        (b"id_source;nir\n1;2\n", "pas_une_dsn"),
        (f.fichier(BON).decode("latin-1").encode("utf-16"), "encodage_inconnu"),
        (bytes(range(256)) * 50, "encodage_inconnu"),
        (f.ecrire(f.envoi(f.declaration(BON), annonce=12)), "fichier_tronque"),
        (f.fichier(BON).replace(b"S90.G00.90.001,'", b"S90.G00.90.001,'x"), "fichier_tronque"),
        (f.ecrire(*deux_envois()).replace(b"S90.G00.90.002,'2'", b"S90.G00.90.002,'3'"), "fichier_tronque"),
        (f.ecrire(LOT[0], *deux_envois(), LOT[1]), "fichier_tronque"),
        (f.ecrire(LOT[0], deux_envois()[0], LOT[1], FIN_LOT), "fichier_tronque"),
    ],
)
def test_whole_files_refused(octets: bytes, code: str) -> None:
    refus = f.lire(octets).refus
    assert refus is not None
    assert refus[0] == code


@pytest.mark.parametrize("tete", [1, 3, 4])
def test_a_declaration_without_its_head_is_refused_and_still_described(tete: int) -> None:
    lignes = f.envoi(f.declaration(BON))
    lu = f.lire(f.ecrire(lignes, lignes[tete:]))
    assert lu.refus is not None
    assert lu.refus[0] == "fichier_tronque"
    assert [len(d.personnes) for d in lu.declarations] == [1, 1]


def test_padded_counts_are_numbers() -> None:
    lignes = f.envoi(f.declaration(BON))
    assert f.lire(f.ecrire([*lignes[:-2], ("S90.G00.90.001", f"{len(lignes):012d}"), lignes[-1]])).refus is None


def test_a_line_beyond_all_reason_does_not_fill_the_memory() -> None:
    lu = f.lire(f.fichier(BON).replace(b"PAYE", b"P" * 3_000_000))
    assert (lu.refus, f.codes(lu)) == (None, {"guillemet_manquant"})


@pytest.mark.parametrize(
    ("nature", "lue"), [("01", True), ("04", True), ("05", True), ("07", True), ("08", False), ("10", False), ("", False)]
)
def test_other_natures_are_reported_and_skipped(nature: str, lue: bool) -> None:
    lu = f.lire(f.fichier(BON, nature=nature))
    (d,) = lu.declarations
    assert (lu.refus, d.lue, len(d.personnes), f.codes(lu)) == (None, lue, int(lue), set() if lue else {"nature_non_lue"})


def test_the_neighbours_of_a_person_keep_their_own_facts() -> None:
    gens = [f.personne(n, *([f.arret()] * n)) for n in range(1, 6)]
    (d,) = f.lire(f.fichier(*gens)).declarations
    assert [(p.rang, len(p.arrets)) for p in d.personnes] == [(n, n) for n in range(1, 6)]
    assert all(a.ligne < b.ligne for a, b in pairwise(d.personnes))


def test_blocks_without_a_person_are_reported() -> None:
    lu = f.lire(f.ecrire(f.envoi([*f.declaration(), *f.arret()])))
    assert (lu.refus, f.codes(lu)) == (None, {"bloc_orphelin"})
